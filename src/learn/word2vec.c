/* The steps of word2vec, and its checkpoints: both matrices and the sums of the loss. A
 * step needs nothing else, as all numbers drawn are functions of their place. */
#include "learn/word2vec.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/rng.h"
#include "base/runtime.h"
#include "base/str.h"
#include "learn/checkpoint.h"
#include "learn/report.h"
#include "learn/word2vec_run.h"
#include "rung/formats.h"

#define LAST_RATE 1e-4     /* at the end, as a share of the first */
#define REPORTS 20         /* lines of metrics.jsonl in a run */
#define REPORT_SECONDS 0.1 /* between two reports to the caller */
#define SAVE_SECONDS 30    /* between two checkpoints, unless asked for */
#define KEEP 2             /* checkpoints */

typedef struct trainer {
    rung__word2vec_task *model;
    rung_runtime *rt;
    rung__word2vec_step step;
    rung__word2vec_run runs[RUNG__WORD2VEC_RUNS];
    int parts; /* the rows' owners: the threads */
    uint64_t seed;
    const char *dir;
    const rung_train_hooks *hooks;
    rung_report_log log;
    int64_t places;               /* of a run */
    int64_t at, per_epoch, steps; /* steps done, of an epoch, of all */
    int64_t saved;                /* the step of the last checkpoint */
    double loss, pairs;           /* since the last line of metrics.jsonl */
    double last_loss;             /* of that line; NaN before the first */
    double start, before;         /* seconds: the clock, and those of earlier parts */
    double reported, saved_time;
    int64_t first; /* step of this part */
} trainer;

/* ---- Preparing ---- */

/* A word of share f stays with probability sqrt(t/f) + t/f, t = sample (the original
 * program; 2013b, section 2.3, has another one). */
static rung_status make_keep(rung__word2vec_step *s, rung_error *err)
{
    const rung_words *words = s->model->words;
    const size_t n = (size_t)rung_tokenizer_size(words->vocabulary);
    s->keep = rung__alloc_array(n, sizeof *s->keep);
    if (!s->keep) return rung__out_of_memory(err, n * sizeof *s->keep, "samples");
    const double t = s->model->config->sample * (double)words->n_words;
    for (size_t i = 0; i < n; i++) {
        const double ratio = t > 0 ? t / (double)words->counts[i] : 1;
        const double p = fmin(sqrt(ratio) + ratio, 1);
        s->keep[i] = (uint32_t)(p * UINT32_MAX);
    }
    return RUNG_OK;
}

static rung_status make_outputs(rung__word2vec_step *s, rung_error *err)
{
    const rung_words *words = s->model->words;
    const int64_t n = rung_tokenizer_size(words->vocabulary);
    const int64_t negative = s->model->config->negative;
    if (negative == 0) {
        RUNG_TRY(rung__huffman_new(&s->tree, words->counts, n, err));
        s->most_outs = s->tree.longest;
        return RUNG_OK;
    }
    s->most_outs = negative + 1;
    s->labels = rung__alloc_array((size_t)s->most_outs, sizeof *s->labels);
    if (!s->labels) return rung__out_of_memory(err, 0, "labels");
    s->labels[0] = 1;
    return rung__noise_new(&s->noise, words->counts, n, s->model->config->power, err);
}

/* Inputs uniform in +-1/(2 dim), outputs 0. */
static void make_vectors(trainer *t)
{
    const rung__word2vec_task *m = t->model;
    const int64_t n = rung_tokenizer_size(m->words->vocabulary), dim = m->config->dim;
    const uint64_t key = rung_rng_key(t->seed, "word2vec vectors", 0);
    memset(m->in, 0, (size_t)(n * m->width) * sizeof *m->in);
    memset(m->out, 0, (size_t)(n * m->width) * sizeof *m->out);
    for (int64_t i = 0; i < n; i++) {
        for (int64_t d = 0; d < dim; d++) {
            const uint64_t bits = rung__draw(key, (uint64_t)(i * dim + d));
            m->in[i * m->width + d] =
                (float)(((double)(bits >> 11) * 0x1p-53 - 0.5) / (double)dim);
        }
    }
}

static rung_status prepare(trainer *t, rung_error *err)
{
    t->step.model = t->model;
    t->step.kernels = rung_kernels_get(t->rt->isa);
    RUNG_TRY(make_keep(&t->step, err));
    RUNG_TRY(make_outputs(&t->step, err));
    for (int i = 0; i < RUNG__WORD2VEC_RUNS; i++)
        RUNG_TRY(rung__word2vec_run_new(&t->runs[i], &t->step, err));
    make_vectors(t);
    return RUNG_OK;
}

/* How often a step may meet one output, times the rate: at twice as much the vectors of a
 * text of few topics and 48 words swing ever higher. */
#define MOST_MET 1

/* As many places as the most frequent output allows: a word is met as itself and as
 * noise, the root of the tree at every place. */
static int64_t places_of_run(const rung__word2vec_step *s)
{
    const rung__word2vec_config *c = s->model->config;
    const rung_words *words = s->model->words;
    const int64_t n = rung_tokenizer_size(words->vocabulary);
    double kept = 0, most = 1, noise = 0;
    for (int64_t i = 0; i < n; i++) {
        kept += (double)words->counts[i] * s->keep[i] / UINT32_MAX;
        noise += pow((double)words->counts[i], c->power);
    }
    if (c->negative > 0) {
        const double own = (double)words->counts[0] * s->keep[0] / UINT32_MAX / kept;
        const int64_t top = c->power < 0 ? n - 1 : 0; // the most frequent noise
        most =
            own + (double)c->negative * pow((double)words->counts[top], c->power) / noise;
    }
    const double places = MOST_MET / (most * c->lr * RUNG__WORD2VEC_RUNS);
    return (int64_t)fmin(fmax(places, 1), RUNG__WORD2VEC_RUN);
}

static void release(trainer *t)
{
    for (int i = 0; i < RUNG__WORD2VEC_RUNS; i++) rung__word2vec_run_release(&t->runs[i]);
    rung__free(t->step.keep);
    rung__free(t->step.labels);
    rung__noise_release(&t->step.noise);
    rung__huffman_release(&t->step.tree);
    rung__report_log_close(&t->log);
}

/* ---- Checkpoints ---- */

/* What a training depends on, as text: a checkpoint of another one is refused. */
static void describe(const trainer *t, char *out, size_t size)
{
    const rung__word2vec_config *c = t->model->config;
    const rung_words *words = t->model->words;
    snprintf(out, size,
             "text %s, min-count %lld, lower %d, lines %d, dim %lld, window %lld, "
             "negative %lld, %s, sample %.17g, "
             "noise %.17g, epochs %.17g, lr %.17g, seed %llu",
             words->sha256, (long long)words->config.min_count, words->config.lower,
             words->config.lines, (long long)c->dim, (long long)c->window,
             (long long)c->negative, c->cbow ? "cbow" : "sg", c->sample, c->power,
             c->epochs, c->lr, (unsigned long long)t->seed);
}

static rung_stored tensor(const trainer *t, const char *name, float *data)
{
    const int64_t n = rung_tokenizer_size(t->model->words->vocabulary);
    const int64_t width = t->model->width;
    return (rung_stored){.name = name,
                         .type = RUNG_STORED_F32,
                         .rank = 2,
                         .shape = {n, width},
                         .data = data,
                         .bytes = (size_t)(n * width) * sizeof *data};
}

static rung_status write_state(const trainer *t, const char *path, rung_error *err)
{
    char run[600];
    double sums[] = {t->loss, t->pairs, t->last_loss,
                     t->before + rung__now_seconds() - t->start};
    const rung_stored tensors[] = {tensor(t, "in", t->model->in),
                                   tensor(t, "out", t->model->out),
                                   {.name = "sums",
                                    .type = RUNG_STORED_F64,
                                    .rank = 1,
                                    .shape = {4},
                                    .data = sums,
                                    .bytes = sizeof sums}};
    describe(t, run, sizeof run);
    const char *const metadata[] = {"run", run, NULL};
    return rung_safetensors_write(path, tensors, 3, metadata, err);
}

static rung_status save(trainer *t, rung_error *err)
{
    rung_checkpoint c;
    if (!t->dir || t->saved == t->at) return RUNG_OK;
    RUNG_TRY(rung_checkpoint_begin(&c, t->dir, t->at, err));
    char *path = rung_path_join(c.path, "state.safetensors");
    rung_status status =
        path ? write_state(t, path, err) : rung__out_of_memory(err, 0, "a path");
    if (status == RUNG_OK) status = rung_checkpoint_commit(&c, KEEP, err);
    rung_checkpoint_abandon(&c);
    rung__free(path);
    t->saved = t->at;
    t->saved_time = rung__now_seconds();
    return status;
}

static rung_status take_state(trainer *t, const rung_safetensors *file, const char *path,
                              rung_error *err)
{
    char run[600];
    const rung_stored want[] = {tensor(t, "in", t->model->in),
                                tensor(t, "out", t->model->out)};
    describe(t, run, sizeof run);
    const char *is = rung_safetensors_metadata(file, "run");
    if (!is || strcmp(is, run) != 0)
        return rung_fail(err, RUNG_USAGE,
                         "%s is of another training: it has %s, but this one %s", path,
                         is ? is : "no description", run);
    for (int i = 0; i < 2; i++) {
        const rung_stored *found = rung_safetensors_find(file, want[i].name);
        if (!found || found->type != RUNG_STORED_F32 || found->bytes != want[i].bytes)
            return rung_fail(err, RUNG_INPUT, "%s: no tensor '%s' of this size", path,
                             want[i].name);
        memcpy((float *)want[i].data, found->data, found->bytes);
        rung_safetensors_forget(file, found);
    }
    const rung_stored *sums = rung_safetensors_find(file, "sums");
    double x[4];
    if (!sums || sums->type != RUNG_STORED_F64 || sums->bytes != sizeof x)
        return rung_fail(err, RUNG_INPUT, "%s: no tensor 'sums'", path);
    memcpy(x, sums->data, sizeof x);
    t->loss = x[0], t->pairs = x[1], t->last_loss = x[2], t->before = x[3];
    return RUNG_OK;
}

/* The latest checkpoint, if there is one. */
static rung_status load(trainer *t, rung_error *err)
{
    int64_t step;
    char *folder;
    RUNG_TRY(rung_checkpoint_latest(t->dir, &step, &folder, err));
    if (!folder) return RUNG_OK;
    char *path = rung_path_join(folder, "state.safetensors");
    rung_safetensors *file = NULL;
    rung_status status = path ? rung_safetensors_open(&file, path, err)
                              : rung__out_of_memory(err, 0, "a path");
    if (status == RUNG_OK) status = take_state(t, file, path, err);
    rung_safetensors_close(file);
    rung__free(path);
    rung__free(folder);
    t->at = t->saved = t->first = step;
    return status;
}

static rung_status refuse_former(const trainer *t, rung_error *err)
{
    int64_t step;
    char *folder;
    RUNG_TRY(rung_checkpoint_latest(t->dir, &step, &folder, err));
    rung__free(folder);
    if (step < 0) return RUNG_OK;
    return rung_fail(err, RUNG_USAGE,
                     "'%s' holds checkpoints: take another --out, or --resume", t->dir);
}

/* ---- Steps ---- */

static void compute(void *ctx, int64_t task, int worker)
{
    trainer *t = ctx;
    (void)worker;
    rung__word2vec_compute(&t->step, &t->runs[task]);
}

/* Adds all gradients to the rows of one owner, in the order of the runs. */
static void add_gradients(void *ctx, int64_t part, int worker)
{
    const trainer *t = ctx;
    const rung__word2vec_task *m = t->model;
    (void)worker;
    for (int i = 0; i < RUNG__WORD2VEC_RUNS; i++) {
        const rung__word2vec_run *r = &t->runs[i];
        t->step.kernels->add_to_rows(r->n_outs, r->outs, r->d_out, m->width, m->out,
                                     (int)part, t->parts);
        t->step.kernels->add_to_rows(r->n_ins, r->ins, r->d_in, m->width, m->in,
                                     (int)part, t->parts);
    }
}

/* Run i of step s, within an epoch, begins where the i-th part of the text does, s runs
 * on. */
static void place_runs(trainer *t)
{
    const int64_t count = (int64_t)t->model->words->count, within = t->at % t->per_epoch;
    for (int64_t i = 0; i < RUNG__WORD2VEC_RUNS; i++) {
        const int64_t begin = (i * t->per_epoch + within) * t->places;
        const int64_t end = begin + t->places;
        t->runs[i].begin = begin < count ? begin : count;
        t->runs[i].end = end < count ? end : count;
    }
}

static void do_step(trainer *t)
{
    const double done = (double)t->at / (double)t->steps;
    t->step.key = rung_rng_key(t->seed, "word2vec", (uint64_t)(t->at / t->per_epoch));
    t->step.rate = t->model->config->lr * fmax(1 - done, LAST_RATE);
    place_runs(t);
    rung_pool_run(t->rt->pool, RUNG__WORD2VEC_RUNS, compute, t);
    rung_pool_run(t->rt->pool, t->parts, add_gradients, t);
    for (int i = 0; i < RUNG__WORD2VEC_RUNS; i++) {
        t->loss += t->runs[i].loss;
        t->pairs += (double)t->runs[i].n_pairs;
    }
    t->at++;
}

/* ---- Reports ---- */

/* Words of the text behind `steps` steps. */
static double words_of(const trainer *t, int64_t steps)
{
    return (double)t->model->words->n_words * (double)steps / (double)t->per_epoch;
}

static rung_train_report report_of(const trainer *t, double now)
{
    const double here = now - t->start;
    const double rate = words_of(t, t->at - t->first) / fmax(here, 1e-9);
    return (rung_train_report){.step = t->at,
                               .steps = t->steps,
                               .loss = t->pairs > 0 ? t->loss / t->pairs : t->last_loss,
                               .valid_loss = NAN,
                               .lr = t->step.rate,
                               .grad_norm = NAN,
                               .unit = "words",
                               .units_per_second = rate,
                               .elapsed_seconds = t->before + here,
                               .eta_seconds = words_of(t, t->steps - t->at) / rate};
}

/* At the end of each REPORTS-th part of the run: a line of metrics. */
static rung_status report(trainer *t, rung_error *err)
{
    const double now = rung__now_seconds();
    const bool is_line = t->at * REPORTS / t->steps != (t->at - 1) * REPORTS / t->steps;
    if (!is_line && now - t->reported < REPORT_SECONDS) return RUNG_OK;
    const rung_train_report r = report_of(t, now);
    if (t->hooks && t->hooks->report) t->hooks->report(t->hooks->self, &r);
    t->reported = now;
    if (!is_line) return RUNG_OK;
    if (t->pairs > 0 && !isfinite(r.loss))
        return rung_fail(
            err, RUNG_DIVERGED,
            "word2vec: the loss is %g at step %lld of %lld: lower --lr, which "
            "is %g",
            r.loss, (long long)t->at, (long long)t->steps, t->model->config->lr);
    t->last_loss = r.loss;
    t->loss = t->pairs = 0;
    return rung__report_log_add(&t->log, &r, err);
}

static bool is_time_to_save(const trainer *t)
{
    const double every = t->model->config->save_every * (double)t->per_epoch;
    if (every > 0) return floor((double)t->at / every) > floor((double)t->saved / every);
    return rung__now_seconds() - t->saved_time > SAVE_SECONDS;
}

static rung_status run(trainer *t, rung_train_end *end, rung_error *err)
{
    *end = RUNG_TRAIN_DONE;
    while (t->at < t->steps) {
        if (t->hooks && t->hooks->should_stop && t->hooks->should_stop(t->hooks->self)) {
            *end = RUNG_TRAIN_INTERRUPTED;
            return save(t, err);
        }
        do_step(t);
        RUNG_TRY(report(t, err));
        if (is_time_to_save(t)) RUNG_TRY(save(t, err));
    }
    if (isfinite(t->last_loss)) return RUNG_OK;
    return rung_fail(
        err, RUNG_INPUT,
        "'%s': no two words of a line were kept: raise --sample, which is %g",
        t->model->words->name, t->model->config->sample);
}

static bool has_neighbours(const rung_words *words)
{
    for (size_t i = 1; i < words->count; i++)
        if (words->ids[i - 1] >= 0 && words->ids[i] >= 0) return true;
    return false;
}

static rung_status begin(trainer *t, bool resume, rung_error *err)
{
    const rung_words *words = t->model->words;
    if (rung_tokenizer_size(words->vocabulary) < 2)
        return rung_fail(err, RUNG_INPUT,
                         "'%s': only one word is frequent enough: vectors need two at "
                         "least; lower --min-count",
                         words->name);
    if (!has_neighbours(words))
        return rung_fail(
            err, RUNG_INPUT,
            "'%s': no two words stand in one line, so there is nothing to learn: "
            "with --no-lines windows run across the ends of lines",
            words->name);
    RUNG_TRY(prepare(t, err));
    t->places = places_of_run(&t->step);
    const int64_t size = t->places * RUNG__WORD2VEC_RUNS;
    t->per_epoch = ((int64_t)words->count + size - 1) / size;
    t->steps = (int64_t)ceil(t->model->config->epochs * (double)t->per_epoch);
    if (t->dir) {
        RUNG_TRY(rung_make_dirs(t->dir, err));
        RUNG_TRY(resume ? load(t, err) : refuse_former(t, err));
    }
    return rung__report_log_open(&t->log, t->dir, t->at > 0 ? t->at : -1, err);
}

rung_status rung__word2vec_train(rung__word2vec_task *model, rung_runtime *rt,
                                 uint64_t seed, const char *dir, bool resume,
                                 const rung_train_hooks *hooks, rung_train_result *result,
                                 rung_error *err)
{
    trainer t = {.model = model,
                 .rt = rt,
                 .parts = rung_pool_threads(rt->pool),
                 .seed = seed,
                 .dir = dir,
                 .hooks = hooks,
                 .log = {.log = {.fd = -1}},
                 .last_loss = NAN};
    rung_status status = begin(&t, resume, err);
    t.start = t.reported = t.saved_time = rung__now_seconds();
    if (status == RUNG_OK) status = run(&t, &result->end, err);
    if (status == RUNG_OK) {
        const rung_train_report last = report_of(&t, rung__now_seconds());
        result->steps = result->best_step = t.at;
        result->config.steps = t.steps;
        result->train_loss = last.loss;
        result->valid_loss = result->first_valid_loss = NAN;
        result->seconds = last.elapsed_seconds;
        result->units_per_second = words_of(&t, t.at) / fmax(result->seconds, 1e-9);
    }
    release(&t);
    return status;
}
