/* Least squares by stochastic gradients, to compare with closed forms: SVRG (Johnson,
 * Zhang 2013, "Accelerating stochastic gradient descent using predictive variance
 * reduction") with rows drawn by their squared length (Xiao, Zhang 2014, "A proximal
 * stochastic gradient method with progressive variance reduction", section 3). Unlike
 * plain steps it comes as near to the closed form as one likes. */
#ifndef RUNG_LEARN_LEASTSQ_SGD_H
#define RUNG_LEARN_LEASTSQ_SGD_H

#include "learn/leastsq.h"

/* Rows in memory, centred, of columns of length 1: owned arrays. */
typedef struct rung__sgd_rows {
    int64_t n, D;
    double *x; /* [n, D]: sqrt(weight) (x - mean) scale */
    double *y; /* [n]: sqrt(weight) (y - mean y) */
} rung__sgd_rows;

typedef struct rung__sgd_result {
    int64_t epochs;
    double gradient; /* at the end, as a share of that at w = 0 */
    bool converged;
} rung__sgd_result;

/* Steps until the gradient is `tolerance` of what it was, or `most` epochs are done.
 * penalty [D] is in scaled columns; u [D] is the solution in them. */
rung_status rung__leastsq_sgd(double *u, rung__sgd_result *result,
                              const rung__sgd_rows *rows, const double *penalty,
                              double tolerance, int64_t most, uint64_t key,
                              rung_error *err);

#endif
