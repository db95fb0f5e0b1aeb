/* Sums of products of columns, z^T z, in double. Only the upper triangle is computed, in
 * tiles that lie in registers while the rows go by. */
#include "kernels/isa/vector.h"

#if VEC_BYTES == 64
enum { ROWS = 8, VECS = 3 }; /* a tile of z^T z: 24 of 32 registers */
#elif VEC_BYTES == 32
enum { ROWS = 4, VECS = 3 }; /* 12 of 16 */
#else
enum { ROWS = 4, VECS = 2 };
#endif

typedef double dvec_in_memory
    __attribute__((vector_size(VEC_BYTES), aligned(sizeof(double)), may_alias));

#define MIN(a, b) ((a) < (b) ? (a) : (b))

/* c[ROWS, vecs DW] += sum over rows of zi[r, 0 ... ROWS) zj[r, 0 ... vecs DW) */
INLINE void tile(int64_t rows, const double *zi, const double *zj, int64_t ldz, double *c,
                 int64_t ldc, int vecs)
{
    dvec s[ROWS][VECS];
    for (int i = 0; i < ROWS; i++)
        for (int v = 0; v < vecs; v++)
            s[i][v] = *(const dvec_in_memory *)(c + i * ldc + v * DW);
    for (int64_t r = 0; r < rows; r++, zi += ldz, zj += ldz) {
        dvec b[VECS];
        for (int v = 0; v < vecs; v++) b[v] = *(const dvec_in_memory *)(zj + v * DW);
        for (int i = 0; i < ROWS; i++)
            for (int v = 0; v < vecs; v++) s[i][v] += zi[i] * b[v];
    }
    for (int i = 0; i < ROWS; i++)
        for (int v = 0; v < vecs; v++)
            *(dvec_in_memory *)(c + i * ldc + v * DW) = s[i][v];
}

void KERNEL(gram)(int64_t rows, const double *z, int64_t ldz, int64_t j0, int64_t j1,
                  double *c, int64_t ldc)
{
    for (int64_t j = j0; j < j1; j += VECS * DW) {
        const int vecs = (int)MIN((j1 - j) / DW, VECS);
        for (int64_t i = 0; i < j + vecs * DW; i += ROWS) {
            double *at = c + i * ldc + j;
            if (vecs == VECS)
                tile(rows, z + i, z + j, ldz, at, ldc, VECS);
            else if (vecs == 2)
                tile(rows, z + i, z + j, ldz, at, ldc, 2);
            else
                tile(rows, z + i, z + j, ldz, at, ldc, 1);
        }
    }
}

void KERNEL(gram_pack)(int64_t rows, int64_t n, const void *x, bool is_float, int64_t ldx,
                       const double *shift, const double *scale, double *z, int64_t ldz)
{
    for (int64_t r = 0; r < rows; r++, z += ldz) {
        const double a = scale ? scale[r] : 1;
        const float *f = (const float *)x + r * ldx;
        const double *d = (const double *)x + r * ldx;
        if (is_float)
            for (int64_t j = 0; j < n; j++) z[j] = a * ((double)f[j] - shift[j]);
        else
            for (int64_t j = 0; j < n; j++) z[j] = a * (d[j] - shift[j]);
    }
}
