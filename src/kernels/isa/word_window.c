/* A window of word vectors against its outputs: rung_word_window in kernels.h.
 *
 * Three passes. The dot products of ROWS inputs with TILE outputs stay in registers, one
 * vector of partial sums a pair; W of these at a time are transposed and added, which
 * gives W scores in one vector. Then the sigmoid, and in one pass over the columns both
 * products with the gradients. Outputs are padded to whole tiles by repeating the last
 * one with a gradient of zero. */
#include "kernels/isa/vmath.h"

enum { ROWS = 2, TILE = 6 };

/* Partial sums of the pairs (v[0 ... rows - 1], u[0 ... TILE - 1]) to part, pair after
 * pair of a row, rows `stride` vectors apart. */
INLINE void dot_tile(int rows, int64_t D, const real *const *v, const real *const *u,
                     vec *part, int64_t stride)
{
    vec sum[ROWS][TILE] = {{{0}}};
    for (int64_t d = 0; d < D; d += W) {
        vec x[ROWS];
        for (int r = 0; r < rows; r++) x[r] = vload(v[r] + d);
        for (int n = 0; n < TILE; n++) {
            const vec y = vload(u[n] + d);
            for (int r = 0; r < rows; r++) sum[r][n] += x[r] * y;
        }
    }
    for (int r = 0; r < rows; r++)
        for (int n = 0; n < TILE; n++) part[r * stride + n] = sum[r][n];
}

/* dv[m] += sum_n g[m,n] u_n and du[n] = sum_m g[m,n] v_m over the TILE outputs u, the
 * first n of which are real; rows of g are `stride` apart. */
INLINE void grad_tile(const rung_word_window *w, const real *const *u, const real *g,
                      int64_t stride, int64_t n, real *du)
{
    const real *const *v = (const real *const *)w->v;
    real *const *dv = (real *const *)w->dv;
    for (int64_t d = 0; d < w->D; d += W) {
        vec y[TILE], dy[TILE] = {{0}};
        for (int k = 0; k < TILE; k++) y[k] = vload(u[k] + d);
        for (int64_t m = 0; m < w->M; m++) {
            const vec x = vload(v[m] + d);
            vec dx = vload(dv[m] + d);
            for (int k = 0; k < TILE; k++) {
                const vec a = vsplat(g[m * stride + k]);
                dx += a * y[k];
                dy[k] += a * x;
            }
            vstore(dv[m] + d, dx);
        }
        for (int k = 0; k < TILE; k++)
            if (k < n) vstore(du + k * w->D + d, dy[k]);
    }
}

/* The scores of all pairs, the sums of W partial sums at a time. */
INLINE void add_parts(vec *part, int64_t n, real *s)
{
    for (int64_t i = 0; i < n; i += W) {
        vtranspose(part + i);
        for (int lanes = W / 2; lanes > 0; lanes /= 2)
            for (int l = 0; l < lanes; l++) part[i + l] += part[i + l + lanes];
        vstore(s + i, part[i]);
    }
}

/* s becomes -rate sigmoid(s); returns the sum of log(1 + e^s). With e = e^-|s|:
 * sigmoid = (s < 0 ? e : 1) / (1 + e) and log(1 + e^s) = max(s, 0) + log(1 + e). */
INLINE double sigmoids(real *s, int64_t n, real rate)
{
    vec loss = {0};
    for (int64_t i = 0; i < n; i += W) {
        const vec x = vload(s + i), e = vexp(-vabs(x));
        loss += vmax(x, vsplat(0)) + vlog1p(e);
        vstore(s + i, vsplat(-rate) * vselect(x < 0, e, vsplat(1)) / (1 + e));
    }
    return (double)vsum(loss);
}

double KERNEL(word_window)(const rung_word_window *w)
{
    const int64_t tiles = (w->N + TILE - 1) / TILE, stride = tiles * TILE;
    const int64_t pairs = w->M * stride, all = (pairs + W - 1) / W * W;
    const real *const *v = (const real *const *)w->v;
    const real *labels = w->labels;
    vec *part = w->scratch; /* [all] */
    real *g = (real *)(part + all);
    const real *u[TILE];
    for (int64_t t = 0; t < tiles; t++) {
        for (int k = 0; k < TILE; k++) {
            const int64_t n = t * TILE + k;
            u[k] = w->u[n < w->N ? n : w->N - 1];
        }
        int64_t m = 0;
        for (; m + ROWS <= w->M; m += ROWS)
            dot_tile(ROWS, w->D, v + m, u, part + m * stride + t * TILE, stride);
        if (m < w->M) dot_tile(1, w->D, v + m, u, part + m * stride + t * TILE, stride);
    }
    for (int64_t i = pairs; i < all; i++) part[i] = (vec){0};
    add_parts(part, all, g);

    double loss = 0;
    for (int64_t i = pairs; i < all; i++) g[i] = (real)-1e30;
    for (int64_t m = 0; m < w->M; m++) {
        for (int64_t n = 0; n < w->N; n++) {
            if (labels[n] > 0) loss -= (double)g[m * stride + n];
        }
        for (int64_t n = w->N; n < stride; n++) g[m * stride + n] = (real)-1e30;
    }
    loss += sigmoids(g, all, (real)w->rate);
    for (int64_t n = 0; n < w->N; n++) {
        if (labels[n] > 0)
            for (int64_t m = 0; m < w->M; m++) g[m * stride + n] += (real)w->rate;
    }
    for (int64_t t = 0; t < tiles; t++) {
        for (int k = 0; k < TILE; k++) {
            const int64_t n = t * TILE + k;
            u[k] = w->u[n < w->N ? n : w->N - 1];
        }
        grad_tile(w, u, g + t * TILE, stride, w->N - t * TILE,
                  (real *)w->du + t * TILE * w->D);
    }
    return loss;
}

size_t KERNEL(word_window_scratch)(int64_t M, int64_t N)
{
    const size_t pairs = (size_t)M * (size_t)((N + TILE - 1) / TILE * TILE) + W;
    return pairs * (sizeof(vec) + sizeof(real));
}

enum { AHEAD = 8 }; /* rows that are fetched before their turn */

INLINE bool belongs(int32_t row, int part, int parts)
{
    const uint64_t mixed = (uint32_t)row * 0x9E3779B1u; // the golden ratio's bits
    return row >= 0 && (int)((mixed * (uint64_t)parts) >> 32) == part;
}

void KERNEL(add_to_rows)(int64_t n, const int32_t *rows, const void *x_, int64_t ldx,
                         int64_t D, void *table_, int part, int parts)
{
    const real *x = x_;
    real *table = table_;
    for (int64_t i = 0; i < n; i++) {
        if (i + AHEAD < n && belongs(rows[i + AHEAD], part, parts)) {
            const char *next = (const char *)(table + rows[i + AHEAD] * D);
            const char *gradient = (const char *)(x + (i + AHEAD) * ldx);
            for (int64_t b = 0; b < D * (int64_t)sizeof(real); b += 64) {
                __builtin_prefetch(next + b, 1);
                __builtin_prefetch(gradient + b);
            }
        }
        if (!belongs(rows[i], part, parts)) continue;
        real *y = table + rows[i] * D;
        for (int64_t d = 0; d < D; d += W)
            vstore(y + d, vload(y + d) + vload(x + i * ldx + d));
    }
}
