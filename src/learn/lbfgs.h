/* What the parts of L-BFGS share: where it is, the pairs it remembers, and two ways to
 * find the next point along a direction. */
#ifndef RUNG_LEARN_LBFGS_H
#define RUNG_LEARN_LBFGS_H

#include "learn/minimise.h"
#include "learn/vectors.h"

#define RUNG_LBFGS_MEMORY 8 /* pairs; more save few steps */

typedef struct rung_lbfgs_point {
    double *w, *g; /* [n]: variables, gradient of the smooth part */
    double value;
} rung_lbfgs_point;

typedef struct rung_lbfgs_state {
    const rung_objective *f;
    rung_vectors v;
    int n_pairs, newest; /* pairs lie in rings */
    double *s, *y;       /* [memory, n] */
    double rho[RUNG_LBFGS_MEMORY], alpha[RUNG_LBFGS_MEMORY];
    double gamma;     /* of the newest pair */
    double *inverse;  /* [n]: 1 / D */
    double *p;        /* [n]: the direction */
    double *steepest; /* [n]: subgradient of least norm at now; with l1 = 0, now.g */
    rung_lbfgs_point now, next;
    int evaluations;
} rung_lbfgs_state;

/* Makes next, where the value with l1 is smaller than at now, from now and the direction
 * p; `slope` is its product with the steepest. False: there is none. */

/* l1 = 0: on the line now + t p, by the strong Wolfe conditions. */
bool rung__line_search(rung_lbfgs_state *l, double slope);
/* l1 > 0: along the direction within the orthant of now. */
bool rung__orthant_search(rung_lbfgs_state *l);

#endif
