/* z = x * y, y broadcast over the leading dimensions of x.
 * dx = dz * y;  dy = sum of dz * x over those dimensions. */
#include "ops/ops.h"

#include "ops/broadcast.h"

static void mul_grad(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                     rung_tensor **dx)
{
    rung_tensor *x = n->in[0], *y = n->in[1];
    if (x->needs_grad) dx[0] = rung_mul(g, dy[0], y);
    if (y->needs_grad) dx[1] = rung__sum_to(g, rung_mul(g, dy[0], x), y);
}

static rung_status mul_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    rung__broadcast_run(n, x, x->k->mul);
    return RUNG_OK;
}

const rung_op rung__op_mul = {
    .name = "mul",
    .n_outputs = 1,
    .infer = rung__broadcast_infer,
    .run = mul_run,
    .grad = mul_grad,
    .cost = rung__broadcast_cost,
    .in_place = 1 << 0 | 1 << 1,
};

rung_tensor *rung_mul(rung_graph *g, rung_tensor *x, rung_tensor *y)
{
    return rung__op1(g, &rung__op_mul, 2, 2, (rung_tensor *[]){x, y}, NULL);
}
