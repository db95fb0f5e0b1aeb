/* int32 [T]: run.past, run.past + 1, ...: what learned positions are looked up by. No
 * gradient. */
#include "ops/ops.h"

typedef struct positions_attrs {
    int64_t T;
} positions_attrs;

static rung_status positions_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)g, (void)err;
    const positions_attrs *attrs = n->attrs;
    rung__shape_set(n->out[0], RUNG_I32, 1, &attrs->T);
    return RUNG_OK;
}

static rung_status positions_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    int32_t *out = n->out[0]->data;
    for (int64_t t = 0; t < n->out[0]->size; t++) out[t] = (int32_t)(x->run->past + t);
    return RUNG_OK;
}

const rung_op rung__op_positions = {
    .name = "positions",
    .attr_bytes = sizeof(positions_attrs),
    .n_outputs = 1,
    .infer = positions_infer,
    .run = positions_run,
};

rung_tensor *rung_positions(rung_graph *g, int64_t T)
{
    return rung__op1(g, &rung__op_positions, 0, 0, NULL, &(positions_attrs){T});
}
