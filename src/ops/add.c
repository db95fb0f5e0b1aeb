/* z = x + y, y broadcast over the leading dimensions of x.
 * dx = dz;  dy = sum of dz over them. */
#include "ops/ops.h"

#include "ops/broadcast.h"

static void add_grad(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                     rung_tensor **dx)
{
    dx[0] = dy[0];
    if (n->in[1]->needs_grad) dx[1] = rung__sum_to(g, dy[0], n->in[1]);
}

static rung_status add_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    rung__broadcast_run(n, x, x->k->add);
    return RUNG_OK;
}

const rung_op rung__op_add = {
    .name = "add",
    .n_outputs = 1,
    .infer = rung__broadcast_infer,
    .run = add_run,
    .grad = add_grad,
    .cost = rung__broadcast_cost,
    .in_place = 1 << 0 | 1 << 1,
};

rung_tensor *rung_add(rung_graph *g, rung_tensor *x, rung_tensor *y)
{
    return rung__op1(g, &rung__op_add, 2, 2, (rung_tensor *[]){x, y}, NULL);
}
