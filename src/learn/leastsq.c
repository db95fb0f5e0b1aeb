/* Least squares by the normal equation. */
#include "learn/leastsq.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cholesky.h"

#define LEAST_PIVOT 1e-12 /* of a column of length 1: nothing is left of it */

rung_status rung__fit_init(rung__fit *fit, int64_t D, rung_error *err)
{
    *fit = (rung__fit){.D = D};
    fit->w = rung__alloc_array((size_t)D + 1, sizeof *fit->w);
    fit->errors = rung__alloc_array((size_t)D + 1, sizeof *fit->errors);
    if (!fit->w || !fit->errors)
        return rung__out_of_memory(err, (size_t)D * 16, "weights");
    for (int64_t j = 0; j <= D; j++) fit->errors[j] = (double)NAN;
    return RUNG_OK;
}

void rung__fit_release(rung__fit *fit)
{
    rung__free(fit->w), rung__free(fit->errors);
    *fit = (rung__fit){0};
}

/* The scaled normal equation and its factor. */
typedef struct normal {
    const rung__moments *m;
    double *scale; /* [D]: 1 / length of a column, 0 of one that does not change; owned */
    double *a;     /* [D, D]: S (G + diag(penalty)) S, then L of L L^T; owned */
    double *variance; /* [D]: diagonal of the inverse of G; owned */
    double *scratch;  /* [threads + 2, D], owned */
} normal;

static double product(const rung__moments *m, int64_t i, int64_t j)
{
    return m->products[i < j ? i * m->ld + j : j * m->ld + i];
}

static rung_status init(normal *s, const rung__moments *m, rung_pool *pool,
                        rung_error *err)
{
    size_t square = 0;
    const size_t threads = (size_t)rung_pool_threads(pool), D = (size_t)m->D;
    *s = (normal){.m = m};
    s->scale = rung__alloc_array(D, sizeof *s->scale);
    s->variance = rung__alloc_array(D, sizeof *s->variance);
    s->scratch = rung__alloc_array((threads + 2) * D, sizeof *s->scratch);
    if (rung_mul_size(D, D, &square)) s->a = rung__alloc_array(square, sizeof *s->a);
    if (s->scale && s->variance && s->scratch && s->a) return RUNG_OK;
    return rung__out_of_memory(err, square * 8, "the normal equation");
}

static void release(normal *s)
{
    rung__free(s->scale), rung__free(s->variance);
    rung__free(s->scratch), rung__free(s->a);
}

/* Fills a; returns its norm, the largest sum of a row's absolute values. */
static double fill(normal *s, const double *penalty)
{
    const int64_t D = s->m->D;
    double *sums = s->scratch, norm = 0;
    for (int64_t j = 0; j < D; j++) {
        const double square = product(s->m, j, j) + penalty[j];
        s->scale[j] = square > 0 ? 1 / sqrt(square) : 0;
        sums[j] = 1;
    }
    for (int64_t i = 0; i < D; i++) {
        double *row = s->a + i * D;
        row[i] = 1; // of a column that does not change too
        for (int64_t j = 0; j < i; j++) {
            row[j] = s->scale[i] * s->scale[j] * product(s->m, i, j);
            sums[i] += fabs(row[j]), sums[j] += fabs(row[j]);
        }
    }
    for (int64_t i = 0; i < D; i++) norm = fmax(norm, sums[i]);
    return norm;
}

/* An estimate of |A^-1|, the largest sum of a column, seldom far below the truth (Higham
 * 1988, "FORTRAN codes for estimating the one-norm of a real or complex matrix",
 * algorithm 2.4). */
static double inverse_norm(const normal *s)
{
    const int64_t n = s->m->D;
    double *x = s->scratch, *z = s->scratch + n, norm = 0;
    for (int64_t i = 0; i < n; i++) x[i] = 1.0 / (double)n;
    for (int turn = 0; turn < 5; turn++) {
        double sum = 0, most = 0, inner = 0;
        int64_t place = 0;
        memcpy(z, x, (size_t)n * sizeof *z);
        rung__cholesky_solve(s->a, n,
                             z); // y = A^-1 x; the gradient of |y| is A^-1 sign y
        for (int64_t i = 0; i < n; i++) {
            sum += fabs(z[i]);
            z[i] = z[i] < 0 ? -1 : 1;
        }
        if (turn > 0 && sum <= norm) break;
        norm = sum;
        rung__cholesky_solve(s->a, n, z);
        for (int64_t i = 0; i < n; i++) {
            inner += z[i] * x[i];
            if (fabs(z[i]) > most) most = fabs(z[i]), place = i;
        }
        if (most <= inner) break;
        memset(x, 0, (size_t)n * sizeof *x);
        x[place] = 1;
    }
    return norm;
}

static void find_weights(const normal *s, rung__fit *fit)
{
    const int64_t D = s->m->D;
    double *u = s->scratch;
    for (int64_t j = 0; j < D; j++) u[j] = s->scale[j] * product(s->m, j, D);
    rung__cholesky_solve(s->a, D, u);
    fit->w[D] = s->m->mean[D];
    for (int64_t j = 0; j < D; j++) {
        fit->w[j] = s->scale[j] * u[j];
        fit->w[D] -= fit->w[j] * s->m->mean[j];
    }
}

/* sum (y - w.x - b)^2 = y.y - 2 w.g + w.G w, all centred. */
static double residuals(const rung__moments *m, const double *w)
{
    double sum = product(m, m->D, m->D);
    for (int64_t i = 0; i < m->D; i++) {
        double gw = 0;
        for (int64_t j = 0; j < m->D; j++) gw += product(m, i, j) * w[j];
        sum += w[i] * (gw - 2 * product(m, i, m->D));
    }
    return fmax(sum, 0);
}

/* ---- Standard errors ---- */

/* (L L^T)^-1[j, j] = |L^-1 e_j|^2 */
static void find_variance(void *ctx, int64_t j, int worker)
{
    const normal *s = ctx;
    const int64_t D = s->m->D;
    double *x = s->scratch + (2 + worker) * D, sum = 0;
    memset(x, 0, (size_t)D * sizeof *x);
    x[j] = s->scale[j];
    rung__cholesky_half(s->a, D, j, x);
    for (int64_t i = j; i < D; i++) sum += x[i] * x[i];
    s->variance[j] = sum;
}

/* The bias is mean y - w.mean: 1 / W + |L^-1 S mean|^2. */
static double bias_variance(const normal *s)
{
    double *x = s->scratch, sum = 1 / s->m->weight;
    for (int64_t j = 0; j < s->m->D; j++) x[j] = s->scale[j] * s->m->mean[j];
    rung__cholesky_half(s->a, s->m->D, 0, x);
    for (int64_t i = 0; i < s->m->D; i++) sum += x[i] * x[i];
    return sum;
}

static void find_errors(normal *s, rung__fit *fit, rung_pool *pool)
{
    const int64_t D = s->m->D, free = s->m->count - fit->rank - 1;
    if (free < 1) return;
    rung_pool_run(pool, D, find_variance, s);
    const double variance = fit->residuals / (double)free;
    for (int64_t j = 0; j < D; j++)
        if (s->scale[j] > 0) fit->errors[j] = sqrt(variance * s->variance[j]);
    fit->errors[D] = sqrt(variance * bias_variance(s));
}

/* ---- All of it ---- */

static bool solve(normal *s, rung__fit *fit, const double *penalty, rung_pool *pool)
{
    bool is_free = true;
    const double norm = fill(s, penalty);
    fit->condition = INFINITY;
    fit->squares = product(s->m, s->m->D, s->m->D);
    if (!rung__cholesky(s->a, s->m->D, LEAST_PIVOT)) return false;
    fit->condition = sqrt(norm * inverse_norm(s));
    if (fit->condition > RUNG_LEASTSQ_CONDITION) return false;
    fit->rank = 0;
    for (int64_t j = 0; j < s->m->D; j++) {
        fit->rank += s->scale[j] > 0;
        is_free = is_free && penalty[j] == 0;
    }
    find_weights(s, fit);
    fit->residuals = residuals(s->m, fit->w);
    if (is_free) find_errors(s, fit, pool);
    return true;
}

rung_status rung__leastsq_normal(rung__fit *fit, const rung__moments *m,
                                 const double *penalty, rung_pool *pool, bool *is_done,
                                 rung_error *err)
{
    normal s;
    const rung_status status = init(&s, m, pool, err);
    if (status == RUNG_OK) *is_done = solve(&s, fit, penalty, pool);
    release(&s);
    return status;
}
