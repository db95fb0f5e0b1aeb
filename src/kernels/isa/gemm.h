/* What the kernels of matrix products share; see gemm.c. */
#ifndef RUNG_KERNELS_ISA_GEMM_H
#define RUNG_KERNELS_ISA_GEMM_H

#include "kernels/isa/vector.h"

#if defined(__AVX512F__) && !defined(RUNG_KERNEL_DOUBLE) || defined(__aarch64__)
#define VECTOR_REGISTERS 32
#else
#define VECTOR_REGISTERS 16
#endif

#define LINE (64 / (int)sizeof(real))         /* reals in a cache line */
#define BLOCK_COLUMNS (RUNG_GEMM_COLUMNS + W) /* of C, at most */
#define MIN(a, b) ((a) < (b) ? (a) : (b))

/* c = or += a b over K values of k. */
typedef struct gemm_part {
    int64_t K;
    const real *a; /* a[i * lda + k], or a[k * lda + i] when trans_a */
    int64_t lda;
    const real *b; /* b[k * ldb + j], or b[j * ldb + k] for dots */
    int64_t ldb;
    real *c;
    int64_t ldc;
    bool add;
} gemm_part;

/* The epilogue over C[m0:m1, n0:n1], which has just been summed in `sums` (C itself, or
 * beside it; rows lds apart) and is still in the cache. */
void KERNEL(gemm_finish)(const rung_gemm *g, int64_t m0, int64_t m1, int64_t n0,
                         int64_t n1, real *sums, int64_t lds);

#endif
