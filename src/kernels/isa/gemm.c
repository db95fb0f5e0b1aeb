/* Blocks of matrix products. What rung_gemm means stands in kernels/kernels.h; how a
 * product is cut into blocks, in kernels/gemm.c.
 *
 * A register tile holds rows x vecs vectors of sums of C. For every k it loads one row
 * of B and multiplies it by one value of each row of A (Goto, van de Geijn 2008,
 * section 4). Two choices differ from that paper, since they measure faster here: rows of
 * A (columns, when trans_a) are read where they lie; and B is copied into panels only
 * where its layout asks for it. A panel is as wide as a full tile and holds all of K,
 * zeros beyond N:
 *
 *     panel p:  op(B)[k, p * columns ... (p + 1) * columns - 1],  k = 0 ... K-1
 *
 * A tile of one vector is slow: where the last panel would have one, the last two share
 * their columns evenly (tile_vecs).
 *
 * Each sum is a fresh chain of additions over a step in K (k_step), and the steps are
 * added into C in order; nothing but K decides that. */
#include "kernels/isa/gemm.h"

#include <assert.h>

/* Tiles: their sums, one row of B and one value of A fill the vector registers. The
 * largest serves whole blocks; those of few rows are wide where B need not be packed,
 * because long runs of a row are what memory reads fastest. X(vecs, rows). */
#if VECTOR_REGISTERS == 32
#define TILE_ROWS 8
#define TILE_VECS 3
#define WIDE_VECS 12
#define TILE_SUMS 24
/* clang-format off */
#define FOR_EACH_TILE(X)                                                                 \
    X(1, 1) X(1, 2) X(1, 3) X(1, 4) X(1, 5) X(1, 6) X(1, 7) X(1, 8)                      \
    X(2, 1) X(2, 2) X(2, 3) X(2, 4) X(2, 5) X(2, 6) X(2, 7) X(2, 8)                      \
    X(3, 1) X(3, 2) X(3, 3) X(3, 4) X(3, 5) X(3, 6) X(3, 7) X(3, 8)                      \
    X(4, 1) X(4, 5) X(4, 6) X(6, 4) X(8, 1) X(8, 2) X(8, 3) X(12, 1)
/* clang-format on */
#else
#define TILE_ROWS 6
#define TILE_VECS 2
#define WIDE_VECS 12
#define TILE_SUMS 12
/* clang-format off */
#define FOR_EACH_TILE(X)                                                                 \
    X(1, 1) X(1, 2) X(1, 3) X(1, 4) X(1, 5) X(1, 6)                                      \
    X(2, 1) X(2, 2) X(2, 3) X(2, 4) X(2, 5) X(2, 6)                                      \
    X(3, 4) X(4, 1) X(4, 2) X(4, 3) X(8, 1) X(12, 1)
/* clang-format on */
#endif
#define TILE_COLUMNS (TILE_VECS * W)

/* The longest step in K: a block of B of this height stays in the second-level cache. */
#define STEP 384

/* Rows of B fetched ahead: enough bytes on their way, and no more lines of one cache set
 * (rows may lie 4096 bytes apart) than the first-level cache holds. For a single row of A
 * none are: the processor finds its long runs by itself, and is 1.2 times as fast. */
#define AHEAD(vecs) ((vecs)*W >= 8 * LINE ? 8 : 16)
/* Likewise of a transposed A. */
#define A_AHEAD 16

INLINE void tile(const int vecs, const int rows, const bool trans_a, const gemm_part *p)
{
    vec sum[TILE_SUMS]; /* [rows, vecs] */
    const real *a[TILE_ROWS];
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        a[i] = p->a + (trans_a ? i : i * p->lda);
#pragma GCC unroll 16
        for (int j = 0; j < vecs; j++) {
            sum[i * vecs + j] = (vec){0};
            if (j * W % LINE == 0) __builtin_prefetch(p->c + i * p->ldc + j * W, 1);
        }
    }
    const real *row = p->b;
    for (int64_t k = 0; k < p->K; k++, row += p->ldb) {
        vec b[WIDE_VECS];
        if (trans_a) __builtin_prefetch(a[0] + (k + A_AHEAD) * p->lda);
#pragma GCC unroll 16
        for (int j = 0; j < vecs; j++) {
            if (rows > 1 && j * W % LINE == 0)
                __builtin_prefetch(row + AHEAD(vecs) * p->ldb + j * W);
            b[j] = vload(row + j * W);
        }
        // The columns of A that the tiles after this one need: a cache line a row.
        if (trans_a) __builtin_prefetch(a[0] + k * p->lda + LINE);
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
            const real value = trans_a ? a[0][k * p->lda + i] : a[i][k];
#pragma GCC unroll 16
            for (int j = 0; j < vecs; j++) sum[i * vecs + j] += value * b[j];
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        real *c = p->c + i * p->ldc;
#pragma GCC unroll 16
        for (int j = 0; j < vecs; j++) {
            const vec s = sum[i * vecs + j];
            vstore(c + j * W, p->add ? vload(c + j * W) + s : s);
        }
    }
}

/* One function for each size, so that the sums stay in registers. */
typedef void (*tile_fn)(const gemm_part *p);
#define X(vecs, rows)                                                                    \
    static void tile_##vecs##x##rows(const gemm_part *p)                                 \
    {                                                                                    \
        tile(vecs, rows, false, p);                                                      \
    }                                                                                    \
    static void tile_t_##vecs##x##rows(const gemm_part *p)                               \
    {                                                                                    \
        tile(vecs, rows, true, p);                                                       \
    }
FOR_EACH_TILE(X)
#undef X
static const tile_fn tiles[2][TILE_ROWS + 1][WIDE_VECS + 1] = {
#define X(vecs, rows)                                                                    \
    [0][rows][vecs] = tile_##vecs##x##rows, [1][rows][vecs] = tile_t_##vecs##x##rows,
    FOR_EACH_TILE(X)
#undef X
};

/* A tile whose last vector sticks out by `out` columns. In a panel these are zeros; where
 * b lies in place the tile begins that much further left (`shift`), so that nothing
 * beyond the row is read. */
static void ragged_tile(tile_fn fn, const gemm_part *p, int rows, int vecs, int out,
                        bool shift)
{
    real sum[TILE_SUMS * W];
    gemm_part q = *p;
    q.c = sum, q.ldc = vecs * W, q.add = false;
    if (shift) q.b -= out;
    fn(&q);
    for (int i = 0; i < rows; i++) {
        const real *from = sum + i * vecs * W + (shift ? out : 0);
        real *c = p->c + i * p->ldc;
        for (int j = 0; j < vecs * W - out; j++) c[j] = p->add ? c[j] + from[j] : from[j];
    }
}

/* Vectors of the next full tile, or panel, when so many are left. */
static int tile_vecs(int64_t left)
{
    return left == TILE_VECS + 1 ? (TILE_VECS + 1) / 2 : (int)MIN(left, TILE_VECS);
}

/* How C's columns n0 ... n0 + N are gone through, in tiles of `rows` rows. */
typedef struct tile_row {
    int rows;
    bool trans_a, packed;
    int64_t n0, N;
    int64_t panel_stride; /* from one panel to the next */
} tile_row;

/* c[rows, N] over one step in K; p points to the corners. */
static void run_tile_row(const gemm_part *p, const tile_row *t)
{
    const tile_fn *sizes = tiles[t->trans_a][t->rows];
    gemm_part q = *p;
    for (int64_t n = 0, columns; n < t->N; n += columns) {
        const int64_t left = (t->N - n + W - 1) / W;
        int vecs = t->packed ? tile_vecs(left) : (int)MIN(left, WIDE_VECS);
        if (!t->packed && vecs * W - (t->N - n) > t->n0 + n) vecs--; // no room to shift
        if (!sizes[vecs] && vecs == TILE_VECS + 1) vecs = tile_vecs(vecs);
        while (!sizes[vecs]) vecs--;
        columns = MIN(t->N - n, vecs * W);
        q.c = p->c + n;
        if (columns == vecs * W)
            sizes[vecs](&q);
        else
            ragged_tile(sizes[vecs], &q, t->rows, vecs, (int)(vecs * W - columns),
                        !t->packed);
        q.b += t->packed ? t->panel_stride : columns;
    }
}

/* The epilogue of one row: from its n sums (overwritten) into C, which is the same row or
 * another. `at` is the place of the first element in C. */
static void finish_row(const rung_gemm *g, int64_t at, int64_t n0, int64_t n, real *sums)
{
    real *c = (real *)g->c + at;
    if (g->bias) KERNEL(add)(n, sums, (const real *)g->bias + n0, sums);
    if (g->saved) KERNEL(act_grad)(g->act_grad, n, (const real *)g->saved + at, sums, c);
    if (g->residual) KERNEL(add)(n, c, (const real *)g->residual + at, c);
}

void KERNEL(gemm_finish)(const rung_gemm *g, int64_t m0, int64_t m1, int64_t n0,
                         int64_t n1, real *sums, int64_t lds)
{
    if (!g->bias && !g->saved && !g->residual) return;
    for (int64_t m = m0; m < m1; m++)
        finish_row(g, m * g->ldc + n0, n0, n1 - n0, sums + (m - m0) * lds);
}

/* K in as few equal steps as allowed. */
static int64_t k_step(int64_t K)
{
    const int64_t steps = (K + STEP - 1) / STEP;
    return steps ? (K + steps - 1) / steps : 0;
}

/* The epilogue of these rows is a whole row of tiles away. */
static void fetch_saved(const rung_gemm *g, int64_t m0, int64_t m1, int64_t n0,
                        int64_t n1)
{
    for (int64_t m = m0; m < m1; m++)
        for (int64_t n = n0; n < n1; n += LINE)
            __builtin_prefetch((const real *)g->saved + m * g->ldc + n);
}

/* C[m0:m1, n0:n1], summed in `sums` with rows lds apart: C itself, or beside it. */
static void sum_block(const rung_gemm *g, int64_t m0, int64_t m1, int64_t n0, int64_t n1,
                      const void *panels, real *sums, int64_t lds)
{
    const int64_t step = k_step(g->K);
    const int64_t a_m = g->trans_a ? 1 : g->lda, a_k = g->trans_a ? g->lda : 1;
    gemm_part p = {.lda = g->lda, .ldb = panels ? TILE_COLUMNS : g->ldb, .ldc = lds};
    tile_row t = {.trans_a = g->trans_a,
                  .packed = panels,
                  .n0 = n0,
                  .N = n1 - n0,
                  .panel_stride = g->K * TILE_COLUMNS};
    const real *b = panels ? panels : (const real *)g->b + n0;
    int64_t k = 0;
    do { // once also for K = 0, which stores zeros
        p.K = MIN(step, g->K - k);
        p.b = b + k * p.ldb;
        p.add = g->accumulate || k > 0;
        const bool is_last = k + p.K == g->K;
        for (int64_t m = m0; m < m1; m += TILE_ROWS) {
            t.rows = (int)MIN(m1 - m, TILE_ROWS);
            p.a = (const real *)g->a + m * a_m + k * a_k;
            p.c = sums + (m - m0) * lds;
            if (g->saved && is_last) fetch_saved(g, m, m + t.rows, n0, n1);
            run_tile_row(&p, &t);
            if (is_last) KERNEL(gemm_finish)(g, m, m + t.rows, n0, n1, p.c, lds);
        }
        k += p.K;
    } while (k < g->K);
}

/* Rows that are summed beside C where `saved` may lie in it. */
#define ASIDE_ROWS 64

void KERNEL(gemm_block)(const rung_gemm *g, int64_t m0, int64_t m1, int64_t n0,
                        int64_t n1, const void *panels)
{
    if (!g->saved) {
        real *c = (real *)g->c + m0 * g->ldc + n0;
        sum_block(g, m0, m1, n0, n1, panels, c, g->ldc);
        return;
    }
    real sums[ASIDE_ROWS * BLOCK_COLUMNS];
    assert(n1 - n0 <= BLOCK_COLUMNS && !g->accumulate);
    for (int64_t m = m0; m < m1; m += ASIDE_ROWS) {
        const int64_t end = MIN(m + ASIDE_ROWS, m1);
        sum_block(g, m, end, n0, n1, panels, sums, n1 - n0);
    }
}

void KERNEL(gemm_shape)(rung_gemm_shape *shape)
{
    *shape = (rung_gemm_shape){.rows = TILE_ROWS,
                               .columns = TILE_COLUMNS,
                               .depth = STEP,
                               .few_columns = TILE_SUMS / 3 * W,
                               .one_columns = WIDE_VECS * W,
                               .least_columns = W};
}

/* panel[K, TILE_COLUMNS] from up to TILE_COLUMNS rows of b, which run over k. */
static void pack_rows_over_k(const real *b, int64_t ldb, int64_t columns, int64_t K,
                             real *panel)
{
    for (int64_t j = 0; j < TILE_COLUMNS; j += W) {
        for (int64_t k = 0; k < K; k += W) {
            vec r[W];
            for (int i = 0; i < W; i++)
                r[i] = j + i < columns ? vload_n(b + (j + i) * ldb + k, K - k) : (vec){0};
            vtranspose(r);
            real *out = panel + k * TILE_COLUMNS + j;
            const int rows = (int)MIN(K - k, W);
            for (int i = 0; i < rows; i++) vstore(out + i * TILE_COLUMNS, r[i]);
        }
    }
}

/* The same from columns of b, whose rows run over n. */
static void pack_rows_over_n(const real *b, int64_t ldb, int64_t columns, int64_t K,
                             real *panel)
{
    for (int64_t k = 0; k < K; k++, b += ldb, panel += TILE_COLUMNS)
        for (int64_t j = 0; j < TILE_COLUMNS; j += W)
            vstore(panel + j, j < columns ? vload_n(b + j, columns - j) : (vec){0});
}

void KERNEL(gemm_pack)(const rung_gemm *g, int64_t n0, int64_t n1, void *panels)
{
    real *panel = panels;
    for (int64_t n = n0, columns; n < n1; n += columns, panel += g->K * TILE_COLUMNS) {
        columns = MIN(n1 - n, tile_vecs((n1 - n + W - 1) / W) * W);
        const real *b = (const real *)g->b + (g->trans_b ? n * g->ldb : n);
        if (g->trans_b)
            pack_rows_over_k(b, g->ldb, columns, g->K, panel);
        else
            pack_rows_over_n(b, g->ldb, columns, g->K, panel);
    }
}
