/* Newton's method with the Hessian itself: each step solves H p = -g by Cholesky and is
 * halved until it lowers the value. For logistic regression this is iteratively
 * reweighted least squares: H = X^T S X + l2, a weighted normal equation (Bishop 2006,
 * "Pattern recognition and machine learning", section 4.3.3). */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cholesky.h"
#include "learn/minimise.h"
#include "learn/vectors.h"

#define C1 1e-4 /* sufficient decrease */
#define MAX_HALVINGS 40
#define LEAST_PIVOT 1e-13 /* as a share of the diagonal: below it is rounding */

typedef struct newton {
    const rung_objective *f;
    rung_vectors v;
    int64_t m;          /* variables of a part */
    double *h, *factor; /* [m, m] */
    double *part;       /* [m] */
    double *w, *g, *next_w, *next_g, *p;
    double value;
    int evaluations;
} newton;

/* The factor of h, with as much added to its diagonal as it takes: directions without
 * curvature, such as the sum of softmax's biases, must not become infinite. */
static void factorise(newton *t)
{
    const size_t bytes = (size_t)(t->m * t->m) * sizeof *t->h;
    double most = DBL_MIN;
    for (int64_t i = 0; i < t->m; i++) most = fmax(most, t->h[i * t->m + i]);
    for (double extra = 0;; extra = fmax(100 * extra, 1e-12 * most)) {
        memcpy(t->factor, t->h, bytes);
        for (int64_t i = 0; i < t->m; i++) t->factor[i * t->m + i] += extra;
        if (rung__cholesky(t->factor, t->m, LEAST_PIVOT) || !isfinite(extra)) return;
    }
}

/* p = -H^-1 g, part by part. */
static void find_direction(newton *t)
{
    const int64_t parts = t->f->n_parts;
    for (int64_t o = 0; o < parts; o++) {
        t->f->hessian(t->f->self, o, t->h);
        factorise(t);
        for (int64_t i = 0; i < t->m; i++) t->part[i] = -t->g[i * parts + o];
        rung__cholesky_solve(t->factor, t->m, t->part);
        for (int64_t i = 0; i < t->m; i++) t->p[i * parts + o] = t->part[i];
    }
}

static void swap(double **a, double **b)
{
    double *c = *a;
    *a = *b, *b = c;
}

/* One step; false when none makes the value smaller. What rounding may add is allowed:
 * near the minimum, steps are good whose gain is below it. */
static bool step(newton *t)
{
    find_direction(t);
    const double slope = rung__dot(&t->v, t->g, t->p);
    const double slack = 8 * DBL_EPSILON * fabs(t->value);
    double length = 1;
    for (int i = 0; slope < 0 && i < MAX_HALVINGS; i++, length *= 0.5) {
        rung__combine(&t->v, t->next_w, t->w, length, t->p, t->p);
        const double value = t->f->value(t->f->self, t->next_w, t->next_g);
        t->evaluations++;
        if (!(value <= t->value + C1 * length * slope + slack)) continue;
        t->value = value;
        swap(&t->w, &t->next_w), swap(&t->g, &t->next_g);
        return true;
    }
    return false;
}

static void run(newton *t, const rung_minimise_config *config, rung_minimise_result *r)
{
    double first = 0;
    t->value = t->f->value(t->f->self, t->w, t->g);
    t->evaluations = 1;
    *r = (rung_minimise_result){0};
    for (bool moves = true;; r->iterations++) {
        r->gradient_norm = sqrt(rung__dot(&t->v, t->g, t->g));
        if (r->iterations == 0) first = r->gradient_norm;
        r->converged = rung__is_minimum(config, r->gradient_norm,
                                        sqrt(rung__dot(&t->v, t->w, t->w)), first);
        if (r->converged || !moves || r->iterations == config->max_iterations) break;
        moves = step(t);
    }
    r->value = t->value;
    r->evaluations = t->evaluations;
}

rung_status rung__newton(double *w, rung_minimise_result *result, const rung_objective *f,
                         const rung_minimise_config *config, rung_pool *pool,
                         rung_error *err)
{
    assert(f->hessian && f->l1 == 0);
    const size_t n = (size_t)f->n, m = n / (size_t)f->n_parts;
    size_t matrix;
    double *x = rung_mul_size(2 * m, m, &matrix)
                    ? rung__alloc_array(
                          matrix + m + 5 * n + (size_t)rung__vectors_blocks(f->n), 8)
                    : NULL;
    if (!x) return rung__out_of_memory(err, 2 * m * m * 8, "the solver");
    newton t = {.f = f, .m = (int64_t)m, .h = x, .factor = x + m * m};
    t.part = x + matrix, t.w = t.part + m;
    t.g = t.w + n, t.next_w = t.g + n, t.next_g = t.next_w + n, t.p = t.next_g + n;
    t.v = (rung_vectors){pool, f->n, t.p + n};
    memcpy(t.w, w, n * sizeof *w);
    run(&t, config, result);
    memcpy(w, t.w, n * sizeof *w);
    rung__free(x);
    return RUNG_OK;
}
