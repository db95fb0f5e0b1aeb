/* Training a language model: windows of token ids, and the next token of each place as
 * target.
 *
 * Independent windows (carries = false): an epoch cuts the ids into windows of `context`
 * tokens from a random phase and visits them in a random order. Both are functions of
 * (seed, epoch), so sample s is found without remembering anything.
 *
 * Lanes (carries = true): the ids are cut into as many equal lanes as the global batch
 * has samples; step k reads window k of every lane, so a state can be carried along each.
 * At the end of the lanes the states begin anew. */
#include "rung/language.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"

typedef struct lm_task {
    rung_task base;
    rung_model *model; /* borrowed */
    rung_tokens train, valid;
    int64_t T;
    int64_t windows; /* of an epoch: in all, or of one lane */
    int64_t lanes;   /* 0: independent windows */
    int64_t lane_size;
    int64_t valid_windows, eval_windows; /* there are, and are looked at */
} lm_task;

enum {
    INPUT_IDS,
    INPUT_TARGETS,
    EVAL_BATCH = 16,
    EVAL_TOKENS = 1 << 15 /* looked at by one evaluation while training */
};

static const lm_task *lm_of(const rung_task *task)
{
    return (const lm_task *)task;
}

/* ---- Where sample s lies ---- */

static int64_t window_begin(const lm_task *t, int64_t sample, uint64_t seed)
{
    if (t->lanes) {
        int64_t lane = sample % t->lanes, step = sample / t->lanes % t->windows;
        return lane * t->lane_size + step * t->T;
    }
    uint64_t epoch = (uint64_t)(sample / t->windows);
    uint64_t slack = t->train.count - 1 - (uint64_t)(t->windows * t->T);
    rung_rng rng = rung_rng_make(rung_rng_key(seed, "phase", epoch));
    uint64_t phase = rung_rng_below(&rng, slack + 1);
    uint64_t window = rung_permute(rung_rng_key(seed, "windows", epoch),
                                   (uint64_t)t->windows, (uint64_t)(sample % t->windows));
    return (int64_t)phase + (int64_t)window * t->T;
}

static void lm_locate(const rung_task *task, int64_t first, int64_t n, uint64_t seed,
                      char *out, size_t size)
{
    const lm_task *t = lm_of(task);
    int64_t begin = window_begin(t, first, seed);
    snprintf(out, size,
             "%lld windows of %lld tokens, the first from token %lld of the training "
             "text",
             (long long)n, (long long)t->T, (long long)begin);
}

/* ---- The graph and its inputs ---- */

static void lm_build(rung_task *task, rung_step_graph *step, int64_t batch, bool training)
{
    const lm_task *t = lm_of(task);
    const rung_model *m = t->model;
    rung_graph *g = step->graph;
    int64_t shape[] = {batch, t->T};
    step->inputs[INPUT_IDS] = rung_input(g, "ids", RUNG_I32, 2, shape);
    step->inputs[INPUT_TARGETS] = rung_input(g, "targets", RUNG_I32, 2, shape);
    rung_tensor *logits = m->type->raw->logits(m, g, step->inputs[INPUT_IDS],
                                               training ? task->states : NULL, training);
    step->loss = rung_cross_entropy(g, logits, step->inputs[INPUT_TARGETS], NULL, 0);
}

static size_t lm_buffer_bytes(const rung_task *task, int64_t batch)
{
    return (size_t)(2 * batch * lm_of(task)->T) * sizeof(int32_t);
}

static void set_inputs(const rung_step_graph *step, const int32_t *ids, int64_t size)
{
    rung_input_set(step->inputs[INPUT_IDS], ids);
    rung_input_set(step->inputs[INPUT_TARGETS], ids + size);
}

static void lm_feed(const rung_task *task, const rung_step_graph *step, int64_t first,
                    int64_t batch, uint64_t seed, void *buffer)
{
    const lm_task *t = lm_of(task);
    size_t bytes = (size_t)t->T * sizeof(int32_t);
    int32_t *ids = buffer, *targets = ids + batch * t->T;
    for (int64_t b = 0; b < batch; b++) {
        const int32_t *from = t->train.ids + window_begin(t, first + b, seed);
        memcpy(ids + b * t->T, from, bytes);
        memcpy(targets + b * t->T, from + 1, bytes);
    }
    set_inputs(step, ids, batch * t->T);
}

/* Windows of the valid data, evenly spread; the last one may be short. Places without a
 * target, and windows beyond the last, are left out of the loss. */
static void lm_feed_eval(const rung_task *task, const rung_step_graph *step,
                         int64_t chunk, int64_t batch, void *buffer)
{
    const lm_task *t = lm_of(task);
    int32_t *ids = buffer, *targets = ids + batch * t->T;
    memset(ids, 0, (size_t)(batch * t->T) * sizeof *ids);
    memset(targets, -1, (size_t)(batch * t->T) * sizeof *targets);
    for (int64_t b = 0; b < batch && chunk * batch + b < t->eval_windows; b++) {
        int64_t window = (chunk * batch + b) * t->valid_windows / t->eval_windows;
        int64_t begin = window * t->T, n = (int64_t)t->valid.count - 1 - begin;
        if (n > t->T) n = t->T;
        memcpy(ids + b * t->T, t->valid.ids + begin, (size_t)n * sizeof *ids);
        memcpy(targets + b * t->T, t->valid.ids + begin + 1, (size_t)n * sizeof *ids);
    }
    set_inputs(step, ids, batch * t->T);
}

static bool lm_resets(const rung_task *task, int64_t first)
{
    const lm_task *t = lm_of(task);
    return first / t->lanes % t->windows == 0;
}

static const rung_task_ops lm_ops = {
    .build = lm_build,
    .feed = lm_feed,
    .feed_eval = lm_feed_eval,
    .buffer_bytes = lm_buffer_bytes,
    .locate = lm_locate,
    .resets_states = lm_resets,
};

/* ---- Making one ---- */

static rung_status plan_windows(lm_task *t, const rung_train_config *config,
                                rung_error *err)
{
    int64_t N = (int64_t)t->train.count, needed = t->T + 1;
    if (t->model->carries) {
        t->lanes = config->batch * config->accumulate * config->ranks;
        t->lane_size = N / t->lanes;
        needed *= t->lanes;
    }
    if (N < needed)
        return rung_fail(
            err, RUNG_INPUT,
            "the training text has %lld tokens, but %lld are needed for a context of "
            "%lld%s: take more text, or a smaller --context%s",
            (long long)N, (long long)needed, (long long)t->T,
            t->lanes ? " in every lane of the batch" : "", t->lanes ? " or --batch" : "");
    int64_t whole = ((t->lanes ? t->lane_size : N) - 1) / t->T;
    t->windows =
        !t->lanes && whole > 1 ? whole - 1 : whole; // one less leaves room for a phase
    return RUNG_OK;
}

static rung_status declare_states(lm_task *t, const rung_train_config *config,
                                  rung_error *err)
{
    if (!t->model->carries) return RUNG_OK;
    RUNG_TRY(rung_params_new(&t->base.states, RUNG_F32, err));
    return t->model->type->raw->carry(t->model, t->base.states, config->batch, err);
}

rung_status rung_lm_task_new(rung_task **out, rung_model *m, const rung_tokens *train,
                             const rung_tokens *valid, const rung_train_config *config,
                             rung_error *err)
{
    assert(m->type->raw->logits);
    lm_task *t = rung__alloc(sizeof *t);
    if (!t) return rung__out_of_memory(err, sizeof *t, "a task");
    t->model = m;
    t->train = *train;
    if (valid) t->valid = *valid;
    t->T = m->context;
    rung_status status = plan_windows(t, config, err);
    if (status == RUNG_OK) status = declare_states(t, config, err);
    if (status != RUNG_OK) {
        rung_lm_task_free(&t->base);
        return status;
    }
    if (t->valid.count > 1) t->valid_windows = ((int64_t)t->valid.count - 2) / t->T + 1;
    t->eval_windows = EVAL_TOKENS / t->T > 0 ? EVAL_TOKENS / t->T : 1;
    if (t->eval_windows > t->valid_windows) t->eval_windows = t->valid_windows;
    t->base.ops = &lm_ops;
    t->base.params = m->params;
    t->base.samples_per_epoch = t->windows * (t->lanes ? t->lanes : 1);
    t->base.units_per_sample = t->T;
    t->base.unit = "tok";
    t->base.eval_batch = EVAL_BATCH;
    t->base.n_eval = (t->eval_windows + EVAL_BATCH - 1) / EVAL_BATCH;
    *out = &t->base;
    return RUNG_OK;
}

void rung_lm_task_evaluate_all(rung_task *task)
{
    lm_task *t = (lm_task *)task;
    t->eval_windows = t->valid_windows;
    task->n_eval = (t->eval_windows + EVAL_BATCH - 1) / EVAL_BATCH;
}

void rung_lm_task_free(rung_task *task)
{
    if (!task) return;
    rung_params_free(task->states);
    rung__free(task);
}
