/* glove: vectors of words from how often they stand near each other.
 *
 *     u_i.v_j + b_i + c_j = ln X[i][j],   rare pairs counting less
 *
 * X is counted by learn/cooccur.h, the vectors are learned by learn/glove.h. */
#include "models/rungs.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/runtime.h"
#include "learn/glove.h"
#include "models/vectors.h"
#include "rung/units.h"

typedef struct glove_config {
    rung_words_config reading;
    int64_t dim, window;
    bool symmetric, distance_weighting;
    double x_max, alpha;
    double epochs, lr, clip;
    int64_t save_every; /* epochs */
    double max_mem;     /* bytes; 0: any */
    rung__word_labels_config labels;
} glove_config;

typedef struct glove {
    rung__vectors base;
    glove_config config;
} glove;

#define AT(field) offsetof(glove_config, field)

static const rung_option glove_options[] = {
    {"dim", RUNG_OPTION_INT, AT(dim), "100", 1, 10000, NULL, "numbers in a vector", NULL},
    {"window", RUNG_OPTION_INT, AT(window), "10", 1, 1000, NULL,
     "words on each side that count as near", NULL},
    {"symmetric", RUNG_OPTION_FLAG, AT(symmetric), "true", 0, 0, NULL,
     "count words on both sides, not only those before", NULL},
    {"distance-weighting", RUNG_OPTION_FLAG, AT(distance_weighting), "true", 0, 0, NULL,
     "a word d places away counts 1/d, not 1", NULL},
    {"x-max", RUNG_OPTION_REAL, AT(x_max), "10", 1e-6, 1e15, NULL,
     "pairs with an X below this count less than fully", NULL},
    {"alpha", RUNG_OPTION_REAL, AT(alpha), "0.75", 0, 10, NULL,
     "below x-max a pair counts (X / x-max)^alpha", NULL},
    {"epochs", RUNG_OPTION_REAL, AT(epochs), "15", 0.01, 1e6, NULL,
     "passes over the pairs of words", NULL},
    {"lr", RUNG_OPTION_REAL, AT(lr), "0.075", 0, 1e19, NULL, "learning rate of AdaGrad",
     NULL},
    {"clip", RUNG_OPTION_REAL, AT(clip), "100", 0, 1e19, NULL,
     "largest gradient of one number; 0: any", NULL},
    {"save-every", RUNG_OPTION_INT, AT(save_every), "0", 0, 1e6, NULL,
     "epochs between checkpoints; 0: about half a minute", NULL},
    {"max-mem", RUNG_OPTION_BYTES, AT(max_mem), "0", 0, 1e18, NULL,
     "memory that training may take: the rest goes to files in --out; 0: any", NULL},
    RUNG__READING_OPTIONS(AT(reading)),
    RUNG__WORD_LABELS_OPTIONS(AT(labels)),
};

static glove *glove_of(const rung_model *m)
{
    assert(m->type == &rung__glove);
    return (glove *)m;
}

static rung_status glove_declare(rung_model *m, rung_error *err)
{
    (void)err;
    rung__vectors_of(m)->dim = glove_of(m)->config.dim;
    rung__vectors_of(m)->labels.config = &glove_of(m)->config.labels;
    return RUNG_OK;
}

static rung_words_config glove_reading(const rung_model *m)
{
    return glove_of(m)->config.reading;
}

/* ---- Memory ---- */

/* The program itself, its threads, and what the heap keeps between blocks. */
#define OVERHEAD_BYTES ((size_t)24 << 20)

/* What of max-mem is left for counting, and for records while the vectors are learned:
 * out->memory and out->kept. */
static rung_status share_memory(rung_cooccur_config *out, const glove *g, rung_error *err)
{
    const size_t all = (size_t)g->config.max_mem, V = (size_t)g->base.base.vocab;
    if (all == 0) return RUNG_OK;
    const size_t held = (size_t)rung__alloc_stats().live_bytes + OVERHEAD_BYTES;
    const size_t rows = rung__glove_bytes((int64_t)V, g->base.dim);
    if (all <= held + rows) {
        char given[40], needed[40];
        return rung_fail(err, RUNG_USAGE,
                         "--max-mem %s: the text and the vectors of %zu words alone take "
                         "%s",
                         rung_format_bytes(given, (double)all), V,
                         rung_format_bytes(needed, (double)(held + rows)));
    }
    out->memory = all - held;
    out->kept = all - held - rows;
    if (out->kept > out->memory / 2) out->kept = out->memory / 2;
    return RUNG_OK;
}

/* ---- Counting ---- */

/* Shows counting as training is shown. */
static void report_counting(void *self, const rung_progress *p)
{
    const rung_train_hooks *hooks = self;
    const rung_train_report r = {.step = (int64_t)p->done,
                                 .steps = (int64_t)p->total,
                                 .loss = NAN,
                                 .valid_loss = NAN,
                                 .grad_norm = NAN,
                                 .unit = p->unit,
                                 .units_per_second = p->rate,
                                 .elapsed_seconds = p->elapsed,
                                 .eta_seconds = p->left};
    hooks->report(hooks->self, &r);
}

static rung_status count(rung_cooccur *x, const glove *g, rung_runtime *rt,
                         const rung_words_run *run, rung_error *err)
{
    const glove_config *c = &g->config;
    const rung_word_grid grid = rung__glove_grid(g->base.base.vocab, c->dim);
    rung_cooccur_config config = {.window = c->window,
                                  .symmetric = c->symmetric,
                                  .by_distance = c->distance_weighting,
                                  .x_max = c->x_max,
                                  .alpha = c->alpha,
                                  .seed = (uint64_t)run->train->seed,
                                  .dir = run->dir};
    if (run->hooks && run->hooks->report)
        config.progress = (rung_progress_sink){report_counting, (void *)run->hooks};
    *x = (rung_cooccur){0};
    RUNG_TRY(share_memory(&config, g, err));
    if (run->dir) RUNG_TRY(rung_make_dirs(run->dir, err));
    return rung__cooccur_count(x, rt->pool, run->words->ids, run->words->count, &grid,
                               &config, err);
}

/* ---- Learning ---- */

#define KEPT 2 /* checkpoints */

static rung_status make_vectors(rung__vectors *v, rung_error *err)
{
    const size_t V = (size_t)v->base.vocab, bytes = V * (size_t)v->dim * sizeof(float);
    v->centre = rung__alloc(bytes);
    v->context = rung__alloc(bytes);
    v->centre_bias = rung__alloc(V * sizeof(float));
    v->context_bias = rung__alloc(V * sizeof(float));
    const bool has_all = v->centre && v->context && v->centre_bias && v->context_bias;
    return has_all ? RUNG_OK : rung__out_of_memory(err, 2 * bytes, "vectors of words");
}

/* What a checkpoint belongs to: all that changes its numbers. */
static void write_origin(char *out, size_t size, const glove *g,
                         const rung_words_run *run)
{
    const glove_config *c = &g->config;
    snprintf(
        out, size,
        "%s, min-count %lld, lower %d, lines %d, dim %lld, window %lld, symmetric %d, "
        "distance-weighting %d, x-max %.17g, alpha %.17g, lr %.17g, clip %.17g, seed "
        "%lld",
        run->words->sha256, (long long)c->reading.min_count, c->reading.lower,
        c->reading.lines, (long long)c->dim, (long long)c->window, c->symmetric,
        c->distance_weighting, c->x_max, c->alpha, c->lr, c->clip,
        (long long)run->train->seed);
}

static rung_status learn(glove *g, rung_runtime *rt, const rung_cooccur *x,
                         const rung_words_run *run, rung_train_result *result,
                         rung_error *err)
{
    const glove_config *c = &g->config;
    char origin[600];
    write_origin(origin, sizeof origin, g, run);
    const rung_glove_config config = {
        .dim = c->dim,
        .rounds = (int64_t)ceil(c->epochs * (double)x->grid.groups),
        .lr = c->lr,
        .clip = c->clip,
        .seed = (uint64_t)run->train->seed,
        .save_every = c->save_every * x->grid.groups,
        .keep = KEPT,
        .origin = origin};
    rung__vectors *v = &g->base;
    RUNG_TRY(rung__vectors_count(v, run->words, err));
    RUNG_TRY(make_vectors(v, err));
    const rung_glove_vectors out = {v->centre, v->context, v->centre_bias,
                                    v->context_bias};
    RUNG_TRY(rung__glove_train(&out, rt, x, &config, run->dir, run->resume, run->hooks,
                               result, err));
    const double epochs = (double)result->steps / (double)x->grid.groups;
    const double words = epochs * (double)run->words->n_words;
    result->units_per_second = words / fmax(result->seconds, 1e-9);
    result->config = *run->train;
    result->config.steps = config.rounds;
    return RUNG_OK;
}

static rung_status glove_fit(rung_model *m, rung_runtime *rt, const rung_words_run *run,
                             rung_train_result *result, rung_error *err)
{
    rung_cooccur x;
    if (m->vocab < 2)
        return rung_fail(err, RUNG_INPUT,
                         "%s: one word alone occurs %lld times or more: it has nothing "
                         "to stand near",
                         run->words->name,
                         (long long)glove_of(m)->config.reading.min_count);
    rung__alloc_trim();
    rung_status status = count(&x, glove_of(m), rt, run, err);
    rung__alloc_trim();
    if (status == RUNG_OK) status = learn(glove_of(m), rt, &x, run, result, err);
    rung__cooccur_release(&x);
    return status;
}

static const rung_words_ops glove_words = {
    .reading = glove_reading,
    .fit = glove_fit,
};

static const rung_labelled_ops glove_labelled = {
    .defaults = "min-count=2",
    .takes_several = true,
    .is_seeded = true,
    .fit = rung__word_labels_fit,
    .predict = rung__word_labels_predict,
};

const rung_class rung__glove = {
    .name = "glove",
    .model_type = "glove",
    .summary = "vectors of words from how often they stand near each other",
    .model_bytes = sizeof(glove),
    .options = glove_options,
    .n_options = sizeof glove_options / sizeof *glove_options,
    .options_offset = offsetof(glove, config),
    .declare = glove_declare,
    .labelled = &glove_labelled,
    .words = &glove_words,
    .extra = rung__vectors_extra,
    .load_extra = rung__vectors_load,
    .release = rung__vectors_release,
};
