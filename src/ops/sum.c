/* Sums over one dimension, and their opposite, repetition.
 *
 *     sum_dim: [outer, n, inner] -> [outer, inner]     dx = dy repeated n times
 *     expand:  [outer, inner] -> [outer, n, inner]     dx = dy summed over n
 *
 * Partial sums cover fixed blocks and are joined in their order; sums of rows run in
 * double. */
#include "ops/ops.h"

#include <string.h>

typedef struct dim_attrs {
    int64_t outer, n, inner;
    int dim;
} dim_attrs;

static int64_t block_count(int64_t n)
{
    return (n + RUNG_GRAIN - 1) / RUNG_GRAIN;
}

static rung_status sum_dim_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)err;
    const rung_tensor *x = n->in[0];
    dim_attrs *a = n->attrs;
    int64_t shape[RUNG_MAX_RANK];
    a->outer = a->inner = 1;
    a->n = x->shape[a->dim];
    for (int i = 0, o = 0; i < x->rank; i++) {
        if (i == a->dim) continue;
        *(i < a->dim ? &a->outer : &a->inner) *= x->shape[i];
        shape[o++] = x->shape[i];
    }
    rung__shape_set(n->out[0], g->real, x->rank - 1, shape);
    if (a->inner == 1)
        n->scratch_bytes = (size_t)block_count(a->n) * sizeof(double);
    else if (a->outer == 1)
        n->scratch_bytes = rung__column_sums_scratch(a->n, a->inner, rung__real_bytes(g));
    return RUNG_OK;
}

typedef struct dim_ctx {
    const rung_node *n;
    const rung_exec *x;
    const dim_attrs *a;
} dim_ctx;

/* Blocks of one row. */
static void sum_blocks(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const dim_ctx *c = ctx;
    double *sums = c->n->scratch;
    sums[begin / RUNG_GRAIN] =
        c->x->k->sum(end - begin, rung__at(c->x, c->n->in[0]->data, begin));
}

/* Whole rows, when there are several. */
static void sum_rows(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const dim_ctx *c = ctx;
    for (int64_t r = begin; r < end; r++)
        rung__put(c->x, c->n->out[0]->data, r,
                  c->x->k->sum(c->a->n, rung__at(c->x, c->n->in[0]->data, r * c->a->n)));
}

static void sum_planes(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const dim_ctx *c = ctx;
    const dim_attrs *a = c->a;
    for (int64_t o = begin; o < end; o++)
        rung__join_rows(c->x, a->n, a->inner,
                        rung__at(c->x, c->n->in[0]->data, o * a->n * a->inner),
                        rung__at(c->x, c->n->out[0]->data, o * a->inner));
}

static rung_status sum_dim_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    const dim_attrs *a = n->attrs;
    dim_ctx c = {n, x, a};
    if (a->inner == 1 && a->outer == 1) {
        const double *sums = n->scratch;
        double total = 0;
        rung__ranges(x, a->n, RUNG_GRAIN, sum_blocks, &c);
        for (int64_t i = 0; i < block_count(a->n); i++) total += sums[i];
        rung__put(x, n->out[0]->data, 0, total);
    } else if (a->inner == 1) {
        rung__ranges(x, a->outer, rung__row_grain(a->n), sum_rows, &c);
    } else if (a->outer == 1) {
        rung__column_sums(x, a->n, a->inner, n->in[0]->data, n->out[0]->data, n->scratch);
    } else {
        rung__ranges(x, a->outer, rung__row_grain(a->n * a->inner), sum_planes, &c);
    }
    return RUNG_OK;
}

static void sum_dim_grad(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                         rung_tensor **dx)
{
    const dim_attrs *a = n->attrs;
    dx[0] = rung_expand(g, dy[0], a->dim, a->n);
}

static rung_cost sum_dim_cost(const rung_node *n)
{
    return (rung_cost){(double)n->in[0]->size, 0};
}

const rung_op rung__op_sum_dim = {
    .name = "sum_dim",
    .attr_bytes = sizeof(dim_attrs),
    .n_outputs = 1,
    .infer = sum_dim_infer,
    .run = sum_dim_run,
    .grad = sum_dim_grad,
    .cost = sum_dim_cost,
};

/* ---- Repetition ---- */

static rung_status expand_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)err;
    const rung_tensor *x = n->in[0];
    dim_attrs *a = n->attrs;
    int64_t shape[RUNG_MAX_RANK];
    a->outer = a->inner = 1;
    for (int i = 0, o = 0; i <= x->rank; i++) {
        if (i == a->dim) {
            shape[i] = a->n;
            continue;
        }
        *(i < a->dim ? &a->outer : &a->inner) *= x->shape[o];
        shape[i] = x->shape[o++];
    }
    rung__shape_set(n->out[0], g->real, x->rank + 1, shape);
    return RUNG_OK;
}

static void expand_rows(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const dim_ctx *c = ctx;
    const dim_attrs *a = c->a;
    size_t bytes = (size_t)a->inner * c->x->k->real_bytes;
    for (int64_t r = begin; r < end; r++)
        memcpy(rung__at(c->x, c->n->out[0]->data, r * a->inner),
               rung__at(c->x, c->n->in[0]->data, r / a->n * a->inner), bytes);
}

static rung_status expand_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    const dim_attrs *a = n->attrs;
    rung__ranges(x, a->outer * a->n, rung__row_grain(a->inner), expand_rows,
                 &(dim_ctx){n, x, a});
    return RUNG_OK;
}

static void expand_grad(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                        rung_tensor **dx)
{
    const dim_attrs *a = n->attrs;
    dx[0] = rung_sum_dim(g, dy[0], a->dim);
}

const rung_op rung__op_expand = {
    .name = "expand",
    .attr_bytes = sizeof(dim_attrs),
    .n_outputs = 1,
    .infer = expand_infer,
    .run = expand_run,
    .grad = expand_grad,
};

/* ---- Builders ---- */

rung_tensor *rung_sum_dim(rung_graph *g, rung_tensor *x, int dim)
{
    if (!x) return NULL;
    int at = dim < 0 ? x->rank + dim : dim;
    if (at < 0 || at >= x->rank)
        return rung_graph_fail(g, "sum_dim: rank %d has no dimension %d", x->rank, dim);
    return rung__op1(g, &rung__op_sum_dim, 1, 1, &x, &(dim_attrs){.dim = at});
}

rung_tensor *rung_expand(rung_graph *g, rung_tensor *x, int dim, int64_t n)
{
    if (!x) return NULL;
    int at = dim < 0 ? x->rank + 1 + dim : dim;
    if (at < 0 || at > x->rank || x->rank == RUNG_MAX_RANK || n < 1)
        return rung_graph_fail(g, "expand: no %lld copies at dimension %d of rank %d",
                               (long long)n, dim, x->rank);
    return rung__op1(g, &rung__op_expand, 1, 1, &x, &(dim_attrs){.dim = at, .n = n});
}

rung_tensor *rung_sum(rung_graph *g, rung_tensor *x)
{
    return x ? rung_sum_dim(g, rung__view(g, x, 1, &x->size), 0) : NULL;
}

rung_tensor *rung_mean(rung_graph *g, rung_tensor *x)
{
    return x ? rung_scale(g, rung_sum(g, x), 1.0 / (double)x->size) : NULL;
}

rung_tensor *rung_mean_dim(rung_graph *g, rung_tensor *x, int dim)
{
    rung_tensor *sum = rung_sum_dim(g, x, dim);
    return sum ? rung_scale(g, sum, (double)sum->size / (double)x->size) : NULL;
}
