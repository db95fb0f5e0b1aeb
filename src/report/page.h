/* A page while it is written. */
#ifndef RUNG_REPORT_PAGE_H
#define RUNG_REPORT_PAGE_H

#include "base/str.h"
#include "report/svg.h"
#include "rung/report.h"

struct rung_page {
    rung_str title, language; /* escaped */
    rung_str subtitle, contents, body;
    int n_sections, n_charts;
    const rung_column *columns; /* of the open table, borrowed; else NULL */
    size_t n_columns, n_cells;  /* cells of the open row */
    bool has_rows, row_is_open;
};

/* A kind of chart. */
typedef struct rung__chart_ops {
    /* Draws it on a picture whose width is set, and sets the height. */
    void (*draw)(rung__svg *svg, const void *chart);
    /* Adds the numbers to the page, as one table. */
    void (*tabulate)(rung_page *page, const void *chart);
} rung__chart_ops;

/* Adds a figure: title, caption, the chart for wide and for narrow screens, numbers. */
void rung__page_chart(rung_page *page, const rung__chart_ops *ops, const void *chart,
                      const char *title, const char *caption);

/* Says, where a table holds `shown` of more than that many things, that it does. */
void rung__page_left_out(rung_page *page, size_t shown, size_t all);

/* The style of all pages, for a <style> element. */
extern const char rung__page_style[];

#endif
