/* A step that satisfies the strong Wolfe conditions (Nocedal, Wright 2006, "Numerical
 * optimization", algorithms 3.5 and 3.6). */
#include <math.h>

#include "learn/lbfgs.h"

#define C1 1e-4 /* sufficient decrease, and */
#define C2 0.9  /* curvature: section 3.1 of the book */
#define MAX_TRIALS 20

/* A place on the line w + t p. */
typedef struct trial {
    double t, value, slope;
} trial;

static trial try_step(rung_lbfgs_state *l, double t)
{
    rung__combine(&l->v, l->next.w, l->now.w, t, l->p, l->p);
    l->next.value = l->f->value(l->f->self, l->next.w, l->next.g);
    l->evaluations++;
    return (trial){t, l->next.value, rung__dot(&l->v, l->next.g, l->p)};
}

/* Too high for the sufficient decrease from `zero`, or not finite. */
static bool is_high(const trial *x, const trial *zero)
{
    return !(x->value <= zero->value + C1 * x->t * zero->slope);
}

static bool is_flat(const trial *x, const trial *zero)
{
    return fabs(x->slope) <= -C2 * zero->slope;
}

/* Where the cubic through both values and slopes is least (equation 3.59), but not near
 * the ends; the middle, if that is nowhere. */
static double interpolate(const trial *a, const trial *b)
{
    const double width = b->t - a->t, margin = 0.1;
    const double d1 = a->slope + b->slope - 3 * (a->value - b->value) / (a->t - b->t);
    const double d2 = copysign(sqrt(d1 * d1 - a->slope * b->slope), width);
    const double part = 1 - (b->slope + d2 - d1) / (b->slope - a->slope + 2 * d2);
    if (!isfinite(part)) return a->t + 0.5 * width;
    return a->t + fmin(fmax(part, margin), 1 - margin) * width;
}

/* Between low, the best so far, and high lies a step that satisfies both conditions. */
static double zoom(rung_lbfgs_state *l, const trial *zero, trial low, trial high)
{
    for (int i = 0; i < MAX_TRIALS; i++) {
        const trial x = try_step(l, interpolate(&low, &high));
        if (is_high(&x, zero) || x.value >= low.value) {
            high = x;
            continue;
        }
        if (is_flat(&x, zero)) return x.t;
        if (x.slope * (high.t - low.t) >= 0) high = low;
        low = x;
    }
    return low.t > 0 ? try_step(l, low.t).t : 0; // at least it is lower
}

/* The step length, 0 if there is none. */
static double search(rung_lbfgs_state *l, double slope)
{
    const trial zero = {0, l->now.value, slope};
    trial before = zero;
    double t = 1;
    for (int i = 0; i < MAX_TRIALS; i++, t *= 2) {
        const trial x = try_step(l, t);
        if (is_high(&x, &zero) || (i > 0 && x.value >= before.value))
            return zoom(l, &zero, before, x);
        if (is_flat(&x, &zero)) return t;
        if (x.slope >= 0) return zoom(l, &zero, x, before);
        before = x;
    }
    return try_step(l, before.t).t;
}

bool rung__line_search(rung_lbfgs_state *l, double slope)
{
    return search(l, slope) > 0;
}
