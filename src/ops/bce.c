/* Binary cross-entropy with logits, summed over all elements, without overflow:
 *
 *     loss = sum max(x, 0) - x t + log(1 + exp(-|x|)),   dx = sigmoid(x) - t
 *
 * Output 1 is the number of elements, which a mean divides by. Targets: no gradient. */
#include "ops/ops.h"

#include "ops/loss.h"

static rung_status bce_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    rung__loss_run(n, x, x->k->bce);
    return RUNG_OK;
}

static void bce_backward(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                         rung_tensor **dx)
{
    dx[0] = rung__op1(g, &rung__op_bce_grad, 3, 3,
                      (rung_tensor *[]){n->in[0], n->in[1], dy[0]}, NULL);
}

const rung_op rung__op_bce = {
    .name = "bce",
    .n_outputs = 2,
    .infer = rung__loss_infer,
    .run = bce_run,
    .grad = bce_backward,
    .all_outputs = true,
};

static void bce_grad_range(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const rung_loss_ctx *c = ctx;
    c->x->k->bce_grad(end - begin, rung__get(c->x, c->n->in[2]->data, 0),
                      rung__at(c->x, c->n->in[0]->data, begin),
                      rung__at(c->x, c->n->in[1]->data, begin),
                      rung__at(c->x, c->n->out[0]->data, begin));
}

static rung_status bce_grad_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    rung__ranges(x, n->in[0]->size, RUNG_GRAIN, bce_grad_range,
                 &(rung_loss_ctx){.n = n, .x = x});
    return RUNG_OK;
}

const rung_op rung__op_bce_grad = {
    .name = "bce_grad",
    .n_outputs = 1,
    .infer = rung__loss_grad_infer,
    .run = bce_grad_run,
    .in_place = 1 << 0,
};

rung_loss rung_bce_with_logits(rung_graph *g, rung_tensor *logits, rung_tensor *targets)
{
    return rung__loss(g, &rung__op_bce, logits, targets);
}
