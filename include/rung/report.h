/* Pages of text, tables and charts: each one HTML file that needs nothing beside it.
 *
 * No scripts, no fonts, no links to elsewhere: charts are SVG inside the page, drawn
 * twice, for wide and for narrow screens; colours follow the reader's light or dark
 * scheme. Every chart has its numbers beneath it as a table. All texts may hold anything:
 * they are escaped, bytes that are not UTF-8 become U+FFFD, and what is too long for its
 * place in a chart ends in "...". NaN and infinities are never drawn; tables show them.
 *
 * A page keeps the first failure of its calls; writing it reports that. */
#ifndef RUNG_REPORT_H
#define RUNG_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "rung/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rung_page rung_page;

/* An empty page; `language` is a tag such as "en". Free it with rung_page_free. */
RUNG_API rung_status rung_page_new(rung_page **out, const char *title,
                                   const char *language, rung_error *err);
RUNG_API void rung_page_free(rung_page *page); /* NULL is fine */
/* Writes the page to a file, completely or not at all. */
RUNG_API rung_status rung_page_write(const rung_page *page, const char *path,
                                     rung_error *err);

/* ---- Text ---- */

/* Each appends a piece to the page: a line beneath the title, the heading of a section
 * (also listed at the top), a paragraph (the second as printf makes it), a paragraph that
 * stands out, a command. */
RUNG_API void rung_page_subtitle(rung_page *page, const char *text);
RUNG_API void rung_page_heading(rung_page *page, const char *text);
RUNG_API void rung_page_text(rung_page *page, const char *text);
RUNG_API void rung_page_textf(rung_page *page, const char *format, ...) RUNG_PRINTF(2, 3);
RUNG_API void rung_page_lead(rung_page *page, const char *text);
RUNG_API void rung_page_code(rung_page *page, const char *text);

/* ---- Numbers and tables ---- */

typedef enum rung_unit {
    RUNG_UNIT_NONE,    /* words, not numbers */
    RUNG_UNIT_NUMBER,  /* 0.759 */
    RUNG_UNIT_COUNT,   /* 849,664 */
    RUNG_UNIT_SECONDS, /* 46.8s, 3m 20s */
    RUNG_UNIT_BYTES,   /* 3.2 MB of 2^20 bytes */
    RUNG_UNIT_SHARE    /* 0.25 is written 25.0 % */
} rung_unit;

/* A column of words stands left, one of numbers right. */
typedef struct rung_column {
    const char *name;
    rung_unit unit;
    int decimals; /* of numbers and shares, up to 6; -1: four digits that count */
} rung_column;

/* Opens a table; columns (borrowed until the table ends) have at least one member. Rows
 * and their cells follow from left to right; the first cell names the row. A marked row
 * stands out. Cells that are missing at the end of a row stay empty. */
RUNG_API void rung_page_table(rung_page *page, const char *caption,
                              const rung_column *columns, size_t n_columns);
RUNG_API void rung_page_row(rung_page *page, bool is_marked);
RUNG_API void rung_page_cell(rung_page *page, const char *text); /* NULL: empty */
RUNG_API void rung_page_number(rung_page *page, double x); /* in the column's unit */
RUNG_API void rung_page_table_end(rung_page *page);

/* ---- Charts ---- */

/* All texts and arrays of a chart are only read by the call that draws it. `color` counts
 * from 0: the same number has the same colour and the same marker in all charts. */

typedef struct rung_axis {
    const char *label;
    rung_unit unit;  /* RUNG_UNIT_NONE counts as RUNG_UNIT_NUMBER */
    bool is_log;     /* what is not positive is left out, and the chart says so */
    double from, to; /* its ends, from < to; both 0: as the data need */
} rung_axis;

/* Points with names beside them, as many as fit without overlapping. */
typedef struct rung_point {
    double x, y;
    const char *label; /* NULL: none */
    int color;
    bool is_marked; /* ringed, and labelled first */
} rung_point;

typedef struct rung_scatter {
    const char *title, *caption; /* caption: what to see in it; NULL: none */
    rung_axis x, y;
    const rung_point *points;
    size_t n_points;
    bool is_map; /* both axes have one scale and no ticks: positions of words */
} rung_scatter;

/* Values over x, or over the categories of bars; NaN leaves a gap. */
typedef struct rung_series {
    const char *name;
    const double *x;          /* [n]; unused by bars */
    const double *y;          /* [n] */
    const double *low, *high; /* [n] ends of the interval of each y; NULL: none */
    size_t n;
    int color;
} rung_series;

/* A value that others are compared with, such as chance: a dashed line. */
typedef struct rung_reference {
    double value;
    const char *label; /* NULL: no line */
} rung_reference;

typedef struct rung_lines {
    const char *title, *caption;
    rung_axis x, y;
    const rung_series *series;
    size_t n_series;
    rung_reference reference; /* a value of y */
} rung_lines;

/* A row for each category with a dot, or a bar from zero, for each series. */
typedef struct rung_bars {
    const char *title, *caption;
    rung_axis value;
    const char *category;      /* what the rows are: "rung" */
    const char *const *labels; /* [n_labels] */
    size_t n_labels;
    const rung_series *series; /* each with n = n_labels */
    size_t n_series;
    bool from_zero;
    rung_reference reference;
} rung_bars;

/* A grid of shaded cells. Counts are shaded by their share of the row, which is told
 * beneath them where there is room (a confusion matrix); other values by their size, from
 * zero to the largest (attention). Drawn are the first RUNG_HEAT_MAX rows and columns. */
enum { RUNG_HEAT_MAX = 100 };

typedef struct rung_heat {
    const char *title, *caption;
    const char *row_title, *column_title; /* "label", "predicted" */
    const char *const *rows, *const *columns;
    size_t n_rows, n_columns;
    const double *values; /* [n_rows, n_columns], not negative */
    bool are_counts;
} rung_heat;

/* Each adds a figure: title and caption, the chart, its numbers as a table beneath. */
RUNG_API void rung_page_scatter(rung_page *page, const rung_scatter *chart);
RUNG_API void rung_page_lines(rung_page *page, const rung_lines *chart);
RUNG_API void rung_page_bars(rung_page *page, const rung_bars *chart);
RUNG_API void rung_page_heat(rung_page *page, const rung_heat *chart);

#ifdef __cplusplus
}
#endif
#endif
