/* What charts with two axes share. */
#include "report/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/words.h"

/* ---- Axes ---- */

static double widest_label(const rung__scale *s)
{
    double widest = 0;
    for (size_t i = 0; i < s->n_ticks; i++)
        widest = fmax(widest, rung__label_width(s->labels[i], RUNG__TICK_SIZE));
    return widest;
}

static void draw_y_axis(const rung__plot *p, rung__svg *svg)
{
    for (size_t i = 0; i < p->y.n_ticks; i++) {
        const double y = rung__scale_at(&p->y, p->y.ticks[i]);
        rung__svg_shape(svg, "line", "grid", "x1 y1 x2 y2", p->left, y, p->right, y);
        rung__svg_text(svg, "tick", p->left - 8, y + 4, RUNG__END, RUNG__TICK_SIZE,
                       p->left, p->y.labels[i]);
    }
}

/* Labels at the ends stay within the picture. */
static void draw_x_axis(const rung__plot *p, rung__svg *svg)
{
    rung__svg_shape(svg, "line", "base", "x1 y1 x2 y2", p->left, p->bottom, p->right,
                    p->bottom);
    for (size_t i = 0; i < p->x.n_ticks; i++) {
        const double x = rung__scale_at(&p->x, p->x.ticks[i]);
        const double half = rung__label_width(p->x.labels[i], RUNG__TICK_SIZE) / 2;
        rung__svg_shape(svg, "line", "base", "x1 y1 x2 y2", x, p->bottom, x,
                        p->bottom + 4);
        rung__svg_text(svg, "tick", fmin(fmax(x, half), svg->width - half),
                       p->bottom + 18, RUNG__MIDDLE, RUNG__TICK_SIZE, svg->width,
                       p->x.labels[i]);
    }
}

void rung__plot_frame(rung__plot *p, rung__svg *svg, const rung_axis *x,
                      const rung_axis *y, double top, double room)
{
    p->top = top + 30;
    p->bottom = svg->height - 42;
    rung__scale_place(&p->y, y, p->bottom, p->top,
                      (size_t)fmax(2, (p->bottom - p->top) / 42), RUNG__TICK_SIZE, false);
    p->left = fmin(widest_label(&p->y) + 10, svg->width / 3);
    p->right = svg->width - room;
    rung__scale_place(&p->x, x, p->left, p->right,
                      (size_t)fmax(2, (p->right - p->left) / 55), RUNG__TICK_SIZE, true);
    rung__scale_use_ticks(&p->x, x, p->at, p->n_at, RUNG__TICK_SIZE);
    draw_y_axis(p, svg);
    draw_x_axis(p, svg);
    rung__svg_text(svg, "axis", 0, top + 12, RUNG__START, RUNG__TICK_SIZE, svg->width,
                   y->label);
    rung__svg_text(svg, "axis", p->right, svg->height - 6, RUNG__END, RUNG__TICK_SIZE,
                   p->right, x->label);
}

/* ---- Series ---- */

double rung__plot_legend(rung__svg *svg, const rung_series *series, size_t n)
{
    const double line = 20, gap = 18, indent = 14;
    double x = 0, y = 12;
    for (size_t i = 0; i < n; i++) {
        const double width =
            fmin(indent + rung__label_width(series[i].name, RUNG__NAME_SIZE), svg->width);
        if (x > 0 && x + width > svg->width) x = 0, y += line;
        rung__svg_marker(svg, series[i].color, x + 5, y - 4.5, 4);
        rung__svg_text(svg, "", x + indent, y, RUNG__START, RUNG__NAME_SIZE,
                       width - indent + 0.1, series[i].name);
        x += width + gap;
    }
    return y + 8;
}

void rung__plot_whisker(rung__svg *svg, int color, const rung__scale *along,
                        double across, double low, double high, bool is_upright)
{
    char class[32];
    const double a = rung__scale_at(along, low), b = rung__scale_at(along, high);
    snprintf(class, sizeof class, "whisker c%d", color % RUNG__COLORS);
    if (is_upright)
        rung__svg_shape(svg, "line", class, "x1 y1 x2 y2", across, a, across, b);
    else
        rung__svg_shape(svg, "line", class, "x1 y1 x2 y2", a, across, b, across);
}

char *rung__interval_text(char *out, const rung_series *series, size_t i, rung_unit unit,
                          int decimals)
{
    char low[RUNG__NUMBER_BYTES], high[RUNG__NUMBER_BYTES];
    rung__number_text(out, series->y[i], unit, decimals);
    if (!series->low || !series->high) return out;
    if (isnan(series->low[i]) || isnan(series->high[i])) return out;
    const size_t used = strlen(out);
    snprintf(out + used, 3 * RUNG__NUMBER_BYTES - used, " (%s to %s)",
             rung__number_text(low, series->low[i], unit, decimals),
             rung__number_text(high, series->high[i], unit, decimals));
    return out;
}

/* ---- Names that keep apart ---- */

static bool is_free(const rung__boxes *boxes, const rung__box *b)
{
    const rung__box *f = &boxes->frame;
    if (b->left < f->left || b->right > f->right || b->top < f->top ||
        b->bottom > f->bottom)
        return false;
    for (size_t i = 0; i < boxes->n; i++) {
        const rung__box *t = &boxes->taken[i];
        if (b->left < t->right + 3 && t->left < b->right + 3 && b->top < t->bottom &&
            t->top < b->bottom)
            return false;
    }
    return true;
}

/* Right, left, above, below, then the corners, in growing distances. */
bool rung__boxes_find(rung__boxes *boxes, double x, double y, double r, double width,
                      double height, int reach, rung__box *found, bool *is_far)
{
    static const double directions[8][2] = {{1, 0},  {-1, 0}, {0, -1},  {0, 1},
                                            {1, -1}, {1, 1},  {-1, -1}, {-1, 1}};
    for (int ring = 0; ring < reach; ring++) {
        for (int d = 0; d < 8; d++) {
            const double *to = directions[d];
            const double away = r + 3 + 11 * ring;
            const double cx = x + to[0] * (away + width / 2);
            const double cy = y + to[1] * (away + (to[0] == 0 ? height / 2 : 6));
            const rung__box b = {cx - width / 2, cy - height / 2, cx + width / 2,
                                 cy + height / 2};
            if (!is_free(boxes, &b)) continue;
            boxes->taken[boxes->n++] = *found = b;
            *is_far = ring > 0;
            return true;
        }
    }
    return false;
}
