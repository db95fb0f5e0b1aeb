/* Rows from .npy. */
#ifndef RUNG_FORMATS_ROWS_NPY_H
#define RUNG_FORMATS_ROWS_NPY_H

#include "base/source.h"

typedef struct rung__npy_config {
    const char *target; /* a column from 1 or another file; NULL: the last column */
    bool has_targets;
    int64_t n_features; /* that a model wants; 0: any number */
} rung__npy_config;

/* Rows are read where they lie, unless only some of them are wanted. A column of targets
 * is no feature; where none is asked for, a file may have it or lack it. */
rung_status rung__npy_rows_open(rung__source **out, const char *path,
                                const rung__npy_config *config, const rung__row_cut *cut,
                                int64_t *n_features, rung_error *err);

#endif
