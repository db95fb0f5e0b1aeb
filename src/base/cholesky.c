/* Cholesky, row by row:
 *
 *     L[i,j] = (A[i,j] - sum over k < j of L[i,k] L[j,k]) / L[j,j],   j < i
 *     L[i,i]^2 = A[i,i] - sum over k < i of L[i,k]^2 */
#include "base/cholesky.h"

#include <math.h>

/* x.y, in four parts whose additions need not wait for each other. */
static double dot(const double *x, const double *y, int64_t n)
{
    double a = 0, b = 0, c = 0, d = 0;
    int64_t i = 0;
    for (; i + 4 <= n; i += 4) {
        a += x[i] * y[i];
        b += x[i + 1] * y[i + 1];
        c += x[i + 2] * y[i + 2];
        d += x[i + 3] * y[i + 3];
    }
    for (; i < n; i++) a += x[i] * y[i];
    return (a + b) + (c + d);
}

bool rung__cholesky(double *a, int64_t n, double least)
{
    for (int64_t i = 0; i < n; i++) {
        double *row = a + i * n;
        for (int64_t j = 0; j < i; j++)
            row[j] = (row[j] - dot(row, a + j * n, j)) / a[j * n + j];
        const double pivot = row[i] - dot(row, row, i);
        if (!(pivot > least * row[i])) return false;
        row[i] = sqrt(pivot);
    }
    return true;
}

void rung__cholesky_half(const double *l, int64_t n, int64_t first, double *x)
{
    for (int64_t i = first; i < n; i++)
        x[i] = (x[i] - dot(l + i * n + first, x + first, i - first)) / l[i * n + i];
}

void rung__cholesky_solve(const double *l, int64_t n, double *x)
{
    rung__cholesky_half(l, n, 0, x);
    for (int64_t i = n - 1; i >= 0; i--) {
        x[i] /= l[i * n + i];
        for (int64_t k = 0; k < i; k++) x[k] -= l[i * n + k] * x[i];
    }
}
