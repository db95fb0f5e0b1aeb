/* What charts with two axes share: scales, grid, legend, names that keep apart. */
#ifndef RUNG_REPORT_PLOT_H
#define RUNG_REPORT_PLOT_H

#include "report/scale.h"
#include "report/svg.h"

/* The area between the axes, in pixels. */
typedef struct rung__plot {
    rung__scale x, y;
    double left, right, top, bottom;
    double at[RUNG__TICKS_MAX]; /* wanted ticks of x; set before the frame is drawn */
    size_t n_at;                /* none: what suits the numbers */
} rung__plot;

/* Places both scales, which are fitted, between `top` and the picture's height, with
 * `room` pixels free at the right, and draws grid, ticks and titles. */
void rung__plot_frame(rung__plot *plot, rung__svg *svg, const rung_axis *x,
                      const rung_axis *y, double top, double room);

/* A row, or rows, of markers with the names of the series; returns the height. */
double rung__plot_legend(rung__svg *svg, const rung_series *series, size_t n);

/* A value with its interval, across x or y: the line between low and high. */
void rung__plot_whisker(rung__svg *svg, int color, const rung__scale *along,
                        double across, double low, double high, bool is_upright);

/* "12.5 (11.9 to 13.1)": into `out` (3 * RUNG__NUMBER_BYTES). */
char *rung__interval_text(char *out, const rung_series *series, size_t i, rung_unit unit,
                          int decimals);

/* ---- Names that keep apart ---- */

typedef struct rung__box {
    double left, top, right, bottom;
} rung__box;

typedef struct rung__boxes {
    rung__box *taken; /* room for all that will be taken */
    size_t n;
    rung__box frame; /* boxes stay within */
} rung__boxes;

/* A free place for a name near a marker of radius r, up to `reach` rows away: its box,
 * which is taken then. *is_far: so far away that a line must lead to it. False if all is
 * full. */
bool rung__boxes_find(rung__boxes *boxes, double x, double y, double r, double width,
                      double height, int reach, rung__box *found, bool *is_far);

#endif
