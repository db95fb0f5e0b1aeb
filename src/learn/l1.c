/* l1: its value and its slopes. */
#include "learn/l1.h"

#include <math.h>

typedef struct at_point {
    const rung_objective *f;
    const double *w, *g;
    double *out;
} at_point;

static double norm_block(void *ctx, int64_t begin, int64_t end)
{
    const at_point *x = ctx;
    double sum = 0;
    const int64_t penalised = rung__l1_end(x->f, begin, end);
    for (int64_t i = begin; i < penalised; i++) sum += fabs(x->w[i]);
    return sum;
}

double rung__l1_value(const rung_objective *f, const rung_vectors *v, const double *w)
{
    at_point x = {.f = f, .w = w};
    return f->l1 > 0 ? f->l1 * rung__sum_blocks(v, norm_block, &x) : 0;
}

/* Where w is 0, both slopes, g - l1 and g + l1, are looked at. */
static double subgradient_block(void *ctx, int64_t begin, int64_t end)
{
    const at_point *x = ctx;
    const double *w = x->w, *g = x->g, l1 = x->f->l1;
    const int64_t penalised = rung__l1_end(x->f, begin, end);
    for (int64_t i = begin; i < penalised; i++) {
        if (w[i] != 0)
            x->out[i] = g[i] + copysign(l1, w[i]);
        else
            x->out[i] = g[i] < -l1 ? g[i] + l1 : g[i] > l1 ? g[i] - l1 : 0;
    }
    for (int64_t i = penalised; i < end; i++) x->out[i] = g[i];
    return 0;
}

void rung__l1_subgradient(const rung_objective *f, const rung_vectors *v, const double *w,
                          const double *g, double *out)
{
    at_point x = {f, w, g, out};
    rung__sum_blocks(v, subgradient_block, &x);
}
