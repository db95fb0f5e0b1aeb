/* Rows of numbers in memory: a part of a table, dense or sparse, with what is to be
 * predicted from them. Plain data; whoever fills it in says how long it lives. */
#ifndef RUNG_ROWS_H
#define RUNG_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rung_rows {
    int64_t n, n_features;
    int64_t number; /* of the first one in its file, from 0, for messages */

    /* Dense: row i is the n_features doubles (floats, if is_float) from element
     * i * stride of x on. */
    const void *x; /* NULL: sparse */
    bool is_float;
    int64_t stride;

    /* Sparse: row i has values[p] at features[p] for first[i] <= p < first[i + 1],
     * features ascending from 0; all others are 0. */
    const int64_t *first;    /* [n + 1] */
    const int32_t *features; /* [first[n]] */
    const float *values;     /* [first[n]] */

    const double *targets; /* [n]; NULL: not asked for */
    const int32_t *labels; /* [n] the targets as ids, -1: unknown; NULL: numbers */
    const double *weights; /* [n], >= 0; NULL: 1 each */
} rung_rows;

#ifdef __cplusplus
}
#endif
#endif
