/* SVRG on least squares. With f = 1/n sum of f_i, f_i = 1/2 (x_i.u - y_i)^2, an epoch
 * takes the whole gradient g at v = u, and then n steps
 *
 *     u -= rate (x_i (x_i.(u - v)) / (n p_i) + g + penalty (u - v) / n)
 *
 * with row i drawn with p_i = |x_i|^2 / S, S the sum of them: what a step adds has the
 * mean of the gradient at u, and a variance that goes to 0 with u - v. */
#include "learn/leastsq_sgd.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"

#define RATE 0.2 /* times n / S, the inverse of the mean curvature along rows */

typedef struct state {
    const rung__sgd_rows *rows;
    const double *penalty;
    double *u, *v, *g; /* [D]; v and g owned */
    double *sums;      /* [n]: of |x_i|^2 up to row i, owned */
    rung_rng rng;
} state;

static double dot(const double *x, const double *y, int64_t n)
{
    double sum = 0;
    for (int64_t j = 0; j < n; j++) sum += x[j] * y[j];
    return sum;
}

static rung_status init(state *s, rung_error *err)
{
    const rung__sgd_rows *rows = s->rows;
    double sum = 0;
    s->v = rung__alloc_array((size_t)rows->D, sizeof *s->v);
    s->g = rung__alloc_array((size_t)rows->D, sizeof *s->g);
    s->sums = rung__alloc_array((size_t)rows->n, sizeof *s->sums);
    if (!s->v || !s->g || !s->sums)
        return rung__out_of_memory(err, (size_t)rows->n * 8, "stochastic gradients");
    for (int64_t i = 0; i < rows->n; i++) {
        const double *x = rows->x + i * rows->D;
        sum += dot(x, x, rows->D);
        s->sums[i] = sum;
    }
    return RUNG_OK;
}

static void release(state *s)
{
    rung__free(s->v), rung__free(s->g), rung__free(s->sums);
}

/* g = 1/n (sum of x_i (x_i.u - y_i) + penalty u); returns its length. */
static double whole_gradient(state *s)
{
    const rung__sgd_rows *rows = s->rows;
    const double n = (double)rows->n;
    for (int64_t j = 0; j < rows->D; j++) s->g[j] = s->penalty[j] * s->u[j] / n;
    for (int64_t i = 0; i < rows->n; i++) {
        const double *x = rows->x + i * rows->D;
        const double r = (dot(x, s->u, rows->D) - rows->y[i]) / n;
        for (int64_t j = 0; j < rows->D; j++) s->g[j] += r * x[j];
    }
    return sqrt(dot(s->g, s->g, rows->D));
}

static int64_t draw(state *s)
{
    const int64_t n = s->rows->n;
    const double at = rung_rng_double(&s->rng) * s->sums[n - 1];
    int64_t low = 0, high = n - 1;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (s->sums[middle] > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static void epoch(state *s)
{
    const int64_t D = s->rows->D, n = s->rows->n;
    const double total = s->sums[n - 1], rate = RATE * (double)n / total;
    memcpy(s->v, s->u, (size_t)D * sizeof *s->v);
    for (int64_t step = 0; step < n; step++) {
        const int64_t i = draw(s);
        const double *x = s->rows->x + i * D;
        const double length = s->sums[i] - (i ? s->sums[i - 1] : 0);
        const double d =
            (dot(x, s->u, D) - dot(x, s->v, D)) * total / (length * (double)n);
        for (int64_t j = 0; j < D; j++)
            s->u[j] -= rate * (d * x[j] + s->g[j] +
                               s->penalty[j] * (s->u[j] - s->v[j]) / (double)n);
    }
}

rung_status rung__leastsq_sgd(double *u, rung__sgd_result *result,
                              const rung__sgd_rows *rows, const double *penalty,
                              double tolerance, int64_t most, uint64_t key,
                              rung_error *err)
{
    state s = {.rows = rows, .penalty = penalty, .u = u, .rng = rung_rng_make(key)};
    *result = (rung__sgd_result){.gradient = 1};
    memset(u, 0, (size_t)rows->D * sizeof *u);
    const rung_status status = init(&s, err);
    if (status == RUNG_OK && s.sums[rows->n - 1] > 0) {
        const double first = whole_gradient(&s);
        double now = first;
        for (; now > tolerance * first && result->epochs < most; result->epochs++) {
            epoch(&s);
            now = whole_gradient(&s);
        }
        result->gradient = first > 0 ? now / first : 0;
    }
    result->converged = result->gradient <= tolerance;
    release(&s);
    return status;
}
