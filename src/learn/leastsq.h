/* Least squares with a free bias:
 *
 *     minimise  1/2 sum over rows of weight (y - w.x - b)^2 + 1/2 sum over j of
 *               penalty[j] w[j]^2
 *
 * by the normal equation (G + diag(penalty)) w = g of the sums G = sum (x - mean)
 * (x - mean)^T, g = sum (x - mean)(y - mean y); then b = mean y - w.mean. Columns are
 * scaled to length 1 before anything is factorised.
 *
 * The normal equation squares the condition of the rows. Where it is too large for the
 * wanted digits, the rows are factorised instead, x = Q R by Householder's reflections,
 * and R with its columns pivoted tells the rank: of the solutions of a rank-deficient
 * problem the one of least length (in scaled columns) is taken. */
#ifndef RUNG_LEARN_LEASTSQ_H
#define RUNG_LEARN_LEASTSQ_H

#include "learn/gram.h"

/* The largest condition, as estimated below, for which the normal equation is trusted:
 * it loses twice as many digits as the condition has, and keeps 8 of 16. */
#define RUNG_LEASTSQ_CONDITION 1e4

typedef struct rung__fit {
    double *w;      /* [D + 1], owned: the bias is the last */
    double *errors; /* [D + 1], owned: standard errors, likewise; NaN: unknown */
    int64_t D, rank;
    bool by_rows;     /* factorised: the rows, not the normal equation */
    double condition; /* estimate, of the centred and scaled columns; inf: singular */
    double squares;   /* sum of weight (y - mean y)^2 */
    double residuals; /* sum of weight (y - w.x - b)^2 */
} rung__fit;

/* Release it also after a failure. */
rung_status rung__fit_init(rung__fit *fit, int64_t D, rung_error *err);
void rung__fit_release(rung__fit *fit);

/* By the normal equation; *is_done is false, and only the condition is known, where that
 * is too large. */
rung_status rung__leastsq_normal(rung__fit *fit, const rung__moments *m,
                                 const double *penalty, rung_pool *pool, bool *is_done,
                                 rung_error *err);

/* By the rows, which come once more: rung__qr takes them in any pieces that are as long
 * as rung__qr_rows says (fewer only at the end). */
typedef struct rung__qr rung__qr;
rung_status rung__qr_new(rung__qr **out, const rung__moments *m,
                         const rung_kernels *kernels, rung_pool *pool, rung_error *err);
void rung__qr_free(rung__qr *q); /* NULL is fine */
int64_t rung__qr_rows(const rung__qr *q);
void rung__qr_add(rung__qr *q, const rung_rows *rows);
rung_status rung__leastsq_rows(rung__fit *fit, rung__qr *q, const double *penalty,
                               rung_error *err);

#endif
