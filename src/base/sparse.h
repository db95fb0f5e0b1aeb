/* Sparse matrices by rows: what a text's n-grams, or a file of numbers, become. */
#ifndef RUNG_BASE_SPARSE_H
#define RUNG_BASE_SPARSE_H

#include <stdint.h>

#include "base/pool.h"
#include "rung/status.h"

/* Row i holds values[p] at columns[p] for first[i] <= p < first[i + 1], columns
 * ascending. {0} is an empty matrix. */
typedef struct rung_csr {
    int64_t n_rows, n_columns;
    int64_t *first;   /* [n_rows + 1], owned */
    int32_t *columns; /* [first[n_rows]], owned */
    float *values;    /* [first[n_rows]], owned */
} rung_csr;

/* Room for `n` values; first, columns and values are zero. Rows and columns have numbers
 * below 2^31. */
rung_status rung__csr_new(rung_csr *m, int64_t n_rows, int64_t n_columns, int64_t n,
                          rung_error *err);
void rung__csr_release(rung_csr *m);

/* The same matrix by columns: row j of *out is column j of m. */
rung_status rung__csr_transpose(rung_csr *out, const rung_csr *m, rung_pool *pool,
                                rung_error *err);

#endif
