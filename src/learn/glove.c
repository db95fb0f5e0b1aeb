/* Learning GloVe's vectors.
 *
 * A word's row, as a centre, is [u, b, 1, 0 ...], as a context [v, 1, c, 0 ...], so that
 * the product of two rows is u.v + b + c; the 1s are held by their sums of squares
 * (RUNG_GLOVE_FIXED). Rows lie group by group: those of a block of X in two stretches of
 * memory. */
#include "learn/glove.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/rng.h"
#include "base/runtime.h"
#include "learn/checkpoint.h"
#include "learn/report.h"
#include "rung/formats.h"

/* Of the rows, or the columns, of a block. The fewer groups there are, the fewer times an
 * epoch brings each row from memory; but both sides should stay in the near caches. */
#define GROUP_BYTES ((size_t)768 << 10)
#define SAVE_SECONDS 30
#define STATE_FILE "glove.safetensors"

/* Where a run stands; all numbers, and stored as such. */
typedef struct standing {
    double round;       /* rounds done */
    double loss, pairs; /* of the current epoch so far, and their number */
    double seconds;
} standing;

enum { N_STANDING = sizeof(standing) / sizeof(double) };

typedef struct glove {
    rung_runtime *rt; /* borrowed, as what follows */
    const rung_kernels *kernels;
    const rung_cooccur *x;
    const rung_glove_config *config;
    const rung_train_hooks *hooks;
    const char *dir;
    int64_t width;               /* of a row, without the sums of squares */
    float *rows, *columns;       /* [groups size, 2, width], owned */
    double *losses;              /* [groups]: of a round's blocks, owned */
    double *pairs;               /* [groups], owned */
    rung_glove_record **buffers; /* [threads], each of x->most records, owned */
    rung_status status;          /* of reading records: the first failure */
    rung_error error;
    pthread_mutex_t lock; /* of these two */
    int64_t shift;        /* of the round: row group g meets column group g + shift */
    standing now;
    int64_t begun;        /* rounds done before this part of the run */
    double begun_seconds; /* and what they took */
    double saved_seconds; /* now.seconds at the last checkpoint */
    rung_report_log log;
} glove;

/* ---- Rows ---- */

static int64_t width_of(int64_t dim)
{
    return (dim + 2 + RUNG_GLOVE_LANES - 1) / RUNG_GLOVE_LANES * RUNG_GLOVE_LANES;
}

static size_t row_bytes(int64_t dim)
{
    return (size_t)(2 * width_of(dim)) * sizeof(float);
}

rung_word_grid rung__glove_grid(int64_t V, int64_t dim)
{
    return rung__word_grid(V, row_bytes(dim), GROUP_BYTES);
}

size_t rung__glove_bytes(int64_t V, int64_t dim)
{
    const rung_word_grid g = rung__glove_grid(V, dim);
    return (size_t)(2 * g.groups * g.size) * row_bytes(dim);
}

static int64_t n_rows(const glove *t)
{
    return t->x->grid.groups * t->x->grid.size;
}

static float *row_of(const glove *t, float *rows, int64_t word)
{
    const rung_word_grid *g = &t->x->grid;
    return rows + (word % g->groups * g->size + word / g->groups) * 2 * t->width;
}

/* Uniform in +-1/2 / dim, as in the authors' program, biases too; sums of squares begin
 * with 1. */
static void init_row(const glove *t, float *row, rung_rng rng, bool is_context)
{
    const int64_t dim = t->config->dim, bias = dim + is_context, one = dim + !is_context;
    for (int64_t d = 0; d < 2 * t->width; d++) row[d] = d < t->width ? 0 : 1;
    for (int64_t d = 0; d < dim; d++)
        row[d] = (float)((rung_rng_double(&rng) - 0.5) / (double)dim);
    row[bias] = (float)((rung_rng_double(&rng) - 0.5) / (double)dim);
    row[one] = 1;
    row[t->width + one] = (float)RUNG_GLOVE_FIXED;
}

static void init_group(void *ctx, int64_t group, int worker)
{
    (void)worker;
    const glove *t = ctx;
    const rung_word_grid *g = &t->x->grid;
    const uint64_t seed = t->config->seed;
    for (int64_t w = group; w < g->V; w += g->groups) {
        const uint64_t centre = rung_rng_key(seed, "glove centre", (uint64_t)w);
        const uint64_t context = rung_rng_key(seed, "glove context", (uint64_t)w);
        init_row(t, row_of(t, t->rows, w), rung_rng_make(centre), false);
        init_row(t, row_of(t, t->columns, w), rung_rng_make(context), true);
    }
}

static void copy_rows(const glove *t, const rung_glove_vectors *out)
{
    const int64_t dim = t->config->dim;
    for (int64_t w = 0; w < t->x->grid.V; w++) {
        const float *u = row_of(t, t->rows, w), *v = row_of(t, t->columns, w);
        memcpy(out->centre + w * dim, u, (size_t)dim * sizeof *u);
        memcpy(out->context + w * dim, v, (size_t)dim * sizeof *v);
        out->centre_bias[w] = u[dim];
        out->context_bias[w] = v[dim + 1];
    }
}

/* ---- A round ---- */

/* Block (g, h) of X, as it was counted, or with is_swapped from the counts of (h, g). */
static rung_status learn_records(glove *t, int64_t g, int64_t h, bool is_swapped,
                                 int worker, rung_error *err)
{
    const size_t group = (size_t)(t->x->grid.size * 2 * t->width);
    rung_glove_block block = {.is_swapped = is_swapped,
                              .skips_diagonal = is_swapped && g == h,
                              .width = t->width,
                              .rows = t->rows + (size_t)g * group,
                              .columns = t->columns + (size_t)h * group,
                              .lr = t->config->lr,
                              .clip = t->config->clip > 0 ? t->config->clip : INFINITY};
    RUNG_TRY(rung__cooccur_read(t->x, is_swapped ? h : g, is_swapped ? g : h,
                                t->buffers[worker], &block.records, &block.n, err));
    t->losses[g] += t->kernels->glove(&block);
    t->pairs[g] += (double)block.n;
    return RUNG_OK;
}

static void learn_block(void *ctx, int64_t g, int worker)
{
    glove *t = ctx;
    rung_error err;
    const int64_t h = (g + t->shift) % t->x->grid.groups;
    t->losses[g] = t->pairs[g] = 0;
    rung_status status = learn_records(t, g, h, false, worker, &err);
    if (status == RUNG_OK && t->x->symmetric)
        status = learn_records(t, g, h, true, worker, &err);
    if (status == RUNG_OK) return;
    pthread_mutex_lock(&t->lock);
    t->status = status, t->error = err;
    pthread_mutex_unlock(&t->lock);
}

static rung_status diverged(const glove *t, rung_error *err)
{
    return rung_fail(err, RUNG_DIVERGED,
                     "the loss is not finite in round %.0f of %lld, with a rate of %g: "
                     "try a smaller one, or a smaller clip",
                     t->now.round + 1, (long long)t->config->rounds, t->config->lr);
}

/* One round on all threads; the losses of its blocks are added in their order. */
static rung_status learn_round(glove *t, rung_error *err)
{
    const int64_t groups = t->x->grid.groups, round = (int64_t)t->now.round;
    const uint64_t key =
        rung_rng_key(t->config->seed, "glove rounds", (uint64_t)(round / groups));
    if (round % groups == 0) t->now.loss = t->now.pairs = 0;
    t->shift = (int64_t)rung_permute(key, (uint64_t)groups, (uint64_t)(round % groups));
    rung_pool_run(t->rt->pool, groups, learn_block, t);
    if (t->status != RUNG_OK && err) *err = t->error;
    RUNG_TRY(t->status);
    for (int64_t g = 0; g < groups; g++)
        t->now.loss += t->losses[g], t->now.pairs += t->pairs[g];
    if (!isfinite(t->now.loss)) return diverged(t, err);
    t->now.round++;
    return RUNG_OK;
}

/* J a pair: of an epoch that is whole, or of the current one so far. */
static double mean_loss(const glove *t)
{
    const bool is_whole = (int64_t)t->now.round % t->x->grid.groups == 0;
    return t->now.loss / (is_whole ? (double)t->x->n_pairs : fmax(t->now.pairs, 1));
}

/* ---- Checkpoints: the rows with their sums of squares, and where the run stands ---- */

static size_t list_tensors(const glove *t, rung_stored out[3])
{
    const int64_t n = n_rows(t), w = 2 * t->width;
    const size_t bytes = (size_t)(n * w) * sizeof(float);
    out[0] = (rung_stored){"centre", RUNG_STORED_F32, 2, {n, w}, t->rows, bytes};
    out[1] = (rung_stored){"context", RUNG_STORED_F32, 2, {n, w}, t->columns, bytes};
    out[2] = (rung_stored){"standing",   RUNG_STORED_F64, 1,
                           {N_STANDING}, &t->now,         sizeof t->now};
    return 3;
}

static rung_status write_state(const glove *t, const char *dir, rung_error *err)
{
    rung_stored tensors[3];
    const char *metadata[] = {"origin", t->config->origin, NULL};
    char *path = rung_path_join(dir, STATE_FILE);
    if (!path) return rung__out_of_memory(err, strlen(dir), "a file's name");
    const size_t n = list_tensors(t, tensors);
    const rung_status status = rung_safetensors_write(path, tensors, n, metadata, err);
    rung__free(path);
    return status;
}

static rung_status save(glove *t, rung_error *err)
{
    rung_checkpoint c;
    t->saved_seconds = t->now.seconds;
    if (!t->dir) return RUNG_OK;
    RUNG_TRY(rung_checkpoint_begin(&c, t->dir, (int64_t)t->now.round, err));
    rung_status status = write_state(t, c.path, err);
    if (status == RUNG_OK) status = rung_checkpoint_commit(&c, t->config->keep, err);
    rung_checkpoint_abandon(&c);
    return status;
}

/* Copies a tensor that must be as list_tensors says. */
static rung_status take_tensor(const rung_safetensors *file, const rung_stored *wanted,
                               void *to, const char *path, rung_error *err)
{
    const rung_stored *t = rung_safetensors_find(file, wanted->name);
    if (!t || t->type != wanted->type || t->bytes != wanted->bytes)
        return rung_fail(err, RUNG_INPUT, "%s: '%s' is not that of this run", path,
                         wanted->name);
    memcpy(to, t->data, t->bytes);
    rung_safetensors_forget(file, t);
    return RUNG_OK;
}

static rung_status take_state(glove *t, const rung_safetensors *file, const char *path,
                              rung_error *err)
{
    rung_stored wanted[3];
    const char *origin = rung_safetensors_metadata(file, "origin");
    if (!origin || strcmp(origin, t->config->origin) != 0)
        return rung_fail(err, RUNG_USAGE, "%s is of a run on %s, not on %s", path,
                         origin ? origin : "other data", t->config->origin);
    list_tensors(t, wanted);
    void *to[3] = {t->rows, t->columns, &t->now};
    for (int i = 0; i < 3; i++) RUNG_TRY(take_tensor(file, &wanted[i], to[i], path, err));
    const double round = t->now.round;
    if (!(round >= 0 && round <= 1e15 && round == floor(round)))
        return rung_fail(err, RUNG_INPUT, "%s: %g rounds", path, round);
    return RUNG_OK;
}

static rung_status restore(glove *t, const char *dir, rung_error *err)
{
    rung_safetensors *file;
    char *path = rung_path_join(dir, STATE_FILE);
    if (!path) return rung__out_of_memory(err, strlen(dir), "a file's name");
    rung_status status = rung_safetensors_open(&file, path, err);
    if (status == RUNG_OK) {
        status = take_state(t, file, path, err);
        rung_safetensors_close(file);
    }
    rung__free(path);
    return status;
}

/* Takes up a run from its last checkpoint, if there is one and that is wanted. */
static rung_status resume_or_begin(glove *t, bool resume, rung_error *err)
{
    int64_t round = -1;
    char *path = NULL;
    rung_status status = RUNG_OK;
    if (t->dir) status = rung_checkpoint_latest(t->dir, &round, &path, err);
    if (status == RUNG_OK && path && !resume)
        status = rung_fail(err, RUNG_USAGE,
                           "'%s' holds a run, saved at step %lld: resume it, or remove "
                           "its checkpoints",
                           t->dir, (long long)round);
    else if (status == RUNG_OK && path)
        status = restore(t, path, err);
    rung__free(path);
    RUNG_TRY(status);
    if (round < 0) rung_pool_run(t->rt->pool, t->x->grid.groups, init_group, t);
    t->begun = (int64_t)t->now.round;
    t->begun_seconds = t->saved_seconds = t->now.seconds;
    return rung__report_log_open(&t->log, t->dir, round, err);
}

/* ---- The run ---- */

/* Pairs a second of late: of this part of the run. */
static double speed(const glove *t)
{
    const double rounds = t->now.round - (double)t->begun;
    const double seconds = t->now.seconds - t->begun_seconds;
    const double pairs = (double)t->x->n_pairs / (double)t->x->grid.groups;
    return seconds > 0 ? rounds * pairs / seconds : 0;
}

/* Each round to the hook, each epoch's end to metrics.jsonl. */
static rung_status report(glove *t, rung_error *err)
{
    const int64_t round = (int64_t)t->now.round, groups = t->x->grid.groups;
    const double left = (double)(t->config->rounds - round) / (double)groups;
    const rung_train_report r = {
        .step = round,
        .steps = t->config->rounds,
        .loss = mean_loss(t),
        .valid_loss = NAN,
        .lr = t->config->lr,
        .grad_norm = NAN,
        .unit = "pairs",
        .units_per_second = speed(t),
        .elapsed_seconds = t->now.seconds,
        .eta_seconds = speed(t) > 0 ? left * (double)t->x->n_pairs / speed(t) : -1};
    if (round % groups == 0) RUNG_TRY(rung__report_log_add(&t->log, &r, err));
    if (t->hooks && t->hooks->report) t->hooks->report(t->hooks->self, &r);
    return RUNG_OK;
}

static bool is_time_to_save(const glove *t)
{
    if (t->config->save_every > 0)
        return (int64_t)t->now.round % t->config->save_every == 0;
    return t->now.seconds - t->saved_seconds >= SAVE_SECONDS;
}

static rung_status run(glove *t, rung_train_end *end, rung_error *err)
{
    *end = RUNG_TRAIN_DONE;
    while ((int64_t)t->now.round < t->config->rounds) {
        const double start = rung__now_seconds();
        RUNG_TRY(learn_round(t, err));
        t->now.seconds += rung__now_seconds() - start;
        RUNG_TRY(report(t, err));
        const bool stops =
            t->hooks && t->hooks->should_stop && t->hooks->should_stop(t->hooks->self);
        if (stops || is_time_to_save(t)) RUNG_TRY(save(t, err));
        if (!stops) continue;
        *end = RUNG_TRAIN_INTERRUPTED;
        return RUNG_OK;
    }
    return RUNG_OK;
}

/* ---- Beginning and end ---- */

static rung_status make(glove *t, rung_error *err)
{
    const size_t bytes = (size_t)n_rows(t) * row_bytes(t->config->dim);
    const size_t groups = (size_t)t->x->grid.groups;
    const int threads = rung_runtime_threads(t->rt);
    t->rows = rung__alloc(bytes);
    t->columns = rung__alloc(bytes);
    t->losses = rung__alloc_array(groups, sizeof *t->losses);
    t->pairs = rung__alloc_array(groups, sizeof *t->pairs);
    t->buffers = rung__alloc_array((size_t)threads, sizeof *t->buffers);
    if (!t->rows || !t->columns || !t->losses || !t->pairs || !t->buffers)
        return rung__out_of_memory(err, 2 * bytes, "vectors of words");
    for (int i = 0; t->x->file.size > 0 && i < threads; i++) {
        t->buffers[i] = rung__alloc_array((size_t)t->x->most, sizeof **t->buffers);
        if (!t->buffers[i])
            return rung__out_of_memory(err, (size_t)t->x->most * sizeof **t->buffers,
                                       "co-occurrences");
    }
    return RUNG_OK;
}

static void release(glove *t)
{
    for (int i = 0; t->buffers && i < rung_runtime_threads(t->rt); i++)
        rung__free(t->buffers[i]);
    rung__free(t->rows), rung__free(t->columns), rung__free(t->losses);
    rung__free(t->pairs), rung__free(t->buffers);
    rung__report_log_close(&t->log);
    pthread_mutex_destroy(&t->lock);
}

static void fill_result(const glove *t, rung_train_end end, rung_train_result *result)
{
    *result = (rung_train_result){.end = end,
                                  .steps = (int64_t)t->now.round,
                                  .best_step = (int64_t)t->now.round,
                                  .train_loss = mean_loss(t),
                                  .valid_loss = NAN,
                                  .first_valid_loss = NAN,
                                  .seconds = t->now.seconds,
                                  .units_per_second = speed(t)};
}

rung_status rung__glove_train(const rung_glove_vectors *out, rung_runtime *rt,
                              const rung_cooccur *x, const rung_glove_config *config,
                              const char *dir, bool resume, const rung_train_hooks *hooks,
                              rung_train_result *result, rung_error *err)
{
    glove t = {.rt = rt,
               .kernels = rung_kernels_get(rt->isa),
               .x = x,
               .config = config,
               .hooks = hooks,
               .dir = dir,
               .width = width_of(config->dim),
               .log = {.log = {.fd = -1}}};
    rung_train_end end;
    pthread_mutex_init(&t.lock, NULL);
    rung_status status = make(&t, err);
    if (status == RUNG_OK && dir) status = rung_make_dirs(dir, err);
    if (status == RUNG_OK) status = resume_or_begin(&t, resume, err);
    if (status == RUNG_OK) status = run(&t, &end, err);
    if (status == RUNG_OK) {
        copy_rows(&t, out);
        fill_result(&t, end, result);
    }
    release(&t);
    return status;
}
