/* Newton's method with the Hessian itself: each step solves H p = -g by Cholesky and is
 * halved until it lowers the value. For logistic regression this is iteratively
 * reweighted least squares: H = X^T S X + l2, a weighted normal equation (Bishop 2006,
 * "Pattern recognition and machine learning", section 4.3.3).
 *
 * With l1 the step minimises g.p + 1/2 p.Hp + l1 |w + p| instead, one coordinate after
 * the other (Friedman, Hastie, Tibshirani 2010, "Regularization paths for generalized
 * linear models via coordinate descent", section 3; Yuan, Ho, Lin 2012, "An improved
 * GLMNET", section 2, for the steps' length). */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cholesky.h"
#include "learn/l1.h"

#define C1 1e-4 /* sufficient decrease */
#define MAX_HALVINGS 40
#define LEAST_PIVOT 1e-13 /* as a share of the diagonal: below it is rounding */
#define MAX_CYCLES 1000   /* over the coordinates of a part */
#define CYCLE_GAIN 1e-14  /* the least, as a share of the first one's, to go on */

typedef struct newton {
    const rung_objective *f;
    rung_vectors v;
    int64_t m;          /* variables of a part */
    double *h, *factor; /* [m, m] */
    double *part, *hp;  /* [m]: the part's p, H p */
    double *w, *g, *next_w, *next_g, *p;
    double *steepest; /* [n]: subgradient of least norm */
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

/* The least x of h x^2 / 2 - b x + l1 |x|. */
static double soft(double b, double l1, double h)
{
    return (b > l1 ? b - l1 : b < -l1 ? b + l1 : 0) / h;
}

/* Moves coordinate i of part o to where the model is least; returns what that gains, but
 * for a factor. */
static double move_coordinate(newton *t, int64_t o, int64_t i)
{
    const int64_t parts = t->f->n_parts, m = t->m;
    const double *row = t->h + i * m;
    const double w = t->w[i * parts + o], at = w + t->part[i], h = row[i];
    const double l1 = i * parts + o < t->f->n_l1 ? t->f->l1 : 0;
    if (!(h > 0)) return 0; // nothing curves: such columns are zero
    const double to = soft(h * at - (t->g[i * parts + o] + t->hp[i]), l1, h);
    const double step = to - at;
    if (step == 0) return 0;
    t->part[i] = to - w;
    for (int64_t j = 0; j < m; j++) t->hp[j] += step * row[j];
    return h * step * step;
}

static void descend_by_coordinates(newton *t, int64_t o)
{
    const int64_t m = t->m;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < i; j++) t->h[j * m + i] = t->h[i * m + j];
    memset(t->part, 0, (size_t)m * sizeof *t->part);
    memset(t->hp, 0, (size_t)m * sizeof *t->hp);
    double first = 0;
    for (int cycle = 0; cycle < MAX_CYCLES; cycle++) {
        double gain = 0;
        for (int64_t i = 0; i < m; i++) gain += move_coordinate(t, o, i);
        if (cycle == 0) first = gain;
        if (gain <= CYCLE_GAIN * first) return;
    }
}

static void solve_part(newton *t, int64_t o)
{
    factorise(t);
    for (int64_t i = 0; i < t->m; i++) t->part[i] = -t->g[i * t->f->n_parts + o];
    rung__cholesky_solve(t->factor, t->m, t->part);
}

/* p = -H^-1 g, or with l1 what takes its place, part by part. */
static void find_direction(newton *t)
{
    for (int64_t o = 0; o < t->f->n_parts; o++) {
        t->f->hessian(t->f->self, o, t->h);
        if (t->f->l1 > 0)
            descend_by_coordinates(t, o);
        else
            solve_part(t, o);
        for (int64_t i = 0; i < t->m; i++) t->p[i * t->f->n_parts + o] = t->part[i];
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
    rung__combine(&t->v, t->next_w, t->w, 1, t->p, t->p);
    const double slope = rung__dot(&t->v, t->g, t->p) +
                         rung__l1_value(t->f, &t->v, t->next_w) -
                         rung__l1_value(t->f, &t->v, t->w);
    const double slack = 8 * DBL_EPSILON * fabs(t->value);
    double length = 1;
    for (int i = 0; slope < 0 && i < MAX_HALVINGS; i++, length *= 0.5) {
        if (i > 0) rung__combine(&t->v, t->next_w, t->w, length, t->p, t->p);
        const double value = t->f->value(t->f->self, t->next_w, t->next_g) +
                             rung__l1_value(t->f, &t->v, t->next_w);
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
    t->value = t->f->value(t->f->self, t->w, t->g) + rung__l1_value(t->f, &t->v, t->w);
    t->evaluations = 1;
    *r = (rung_minimise_result){0};
    for (bool moves = true;; r->iterations++) {
        rung__l1_subgradient(t->f, &t->v, t->w, t->g, t->steepest);
        r->gradient_norm = sqrt(rung__dot(&t->v, t->steepest, t->steepest));
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
    assert(f->hessian);
    const size_t n = (size_t)f->n, m = n / (size_t)f->n_parts;
    size_t matrix;
    double *x = rung_mul_size(2 * m, m, &matrix)
                    ? rung__alloc_array(
                          matrix + 2 * m + 6 * n + (size_t)rung__vectors_blocks(f->n), 8)
                    : NULL;
    if (!x) return rung__out_of_memory(err, 2 * m * m * 8, "the solver");
    newton t = {.f = f, .m = (int64_t)m, .h = x, .factor = x + m * m};
    t.part = x + matrix, t.hp = t.part + m, t.w = t.hp + m, t.g = t.w + n;
    t.next_w = t.g + n, t.next_g = t.next_w + n, t.p = t.next_g + n;
    t.steepest = t.p + n;
    t.v = (rung_vectors){pool, f->n, t.steepest + n};
    memcpy(t.w, w, n * sizeof *w);
    run(&t, config, result);
    memcpy(w, t.w, n * sizeof *w);
    rung__free(x);
    return RUNG_OK;
}
