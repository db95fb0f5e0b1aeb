/* Classes of rows. Which centre is nearest is told from products x . c, all rows with all
 * centres in pieces: |x - c|^2 is smallest where |c|^2 / 2 - x . c is. */
#include "learn/kmeans.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"

enum { PIECE = 1024, BLOCK = 64, MOST_TURNS = 10000 };

typedef struct state {
    const float *rows; /* [n, dim] */
    int64_t n, dim, k;
    const rung_kernels *kernels;
    rung_pool *pool;
    int32_t *classes;  /* [n] */
    int32_t *next;     /* [n]: classes of the next turn */
    int64_t *members;  /* [n]: rows by class */
    int64_t *begin;    /* [k + 1]: where a class begins in them */
    float *centres;    /* [k, dim] */
    float *half;       /* [k]: |c|^2 / 2 */
    double *distances; /* [n]: squared, to the nearest centre so far */
    int64_t newest;    /* of the centres that are chosen */
    float *products;   /* [PIECE, k] */
    int64_t piece;     /* where it begins */
    void *scratch;     /* of the products */
} state;

/* ---- Beginnings ---- */

static void measure_block(void *ctx, int64_t block, int worker)
{
    state *s = ctx;
    const float *c = s->centres + s->newest * s->dim;
    (void)worker;
    for (int64_t i = block * BLOCK; i < (block + 1) * BLOCK && i < s->n; i++) {
        double square = 0;
        for (int64_t d = 0; d < s->dim; d++) {
            const double x = (double)(s->rows[i * s->dim + d] - c[d]);
            square += x * x;
        }
        if (s->newest == 0 || square < s->distances[i]) s->distances[i] = square;
    }
}

/* A row with the probability of its squared distance to the nearest centre; row 0 where
 * all of these are 0. */
static int64_t draw(const state *s, rung_rng *rng)
{
    double total = 0, sum = 0;
    for (int64_t i = 0; i < s->n; i++) total += s->distances[i];
    const double at = rung_rng_double(rng) * total;
    for (int64_t i = 0; i < s->n; i++) {
        sum += s->distances[i];
        if (sum > at) return i;
    }
    return 0;
}

static void choose_centres(state *s, uint64_t seed)
{
    rung_rng rng = rung_rng_make(rung_rng_key(seed, "k-means", 0));
    for (int64_t c = 0; c < s->k; c++) {
        const int64_t i =
            c ? draw(s, &rng) : (int64_t)rung_rng_below(&rng, (uint64_t)s->n);
        memcpy(s->centres + c * s->dim, s->rows + i * s->dim,
               (size_t)s->dim * sizeof *s->rows);
        s->newest = c;
        rung_pool_run(s->pool, (s->n + BLOCK - 1) / BLOCK, measure_block, s);
    }
}

/* ---- Lloyd's two steps ---- */

static void pick_block(void *ctx, int64_t block, int worker)
{
    state *s = ctx;
    const int64_t from = block * BLOCK;
    (void)worker;
    for (int64_t j = from; j < from + BLOCK && j < PIECE && s->piece + j < s->n; j++) {
        const float *products = s->products + j * s->k;
        int32_t nearest = 0;
        for (int32_t c = 1; c < s->k; c++)
            if (s->half[c] - products[c] < s->half[nearest] - products[nearest])
                nearest = c;
        s->next[s->piece + j] = nearest;
    }
}

static rung_gemm product(const state *s, int64_t first)
{
    const int64_t left = s->n - first;
    return (rung_gemm){.M = left < PIECE ? left : PIECE,
                       .N = s->k,
                       .K = s->dim,
                       .a = s->rows + first * s->dim,
                       .lda = s->dim,
                       .b = s->centres,
                       .ldb = s->dim,
                       .trans_b = true,
                       .c = s->products,
                       .ldc = s->k};
}

/* Each row to its nearest centre; of two equally near the first. Returns whether a row
 * changed its class. */
static bool assign(state *s)
{
    for (int64_t c = 0; c < s->k; c++)
        s->half[c] =
            (float)(s->kernels->sum_squares(s->dim, s->centres + c * s->dim) / 2);
    for (s->piece = 0; s->piece < s->n; s->piece += PIECE) {
        const rung_gemm g = product(s, s->piece);
        rung_gemm_run(s->kernels, s->pool, &g, s->scratch);
        rung_pool_run(s->pool, PIECE / BLOCK, pick_block, s);
    }
    const size_t bytes = (size_t)s->n * sizeof *s->next;
    const bool has_changed = memcmp(s->classes, s->next, bytes) != 0;
    memcpy(s->classes, s->next, bytes);
    return has_changed;
}

/* The rows of class c in `members` from begin[c] on, in their order. */
static void list_members(state *s)
{
    memset(s->begin, 0, (size_t)(s->k + 1) * sizeof *s->begin);
    for (int64_t i = 0; i < s->n; i++) s->begin[s->classes[i] + 1]++;
    for (int64_t c = 0; c < s->k; c++) s->begin[c + 1] += s->begin[c];
    for (int64_t i = 0; i < s->n; i++) s->members[s->begin[s->classes[i]]++] = i;
    for (int64_t c = s->k; c > 0; c--) s->begin[c] = s->begin[c - 1];
    s->begin[0] = 0;
}

/* The mean of a class; one without members stays where it is. */
static void move_centre(void *ctx, int64_t c, int worker)
{
    state *s = ctx;
    const int64_t from = s->begin[c], to = s->begin[c + 1];
    (void)worker;
    for (int64_t d = 0; from < to && d < s->dim; d++) {
        double sum = 0;
        for (int64_t m = from; m < to; m++)
            sum += (double)s->rows[s->members[m] * s->dim + d];
        s->centres[c * s->dim + d] = (float)(sum / (double)(to - from));
    }
}

/* ---- All ---- */

/* Classes by their first rows. */
static void renumber(state *s)
{
    int64_t *name = s->begin, n = 0;
    for (int64_t c = 0; c < s->k; c++) name[c] = -1;
    for (int64_t i = 0; i < s->n; i++) {
        int64_t *number = &name[s->classes[i]];
        if (*number < 0) *number = n++;
        s->classes[i] = (int32_t)*number;
    }
}

static double inertia_of(const state *s)
{
    double sum = 0;
    for (int64_t i = 0; i < s->n; i++)
        for (int64_t d = 0; d < s->dim; d++) {
            const double x = (double)s->rows[i * s->dim + d] -
                             (double)s->centres[s->classes[i] * s->dim + d];
            sum += x * x;
        }
    return sum;
}

static size_t scratch_bytes(const state *s)
{
    const int64_t last = (s->n - 1) / PIECE * PIECE;
    const rung_gemm a = product(s, 0), b = product(s, last);
    const size_t x = rung_gemm_scratch(s->kernels, &a),
                 y = rung_gemm_scratch(s->kernels, &b);
    return x > y ? x : y;
}

static bool reserve(state *s)
{
    const size_t n = (size_t)s->n, k = (size_t)s->k, dim = (size_t)s->dim;
    s->next = rung__alloc_array(n, sizeof *s->next);
    s->members = rung__alloc_array(n, sizeof *s->members);
    s->begin = rung__alloc_array(k + 1, sizeof *s->begin);
    s->centres = rung__alloc_array(k * dim, sizeof *s->centres);
    s->half = rung__alloc_array(k, sizeof *s->half);
    s->distances = rung__alloc_array(n, sizeof *s->distances);
    s->products = rung__alloc_array(PIECE * k, sizeof *s->products);
    s->scratch = rung__alloc(scratch_bytes(s));
    return s->next && s->members && s->begin && s->centres && s->half && s->distances &&
           s->products && s->scratch;
}

static void release(state *s)
{
    rung__free(s->next), rung__free(s->members), rung__free(s->begin);
    rung__free(s->centres), rung__free(s->half), rung__free(s->distances);
    rung__free(s->products), rung__free(s->scratch);
}

rung_status rung__kmeans(int32_t *classes, double *inertia, const float *rows, int64_t n,
                         int64_t dim, int64_t k, uint64_t seed,
                         const rung_kernels *kernels, rung_pool *pool, rung_error *err)
{
    assert(0 < k && k <= n && n <= INT32_MAX);
    state s = {.rows = rows,
               .n = n,
               .dim = dim,
               .k = k,
               .kernels = kernels,
               .pool = pool,
               .classes = classes};
    const bool is_done = reserve(&s);
    if (is_done) {
        for (int64_t i = 0; i < n; i++) classes[i] = -1;
        choose_centres(&s, seed);
        for (int turn = 0; turn < MOST_TURNS && assign(&s); turn++) {
            list_members(&s);
            rung_pool_run(pool, k, move_centre, &s);
        }
        if (inertia) *inertia = inertia_of(&s);
        renumber(&s);
    }
    release(&s);
    return is_done ? RUNG_OK
                   : rung__out_of_memory(err, (size_t)(n + k * (dim + PIECE)) * 4,
                                         "classes of words");
}
