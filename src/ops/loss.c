/* Losses over pairs of elements. */
#include "ops/loss.h"

static int64_t block_count(const rung_tensor *x)
{
    return (x->size + RUNG_GRAIN - 1) / RUNG_GRAIN;
}

rung_status rung__loss_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    const rung_tensor *x = n->in[0], *t = n->in[1];
    (void)g;
    if (x->size != t->size)
        return rung_fail(err, RUNG_SHAPE, "%s: %lld values, %lld targets", n->op->name,
                         (long long)x->size, (long long)t->size);
    n->scratch_bytes = (size_t)block_count(x) * sizeof(double);
    return RUNG_OK;
}

static void loss_range(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const rung_loss_ctx *c = ctx;
    double *sums = c->n->scratch;
    sums[begin / RUNG_GRAIN] =
        c->kernel(end - begin, rung__at(c->x, c->n->in[0]->data, begin),
                  rung__at(c->x, c->n->in[1]->data, begin));
}

void rung__loss_run(const rung_node *n, const rung_exec *x, rung_loss_kernel kernel)
{
    const double *sums = n->scratch;
    double total = 0;
    rung__ranges(x, n->in[0]->size, RUNG_GRAIN, loss_range,
                 &(rung_loss_ctx){n, x, kernel});
    for (int64_t i = 0; i < block_count(n->in[0]); i++) total += sums[i];
    rung__put(x, n->out[0]->data, 0, total);
    rung__put(x, n->out[1]->data, 0, (double)n->in[0]->size);
}

rung_status rung__loss_grad_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)g, (void)err;
    rung__shape_like(n->out[0], n->in[0]);
    return RUNG_OK;
}

rung_loss rung__loss(rung_graph *g, const rung_op *op, rung_tensor *x,
                     rung_tensor *targets)
{
    rung_node *n = rung__node(g, op, 2, 2, (rung_tensor *[]){x, targets}, NULL);
    return n ? (rung_loss){n->out[0], n->out[1]} : (rung_loss){NULL, NULL};
}
