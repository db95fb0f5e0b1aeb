/* y = a x.   dx = a dy. */
#include "ops/ops.h"

typedef struct scale_attrs {
    double a;
} scale_attrs;

static rung_status scale_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)g, (void)err;
    rung__shape_like(n->out[0], n->in[0]);
    return RUNG_OK;
}

typedef struct scale_ctx {
    const rung_node *n;
    const rung_exec *x;
} scale_ctx;

static void scale_range(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const scale_ctx *c = ctx;
    const scale_attrs *attrs = c->n->attrs;
    c->x->k->scale(end - begin, attrs->a, rung__at(c->x, c->n->in[0]->data, begin),
                   rung__at(c->x, c->n->out[0]->data, begin));
}

static rung_status scale_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    rung__ranges(x, n->out[0]->size, RUNG_GRAIN, scale_range, &(scale_ctx){n, x});
    return RUNG_OK;
}

static void scale_grad(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                       rung_tensor **dx)
{
    const scale_attrs *attrs = n->attrs;
    dx[0] = rung_scale(g, dy[0], attrs->a);
}

const rung_op rung__op_scale = {
    .name = "scale",
    .attr_bytes = sizeof(scale_attrs),
    .n_outputs = 1,
    .infer = scale_infer,
    .run = scale_run,
    .grad = scale_grad,
    .in_place = 1 << 0,
};

rung_tensor *rung_scale(rung_graph *g, rung_tensor *x, double a)
{
    return rung__op1(g, &rung__op_scale, 1, 1, &x, &(scale_attrs){a});
}
