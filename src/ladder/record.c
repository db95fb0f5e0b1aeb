/* training.json: how a model came to be, in words that can be checked and typed again. */
#include "ladder/record.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"

enum { RECORD_VERSION = 1 };

/* ---- The command that does the same again ---- */

/* A word as a shell reads it back. */
static void add_word(rung_str *s, const char *word)
{
    if (*word && !strpbrk(word, " \t\n\"'`$\\*?[]{}&|;<>()#~!")) {
        rung_str_add(s, word);
        return;
    }
    rung_str_add(s, "'");
    for (const char *c = word; *c; c++) {
        if (*c == '\'')
            rung_str_add(s, "'\\''");
        else
            rung_str_add_bytes(s, c, 1);
    }
    rung_str_add(s, "'");
}

/* " --name word", if there is a word. */
static void add_named(rung_str *s, const char *name, const char *word)
{
    if (!word) return;
    rung_str_addf(s, " --%s ", name);
    add_word(s, word);
}

static void add_option(rung_str *s, const rung_option *o, const json_t *value)
{
    rung_str text = {0};
    if (json_is_string(value))
        rung_str_add(&text, json_string_value(value));
    else
        rung_json_add_text(&text, value, 0);
    if (json_is_boolean(value))
        rung_str_addf(s, " --%s%s", json_is_true(value) ? "" : "no-", o->name);
    else
        add_named(s, o->name, text.data);
    s->failed |= text.failed;
    rung_str_release(&text);
}

/* The values of a set by the order of its options; NULL when out of memory. */
static json_t *values_of(const rung_option_set *set)
{
    char *text = rung_options_to_json(set, 1);
    json_t *values = text ? json_loads(text, 0, NULL) : NULL;
    rung_text_free(text);
    return values;
}

/* Appends the options of a set that differ from their defaults. Both as JSON, where the
 * members stand in the order of the options. */
static void add_options(rung_str *s, const rung_option_set *set,
                        const rung_option_set *defaults)
{
    json_t *is = values_of(set), *usual = values_of(defaults);
    s->failed |= !is || !usual;
    void *a = s->failed ? NULL : json_object_iter(is);
    for (size_t i = 0; a; i++, a = json_object_iter_next(is, a)) {
        const json_t *value = json_object_iter_value(a);
        if (!json_equal(value, json_object_get(usual, json_object_iter_key(a))))
            add_option(s, &set->options[i], value);
    }
    json_decref(is);
    json_decref(usual);
}

static rung_status add_train_options(rung_str *s, const rung_class *type,
                                     rung_data_kind kind, const rung_train_config *config,
                                     rung_error *err)
{
    size_t count;
    const rung_option *options = rung_train_options(&count);
    rung_train_config done = *config, usual;
    rung_option_set set = {.options = options, .count = count, .values = &done};
    rung_option_set defaults = {.options = options, .count = count, .values = &usual};
    RUNG_TRY(rung_options_defaults(&defaults, err));
    RUNG_TRY(rung_class_defaults(type, kind, &defaults, err));
    add_options(s, &set, &defaults);
    return RUNG_OK;
}

static rung_status add_model_options(rung_str *s, const rung_model *m, rung_error *err)
{
    rung_model *usual = NULL;
    RUNG_TRY(rung_model_new(&usual, m->type, m->kind, err));
    rung_option_set set = rung_model_options((rung_model *)m);
    rung_option_set defaults = rung_model_options(usual);
    add_options(s, &set, &defaults);
    rung_model_free(usual);
    return RUNG_OK;
}

static void add_labelled_options(rung_str *s, const rung_labelled_config *config)
{
#define X(name, text) text,
    static const char *const formats[] = {RUNG_FORMAT_LIST(X)};
#undef X
    rung_str_add(s, " --kind labelled");
    if (config->format != RUNG_FORMAT_AUTO)
        rung_str_addf(s, " --format %s", formats[config->format]);
    add_named(s, "text-column", config->text_column);
    add_named(s, "label-column", config->label_column);
    add_named(s, "delimiter", config->delimiter);
    add_named(s, "label-separator", config->separator);
}

static void add_table_options(rung_str *s, const rung_table_config *config)
{
#define X(name, text) text,
    static const char *const formats[] = {RUNG_TABLE_FORMAT_LIST(X)};
#undef X
    rung_str_add(s, " --kind table");
    if (config->format != RUNG_TABLE_AUTO)
        rung_str_addf(s, " --table-format %s", formats[config->format]);
    if (config->missing == RUNG_MISSING_MEAN) rung_str_add(s, " --missing mean");
    add_named(s, "target", config->target);
    add_named(s, "weight-column", config->weight);
    add_named(s, "drop", config->drop);
    add_named(s, "delimiter", config->delimiter);
}

static void add_data_options(rung_str *s, const rung_corpus *corpus, uint64_t seed)
{
    static const char *const names[] = {"data", "valid", "test"};
    static const rung_corpus_config usual = RUNG_CORPUS_CONFIG_DEFAULT;
    for (int p = 0; p < RUNG_PARTS; p++) {
        if (p == RUNG_TRAIN && !corpus->config.data) continue;
        add_named(s, names[p], corpus->names[p]);
    }
    if (corpus->config.valid_share != usual.valid_share)
        rung_str_addf(s, " --valid-share %.17g", corpus->config.valid_share);
    if (corpus->config.test_share != usual.test_share)
        rung_str_addf(s, " --test-share %.17g", corpus->config.test_share);
    if (corpus->kind == RUNG_RAW)
        rung_str_addf(s, " --tokenizer %s", rung_tokenizer_kind(corpus->tokenizer));
    else if (corpus->kind == RUNG_LABELLED)
        add_labelled_options(s, &corpus->config.labelled);
    else if (corpus->kind == RUNG_TABLE)
        add_table_options(s, &corpus->config.table);
    const bool is_cut = corpus->kind == RUNG_LABELLED || corpus->kind == RUNG_TABLE;
    if (is_cut && corpus->config.seed != seed)
        rung_str_addf(s, " --split-seed %llu", (unsigned long long)corpus->config.seed);
    if (corpus->config.vocab_size)
        rung_str_addf(s, " --vocab-size %lld", (long long)corpus->config.vocab_size);
}

/* The words of a command that trains the same model by a number of steps. */
static rung_status same_again(rung_str *s, const rung_model *m, const rung_corpus *corpus,
                              const rung_train_result *done, rung_error *err)
{
    rung_str_addf(s, "rung train %s", m->type->name);
    add_data_options(s, corpus, m->seed);
    if (rung_class_is_trained(m->type, m->kind))
        RUNG_TRY(add_train_options(s, m->type, m->kind, &done->config, err));
    else if (m->seed != 1)
        rung_str_addf(s, " --seed %llu", (unsigned long long)m->seed);
    return add_model_options(s, m, err);
}

/* ---- Writing ---- */

static void describe_examples(json_t *part, const rung_corpus *corpus, int p,
                              bool *failed)
{
    const struct {
        const char *key;
        size_t n;
    } counts[] = {{"examples", corpus->examples[p].count},
                  {"unknown_labels", corpus->n_unknown[p]},
                  {"also_in_train", corpus->n_repeated[p]},
                  {"bad_lines", corpus->files[p].n_bad},
                  {"empty_texts", corpus->files[p].n_empty}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        rung__json_put(part, counts[i].key, json_integer((json_int_t)counts[i].n),
                       failed);
    if (corpus->names[p])
        rung__json_put(part, "columns", json_string(corpus->files[p].columns), failed);
}

static void describe_rows(json_t *part, const rung_table *table, bool *failed)
{
    const json_int_t n = table ? rung_table_seen(table) : 0;
    rung__json_put(part, "rows", json_integer(n), failed);
    if (table && rung_table_labels(table))
        rung__json_put(part, "unknown_labels", json_integer(rung_table_unknown(table)),
                       failed);
    if (table)
        rung__json_put(part, "columns", json_string(rung_table_words(table)), failed);
}

static json_t *describe_data(const rung_corpus *corpus)
{
    static const char *const names[] = {"train", "valid", "test"};
    bool failed = false;
    json_t *data = json_object();
    rung__json_put(data, "name", json_string(corpus->names[RUNG_TRAIN]), &failed);
    if (corpus->sha256[RUNG_TRAIN])
        rung__json_put(data, "sha256", json_string(corpus->sha256[RUNG_TRAIN]), &failed);
    for (int p = 0; p < RUNG_PARTS; p++) {
        json_t *part = json_pack("{s:I}", "bytes", (json_int_t)corpus->bytes[p]);
        if (corpus->kind == RUNG_TABLE)
            describe_rows(part, corpus->tables[p], &failed);
        else if (corpus->kind != RUNG_LABELLED)
            rung__json_put(part, "tokens",
                           json_integer((json_int_t)corpus->tokens[p].count), &failed);
        else
            describe_examples(part, corpus, p, &failed);
        if (part && corpus->sha256[p] && p != RUNG_TRAIN)
            rung__json_put(part, "sha256", json_string(corpus->sha256[p]), &failed);
        rung__json_put(data, names[p], part, &failed);
    }
    if (!failed) return data;
    json_decref(data);
    return NULL;
}

static void put_label_score(json_t *metrics, const char *part, const rung_label_score *s,
                            bool *failed)
{
    const struct {
        const char *name;
        double value;
    } all[] = {{"accuracy", s->accuracy},
               {"macro_f1", s->macro_f1},
               {"log_loss", s->log_loss},
               {"cut_share", (double)s->n_cut / (double)s->count}};
    for (size_t i = 0; s->count && i < sizeof all / sizeof all[0]; i++) {
        char key[64];
        snprintf(key, sizeof key, "%s_%s", part, all[i].name);
        if (isfinite(all[i].value))
            rung__json_put(metrics, key, json_real(all[i].value), failed);
    }
}

static void put_score(json_t *metrics, const char *part, const rung_lm_score *s,
                      bool *failed)
{
    char key[64];
    if (!s->tokens) return;
    snprintf(key, sizeof key, "%s_bits_per_byte", part);
    rung__json_put(metrics, key, json_real(s->bits_per_byte), failed);
    snprintf(key, sizeof key, "%s_nats_per_token", part);
    rung__json_put(metrics, key, json_real(s->nats_per_token), failed);
}

static void put_number_score(json_t *metrics, const char *part,
                             const rung_number_score *s, bool *failed)
{
    const struct {
        const char *name;
        double value;
    } all[] = {{"r2", s->r2}, {"rmse", s->rmse}, {"mae", s->mae}};
    for (size_t i = 0; s->count && i < sizeof all / sizeof all[0]; i++) {
        char key[64];
        snprintf(key, sizeof key, "%s_%s", part, all[i].name);
        if (isfinite(all[i].value))
            rung__json_put(metrics, key, json_real(all[i].value), failed);
    }
}

static json_t *describe_metrics(const rung_fit_result *r)
{
    bool failed = false;
    json_t *metrics = json_object();
    if (r->train.steps > 0) {
        rung__json_put(metrics, "train_loss", json_real(r->train.train_loss), &failed);
        if (isfinite(r->train.valid_loss))
            rung__json_put(metrics, "valid_loss", json_real(r->train.valid_loss),
                           &failed);
    }
    put_score(metrics, "valid", &r->valid, &failed);
    put_score(metrics, "test", &r->test, &failed);
    put_label_score(metrics, "valid", &r->valid_labels, &failed);
    put_label_score(metrics, "test", &r->test_labels, &failed);
    put_number_score(metrics, "valid", &r->valid_numbers, &failed);
    put_number_score(metrics, "test", &r->test_numbers, &failed);
    if (!failed) return metrics;
    json_decref(metrics);
    return NULL;
}

static const char *const ends[] = {"done", "early_stop", "interrupted"};

static json_t *describe_training(const rung_train_result *t)
{
    return json_pack("{s:s, s:I, s:I, s:I, s:f, s:f, s:i, s:b}", "end", ends[t->end],
                     "steps", (json_int_t)t->steps, "planned_steps",
                     (json_int_t)t->config.steps, "best_step", (json_int_t)t->best_step,
                     "seconds", t->seconds, "tokens_per_second", t->units_per_second,
                     "rollbacks", t->rollbacks, "converged", (int)t->converged);
}

static json_t *describe(const rung_model *m, const rung_corpus *corpus,
                        const rung_fit_config *config, const rung_fit_result *result)
{
    rung_str again = {0};
    rung_error err;
    json_t *record = json_object();
    bool failed = same_again(&again, m, corpus, &result->train, &err) || again.failed;
    rung__json_put(record, "version", json_integer(RECORD_VERSION), &failed);
    rung__json_put(record, "rung_version", json_string(rung_version()), &failed);
    rung__json_put(record, "rung", json_string(m->type->name), &failed);
    if (config->command)
        rung__json_put(record, "command", json_string(config->command), &failed);
    rung__json_put(record, "same_again", failed ? NULL : json_string(again.data),
                   &failed);
    rung__json_put(record, "seed", json_integer(config->train.seed), &failed);
    rung__json_put(record, "data", describe_data(corpus), &failed);
    rung__json_put(record, "training", describe_training(&result->train), &failed);
    char *facts = rung_table_fit_facts(m);
    if (facts) rung__json_put(record, "fit", json_loads(facts, 0, NULL), &failed);
    rung_text_free(facts);
    rung__json_put(record, "metrics", describe_metrics(result), &failed);
    rung_str_release(&again);
    if (!failed) return record;
    json_decref(record);
    return NULL;
}

rung_status rung__record_write(const char *dir, const rung_model *m,
                               const rung_corpus *corpus, const rung_fit_config *config,
                               const rung_fit_result *result, rung_error *err)
{
    char *path = rung_path_join(dir, "training.json");
    json_t *record = describe(m, corpus, config, result);
    rung_status status = path && record ? rung_json_write(record, path, err)
                                        : rung__out_of_memory(err, 0, "training.json");
    json_decref(record);
    rung__free(path);
    return status;
}

/* ---- Reading ---- */

static rung_status read_training(const json_t *training, const char *path,
                                 rung_train_result *t, rung_error *err)
{
    const char *end = "";
    RUNG_TRY(rung_json_get_text(training, "end", &end, path, err));
    for (int e = 0; e < 3; e++) {
        if (strcmp(end, ends[e]) == 0) t->end = (rung_train_end)e;
    }
    RUNG_TRY(rung_json_get_int(training, "steps", 0, INT64_MAX, &t->steps, path, err));
    RUNG_TRY(
        rung_json_get_int(training, "best_step", 0, INT64_MAX, &t->best_step, path, err));
    RUNG_TRY(
        rung_json_get_real(training, "seconds", 0, INFINITY, &t->seconds, path, err));
    RUNG_TRY(rung_json_get_real(training, "tokens_per_second", 0, INFINITY,
                                &t->units_per_second, path, err));
    return rung_json_get_bool(training, "converged", &t->converged, path, err);
}

/* The record must be of this rung, this data and this seed. */
static rung_status check_same(const json_t *record, const rung_model *m,
                              const rung_corpus *corpus, const rung_train_config *config,
                              const char *path, rung_error *err)
{
    const char *rung = "", *sha256 = "", *hash = corpus->sha256[RUNG_TRAIN];
    int64_t seed = config->seed;
    RUNG_TRY(rung_json_get_text(record, "rung", &rung, path, err));
    RUNG_TRY(rung_json_get_int(record, "seed", INT64_MIN, INT64_MAX, &seed, path, err));
    RUNG_TRY(rung_json_get_text(json_object_get(record, "data"), "sha256", &sha256, path,
                                err));
    const char *differs = NULL;
    if (strcmp(rung, m->type->name) != 0) differs = "rung";
    if (seed != config->seed) differs = "seed";
    if (strcmp(sha256, hash ? hash : "") != 0) differs = "data";
    if (!differs) return RUNG_OK;
    return rung_fail(
        err, RUNG_USAGE,
        "%s: made with another %s: resume with what it was begun with, or take "
        "another --out",
        path, differs);
}

rung_status rung__record_read(const char *dir, const rung_model *m,
                              const rung_corpus *corpus, const rung_train_config *config,
                              rung_fit_result *result, bool *finished, rung_error *err)
{
    char *path = rung_path_join(dir, "training.json");
    if (!path) return rung__out_of_memory(err, strlen(dir), "a path");
    *finished = false;
    json_t *record = NULL;
    rung_status status = RUNG_OK;
    if (rung_path_exists(path)) {
        status = rung_json_read(&record, path, err);
        if (status == RUNG_OK) status = check_same(record, m, corpus, config, path, err);
        json_t *training = json_object_get(record, "training");
        if (status == RUNG_OK)
            status = read_training(training, path, &result->train, err);
        const json_t *loss =
            json_object_get(json_object_get(record, "metrics"), "valid_loss");
        result->train.valid_loss = json_is_number(loss) ? json_number_value(loss) : NAN;
        *finished = status == RUNG_OK && result->train.end != RUNG_TRAIN_INTERRUPTED;
        if (!*finished) result->train = (rung_train_result){0};
    }
    json_decref(record);
    rung__free(path);
    return status;
}
