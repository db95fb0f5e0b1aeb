/* The largest of each column. */
#include "kernels/isa/vector.h"

INLINE void store_rows(int32_t *row, int64_t n, ivec at)
{
    for (int64_t l = 0; l < W && l < n; l++) row[l] = (int32_t)at[l];
}

void KERNEL(max_rows)(int64_t rows, int64_t n, const void *x_, int64_t ldx, void *y,
                      int32_t *row)
{
    for (int64_t i = 0; i < n; i += W) {
        const real *x = (const real *)x_ + i;
        vec max = vload_n(x, n - i);
        ivec at = {0};
        for (int64_t r = 1; r < rows; r++) {
            const vec v = vload_n(x + r * ldx, n - i);
            const ivec larger = (v > max) | ((v != v) & (max == max));
            max = vselect(larger, v, max);
            at = (larger & ((ivec){0} + (ireal)r)) | (~larger & at);
        }
        vstore_n((real *)y + i, n - i, max);
        if (row) store_rows(row + i, n - i, at);
    }
}
