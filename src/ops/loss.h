/* What the losses over pairs of elements share: inputs x and targets, outputs sum and
 * count. */
#ifndef RUNG_OPS_LOSS_H
#define RUNG_OPS_LOSS_H

#include "ops/ops.h"

/* The sum over n pairs. */
typedef double (*rung_loss_kernel)(int64_t n, const void *x, const void *t);

typedef struct rung_loss_ctx {
    const rung_node *n;
    const rung_exec *x;
    rung_loss_kernel kernel;
} rung_loss_ctx;

rung_status rung__loss_infer(rung_graph *g, rung_node *n, rung_error *err);
/* Sums over blocks of RUNG_GRAIN elements in double, joined in order. */
void rung__loss_run(const rung_node *n, const rung_exec *x, rung_loss_kernel kernel);
/* Of inputs x, targets, dloss. */
rung_status rung__loss_grad_infer(rung_graph *g, rung_node *n, rung_error *err);
rung_loss rung__loss(rung_graph *g, const rung_op *op, rung_tensor *x,
                     rung_tensor *targets);

#endif
