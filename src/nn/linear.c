/* Linear layer. */
#include "rung/nn.h"

rung_status rung_nn_linear_declare(const rung_scope *s, const rung_linear_spec *spec,
                                   rung_error *err)
{
    rung_param weight = {.name = "weight",
                         .rank = 2,
                         .shape = {spec->in, spec->out},
                         .init = spec->init,
                         .scale = spec->scale,
                         .transposed = spec->transposed,
                         .decay = true};
    if (spec->transposed) weight.shape[0] = spec->out, weight.shape[1] = spec->in;
    RUNG_TRY(rung_scope_declare(s, &weight, err));
    rung_param bias = {.name = "bias", .rank = 1, .shape = {spec->out}};
    return spec->bias ? rung_scope_declare(s, &bias, err) : RUNG_OK;
}

rung_tensor *rung_nn_linear(const rung_scope *s, const rung_linear_spec *spec,
                            rung_tensor *x, rung_act act, rung_tensor *residual)
{
    rung_graph_push(s->graph, "%s", s->path);
    rung_tensor *weight = rung_scope_param(s, "weight");
    rung_tensor *bias = spec->bias ? rung_scope_param(s, "bias") : NULL;
    rung_tensor *y = rung_linear(s->graph, x, weight, bias,
                                 spec->transposed ? RUNG_TRANS_B : 0, act, residual);
    rung_graph_pop(s->graph);
    return y;
}
