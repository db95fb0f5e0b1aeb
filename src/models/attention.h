/* What a Transformer attends to in one text. */
#ifndef RUNG_MODELS_ATTENTION_H
#define RUNG_MODELS_ATTENTION_H

#include "rung/model.h"

typedef struct rung__attention {
    int64_t layers, heads, T; /* layers 0: the model has no attention */
    float *weights;           /* [layers, heads, T, T], rows sum to 1; owned */
} rung__attention;

/* The weights of all layers and heads for one text of T ids, at most the model's
 * context. */
rung_status rung__attention_of(rung__attention *out, const rung_model *m,
                               rung_runtime *rt, const int32_t *ids, int64_t T,
                               rung_error *err);
void rung__attention_release(rung__attention *a);

/* Whether rung__attention_of finds any. */
bool rung__has_attention(const rung_model *m);

/* Of the classes that have it: build the weights [1, heads, T, T] of each layer for ids
 * [1, T] with a mask [T, T], into weights[RUNG__MOST_LAYERS]; how many layers. */
enum { RUNG__MOST_LAYERS = 256 };
size_t rung__gpt_attention(const rung_model *m, rung_graph *g, rung_tensor *ids,
                           rung_tensor *mask, rung_tensor **weights);
size_t rung__bert_attention(const rung_model *m, rung_graph *g, rung_tensor *ids,
                            rung_tensor *mask, rung_tensor **weights);

#endif
