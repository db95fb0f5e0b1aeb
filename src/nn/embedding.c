/* Embedding: a table of rows looked up by id. */
#include "rung/nn.h"

rung_status rung_nn_embedding_declare(const rung_scope *s,
                                      const rung_embedding_spec *spec, rung_error *err)
{
    rung_param weight = {.name = "weight",
                         .rank = 2,
                         .shape = {spec->rows, spec->width},
                         .init = spec->init,
                         .scale = spec->scale,
                         .decay = true,
                         .row_sparse = spec->row_sparse};
    return rung_scope_declare(s, &weight, err);
}

rung_tensor *rung_nn_embedding(const rung_scope *s, rung_tensor *ids)
{
    rung_graph_push(s->graph, "%s", s->path);
    rung_tensor *y = rung_embedding(s->graph, rung_scope_param(s, "weight"), ids);
    rung_graph_pop(s->graph);
    return y;
}
