/* Orthogonal iteration on the covariance of rows, and Jacobi's rotations for the small
 * matrices that come up in it. */
#include "learn/principal.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"

enum { MORE = 8, MOST_TURNS = 1000, MOST_SWEEPS = 50 };

/* |C q - t q| of what is found, as a share of t_1. */
#define TOLERANCE 1e-9

typedef struct search {
    const float *rows; /* [n, dim] */
    int64_t n, dim, p; /* p directions */
    double *mean;      /* [dim] */
    double *x;         /* [dim]: one row less the mean */
    double *Q, *Y, *Z; /* [p, dim]: directions, C times them, scratch */
    double *T, *U;     /* [p, p]: Q C Q^T, and its eigenvectors as columns */
    double total;      /* t_1 + ... + t_dim */
} search;

static double dot(const double *a, const double *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

static void take_row(const search *s, int64_t i)
{
    for (int64_t d = 0; d < s->dim; d++)
        s->x[d] = (double)s->rows[i * s->dim + d] - s->mean[d];
}

/* Y = Q C, row by row: the sum of (x . q) x / n. */
static void multiply(search *s)
{
    memset(s->Y, 0, (size_t)(s->p * s->dim) * sizeof *s->Y);
    for (int64_t i = 0; i < s->n; i++) {
        take_row(s, i);
        for (int64_t j = 0; j < s->p; j++) {
            const double along = dot(s->x, s->Q + j * s->dim, s->dim) / (double)s->n;
            double *y = s->Y + j * s->dim;
            for (int64_t d = 0; d < s->dim; d++) y[d] += along * s->x[d];
        }
    }
}

/* The rows of A [p, dim] become perpendicular, and of length 1 or 0. Twice, as once is
 * not exact (Golub, Van Loan, section 5.2.8). */
static void orthonormalise(double *A, int64_t p, int64_t dim)
{
    for (int64_t j = 0; j < p; j++) {
        double *a = A + j * dim;
        const double before = sqrt(dot(a, a, dim));
        for (int twice = 0; twice < 2; twice++)
            for (int64_t i = 0; i < j; i++) {
                const double along = dot(a, A + i * dim, dim);
                for (int64_t d = 0; d < dim; d++) a[d] -= along * A[i * dim + d];
            }
        const double length = sqrt(dot(a, a, dim));
        const double scale = length > 1e-14 * before ? 1 / length : 0;
        for (int64_t d = 0; d < dim; d++) a[d] *= scale;
    }
}

/* ---- Small matrices ---- */

/* Turns rows and columns i, j of T so that T[i][j] becomes 0 (section 8.5.2). */
static void rotate(double *T, double *U, int64_t p, int64_t i, int64_t j)
{
    const double off = T[i * p + j];
    if (off == 0) return;
    const double tau = (T[j * p + j] - T[i * p + i]) / (2 * off);
    const double t = (tau < 0 ? -1 : 1) / (fabs(tau) + hypot(1, tau));
    const double c = 1 / hypot(1, t), s = t * c;
    for (int64_t m = 0; m < p; m++) {
        const double a = T[m * p + i], b = T[m * p + j];
        T[m * p + i] = c * a - s * b, T[m * p + j] = s * a + c * b;
    }
    for (int64_t m = 0; m < p; m++) {
        const double a = T[i * p + m], b = T[j * p + m];
        T[i * p + m] = c * a - s * b, T[j * p + m] = s * a + c * b;
        const double u = U[m * p + i], v = U[m * p + j];
        U[m * p + i] = c * u - s * v, U[m * p + j] = s * u + c * v;
    }
}

/* T becomes diagonal, the columns of U its eigenvectors. */
static void diagonalise(double *T, double *U, int64_t p)
{
    memset(U, 0, (size_t)(p * p) * sizeof *U);
    for (int64_t i = 0; i < p; i++) U[i * p + i] = 1;
    for (int sweep = 0; sweep < MOST_SWEEPS; sweep++) {
        double off = 0, all = 0;
        for (int64_t i = 0; i < p * p; i++) {
            all += T[i] * T[i];
            if (i / p != i % p) off += T[i] * T[i];
        }
        if (off <= 1e-30 * all) return;
        for (int64_t i = 0; i < p; i++)
            for (int64_t j = i + 1; j < p; j++) rotate(T, U, p, i, j);
    }
}

/* ---- The iteration ---- */

/* Rows of A [p, dim] become those combinations that the columns of U say. */
static void combine(search *s, double *A)
{
    memset(s->Z, 0, (size_t)(s->p * s->dim) * sizeof *s->Z);
    for (int64_t j = 0; j < s->p; j++)
        for (int64_t i = 0; i < s->p; i++)
            for (int64_t d = 0; d < s->dim; d++)
                s->Z[j * s->dim + d] += s->U[i * s->p + j] * A[i * s->dim + d];
    memcpy(A, s->Z, (size_t)(s->p * s->dim) * sizeof *A);
}

/* Columns of U, and the diagonal of T, by descending eigenvalues. */
static void sort(search *s)
{
    const int64_t p = s->p;
    for (int64_t i = 0; i < p; i++) {
        int64_t most = i;
        for (int64_t j = i + 1; j < p; j++)
            if (s->T[j * p + j] > s->T[most * p + most]) most = j;
        const double t = s->T[i * p + i];
        s->T[i * p + i] = s->T[most * p + most], s->T[most * p + most] = t;
        for (int64_t m = 0; m < p; m++) {
            const double u = s->U[m * p + i];
            s->U[m * p + i] = s->U[m * p + most], s->U[m * p + most] = u;
        }
    }
}

/* Within the span of Q the directions that are most like eigenvectors; Y stays C Q. */
static void turn_to_ritz(search *s)
{
    const int64_t p = s->p;
    for (int64_t i = 0; i < p; i++)
        for (int64_t j = 0; j <= i; j++)
            s->T[i * p + j] = s->T[j * p + i] =
                dot(s->Q + i * s->dim, s->Y + j * s->dim, s->dim);
    diagonalise(s->T, s->U, p);
    sort(s);
    combine(s, s->Q);
    combine(s, s->Y);
}

static bool has_converged(const search *s, int64_t k)
{
    for (int64_t j = 0; j < k; j++) {
        double square = 0;
        for (int64_t d = 0; d < s->dim; d++) {
            const double r =
                s->Y[j * s->dim + d] - s->T[j * s->p + j] * s->Q[j * s->dim + d];
            square += r * r;
        }
        if (sqrt(square) > TOLERANCE * s->T[0]) return false;
    }
    return true;
}

static void find_directions(search *s, int64_t k)
{
    rung_rng rng = rung_rng_make(rung_rng_key(1, "directions", 0));
    for (int64_t i = 0; i < s->p * s->dim; i++) s->Q[i] = rung_rng_normal(&rng);
    orthonormalise(s->Q, s->p, s->dim);
    for (int turn = 0; turn < MOST_TURNS; turn++) {
        multiply(s);
        turn_to_ritz(s);
        if (has_converged(s, k)) return;
        memcpy(s->Q, s->Y, (size_t)(s->p * s->dim) * sizeof *s->Q);
        orthonormalise(s->Q, s->p, s->dim);
    }
}

static void find_mean(search *s)
{
    for (int64_t i = 0; i < s->n * s->dim; i++)
        s->mean[i % s->dim] += (double)s->rows[i] / (double)s->n;
    for (int64_t i = 0; i < s->n; i++) {
        take_row(s, i);
        s->total += dot(s->x, s->x, s->dim) / (double)s->n;
    }
}

/* The number of the largest size becomes positive. */
static void point(double *q, int64_t dim)
{
    int64_t most = 0;
    for (int64_t d = 1; d < dim; d++)
        if (fabs(q[d]) > fabs(q[most])) most = d;
    const double sign = q[most] < 0 ? -1 : 1;
    for (int64_t d = 0; d < dim; d++) q[d] *= sign;
}

static void put_places(double *places, double *shares, search *s, int64_t k)
{
    for (int64_t j = 0; j < k; j++) {
        const bool is_found = j < s->p && s->total > 0;
        shares[j] = is_found ? fmax(s->T[j * s->p + j], 0) / s->total : 0;
        if (is_found) point(s->Q + j * s->dim, s->dim);
    }
    for (int64_t i = 0; i < s->n; i++) {
        take_row(s, i);
        for (int64_t j = 0; j < k; j++)
            places[i * k + j] = j < s->p ? dot(s->x, s->Q + j * s->dim, s->dim) : 0;
    }
}

static double *reserve(int64_t rows, int64_t columns)
{
    return rung__alloc_array((size_t)rows * (size_t)columns, sizeof(double));
}

rung_status rung__principal(double *places, double *shares, const float *rows, int64_t n,
                            int64_t dim, int64_t k, rung_error *err)
{
    const int64_t p = k + MORE < dim ? k + MORE : dim;
    search s = {.rows = rows, .n = n, .dim = dim, .p = p};
    double **const parts[] = {&s.mean, &s.x, &s.Q, &s.Y, &s.Z, &s.T, &s.U};
    const int64_t heights[] = {1, 1, p, p, p, p, p},
                  widths[] = {dim, dim, dim, dim, dim, p, p};
    bool is_done = true;
    for (int i = 0; i < 7; i++)
        is_done &= (*parts[i] = reserve(heights[i], widths[i])) != NULL;
    if (is_done) {
        find_mean(&s);
        find_directions(&s, k < p ? k : p);
        put_places(places, shares, &s, k);
    }
    for (int i = 0; i < 7; i++) rung__free(*parts[i]);
    return is_done ? RUNG_OK
                   : rung__out_of_memory(err, (size_t)(p * dim) * 24, "directions");
}
