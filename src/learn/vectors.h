/* Long vectors of doubles, cut into fixed blocks whose sums are joined in order: the same
 * bits at any number of threads. */
#ifndef RUNG_LEARN_VECTORS_H
#define RUNG_LEARN_VECTORS_H

#include <stdint.h>

#include "base/pool.h"

/* What vectors of n elements are worked on with. */
typedef struct rung_vectors {
    rung_pool *pool; /* borrowed */
    int64_t n;
    double *sums; /* [rung__vectors_blocks(n)], scratch, borrowed */
} rung_vectors;

int64_t rung__vectors_blocks(int64_t n);

/* z = base + c x (base NULL: 0; z may be base or x); returns u.z. */
double rung__combine(const rung_vectors *v, double *z, const double *base, double c,
                     const double *x, const double *u);
/* z = c factors x, element by element (z may be x); returns u.z. */
double rung__scale(const rung_vectors *v, double *z, const double *factors, double c,
                   const double *x, const double *u);
/* Returns x.u. */
double rung__dot(const rung_vectors *v, const double *x, const double *u);

/* Does fn for the elements [begin, end) of each block; returns the sum of its results. */
typedef double (*rung_block_fn)(void *ctx, int64_t begin, int64_t end);
double rung__sum_blocks(const rung_vectors *v, rung_block_fn fn, void *ctx);

#endif
