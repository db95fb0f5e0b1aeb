/* Values of rows. */
#ifndef RUNG_BASE_ROWS_H
#define RUNG_BASE_ROWS_H

#include "rung/rows.h"

/* Feature j of dense row i. */
static inline double rung__rows_value(const rung_rows *rows, int64_t i, int64_t j)
{
    const int64_t at = i * rows->stride + j;
    return rows->is_float ? (double)((const float *)rows->x)[at]
                          : ((const double *)rows->x)[at];
}

#endif
