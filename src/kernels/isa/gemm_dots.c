/* C[M,N] = A B^T for few rows, M <= RUNG_GEMM_FEW, straight from B as it lies, its rows
 * over k: every value of B is used M times only, so that copying it into panels would
 * cost more than the product.
 *
 * Each element is a dot product of W partial sums over k, joined as a tree. `width` rows
 * of B are read at a time, as sequential streams; one function for each number of rows of
 * A. */
#include "kernels/isa/gemm.h"

#include <assert.h>

/* X(rows, width): as many sums as leave registers for a row of operands. */
#if VECTOR_REGISTERS == 32
#define FOR_EACH_HEIGHT(X) X(1, 4) X(2, 4) X(3, 4) X(4, 6) X(5, 4) X(6, 4) X(7, 3) X(8, 3)
#else
#define FOR_EACH_HEIGHT(X) X(1, 4) X(2, 4) X(3, 4) X(4, 2) X(5, 2) X(6, 2) X(7, 1) X(8, 1)
#endif
#define MAX_WIDTH 6
#define MAX_SUMS 24

/* sum[rows, width] += a[rows, k ...] b[width, k ...]^T for one vector of k, or its first
 * n lanes. */
INLINE void add_products(const int rows, const int width, const gemm_part *p, int64_t k,
                         int64_t n, vec *sum)
{
    vec b[MAX_WIDTH];
#pragma GCC unroll 8
    for (int j = 0; j < width; j++) b[j] = vload_n(p->b + j * p->ldb + k, n);
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
        const vec a = vload_n(p->a + i * p->lda + k, n);
#pragma GCC unroll 8
        for (int j = 0; j < width; j++) sum[i * width + j] += a * b[j];
    }
}

INLINE void dots(const int rows, const int width, const gemm_part *p)
{
    vec sum[MAX_SUMS]; /* [rows, width] */
#pragma GCC unroll 32
    for (int i = 0; i < rows * width; i++) sum[i] = (vec){0};
    int64_t k = 0;
    for (; k + W <= p->K; k += W) {
#pragma GCC unroll 8
        for (int j = width; j < 2 * width; j++) // the rows of the next turn
            __builtin_prefetch(p->b + j * p->ldb + k);
        add_products(rows, width, p, k, W, sum);
    }
    if (k < p->K) add_products(rows, width, p, k, p->K - k, sum);
    for (int i = 0; i < rows; i++) {
        real *c = p->c + i * p->ldc;
        for (int j = 0; j < width; j++) {
            const real s = vsum(sum[i * width + j]);
            c[j] = p->add ? c[j] + s : s;
        }
    }
}

/* Columns n0 ... n1; those that no full width fills, one by one. */
#define X(rows, width)                                                                   \
    static void dots_##rows(gemm_part *p, int64_t n)                                     \
    {                                                                                    \
        for (; n >= width; n -= width, p->b += width * p->ldb, p->c += width)            \
            dots(rows, width, p);                                                        \
        for (; n > 0; n--, p->b += p->ldb, p->c++) dots(rows, 1, p);                     \
    }
FOR_EACH_HEIGHT(X)
#undef X

void KERNEL(gemm_dots)(const rung_gemm *g, int64_t n0, int64_t n1)
{
    static void (*const heights[])(gemm_part * p, int64_t n) = {
#define X(rows, width) [rows] = dots_##rows,
        FOR_EACH_HEIGHT(X)
#undef X
    };
    real aside[RUNG_GEMM_FEW * BLOCK_COLUMNS];
    assert(n1 - n0 <= BLOCK_COLUMNS && !(g->saved && g->accumulate));
    gemm_part p = {.K = g->K,
                   .a = g->a,
                   .lda = g->lda,
                   .b = (const real *)g->b + n0 * g->ldb,
                   .ldb = g->ldb,
                   .c = g->saved ? aside : (real *)g->c + n0,
                   .ldc = g->saved ? n1 - n0 : g->ldc,
                   .add = g->accumulate};
    real *sums = p.c;
    heights[g->M](&p, n1 - n0);
    KERNEL(gemm_finish)(g, 0, g->M, n0, n1, sums, p.ldc);
}
