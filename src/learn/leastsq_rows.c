/* Least squares by an orthogonal factorisation of the rows.
 *
 * The rows (x, y, 1) enter triangular factors, one a lane, that are joined in order. The
 * joined one, its columns in the order 1, x, y and x scaled, is made triangular again:
 *
 *     | r_1  .    .   |
 *     |      A    c   |     |y - X w - b|^2 = |A u - c|^2 + rho^2,  w = scale u
 *     |           rho |
 *
 * where sqrt(penalty) rows may enter A and c. Then A P = Q R with columns pivoted
 * (Businger, Golub 1965, "Linear least squares solutions by Householder
 * transformations"), and where R ends in rows of rounding, the rest, [R1 R2], is made
 * lower triangular from the right: its solution of least length. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "learn/leastsq.h"

#define BLOCK 128
#define LANES_VALUES ((int64_t)1 << 22)
#define MOST_LANES 16
#define LEAST_SQUARES 1e-290 /* below, there is nothing to reflect */

struct rung__qr {
    const rung__moments *m; /* borrowed: outlives this */
    const rung_kernels *kernels;
    rung_pool *pool;
    int64_t n, lanes; /* columns: x, y, one */
    double *r;        /* [lanes, n, n], owned */
    double *scratch;  /* [threads, BLOCK + 1, n], owned */
};

rung_status rung__qr_new(rung__qr **out, const rung__moments *m,
                         const rung_kernels *kernels, rung_pool *pool, rung_error *err)
{
    const int64_t n = m->D + 2;
    const size_t threads = (size_t)rung_pool_threads(pool);
    size_t square = 0;
    rung__qr *q = rung__alloc(sizeof *q);
    if (!q) return rung__out_of_memory(err, sizeof *q, "a factor of rows");
    *q = (rung__qr){.m = m, .kernels = kernels, .pool = pool, .n = n};
    q->lanes = LANES_VALUES / n / n;
    q->lanes = q->lanes < 1 ? 1 : q->lanes > MOST_LANES ? MOST_LANES : q->lanes;
    if (rung_mul_size((size_t)n, (size_t)(n * q->lanes), &square))
        q->r = rung__alloc_array(square, sizeof *q->r);
    q->scratch = rung__alloc_array(threads * (BLOCK + 1), (size_t)n * sizeof *q->scratch);
    *out = q;
    if (q->r && q->scratch) return RUNG_OK;
    return rung__out_of_memory(err, square * 8, "a factor of rows");
}

void rung__qr_free(rung__qr *q)
{
    if (!q) return;
    rung__free(q->r), rung__free(q->scratch);
    rung__free(q);
}

int64_t rung__qr_rows(const rung__qr *q)
{
    return q->lanes * BLOCK;
}

typedef struct job {
    rung__qr *q;
    const rung_rows *rows;
} job;

static void add_block(void *ctx, int64_t lane, int worker)
{
    const job *j = ctx;
    const rung__qr *q = j->q;
    const int64_t i = lane * BLOCK, left = j->rows->n - i,
                  n = left < BLOCK ? left : BLOCK;
    double *z = q->scratch + worker * (BLOCK + 1) * q->n;
    rung__rows_pack(j->rows, i, n, q->m->mean, q->kernels, z, q->n);
    q->kernels->qr_rows(n, q->n, z, q->n, q->r + lane * q->n * q->n, q->n,
                        z + BLOCK * q->n);
}

void rung__qr_add(rung__qr *q, const rung_rows *rows)
{
    job j = {q, rows};
    rung_pool_run(q->pool, (rows->n + BLOCK - 1) / BLOCK, add_block, &j);
}

/* ---- The small problem: |A u - c| ---- */

typedef struct problem {
    const rung__qr *q;
    int64_t D, rank;
    double *scale;   /* [D] 1 / length of a column, 0 where it does not change; owned */
    double *z;       /* [D + 2, D + 2]: what is made triangular; owned */
    double *r;       /* [D + 2, D + 2]: 1, x, y; then A | c with penalty; owned */
    double *a;       /* [D, D + 1]: R with pivoted columns, and Q^T c; owned */
    double *t;       /* [D, D]: [R1 R2]^T as [rank, D] of reflections; owned */
    double *u;       /* [D + 2], owned: scratch, then the solution */
    int64_t *column; /* [D]: of A that stands at a place of R; owned */
} problem;

static rung_status init(problem *p, const rung__qr *q, rung_error *err)
{
    const size_t n = (size_t)q->n, D = n - 2;
    *p = (problem){.q = q, .D = (int64_t)D};
    p->scale = rung__alloc_array(n, sizeof *p->scale);
    p->z = rung__alloc_array(n * n, sizeof *p->z);
    p->r = rung__alloc_array(n * n, sizeof *p->r);
    p->a = rung__alloc_array(n * n, sizeof *p->a);
    p->t = rung__alloc_array(n * n, sizeof *p->t);
    p->u = rung__alloc_array(2 * n, sizeof *p->u);
    p->column = rung__alloc_array(n, sizeof *p->column);
    if (p->scale && p->z && p->r && p->a && p->t && p->u && p->column) return RUNG_OK;
    return rung__out_of_memory(err, 32 * n * n, "a factor of rows");
}

static void release(problem *p)
{
    rung__free(p->scale), rung__free(p->z), rung__free(p->r), rung__free(p->a);
    rung__free(p->t), rung__free(p->u), rung__free(p->column);
}

/* Joins the lanes; r becomes triangular in the columns 1, x scaled, y. */
static void join(problem *p, rung__qr *q)
{
    const int64_t n = q->n, D = p->D;
    for (int64_t i = n; i < q->lanes * n; i++)
        q->kernels->qr_rows(1, n, q->r + i * n, n, q->r, n, q->scratch);
    for (int64_t j = 0; j < D; j++) {
        const double square = q->m->products[j * q->m->ld + j];
        p->scale[j] = square > 0 ? 1 / sqrt(square) : 0;
    }
    for (int64_t i = 0; i < n; i++) {
        const double *from = q->r + i * n;
        double *to = p->z + i * n;
        to[0] = from[D + 1], to[D + 1] = from[D];
        for (int64_t j = 0; j < D; j++) to[1 + j] = from[j] * p->scale[j];
    }
    q->kernels->qr_rows(n, n, p->z, n, p->r, n, p->u);
}

/* A and c with the penalty's rows. */
static void add_penalty(problem *p, const double *penalty)
{
    const int64_t n = p->D + 2, D = p->D;
    for (int64_t i = 0; i < D; i++)
        memcpy(p->a + i * (D + 1), p->r + (1 + i) * n + 1,
               (size_t)(D + 1) * sizeof *p->a);
    for (int64_t j = 0; j < D; j++) {
        if (penalty[j] == 0) continue;
        memset(p->z, 0, (size_t)(D + 1) * sizeof *p->z);
        p->z[j] = sqrt(penalty[j]) * p->scale[j];
        p->q->kernels->qr_rows(1, D + 1, p->z, D + 1, p->a, D + 1, p->u);
    }
}

/* ---- Reflections of dense matrices ---- */

/* The column at `at` (rows elements, ld apart) becomes (beta, u) with the reflection
 * I - f (1, u)(1, u)^T that takes it to (beta, 0); returns f, 0 if there is nothing to
 * do. */
static double reflect(double *at, int64_t rows, int64_t ld)
{
    double squares = 0;
    for (int64_t i = 1; i < rows; i++) squares += at[i * ld] * at[i * ld];
    if (squares < LEAST_SQUARES) return 0;
    const double alpha = at[0], length = sqrt(alpha * alpha + squares);
    const double beta = alpha > 0 ? -length : length, u0 = alpha - beta;
    for (int64_t i = 1; i < rows; i++) at[i * ld] /= u0;
    at[0] = beta;
    return 2 * u0 * u0 / (u0 * u0 + squares);
}

/* Applies it, (1, u) at `at`, to another column. */
static void apply(const double *at, int64_t rows, int64_t ld, double f, double *x,
                  int64_t ldx)
{
    double dot = x[0];
    for (int64_t i = 1; i < rows; i++) dot += at[i * ld] * x[i * ldx];
    x[0] -= f * dot;
    for (int64_t i = 1; i < rows; i++) x[i * ldx] -= f * dot * at[i * ld];
}

static double length_from(const double *a, int64_t rows, int64_t ld)
{
    double sum = 0;
    for (int64_t i = 0; i < rows; i++) sum += a[i * ld] * a[i * ld];
    return sqrt(sum);
}

static void swap_columns(problem *p, int64_t j, int64_t k)
{
    const int64_t ld = p->D + 1, column = p->column[j];
    for (int64_t i = 0; i < p->D; i++) {
        const double x = p->a[i * ld + j];
        p->a[i * ld + j] = p->a[i * ld + k];
        p->a[i * ld + k] = x;
    }
    p->column[j] = p->column[k];
    p->column[k] = column;
}

/* Each time the longest of the columns that are left comes next; the rank is where all of
 * them are rounding. */
static void pivot(problem *p)
{
    const int64_t D = p->D, ld = D + 1;
    double first = 0;
    for (int64_t j = 0; j < D; j++) p->column[j] = j;
    for (p->rank = 0; p->rank < D; p->rank++) {
        const int64_t k = p->rank;
        int64_t longest = k;
        double most = -1;
        for (int64_t j = k; j < D; j++) {
            const double length = length_from(p->a + k * ld + j, D - k, ld);
            if (length > most) most = length, longest = j;
        }
        if (k == 0) first = most;
        const double count = (double)(p->q->m->count > D ? p->q->m->count : D);
        if (!(most > sqrt(count) * 4 * DBL_EPSILON * first)) return;
        swap_columns(p, k, longest);
        double *at = p->a + k * ld + k;
        const double f = reflect(at, D - k, ld);
        for (int64_t j = k + 1; j <= D; j++)
            apply(at, D - k, ld, f, p->a + k * ld + j, ld);
    }
}

/* u of least length with R u = c over the first `rank` rows: [R1 R2]^T = Q T, so T^T v =
 * c and u = Q (v, 0). */
static void solve_shortest(problem *p)
{
    const int64_t D = p->D, ld = D + 1, r = p->rank;
    double *u = p->u, *f = p->u + D;
    memset(u, 0, (size_t)D * sizeof *u);
    for (int64_t i = 0; i < r; i++) {
        for (int64_t j = 0; j < D; j++) p->t[j * D + i] = j < i ? 0 : p->a[i * ld + j];
        u[i] = p->a[i * ld + D];
    }
    for (int64_t k = 0; k < r; k++) {
        double *at = p->t + k * D + k;
        f[k] = reflect(at, D - k, D);
        for (int64_t i = k + 1; i < r; i++)
            apply(at, D - k, D, f[k], p->t + k * D + i, D);
    }
    for (int64_t i = 0; i < r; i++) {
        for (int64_t k = 0; k < i; k++) u[i] -= p->t[k * D + i] * u[k];
        u[i] /= p->t[i * D + i];
    }
    for (int64_t k = r - 1; k >= 0; k--)
        apply(p->t + k * D + k, D - k, D, f[k], u + k, 1);
}

/* ---- The fit ---- */

/* |A u - c|^2 + rho^2, A and c without penalty, u in the order of A. */
static double residuals(const problem *p, const double *u)
{
    const int64_t n = p->D + 2;
    const double rho = p->r[n * n - 1];
    double sum = rho * rho;
    for (int64_t i = 1; i <= p->D; i++) {
        double d = -p->r[i * n + n - 1];
        for (int64_t j = i; j <= p->D; j++) d += p->r[i * n + j] * u[j - 1];
        sum += d * d;
    }
    return sum;
}

static void take_weights(problem *p, rung__fit *fit)
{
    const int64_t D = p->D;
    const double *mean = p->q->m->mean;
    double *u = p->z; // in the order of A
    fit->w[D] = mean[D];
    for (int64_t k = 0; k < D; k++) u[p->column[k]] = p->u[k];
    for (int64_t j = 0; j < D; j++) {
        fit->w[j] = p->scale[j] * u[j];
        fit->w[D] -= fit->w[j] * mean[j];
    }
    fit->residuals = residuals(p, u);
}

/* x = R^-T x, of which the elements before `first` are 0. */
static void solve_transposed(const problem *p, int64_t first, double *x)
{
    const int64_t D = p->D, ld = D + 1;
    for (int64_t i = first; i < D; i++) {
        x[i] /= p->a[i * ld + i];
        for (int64_t j = i + 1; j < D; j++) x[j] -= p->a[i * ld + j] * x[i];
    }
}

/* Diagonal of the inverse of R^T R, row by row of R^-T. */
static void take_errors(const problem *p, rung__fit *fit)
{
    const int64_t D = p->D, free = p->q->m->count - D - 1;
    double *x = p->z;
    if (free < 1) return;
    const double variance = fit->residuals / (double)free;
    for (int64_t k = 0; k <= D; k++) {
        double sum = k < D ? 0 : 1 / p->q->m->weight;
        memset(x, 0, (size_t)D * sizeof *x);
        for (int64_t i = 0; i < D; i++) {
            const int64_t j = p->column[i];
            x[i] = p->scale[j] * (k == D ? p->q->m->mean[j] : i == k);
        }
        solve_transposed(p, k < D ? k : 0, x);
        for (int64_t i = 0; i < D; i++) sum += x[i] * x[i];
        fit->errors[k < D ? p->column[k] : D] = sqrt(variance * sum);
    }
}

static void solve(problem *p, rung__fit *fit, const double *penalty)
{
    const int64_t D = p->D, ld = D + 1;
    bool is_free = true;
    for (int64_t j = 0; j < D; j++) is_free = is_free && penalty[j] == 0;
    fit->squares = length_from(p->r + D + 1 + (D + 2), D + 1, D + 2);
    fit->squares *= fit->squares;
    add_penalty(p, penalty);
    pivot(p);
    solve_shortest(p);
    take_weights(p, fit);
    fit->by_rows = true;
    fit->rank = p->rank;
    fit->condition = p->rank < D ? INFINITY : fabs(p->a[0] / p->a[(D - 1) * ld + D - 1]);
    if (is_free && p->rank == D) take_errors(p, fit);
}

rung_status rung__leastsq_rows(rung__fit *fit, rung__qr *q, const double *penalty,
                               rung_error *err)
{
    problem p;
    rung_status status = init(&p, q, err);
    if (status == RUNG_OK) {
        join(&p, q);
        solve(&p, fit, penalty);
    }
    release(&p);
    return status;
}
