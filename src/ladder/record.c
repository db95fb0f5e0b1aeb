/* training.json: how a model came to be, in words that can be checked and typed again. */
#include "ladder/record.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"

enum { RECORD_VERSION = 1 };

void rung__json_put(json_t *object, const char *key, json_t *value, bool *failed)
{
    if (!value || json_object_set_new(object, key, value)) *failed = true;
}

/* ---- The command that does the same again ---- */

/* Appends the options of a set that differ from their defaults, but those of `skip`. */
static void add_options(rung_str *s, const rung_option_set *set, const char *skip)
{
    char *text = rung_options_to_json(set, 1);
    json_t *values = text ? json_loads(text, 0, NULL) : NULL;
    if (!values) s->failed = true;
    for (size_t i = 0; values && i < set->count; i++) {
        const rung_option *o = &set->options[i];
        char key[64];
        snprintf(key, sizeof key, "%s", o->json ? o->json : o->name);
        for (char *p = key; *p && !o->json; p++) *p = *p == '-' ? '_' : *p;
        json_t *value = json_object_get(values, key);
        if (!value || json_is_null(value) || strstr(skip, o->name)) continue;
        rung_str word = {0};
        if (json_is_string(value))
            rung_str_add(&word, json_string_value(value));
        else
            rung_json_add_text(&word, value, 0);
        if (json_is_boolean(value))
            rung_str_addf(s, " --%s%s", json_is_true(value) ? "" : "no-", o->name);
        else if (word.data && (!o->fallback || strcmp(word.data, o->fallback) != 0))
            rung_str_addf(s, " --%s %s", o->name, word.data);
        rung_str_release(&word);
    }
    json_decref(values);
    rung_text_free(text);
}

char *rung__record_command(const rung_model *m, const rung_corpus *corpus,
                           const rung_train_config *config, int64_t steps)
{
    rung_str s = {0};
    size_t count;
    const rung_option *options = rung_train_options(&count);
    rung_train_config fixed = *config;
    rung_option_set train = {.options = options, .count = count, .values = &fixed};
    rung_option_set own = rung_model_options((rung_model *)m);
    rung_str_addf(&s, "rung train %s", m->type->name);
    if (strcmp(corpus->texts[RUNG_TRAIN].name, "tales") != 0)
        rung_str_addf(&s, " --data %s", corpus->texts[RUNG_TRAIN].name);
    if (corpus->texts[RUNG_VALID].name)
        rung_str_addf(&s, " --valid %s", corpus->texts[RUNG_VALID].name);
    if (corpus->texts[RUNG_TEST].name)
        rung_str_addf(&s, " --test %s", corpus->texts[RUNG_TEST].name);
    rung_str_addf(&s, " --tokenizer %s", rung_tokenizer_kind(corpus->tokenizer));
    if (steps > 0) {
        rung_str_addf(&s, " --steps %lld", (long long)steps);
        add_options(&s, &train, "steps epochs budget");
    }
    add_options(&s, &own, "");
    if (!s.failed) return s.data;
    rung_str_release(&s);
    return NULL;
}

/* ---- Writing ---- */

static json_t *describe_data(const rung_corpus *corpus)
{
    static const char *const names[] = {"train", "valid", "test"};
    bool failed = false;
    json_t *data = json_object();
    rung__json_put(data, "name", json_string(corpus->texts[RUNG_TRAIN].name), &failed);
    rung__json_put(data, "sha256", json_string(corpus->texts[RUNG_TRAIN].sha256),
                   &failed);
    for (int p = 0; p < RUNG_PARTS; p++) {
        json_t *part =
            json_pack("{s:I, s:I}", "bytes", (json_int_t)corpus->tokens[p].bytes,
                      "tokens", (json_int_t)corpus->tokens[p].count);
        if (part && corpus->texts[p].name && p != RUNG_TRAIN)
            rung__json_put(part, "sha256", json_string(corpus->texts[p].sha256), &failed);
        rung__json_put(data, names[p], part, &failed);
    }
    if (!failed) return data;
    json_decref(data);
    return NULL;
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
    if (!failed) return metrics;
    json_decref(metrics);
    return NULL;
}

static const char *const ends[] = {"done", "early_stop", "interrupted"};

static json_t *describe_training(const rung_train_result *t)
{
    return json_pack("{s:s, s:I, s:I, s:I, s:f, s:f, s:i, s:b}", "end", ends[t->end],
                     "steps", (json_int_t)t->steps, "planned_steps",
                     (json_int_t)t->planned_steps, "best_step", (json_int_t)t->best_step,
                     "seconds", t->seconds, "tokens_per_second", t->units_per_second,
                     "rollbacks", t->rollbacks, "converged", (int)t->converged);
}

static json_t *describe(const rung_model *m, const rung_corpus *corpus,
                        const rung_fit_config *config, const rung_fit_result *result)
{
    bool failed = false;
    json_t *record = json_object();
    char *again =
        rung__record_command(m, corpus, &config->train, result->train.planned_steps);
    rung__json_put(record, "version", json_integer(RECORD_VERSION), &failed);
    rung__json_put(record, "rung_version", json_string(rung_version()), &failed);
    rung__json_put(record, "rung", json_string(m->type->name), &failed);
    if (config->command)
        rung__json_put(record, "command", json_string(config->command), &failed);
    rung__json_put(record, "same_again", again ? json_string(again) : NULL, &failed);
    rung__json_put(record, "seed", json_integer(config->train.seed), &failed);
    rung__json_put(record, "data", describe_data(corpus), &failed);
    rung__json_put(record, "training", describe_training(&result->train), &failed);
    rung__json_put(record, "metrics", describe_metrics(result), &failed);
    rung_text_free(again);
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
    RUNG_TRY(rung_json_get_int(training, "planned_steps", 0, INT64_MAX, &t->planned_steps,
                               path, err));
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
    const char *rung = "", *sha256 = "";
    int64_t seed = config->seed;
    RUNG_TRY(rung_json_get_text(record, "rung", &rung, path, err));
    RUNG_TRY(rung_json_get_int(record, "seed", INT64_MIN, INT64_MAX, &seed, path, err));
    RUNG_TRY(rung_json_get_text(json_object_get(record, "data"), "sha256", &sha256, path,
                                err));
    const char *differs = NULL;
    if (strcmp(rung, m->type->name) != 0) differs = "rung";
    if (seed != config->seed) differs = "seed";
    if (strcmp(sha256, corpus->texts[RUNG_TRAIN].sha256) != 0) differs = "data";
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
        if (json_is_number(loss)) result->train.valid_loss = json_number_value(loss);
        *finished = status == RUNG_OK && result->train.end != RUNG_TRAIN_INTERRUPTED;
        if (!*finished) result->train = (rung_train_result){0};
    }
    json_decref(record);
    rung__free(path);
    return status;
}
