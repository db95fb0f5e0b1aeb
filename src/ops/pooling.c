/* One row for each sample from its first n = lengths[b] rows (all T without lengths):
 *
 *     mean:  y[b, c] = 1/n sum_t x[b, t, c]      dx[b, t, c] = dy[b, c] / n for t < n
 *     max:   y[b, c] = max_t x[b, t, c]          dx[b, t, c] = dy[b, c] at the first
 *                                                t that has it
 *
 * dx is 0 elsewhere. Of no rows, y is 0. Output 1 keeps where each maximum lies. */
#include "ops/ops.h"

#include <string.h>

typedef struct pooling_attrs {
    rung_pooling_mode mode;
    int64_t T; /* of the gradient's output */
} pooling_attrs;

enum { IN_X, IN_LENGTHS, IN_ROW, N_GRAD_INPUTS, N_INPUTS = IN_ROW };

static rung_status pooling_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    const rung_tensor *x = n->in[IN_X], *lengths = n->in[IN_LENGTHS];
    char xs[100];
    if (x->rank != 3)
        return rung_fail(err, RUNG_SHAPE, "pooling: input is %s, not [B, T, C]",
                         rung__tensor_shape(x, xs));
    if (lengths && lengths->size != x->shape[0])
        return rung_fail(err, RUNG_SHAPE, "pooling: %lld lengths for %lld samples",
                         (long long)lengths->size, (long long)x->shape[0]);
    int64_t shape[] = {x->shape[0], x->shape[2]};
    rung__shape_set(n->out[0], g->real, 2, shape);
    rung__shape_set(n->out[1], RUNG_I32, 2, shape);
    return RUNG_OK;
}

typedef struct pooling_ctx {
    const rung_node *n;
    const rung_exec *x;
    int64_t T, C;
} pooling_ctx;

/* How many rows of sample b count. */
static int64_t valid_rows(const pooling_ctx *c, int64_t b)
{
    const rung_tensor *lengths = c->n->in[IN_LENGTHS];
    int64_t n = lengths ? ((const int32_t *)lengths->data)[b] : c->T;
    return n < 0 ? 0 : n < c->T ? n : c->T;
}

static void pool_samples(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const pooling_ctx *c = ctx;
    const pooling_attrs *attrs = c->n->attrs;
    const rung_kernels *k = c->x->k;
    int32_t *row = c->n->out[1]->data; // NULL when no gradient asks for it
    for (int64_t b = begin; b < end; b++) {
        const void *x = rung__at(c->x, c->n->in[IN_X]->data, b * c->T * c->C);
        void *y = rung__at(c->x, c->n->out[0]->data, b * c->C);
        int64_t n = valid_rows(c, b);
        memset(y, 0, (size_t)c->C * k->real_bytes);
        if (n > 0 && attrs->mode == RUNG_POOLING_MAX) {
            k->max_rows(n, c->C, x, c->C, y, row ? row + b * c->C : NULL);
        } else if (n > 0) {
            k->add_rows(n, c->C, x, c->C, y);
            k->scale(c->C, 1.0 / (double)n, y, y);
        }
    }
}

static rung_status pooling_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    const int64_t *shape = n->in[IN_X]->shape;
    pooling_ctx c = {n, x, shape[1], shape[2]};
    rung__ranges(x, shape[0], rung__row_grain(c.T * c.C), pool_samples, &c);
    return RUNG_OK;
}

static void pooling_backward(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                             rung_tensor **dx)
{
    pooling_attrs attrs = *(const pooling_attrs *)n->attrs;
    attrs.T = n->in[IN_X]->shape[1];
    rung_tensor *in[] = {dy[0], n->in[IN_LENGTHS],
                         attrs.mode == RUNG_POOLING_MAX ? n->out[1] : NULL};
    dx[IN_X] = rung__op1(g, &rung__op_pooling_grad, 1, N_GRAD_INPUTS, in, &attrs);
}

static rung_cost pooling_cost(const rung_node *n)
{
    return (rung_cost){(double)n->in[IN_X]->size, 0};
}

const rung_op rung__op_pooling = {
    .name = "pooling",
    .attr_bytes = sizeof(pooling_attrs),
    .n_outputs = 2,
    .int_inputs = 1 << IN_LENGTHS,
    .infer = pooling_infer,
    .run = pooling_run,
    .grad = pooling_backward,
    .cost = pooling_cost,
};

/* ---- The gradient ---- */

static rung_status pooling_grad_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)err;
    const pooling_attrs *attrs = n->attrs;
    const int64_t *shape = n->in[0]->shape;
    rung__shape_set(n->out[0], g->real, 3, (int64_t[]){shape[0], attrs->T, shape[1]});
    return RUNG_OK;
}

static void spread_samples(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const pooling_ctx *c = ctx;
    const rung_exec *x = c->x;
    const int32_t *row = c->n->in[IN_ROW] ? c->n->in[IN_ROW]->data : NULL;
    size_t bytes = (size_t)c->C * x->k->real_bytes;
    for (int64_t b = begin; b < end; b++) {
        const void *dy = rung__at(x, c->n->in[0]->data, b * c->C);
        char *dx = rung__at(x, c->n->out[0]->data, b * c->T * c->C);
        int64_t n = valid_rows(c, b), written = row ? 0 : n;
        memset(dx + (size_t)written * bytes, 0, (size_t)(c->T - written) * bytes);
        if (written > 0) x->k->scale(c->C, 1.0 / (double)n, dy, dx);
        for (int64_t t = 1; t < written; t++) memcpy(dx + (size_t)t * bytes, dx, bytes);
        for (int64_t i = 0; row && n > 0 && i < c->C; i++)
            rung__put(x, dx, row[b * c->C + i] * c->C + i, rung__get(x, dy, i));
    }
}

static rung_status pooling_grad_run(const rung_node *n, const rung_exec *x,
                                    rung_error *err)
{
    (void)err;
    const int64_t *shape = n->out[0]->shape;
    pooling_ctx c = {n, x, shape[1], shape[2]};
    rung__ranges(x, shape[0], rung__row_grain(c.T * c.C), spread_samples, &c);
    return RUNG_OK;
}

const rung_op rung__op_pooling_grad = {
    .name = "pooling_grad",
    .attr_bytes = sizeof(pooling_attrs),
    .n_outputs = 1,
    .int_inputs = 1 << IN_LENGTHS | 1 << IN_ROW,
    .infer = pooling_grad_infer,
    .run = pooling_grad_run,
};

rung_tensor *rung_pooling(rung_graph *g, rung_tensor *x, rung_tensor *lengths,
                          rung_pooling_mode mode)
{
    return rung__op1(g, &rung__op_pooling, 1, N_INPUTS, (rung_tensor *[]){x, lengths},
                     &(pooling_attrs){.mode = mode});
}
