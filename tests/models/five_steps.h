/* For tests: a model from a golden file (tests/golden/README.md) against PyTorch: logits
 * and gradients of the first batch, then five steps of the trainer. A file with lengths
 * and labels is a classifier's. */
#ifndef RUNG_TESTS_MODELS_FIVE_STEPS_H
#define RUNG_TESTS_MODELS_FIVE_STEPS_H

#include "golden.h"
#include "models/lm.h"

enum { FIVE = 5, FIVE_VOCAB = 23 };

typedef struct five_steps {
    rung_task base; /* feeds the file's batches in their order */
    rung_safetensors *file;
    rung_model *m;
    const rung_stored *ids;              /* [5, B, T + 1], a classifier's [5, B, T] */
    const rung_stored *lengths, *labels; /* [5, B], or NULL */
    int64_t B, T;
    rung_tensor *logits; /* of the graph that was built last */
    double losses[FIVE], norms[FIVE];
} five_steps;

/* ---- The task ---- */

enum { FIVE_IDS, FIVE_TARGETS, FIVE_LENGTHS };

static inline void five_build(rung_task *task, rung_step_graph *step, int64_t batch,
                              bool training)
{
    five_steps *f = (five_steps *)task;
    rung_graph *g = step->graph;
    rung_tensor **in = step->inputs;
    in[FIVE_IDS] = rung_input(g, "ids", RUNG_I32, 2, SHAPE(batch, f->T));
    in[FIVE_TARGETS] =
        rung_input(g, "targets", RUNG_I32, f->labels ? 1 : 2, SHAPE(batch, f->T));
    if (f->labels) {
        in[FIVE_LENGTHS] = rung_input(g, "lengths", RUNG_I32, 1, SHAPE(batch));
        f->logits = f->m->type->labelled->logits(f->m, g, in[FIVE_IDS], in[FIVE_LENGTHS],
                                                 training);
    } else {
        f->logits =
            f->m->type->raw->logits(f->m, g, in[FIVE_IDS], task->states, training);
    }
    step->loss = rung_cross_entropy(g, f->logits, in[FIVE_TARGETS], NULL, 0);
}

/* Sample b of step s: ids and, behind them, targets. */
static inline void five_feed(const rung_task *task, const rung_step_graph *step,
                             int64_t first, int64_t batch, uint64_t seed, void *buffer)
{
    const five_steps *f = (const five_steps *)task;
    const int32_t *all = f->ids->data;
    (void)seed;
    if (f->labels) {
        rung_input_set(step->inputs[FIVE_IDS], all + first * f->T);
        rung_input_set(step->inputs[FIVE_TARGETS],
                       (const int32_t *)f->labels->data + first);
        rung_input_set(step->inputs[FIVE_LENGTHS],
                       (const int32_t *)f->lengths->data + first);
        return;
    }
    const int32_t *from = all + first * (f->T + 1);
    int32_t *ids = buffer, *targets = ids + batch * f->T;
    size_t bytes = (size_t)f->T * sizeof *ids;
    for (int64_t b = 0; b < batch; b++) {
        memcpy(ids + b * f->T, from + b * (f->T + 1), bytes);
        memcpy(targets + b * f->T, from + b * (f->T + 1) + 1, bytes);
    }
    rung_input_set(step->inputs[FIVE_IDS], ids);
    rung_input_set(step->inputs[FIVE_TARGETS], targets);
}

static inline size_t five_buffer_bytes(const rung_task *task, int64_t batch)
{
    return (size_t)(2 * batch * ((const five_steps *)task)->T) * sizeof(int32_t);
}

static const rung_task_ops five_ops = {
    .build = five_build, .feed = five_feed, .buffer_bytes = five_buffer_bytes};

static inline void five_report(void *self, const rung_train_report *report)
{
    five_steps *f = self;
    f->losses[report->step - 1] = report->loss;
    f->norms[report->step - 1] = report->grad_norm;
}

/* ---- Life ---- */

/* The file's initial weights, under the names that a checkpoint has. */
static inline void five_load(const five_steps *f)
{
    rung_error err = {0};
    for (size_t i = 0; i < rung_params_count(f->m->params); i++) {
        const rung_param *p = rung_params_at(f->m->params, i);
        const rung_stored *t = rung_safetensors_find(f->file, p->name);
        if (!t) fail_msg("the file has no '%s'", p->name);
        assert_int_equal(t->rank, p->rank);
        for (int d = 0; d < t->rank; d++) assert_int_equal(t->shape[d], p->shape[d]);
        assert_ok(rung_stored_to_f32(t, rung_params_data(f->m->params, p),
                                     (size_t)p->size, &err));
    }
}

static inline void five_open(five_steps *f, const char *file, const char *class_name,
                             const char *const *options)
{
    rung_error err = {0};
    *f = (five_steps){.file = golden_open(file)};
    f->ids = rung_safetensors_find(f->file, "ids");
    f->lengths = rung_safetensors_find(f->file, "lengths");
    f->labels = rung_safetensors_find(f->file, "labels");
    f->B = f->ids->shape[1], f->T = f->ids->shape[2] - !f->labels;
    f->m = make_model(class_name, options, FIVE_VOCAB,
                      f->labels ? rung_safetensors_find(f->file, "logits")->shape[1] : 0);
    f->base = (rung_task){.ops = &five_ops,
                          .params = f->m->params,
                          .samples_per_epoch = FIVE * f->B,
                          .units_per_sample = f->T,
                          .unit = "tok"};
    if (f->m->carries) {
        assert_ok(rung_params_new(&f->base.states, RUNG_F32, &err));
        assert_ok(f->m->type->raw->carry(f->m, f->base.states, f->B, &err));
    }
    five_load(f);
}

static inline void five_close(five_steps *f)
{
    rung_params_free(f->base.states);
    rung_model_free(f->m);
    rung_safetensors_close(f->file);
}

/* ---- Checks ---- */

static inline void five_check_first_batch(five_steps *f, rung_runtime *rt)
{
    rung_error err = {0};
    rung_block grads = {0};
    rung_step_graph step = {.graph = new_graph(rt, RUNG_F32)};
    void *buffer = rung__alloc(five_buffer_bytes(&f->base, f->B));
    assert_ok(rung_block_new(&grads, f->m->params, &err));
    five_build(&f->base, &step, f->B, true);
    rung_graph_grad(step.graph, step.loss.sum);
    rung_tensor *outputs[] = {step.loss.sum, step.loss.weight, f->logits};
    void *block = make_ready(step.graph, outputs, 3, &grads,
                             f->base.states ? rung_params_values(f->base.states) : NULL);
    five_feed(&f->base, &step, 0, f->B, 0, buffer);
    run_graph(step.graph);
    assert_tensor_near("logits", rung_tensor_data(f->logits),
                       rung_safetensors_find(f->file, "logits"), 1e-5);
    float weight = float_at(step.loss.weight, 0);
    assert_true(weight == (float)rung_tensor_size(step.inputs[FIVE_TARGETS]));
    for (size_t i = 0; i < rung_params_count(f->m->params); i++) {
        const rung_param *p = rung_params_at(f->m->params, i);
        const rung_stored *wanted = golden_find(f->file, "grads.%s", p->name);
        float *grad = (float *)grads.data + p->offset;
        for (int64_t e = 0; e < p->size; e++) grad[e] /= weight; // PyTorch's is of a mean
        assert_reals_near(p->name, grad, RUNG_F32, wanted->data, p->size, 1e-4,
                          fmax(largest_of(wanted), 1e-3));
    }
    rung_graph_free(step.graph);
    rung_block_release(&grads);
    rung__free(block);
    rung__free(buffer);
}

/* Five steps of AdamW as the README states them. The elements [from, to) of the parameter
 * `skip` are left out: their gradient is nothing but rounding. */
static inline void five_check_training(five_steps *f, rung_runtime *rt, const char *skip,
                                       int64_t from, int64_t to)
{
    rung_error err = {0};
    rung_train_config config;
    size_t count;
    const rung_option *options = rung_train_options(&count);
    const rung_option_set set = {NULL, options, count, &config, NULL};
    assert_ok(rung_options_defaults(&set, &err));
    config.steps = FIVE, config.batch = f->B;
    config.optimizer = RUNG_OPTIMIZER_ADAMW, config.schedule = RUNG_SCHEDULE_CONSTANT;
    config.warmup = 0, config.lr = 0.01, config.clip = 1;
    config.beta1 = 0.9, config.beta2 = 0.95, config.eps = 1e-8, config.weight_decay = 0.1;
    rung_train_result result;
    const rung_train_hooks hooks = {.report = five_report, .self = f};
    assert_ok(rung_train(rt, &f->base, &config, NULL, false, &hooks, &result, &err));
    assert_int_equal(result.steps, FIVE);
    const float *losses = rung_safetensors_find(f->file, "losses")->data;
    const float *norms = rung_safetensors_find(f->file, "norms")->data;
    for (int s = 0; s < FIVE; s++) {
        assert_near(f->losses[s], (double)losses[s], 1e-5 * (double)losses[s]);
        assert_near(f->norms[s], (double)norms[s], 1e-4 * (double)norms[s]);
    }
    for (size_t i = 0; i < rung_params_count(f->m->params); i++) {
        const rung_param *p = rung_params_at(f->m->params, i);
        const rung_stored *wanted = golden_find(f->file, "after.%s", p->name);
        float *w = rung_params_data(f->m->params, p);
        size_t n = strlen(p->name), n_skip = skip ? strlen(skip) : 0;
        if (skip && n >= n_skip && strcmp(p->name + n - n_skip, skip) == 0)
            memcpy(w + from, (const float *)wanted->data + from,
                   (size_t)(to - from) * sizeof *w);
        assert_tensor_near(p->name, w, wanted, 1e-4);
    }
}

#endif
