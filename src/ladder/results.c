/* results.json and metrics.jsonl of a run. */
#include "ladder/results.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"
#include "ladder/runs.h"
#include "ladder/sight_json.h"
#include "models/score_json.h"

enum { RESULTS_VERSION = 1 };

/* ---- results.json ---- */

static json_t *describe_score(const rung_lm_score *s)
{
    return json_pack("{s:f, s:f, s:I, s:I, s:f}", "bits_per_byte", s->bits_per_byte,
                     "nats_per_token", s->nats_per_token, "bytes", (json_int_t)s->bytes,
                     "tokens", (json_int_t)s->tokens, "seconds", s->seconds);
}

static json_t *describe_interval(rung_interval i)
{
    return json_pack("[f, f]", i.low, i.high);
}

static json_t *describe_labels(const rung_label_score *s, const rung_labels *labels,
                               uint64_t seed)
{
    rung_error err;
    rung_label_intervals i;
    if (rung_label_bootstrap(&i, &s, 1, NULL, 0, seed, &err) != RUNG_OK) return NULL;
    return rung__score_json(s, &i, labels);
}

static json_t *describe_figures(const rung_run_figures *f, rung_data_kind kind)
{
    if (kind == RUNG_RAW) return json_pack("{s:f}", "bits_per_byte", f->bits_per_byte);
    return json_pack("{s:f, s:f, s:o}", "accuracy", f->accuracy, "macro_f1", f->macro_f1,
                     "log_loss",
                     isfinite(f->log_loss) ? json_real(f->log_loss) : json_null());
}

/* What a training came to, as members of `o`. */
static void put_run(json_t *o, const rung_ladder *l, const rung_ladder_row *row,
                    size_t run, uint64_t seed, bool *failed)
{
    char folder[RUNG_RUN_NAME_BYTES];
    const rung_fit_result *fit = rung_ladder_fit(row, run);
    const rung_train_result *t = &fit->train;
    const bool is_raw = l->kind == RUNG_RAW;
    rung_ladder_folder(folder, row->type, run);
    rung__json_put(o, "folder", json_string(folder), failed);
    rung__json_put(o, "steps", json_integer(t->steps), failed);
    rung__json_put(o, "training_seconds", json_real(t->seconds), failed);
    rung__json_put(o, is_raw ? "tokens_per_second" : "texts_per_second",
                   json_real(t->units_per_second), failed);
    rung__json_put(o, "converged", json_boolean(t->converged), failed);
    rung__json_put(o, "stopped_by", json_string(t->converged ? "converged" : "budget"),
                   failed);
    rung__json_put(o, "valid",
                   is_raw ? describe_score(&fit->valid)
                          : describe_labels(&fit->valid_labels, l->labels, seed),
                   failed);
    rung__json_put(o, "test",
                   is_raw ? describe_score(&fit->test)
                          : describe_labels(&fit->test_labels, l->labels, seed),
                   failed);
}

/* All trainings, and what they come to together. */
static void put_repeats(json_t *o, const rung_ladder *l, const rung_ladder_row *row,
                        uint64_t seed, bool *failed)
{
    json_t *runs = json_array(), *mean = json_object(), *spread = json_object();
    char folder[RUNG_RUN_NAME_BYTES];
    for (size_t r = 0; r < row->n_runs; r++) {
        json_t *run = json_object();
        rung__json_put(run, "seed", json_integer((json_int_t)(seed + r)), failed);
        put_run(run, l, row, r, seed, failed);
        if (json_array_append_new(runs, run)) *failed = true;
    }
    rung__json_put(mean, "valid", describe_figures(&row->valid.mean, l->kind), failed);
    rung__json_put(mean, "test", describe_figures(&row->test.mean, l->kind), failed);
    rung__json_put(spread, "valid", describe_figures(&row->valid.spread, l->kind),
                   failed);
    rung__json_put(spread, "test", describe_figures(&row->test.spread, l->kind), failed);
    rung__json_put(o, "mean", mean, failed);
    rung__json_put(o, "spread", spread, failed);
    rung_ladder_folder(folder, row->type, row->best_run);
    rung__json_put(o, "best_run", json_string(folder), failed);
    rung__json_put(o, "runs", runs, failed);
}

static json_t *describe_row(const rung_ladder *l, const rung_ladder_row *row,
                            uint64_t seed)
{
    bool failed = false;
    json_t *o = json_object();
    rung__json_put(o, "rung", json_string(row->type->name), &failed);
    rung__json_put(o, "parameters", json_integer(row->fit.params), &failed);
    rung__json_put(o, "file_bytes", json_integer(row->fit.file_bytes), &failed);
    put_run(o, l, row, 0, seed, &failed);
    if (row->n_runs > 1) put_repeats(o, l, row, seed, &failed);
    if (l->kind == RUNG_RAW)
        rung__json_put(o, "sight", rung__sight_json(&row->sight), &failed);
    rung__json_put(o, l->kind == RUNG_RAW ? "gap_bits_per_byte" : "gap_accuracy",
                   json_real(row->gap), &failed);
    rung__json_put(o, "gap_interval", describe_interval(row->gap_interval), &failed);
    rung__json_put(o, "gap_standard_error", json_real(row->gap_error), &failed);
    if (!failed) return o;
    json_decref(o);
    return NULL;
}

static json_t *describe_parts(const size_t counts[RUNG_PARTS])
{
    return json_pack("{s:I, s:I, s:I}", "train", (json_int_t)counts[RUNG_TRAIN], "valid",
                     (json_int_t)counts[RUNG_VALID], "test",
                     (json_int_t)counts[RUNG_TEST]);
}

static json_t *describe_names(const rung_labels *labels)
{
    json_t *names = json_array();
    for (int64_t i = 0; i < rung_labels_count(labels); i++)
        json_array_append_new(names, json_string(rung_labels_name(labels, i)));
    return names;
}

static json_t *describe(const rung_ladder *l, const rung_ladder_config *config)
{
    bool failed = false;
    json_t *o = json_object(), *rows = json_array();
    for (size_t i = 0; i < l->n_rows; i++) {
        json_t *row = describe_row(l, &l->rows[i], (uint64_t)config->seed);
        failed |= !row || json_array_append_new(rows, row);
    }
    rung__json_put(o, "version", json_integer(RESULTS_VERSION), &failed);
    rung__json_put(o, "rung_version", json_string(rung_version()), &failed);
    if (config->command)
        rung__json_put(o, "command", json_string(config->command), &failed);
    rung__json_put(o, "data",
                   json_pack("{s:s, s:s, s:I, s:I, s:I}", "name",
                             config->corpus.data ? config->corpus.data : "tales",
                             "sha256", l->sha256, "train_bytes",
                             (json_int_t)l->bytes[RUNG_TRAIN], "valid_bytes",
                             (json_int_t)l->bytes[RUNG_VALID], "test_bytes",
                             (json_int_t)l->bytes[RUNG_TEST]),
                   &failed);
    if (l->kind == RUNG_RAW) {
        rung__json_put(o, "tokenizer", json_string(config->corpus.tokenizer), &failed);
        rung__json_put(o, "vocabulary", json_integer(l->vocab), &failed);
    } else {
        rung__json_put(o, "examples", describe_parts(l->examples), &failed);
        rung__json_put(o, "also_in_train", describe_parts(l->n_repeated), &failed);
        rung__json_put(o, "labels", describe_names(l->labels), &failed);
    }
    rung__json_put(o, "budget_seconds", json_real(config->budget), &failed);
    rung__json_put(o, "context", json_integer(config->context), &failed);
    rung__json_put(o, "seed", json_integer(config->seed), &failed);
    rung__json_put(o, "repeats", json_integer(config->repeats > 1 ? config->repeats : 1),
                   &failed);
    rung__json_put(o, "rungs", rows, &failed);
    rung__json_put(o, "best", json_string(l->rows[l->best].type->name), &failed);
    rung__json_put(o, "recommended", json_string(l->rows[l->recommended].type->name),
                   &failed);
    rung__json_put(o, "advice", json_string(l->advice), &failed);
    if (!failed) return o;
    json_decref(o);
    return NULL;
}

static rung_status write_results(const rung_ladder *ladder,
                                 const rung_ladder_config *config, rung_error *err)
{
    char *path = rung_path_join(config->out, "results.json");
    json_t *results = describe(ladder, config);
    rung_status status = path && results ? rung_json_write(results, path, err)
                                         : rung__out_of_memory(err, 0, "results.json");
    json_decref(results);
    rung__free(path);
    return status;
}

/* ---- metrics.jsonl ---- */

/* Appends the lines of one training's file, each with "rung" as its first member. */
static void add_lines(rung_str *all, const char *rung, const char *lines)
{
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        if (n > 1 && lines[0] == '{') {
            rung_str_addf(all, "{\"rung\": \"%s\", ", rung);
            rung_str_add_bytes(all, lines + 1, n - 1);
            rung_str_add(all, "\n");
        }
        lines += n + (lines[n] == '\n');
    }
}

static rung_status add_metrics(rung_str *all, const char *out, const char *folder,
                               rung_error *err)
{
    char name[RUNG_RUN_NAME_BYTES + 20], *lines = NULL;
    size_t size;
    snprintf(name, sizeof name, "%s/metrics.jsonl", folder);
    char *path = rung_path_join(out, name);
    if (!path) return rung__out_of_memory(err, strlen(out), "a path");
    rung_status status = RUNG_OK;
    if (rung_path_exists(path)) {
        status = rung_file_read(path, &lines, &size, err);
        if (status == RUNG_OK) add_lines(all, folder, lines);
        rung__free(lines);
    }
    rung__free(path);
    return status;
}

static rung_status collect_metrics(rung_str *all, const rung_ladder *l, const char *out,
                                   rung_error *err)
{
    char folder[RUNG_RUN_NAME_BYTES];
    for (size_t i = 0; i < l->n_rows; i++) {
        for (size_t r = 0; r < rung__n_runs(&l->rows[i]); r++) {
            rung_ladder_folder(folder, l->rows[i].type, r);
            RUNG_TRY(add_metrics(all, out, folder, err));
        }
    }
    return RUNG_OK;
}

static rung_status write_metrics(const rung_ladder *ladder, const char *out,
                                 rung_error *err)
{
    rung_str all = {0};
    rung_status status = collect_metrics(&all, ladder, out, err);
    char *path = rung_path_join(out, "metrics.jsonl");
    if (status == RUNG_OK && (!path || all.failed))
        status = rung__out_of_memory(err, all.len, "metrics.jsonl");
    if (status == RUNG_OK)
        status = rung_file_write(path, all.data ? all.data : "", all.len, err);
    rung__free(path);
    rung_str_release(&all);
    return status;
}

rung_status rung__ladder_write(const rung_ladder *ladder,
                               const rung_ladder_config *config, rung_error *err)
{
    RUNG_TRY(write_metrics(ladder, config->out, err));
    return write_results(ladder, config, err);
}
