/* The Transformer block of GPT-2 (Radford et al. 2019, section 2.3: normalisation moved
 * to the input of each branch):
 *
 *     x = x + c_proj(attention(c_attn(ln_1(x))))
 *     x = x + c_proj(gelu(c_fc(ln_2(x))))
 *
 * Without dropout the residual is added in the epilogue of the product that ends the
 * branch. */
#include "rung/nn.h"

static rung_linear_spec branch_in(const rung_block_spec *b, int64_t times)
{
    return (rung_linear_spec){b->width, times * b->width, false,
                              true,     RUNG_INIT_NORMAL, b->scale};
}

static rung_linear_spec branch_out(const rung_block_spec *b, int64_t times)
{
    return (rung_linear_spec){times * b->width, b->width,       false, true,
                              RUNG_INIT_NORMAL, b->branch_scale};
}

rung_status rung_nn_block_declare(const rung_scope *s, const rung_block_spec *b,
                                  rung_error *err)
{
    rung_scope ln_1 = rung_scope_in(s, "ln_1"), ln_2 = rung_scope_in(s, "ln_2");
    rung_scope c_attn = rung_scope_in(s, "attn.c_attn"),
               c_proj = rung_scope_in(s, "attn.c_proj");
    rung_scope c_fc = rung_scope_in(s, "mlp.c_fc"),
               mlp_proj = rung_scope_in(s, "mlp.c_proj");
    rung_linear_spec attn = branch_in(b, 3), proj = branch_out(b, 1);
    rung_linear_spec fc = branch_in(b, 4), down = branch_out(b, 4);
    RUNG_TRY(rung_nn_layernorm_declare(&ln_1, b->width, err));
    RUNG_TRY(rung_nn_linear_declare(&c_attn, &attn, err));
    RUNG_TRY(rung_nn_linear_declare(&c_proj, &proj, err));
    RUNG_TRY(rung_nn_layernorm_declare(&ln_2, b->width, err));
    RUNG_TRY(rung_nn_linear_declare(&c_fc, &fc, err));
    return rung_nn_linear_declare(&mlp_proj, &down, err);
}

/* x + dropout(act(y) W + b). */
static rung_tensor *end_branch(const rung_scope *s, const rung_block_spec *b,
                               int64_t times, rung_tensor *y, rung_act act,
                               rung_tensor *x)
{
    rung_linear_spec spec = branch_out(b, times);
    if (b->dropout <= 0) return rung_nn_linear(s, &spec, y, act, x);
    y = rung_nn_linear(s, &spec, y, act, NULL);
    rung_graph_push(s->graph, "%s", s->path);
    x = rung_add(s->graph, rung_dropout(s->graph, y, b->dropout), x);
    rung_graph_pop(s->graph);
    return x;
}

/* Attention over the packed queries, keys and values, or over the caches. */
static rung_tensor *attend(const rung_scope *s, const rung_block_spec *b,
                           rung_tensor *qkv)
{
    rung_attention_config c = {.heads = b->heads,
                               .width = b->width,
                               .k_column = b->width,
                               .v_column = 2 * b->width,
                               .causal = true,
                               .dropout = b->dropout};
    if (!s->states) return rung_attention(s->graph, qkv, qkv, qkv, NULL, &c);
    rung_tensor *k =
        rung_cache_write(s->graph, rung_scope_state(s, "k"), qkv, c.k_column);
    rung_tensor *v =
        rung_cache_write(s->graph, rung_scope_state(s, "v"), qkv, c.v_column);
    c.k_column = c.v_column = 0;
    c.cached = true;
    return rung_attention(s->graph, qkv, k, v, NULL, &c);
}

/* Queries, keys and values of the normalised x, packed. */
static rung_tensor *project(const rung_scope *s, const rung_block_spec *b, rung_tensor *x)
{
    rung_scope ln_1 = rung_scope_in(s, "ln_1"), c_attn = rung_scope_in(s, "attn.c_attn");
    rung_linear_spec attn = branch_in(b, 3);
    return rung_nn_linear(&c_attn, &attn, rung_nn_layernorm(&ln_1, x, b->eps),
                          RUNG_ACT_NONE, NULL);
}

rung_tensor *rung_nn_block_weights(const rung_scope *s, const rung_block_spec *b,
                                   rung_tensor *x, rung_tensor *mask)
{
    rung_tensor *qkv = project(s, b, x);
    const rung_attention_config c = {
        .heads = b->heads, .width = b->width, .k_column = b->width};
    rung_graph_push(s->graph, "%s.attn", s->path);
    rung_tensor *weights = rung_nn_attention_weights(s->graph, qkv, qkv, &c, mask);
    rung_graph_pop(s->graph);
    return weights;
}

rung_tensor *rung_nn_block(const rung_scope *s, const rung_block_spec *b, rung_tensor *x)
{
    rung_scope ln_2 = rung_scope_in(s, "ln_2"), c_proj = rung_scope_in(s, "attn.c_proj");
    rung_scope c_fc = rung_scope_in(s, "mlp.c_fc"),
               mlp_proj = rung_scope_in(s, "mlp.c_proj");
    rung_linear_spec fc = branch_in(b, 4);

    rung_tensor *qkv = project(s, b, x);
    rung_graph_push(s->graph, "%s.attn", s->path);
    rung_tensor *y = attend(s, b, qkv);
    rung_graph_pop(s->graph);
    x = end_branch(&c_proj, b, 1, y, RUNG_ACT_NONE, x);
    rung_tensor *h = rung_nn_linear(&c_fc, &fc, rung_nn_layernorm(&ln_2, x, b->eps),
                                    RUNG_ACT_NONE, NULL);
    return end_branch(&mlp_proj, b, 4, h, RUNG_ACT_GELU, x);
}
