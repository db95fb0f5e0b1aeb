/* What attention and its gradient share: the geometry of blocks, packing, masks.
 *
 * Scores of a block are kept transposed, S[key][query]: the lanes of a vector are
 * queries, so that maxima and sums over the keys need no horizontal step, and the only
 * transposed operand is the tile of queries. A block is BLOCK keys by TILE queries. Where
 * a causal mask cuts through it, it is treated as strips of STRIP keys by STRIP queries,
 * and a pair of strips is skipped when no query of one may see a key of the other. */
#ifndef RUNG_KERNELS_ISA_ATTENTION_H
#define RUNG_KERNELS_ISA_ATTENTION_H

#include "kernels/isa/philox.h"
#include "kernels/isa/product.h"
#include "kernels/isa/vmath.h"

enum {
    TILE = RUNG_ATTENTION_TILE,
    BLOCK = 64,
    STRIP = W < 8 ? 8 : W,
};

INLINE int64_t round_up(int64_t n, int64_t step)
{
    return (n + step - 1) / step * step;
}

INLINE int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

INLINE int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Scratch memory of a call, in reals; the structs that lie there say what it holds. */
INLINE int64_t forward_reals(int64_t D)
{
    return round_up(D, W) * (2 * TILE + BLOCK) + BLOCK * TILE + 3 * TILE;
}

INLINE int64_t backward_reals(int64_t D, int64_t n_keys)
{
    return round_up(D, W) * (5 * TILE + 3 * n_keys) + 2 * BLOCK * TILE + 2 * TILE;
}

/* One block: keys j ... j + n_keys - 1 by queries i ... i + n_queries - 1. */
typedef struct block {
    int64_t j, n_keys;
    int64_t i, n_queries; /* n_queries is rounded up to strips */
    int64_t ahead;        /* query x of the block sees its keys up to ahead + x */
} block;

/* How many keys of a head the queries before `end` may see. */
INLINE int64_t keys_before(const rung_attention_tile *a, int64_t end)
{
    return a->causal ? least(a->n_keys, a->past + end) : a->n_keys;
}

INLINE block block_at(const rung_attention_tile *a, int64_t j, int64_t n_keys, int64_t i,
                      int64_t n_queries)
{
    const int64_t all = BLOCK + TILE;
    return (block){j, n_keys, i, round_up(n_queries, STRIP),
                   a->causal ? a->past + i - j : all};
}

/* Every query of the block sees every key. */
INLINE bool is_whole(const block *b)
{
    return b->ahead >= b->n_keys - 1;
}

/* How many keys the strip of queries around x treats: a multiple of STRIP, or all. */
INLINE int64_t keys_of_strip(const block *b, int64_t x)
{
    const int64_t seen = b->ahead + x / STRIP * STRIP + STRIP;
    return least(b->n_keys, round_up(most(seen, 0), STRIP));
}

/* The first strip of queries that treats keys from y on. */
INLINE int64_t queries_from(const block *b, int64_t y)
{
    return most(0, (y - b->ahead) / STRIP * STRIP);
}

/* S[y][x] = sum over d of a[y * lda + d] bt[d * TILE + x]: scores, with the keys as A and
 * the packed queries as B, and the gradients of the weights, with values and gradients of
 * outputs. */
static void scores(const block *b, int64_t D, const real *a, int64_t lda, const real *bt,
                   real *s)
{
    product p = {.M = b->n_keys,
                 .N = b->n_queries,
                 .K = D,
                 .a = a,
                 .a_row = lda,
                 .a_column = 1,
                 .b = bt,
                 .ldb = TILE,
                 .c = s,
                 .ldc = TILE};
    if (is_whole(b)) {
        multiply(&p);
        return;
    }
    for (int64_t y = 0; y < b->n_keys; y += STRIP) {
        const int64_t x = queries_from(b, y);
        if (x >= b->n_queries) break;
        p.M = least(STRIP, b->n_keys - y);
        p.N = b->n_queries - x;
        p.a = a + y * lda;
        p.b = bt + x;
        p.c = s + y * TILE + x;
        multiply(&p);
    }
}

/* O[x][:] += sum over keys y of S[y][x] v[y][:]; rows of o and v are `width` apart. */
static void add_over_keys(const block *b, int64_t width, const real *s, const real *v,
                          real *o)
{
    product p = {.M = b->n_queries,
                 .N = width,
                 .K = b->n_keys,
                 .a = s,
                 .a_row = 1,
                 .a_column = TILE,
                 .b = v,
                 .ldb = width,
                 .c = o,
                 .ldc = width,
                 .add = true};
    if (is_whole(b)) {
        multiply(&p);
        return;
    }
    for (int64_t x = 0; x < b->n_queries; x += STRIP) {
        p.M = STRIP;
        p.K = keys_of_strip(b, x);
        p.a = s + x;
        p.c = o + x * width;
        multiply(&p);
    }
}

/* Lanes x ... x + W - 1 that may see key y of the block. */
INLINE ivec sees(const block *b, int64_t x, int64_t y)
{
    return vindex() >= (ireal)(y - b->ahead - x);
}

/* keep[k]: which of the queries i ... i + W - 1 keep their weight for key j + k; j and
 * drop_stride are multiples of 4, so that the four keys are the words of one Philox block
 * a query. */
INLINE void weights_kept(const rung_attention_tile *a, int64_t i, int64_t j, ivec keep[4])
{
    const uint64_t stride = (uint64_t)a->drop_stride / 4;
    const uint32_t cut = (uint32_t)drop_cut(a->dropout);
    enum { EACH = W / DW }; /* queries whose words share a 64-bit lane: 2, in double 1 */
    wvec word[2][4];
    for (int h = 0; h < EACH; h++) {
        wvec counter;
        for (int l = 0; l < DW; l++) counter[l] = (uint64_t)(EACH * l + h);
        counter = (counter + (uint64_t)i) * stride + (uint64_t)j / 4;
        philox_blocks(a->key, a->lane, counter, word[h]);
    }
    for (int k = 0; k < 4; k++) {
#ifdef RUNG_KERNEL_DOUBLE
        keep[k] = (ivec)((word[0][k] & 0xffffffffu) >= cut);
#else
        typedef uint32_t uvec __attribute__((vector_size(VEC_BYTES)));
        const wvec both = (word[0][k] & 0xffffffffu) | word[1][k] << 32;
        keep[k] = (ivec)((uvec)both >= cut);
#endif
    }
}

/* to[r][:] = factor * from[r][:], rows `width` apart and zero from D on. */
static void pack_rows(int64_t rows, int64_t D, real factor, const real *from, int64_t ld,
                      real *to, int64_t width)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t d = 0; d < D; d += W)
            vstore(to + r * width + d, factor * vload_n(from + r * ld + d, D - d));
}

/* to[r][:] = factor * from[r][:], the other way. */
static void unpack_rows(int64_t rows, int64_t D, real factor, const real *from,
                        int64_t width, real *to, int64_t ld)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t d = 0; d < D; d += W)
            vstore_n(to + r * ld + d, D - d, factor * vload(from + r * width + d));
}

/* to[d][x] = factor * from[x][d] for x < rows, zero up to the next strip; rows of `to`
 * TILE apart, `round_up(D, W)` of them are written. */
static void pack_transposed(int64_t rows, int64_t D, real factor, const real *from,
                            int64_t ld, real *to)
{
    for (int64_t x = 0; x < round_up(rows, STRIP); x += W)
        for (int64_t d = 0; d < D; d += W) {
            vec v[W];
            for (int r = 0; r < W; r++)
                v[r] = x + r < rows ? factor * vload_n(from + (x + r) * ld + d, D - d)
                                    : vsplat(0);
            vtranspose(v);
            for (int r = 0; r < W; r++) vstore(to + (d + r) * TILE + x, v[r]);
        }
}

#endif
