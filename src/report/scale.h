/* Axes: from numbers to pixels, and the ticks that a person would choose. */
#ifndef RUNG_REPORT_SCALE_H
#define RUNG_REPORT_SCALE_H

#include <stddef.h>

#include "report/numbers.h"

/* The smallest and the largest of some numbers. */
typedef struct rung__range {
    double min, max;  /* min > max: of none */
    size_t n_outside; /* numbers that no chart can show, or none with this axis */
} rung__range;

#define RUNG__RANGE_EMPTY                                                                \
    {                                                                                    \
        1, 0, 0                                                                          \
    }

/* The unit of its numbers: never RUNG_UNIT_NONE. */
rung_unit rung__axis_unit(const rung_axis *axis);
/* Whether x has a place on such an axis: finite, not beyond 1e250, positive if it is
 * logarithmic. */
bool rung__axis_takes(const rung_axis *axis, double x);
/* Adds x; what the axis does not take is counted as outside, but for NaN, a gap. */
void rung__range_add(rung__range *range, const rung_axis *axis, double x);

enum { RUNG__TICKS_MAX = 24 };

typedef struct rung__scale {
    bool is_log;
    double from, to;   /* the numbers at its ends, from < to */
    double start, end; /* pixels at its ends */
    size_t n_ticks;
    double ticks[RUNG__TICKS_MAX];
    char labels[RUNG__TICKS_MAX][RUNG__NUMBER_BYTES];
} rung__scale;

/* Fits the scale of `axis` to the numbers in `range`, which may be empty or one number,
 * with some room at both ends, except at `pinned` ends. Pixels are set by
 * rung__scale_place. */
void rung__scale_fit(rung__scale *s, const rung_axis *axis, rung__range range,
                     bool is_start_pinned);
/* Puts it between two pixels with at most `most` ticks, fewer where labels (of `size`
 * pixels a letter) would touch; `is_wide`: labels stand side by side, else one above the
 * other. */
void rung__scale_place(rung__scale *s, const rung_axis *axis, double start, double end,
                       size_t most, double size, bool is_wide);
/* Puts ticks at the given numbers instead, if there are few and their labels keep
 * apart. */
void rung__scale_use_ticks(rung__scale *s, const rung_axis *axis, const double *at,
                           size_t n, double size);
/* The pixel of x. */
double rung__scale_at(const rung__scale *s, double x);

#endif
