/* Values over x: a line for each series. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "report/page.h"
#include "report/plot.h"
#include "report/words.h"

enum {
    MOST_ROWS = 1000,
    MOST_MARKERS = 40, /* of a series: longer ones are lines alone */
    MOST_PLACES = 12,
    MOST_NAMES = 12 /* at the ends of lines */
};

static bool is_drawn(const rung_lines *c, const rung_series *s, size_t i)
{
    return rung__axis_takes(&c->x, s->x[i]) && rung__axis_takes(&c->y, s->y[i]);
}

static bool has_interval(const rung_lines *c, const rung_series *s, size_t i)
{
    return s->low && s->high && rung__axis_takes(&c->y, s->low[i]) &&
           rung__axis_takes(&c->y, s->high[i]);
}

/* ---- Scales ---- */

/* An axis begins at 0 when its numbers begin near it. */
static bool begin_at_zero(const rung_axis *axis, rung__range *range)
{
    if (axis->is_log || range->min < 0 || range->min > range->max / 4) return false;
    if (range->min <= range->max) range->min = 0;
    return true;
}

static void fit(rung__plot *plot, rung__svg *svg, const rung_lines *c)
{
    rung__range x = RUNG__RANGE_EMPTY, y = RUNG__RANGE_EMPTY;
    for (size_t k = 0; k < c->n_series; k++) {
        const rung_series *s = &c->series[k];
        for (size_t i = 0; i < s->n; i++) {
            const bool is_gap = isnan(s->x[i]) || isnan(s->y[i]);
            svg->n_outside += !is_gap && !is_drawn(c, s, i);
            if (!is_drawn(c, s, i)) continue;
            rung__range_add(&x, &c->x, s->x[i]);
            rung__range_add(&y, &c->y, s->y[i]);
            if (!has_interval(c, s, i)) continue;
            rung__range_add(&y, &c->y, s->low[i]);
            rung__range_add(&y, &c->y, s->high[i]);
        }
    }
    if (c->reference.label) rung__range_add(&y, &c->y, c->reference.value);
    rung__scale_fit(&plot->x, &c->x, x, begin_at_zero(&c->x, &x));
    rung__scale_fit(&plot->y, &c->y, y, begin_at_zero(&c->y, &y));
}

/* Whether all series have the same x. */
static bool share_places(const rung_lines *c)
{
    for (size_t k = 1; k < c->n_series; k++) {
        const rung_series *s = &c->series[k], *first = &c->series[0];
        if (s->n != first->n || memcmp(s->x, first->x, s->n * sizeof *s->x) != 0)
            return false;
    }
    return c->n_series > 0;
}

/* Few places that all series share, such as powers of two, are the ticks of x. */
static void want_ticks(rung__plot *plot, const rung_lines *c)
{
    const rung_series *s = &c->series[0];
    if (!share_places(c) || s->n > MOST_PLACES) return;
    for (size_t i = 0; i < s->n; i++) {
        if (rung__axis_takes(&c->x, s->x[i])) plot->at[plot->n_at++] = s->x[i];
    }
}

/* ---- Drawing ---- */

/* Pixels by which series k stands aside, so that intervals at the same x are seen. */
static double aside(const rung_lines *c, size_t k)
{
    bool has_intervals = false;
    for (size_t i = 0; i < c->n_series; i++) has_intervals |= c->series[i].low != NULL;
    return has_intervals ? 4 * ((double)k - ((double)c->n_series - 1) / 2) : 0;
}

static void draw_markers(rung__svg *svg, const rung__plot *plot, const rung_lines *c,
                         const rung_series *s, double dx)
{
    for (size_t i = 0; i < s->n; i++) {
        if (!is_drawn(c, s, i)) continue;
        const double x = rung__scale_at(&plot->x, s->x[i]) + dx;
        char numbers[5 * RUNG__NUMBER_BYTES], at[RUNG__NUMBER_BYTES],
            interval[3 * RUNG__NUMBER_BYTES];
        snprintf(numbers, sizeof numbers, "%s at %s",
                 rung__interval_text(interval, s, i, c->y.unit, -1),
                 rung__number_text(at, s->x[i], c->x.unit, -1));
        rung__svg_group(svg, s->name, numbers);
        if (has_interval(c, s, i))
            rung__plot_whisker(svg, s->color, &plot->y, x, s->low[i], s->high[i], true);
        rung__svg_marker(svg, s->color, x, rung__scale_at(&plot->y, s->y[i]), 3.2);
        rung__svg_end_group(svg);
    }
}

static void draw_series(rung__svg *svg, const rung__plot *plot, const rung_lines *c,
                        const rung_series *s, double dx)
{
    double(*points)[2] = rung__alloc_array(s->n, sizeof *points);
    if (!points) {
        svg->out->failed = true;
        return;
    }
    for (size_t i = 0; i < s->n; i++) {
        const bool is_gap = !is_drawn(c, s, i);
        points[i][0] = is_gap ? NAN : rung__scale_at(&plot->x, s->x[i]) + dx;
        points[i][1] = is_gap ? NAN : rung__scale_at(&plot->y, s->y[i]);
    }
    char class[32];
    snprintf(class, sizeof class, "line c%d", s->color % RUNG__COLORS);
    rung__svg_path(svg, class, points, s->n, false);
    rung__free(points);
    if (s->n <= MOST_MARKERS) draw_markers(svg, plot, c, s, dx);
}

/* The line beneath the series, its name above them. */
static void draw_reference(rung__svg *svg, const rung__plot *plot, const rung_lines *c,
                           bool is_name)
{
    if (!c->reference.label || !rung__axis_takes(&c->y, c->reference.value)) return;
    const double y = rung__scale_at(&plot->y, c->reference.value);
    if (y < plot->top - 1 || y > plot->bottom + 1) return;
    if (is_name)
        rung__svg_text(svg, "axis halo", plot->left + 4, y - 5, RUNG__START,
                       RUNG__TICK_SIZE, plot->right - plot->left, c->reference.label);
    else
        rung__svg_shape(svg, "line", "reference", "x1 y1 x2 y2", plot->left, y,
                        plot->right, y);
}

/* ---- Names at the ends ---- */

typedef struct line_end {
    const rung_series *series;
    double x, y; /* of the last point */
    double name_y;
} line_end;

/* Ends from the highest to the lowest; series without a point have none. */
static size_t find_ends(line_end *ends, const rung__plot *plot, const rung_lines *c)
{
    size_t n = 0;
    for (size_t k = 0; k < c->n_series; k++) {
        const rung_series *s = &c->series[k];
        size_t last = s->n;
        while (last > 0 && !is_drawn(c, s, last - 1)) last--;
        if (last == 0) continue;
        const double y = rung__scale_at(&plot->y, s->y[last - 1]);
        size_t at = n++;
        for (; at > 0 && ends[at - 1].y > y; at--) ends[at] = ends[at - 1];
        const double x = rung__scale_at(&plot->x, s->x[last - 1]) + aside(c, k);
        ends[at] = (line_end){s, x, y, y};
    }
    return n;
}

/* Each name beneath the one above it, then all moved up from the bottom as needed. */
static void spread(line_end *ends, size_t n, double bottom)
{
    const double line = 17;
    for (size_t i = 1; i < n; i++)
        ends[i].name_y = fmax(ends[i].name_y, ends[i - 1].name_y + line);
    for (size_t i = n; i-- > 0; bottom -= line)
        ends[i].name_y = fmin(ends[i].name_y, bottom);
}

static void draw_names(rung__svg *svg, const rung__plot *plot, const rung_lines *c)
{
    line_end ends[MOST_NAMES];
    const size_t n = find_ends(ends, plot, c);
    spread(ends, n, plot->bottom - 4);
    for (size_t i = 0; i < n; i++) {
        const line_end *e = &ends[i];
        const double x = plot->right + 12;
        if (fabs(e->y - e->name_y) > 3 || x - e->x > 24)
            rung__svg_shape(svg, "line", "leader", "x1 y1 x2 y2", e->x + 5, e->y, x - 3,
                            e->name_y);
        rung__svg_marker(svg, e->series->color, x + 4, e->name_y, 4);
        rung__svg_text(svg, "", x + 12, e->name_y + 4.5, RUNG__START, RUNG__NAME_SIZE,
                       svg->width - x - 12, e->series->name);
    }
}

/* Pixels at the right for the names, 0 if they stand in a legend. */
static double room_for_names(const rung__svg *svg, const rung_lines *c)
{
    double widest = 0;
    if (svg->is_narrow || c->n_series < 2 || c->n_series > MOST_NAMES) return 0;
    for (size_t k = 0; k < c->n_series; k++)
        widest = fmax(widest, rung__label_width(c->series[k].name, RUNG__NAME_SIZE));
    return fmin(widest, 150) + 25;
}

static void draw(rung__svg *svg, const void *chart)
{
    const rung_lines *c = chart;
    rung__plot plot = {.n_at = 0};
    const double room = room_for_names(svg, c);
    const double legend =
        room || c->n_series < 2 ? 0 : rung__plot_legend(svg, c->series, c->n_series);
    svg->height = (svg->is_narrow ? 280 : 360) + legend;
    fit(&plot, svg, c);
    if (c->x.is_log) want_ticks(&plot, c);
    rung__plot_frame(&plot, svg, &c->x, &c->y, legend, fmax(room, 8));
    draw_reference(svg, &plot, c, false);
    for (size_t k = 0; k < c->n_series; k++)
        draw_series(svg, &plot, c, &c->series[k], aside(c, k));
    draw_reference(svg, &plot, c, true);
    if (room) draw_names(svg, &plot, c);
}

/* ---- Numbers ---- */

/* How the numbers of both axes are written. */
typedef struct style {
    rung_unit x_unit, y_unit;
    int x_decimals, y_decimals;
} style;

static style find_style(const rung_lines *c)
{
    const rung_axis any = {0};
    rung__range x = RUNG__RANGE_EMPTY, y = RUNG__RANGE_EMPTY;
    for (size_t k = 0; k < c->n_series; k++) {
        for (size_t i = 0; i < c->series[k].n; i++) {
            rung__range_add(&x, &any, c->series[k].x[i]);
            rung__range_add(&y, &any, c->series[k].y[i]);
        }
    }
    const rung_unit x_unit = rung__axis_unit(&c->x), y_unit = rung__axis_unit(&c->y);
    return (style){x_unit, y_unit, rung__decimals(x_unit, x.min, x.max),
                   rung__decimals(y_unit, y.min, y.max)};
}

static void add_value(rung_page *page, const rung_series *s, size_t i, const style *as)
{
    char text[3 * RUNG__NUMBER_BYTES];
    rung_page_cell(page, rung__interval_text(text, s, i, as->y_unit, as->y_decimals));
}

/* A row for each x, a column for each series. */
static void tabulate_across(rung_page *page, const rung_lines *c, const style *as)
{
    rung_column columns[1 + MOST_NAMES];
    const size_t n = c->series[0].n, shown = n < MOST_ROWS ? n : MOST_ROWS;
    columns[0] = (rung_column){c->x.label, as->x_unit, as->x_decimals};
    for (size_t k = 0; k < c->n_series; k++)
        columns[1 + k] = (rung_column){c->series[k].name, as->y_unit, as->y_decimals};
    rung_str caption = {0};
    rung_str_addf(&caption, "%s: %s", c->title, c->y.label);
    rung_page_table(page, caption.data ? caption.data : "", columns, 1 + c->n_series);
    page->body.failed |= caption.failed;
    rung_str_release(&caption);
    for (size_t i = 0; i < shown; i++) {
        rung_page_row(page, false);
        rung_page_number(page, c->series[0].x[i]);
        for (size_t k = 0; k < c->n_series; k++) add_value(page, &c->series[k], i, as);
    }
    rung_page_table_end(page);
    rung__page_left_out(page, shown, n);
}

/* A row for each point. */
static void tabulate_along(rung_page *page, const rung_lines *c, const style *as)
{
    const rung_column columns[] = {{"series", RUNG_UNIT_NONE, 0},
                                   {c->x.label, as->x_unit, as->x_decimals},
                                   {c->y.label, as->y_unit, as->y_decimals}};
    size_t all = 0, shown = 0;
    rung_page_table(page, c->title, columns, 3);
    for (size_t k = 0; k < c->n_series; k++) {
        const rung_series *s = &c->series[k];
        all += s->n;
        for (size_t i = 0; i < s->n && shown < MOST_ROWS; i++, shown++) {
            rung_page_row(page, false);
            rung_page_cell(page, s->name);
            rung_page_number(page, s->x[i]);
            add_value(page, s, i, as);
        }
    }
    rung_page_table_end(page);
    rung__page_left_out(page, shown, all);
}

static void tabulate(rung_page *page, const void *chart)
{
    const rung_lines *c = chart;
    const style as = find_style(c);
    if (share_places(c) && c->n_series > 1 && c->n_series <= MOST_NAMES)
        tabulate_across(page, c, &as);
    else
        tabulate_along(page, c, &as);
}

static const rung__chart_ops lines_ops = {draw, tabulate};

void rung_page_lines(rung_page *page, const rung_lines *chart)
{
    rung__page_chart(page, &lines_ops, chart, chart->title, chart->caption);
}
