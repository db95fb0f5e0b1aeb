/* The Transformer layer of BERT's encoder (Devlin et al. 2019, section 3; Vaswani et al.
 * 2017, section 3.1: normalisation after each branch):
 *
 *     x = LayerNorm(x + dense(attention(query(x), key(x), value(x))))
 *     x = LayerNorm(x + dense(gelu(intermediate(x))))
 *
 * Without dropout the residual is added in the epilogue of the product that ends the
 * branch. */
#include "rung/nn.h"

typedef enum part { QUERY, KEY, VALUE, ATTENDED, INNER, OUTER, N_PARTS } part;

static const char *const names[N_PARTS] = {
    "attention.self.query",   "attention.self.key", "attention.self.value",
    "attention.output.dense", "intermediate.dense", "output.dense",
};

/* The normalisation that ends a branch, beside its dense layer. */
static const char *norm_name(part p)
{
    return p == ATTENDED ? "attention.output.LayerNorm" : "output.LayerNorm";
}

static rung_linear_spec spec_of(const rung_encoder_spec *e, part p)
{
    return (rung_linear_spec){.in = p == OUTER ? e->inner : e->width,
                              .out = p == INNER ? e->inner : e->width,
                              .transposed = true,
                              .bias = true,
                              .init = RUNG_INIT_NORMAL,
                              .scale = e->scale};
}

rung_status rung_nn_encoder_layer_declare(const rung_scope *s, const rung_encoder_spec *e,
                                          rung_error *err)
{
    for (part p = 0; p < N_PARTS; p++) {
        rung_scope dense = rung_scope_in(s, "%s", names[p]);
        rung_linear_spec spec = spec_of(e, p);
        RUNG_TRY(rung_nn_linear_declare(&dense, &spec, err));
        if (p != ATTENDED && p != OUTER) continue;
        rung_scope norm = rung_scope_in(s, "%s", norm_name(p));
        RUNG_TRY(rung_nn_layernorm_declare(&norm, e->width, err));
    }
    return RUNG_OK;
}

/* act(x) W + b + residual. */
static rung_tensor *dense(const rung_scope *s, const rung_encoder_spec *e, part p,
                          rung_tensor *x, rung_act act, rung_tensor *residual)
{
    rung_scope place = rung_scope_in(s, "%s", names[p]);
    rung_linear_spec spec = spec_of(e, p);
    return rung_nn_linear(&place, &spec, x, act, residual);
}

/* LayerNorm(x + dropout(dense(act(y)))). */
static rung_tensor *end_branch(const rung_scope *s, const rung_encoder_spec *e, part p,
                               rung_tensor *y, rung_act act, rung_tensor *x)
{
    rung_scope norm = rung_scope_in(s, "%s", norm_name(p));
    if (e->dropout > 0) {
        y = dense(s, e, p, y, act, NULL);
        rung_graph_push(s->graph, "%s", s->path);
        y = rung_add(s->graph, rung_dropout(s->graph, y, e->dropout), x);
        rung_graph_pop(s->graph);
    } else {
        y = dense(s, e, p, y, act, x);
    }
    return rung_nn_layernorm(&norm, y, e->eps);
}

rung_tensor *rung_nn_encoder_layer_weights(const rung_scope *s,
                                           const rung_encoder_spec *e, rung_tensor *x,
                                           rung_tensor *mask)
{
    const rung_attention_config config = {.heads = e->heads, .width = e->width};
    rung_tensor *q = dense(s, e, QUERY, x, RUNG_ACT_NONE, NULL);
    rung_tensor *k = dense(s, e, KEY, x, RUNG_ACT_NONE, NULL);
    rung_graph_push(s->graph, "%s.attention.self", s->path);
    rung_tensor *weights = rung_nn_attention_weights(s->graph, q, k, &config, mask);
    rung_graph_pop(s->graph);
    return weights;
}

rung_tensor *rung_nn_encoder_layer(const rung_scope *s, const rung_encoder_spec *e,
                                   rung_tensor *x, rung_tensor *lengths, int64_t rows)
{
    rung_attention_config config = {
        .heads = e->heads, .width = e->width, .dropout = e->attention_dropout};
    rung_tensor *k = dense(s, e, KEY, x, RUNG_ACT_NONE, NULL);
    rung_tensor *v = dense(s, e, VALUE, x, RUNG_ACT_NONE, NULL);
    x = rung_slice(s->graph, x, 1, 0, rows);
    rung_tensor *q = dense(s, e, QUERY, x, RUNG_ACT_NONE, NULL);
    rung_graph_push(s->graph, "%s.attention.self", s->path);
    rung_tensor *y = rung_attention(s->graph, q, k, v, lengths, &config);
    rung_graph_pop(s->graph);
    x = end_branch(s, e, ATTENDED, y, RUNG_ACT_NONE, x);
    rung_tensor *inner = dense(s, e, INNER, x, RUNG_ACT_NONE, NULL);
    return end_branch(s, e, OUTER, inner, RUNG_ACT_GELU_ERF, x);
}
