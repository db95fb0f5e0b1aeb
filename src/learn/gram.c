/* Sums of products over rows, by kernels/isa/gram.c. */
#include "learn/gram.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rows.h"

#define BLOCK 128                       /* rows; of 100 features they stay in the L2 */
#define CHUNK_VALUES ((int64_t)1 << 21) /* rows times features that come at a time */
#define MOST_BLOCKS 128                 /* that come at a time */
#define MOST_LANES 16
#define LANES_VALUES                                                                     \
    ((int64_t)1 << 22) /* all lanes together, if they are more than one */
#define GROUP 480      /* columns of one task */
#define CONSTANT 1e-13 /* what is left of squares that cancel is rounding */

struct rung__gram {
    int64_t D, P; /* features; padded columns: features, target, one */
    const rung_kernels *kernels;
    rung_pool *pool;
    int64_t lanes, groups, blocks; /* blocks: that come at a time */
    double *shift;                 /* [D + 1], owned */
    double *sums;                  /* [lanes, P, P], owned */
    double *scratch;               /* [threads, BLOCK, P], owned */
    int64_t count;
    bool is_begun;
};

static int64_t clamp(int64_t x, int64_t least, int64_t most)
{
    return x < least ? least : x > most ? most : x;
}

rung_status rung__gram_new(rung__gram **out, int64_t D, const rung_kernels *kernels,
                           rung_pool *pool, rung_error *err)
{
    const int64_t P = (D + 2 + 7) / 8 * 8;
    size_t square = 0;
    rung__gram *g = rung__alloc(sizeof *g);
    if (!g) return rung__out_of_memory(err, sizeof *g, "sums of products");
    *g = (rung__gram){.D = D, .P = P, .kernels = kernels, .pool = pool};
    g->lanes = clamp(LANES_VALUES / P / P, 1, MOST_LANES);
    g->groups = (P + GROUP - 1) / GROUP;
    g->blocks = clamp(CHUNK_VALUES / P / BLOCK, 1, MOST_BLOCKS);
    g->shift = rung__alloc_array((size_t)D + 1, sizeof *g->shift);
    if (rung_mul_size((size_t)P, (size_t)P * (size_t)g->lanes, &square))
        g->sums = rung__alloc_array(square, sizeof *g->sums);
    g->scratch = rung__alloc_array((size_t)(rung_pool_threads(pool) * BLOCK),
                                   (size_t)P * sizeof *g->scratch);
    *out = g;
    if (g->shift && g->sums && g->scratch) return RUNG_OK;
    return rung__out_of_memory(err, 8 * square, "the products of all pairs of features");
}

void rung__gram_free(rung__gram *g)
{
    if (!g) return;
    rung__free(g->shift), rung__free(g->sums), rung__free(g->scratch);
    rung__free(g);
}

int64_t rung__gram_rows(const rung__gram *g)
{
    return g->blocks * BLOCK;
}

/* ---- Rows ---- */

static double weight_of(const rung_rows *rows, int64_t i)
{
    return rows->weights ? rows->weights[i] : 1;
}

static void pack_sparse(const rung_rows *rows, int64_t i, double a, double *z)
{
    memset(z, 0, (size_t)rows->n_features * sizeof *z);
    for (int64_t p = rows->first[i]; p < rows->first[i + 1]; p++)
        z[rows->features[p]] = a * (double)rows->values[p];
}

void rung__rows_pack(const rung_rows *rows, int64_t i, int64_t n, const double *shift,
                     const rung_kernels *kernels, double *z, int64_t ldz)
{
    const int64_t D = rows->n_features;
    double roots[BLOCK];
    assert(n <= BLOCK);
    for (int64_t r = 0; r < n; r++) roots[r] = sqrt(weight_of(rows, i + r));
    if (rows->x) {
        const size_t size = rows->is_float ? sizeof(float) : sizeof(double);
        kernels->gram_pack(
            n, D, (const char *)rows->x + (size_t)(i * rows->stride) * size,
            rows->is_float, rows->stride, shift, rows->weights ? roots : NULL, z, ldz);
    }
    for (int64_t r = 0; r < n; r++, z += ldz) {
        if (!rows->x) pack_sparse(rows, i + r, roots[r], z);
        z[D] = roots[r] * (rows->targets[i + r] - shift[D]);
        z[D + 1] = roots[r];
    }
}

/* The means of the first block; of a column that does not change the very value, so that
 * nothing is left of it. Sparse features are not shifted: most of them are 0. */
static void begin(rung__gram *g, const rung_rows *rows)
{
    const int64_t n = rows->n < BLOCK ? rows->n : BLOCK, D = g->D;
    for (int64_t j = rows->x ? 0 : D; j <= D; j++) {
        double sum = 0, least = INFINITY, most = -INFINITY;
        for (int64_t i = 0; i < n; i++) {
            const double x = j == D ? rows->targets[i] : rung__rows_value(rows, i, j);
            sum += x, least = fmin(least, x), most = fmax(most, x);
        }
        g->shift[j] = least == most ? least : sum / (double)n;
    }
    g->is_begun = true;
}

typedef struct job {
    rung__gram *g;
    const rung_rows *rows;
} job;

/* The blocks of one lane, and columns of one group. */
static void add_blocks(void *ctx, int64_t task, int worker)
{
    const job *j = ctx;
    const rung__gram *g = j->g;
    const int64_t P = g->P, lane = task / g->groups, j0 = task % g->groups * GROUP;
    const int64_t j1 = j0 + GROUP < P ? j0 + GROUP : P;
    double *z = g->scratch + worker * BLOCK * P, *sums = g->sums + lane * P * P;
    for (int64_t i = lane * BLOCK; i < j->rows->n; i += g->lanes * BLOCK) {
        const int64_t n = j->rows->n - i < BLOCK ? j->rows->n - i : BLOCK;
        rung__rows_pack(j->rows, i, n, g->shift, g->kernels, z, P);
        g->kernels->gram(n, z, P, j0, j1, sums, P);
    }
}

void rung__gram_add(rung__gram *g, const rung_rows *rows)
{
    job j = {g, rows};
    assert(rows->n <= rung__gram_rows(g) && rows->n_features == g->D);
    if (rows->n == 0) return;
    if (!g->is_begun) begin(g, rows);
    for (int64_t i = 0; i < rows->n; i++) g->count += weight_of(rows, i) > 0;
    rung_pool_run(g->pool, g->lanes * g->groups, add_blocks, &j);
}

/* ---- The end ---- */

static void join_lanes(rung__gram *g)
{
    const int64_t n = g->P * g->P;
    for (int64_t lane = 1; lane < g->lanes; lane++)
        for (int64_t k = 0; k < n; k++) g->sums[k] += g->sums[lane * n + k];
}

/* sum w (x - mean)(x - mean)^T = sum w (x - shift)(x - shift)^T - s s^T / W, where s is
 * the sum of w (x - shift), and W that of w. */
static void take_means_out(rung__moments *m)
{
    const int64_t one = m->D + 1;
    double *sums = m->products;
    for (int64_t i = 0; i < one; i++) {
        const double s = sums[i * m->ld + one];
        const double before = sums[i * m->ld + i];
        m->mean[i] += s / m->weight; // was the shift
        for (int64_t j = i; j < one; j++)
            sums[i * m->ld + j] -= s * (sums[j * m->ld + one] / m->weight);
        if (sums[i * m->ld + i] <= CONSTANT * before) sums[i * m->ld + i] = 0;
    }
}

rung_status rung__gram_finish(rung__gram *g, rung__moments *out, rung_error *err)
{
    const int64_t one = g->D + 1;
    join_lanes(g);
    *out = (rung__moments){.D = g->D, .count = g->count, .ld = g->P};
    for (int64_t j = 0; j <= one; j++) {
        if (!isfinite(g->sums[j * g->P + j]))
            return rung_fail(err, RUNG_INPUT, "%s %lld: its squares have no finite sum",
                             j < g->D ? "feature" : "the target, column",
                             (long long)j + 1);
    }
    out->weight = g->sums[one * g->P + one];
    out->mean = g->shift, g->shift = NULL;
    out->products = g->sums, g->sums = NULL;
    if (out->weight > 0) take_means_out(out);
    return RUNG_OK;
}

void rung__moments_release(rung__moments *m)
{
    rung__free(m->mean), rung__free(m->products);
    *m = (rung__moments){0};
}
