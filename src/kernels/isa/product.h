/* A small product of operands that lie in cache: C[M,N] = A[M,K] B[K,N] (+ C). A block of
 * C stays in registers; A comes an element at a time and may have any strides; B and C
 * are contiguous along N, a multiple of W: whoever packs B pads it. */
#ifndef RUNG_KERNELS_ISA_PRODUCT_H
#define RUNG_KERNELS_ISA_PRODUCT_H

#include "kernels/isa/vector.h"

typedef struct product {
    int64_t M, N, K;
    const real *a; /* A[m,k] = a[m * a_row + k * a_column] */
    int64_t a_row, a_column;
    const real *b; /* B[k,n] = b[k * ldb + n] */
    int64_t ldb;
    real *c; /* C[m,n] = c[m * ldc + n]; overlaps neither A nor B */
    int64_t ldc;
    bool add; /* to what C holds */
} product;

/* Enough sums to keep two multiply-adds a cycle busy, and few enough for the registers:
 * blocks of ROWS by VECS, and where fewer columns are left, of TALL by 2 or 1. */
enum { ROWS = 4, TALL = 8, VECS = VEC_BYTES == 64 ? 4 : 2 };

/* One block of C, at row m and column n; its callers give constants as rows and vecs. */
INLINE void product_block(int rows, int vecs, const product *p, int64_t m, int64_t n)
{
    const real *a = p->a + m * p->a_row, *b = p->b + n;
    real *c = p->c + m * p->ldc + n;
    vec sum[TALL][VECS] = {{{0}}};
    for (int64_t k = 0; k < p->K; k++, a += p->a_column, b += p->ldb) {
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            const vec ark = vsplat(a[r * p->a_row]);
#pragma GCC unroll 8
            for (int v = 0; v < vecs; v++) sum[r][v] += ark * vload(b + v * W);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int v = 0; v < vecs; v++) {
            real *to = c + r * p->ldc + v * W;
            vstore(to, p->add ? vload(to) + sum[r][v] : sum[r][v]);
        }
}

/* `vecs` vectors of columns from n on: all rows, in blocks of `rows`. */
INLINE void product_columns(int rows, int vecs, const product *p, int64_t n)
{
    int64_t m = 0;
    for (; m + rows <= p->M; m += rows) product_block(rows, vecs, p, m, n);
    for (; m < p->M; m++) product_block(1, vecs, p, m, n);
}

static void multiply(const product *p)
{
    int64_t n = 0;
    for (; n + VECS * W <= p->N; n += VECS * W) product_columns(ROWS, VECS, p, n);
    for (; VECS > 2 && n + 2 * W <= p->N; n += 2 * W) product_columns(TALL, 2, p, n);
    for (; n < p->N; n += W) product_columns(TALL, 1, p, n);
}

#endif
