/* Layers. Each has two functions over a scope: `..._declare` adds its parameters to a
 * set, and the one of the layer's name builds its nodes. A scope is a place in the tree
 * of names: it names parameters ("transformer.h.0.attn.c_attn.weight") and, in messages,
 * the layer ("transformer.h.0.attn.c_attn: linear: ...").
 *
 * Names and layouts are those of Hugging Face's checkpoints and of PyTorch. */
#ifndef RUNG_NN_H
#define RUNG_NN_H

#include "rung/graph.h"
#include "rung/ops.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rung_scope {
    rung_params *params;       /* borrowed */
    rung_graph *graph;         /* NULL while declaring */
    const rung_params *states; /* carried states and caches, or NULL */
    char path[120];            /* "transformer.h.0", "" at the root */
} rung_scope;

/* The root of the tree: `params` while declaring, all three while building. */
RUNG_API rung_scope rung_scope_root(rung_params *params, rung_graph *g,
                                    const rung_params *states);
/* The place below: rung_scope_in(&s, "h.%d", 3). */
RUNG_API rung_scope rung_scope_in(const rung_scope *s, const char *format, ...)
    RUNG_PRINTF(2, 3);
/* The leaf of the parameter or state `name` here. */
RUNG_API rung_tensor *rung_scope_param(const rung_scope *s, const char *name);
RUNG_API rung_tensor *rung_scope_state(const rung_scope *s, const char *name);
/* Adds a parameter here; spec->name is the last part of its name. */
RUNG_API rung_status rung_scope_declare(const rung_scope *s, const rung_param *spec,
                                        rung_error *err);

/* ---- Linear: y = act(x) W + b + residual ---- */
typedef struct rung_linear_spec {
    int64_t in, out;
    bool transposed; /* weight [out, in] (torch.nn.Linear), else [in, out] (Conv1D) */
    bool bias;
    rung_init init; /* of the weight; the bias starts at zero */
    double scale;
} rung_linear_spec;

/* weight and, with `bias`, bias. */
RUNG_API rung_status rung_nn_linear_declare(const rung_scope *s,
                                            const rung_linear_spec *spec,
                                            rung_error *err);
/* act(x [..., in]) w + b + residual -> [..., out]; residual [..., out] or NULL. */
RUNG_API rung_tensor *rung_nn_linear(const rung_scope *s, const rung_linear_spec *spec,
                                     rung_tensor *x, rung_act act, rung_tensor *residual);

/* ---- Layer normalisation: weight (gamma) and bias (beta) ---- */
RUNG_API rung_status rung_nn_layernorm_declare(const rung_scope *s, int64_t width,
                                               rung_error *err);
RUNG_API rung_tensor *rung_nn_layernorm(const rung_scope *s, rung_tensor *x, double eps);

/* ---- Embedding: weight [rows, width] ---- */
typedef struct rung_embedding_spec {
    int64_t rows, width;
    rung_init init;
    double scale;
    bool row_sparse; /* the table is used for nothing else (not tied) */
} rung_embedding_spec;

/* weight. */
RUNG_API rung_status rung_nn_embedding_declare(const rung_scope *s,
                                               const rung_embedding_spec *spec,
                                               rung_error *err);
/* ids int32 [...] -> [..., width] */
RUNG_API rung_tensor *rung_nn_embedding(const rung_scope *s, rung_tensor *ids);

/* ---- The Transformer block of GPT-2 (Radford et al. 2019): normalisation first,
 *      x + attention(ln_1(x)), then x + mlp(ln_2(x)) ---- */
typedef struct rung_block_spec {
    int64_t width, heads;
    double dropout;      /* of attention weights and of both branches; 0 builds none */
    double eps;          /* of the normalisations */
    double scale;        /* deviation of the weights */
    double branch_scale; /* of the two that end a branch: scale / sqrt(2 layers) */
} rung_block_spec;

/* ln_1, attn.c_attn, attn.c_proj, ln_2, mlp.c_fc, mlp.c_proj */
RUNG_API rung_status rung_nn_block_declare(const rung_scope *s,
                                           const rung_block_spec *spec, rung_error *err);
/* x [B, T, width] -> the same. With states: keys and values go to the caches "k" and "v"
 * [B, Tmax, width] of this scope, and are read from there. */
RUNG_API rung_tensor *rung_nn_block(const rung_scope *s, const rung_block_spec *spec,
                                    rung_tensor *x);

/* ---- The layer of BERT's encoder (Devlin et al. 2019): normalisation last,
 *      LayerNorm(x + attention(x)), then LayerNorm(x + mlp(x)) ---- */
typedef struct rung_encoder_spec {
    int64_t width, heads;
    int64_t inner;            /* width of the mlp, whose activation is the exact GELU */
    double dropout;           /* of both branches; 0 builds none */
    double attention_dropout; /* of attention weights */
    double eps;               /* of the normalisations */
    double scale;             /* deviation of the weights */
} rung_encoder_spec;

/* attention.self.query, .key, .value, attention.output.dense, attention.output.LayerNorm,
 * intermediate.dense, output.dense, output.LayerNorm */
RUNG_API rung_status rung_nn_encoder_layer_declare(const rung_scope *s,
                                                   const rung_encoder_spec *spec,
                                                   rung_error *err);
/* x [B, T, width] -> its first `rows` rows [B, rows, width], computed alone: the others
 * are keys and values only. Keys at or beyond lengths[b], int32 [B] or NULL, are not
 * seen. */
RUNG_API rung_tensor *rung_nn_encoder_layer(const rung_scope *s,
                                            const rung_encoder_spec *spec, rung_tensor *x,
                                            rung_tensor *lengths, int64_t rows);

/* ---- To look at: weights [B, heads, T, T] of attention, from small operators ---- */

/* Of queries and keys in the columns of q and k [B, T, *] that `c` names; mask [T, T] or
 * NULL is added to the scores: a large negative number hides a key. */
RUNG_API rung_tensor *rung_nn_attention_weights(rung_graph *g, rung_tensor *q,
                                                rung_tensor *k,
                                                const rung_attention_config *c,
                                                rung_tensor *mask);
/* Of the two layers above for their input x [B, T, width], all of whose keys are seen but
 * for the mask. */
RUNG_API rung_tensor *rung_nn_block_weights(const rung_scope *s,
                                            const rung_block_spec *spec, rung_tensor *x,
                                            rung_tensor *mask);
RUNG_API rung_tensor *rung_nn_encoder_layer_weights(const rung_scope *s,
                                                    const rung_encoder_spec *spec,
                                                    rung_tensor *x, rung_tensor *mask);

/* ---- LSTM, stacked (layout and names of torch.nn.LSTM) ---- */
typedef struct rung_lstm_spec {
    int64_t in, width, layers;
    double dropout; /* between layers */
} rung_lstm_spec;

/* weight_ih_l0 [4H, in], weight_hh_l0 [4H, H], bias_ih_l0, bias_hh_l0 [4H], ... */
RUNG_API rung_status rung_nn_lstm_declare(const rung_scope *s, const rung_lstm_spec *spec,
                                          rung_error *err);
/* Adds the states h_l0, c_l0, ... [B, width] for the carried form. */
RUNG_API rung_status rung_nn_lstm_carry(const rung_scope *s, const rung_lstm_spec *spec,
                                        int64_t B, rung_error *err);
/* x [B, T, in] -> [B, T, width], from zero, or from the states of the scope, which are
 * replaced by the last ones. */
RUNG_API rung_tensor *rung_nn_lstm(const rung_scope *s, const rung_lstm_spec *spec,
                                   rung_tensor *x);
/* The same from small operators, step by step, where every h_t is a node. */
RUNG_API rung_tensor *rung_nn_lstm_unrolled(const rung_scope *s,
                                            const rung_lstm_spec *spec, rung_tensor *x);

#ifdef __cplusplus
}
#endif
#endif
