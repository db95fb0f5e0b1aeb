/* L-BFGS: minimises a smooth function of many variables from its values and gradients.
 *
 * The direction is the two-loop recursion over the last few pairs of steps and changes of
 * the gradient (Liu, Nocedal 1989, "On the limited memory BFGS method for large scale
 * optimization", section 2); the step satisfies the strong Wolfe conditions (Nocedal,
 * Wright 2006, "Numerical optimization", algorithms 3.5 and 3.6). Vectors are cut into
 * fixed blocks, so the bits do not depend on threads. */
#ifndef RUNG_LEARN_LBFGS_H
#define RUNG_LEARN_LBFGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"

/* A function of n variables. Its methods may use the pool. */
typedef struct rung_objective {
    /* Returns the value at w [n] and writes the gradient [n]. */
    double (*value)(void *self, const double *w, double *gradient);
    /* Writes the diagonal of the Hessian [n], > 0, where `value` was last asked for: a
     * scale for the steps. (optional: ones) */
    void (*diagonal)(void *self, double *d);
    void *self;
    int64_t n;
} rung_objective;

typedef struct rung_lbfgs_config {
    int memory;         /* pairs kept, at least 1; each takes 16 n bytes */
    int max_iterations; /* steps */
    double tolerance;   /* done when |gradient| <= tolerance |w| */
} rung_lbfgs_config;

typedef struct rung_lbfgs_result {
    double value, gradient_norm; /* at the end */
    int iterations, evaluations;
    bool converged; /* false: max_iterations, or no step makes the value smaller */
} rung_lbfgs_result;

/* Moves w [n] from where it is towards a minimum. Fails only for lack of memory. */
rung_status rung__lbfgs(double *w, rung_lbfgs_result *result, const rung_objective *f,
                        const rung_lbfgs_config *config, rung_pool *pool,
                        rung_error *err);

#endif
