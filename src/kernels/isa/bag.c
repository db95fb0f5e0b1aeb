/* Bags of rows of a table: their weighted sum, and its gradient. What they wait for is
 * memory: rows are asked for some turns before they are used. */
#include "kernels/isa/vector.h"

enum { AHEAD = 8, PARTS = 4 }; /* PARTS sums hide the latency of an addition */

INLINE void fetch(const real *table, int64_t dim, const int32_t *rows, int64_t p,
                  int64_t n)
{
    if (p + AHEAD < n) __builtin_prefetch(table + rows[p + AHEAD] * dim);
}

void KERNEL(bag)(int64_t n, const int32_t *rows, const float *weights, int64_t dim,
                 const void *table_, void *y_)
{
    const real *table = table_;
    real *y = y_;
    for (int64_t i = 0; i < dim; i += W) {
        vec part[PARTS] = {{0}};
        int64_t p = 0;
        for (; p + PARTS <= n; p += PARTS)
            for (int k = 0; k < PARTS; k++) {
                fetch(table + i, dim, rows, p + k, n);
                part[k] += vsplat((real)weights[p + k]) *
                           vload_n(table + rows[p + k] * dim + i, dim - i);
            }
        for (; p < n; p++)
            part[0] +=
                vsplat((real)weights[p]) * vload_n(table + rows[p] * dim + i, dim - i);
        vstore_n(y + i, dim - i, (part[0] + part[1]) + (part[2] + part[3]));
    }
}

void KERNEL(bag_grad)(int64_t n, const int32_t *rows, const float *weights, int64_t dim,
                      double a, const void *dy_, void *table_)
{
    const real *dy = dy_;
    real *table = table_;
    for (int64_t i = 0; i < dim; i += W) {
        const vec scaled = vsplat((real)a) * vload_n(dy + i, dim - i);
        for (int64_t p = 0; p < n; p++) {
            real *row = table + rows[p] * dim + i;
            fetch(table + i, dim, rows, p, n);
            vstore_n(row, dim - i,
                     vload_n(row, dim - i) + vsplat((real)weights[p]) * scaled);
        }
    }
}
