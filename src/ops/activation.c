/* y = f(x) for the functions of RUNG_ACT_LIST.   dx = dy f'(x).
 *
 * The derivative is computed from x, or from y where that is cheaper (sigmoid, tanh): the
 * one that is "saved". */
#include "ops/activation.h"

typedef struct activation_attrs {
    rung_act act;
} activation_attrs;

bool rung__act_saves_output(rung_act act)
{
    return act == RUNG_ACT_SIGMOID || act == RUNG_ACT_TANH;
}

static rung_status activation_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)g, (void)err;
    rung__shape_like(n->out[0], n->in[0]);
    return RUNG_OK;
}

typedef struct activation_ctx {
    const rung_node *n;
    const rung_exec *x;
} activation_ctx;

static void activation_range(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const activation_ctx *c = ctx;
    const activation_attrs *attrs = c->n->attrs;
    c->x->k->act(attrs->act, end - begin, rung__at(c->x, c->n->in[0]->data, begin),
                 rung__at(c->x, c->n->out[0]->data, begin));
}

static rung_status activation_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    rung__ranges(x, n->out[0]->size, RUNG_GRAIN, activation_range,
                 &(activation_ctx){n, x});
    return RUNG_OK;
}

static void activation_backward(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                                rung_tensor **dx)
{
    const activation_attrs *attrs = n->attrs;
    rung_tensor *saved = rung__act_saves_output(attrs->act) ? n->out[0] : n->in[0];
    dx[0] = rung__activation_grad(g, saved, dy[0], attrs->act);
}

static rung_cost activation_cost(const rung_node *n)
{
    return (rung_cost){20.0 * (double)n->out[0]->size, 0}; // a polynomial or two
}

const rung_op rung__op_activation = {
    .name = "activation",
    .attr_bytes = sizeof(activation_attrs),
    .n_outputs = 1,
    .infer = activation_infer,
    .run = activation_run,
    .grad = activation_backward,
    .cost = activation_cost,
    .in_place = 1 << 0,
};

/* ---- dx = dy f', from what was saved ---- */

static void activation_grad_range(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const activation_ctx *c = ctx;
    const activation_attrs *attrs = c->n->attrs;
    c->x->k->act_grad(attrs->act, end - begin, rung__at(c->x, c->n->in[0]->data, begin),
                      rung__at(c->x, c->n->in[1]->data, begin),
                      rung__at(c->x, c->n->out[0]->data, begin));
}

static rung_status activation_grad_run(const rung_node *n, const rung_exec *x,
                                       rung_error *err)
{
    (void)err;
    rung__ranges(x, n->out[0]->size, RUNG_GRAIN, activation_grad_range,
                 &(activation_ctx){n, x});
    return RUNG_OK;
}

const rung_op rung__op_activation_grad = {
    .name = "activation_grad",
    .attr_bytes = sizeof(activation_attrs),
    .n_outputs = 1,
    .infer = activation_infer,
    .run = activation_grad_run,
    .cost = activation_cost,
    .in_place = 1 << 0 | 1 << 1,
};

rung_tensor *rung__activation_grad(rung_graph *g, rung_tensor *saved, rung_tensor *dy,
                                   rung_act act)
{
    return rung__op1(g, &rung__op_activation_grad, 2, 2, (rung_tensor *[]){saved, dy},
                     &(activation_attrs){act});
}

rung_tensor *rung_activation(rung_graph *g, rung_tensor *x, rung_act act)
{
    if (act == RUNG_ACT_NONE) return x;
    return rung__op1(g, &rung__op_activation, 1, 1, &x, &(activation_attrs){act});
}
