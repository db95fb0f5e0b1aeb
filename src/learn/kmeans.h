/* k-means: k centres such that the rows are near theirs (Lloyd 1982, "Least squares
 * quantization in PCM"), begun as k-means++ (Arthur, Vassilvitskii 2007, "k-means++: the
 * advantages of careful seeding", section 2.2).
 *
 * All sums run in an order that follows from the rows alone: the same classes by any
 * number of threads. */
#ifndef RUNG_LEARN_KMEANS_H
#define RUNG_LEARN_KMEANS_H

#include "kernels/kernels.h"

/* Puts rows [n, dim] into k classes, 0 < k <= n: classes [n]. Lloyd's two steps are
 * repeated until no row changes its class. Class 0 is that of row 0, class 1 that of the
 * first row of another one, and so on. Where rows are fewer different ones than k, the
 * last classes have none. *inertia (may be NULL): the sum of squared distances from a
 * row to the mean of its class. */
rung_status rung__kmeans(int32_t *classes, double *inertia, const float *rows, int64_t n,
                         int64_t dim, int64_t k, uint64_t seed,
                         const rung_kernels *kernels, rung_pool *pool, rung_error *err);

#endif
