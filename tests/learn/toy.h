/* For tests: a small task with everything that a task may have. A table is looked up by
 * id (row-sparse gradient), a hidden layer with dropout reads it, with a carried state if
 * asked for, and predicts a number that depends on the id:
 *
 *     h = tanh(table[id] w1 + b1 (+ s ws)),  s = h
 *     y = drop(h) w2 + b2,  loss = (y - target)^2 */
#ifndef RUNG_TESTS_LEARN_TOY_H
#define RUNG_TESTS_LEARN_TOY_H

#include "support.h"

#include <math.h>

#include "base/rng.h"
#include "base/runtime.h"
#include "learn/ranks.h"
#include "rung/learn.h"

enum { TOY_V = 60, TOY_C = 24, TOY_H = 40, TOY_CLASSES = 7, TOY_EVAL = 32 };

typedef struct toy {
    rung_task base;
    double dropout;
    bool is_classifier; /* h wc says id mod 7; a third of the samples has no class */
    bool is_quadratic;  /* y = column[id] + b2: recovers at half of too large a rate */
    double poison; /* target of sample poison_at: 0, or what makes the loss overflow */
    int64_t poison_at;
} toy;

static inline rung_tensor *toy_hidden(toy *t, rung_graph *g, rung_tensor *x)
{
    rung_params *p = t->base.params;
    rung_tensor *w = rung_param_leaf(g, p, "w1"), *b = rung_param_leaf(g, p, "b1");
    if (!t->base.states)
        return rung_activation(g, rung_linear(g, x, w, b, 0, RUNG_ACT_NONE, NULL),
                               RUNG_ACT_TANH);
    rung_tensor *s = rung_state_leaf(g, t->base.states, "s");
    rung_tensor *carried = rung_matmul(g, s, rung_param_leaf(g, p, "ws"), 0);
    rung_tensor *sum =
        rung_add(g, rung_linear(g, x, w, b, 0, RUNG_ACT_NONE, NULL), carried);
    rung_tensor *h = rung_activation(g, sum, RUNG_ACT_TANH);
    rung_assign(g, s, h);
    return h;
}

static inline rung_loss toy_loss(toy *t, rung_graph *g, const rung_step_graph *step)
{
    rung_params *p = t->base.params;
    rung_tensor *ids = step->inputs[0], *b2 = rung_param_leaf(g, p, "b2");
    if (t->is_quadratic) {
        rung_tensor *y = rung_embedding(g, rung_param_leaf(g, p, "column"), ids);
        return rung_mse(g, rung_add(g, y, b2), step->inputs[1]);
    }
    rung_tensor *x = rung_embedding(g, rung_param_leaf(g, p, "table"), ids);
    rung_tensor *h = rung_dropout(g, toy_hidden(t, g, x), t->dropout);
    if (t->is_classifier) {
        rung_tensor *logits = rung_matmul(g, h, rung_param_leaf(g, p, "wc"), 0);
        return rung_cross_entropy(g, logits, step->inputs[2], NULL, 0);
    }
    rung_tensor *w2 = rung_param_leaf(g, p, "w2");
    rung_tensor *y = rung_linear(g, h, w2, b2, 0, RUNG_ACT_NONE, NULL);
    return rung_mse(g, y, step->inputs[1]);
}

static inline void toy_build(rung_task *task, rung_step_graph *step, int64_t batch,
                             bool training)
{
    toy *t = (toy *)task;
    rung_graph *g = step->graph;
    (void)training;
    step->inputs[0] = rung_input(g, "ids", RUNG_I32, 1, &batch);
    step->inputs[1] = rung_input(g, "targets", RUNG_F32, 2, (int64_t[]){batch, 1});
    step->inputs[2] = rung_input(g, "classes", RUNG_I32, 1, &batch);
    rung_graph_push(g, "toy");
    step->loss = toy_loss(t, g, step);
    rung_graph_pop(g);
}

static inline void toy_fill(const toy *t, const rung_step_graph *step, uint64_t key,
                            int64_t first, int64_t batch, void *buffer)
{
    int32_t *ids = buffer;
    float *targets = (float *)(ids + batch);
    int32_t *classes = (int32_t *)(targets + batch);
    for (int64_t b = 0; b < batch; b++) {
        uint32_t random[4];
        rung_philox(key, (uint64_t)(first + b), 0, random);
        ids[b] = (int32_t)(random[0] % TOY_V);
        targets[b] = (float)sin(ids[b]) + 0.1f * (float)(random[1] % 3);
        if (t->poison != 0 && first + b == t->poison_at) targets[b] = (float)t->poison;
        classes[b] = random[2] % 3 ? ids[b] % TOY_CLASSES : -1;
    }
    rung_input_set(step->inputs[0], ids);
    rung_input_set(step->inputs[1], targets);
    rung_input_set(step->inputs[2], classes);
}

static inline void toy_feed(const rung_task *task, const rung_step_graph *step,
                            int64_t first, int64_t batch, uint64_t seed, void *buffer)
{
    toy_fill((const toy *)task, step, rung_rng_key(seed, "toy", 0), first, batch, buffer);
}

static inline void toy_feed_eval(const rung_task *task, const rung_step_graph *step,
                                 int64_t chunk, int64_t batch, void *buffer)
{
    const toy clean = {.base = *task};
    toy_fill(&clean, step, 12345, chunk * batch, batch, buffer);
}

static inline size_t toy_buffer_bytes(const rung_task *task, int64_t batch)
{
    (void)task;
    return (size_t)batch * 3 * sizeof(float);
}

static inline bool toy_resets(const rung_task *task, int64_t first)
{
    return first % task->samples_per_epoch == 0;
}

static inline void toy_locate(const rung_task *task, int64_t first, int64_t n,
                              uint64_t seed, char *out, size_t size)
{
    (void)task, (void)seed;
    snprintf(out, size, "toys %d to %d", (int)first, (int)(first + n - 1));
}

static const rung_task_ops toy_ops = {.build = toy_build,
                                      .feed = toy_feed,
                                      .feed_eval = toy_feed_eval,
                                      .buffer_bytes = toy_buffer_bytes,
                                      .resets_states = toy_resets,
                                      .locate = toy_locate};

/* With states for `lanes` samples, if not 0; as many make an evaluation's chunk. */
static inline void toy_init(toy *t, int64_t lanes)
{
    rung_error err;
    *t = (toy){.dropout = 0.2};
    t->base = (rung_task){.ops = &toy_ops,
                          .samples_per_epoch = 512,
                          .units_per_sample = 1,
                          .unit = "toy",
                          .eval_batch = lanes ? lanes : TOY_EVAL,
                          .n_eval = 2};
    assert_ok(rung_params_new(&t->base.params, RUNG_F32, &err));
    add_param(t->base.params, "table", TOY_V, TOY_C, false, true);
    add_param(t->base.params, "w1", TOY_C, TOY_H, true, false);
    add_param(t->base.params, "b1", TOY_H, 0, false, false);
    add_param(t->base.params, "w2", TOY_H, 1, true, false);
    add_param(t->base.params, "b2", 1, 0, false, false);
    add_param(t->base.params, "wc", TOY_H, TOY_CLASSES, true, false);
    add_param(t->base.params, "column", TOY_V, 1, false, true);
    if (lanes) {
        add_param(t->base.params, "ws", TOY_H, TOY_H, true, false);
        assert_ok(rung_params_new(&t->base.states, RUNG_F32, &err));
        add_param(t->base.states, "s", lanes, TOY_H, false, false);
    }
    for (size_t i = 0; i < rung_params_count(t->base.params); i++)
        ((rung_param *)rung_params_at(t->base.params, i))->scale = 0.2;
    rung_params_init(t->base.params, 1);
}

static inline void toy_release(toy *t)
{
    rung_params_free(t->base.params);
    rung_params_free(t->base.states);
}

static inline rung_train_config toy_config(int64_t steps)
{
    rung_train_config config;
    size_t count;
    const rung_option *options = rung_train_options(&count);
    const rung_option_set set = {NULL, options, count, &config, NULL};
    rung_options_defaults(&set, NULL);
    config.steps = steps;
    config.batch = 8;
    config.lr = 0.01;
    return config;
}

static inline rung_runtime *toy_runtime(int threads)
{
    rung_error err;
    rung_runtime *rt = NULL;
    const rung_runtime_config config = {.threads = threads, .isa = RUNG_ISA_BEST};
    assert_ok(rung_runtime_new(&rt, &config, &err));
    return rt;
}

/* Bytes of all values, in the caller's memory (test_free). */
static inline char *toy_values(const toy *t, size_t *bytes)
{
    *bytes = (size_t)rung_params_extent(t->base.params) * sizeof(float);
    char *copy = test_malloc(*bytes);
    return memcpy(copy, rung_params_values(t->base.params), *bytes);
}

static inline void assert_toy_values(const toy *t, const char *wanted, const char *what)
{
    const size_t bytes = (size_t)rung_params_extent(t->base.params) * sizeof(float);
    if (memcmp(rung_params_values(t->base.params), wanted, bytes) != 0)
        fail_msg("%s: other bits", what);
}

#endif
