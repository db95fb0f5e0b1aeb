/* Sums over rows that stream by, all that least squares needs of them: with x the
 * features and y the target of a row, w its weight,
 *
 *     mean = sum w (x, y) / sum w,    products = sum w (x - mean)(x - mean)^T
 *
 * in double. Rows come in fixed blocks; each block goes to one of a few lanes by its
 * number, and lanes are joined in order: the same bits at any number of threads. What is
 * summed is shifted by the means of the first block, so that little cancels when the
 * true means are taken out in the end. */
#ifndef RUNG_LEARN_GRAM_H
#define RUNG_LEARN_GRAM_H

#include "kernels/kernels.h"
#include "rung/rows.h"

typedef struct rung__moments {
    int64_t D;        /* features */
    int64_t count;    /* rows of weight > 0 */
    double weight;    /* sum of w */
    double *mean;     /* [D + 1]: of the features, of the target; owned */
    double *products; /* [D + 1, D + 1], rows ld apart; upper triangle; owned */
    int64_t ld;
} rung__moments;

typedef struct rung__gram rung__gram;

/* Release it also after a failure. RUNG_MEMORY names what many features need. */
rung_status rung__gram_new(rung__gram **out, int64_t D, const rung_kernels *kernels,
                           rung_pool *pool, rung_error *err);
void rung__gram_free(rung__gram *g); /* NULL is fine */

/* So many rows have to come at a time, fewer only at the end. */
int64_t rung__gram_rows(const rung__gram *g);
void rung__gram_add(rung__gram *g, const rung_rows *rows);
/* Ends the sums and takes them out. RUNG_INPUT when they are not finite. */
rung_status rung__gram_finish(rung__gram *g, rung__moments *out, rung_error *err);
void rung__moments_release(rung__moments *m);

/* Rows as z[n, ldz], for n <= 128 of them from row i on: sqrt(w) (x - shift, y - shift),
 * then sqrt(w) itself; columns beyond are left as they are. shift [D + 1]. */
void rung__rows_pack(const rung_rows *rows, int64_t i, int64_t n, const double *shift,
                     const rung_kernels *kernels, double *z, int64_t ldz);

#endif
