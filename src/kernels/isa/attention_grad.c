/* The gradient of attention (Dao et al. 2022, algorithm 4), one head a call. Forward,
 * with F = keep / (1 - rate) where weights are dropped and 1 elsewhere:
 *
 *     s = scale q k^T,  p = e^(s - lse),  o = (p F) v
 *
 * Backward, with delta_i = <d_o_i, o_i> (the sum over j of p_ij F_ij <d_o_i, v_j>):
 *
 *     dv = (p F)^T d_o,  dp = d_o v^T,  ds = p (F dp - delta)
 *     dq = scale ds k,   dk = scale ds^T q
 *
 * Tiles of queries are the outer loop; sums of dk and dv of all keys stay in scratch. */
#include <assert.h>

#include "kernels/isa/attention.h"

typedef struct backward {
    real *qt, *d_ot;    /* [width, TILE], scaled queries, and d_o, transposed */
    real *q, *d_o, *dq; /* [TILE, width], the same by rows, and sums of ds k */
    real *lse, *delta;  /* [TILE] */
    real *s, *ds;       /* [BLOCK, TILE] */
    real *k, *dk, *dv;  /* [all keys, width] */
    int64_t width;
} backward;

static backward backward_in(void *scratch, int64_t D, int64_t n_keys)
{
    const int64_t width = round_up(D, W), tile = width * TILE;
    backward g = {.qt = scratch, .width = width};
    g.d_ot = g.qt + tile;
    g.q = g.d_ot + tile;
    g.d_o = g.q + tile;
    g.dq = g.d_o + tile;
    g.lse = g.dq + tile;
    g.delta = g.lse + TILE;
    g.s = g.delta + TILE;
    g.ds = g.s + BLOCK * TILE;
    g.k = g.ds + BLOCK * TILE;
    g.dk = g.k + n_keys * width;
    g.dv = g.dk + n_keys * width;
    assert(g.dv + n_keys * width == g.qt + backward_reals(D, n_keys));
    return g;
}

/* DV[y][:] += sum over queries x of S[y][x] d_o[x][:]; rows of both are `width` apart. */
static void add_over_queries(const block *b, int64_t width, const real *s,
                             const real *d_o, real *dv)
{
    product p = {.M = b->n_keys,
                 .N = width,
                 .K = b->n_queries,
                 .a = s,
                 .a_row = TILE,
                 .a_column = 1,
                 .b = d_o,
                 .ldb = width,
                 .c = dv,
                 .ldc = width,
                 .add = true};
    if (is_whole(b)) {
        multiply(&p);
        return;
    }
    for (int64_t y = 0; y < b->n_keys; y += STRIP) {
        const int64_t x = queries_from(b, y);
        if (x >= b->n_queries) break;
        p.M = least(STRIP, b->n_keys - y);
        p.K = b->n_queries - x;
        p.a = s + y * TILE + x;
        p.b = d_o + x * width;
        p.c = dv + y * width;
        multiply(&p);
    }
}

/* For the W queries from x on: s becomes p F, and ds, which holds dp, becomes ds. */
INLINE void block_grad(bool drops, const rung_attention_tile *a, const backward *g,
                       const block *b, int64_t x)
{
    const int64_t n_keys = keys_of_strip(b, x), n_free = b->ahead + x + 1;
    const vec lse = vload(g->lse + x), delta = vload(g->delta + x), zero = vsplat(0),
              grow = vsplat((real)(1 / (1 - a->dropout)));
    for (int64_t y = 0; y < n_keys; y += 4) {
        ivec keep[4];
        if (drops) weights_kept(a, b->i + x, b->j + y, keep);
        for (int64_t k = 0; k < 4 && y + k < n_keys; k++) {
            real *s = g->s + (y + k) * TILE + x, *ds = g->ds + (y + k) * TILE + x;
            vec p = vexp(vload(s) - lse), dp = vload(ds);
            /* Where nothing is allowed lse is -inf and p is +inf until here. */
            if (y + k >= n_free) p = vselect(sees(b, x, y + k), p, zero);
            if (drops) dp = vselect(keep[k], dp * grow, zero);
            vstore(ds, p * (dp - delta));
            vstore(s, drops ? vselect(keep[k], p * grow, zero) : p);
        }
    }
}

static void add_block_grad(const rung_attention_tile *a, const backward *g,
                           const block *b)
{
    const int64_t width = g->width;
    scores(b, a->D, (const real *)a->k + b->j * a->ldk, a->ldk, g->qt, g->s);
    scores(b, a->D, (const real *)a->v + b->j * a->ldv, a->ldv, g->d_ot, g->ds);
    for (int64_t x = 0; x < b->n_queries; x += W) {
        if (a->dropout > 0)
            block_grad(true, a, g, b, x);
        else
            block_grad(false, a, g, b, x);
    }
    add_over_queries(b, width, g->s, g->d_o, g->dv + b->j * width);
    add_over_queries(b, width, g->ds, g->q, g->dk + b->j * width);
    add_over_keys(b, width, g->ds, g->k + b->j * width, g->dq);
}

/* lse and delta of the tile's queries, lse = +inf behind them: their weights are 0. */
static void tile_statistics(const rung_attention_tile *a, const backward *g, int64_t i,
                            int64_t n)
{
    const real *lse = a->lse, *o = a->o;
    for (int64_t x = 0; x < TILE; x++) {
        g->lse[x] = x < n ? lse[i + x] : (real)INFINITY;
        vec sum = {0};
        for (int64_t d = 0; x < n && d < a->D; d += W)
            sum += vload(g->d_o + x * g->width + d) *
                   vload_n(o + (i + x) * a->ldo + d, a->D - d);
        g->delta[x] = vsum(sum);
    }
}

static void add_tile_grad(const rung_attention_tile *a, const backward *g, int64_t i,
                          int64_t n)
{
    const int64_t D = a->D, width = g->width;
    const size_t tile_bytes = (size_t)(TILE * width) * sizeof(real);
    const real *q = (const real *)a->q + i * a->ldq,
               *d_o = (const real *)a->d_o + i * a->ldo;
    /* Rows behind the last query count in sums over queries. */
    memset(g->q, 0, tile_bytes);
    memset(g->d_o, 0, tile_bytes);
    memset(g->dq, 0, tile_bytes);
    pack_transposed(n, D, (real)a->scale, q, a->ldq, g->qt);
    pack_transposed(n, D, 1, d_o, a->ldo, g->d_ot);
    pack_rows(n, D, (real)a->scale, q, a->ldq, g->q, width);
    pack_rows(n, D, 1, d_o, a->ldo, g->d_o, width);
    tile_statistics(a, g, i, n);
    const int64_t end = keys_before(a, i + n);
    for (int64_t j = 0; j < end; j += BLOCK) {
        const block b = block_at(a, j, least(BLOCK, end - j), i, n);
        add_block_grad(a, g, &b);
    }
    unpack_rows(n, D, (real)a->scale, g->dq, width, (real *)a->dq + i * a->lddq, a->lddq);
}

static void clear_rows(int64_t from, int64_t to, int64_t D, real *rows, int64_t ld)
{
    for (int64_t r = from; r < to; r++)
        memset(rows + r * ld, 0, (size_t)D * sizeof *rows);
}

void KERNEL(attention_grad)(const rung_attention_tile *a)
{
    assert(a->dropout == 0 || (a->drop_stride % 4 == 0 && a->dropout < 1));
    const backward g = backward_in(a->scratch, a->D, a->n_keys);
    pack_rows(a->n_keys, a->D, 1, a->k, a->ldk, g.k, g.width);
    memset(g.dk, 0, (size_t)(2 * a->n_keys * g.width) * sizeof(real)); /* dv as well */
    for (int64_t i = a->i0; i < a->i1; i += TILE)
        add_tile_grad(a, &g, i, least(TILE, a->i1 - i));
    unpack_rows(a->n_keys, a->D, 1, g.dk, g.width, a->dk, a->lddk);
    unpack_rows(a->n_keys, a->D, 1, g.dv, g.width, a->dv, a->lddv);
    clear_rows(a->n_keys, a->n_key_rows, a->D, a->dk, a->lddk);
    clear_rows(a->n_keys, a->n_key_rows, a->D, a->dv, a->lddv);
}
