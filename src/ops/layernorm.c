/* y = (x - mean) rstd gamma + beta over the last dimension (Ba, Kiros, Hinton 2016), with
 * rstd = 1 / sqrt(var + eps). Outputs 1 and 2 keep mean and rstd of each row for the
 * gradient:
 *
 *     xhat = (x - mean) rstd,  p = dy gamma
 *     dx = rstd (p - mean(p) - xhat mean(p xhat)),  dgamma = sum dy xhat,
 *     dbeta = sum dy */
#include "ops/ops.h"

#include <string.h>

#include "ops/layernorm.h"

static rung_status layernorm_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    const rung_tensor *x = n->in[0], *gamma = n->in[1], *beta = n->in[2];
    if (gamma->size != rung__last(x) || beta->size != rung__last(x))
        return rung_fail(
            err, RUNG_SHAPE,
            "layernorm: rows are %lld wide, gamma has %lld and beta %lld elements",
            (long long)rung__last(x), (long long)gamma->size, (long long)beta->size);
    rung__shape_like(n->out[0], x);
    int64_t rows = rung__rows(x);
    for (int o = 1; o < 3; o++) rung__shape_set(n->out[o], g->real, 1, &rows);
    return RUNG_OK;
}

typedef struct layernorm_ctx {
    const rung_node *n;
    const rung_exec *x;
    int64_t width;
    void *parts; /* [2, blocks, width]: partial sums of dgamma, then of dbeta */
} layernorm_ctx;

static void layernorm_rows(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const layernorm_ctx *c = ctx;
    const rung_layernorm_attrs *attrs = c->n->attrs;
    c->x->k->layernorm(end - begin, c->width, attrs->eps,
                       rung__at(c->x, c->n->in[0]->data, begin * c->width),
                       c->n->in[1]->data, c->n->in[2]->data,
                       rung__at(c->x, c->n->out[0]->data, begin * c->width),
                       rung__at(c->x, c->n->out[1]->data, begin),
                       rung__at(c->x, c->n->out[2]->data, begin));
}

static rung_status layernorm_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    layernorm_ctx c = {n, x, rung__last(n->in[0]), NULL};
    rung__ranges(x, rung__rows(n->in[0]), rung__row_grain(c.width), layernorm_rows, &c);
    return RUNG_OK;
}

static void layernorm_backward(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                               rung_tensor **dx)
{
    rung_tensor *in[] = {n->in[0], n->in[1], n->out[1], n->out[2], dy[0]};
    rung_node *d = rung__node(g, &rung__op_layernorm_grad, 5, 5, in, NULL);
    for (int i = 0; d && i < 3; i++) dx[i] = d->out[i];
}

static rung_cost layernorm_cost(const rung_node *n)
{
    return (rung_cost){8.0 * (double)n->out[0]->size, 0};
}

const rung_op rung__op_layernorm = {
    .name = "layernorm",
    .attr_bytes = sizeof(rung_layernorm_attrs),
    .n_outputs = 3,
    .infer = layernorm_infer,
    .run = layernorm_run,
    .grad = layernorm_backward,
    .cost = layernorm_cost,
    .all_outputs = true,
};

/* ---- The gradient. Inputs x, gamma, mean, rstd, dy; outputs dx, dgamma, dbeta. ---- */

enum { GRAD_BLOCK = 64 }; // rows of one partial sum of dgamma and dbeta

static int64_t grad_blocks(const rung_tensor *x)
{
    return (rung__rows(x) + GRAD_BLOCK - 1) / GRAD_BLOCK;
}

static rung_status layernorm_grad_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)err;
    const rung_tensor *x = n->in[0];
    rung__shape_like(n->out[0], x);
    for (int o = 1; o < 3; o++) rung__shape_like(n->out[o], n->in[1]);
    n->scratch_bytes = (size_t)(2 * grad_blocks(x) * rung__last(x)) * rung__real_bytes(g);
    return RUNG_OK;
}

static void layernorm_grad_rows(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const layernorm_ctx *c = ctx;
    const rung_node *n = c->n;
    int64_t at = begin * c->width, blocks = grad_blocks(n->in[0]);
    void *dgamma = rung__at(c->x, c->parts, begin / GRAD_BLOCK * c->width);
    void *dbeta = rung__at(c->x, dgamma, blocks * c->width);
    memset(dgamma, 0, (size_t)c->width * c->x->k->real_bytes);
    memset(dbeta, 0, (size_t)c->width * c->x->k->real_bytes);
    c->x->k->layernorm_grad(end - begin, c->width, rung__at(c->x, n->in[0]->data, at),
                            n->in[1]->data, rung__at(c->x, n->in[2]->data, begin),
                            rung__at(c->x, n->in[3]->data, begin),
                            rung__at(c->x, n->in[4]->data, at),
                            rung__at(c->x, n->out[0]->data, at), dgamma, dbeta);
}

static rung_status layernorm_grad_run(const rung_node *n, const rung_exec *x,
                                      rung_error *err)
{
    (void)err;
    int64_t width = rung__last(n->in[0]), blocks = grad_blocks(n->in[0]);
    layernorm_ctx c = {n, x, width, n->scratch};
    rung__ranges(x, rung__rows(n->in[0]), GRAD_BLOCK, layernorm_grad_rows, &c);
    rung__join_rows(x, blocks, width, n->scratch, n->out[1]->data);
    rung__join_rows(x, blocks, width, rung__at(x, n->scratch, blocks * width),
                    n->out[2]->data);
    return RUNG_OK;
}

const rung_op rung__op_layernorm_grad = {
    .name = "layernorm_grad",
    .n_outputs = 3,
    .infer = layernorm_grad_infer,
    .run = layernorm_grad_run,
    .cost = layernorm_cost,
    .all_outputs = true,
};

rung_tensor *rung_layernorm(rung_graph *g, rung_tensor *x, rung_tensor *gamma,
                            rung_tensor *beta, double eps)
{
    return rung__op1(g, &rung__op_layernorm, 3, 3, (rung_tensor *[]){x, gamma, beta},
                     &(rung_layernorm_attrs){eps});
}
