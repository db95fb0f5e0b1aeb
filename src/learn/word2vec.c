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

/* The weights that bag sums n-grams with. */
static rung_status make_ones(rung__word2vec_step *s, rung_error *err)
{
    const int64_t n = s->model->lists->longest;
    s->ones = rung__alloc_array((size_t)n, sizeof *s->ones);
    if (!s->ones) return rung__out_of_memory(err, 0, "weights of n-grams");
    for (int64_t i = 0; i < n; i++) s->ones[i] = 1;
    return RUNG_OK;
}

/* Rows uniform in +-1/(2 dim). */
static void make_rows(const trainer *t, const char *name, float *rows, int64_t n)
{
    const int64_t dim = t->model->config->dim, width = t->model->width;
    const uint64_t key = rung_rng_key(t->seed, name, 0);
    memset(rows, 0, (size_t)(n * width) * sizeof *rows);
    for (int64_t i = 0; i < n; i++) {
        for (int64_t d = 0; d < dim; d++) {
            const uint64_t bits = rung__draw(key, (uint64_t)(i * dim + d));
            rows[i * width + d] =
                (float)(((double)(bits >> 11) * 0x1p-53 - 0.5) / (double)dim);
        }
    }
}

static void make_vectors(trainer *t)
{
    const rung__word2vec_task *m = t->model;
    const int64_t n = rung_tokenizer_size(m->words->vocabulary);
    make_rows(t, "word2vec vectors", m->in, n);
    if (m->ngrams) make_rows(t, "word2vec n-grams", m->ngrams, m->subwords->n);
    memset(m->out, 0, (size_t)(n * m->width) * sizeof *m->out);
}

static rung_status prepare(trainer *t, rung_error *err)
{
    t->step.model = t->model;
    t->step.kernels = rung_kernels_get(t->rt->isa);
    RUNG_TRY(make_keep(&t->step, err));
    RUNG_TRY(make_outputs(&t->step, err));
    if (t->model->ngrams) RUNG_TRY(make_ones(&t->step, err));
    for (int i = 0; i < RUNG__WORD2VEC_RUNS; i++)
        RUNG_TRY(rung__word2vec_run_new(&t->runs[i], &t->step, err));
    make_vectors(t);
    return RUNG_OK;
}

/* How often a step may meet one output, and one input made of n-grams, times the rate: at
 * twice as much the vectors of a text of few topics and 48 words swing ever higher. */
#define MOST_MET 1
#define MOST_MET_INPUTS 2

/* The share of a word among those that are kept, of which there are `kept`. */
static double share_of(const rung__word2vec_step *s, int64_t word, double kept)
{
    return (double)s->model->words->counts[word] * s->keep[word] / UINT32_MAX / kept;
}

/* How often a place meets the most frequent output: a word as itself and as noise, the
 * root of the tree. */
static double most_outputs(const rung__word2vec_step *s, double kept)
{
    const rung__word2vec_config *c = s->model->config;
    const int64_t *counts = s->model->words->counts;
    const int64_t n = rung_tokenizer_size(s->model->words->vocabulary);
    const int64_t top = c->power < 0 ? n - 1 : 0; // the most frequent noise
    double noise = 0;
    if (c->negative == 0) return 1;
    for (int64_t i = 0; i < n; i++) noise += pow((double)counts[i], c->power);
    return share_of(s, 0, kept) +
           (double)c->negative * pow((double)counts[top], c->power) / noise;
}

/* How often a place meets an input, in its window + 1 windows on average: a word as
 * itself, and as others as far as these share its rows; of the word met most. */
static rung_status most_inputs(const rung__word2vec_step *s, double kept, double *most,
                               rung_error *err)
{
    const rung__word2vec_task *m = s->model;
    const int64_t *first = m->lists->first, n = rung_tokenizer_size(m->words->vocabulary);
    double *met = rung__alloc_array((size_t)m->subwords->n, sizeof *met);
    if (!met) return rung__out_of_memory(err, 0, "shares of n-grams");
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = first[i]; k < first[i + 1]; k++)
            met[m->lists->rows[k]] += share_of(s, i, kept);
    *most = 0;
    for (int64_t i = 0; i < n; i++) {
        double sum = share_of(s, i, kept);
        for (int64_t k = first[i]; k < first[i + 1]; k++) sum += met[m->lists->rows[k]];
        *most = fmax(*most, sum / (double)(first[i + 1] - first[i] + 1));
    }
    *most *= (double)(m->config->window + 1);
    rung__free(met);
    return RUNG_OK;
}

/* As many places in a run as the row met most allows. CBOW has one mean of n words in a
 * window where skip-gram has n inputs, with gradients 1 / sqrt(n) as large. */
static rung_status choose_places(trainer *t, rung_error *err)
{
    const rung__word2vec_step *s = &t->step;
    const rung__word2vec_config *c = t->model->config;
    const int64_t n = rung_tokenizer_size(t->model->words->vocabulary);
    double kept = 0, inputs = 0;
    for (int64_t i = 0; i < n; i++) kept += share_of(s, i, 1);
    if (t->model->ngrams) RUNG_TRY(most_inputs(s, kept, &inputs, err));
    double most = fmax(most_outputs(s, kept) / MOST_MET, inputs / MOST_MET_INPUTS);
    if (c->cbow) most /= sqrt((double)(c->window + 1));
    const double places = 1 / (most * c->lr * RUNG__WORD2VEC_RUNS);
    t->places = (int64_t)fmin(fmax(places, 1), RUNG__WORD2VEC_RUN);
    return RUNG_OK;
}

static void release(trainer *t)
{
    for (int i = 0; i < RUNG__WORD2VEC_RUNS; i++) rung__word2vec_run_release(&t->runs[i]);
    rung__free(t->step.keep);
    rung__free(t->step.labels);
    rung__free(t->step.ones);
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
    const rung__subwords *s = t->model->subwords;
    snprintf(out, size,
             "text %s, min-count %lld, lower %d, lines %d, dim %lld, window %lld, "
             "negative %lld, %s, sample %.17g, "
             "noise %.17g, epochs %.17g, lr %.17g, chars %lld-%lld, buckets %lld, "
             "seed %llu",
             words->sha256, (long long)words->config.min_count, words->config.lower,
             words->config.lines, (long long)c->dim, (long long)c->window,
             (long long)c->negative, c->cbow ? "cbow" : "sg", c->sample, c->power,
             c->epochs, c->lr, s ? (long long)s->from : 0, s ? (long long)s->to : 0,
             s ? (long long)s->buckets : 0, (unsigned long long)t->seed);
}

static rung_stored tensor(const trainer *t, const char *name, float *data, int64_t n)
{
    const int64_t width = t->model->width;
    return (rung_stored){.name = name,
                         .type = RUNG_STORED_F32,
                         .rank = 2,
                         .shape = {n, width},
                         .data = data,
                         .bytes = (size_t)(n * width) * sizeof *data};
}

enum { MATRICES = 3 };

/* The matrices of a state; returns how many there are. */
static size_t list_matrices(const trainer *t, rung_stored out[MATRICES])
{
    const rung__word2vec_task *m = t->model;
    const int64_t n = rung_tokenizer_size(m->words->vocabulary);
    out[0] = tensor(t, "in", m->in, n);
    out[1] = tensor(t, "out", m->out, n);
    if (!m->ngrams) return 2;
    out[2] = tensor(t, "ngrams", m->ngrams, m->subwords->n);
    return 3;
}

static rung_status write_state(const trainer *t, const char *path, rung_error *err)
{
    char run[600];
    double sums[] = {t->loss, t->pairs, t->last_loss,
                     t->before + rung__now_seconds() - t->start};
    rung_stored tensors[MATRICES + 1];
    size_t n = list_matrices(t, tensors);
    tensors[n++] = (rung_stored){.name = "sums",
                                 .type = RUNG_STORED_F64,
                                 .rank = 1,
                                 .shape = {4},
                                 .data = sums,
                                 .bytes = sizeof sums};
    describe(t, run, sizeof run);
    const char *const metadata[] = {"run", run, NULL};
    return rung_safetensors_write(path, tensors, n, metadata, err);
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
    rung_stored want[MATRICES];
    const size_t n = list_matrices(t, want);
    describe(t, run, sizeof run);
    const char *is = rung_safetensors_metadata(file, "run");
    if (!is || strcmp(is, run) != 0)
        return rung_fail(err, RUNG_USAGE,
                         "%s is of another training: it has %s, but this one %s", path,
                         is ? is : "no description", run);
    for (size_t i = 0; i < n; i++) {
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

/* Adds the inputs' gradients to their n-grams. */
static void add_to_ngrams(const trainer *t, const rung__word2vec_run *r, int part)
{
    const rung__word2vec_task *m = t->model;
    for (int64_t i = 0; i < r->n_ins; i++) {
        if (r->ins[i] < 0) continue;
        const int64_t *first = m->lists->first + r->ins[i];
        t->step.kernels->add_to_rows(first[1] - first[0], m->lists->rows + first[0],
                                     r->d_in + i * m->width, 0, m->width, m->ngrams, part,
                                     t->parts);
    }
}

/* Adds all gradients to the rows of one owner, in the order of the runs. */
static void add_gradients(void *ctx, int64_t part, int worker)
{
    const trainer *t = ctx;
    const rung__word2vec_task *m = t->model;
    (void)worker;
    for (int i = 0; i < RUNG__WORD2VEC_RUNS; i++) {
        const rung__word2vec_run *r = &t->runs[i];
        t->step.kernels->add_to_rows(r->n_outs, r->outs, r->d_out, m->width, m->width,
                                     m->out, (int)part, t->parts);
        t->step.kernels->add_to_rows(r->n_ins, r->ins, r->d_in, m->width, m->width, m->in,
                                     (int)part, t->parts);
        if (m->ngrams) add_to_ngrams(t, r, (int)part);
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

/* Rows of words become their inputs. */
static void finish_inputs(trainer *t)
{
    const rung__word2vec_task *m = t->model;
    float *v = t->runs[0].mean;
    for (int32_t i = 0; i < rung_tokenizer_size(m->words->vocabulary); i++) {
        rung__word2vec_input(&t->step, i, v);
        memcpy(m->in + i * m->width, v, (size_t)m->width * sizeof *v);
    }
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
    RUNG_TRY(choose_places(t, err));
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
        if (model->ngrams) finish_inputs(&t);
    }
    release(&t);
    return status;
}
