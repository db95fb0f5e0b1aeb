/* Layer normalisation. */
#include "rung/nn.h"

rung_status rung_nn_layernorm_declare(const rung_scope *s, int64_t width, rung_error *err)
{
    rung_param gamma = {
        .name = "weight", .rank = 1, .shape = {width}, .init = RUNG_INIT_ONES};
    rung_param beta = {.name = "bias", .rank = 1, .shape = {width}};
    RUNG_TRY(rung_scope_declare(s, &gamma, err));
    return rung_scope_declare(s, &beta, err);
}

rung_tensor *rung_nn_layernorm(const rung_scope *s, rung_tensor *x, double eps)
{
    rung_graph_push(s->graph, "%s", s->path);
    rung_tensor *y = rung_layernorm(s->graph, x, rung_scope_param(s, "weight"),
                                    rung_scope_param(s, "bias"), eps);
    rung_graph_pop(s->graph);
    return y;
}
