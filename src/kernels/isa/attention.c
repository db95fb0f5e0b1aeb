/* Attention forward: tiles of queries against blocks of keys, with a running maximum and
 * sum (see rung_attention_tile in kernels.h); a few queries alone stream keys and values
 * without packing. */
#include <assert.h>

#include "kernels/isa/attention.h"

enum { FEW = 3 }; /* up to so many queries go one by one */

/* Running state of a tile; x counts its queries. */
typedef struct tile {
    real *qt;   /* [D, TILE], scaled queries */
    real *s;    /* [BLOCK, TILE], scores, then weights */
    real *v;    /* [BLOCK, width], the values of a block */
    real *o;    /* [TILE, width], sums of weighted values */
    real *max;  /* [TILE], of the scores so far */
    real *sum;  /* [TILE], of e^(score - max) */
    real *fade; /* [TILE], e^(old max - new max) */
    int64_t width;
} tile;

static tile tile_in(void *scratch, int64_t D)
{
    const int64_t width = round_up(D, W);
    tile t = {.qt = scratch, .width = width};
    t.s = t.qt + width * TILE;
    t.v = t.s + BLOCK * TILE;
    t.o = t.v + BLOCK * width;
    t.max = t.o + TILE * width;
    t.sum = t.max + TILE;
    t.fade = t.sum + TILE;
    assert(t.fade + TILE == t.qt + forward_reals(D));
    return t;
}

/* The largest score of each of the W queries from x on; hidden ones become -inf. */
INLINE vec block_max(const tile *t, const block *b, int64_t x, int64_t n_keys, vec max)
{
    const vec never = vsplat((real)-INFINITY);
    vec m[4] = {max, max, max, max};
    const int64_t n_free = most(0, least(n_keys, b->ahead + x + 1)) / 4 * 4;
    int64_t y = 0;
    for (; y < n_free; y += 4)
        for (int k = 0; k < 4; k++) m[k] = vmax(m[k], vload(t->s + (y + k) * TILE + x));
    for (; y < n_keys; y++) {
        real *s = t->s + y * TILE + x;
        const vec score = vselect(sees(b, x, y), vload(s), never);
        vstore(s, score);
        m[0] = vmax(m[0], score);
    }
    return vmax(vmax(m[0], m[1]), vmax(m[2], m[3]));
}

/* Scores of the W queries from x on become weights e^(s - max), some of them dropped. */
INLINE void block_weights(bool drops, const rung_attention_tile *a, const tile *t,
                          const block *b, int64_t x)
{
    const int64_t n_keys = keys_of_strip(b, x);
    const vec old = vload(t->max + x), max = block_max(t, b, x, n_keys, old);
    /* Nothing seen so far: any finite number lets e^(-inf - it) be 0. */
    const vec base = vselect(max == (real)-INFINITY, vsplat(0), max);
    const vec fade = vexp(old - base), grow = vsplat((real)(1 / (1 - a->dropout)));
    vec sum = vload(t->sum + x) * fade;
    for (int64_t y = 0; y < n_keys; y += 4) {
        ivec keep[4];
        if (drops) weights_kept(a, b->i + x, b->j + y, keep);
        for (int64_t k = 0; k < 4 && y + k < n_keys; k++) {
            real *s = t->s + (y + k) * TILE + x;
            const vec p = vexp(vload(s) - base);
            sum += p;
            vstore(s, drops ? vselect(keep[k], p * grow, vsplat(0)) : p);
        }
    }
    vstore(t->max + x, max);
    vstore(t->sum + x, sum);
    vstore(t->fade + x, fade);
}

static void tile_add_block(const rung_attention_tile *a, const tile *t, const block *b)
{
    const real *k = (const real *)a->k + b->j * a->ldk, *v = (const real *)a->v;
    scores(b, a->D, k, a->ldk, t->qt, t->s);
    for (int64_t x = 0; x < b->n_queries; x += W) {
        if (a->dropout > 0)
            block_weights(true, a, t, b, x);
        else
            block_weights(false, a, t, b, x);
    }
    for (int64_t x = 0; x < b->n_queries; x++)
        for (int64_t d = 0; d < t->width; d += W) {
            real *o = t->o + x * t->width + d;
            vstore(o, vload(o) * t->fade[x]);
        }
    pack_rows(b->n_keys, a->D, 1, v + b->j * a->ldv, a->ldv, t->v, t->width);
    add_over_keys(b, t->width, t->s, t->v, t->o);
}

/* o = sum / n, 0 where no key was seen (then n is 0 exactly, and max is -inf). */
static void finish_query(const rung_attention_tile *a, int64_t i, const real *o, real max,
                         real n)
{
    const real share = n == 0 ? 0 : 1 / n;
    unpack_rows(1, a->D, share, o, a->D, (real *)a->o + i * a->ldo, a->ldo);
    ((real *)a->lse)[i] = max + (real)log((double)n);
}

static void attend_tile(const rung_attention_tile *a, int64_t i, int64_t n)
{
    const tile t = tile_in(a->scratch, a->D);
    pack_transposed(n, a->D, (real)a->scale, (const real *)a->q + i * a->ldq, a->ldq,
                    t.qt);
    for (int64_t x = 0; x < TILE; x++) t.max[x] = (real)-INFINITY, t.sum[x] = 0;
    memset(t.o, 0, (size_t)(TILE * t.width) * sizeof(real));
    const int64_t end = keys_before(a, i + n);
    for (int64_t j = 0; j < end; j += BLOCK) {
        const block b = block_at(a, j, least(BLOCK, end - j), i, n);
        tile_add_block(a, &t, &b);
    }
    for (int64_t x = 0; x < n; x++)
        finish_query(a, i + x, t.o + x * t.width, t.max[x], t.sum[x]);
}

/* Rows of keys fetched ahead of a query. */
enum { KEYS_AHEAD = 16 };

INLINE void fetch_row(const real *row, int64_t D)
{
    for (int64_t d = 0; d < D; d += 64 / (int)sizeof(real)) __builtin_prefetch(row + d);
}

/* s[y] = <q, k_y> for n keys; returns the largest, or max. The values of these keys are
 * fetched meanwhile. */
INLINE real query_scores(int64_t n, int64_t D, const real *q, const real *k, int64_t ldk,
                         const real *v, int64_t ldv, real *s, real max)
{
    for (int64_t y = 0; y < n; y++) {
        fetch_row(k + (y + KEYS_AHEAD) * ldk, D);
        fetch_row(v + y * ldv, D);
        vec sum = {0};
        for (int64_t d = 0; d < D; d += W)
            sum += vload(q + d) * vload_n(k + y * ldk + d, D - d);
        s[y] = vsum(sum);
        max = s[y] > max ? s[y] : max;
    }
    return max;
}

/* The first `vecs` vectors of o = fade o + sum over n keys of p[y] v_y; v_y ends after
 * `columns`. */
INLINE void value_columns(const int vecs, int64_t n, int64_t columns, const real *p,
                          const real *v, int64_t ldv, real fade, real *o)
{
    vec sum[4];
    for (int j = 0; j < vecs; j++) sum[j] = vload(o + j * W) * fade;
    for (int64_t y = 0; y < n; y++, v += ldv)
        for (int j = 0; j < vecs; j++)
            sum[j] += p[y] * vload_n(v + j * W, columns - j * W);
    for (int j = 0; j < vecs; j++) vstore(o + j * W, sum[j]);
}

/* o = fade o + sum over n keys of p[y] v_y. */
INLINE void query_values(int64_t n, int64_t D, const real *p, const real *v, int64_t ldv,
                         real fade, real *o)
{
    int64_t d = 0;
    for (; d + 4 * W <= D; d += 4 * W)
        value_columns(4, n, 4 * W, p, v + d, ldv, fade, o + d);
    for (; d < D; d += W) value_columns(1, n, D - d, p, v + d, ldv, fade, o + d);
}

static void attend_query(const rung_attention_tile *a, int64_t i)
{
    const tile t = tile_in(a->scratch, a->D); /* of qt, s and o the beginning is used */
    pack_rows(1, a->D, (real)a->scale, (const real *)a->q + i * a->ldq, a->ldq, t.qt,
              t.width);
    memset(t.o, 0, (size_t)t.width * sizeof(real));
    real max = (real)-INFINITY, sum = 0;
    const int64_t end = keys_before(a, i + 1);
    for (int64_t j = 0; j < end; j += BLOCK) {
        const int64_t n = least(BLOCK, end - j);
        const real old = max;
        const real *k = (const real *)a->k + j * a->ldk;
        const real *v = (const real *)a->v + j * a->ldv;
        max = query_scores(n, a->D, t.qt, k, a->ldk, v, a->ldv, t.s, max);
        const real base = max == (real)-INFINITY ? 0 : max;
        const real fade = vexp(vsplat(old - base))[0];
        vec part = {0};
        for (int64_t y = n; y < round_up(n, W); y++) t.s[y] = (real)-INFINITY;
        for (int64_t y = 0; y < n; y += W) {
            const vec p = vexp(vload(t.s + y) - base);
            part += p;
            vstore(t.s + y, p);
        }
        sum = sum * fade + vsum(part);
        if (a->dropout > 0) {
            const uint64_t first = (uint64_t)(i * a->drop_stride + j);
            KERNEL(dropout)(n, a->dropout, a->key, a->lane, first, t.s, t.s);
        }
        query_values(n, a->D, t.s, v, a->ldv, fade, t.o);
    }
    finish_query(a, i, t.o, max, sum);
}

void KERNEL(attention)(const rung_attention_tile *a)
{
    assert(a->dropout == 0 || (a->drop_stride % 4 == 0 && a->dropout < 1));
    for (int64_t i = a->i0; i < a->i1; i += TILE) {
        const int64_t n = least(TILE, a->i1 - i);
        if (n > FEW)
            attend_tile(a, i, n);
        else
            for (int64_t x = 0; x < n; x++) attend_query(a, i + x);
    }
}

size_t KERNEL(attention_scratch)(int64_t head_size, int64_t n_keys, int gradient)
{
    const int64_t n =
        gradient ? backward_reals(head_size, n_keys) : forward_reals(head_size);
    return (size_t)n * sizeof(real);
}
