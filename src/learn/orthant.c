/* OWL-QN: L-BFGS for f + l1 |w|, which is smooth within an orthant (Andrew, Gao 2007,
 * "Scalable training of L1-regularized log-linear models", section 3.2). The pairs are
 * those of f alone; the steepest is the subgradient of least norm; a step ends where it
 * would leave the orthant, that is, at zeros. */
#include <math.h>

#include "learn/l1.h"
#include "learn/lbfgs.h"

#define C1 1e-4 /* sufficient decrease */
#define MAX_HALVINGS 30

/* The sign of the side of zero where the element is, or would go. */
static double side(double w, double steepest)
{
    return w != 0 ? copysign(1, w) : steepest < 0 ? 1 : steepest > 0 ? -1 : 0;
}

/* Takes out of p what does not go downhill (section 3.2, step 2 of the algorithm). */
static double align_block(void *ctx, int64_t begin, int64_t end)
{
    rung_lbfgs_state *l = ctx;
    for (int64_t i = begin; i < end; i++) {
        if (l->p[i] * l->steepest[i] >= 0) l->p[i] = 0;
    }
    return 0;
}

typedef struct projection {
    rung_lbfgs_state *l;
    double t;
} projection;

/* next.w = now.w + t p, stopped at zero; returns the step's product with the steepest. */
static double project_block(void *ctx, int64_t begin, int64_t end)
{
    const projection *x = ctx;
    const rung_lbfgs_state *l = x->l;
    const double *w = l->now.w;
    double *to = l->next.w, slope = 0;
    const int64_t penalised = rung__l1_end(l->f, begin, end);
    for (int64_t i = begin; i < end; i++) to[i] = w[i] + x->t * l->p[i];
    for (int64_t i = begin; i < penalised; i++) {
        if (to[i] * side(w[i], l->steepest[i]) <= 0) to[i] = 0;
    }
    for (int64_t i = begin; i < end; i++) slope += l->steepest[i] * (to[i] - w[i]);
    return slope;
}

bool rung__orthant_search(rung_lbfgs_state *l)
{
    projection x = {l, 1};
    rung__sum_blocks(&l->v, align_block, l);
    for (int i = 0; i < MAX_HALVINGS; i++, x.t *= 0.5) {
        const double slope = rung__sum_blocks(&l->v, project_block, &x);
        l->next.value = l->f->value(l->f->self, l->next.w, l->next.g) +
                        rung__l1_value(l->f, &l->v, l->next.w);
        l->evaluations++;
        if (slope < 0 && l->next.value <= l->now.value + C1 * slope) return true;
    }
    return false;
}
