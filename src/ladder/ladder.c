/* Running the ladder: every rung on the same corpus, in the order of the ladder. */
#include "rung/ladder.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/runtime.h"
#include "ladder/advice.h"
#include "ladder/gaze.h"
#include "ladder/report.h"
#include "ladder/results.h"
#include "ladder/sight_file.h"
#include "models/word_map.h"

enum { RAW_CONTEXT = 128 }; // unless another one is asked for

/* ---- Which rungs ---- */

/* Appends the class called by the `n` bytes at `name`. */
static rung_status add_named(rung_ladder *ladder, const char *name, size_t n,
                             rung_error *err)
{
    char word[64];
    if (n >= sizeof word) n = sizeof word - 1;
    memcpy(word, name, n);
    word[n] = 0;
    const rung_class *type = rung_class_find(word, err);
    if (!type) return RUNG_USAGE;
    RUNG_TRY(rung_class_check_kind(type, ladder->kind, err));
    for (size_t i = 0; i < ladder->n_rows; i++) {
        if (ladder->rows[i].type == type)
            return rung_fail(err, RUNG_USAGE, "rung '%s' is named twice", type->name);
    }
    if (ladder->n_rows == RUNG_LADDER_MAX)
        return rung_fail(err, RUNG_USAGE, "more than %d rungs", RUNG_LADDER_MAX);
    ladder->rows[ladder->n_rows++].type = type;
    return RUNG_OK;
}

/* Whether a class can learn from this corpus. */
static bool learns_from(const rung_class *type, const rung_corpus *corpus)
{
    if (corpus->kind == RUNG_RAW) return type->raw != NULL;
    return type->labelled && (type->labelled->takes_several || !corpus->has_several);
}

static rung_status choose_rungs(rung_ladder *ladder, const char *rungs,
                                const rung_corpus *corpus, rung_error *err)
{
    if (!rungs) {
        for (size_t i = 0; i < rung_class_count() && ladder->n_rows < RUNG_LADDER_MAX;
             i++) {
            const rung_class *type = rung_class_at(i);
            if (learns_from(type, corpus)) ladder->rows[ladder->n_rows++].type = type;
        }
        return RUNG_OK;
    }
    for (const char *p = rungs; *p;) {
        size_t n = strcspn(p, ",");
        if (n == 0)
            return rung_fail(err, RUNG_USAGE, "--rungs '%s': a name is empty", rungs);
        RUNG_TRY(add_named(ladder, p, n, err));
        p += n;
        if (*p == ',') p++;
    }
    return ladder->n_rows ? RUNG_OK : rung_fail(err, RUNG_USAGE, "--rungs names no rung");
}

/* Before the data are read: every name is one of a rung. */
static rung_status check_names(const char *rungs, rung_error *err)
{
    for (const char *p = rungs ? rungs : ""; *p;) {
        char word[64];
        size_t n = strcspn(p, ",");
        snprintf(word, sizeof word, "%.*s", (int)n, p);
        if (n > 0 && !rung_class_find(word, err)) return RUNG_USAGE;
        p += n + (p[n] == ',');
    }
    return RUNG_OK;
}

static size_t count_trained(const rung_ladder *ladder)
{
    size_t n = 0;
    for (size_t i = 0; i < ladder->n_rows; i++)
        n += rung_class_is_trained(ladder->rows[i].type, ladder->kind);
    return n;
}

/* ---- One rung ---- */

static rung_status fit_config(rung_fit_config *fit, const rung_class *type, size_t run,
                              const rung_ladder *ladder, const rung_ladder_config *config,
                              rung_error *err)
{
    size_t count, trained = count_trained(ladder);
    const rung_option *options = rung_train_options(&count);
    rung_option_set set = {.options = options, .count = count, .values = &fit->train};
    RUNG_TRY(rung_options_defaults(&set, err));
    RUNG_TRY(rung_class_defaults(type, ladder->kind, &set, err));
    fit->train.budget = config->budget / (double)(trained ? trained : 1);
    fit->train.seed = config->seed + (int64_t)run;
    fit->command = config->command;
    fit->resume = config->resume;
    return RUNG_OK;
}

static bool has_option(const rung_option_set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->options[i].name, name) == 0) return true;
    }
    return false;
}

/* A model of the class with its default options, and the ladder's context, if any. */
static rung_status new_model(rung_model **m, const rung_class *type, rung_data_kind kind,
                             int64_t context, rung_error *err)
{
    char text[32];
    RUNG_TRY(rung_model_new(m, type, kind, err));
    if (context == 0) return RUNG_OK;
    rung_option_set set = rung_model_options(*m);
    snprintf(text, sizeof text, "%lld", (long long)context);
    rung_status status = RUNG_OK;
    if (has_option(&set, "context"))
        status = rung_option_set_text(&set, "context", text, err);
    if (status != RUNG_OK) rung_model_free(*m);
    return status;
}

/* What all trainings of a ladder share. */
typedef struct climb {
    rung_runtime *rt;
    rung_ladder *ladder;
    const rung_ladder_config *config;
    rung_corpus *corpus;
    const rung_ladder_hooks *hooks; /* or NULL */
    size_t n_begun, n;              /* trainings */
} climb;

/* The map of a model's most frequent words, for the report. */
static rung_status map_words(rung_ladder_row *row, const rung_model *m, rung_runtime *rt,
                             rung_error *err)
{
    enum { WORDS = 150, CLASSES = 7 };
    rung_space *s;
    RUNG_TRY(rung_space_new(&s, m, rt, WORDS, err));
    const int64_t n = rung_space_words(s);
    const rung_status status =
        rung__word_map_of(&row->map, s, n < CLASSES ? n : CLASSES, m->seed, err);
    rung_space_free(s);
    return status;
}

/* One training of a row, to *result. */
static rung_status run_once(const climb *c, rung_ladder_row *row, size_t run,
                            const char *name, rung_fit_result *result, rung_error *err)
{
    const rung_data_kind kind = c->ladder->kind;
    rung_fit_config fit = {0};
    rung_model *m = NULL;
    int64_t context = c->config->context;
    if (context == 0 && kind == RUNG_RAW) context = RAW_CONTEXT;
    RUNG_TRY(fit_config(&fit, row->type, run, c->ladder, c->config, err));
    RUNG_TRY(new_model(&m, row->type, kind, context, err));
    char *dir = rung_path_join(c->config->out, name);
    rung_status status = dir ? rung_fit(c->rt, &m, c->corpus, &fit, context, dir,
                                        c->hooks ? &c->hooks->train : NULL, result, err)
                             : rung__out_of_memory(err, strlen(name), "a path");
    const bool is_shown =
        status == RUNG_OK && run == 0 && result->train.end != RUNG_TRAIN_INTERRUPTED;
    if (is_shown) status = rung__gaze_of(&row->gaze, m, c->rt, c->corpus, err);
    if (is_shown && status == RUNG_OK && kind == RUNG_RAW)
        status = rung__sight_of(&row->sight, m, c->rt, c->corpus, context, dir, err);
    if (is_shown && status == RUNG_OK && kind == RUNG_LABELLED && m->type->words)
        status = map_words(row, m, c->rt, err);
    rung__free(dir);
    rung_model_free(m);
    return status;
}

/* Another seed tells more of a rung that depends on it alone. */
static size_t runs_of(const climb *c, const rung_ladder_row *row)
{
    const rung_class *type = row->type;
    const bool is_seeded =
        rung_class_is_trained(type, c->ladder->kind) ||
        (c->ladder->kind == RUNG_LABELLED && type->labelled->is_seeded);
    return is_seeded && c->config->repeats > 1 ? (size_t)c->config->repeats : 1;
}

/* All trainings of a row, up to one that is interrupted. */
static rung_status run_rung(climb *c, rung_ladder_row *row, rung_error *err)
{
    char name[RUNG_RUN_NAME_BYTES];
    const size_t n = runs_of(c, row);
    row->more = rung__alloc_array(n, sizeof *row->more);
    if (!row->more) return rung__out_of_memory(err, n * sizeof *row->more, "trainings");
    for (size_t run = 0; run < n && !c->ladder->interrupted; run++) {
        rung_fit_result *result = run ? &row->more[run - 1] : &row->fit;
        row->n_runs = run + 1;
        rung_ladder_folder(name, row->type, run);
        if (c->hooks && c->hooks->begin)
            c->hooks->begin(c->hooks->self, name, c->n_begun, c->n);
        c->n_begun++;
        if (run_once(c, row, run, name, result, err) != RUNG_OK)
            return rung_fail_within(err, "%s", name);
        c->ladder->interrupted = result->train.end == RUNG_TRAIN_INTERRUPTED;
    }
    return RUNG_OK;
}

static void release_row(rung_ladder_row *row)
{
    rung_fit_result_release(&row->fit);
    for (size_t r = 1; r < row->n_runs; r++) rung_fit_result_release(&row->more[r - 1]);
    rung__free(row->more);
    rung__gaze_free(row->gaze);
    rung__word_map_free(row->map);
}

static bool has_folder(const climb *c, const rung_ladder_row *row)
{
    char name[RUNG_RUN_NAME_BYTES];
    rung_ladder_folder(name, row->type, 0);
    char *dir = rung_path_join(c->config->out, name);
    const bool exists = !dir || rung_path_exists(dir);
    rung__free(dir);
    return exists;
}

/* Texts may have too few words to learn vectors of, which shows before anything is
 * written: a rung that was not asked for by name is left out then, and the others go
 * on. */
static rung_status run_or_leave_out(climb *c, size_t *i, rung_error *err)
{
    rung_ladder *l = c->ladder;
    rung_ladder_row *row = &l->rows[*i];
    const rung_status status = run_rung(c, row, err);
    if (status != RUNG_INPUT || !row->type->words || c->config->rungs ||
        has_folder(c, row)) {
        ++*i;
        return status;
    }
    rung_log(c->rt, RUNG_LOG_WARN, "left out: %s", err->message);
    release_row(row);
    memmove(row, row + 1, (l->n_rows - *i - 1) * sizeof *row);
    l->rows[--l->n_rows] = (rung_ladder_row){0};
    return RUNG_OK;
}

/* ---- All ---- */

static void describe_corpus(rung_ladder *ladder, const rung_corpus *corpus)
{
    for (int p = 0; p < RUNG_PARTS; p++) {
        ladder->bytes[p] = corpus->bytes[p];
        ladder->tokens[p] = corpus->tokens[p].count;
        ladder->examples[p] = corpus->examples[p].count;
        ladder->n_repeated[p] = corpus->n_repeated[p];
    }
    if (corpus->labels) ladder->labels = rung_labels_share(corpus->labels);
    if (corpus->kind == RUNG_RAW) ladder->vocab = rung_tokenizer_size(corpus->tokenizer);
    memcpy(ladder->sha256, corpus->sha256[RUNG_TRAIN], sizeof ladder->sha256);
}

/* A folder that holds a run is only gone on with, never overwritten. */
static rung_status check_out(const rung_ladder_config *config, rung_error *err)
{
    char *path = rung_path_join(config->out, "results.json");
    if (!path) return rung__out_of_memory(err, strlen(config->out), "a path");
    bool exists = rung_path_exists(path);
    rung__free(path);
    if (exists && !config->resume)
        return rung_fail(
            err, RUNG_USAGE,
            "%s holds a finished run: take another --out, or --resume to add to it",
            config->out);
    return rung_make_dirs(config->out, err);
}

static rung_status run_all(rung_runtime *rt, const rung_ladder_config *config,
                           rung_corpus *corpus, const rung_ladder_hooks *hooks,
                           rung_ladder *ladder, rung_error *err)
{
    climb c = {rt, ladder, config, corpus, hooks, 0, 0};
    describe_corpus(ladder, corpus);
    for (size_t i = 0; i < ladder->n_rows; i++) c.n += runs_of(&c, &ladder->rows[i]);
    for (size_t i = 0; i < ladder->n_rows && !ladder->interrupted;)
        RUNG_TRY(run_or_leave_out(&c, &i, err));
    if (ladder->interrupted) return RUNG_OK;
    RUNG_TRY(rung__ladder_advise(ladder, config->budget, (uint64_t)config->seed, err));
    RUNG_TRY(rung__ladder_write(ladder, config, err));
    return rung__ladder_report(ladder, config, err);
}

rung_status rung_ladder_run(rung_runtime *rt, const rung_ladder_config *config,
                            const rung_ladder_hooks *hooks, rung_ladder *ladder,
                            rung_error *err)
{
    rung_corpus corpus;
    *ladder = (rung_ladder){0};
    if (config->repeats > RUNG_REPEATS_MAX)
        return rung_fail(err, RUNG_USAGE, "%lld trainings of each rung: at most %d",
                         (long long)config->repeats, RUNG_REPEATS_MAX);
    RUNG_TRY(check_names(config->rungs, err));
    RUNG_TRY(rung_corpus_find_kind(&ladder->kind, &config->corpus, err));
    if (ladder->kind == RUNG_TABLE)
        return rung_fail(err, RUNG_UNSUPPORTED,
                         "'%s' is a table, and the ladder is of texts: train linreg or "
                         "logreg on it; if it is text, say so with --kind",
                         config->corpus.data);
    RUNG_TRY(rung_corpus_open(&corpus, rt, &config->corpus, NULL, err));
    rung_status status = choose_rungs(ladder, config->rungs, &corpus, err);
    if (status == RUNG_OK && (!corpus.bytes[RUNG_VALID] || !corpus.bytes[RUNG_TEST]))
        status = rung_fail(err, RUNG_USAGE, "the ladder needs a valid and a test part");
    if (status == RUNG_OK) status = check_out(config, err);
    if (status == RUNG_OK) status = run_all(rt, config, &corpus, hooks, ladder, err);
    rung_corpus_release(&corpus);
    if (status != RUNG_OK) rung_ladder_release(ladder);
    return status;
}

void rung_ladder_release(rung_ladder *ladder)
{
    for (size_t i = 0; i < ladder->n_rows; i++) release_row(&ladder->rows[i]);
    rung_labels_free(ladder->labels);
    *ladder = (rung_ladder){0};
}
