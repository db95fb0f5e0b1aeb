/* Cholesky, row by row:
 *
 *     L[i,j] = (A[i,j] - sum over k < j of L[i,k] L[j,k]) / L[j,j],   j < i
 *     L[i,i]^2 = A[i,i] - sum over k < i of L[i,k]^2 */
#include "base/cholesky.h"

#include <math.h>

#include "base/dot.h"

bool rung__cholesky(double *a, int64_t n, double least)
{
    for (int64_t i = 0; i < n; i++) {
        double *row = a + i * n;
        for (int64_t j = 0; j < i; j++)
            row[j] = (row[j] - rung__dot_serial(row, a + j * n, j)) / a[j * n + j];
        const double pivot = row[i] - rung__dot_serial(row, row, i);
        if (!(pivot > least * row[i])) return false;
        row[i] = sqrt(pivot);
    }
    return true;
}

void rung__cholesky_half(const double *l, int64_t n, int64_t first, double *x)
{
    for (int64_t i = first; i < n; i++)
        x[i] = (x[i] - rung__dot_serial(l + i * n + first, x + first, i - first)) /
               l[i * n + i];
}

void rung__cholesky_solve(const double *l, int64_t n, double *x)
{
    rung__cholesky_half(l, n, 0, x);
    for (int64_t i = n - 1; i >= 0; i--) {
        x[i] /= l[i * n + i];
        for (int64_t k = 0; k < i; k++) x[k] -= l[i * n + k] * x[i];
    }
}
