/* For tests: language models of any size without a tokenizer, and their graphs. */
#ifndef RUNG_TESTS_MODELS_LM_H
#define RUNG_TESTS_MODELS_LM_H

#include "engine.h"
#include "rung/language.h"

/* A new model of a class, its options set from text: pairs of name and value,
 * NULL-terminated. Weights start from seed 1. Without labels it is a language model. */
static inline rung_model *make_model(const char *name, const char *const *options,
                                     int64_t vocab, int64_t n_labels)
{
    rung_error err = {0};
    rung_model *m = NULL;
    assert_ok(rung_model_new(&m, rung_class_find(name, &err),
                             n_labels ? RUNG_LABELLED : RUNG_RAW, &err));
    rung_option_set set = rung_model_options(m);
    for (; options && *options; options += 2)
        assert_ok(rung_option_set_text(&set, options[0], options[1], &err));
    m->vocab = vocab, m->n_labels = n_labels;
    assert_ok(m->type->declare(m, &err));
    rung_params_init(m->params, 1);
    return m;
}

static inline rung_model *new_lm(const char *name, const char *const *options,
                                 int64_t vocab)
{
    return make_model(name, options, vocab, 0);
}

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The graph of a training step: ids and targets [B, T], the loss and its gradient. */
typedef struct lm_graph {
    rung_graph *g;
    rung_tensor *ids, *targets, *logits;
    rung_loss loss;
    rung_block grads; /* owned */
    void *block;      /* owned, after lm_graph_ready */
} lm_graph;

static inline void lm_graph_build(lm_graph *s, const rung_model *m, rung_runtime *rt,
                                  int64_t B, int64_t T, const rung_params *states)
{
    rung_error err = {0};
    *s = (lm_graph){.g = new_graph(rt, RUNG_F32)};
    assert_ok(rung_block_new(&s->grads, m->params, &err));
    s->ids = rung_input(s->g, "ids", RUNG_I32, 2, SHAPE(B, T));
    s->targets = rung_input(s->g, "targets", RUNG_I32, 2, SHAPE(B, T));
    s->logits = m->type->raw->logits(m, s->g, s->ids, states, true);
    s->loss = rung_cross_entropy(s->g, s->logits, s->targets, NULL, 0);
    rung_graph_grad(s->g, s->loss.sum);
}

/* Compiles and binds, the logits kept beside the loss. */
static inline void lm_graph_ready(lm_graph *s, const rung_params *states)
{
    s->block = make_ready(s->g, (rung_tensor *[]){s->loss.sum, s->loss.weight, s->logits},
                          3, &s->grads, states ? rung_params_values(states) : NULL);
}

static inline void lm_graph_release(lm_graph *s)
{
    rung_graph_free(s->g);
    rung_block_release(&s->grads);
    rung__free(s->block);
}

/* n ids below `vocab`, the same for the same seed. */
static inline int32_t *random_ids(size_t n, int64_t vocab, uint64_t seed)
{
    int32_t *ids = rung__alloc_array(n, sizeof *ids);
    uint64_t x = seed * 2 + 1;
    assert_non_null(ids);
    for (size_t i = 0; i < n; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u; // Knuth's MMIX generator
        ids[i] = (int32_t)((x >> 33) % (uint64_t)vocab);
    }
    return ids;
}

#endif
