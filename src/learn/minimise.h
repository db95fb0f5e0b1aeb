/* Minimising a convex function of many variables,
 *
 *     f(w) + l1 sum of |w[i]|, i < n_l1        (f smooth, the second term often absent)
 *
 * from f's values, gradients and, where a method asks for it, curvature. Three methods,
 * apart from what they minimise:
 *
 *     lbfgs         gradients alone; with l1 the orthant-wise form (OWL-QN)
 *     newton        the Hessian itself, for few variables
 *     trust region  products of the Hessian with vectors, for many
 *
 * All are deterministic: the same bits at any number of threads. */
#ifndef RUNG_LEARN_MINIMISE_H
#define RUNG_LEARN_MINIMISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"

/* The function. Its methods may use the pool; those of curvature speak of the point where
 * `value` was last asked for. */
typedef struct rung_objective {
    /* Returns f at w [n] and writes its gradient [n]. */
    double (*value)(void *self, const double *w, double *gradient);
    /* Writes the diagonal of the Hessian [n], > 0: a scale for the steps. (optional:
     * ones) */
    void (*diagonal)(void *self, double *d);
    /* Writes the Hessian times v [n]. (required by trust region) */
    void (*product)(void *self, const double *v, double *hv);
    /* Writes the Hessian of the variables part, part + n_parts, part + 2 n_parts, ...:
     * symmetric, [m, m] with m = n / n_parts. (required by newton) */
    void (*hessian)(void *self, int64_t part, double *h);
    void *self;
    int64_t n;
    int64_t n_parts; /* w[i] and w[j] curve together only if i = j modulo n_parts */
    double l1;       /* >= 0 */
    int64_t n_l1;    /* how many of the first variables l1 speaks of */
} rung_objective;

/* Done when |gradient| <= tolerance (scale |w| + 1e-5 |gradient at the start|). With
 * `scale` the least curvature of f, the first part keeps w within tolerance |w| of the
 * optimum. With l1, the gradient is the subgradient of least norm. */
typedef struct rung_minimise_config {
    double tolerance, scale;
    int max_iterations; /* steps */
} rung_minimise_config;

typedef struct rung_minimise_result {
    double value, gradient_norm; /* at the end, l1 and all */
    int iterations, evaluations; /* evaluations: values and Hessian products */
    bool converged; /* false: max_iterations, or no step makes the value smaller */
} rung_minimise_result;

/* Each moves w [n] from where it is towards the minimum, and fails only for lack of
 * memory. */
typedef rung_status rung_minimise_fn(double *w, rung_minimise_result *result,
                                     const rung_objective *f,
                                     const rung_minimise_config *config, rung_pool *pool,
                                     rung_error *err);
rung_minimise_fn rung__lbfgs, rung__newton, rung__trust_region;

/* Whether the config calls this done; norms of gradient, weights, first gradient. */
bool rung__is_minimum(const rung_minimise_config *config, double g, double w, double g0);

#endif
