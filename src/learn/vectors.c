/* Vectors: one pass over memory makes the vector and the product that is needed next. */
#include "learn/vectors.h"

#include <stddef.h>

#include "base/dot.h"

#define BLOCK 8192 /* elements: 64 KB */

typedef struct work {
    const rung_vectors *v;
    rung_block_fn fn;
    void *ctx;
} work;

int64_t rung__vectors_blocks(int64_t n)
{
    return (n + BLOCK - 1) / BLOCK;
}

static void do_block(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const work *k = ctx;
    const int64_t begin = task * BLOCK, left = k->v->n - begin;
    k->v->sums[task] = k->fn(k->ctx, begin, begin + (left < BLOCK ? left : BLOCK));
}

double rung__sum_blocks(const rung_vectors *v, rung_block_fn fn, void *ctx)
{
    double sum = 0;
    work k = {v, fn, ctx};
    rung_pool_run(v->pool, rung__vectors_blocks(v->n), do_block, &k);
    for (int64_t b = 0; b < rung__vectors_blocks(v->n); b++) sum += v->sums[b];
    return sum;
}

/* ---- Combinations ---- */

typedef struct combination {
    double *z; /* NULL: the product alone, u.x */
    const double *base, *x, *factors, *u;
    double c;
} combination;

static double combine_block(void *ctx, int64_t begin, int64_t end)
{
    const combination *k = ctx;
    const int64_t n = end - begin;
    const double *x = k->x + begin, c = k->c;
    double *z = k->z ? k->z + begin : NULL;
    if (k->factors) {
        for (int64_t i = 0; i < n; i++) z[i] = c * k->factors[begin + i] * x[i];
    } else if (k->base) {
        for (int64_t i = 0; i < n; i++) z[i] = k->base[begin + i] + c * x[i];
    } else if (z) {
        for (int64_t i = 0; i < n; i++) z[i] = c * x[i];
    }
    return rung__dot_serial(z ? z : x, k->u + begin, n);
}

double rung__combine(const rung_vectors *v, double *z, const double *base, double c,
                     const double *x, const double *u)
{
    combination k = {.z = z, .base = base, .c = c, .x = x, .u = u};
    return rung__sum_blocks(v, combine_block, &k);
}

double rung__scale(const rung_vectors *v, double *z, const double *factors, double c,
                   const double *x, const double *u)
{
    combination k = {.z = z, .factors = factors, .c = c, .x = x, .u = u};
    return rung__sum_blocks(v, combine_block, &k);
}

double rung__dot(const rung_vectors *v, const double *x, const double *u)
{
    combination k = {.x = x, .u = u};
    return rung__sum_blocks(v, combine_block, &k);
}
