/* y = softmax(x) over the last dimension.   dx = y (dy - <y, dy>). */
#include "ops/ops.h"

static rung_status softmax_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)g, (void)err;
    rung__shape_like(n->out[0], n->in[0]);
    return RUNG_OK;
}

typedef struct softmax_ctx {
    const rung_node *n;
    const rung_exec *x;
    int64_t width;
} softmax_ctx;

static void softmax_rows(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const softmax_ctx *c = ctx;
    for (int64_t r = begin; r < end; r++)
        c->x->k->softmax_row(c->width, rung__at(c->x, c->n->in[0]->data, r * c->width),
                             rung__at(c->x, c->n->out[0]->data, r * c->width));
}

static rung_status softmax_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    softmax_ctx c = {n, x, rung__last(n->in[0])};
    rung__ranges(x, rung__rows(n->in[0]), rung__row_grain(c.width), softmax_rows, &c);
    return RUNG_OK;
}

static void softmax_backward(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                             rung_tensor **dx)
{
    dx[0] = rung__op1(g, &rung__op_softmax_grad, 2, 2,
                      (rung_tensor *[]){n->out[0], dy[0]}, NULL);
}

const rung_op rung__op_softmax = {
    .name = "softmax",
    .n_outputs = 1,
    .infer = softmax_infer,
    .run = softmax_run,
    .grad = softmax_backward,
    .in_place = 1 << 0,
};

static void softmax_grad_rows(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const softmax_ctx *c = ctx;
    for (int64_t r = begin; r < end; r++) {
        int64_t at = r * c->width;
        c->x->k->softmax_grad_row(c->width, rung__at(c->x, c->n->in[0]->data, at),
                                  rung__at(c->x, c->n->in[1]->data, at),
                                  rung__at(c->x, c->n->out[0]->data, at));
    }
}

static rung_status softmax_grad_run(const rung_node *n, const rung_exec *x,
                                    rung_error *err)
{
    (void)err;
    softmax_ctx c = {n, x, rung__last(n->in[0])};
    rung__ranges(x, rung__rows(n->in[0]), rung__row_grain(c.width), softmax_grad_rows,
                 &c);
    return RUNG_OK;
}

const rung_op rung__op_softmax_grad = {
    .name = "softmax_grad",
    .n_outputs = 1,
    .infer = softmax_infer,
    .run = softmax_grad_run,
};

rung_tensor *rung_softmax(rung_graph *g, rung_tensor *x)
{
    return rung__op1(g, &rung__op_softmax, 1, 1, &x, NULL);
}
