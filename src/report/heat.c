/* A grid of shaded cells: confusion matrices, attention. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "report/page.h"
#include "report/scale.h"
#include "report/words.h"

/* Where the grid stands, and what its shades mean. */
typedef struct grid {
    const rung_heat *heat;
    size_t n_rows, n_columns; /* drawn */
    double left, top;         /* of the first cell */
    double width, height;     /* of a cell */
    bool has_text;
    double largest; /* of the values drawn */
} grid;

static double value_at(const grid *g, size_t i, size_t j)
{
    return g->heat->values[i * g->heat->n_columns + j];
}

static bool is_shown(double x)
{
    return x >= 0 && x <= 1e300;
}

static double sum_row(const rung_heat *h, size_t i)
{
    double sum = 0;
    for (size_t j = 0; j < h->n_columns; j++) {
        const double x = h->values[i * h->n_columns + j];
        sum += is_shown(x) ? x : 0;
    }
    return sum;
}

static double widest(const char *const *labels, size_t n, double most)
{
    double width = 0;
    for (size_t i = 0; i < n; i++)
        width = fmax(width, rung__label_width(labels[i], RUNG__TICK_SIZE));
    return fmin(width, most);
}

/* ---- Layout ---- */

enum { KEY_HEIGHT = 26 };

static bool labels_lie_flat(const grid *g)
{
    return widest(g->heat->columns, g->n_columns, INFINITY) <= g->width - 6;
}

static void lay_out(grid *g, rung__svg *svg, const rung_heat *h)
{
    *g = (grid){.heat = h};
    g->n_rows = h->n_rows < RUNG_HEAT_MAX ? h->n_rows : RUNG_HEAT_MAX;
    g->n_columns = h->n_columns < RUNG_HEAT_MAX ? h->n_columns : RUNG_HEAT_MAX;
    const double n = fmax((double)g->n_columns, 1);
    g->left = widest(h->rows, g->n_rows, svg->is_narrow ? 84 : 160) + 8;
    g->width = fmin((svg->width - g->left - 1) / n, h->are_counts ? 76 : 34);
    g->height = h->are_counts ? fmin(g->width, 42) : g->width;
    g->has_text = h->are_counts && g->width >= 38;
    if (g->has_text) g->height = 42;
    const double names =
        labels_lie_flat(g)
            ? 18
            : widest(h->columns, g->n_columns, svg->is_narrow ? 84 : 120) + 8;
    g->top = 20 + names;
    svg->height = ceil(g->top + g->height * (double)g->n_rows + 2);
    if (!h->are_counts) svg->height += KEY_HEIGHT;
    for (size_t i = 0; i < g->n_rows; i++) {
        for (size_t j = 0; j < g->n_columns; j++) {
            if (is_shown(value_at(g, i, j)))
                g->largest = fmax(g->largest, value_at(g, i, j));
        }
    }
}

/* ---- Drawing ---- */

/* Of cells lower than a letter only every few have a name. */
static size_t stride_of(double cell)
{
    return (size_t)fmax(1, ceil(RUNG__TICK_SIZE / fmax(cell, 0.1)));
}

static void draw_names(const grid *g, rung__svg *svg)
{
    const rung_heat *h = g->heat;
    rung__svg_text(svg, "axis", 0, g->top - 8, RUNG__START, RUNG__TICK_SIZE, g->left - 4,
                   h->row_title);
    rung__svg_text(svg, "axis", g->left, 12, RUNG__START, RUNG__TICK_SIZE,
                   svg->width - g->left, h->column_title);
    for (size_t i = 0; i < g->n_rows; i += stride_of(g->height))
        rung__svg_text(svg, "small", g->left - 8,
                       g->top + g->height * ((double)i + 0.5) + 4, RUNG__END,
                       RUNG__TICK_SIZE, g->left - 7.9, h->rows[i]);
    const bool is_flat = labels_lie_flat(g);
    for (size_t j = 0; j < g->n_columns; j += is_flat ? 1 : stride_of(g->width)) {
        const double x = g->left + g->width * ((double)j + 0.5);
        if (is_flat)
            rung__svg_text(svg, "small", x, g->top - 8, RUNG__MIDDLE, RUNG__TICK_SIZE,
                           g->width, h->columns[j]);
        else
            rung__svg_upright(svg, "small", x + 4, g->top - 6, RUNG__TICK_SIZE,
                              g->top - 25, h->columns[j]);
    }
}

static void draw_text(const grid *g, rung__svg *svg, double x, double y, double value,
                      double share)
{
    char text[RUNG__NUMBER_BYTES];
    const bool is_zero = value == 0;
    rung__svg_text(svg, is_zero ? "tick" : "small", x, is_zero ? y + 4 : y - 2,
                   RUNG__MIDDLE, RUNG__TICK_SIZE, g->width,
                   rung__number_text(text, value, RUNG_UNIT_COUNT, 0));
    if (!is_zero)
        rung__svg_text(svg, "tiny", x, y + 12, RUNG__MIDDLE, 11, g->width,
                       rung__number_text(text, share, RUNG_UNIT_SHARE, 0));
}

/* A cell that holds no number stays empty. */
static void draw_cell(const grid *g, rung__svg *svg, size_t i, size_t j, double sum)
{
    const rung_heat *h = g->heat;
    const double value = value_at(g, i, j);
    if (!is_shown(value)) {
        svg->n_outside += !isnan(value);
        return;
    }
    const double of = h->are_counts ? sum : g->largest;
    const double share = of > 0 ? value / of : 0;
    const double x = g->left + g->width * (double)j, y = g->top + g->height * (double)i;
    const double gap = g->width > 6 ? 1 : 0;
    if (share >= 0.05) // shades have ten steps
        rung__svg_shape(svg, "rect", "heat", "x y width height fill-opacity", x, y,
                        g->width - gap, g->height - gap, share);
    else
        rung__svg_shape(svg, "rect", "heat none", "x y width height", x, y,
                        g->width - gap, g->height - gap);
    if (g->has_text)
        draw_text(g, svg, x + (g->width - gap) / 2, y + g->height / 2, value, share);
}

/* What the lightest and the darkest shade mean. */
static void draw_key(const grid *g, rung__svg *svg)
{
    char text[RUNG__NUMBER_BYTES];
    const double y = svg->height - 14;
    rung__svg_text(svg, "tick", g->left, y + 10, RUNG__START, RUNG__TICK_SIZE, 20, "0");
    for (int step = 1; step <= 10; step++)
        rung__svg_shape(svg, "rect", "heat", "x y width height fill-opacity",
                        g->left + 4 + 10 * step, y, 10.0, 10.0, step / 10.0);
    rung__svg_text(svg, "tick", g->left + 120, y + 10, RUNG__START, RUNG__TICK_SIZE, 90,
                   rung__number_text(text, g->largest, RUNG_UNIT_NUMBER,
                                     rung__decimals(RUNG_UNIT_NUMBER, 0, g->largest)));
}

static void draw(rung__svg *svg, const void *chart)
{
    const rung_heat *h = chart;
    grid g;
    lay_out(&g, svg, h);
    draw_names(&g, svg);
    if (!h->are_counts) draw_key(&g, svg);
    for (size_t i = 0; i < g.n_rows; i++) {
        const double sum = sum_row(h, i);
        for (size_t j = 0; j < g.n_columns; j++) draw_cell(&g, svg, i, j, sum);
    }
}

/* ---- Numbers ---- */

static void add_rows(rung_page *page, const rung_heat *h, size_t n_rows, size_t n_columns)
{
    for (size_t i = 0; i < n_rows; i++) {
        rung_page_row(page, false);
        rung_page_cell(page, h->rows[i]);
        for (size_t j = 0; j < n_columns; j++)
            rung_page_number(page, h->values[i * h->n_columns + j]);
    }
}

static void tabulate(rung_page *page, const void *chart)
{
    const rung_heat *h = chart;
    const size_t n_rows = h->n_rows < RUNG_HEAT_MAX ? h->n_rows : RUNG_HEAT_MAX;
    const size_t n_columns = h->n_columns < RUNG_HEAT_MAX ? h->n_columns : RUNG_HEAT_MAX;
    rung_column columns[1 + RUNG_HEAT_MAX];
    rung_str corner = {0};
    rung_str_addf(&corner, "%s / %s", h->row_title, h->column_title);
    columns[0] = (rung_column){corner.data ? corner.data : "", RUNG_UNIT_NONE, 0};
    for (size_t j = 0; j < n_columns; j++)
        columns[1 + j] = (rung_column){
            h->columns[j], h->are_counts ? RUNG_UNIT_COUNT : RUNG_UNIT_NUMBER, 3};
    rung_page_table(page, h->title, columns, 1 + n_columns);
    add_rows(page, h, n_rows, n_columns);
    rung_page_table_end(page);
    page->body.failed |= corner.failed;
    rung_str_release(&corner);
    rung__page_left_out(page, n_rows, h->n_rows);
}

static const rung__chart_ops heat_ops = {draw, tabulate};

void rung_page_heat(rung_page *page, const rung_heat *chart)
{
    rung__page_chart(page, &heat_ops, chart, chart->title, chart->caption);
}
