/* A row for each category, with a dot or a bar for each series. */
#include <math.h>
#include <stdio.h>

#include "report/page.h"
#include "report/plot.h"
#include "report/words.h"

enum { MOST_SERIES = 32 }; // in a table

static void fit(rung__plot *plot, rung__svg *svg, const rung_bars *c)
{
    rung__range range = RUNG__RANGE_EMPTY;
    const rung_axis *axis = &c->value;
    for (size_t k = 0; k < c->n_series; k++) {
        const rung_series *s = &c->series[k];
        for (size_t i = 0; i < c->n_labels; i++) {
            rung__range_add(&range, axis, s->y[i]);
            if (!s->low || !s->high) continue;
            if (rung__axis_takes(axis, s->low[i]))
                rung__range_add(&range, axis, s->low[i]);
            if (rung__axis_takes(axis, s->high[i]))
                rung__range_add(&range, axis, s->high[i]);
        }
    }
    svg->n_outside += range.n_outside;
    if (c->from_zero && !axis->is_log) rung__range_add(&range, axis, 0);
    if (c->reference.label && rung__axis_takes(axis, c->reference.value))
        rung__range_add(&range, axis, c->reference.value);
    rung__scale_fit(&plot->x, axis, range, c->from_zero && range.min == 0);
}

/* ---- Drawing ---- */

static void draw_axis(const rung__plot *p, rung__svg *svg, const rung_bars *c)
{
    for (size_t i = 0; i < p->x.n_ticks; i++) {
        const double x = rung__scale_at(&p->x, p->x.ticks[i]);
        const double half = rung__label_width(p->x.labels[i], RUNG__TICK_SIZE) / 2;
        rung__svg_shape(svg, "line", "grid", "x1 y1 x2 y2", x, p->top, x, p->bottom);
        rung__svg_text(svg, "tick", fmin(fmax(x, half), svg->width - half),
                       p->bottom + 16, RUNG__MIDDLE, RUNG__TICK_SIZE, svg->width,
                       p->x.labels[i]);
    }
    rung__svg_text(svg, "axis", svg->width, p->bottom + 36, RUNG__END, RUNG__TICK_SIZE,
                   svg->width, c->value.label);
}

static void draw_reference(const rung__plot *p, rung__svg *svg, const rung_bars *c)
{
    const rung_reference *r = &c->reference;
    if (!r->label || !rung__axis_takes(&c->value, r->value)) return;
    const double x = rung__scale_at(&p->x, r->value);
    if (x < p->left - 1 || x > p->right + 1) return;
    const double half = rung__label_width(r->label, RUNG__TICK_SIZE) / 2;
    rung__svg_shape(svg, "line", "reference", "x1 y1 x2 y2", x, p->top, x, p->bottom);
    rung__svg_text(svg, "axis", fmin(fmax(x, half), fmax(svg->width - half, half)),
                   p->top - 6, RUNG__MIDDLE, RUNG__TICK_SIZE, svg->width, r->label);
}

static void draw_value(const rung__plot *p, rung__svg *svg, const rung_bars *c,
                       const rung_series *s, size_t i, double y)
{
    if (!rung__axis_takes(&c->value, s->y[i])) return;
    char numbers[3 * RUNG__NUMBER_BYTES], class[32];
    const double x = rung__scale_at(&p->x, s->y[i]);
    rung__svg_group(svg, s->name ? s->name : c->labels[i],
                    rung__interval_text(numbers, s, i, c->value.unit, -1));
    if (c->from_zero && !c->value.is_log) {
        const double zero = rung__scale_at(&p->x, 0);
        snprintf(class, sizeof class, "bar c%d", s->color % RUNG__COLORS);
        rung__svg_shape(svg, "rect", class, "x y width height", fmin(x, zero), y - 5.5,
                        fabs(x - zero), 11.0);
    }
    if (s->low && s->high && rung__axis_takes(&c->value, s->low[i]) &&
        rung__axis_takes(&c->value, s->high[i]))
        rung__plot_whisker(svg, s->color, &p->x, y, s->low[i], s->high[i], false);
    rung__svg_marker(svg, s->color, x, y, 4);
    rung__svg_end_group(svg);
}

static double widest_category(const rung_bars *c, double most)
{
    double widest = 0;
    for (size_t i = 0; i < c->n_labels; i++)
        widest = fmax(widest, rung__label_width(c->labels[i], RUNG__NAME_SIZE));
    return fmin(widest, most);
}

static void draw(rung__svg *svg, const void *chart)
{
    const rung_bars *c = chart;
    rung__plot p = {.right = svg->width - 22}; // half a label behind the last tick
    const double line = 15, n = (double)c->n_series;
    const double row = fmax(28, line * n + 14);
    const double legend =
        c->n_series < 2 ? 0 : rung__plot_legend(svg, c->series, c->n_series);
    const double names = widest_category(c, svg->width * 0.36);
    p.left = names + 14;
    p.top = legend + (c->reference.label ? 20 : 4);
    p.bottom = p.top + row * (double)c->n_labels;
    svg->height = ceil(p.bottom + 42);
    fit(&p, svg, c);
    rung__scale_place(&p.x, &c->value, p.left, p.right,
                      (size_t)fmax(2, (p.right - p.left) / 60), RUNG__TICK_SIZE, true);
    draw_axis(&p, svg, c);
    draw_reference(&p, svg, c);
    for (size_t i = 0; i < c->n_labels; i++) {
        const double y = p.top + row * ((double)i + 0.5);
        rung__svg_text(svg, "", names, y + 4.5, RUNG__END, RUNG__NAME_SIZE, names + 0.1,
                       c->labels[i]);
        for (size_t k = 0; k < c->n_series; k++)
            draw_value(&p, svg, c, &c->series[k], i,
                       y + line * ((double)k - (n - 1) / 2));
    }
}

/* ---- Numbers ---- */

/* A row for each category, a column for each series. */
static void tabulate(rung_page *page, const void *chart)
{
    const rung_bars *c = chart;
    const rung_axis any = {0};
    rung__range range = RUNG__RANGE_EMPTY;
    rung_column columns[1 + MOST_SERIES] = {{c->category, RUNG_UNIT_NONE, 0}};
    const rung_unit unit = rung__axis_unit(&c->value);
    const size_t n = c->n_series < MOST_SERIES ? c->n_series : MOST_SERIES;
    for (size_t k = 0; k < n; k++) {
        const char *name = c->series[k].name ? c->series[k].name : c->value.label;
        columns[1 + k] = (rung_column){name, unit, 0};
        for (size_t i = 0; i < c->n_labels; i++)
            rung__range_add(&range, &any, c->series[k].y[i]);
    }
    const int decimals = rung__decimals(unit, range.min, range.max);
    rung_page_table(page, c->title, columns, 1 + n);
    for (size_t i = 0; i < c->n_labels; i++) {
        char text[3 * RUNG__NUMBER_BYTES];
        rung_page_row(page, false);
        rung_page_cell(page, c->labels[i]);
        for (size_t k = 0; k < n; k++)
            rung_page_cell(page,
                           rung__interval_text(text, &c->series[k], i, unit, decimals));
    }
    rung_page_table_end(page);
    rung__page_left_out(page, n, c->n_series);
}

static const rung__chart_ops bars_ops = {draw, tabulate};

void rung_page_bars(rung_page *page, const rung_bars *chart)
{
    rung__page_chart(page, &bars_ops, chart, chart->title, chart->caption);
}
