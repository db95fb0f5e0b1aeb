/* Rows that enter a triangular factor. */
#include <math.h>

#include "kernels/isa/real.h"

/* Below, 2 / squares is no number; nothing but rounding is so small. */
#define LEAST_SQUARES 1e-290

/* Column k of (r, x) is (alpha, v) with alpha on r's diagonal. The reflection
 * I - f u u^T, u = (alpha - beta, v), f = 2 / |u|^2, makes it (beta, 0); the columns to
 * its right change by -f <u, column> u. */
void KERNEL(qr_rows)(int64_t rows, int64_t n, double *x, int64_t ldx, double *r,
                     int64_t ldr, double *scratch)
{
    for (int64_t k = 0; k < n; k++) {
        double *top = r + k * ldr, squares = 0;
        const double alpha = top[k];
        for (int64_t i = 0; i < rows; i++) squares += x[i * ldx + k] * x[i * ldx + k];
        if (squares < LEAST_SQUARES) continue;
        const double length = sqrt(alpha * alpha + squares);
        const double beta = alpha > 0 ? -length : length, u = alpha - beta;
        const double f = 2 / (u * u + squares);
        for (int64_t j = k + 1; j < n; j++) scratch[j] = u * top[j];
        for (int64_t i = 0; i < rows; i++) {
            const double v = x[i * ldx + k];
            for (int64_t j = k + 1; j < n; j++) scratch[j] += v * x[i * ldx + j];
        }
        for (int64_t i = 0; i < rows; i++) {
            const double v = f * x[i * ldx + k];
            for (int64_t j = k + 1; j < n; j++) x[i * ldx + j] -= v * scratch[j];
        }
        for (int64_t j = k + 1; j < n; j++) top[j] -= f * u * scratch[j];
        top[k] = beta;
    }
}
