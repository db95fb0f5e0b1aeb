/* The kernels: inner loops over rows and tiles, built once for each instruction set,
 * chosen at run time. kernels.def lists and documents them. What is computed is the
 * business of src/ops; how this processor loops is decided here, and another device is
 * another table. */
#ifndef RUNG_KERNELS_KERNELS_H
#define RUNG_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"
#include "rung/act.h"
#include "rung/runtime.h"

/* ---- Matrix products ----
 *
 *     C[M,N] = epilogue(op(A)[M,K] op(B)[K,N] (+ C when `accumulate`))
 *
 * epilogue, in this order, each part absent when its pointer is NULL:
 *     x = sum + bias[n];  x = x * act'(saved[m,n]);  x += residual[m,n]
 *
 * Row-major. op(A)[m,k] is a[m*lda + k], or a[k*lda + m] when trans_a; likewise B. The
 * order of additions depends on sizes and flags alone, never on the threads. Batched:
 * `batch` products whose operands lie stride_* elements apart (stride 0 shares one);
 * saved and residual move with stride_c. C overlaps neither operand; saved may be C
 * itself.
 *
 * The rows of an operand need not lie in memory: a rung_maker writes them into scratch,
 * some at a time, just before they are used. */
typedef struct rung_maker {
    /* Writes rows row ... row + n - 1, one after the other; many threads call it. */
    void (*make)(const void *self, int64_t row, int64_t n, void *to);
    const void *self; /* borrowed */
} rung_maker;

typedef struct rung_gemm {
    int64_t M, N, K; /* each may be 0; K = 0: the sum is 0 */
    const void *a;   /* real */
    int64_t lda;
    bool trans_a;
    const void *b;
    int64_t ldb;
    bool trans_b;
    const rung_maker *make_a; /* in place of a, or NULL; not in a batch */
    const rung_maker *make_b; /* in place of b, likewise; with trans_a, not trans_b */
    const void *packed_b; /* rung_packed_fill's, in place of b and of every product's b */
    void *c;
    int64_t ldc;
    bool accumulate;
    const void *bias;     /* [N] */
    rung_act act_grad;    /* read with `saved` only */
    const void *saved;    /* [M, N], rows ldc apart: what act_grad wants, see kernels.def;
                          not with accumulate */
    const void *residual; /* [M, N], rows ldc apart */
    int64_t batch;        /* 0 and 1 mean one product */
    int64_t stride_a, stride_b, stride_c;
} rung_gemm;

/* Products of at most so many rows read B where it lies, at the speed of memory. */
#define RUNG_GEMM_FEW 8
/* No block of C is wider by more than a vector: its part of B, over one step in K, stays
 * in the second-level cache. */
#define RUNG_GEMM_COLUMNS 384

/* Fixed by the instruction set. */
typedef struct rung_gemm_shape {
    int64_t rows, columns; /* the register tile; a panel of packed B is as wide */
    int64_t depth;         /* the longest step in K */
    int64_t few_columns;   /* read together where rows are few */
    int64_t one_columns;   /* and where there is one */
    int64_t least_columns; /* N from which on B can be read where it lies */
} rung_gemm_shape;

typedef struct rung_kernels rung_kernels;

/* Bytes of scratch memory that rung_gemm_run needs for this product: B is packed there,
 * in parts of bounded size, where its layout asks for it; often 0. Looks at sizes and
 * flags only. */
size_t rung_gemm_scratch(const rung_kernels *k, const rung_gemm *g);
/* Computes; does not allocate. scratch: rung_gemm_scratch bytes, 64-byte aligned. */
void rung_gemm_run(const rung_kernels *k, rung_pool *pool, const rung_gemm *g,
                   void *scratch);

/* B packed once for many products (weights in use): bytes for op(B)[K,N], 64-byte
 * aligned; 0 when that overflows. */
size_t rung_packed_bytes(const rung_kernels *k, int64_t N, int64_t K);
/* Packs op(B), which g's N, K, b, ldb and trans_b describe, into `packed`. */
void rung_packed_fill(const rung_kernels *k, rung_pool *pool, const rung_gemm *g,
                      void *packed);

/* Queries that one forward call treats together: where an operator cuts its tasks. */
enum { RUNG_ATTENTION_TILE = 64 };

/* ---- Attention of one head (Vaswani et al. 2017, section 3.2.1), computed in tiles with
 * a running maximum and sum (Milakov, Gimelshein 2018; Dao et al. 2022, algorithm 1), so
 * memory is O(T).
 *
 *     s[i,j] = scale <q_i, k_j>,  p = softmax over allowed j
 *     o_i = sum_j drop(p[i,j]) v_j
 *
 * j is allowed when j < n_keys and (not causal or j <= past + i). Masked blocks are
 * skipped. A query with no allowed key gives 0 and lse = -inf. */
typedef struct rung_attention_tile {
    int64_t D;      /* head size */
    int64_t i0, i1; /* queries of this tile (the gradient: 0 and the number of queries) */
    int64_t n_keys; /* valid keys */
    bool causal;
    int64_t past; /* keys before the first query */
    double scale;
    const void *q, *k, *v; /* row i of this head at q + i*ldq ... (D reals) */
    int64_t ldq, ldk, ldv;
    void *o; /* row i at o + i*ldo; read by the gradient */
    int64_t ldo;
    void *lse;      /* [queries]: log of the sum of exp; written forward, read backward */
    double dropout; /* 0: none */
    uint64_t key,
        lane; /* stream; element (i, j) is number i * drop_stride + j, as in dropout */
    int64_t drop_stride; /* a multiple of 4, at least n_keys */
    const void *d_o;     /* gradient of o, rows ldo apart */
    void *dq, *dk, *dv;  /* rows lddq, lddk, lddv apart; the gradient writes them all */
    int64_t lddq, lddk, lddv;
    int64_t n_key_rows; /* rows of dk and dv; those from n_keys on become 0 */
    void *scratch;      /* attention_scratch bytes of this worker, 64-byte aligned */
} rung_attention_tile;

/* ---- Vectors of words: one window, logistic regression of M inputs on N outputs
 * (Mikolov et al. 2013b, equation 4; outputs shared by the inputs as in Ji et al. 2016).
 *
 *     s[m,n] = <v_m, u_n>,  p = sigmoid(s),  loss = - sum log(label ? p : 1 - p)
 *     g = rate (label - p);  dv_m += sum_n g[m,n] u_n;  du_n = sum_m g[m,n] v_m
 *
 * Rows are aligned to 64 bytes; dv and du overlap nothing that is read. */
typedef struct rung_word_window {
    int64_t D;            /* a multiple of 16 */
    int64_t M, N;         /* both > 0 */
    const void *const *v; /* [M] rows [D] */
    const void *const *u; /* [N] rows [D] */
    const void *labels;   /* [N], 0 or 1 */
    double rate;
    void *const *dv; /* [M] rows [D], added to */
    void *du;        /* [N, D] */
    void *scratch;   /* word_window_scratch bytes, 64-byte aligned */
} rung_word_window;

/* Constants of one optimizer step. */
typedef struct rung_update {
    double lr,
        grad_scale; /* g' = g * grad_scale (1 / tokens, times the clipping factor) */
    double weight_decay;
    double momentum;          /* sgd */
    bool nesterov;            /* sgd */
    double beta1, beta2, eps; /* adamw; eps of adagrad too */
    double bias1, bias2;      /* 1 - beta^t */
} rung_update;

/* ---- Word vectors by AdaGrad on co-occurrences (Pennington, Socher, Manning 2014) ----
 *
 * A word has two rows of `width` reals in succession: its parameters w, and the sums of
 * squares G of their gradients. For each record in turn, with a the row's parameters, b
 * the column's, and <a, b> over the whole width,
 *
 *     diff = <a, b> - log_x
 *     da = lr clipped(weight diff b),  db = lr clipped(weight diff a)
 *     a -= da / sqrt(Ga),  Ga += da^2, and likewise b
 *
 * Biases take part as elements whose partner is 1; a 1 stays what it is under a G of
 * RUNG_GLOVE_FIXED. Rows and columns are different memory. */
typedef struct rung_glove_record {
    uint16_t row, column;
    float log_x, weight; /* ln X, f(X) */
} rung_glove_record;

typedef struct rung_glove_block {
    int64_t n;
    const rung_glove_record *records; /* [n] */
    bool is_swapped;      /* a record's row is a row of `columns`, and the reverse */
    bool skips_diagonal;  /* records whose row is their column are passed over */
    int64_t width;        /* a multiple of RUNG_GLOVE_LANES */
    void *rows, *columns; /* real [words, 2, width], aligned to 64 bytes */
    double lr, clip;
} rung_glove_block;

#define RUNG_GLOVE_LANES 16
#define RUNG_GLOVE_FIXED 1e30

struct rung_kernels {
    rung_isa isa;
    const char *name;  /* "avx512", "double" */
    size_t real_bytes; /* 4 or 8 */
#define K(result, name, parameters) result(*name) parameters;
#include "kernels/kernels.def"
#undef K
};

/* The table of an instruction set (float), and the portable one in double. */
const rung_kernels *rung_kernels_get(rung_isa isa);
const rung_kernels *rung_kernels_double(void);
/* The best set this processor runs. */
rung_isa rung_kernels_best(void);

#endif
