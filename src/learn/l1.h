/* The term l1 sum of |w[i]|, i < n_l1, of an objective. */
#ifndef RUNG_LEARN_L1_H
#define RUNG_LEARN_L1_H

#include "learn/minimise.h"
#include "learn/vectors.h"

/* How many of the elements [begin, end) it speaks of: [begin, result). */
static inline int64_t rung__l1_end(const rung_objective *f, int64_t begin, int64_t end)
{
    return f->n_l1 < begin ? begin : f->n_l1 < end ? f->n_l1 : end;
}

/* The term at w. */
double rung__l1_value(const rung_objective *f, const rung_vectors *v, const double *w);

/* Writes the subgradient of least norm at w, where g is the gradient of the smooth part
 * (it may be the same array). */
void rung__l1_subgradient(const rung_objective *f, const rung_vectors *v, const double *w,
                          const double *g, double *out);

#endif
