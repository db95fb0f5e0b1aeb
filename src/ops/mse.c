/* Squared error, summed over all elements:   loss = sum (x - t)^2,   dx = 2 (x - t).
 *
 * Output 1 is the number of elements, which a mean divides by. Targets: no gradient. */
#include "ops/ops.h"

#include "ops/loss.h"

static rung_status mse_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    rung__loss_run(n, x, x->k->squared_error);
    return RUNG_OK;
}

static void mse_backward(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                         rung_tensor **dx)
{
    dx[0] = rung__op1(g, &rung__op_mse_grad, 3, 3,
                      (rung_tensor *[]){n->in[0], n->in[1], dy[0]}, NULL);
}

const rung_op rung__op_mse = {
    .name = "mse",
    .n_outputs = 2,
    .infer = rung__loss_infer,
    .run = mse_run,
    .grad = mse_backward,
    .all_outputs = true,
};

static void mse_grad_range(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const rung_loss_ctx *c = ctx;
    double a = 2 * rung__get(c->x, c->n->in[2]->data, 0);
    void *dx = rung__at(c->x, c->n->out[0]->data, begin);
    c->x->k->scale(end - begin, a, rung__at(c->x, c->n->in[0]->data, begin), dx);
    c->x->k->axpy(end - begin, -a, rung__at(c->x, c->n->in[1]->data, begin), dx);
}

static rung_status mse_grad_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    rung__ranges(x, n->in[0]->size, RUNG_GRAIN, mse_grad_range,
                 &(rung_loss_ctx){.n = n, .x = x});
    return RUNG_OK;
}

const rung_op rung__op_mse_grad = {
    .name = "mse_grad",
    .n_outputs = 1,
    .infer = rung__loss_grad_infer,
    .run = mse_grad_run,
    .in_place = 1 << 0,
};

rung_loss rung_mse(rung_graph *g, rung_tensor *x, rung_tensor *targets)
{
    return rung__loss(g, &rung__op_mse, x, targets);
}
