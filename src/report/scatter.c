/* Points with names beside them; maps of positions. */
#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "report/page.h"
#include "report/plot.h"
#include "report/words.h"

enum { MOST_ROWS = 1000 };

static bool is_drawn(const rung_scatter *c, const rung_point *p)
{
    return rung__axis_takes(&c->x, p->x) && rung__axis_takes(&c->y, p->y);
}

/* ---- Scales ---- */

/* Numbers of the points that are drawn; *n_outside: points that are not. */
static void fit(rung__plot *plot, rung__svg *svg, const rung_scatter *c)
{
    rung__range x = RUNG__RANGE_EMPTY, y = RUNG__RANGE_EMPTY;
    for (size_t i = 0; i < c->n_points; i++) {
        const rung_point *p = &c->points[i];
        if (is_drawn(c, p)) {
            rung__range_add(&x, &c->x, p->x);
            rung__range_add(&y, &c->y, p->y);
        } else {
            svg->n_outside++;
        }
    }
    rung__scale_fit(&plot->x, &c->x, x, false);
    rung__scale_fit(&plot->y, &c->y, y, false);
}

/* A map: the same length is the same distance on both axes. */
static void fit_map(rung__plot *plot, rung__svg *svg)
{
    rung__scale *x = &plot->x, *y = &plot->y;
    const double inner = 8;
    plot->left = plot->top = inner;
    plot->right = svg->width - inner, plot->bottom = svg->height - inner;
    const double across = (x->to - x->from) / (plot->right - plot->left);
    const double along = (y->to - y->from) / (plot->bottom - plot->top);
    rung__scale *slack = across < along ? x : y;
    const double factor = across < along ? along / across : across / along;
    const double half = (slack->to - slack->from) * (factor - 1) / 2;
    slack->from -= half, slack->to += half;
    x->start = plot->left, x->end = plot->right;
    y->start = plot->bottom, y->end = plot->top;
    rung__svg_shape(svg, "rect", "frame", "x y width height", 0.5, 0.5, svg->width - 1,
                    svg->height - 1);
}

/* ---- Drawing ---- */

#define RADIUS 4.5

static void draw_point(rung__svg *svg, const rung_scatter *c, const rung_point *p,
                       double x, double y)
{
    char numbers[3 * RUNG__NUMBER_BYTES], a[RUNG__NUMBER_BYTES], b[RUNG__NUMBER_BYTES];
    snprintf(numbers, sizeof numbers, "%s, %s", rung__number_text(a, p->x, c->x.unit, -1),
             rung__number_text(b, p->y, c->y.unit, -1));
    rung__svg_group(svg, p->label ? p->label : "", numbers);
    rung__svg_marker(svg, p->color, x, y, RADIUS);
    if (p->is_marked) rung__svg_shape(svg, "circle", "ring", "cx cy r", x, y, RADIUS + 4);
    rung__svg_end_group(svg);
}

static void draw_name(rung__svg *svg, rung__boxes *boxes, const rung_point *p, double x,
                      double y, int reach)
{
    const double r = p->is_marked ? RADIUS + 4 : RADIUS, height = 15;
    // Letters that stand out are wider.
    const double size = RUNG__NAME_SIZE * (p->is_marked ? 1.1 : 1);
    const double most = svg->width * 0.45;
    const double width = fmin(rung__label_width(p->label, size), most);
    rung__box box;
    bool is_far;
    if (!rung__boxes_find(boxes, x, y, r, width, height, reach, &box, &is_far)) return;
    if (is_far)
        rung__svg_shape(svg, "line", "leader", "x1 y1 x2 y2", x, y,
                        fmin(fmax(x, box.left), box.right),
                        fmin(fmax(y, box.top + 3), box.bottom - 3));
    const bool is_left = box.right < x;
    rung__svg_text(svg, p->is_marked ? "halo strong" : "halo",
                   is_left ? box.right : box.left, box.bottom - 3.5,
                   is_left ? RUNG__END : RUNG__START, size, most + 0.1, p->label);
}

static void take_points(rung__boxes *boxes, const rung__plot *plot, const rung_scatter *c)
{
    for (size_t i = 0; i < c->n_points; i++) {
        const rung_point *p = &c->points[i];
        if (!is_drawn(c, p)) continue;
        const double x = rung__scale_at(&plot->x, p->x),
                     y = rung__scale_at(&plot->y, p->y);
        const double r = RADIUS + (p->is_marked ? 4 : 0);
        boxes->taken[boxes->n++] = (rung__box){x - r, y - r, x + r, y + r};
    }
}

/* Names first, so that leaders run beneath the markers. */
static void draw_points(rung__svg *svg, const rung__plot *plot, const rung_scatter *c,
                        rung__boxes *boxes)
{
    take_points(boxes, plot, c);
    for (int pass = 0; pass < 3; pass++) { // names of marked points, other names, points
        for (size_t i = 0; i < c->n_points; i++) {
            const rung_point *p = &c->points[i];
            if (!is_drawn(c, p)) continue;
            const double x = rung__scale_at(&plot->x, p->x);
            const double y = rung__scale_at(&plot->y, p->y);
            if (pass == 2)
                draw_point(svg, c, p, x, y);
            else if (p->label && p->is_marked == (pass == 0))
                draw_name(svg, boxes, p, x, y, c->is_map ? 2 : 4);
        }
    }
}

static void draw(rung__svg *svg, const void *chart)
{
    const rung_scatter *c = chart;
    rung__plot plot = {.n_at = 0};
    svg->height = c->is_map ? (svg->is_narrow ? 328 : 480) : (svg->is_narrow ? 300 : 380);
    fit(&plot, svg, c);
    if (c->is_map)
        fit_map(&plot, svg);
    else
        rung__plot_frame(&plot, svg, &c->x, &c->y, 0, 12);
    rung__boxes boxes = {
        .taken = rung__alloc_array(2 * c->n_points, sizeof(rung__box)),
        .frame = {plot.left + 2, plot.top - 6, svg->width - 2, plot.bottom - 1}};
    if (boxes.taken)
        draw_points(svg, &plot, c, &boxes);
    else
        svg->out->failed = true;
    rung__free(boxes.taken);
}

static void tabulate(rung_page *page, const void *chart)
{
    const rung_scatter *c = chart;
    rung__range x = RUNG__RANGE_EMPTY, y = RUNG__RANGE_EMPTY;
    const rung_axis any = {0};
    const size_t n = c->n_points < MOST_ROWS ? c->n_points : MOST_ROWS;
    for (size_t i = 0; i < n; i++) {
        rung__range_add(&x, &any, c->points[i].x);
        rung__range_add(&y, &any, c->points[i].y);
    }
    const rung_column columns[] = {
        {"name", RUNG_UNIT_NONE, 0},
        {c->x.label, rung__axis_unit(&c->x), rung__decimals(c->x.unit, x.min, x.max)},
        {c->y.label, rung__axis_unit(&c->y), rung__decimals(c->y.unit, y.min, y.max)}};
    rung_page_table(page, c->title, columns, 3);
    for (size_t i = 0; i < n; i++) {
        rung_page_row(page, c->points[i].is_marked);
        rung_page_cell(page, c->points[i].label);
        rung_page_number(page, c->points[i].x);
        rung_page_number(page, c->points[i].y);
    }
    rung_page_table_end(page);
    rung__page_left_out(page, n, c->n_points);
}

static const rung__chart_ops scatter_ops = {draw, tabulate};

void rung_page_scatter(rung_page *page, const rung_scatter *chart)
{
    rung__page_chart(page, &scatter_ops, chart, chart->title, chart->caption);
}
