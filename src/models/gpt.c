/* gpt: GPT-2 (Radford et al. 2019, "Language models are unsupervised multitask
 * learners"), with the names and layouts of Hugging Face's GPT2LMHeadModel.
 *
 *     x = wte[ids] + wpe[0 ... T-1]
 *     x = block(x), n_layer times
 *     logits = ln_f(x) wte^T
 *
 * Weights start from N(0, 0.02), those that end a residual branch from
 * N(0, 0.02 / sqrt(2 n_layer)). */
#include "models/attention.h"

#include <math.h>
#include <string.h>

#include "models/lm_stream.h"
#include "models/rungs.h"
#include "rung/nn.h"

typedef struct gpt_config {
    int64_t layers, heads, width, context;
    double dropout;
} gpt_config;

typedef struct gpt {
    rung_model base;
    gpt_config config;
} gpt;

#define FIELD(name) offsetof(gpt_config, name)

static const rung_option gpt_options[] = {
    {"layers", RUNG_OPTION_INT, FIELD(layers), "4", 1, 256, NULL, "Transformer blocks",
     "n_layer"},
    {"heads", RUNG_OPTION_INT, FIELD(heads), "4", 1, 256, NULL, "attention heads",
     "n_head"},
    {"width", RUNG_OPTION_INT, FIELD(width), "128", 1, 65536, NULL,
     "size of a token's vector, a multiple of the heads", "n_embd"},
    {"context", RUNG_OPTION_INT, FIELD(context), "128", 1, 1 << 20, NULL,
     "tokens it looks back over", "n_positions"},
    {"dropout", RUNG_OPTION_REAL, FIELD(dropout), "0", 0, 0.9, NULL,
     "share of values dropped while training", "resid_pdrop"},
};

static const rung_config_key gpt_keys[] = {
    {"architectures", "[\"GPT2LMHeadModel\"]"},
    {"activation_function", "\"gelu_new\""},
    {"layer_norm_epsilon", "1e-05"},
    {"n_inner", "null"},
    {"scale_attn_weights", "true"},
    {"scale_attn_by_inverse_layer_idx", "false"},
    {"tie_word_embeddings", "true"},
    {"embd_pdrop", "=resid_pdrop"},
    {"attn_pdrop", "=resid_pdrop"},
    {"n_ctx", "=n_positions"},
};

/* Masks that older checkpoints hold, and the tied copy of wte. */
static const char *const gpt_ignored[] = {".attn.bias", ".attn.masked_bias",
                                          "lm_head.weight", NULL};

static const double INIT = 0.02, EPS = 1e-5;

static const gpt *gpt_of(const rung_model *m)
{
    return (const gpt *)m;
}

static rung_block_spec block_spec(const gpt_config *c, bool training)
{
    return (rung_block_spec){.width = c->width,
                             .heads = c->heads,
                             .dropout = training ? c->dropout : 0,
                             .eps = EPS,
                             .scale = INIT,
                             .branch_scale = INIT / sqrt(2.0 * (double)c->layers)};
}

static rung_status gpt_declare(rung_model *m, rung_error *err)
{
    const gpt_config *c = &gpt_of(m)->config;
    if (c->width % c->heads != 0)
        return rung_fail(err, RUNG_USAGE, "width %lld is not a multiple of %lld heads",
                         (long long)c->width, (long long)c->heads);
    m->context = m->max_context = c->context;
    rung_scope root = rung_scope_root(m->params, NULL, NULL);
    rung_scope top = rung_scope_in(&root, "transformer");
    rung_scope wte = rung_scope_in(&top, "wte"), wpe = rung_scope_in(&top, "wpe");
    rung_scope ln_f = rung_scope_in(&top, "ln_f");
    rung_embedding_spec tokens = {m->vocab, c->width, RUNG_INIT_NORMAL, INIT, false};
    rung_embedding_spec places = {c->context, c->width, RUNG_INIT_NORMAL, INIT, false};
    rung_block_spec block = block_spec(c, true);
    RUNG_TRY(rung_nn_embedding_declare(&wte, &tokens, err));
    RUNG_TRY(rung_nn_embedding_declare(&wpe, &places, err));
    for (int64_t l = 0; l < c->layers; l++) {
        rung_scope h = rung_scope_in(&top, "h.%lld", (long long)l);
        RUNG_TRY(rung_nn_block_declare(&h, &block, err));
    }
    return rung_nn_layernorm_declare(&ln_f, c->width, err);
}

/* wte[ids] + wpe[0 ... T-1]; NULL after an error. */
static rung_tensor *embed(const rung_scope *top, const gpt_config *c, rung_tensor *ids,
                          double dropout)
{
    rung_graph *g = top->graph;
    rung_scope wte = rung_scope_in(top, "wte"), wpe = rung_scope_in(top, "wpe");
    if (!ids) return NULL;
    if (rung_tensor_dim(ids, 1) > c->context)
        return rung_graph_fail(g, "windows of %lld tokens, but the context is %lld",
                               (long long)rung_tensor_dim(ids, 1), (long long)c->context);
    rung_tensor *places =
        rung_nn_embedding(&wpe, rung_positions(g, rung_tensor_dim(ids, 1)));
    rung_tensor *tokens = rung_nn_embedding(&wte, ids);
    rung_graph_push(g, "%s", top->path);
    rung_tensor *x = rung_dropout(g, rung_add(g, tokens, places), dropout);
    rung_graph_pop(g);
    return x;
}

static rung_tensor *gpt_logits(const rung_model *m, rung_graph *g, rung_tensor *ids,
                               const rung_params *states, bool training)
{
    const gpt_config *c = &gpt_of(m)->config;
    rung_scope root = rung_scope_root(m->params, g, states);
    rung_scope top = rung_scope_in(&root, "transformer");
    rung_scope wte = rung_scope_in(&top, "wte"), ln_f = rung_scope_in(&top, "ln_f");
    rung_block_spec block = block_spec(c, training);
    rung_tensor *x = embed(&top, c, ids, block.dropout);
    for (int64_t l = 0; x && l < c->layers; l++) {
        rung_scope h = rung_scope_in(&top, "h.%lld", (long long)l);
        x = rung_nn_block(&h, &block, x);
    }
    if (!x) return NULL;
    x = rung_nn_layernorm(&ln_f, x, EPS);
    rung_graph_push(g, "lm_head");
    rung_tensor *logits = rung_linear(g, x, rung_scope_param(&wte, "weight"), NULL,
                                      RUNG_TRANS_B, RUNG_ACT_NONE, NULL);
    rung_graph_pop(g);
    return logits;
}

size_t rung__gpt_attention(const rung_model *m, rung_graph *g, rung_tensor *ids,
                           rung_tensor *mask, rung_tensor **weights)
{
    const gpt_config *c = &gpt_of(m)->config;
    rung_scope root = rung_scope_root(m->params, g, NULL);
    rung_scope top = rung_scope_in(&root, "transformer");
    rung_block_spec block = block_spec(c, false);
    rung_tensor *x = embed(&top, c, ids, 0);
    for (int64_t l = 0; l < c->layers; l++) {
        rung_scope h = rung_scope_in(&top, "h.%lld", (long long)l);
        weights[l] = x ? rung_nn_block_weights(&h, &block, x, mask) : NULL;
        x = x ? rung_nn_block(&h, &block, x) : NULL;
    }
    return (size_t)c->layers;
}

/* ---- Generation: keys and values of what was read are kept in caches ---- */

static rung_status gpt_states(const rung_model *m, rung_params *states, int64_t extent,
                              rung_error *err)
{
    const gpt_config *c = &gpt_of(m)->config;
    rung_scope root = rung_scope_root(states, NULL, NULL);
    rung_scope top = rung_scope_in(&root, "transformer");
    for (int64_t l = 0; l < c->layers; l++) {
        rung_scope h = rung_scope_in(&top, "h.%lld", (long long)l);
        rung_param cache = {.rank = 3, .shape = {1, extent, c->width}};
        cache.name = "k";
        RUNG_TRY(rung_scope_declare(&h, &cache, err));
        cache.name = "v";
        RUNG_TRY(rung_scope_declare(&h, &cache, err));
    }
    return RUNG_OK;
}

static rung_status gpt_open(rung_session *s, int64_t max_tokens, rung_error *err)
{
    int64_t context = s->model->context;
    return rung__lm_stream_open(s, gpt_states,
                                max_tokens < context ? max_tokens : context, err);
}

static const rung_stream_ops gpt_stream = {
    .session_bytes = sizeof(rung__lm_stream),
    .open = gpt_open,
    .read = rung__lm_stream_read,
    .close = rung__lm_stream_close,
};

static const rung_raw_ops gpt_raw = {
    .logits = gpt_logits,
    .stream = &gpt_stream,
};

const rung_class rung__gpt = {
    .name = "gpt",
    .model_type = "gpt2",
    .summary = "Transformer decoder: GPT-2, attention over the whole context",
    .model_bytes = sizeof(gpt),
    .options = gpt_options,
    .n_options = sizeof gpt_options / sizeof gpt_options[0],
    .options_offset = offsetof(gpt, config),
    .config_keys = gpt_keys,
    .n_config_keys = sizeof gpt_keys / sizeof gpt_keys[0],
    .ignored_tensors = gpt_ignored,
    .declare = gpt_declare,
    .raw = &gpt_raw,
};
