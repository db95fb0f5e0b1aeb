/* Sums. What ends in one number is added in double, in PARTS vectors of partial sums
 * joined in a fixed order; add_rows keeps one sum a column. */
#include "kernels/isa/vector.h"

enum { PARTS = 4 }; /* independent partial sums, to hide the latency of an addition */

typedef enum term { VALUE, SQUARE, PRODUCT, SQUARED_DIFFERENCE } term;

INLINE dvec term_of(term kind, dvec x, dvec y)
{
    switch (kind) {
    case VALUE:
        return x;
    case SQUARE:
        return x * x;
    case PRODUCT:
        return x * y;
    default:
        return (x - y) * (x - y);
    }
}

INLINE double sum_terms(term kind, int64_t n, const real *x, const real *y)
{
    dvec part[PARTS] = {{0}};
    int64_t i = 0;
    for (; i + PARTS * DW <= n; i += PARTS * DW)
        for (int k = 0; k < PARTS; k++)
            part[k] +=
                term_of(kind, dload_n(x + i + k * DW, DW), dload_n(y + i + k * DW, DW));
    for (; i < n; i += DW)
        part[0] += term_of(kind, dload_n(x + i, n - i), dload_n(y + i, n - i));
    return dsum((part[0] + part[1]) + (part[2] + part[3]));
}

double KERNEL(sum)(int64_t n, const void *x)
{
    return sum_terms(VALUE, n, x, x);
}

double KERNEL(sum_squares)(int64_t n, const void *x)
{
    return sum_terms(SQUARE, n, x, x);
}

double KERNEL(dot)(int64_t n, const void *x, const void *y)
{
    return sum_terms(PRODUCT, n, x, y);
}

double KERNEL(squared_error)(int64_t n, const void *x, const void *t)
{
    return sum_terms(SQUARED_DIFFERENCE, n, x, t);
}

/* Eight rows are added as a tree before they reach acc: few passes over acc, and short
 * chains of roundings. */
void KERNEL(add_rows)(int64_t rows, int64_t n, const void *x_, int64_t ldx, void *acc_)
{
    const real *x = x_;
    real *acc = acc_;
    int64_t r = 0;
    for (; r + 8 <= rows; r += 8) {
        const real *x0 = x + r * ldx;
        for (int64_t i = 0; i < n; i += W) {
            vec v[8];
            for (int k = 0; k < 8; k++) v[k] = vload_n(x0 + k * ldx + i, n - i);
            vec s = ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]));
            vstore_n(acc + i, n - i, vload_n(acc + i, n - i) + s);
        }
    }
    for (; r < rows; r++)
        for (int64_t i = 0; i < n; i += W)
            vstore_n(acc + i, n - i,
                     vload_n(acc + i, n - i) + vload_n(x + r * ldx + i, n - i));
}
