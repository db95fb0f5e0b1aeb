/* Model folders: config.json, model.safetensors and, where the class has a tokenizer,
 * tokenizer.json, in Hugging Face's layout. A classifier's labels stand in config.json as
 * id2label; without them the model is one of raw text. A model of tables has the meaning
 * of its columns there.
 *
 * Saving writes each file completely or not at all, config.json last: a folder without it
 * is no model. Loading believes nothing: config, tokenizer and tensors must agree. */
#include "rung/tabular.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"
#include "text/schema.h"

/* ---- config.json ---- */

/* The JSON value of a fixed key: text, or another key's, or a multiple of that. New
 * reference, NULL on failure. */
static json_t *key_value(const json_t *config, const rung_config_key *k)
{
    if (k->value[0] != '=') return json_loads(k->value, JSON_DECODE_ANY, NULL);
    char *times;
    long long factor = strtoll(k->value + 1, &times, 10);
    if (*times != '*') return json_incref(json_object_get(config, k->value + 1));
    return json_integer(factor * json_integer_value(json_object_get(config, times + 1)));
}

#define SEVERAL "multi_label_classification" /* as problem_type: a text has any number */

/* Adds the labels, and the architecture, of a classifier. */
static int add_labels(json_t *config, const rung_model *m)
{
    json_t *names = json_object(), *ids = json_object();
    int failed = !names || !ids;
    for (int64_t i = 0; !failed && i < m->n_labels; i++) {
        const char *name = rung_labels_name(m->labels, i);
        char id[24];
        snprintf(id, sizeof id, "%lld", (long long)i);
        failed = json_object_set_new(names, id, json_string(name)) ||
                 json_object_set_new(ids, name, json_integer(i));
    }
    failed = failed || json_object_set(config, "id2label", names) ||
             json_object_set(config, "label2id", ids);
    if (m->has_several)
        failed =
            failed || json_object_set_new(config, "problem_type", json_string(SEVERAL));
    const char *architecture =
        m->kind == RUNG_LABELLED ? m->type->labelled->architecture : NULL;
    if (!failed && architecture)
        failed =
            json_object_set_new(config, "architectures", json_pack("[s]", architecture));
    json_decref(names);
    json_decref(ids);
    return failed;
}

static json_t *config_of(const rung_model *m)
{
    const rung_class *c = m->type;
    rung_option_set set = rung_model_options((rung_model *)m);
    char *text = rung_options_to_json(&set, 1);
    json_t *config = json_object(), *options = text ? json_loads(text, 0, NULL) : NULL;
    rung_text_free(text);
    int failed = !config || !options;
    failed =
        failed || json_object_set_new(config, "model_type", json_string(c->model_type));
    if (m->tokenizer)
        failed =
            failed || json_object_set_new(config, "vocab_size", json_integer(m->vocab));
    failed = failed || json_object_update(config, options);
    for (size_t i = 0; !failed && i < c->n_config_keys; i++) {
        const rung_config_key *k = &c->config_keys[i];
        failed = json_object_set_new(config, k->key, key_value(config, k));
    }
    failed = failed || (m->labels && add_labels(config, m));
    if (m->schema)
        failed = failed ||
                 json_object_set_new(config, "table", rung__schema_to_json(m->schema));
    failed = failed || json_object_set_new(config, "torch_dtype", json_string("float32"));
    failed = failed ||
             json_object_set_new(config, "rung_version", json_string(rung_version()));
    json_decref(options);
    if (!failed) return config;
    json_decref(config);
    return NULL;
}

static rung_status refuse_key(const rung_class *c, const char *key, const json_t *is,
                              const json_t *must, const char *path, rung_error *err)
{
    rung_str a = {0}, b = {0};
    rung_json_add_text(&a, is, 0);
    rung_json_add_text(&b, must, 0);
    rung_fail(err, RUNG_UNSUPPORTED, "%s: %s is %s, but rung's %s has %s", path, key,
              a.data ? a.data : "?", c->name, b.data ? b.data : "?");
    rung_str_release(&a);
    rung_str_release(&b);
    return RUNG_UNSUPPORTED;
}

/* What a file says of the fixed keys must be what this class computes. */
static rung_status check_keys(const rung_class *c, const json_t *config, const char *path,
                              rung_error *err)
{
    rung_status status = RUNG_OK;
    for (size_t i = 0; status == RUNG_OK && i < c->n_config_keys; i++) {
        const rung_config_key *k = &c->config_keys[i];
        json_t *is = json_object_get(config, k->key), *must = key_value(config, k);
        bool differs = is && must && !json_equal(is, must);
        if (differs && strcmp(k->key, "architectures") != 0)
            status = refuse_key(c, k->key, is, must, path, err);
        json_decref(must);
    }
    return status;
}

/* ---- model.safetensors ---- */

static rung_status save_tensors(const rung_model *m, const char *path, rung_error *err)
{
    size_t n = rung_params_count(m->params);
    rung_stored *tensors = rung__alloc_array(n + RUNG_MAX_EXTRA, sizeof *tensors);
    if (!tensors)
        return rung__out_of_memory(err, n * sizeof *tensors, "a list of tensors");
    for (size_t i = 0; i < n; i++) {
        const rung_param *p = rung_params_at(m->params, i);
        tensors[i] = (rung_stored){.name = p->name,
                                   .type = RUNG_STORED_F32,
                                   .rank = p->rank,
                                   .data = rung_params_data(m->params, p),
                                   .bytes = (size_t)p->size * sizeof(float)};
        memcpy(tensors[i].shape, p->shape, (size_t)p->rank * sizeof p->shape[0]);
    }
    if (m->type->extra) n += m->type->extra(m, tensors + n);
    const char *metadata[] = {"format", "pt",
                              NULL}; // what Hugging Face's loader asks for
    rung_status status = rung_safetensors_write(path, tensors, n, metadata, err);
    rung__free(tensors);
    return status;
}

static rung_status load_param(const rung_model *m, const rung_param *p,
                              const rung_safetensors *file, const char *path,
                              rung_error *err)
{
    const rung_stored *t = rung_safetensors_find(file, p->name);
    if (!t)
        return rung_fail(err, RUNG_INPUT, "%s: tensor '%s' is missing", path, p->name);
    char is[RUNG_SHAPE_TEXT_BYTES], must[RUNG_SHAPE_TEXT_BYTES];
    bool fits = t->rank == p->rank;
    for (int i = 0; fits && i < p->rank; i++) fits = t->shape[i] == p->shape[i];
    if (!fits)
        return rung_fail(err, RUNG_INPUT,
                         "%s: tensor '%s' is %s, but config.json asks for %s", path,
                         p->name, rung__shape_text(is, t->rank, t->shape),
                         rung__shape_text(must, p->rank, p->shape));
    RUNG_TRY(rung_stored_to_f32(t, rung_params_data(m->params, p), (size_t)p->size, err));
    rung_safetensors_forget(file, t); // a model is in memory once, not twice
    return RUNG_OK;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool is_ignored(const rung_class *c, const char *name)
{
    for (const char *const *end = c->ignored_tensors; end && *end; end++) {
        if (ends_with(name, *end)) return true;
    }
    return false;
}

/* A tensor that the model has no place for means that config.json is another model's. */
static rung_status check_surplus(const rung_model *m, const rung_safetensors *file,
                                 const char *path, rung_error *err)
{
    rung_stored extra[RUNG_MAX_EXTRA];
    size_t n_extra = m->type->extra ? m->type->extra(m, extra) : 0;
    for (size_t i = 0; i < rung_safetensors_count(file); i++) {
        const char *name = rung_safetensors_at(file, i)->name;
        bool known =
            rung_params_find(m->params, name) != NULL || is_ignored(m->type, name);
        for (size_t e = 0; !known && e < n_extra; e++)
            known = strcmp(extra[e].name, name) == 0;
        if (!known)
            return rung_fail(err, RUNG_INPUT,
                             "%s: tensor '%s' has no place in the %s of config.json",
                             path, name, m->type->name);
    }
    return RUNG_OK;
}

static rung_status load_tensors(rung_model *m, const char *path, rung_error *err)
{
    rung_safetensors *file = NULL;
    RUNG_TRY(rung_safetensors_open(&file, path, err));
    rung_status status = RUNG_OK;
    for (size_t i = 0; status == RUNG_OK && i < rung_params_count(m->params); i++)
        status = load_param(m, rung_params_at(m->params, i), file, path, err);
    if (status == RUNG_OK && m->type->load_extra) {
        status = m->type->load_extra(m, file, err);
        if (status != RUNG_OK) rung_fail_within(err, "%s", path);
    }
    if (status == RUNG_OK) status = check_surplus(m, file, path, err);
    rung_safetensors_close(file);
    return status;
}

/* ---- The folder ---- */

typedef rung_status (*file_fn)(const rung_model *m, const char *path, rung_error *err);

static rung_status save_tokenizer(const rung_model *m, const char *path, rung_error *err)
{
    return rung_tokenizer_save(m->tokenizer, path, err);
}

static rung_status save_config(const rung_model *m, const char *path, rung_error *err)
{
    json_t *config = config_of(m);
    if (!config) return rung__out_of_memory(err, 0, "config.json");
    rung_status status = rung_json_write(config, path, err);
    json_decref(config);
    return status;
}

static rung_status save_file(const rung_model *m, const char *dir, const char *name,
                             file_fn save, rung_error *err)
{
    char *path = rung_path_join(dir, name);
    if (!path) return rung__out_of_memory(err, strlen(dir), "a path");
    rung_status status = save(m, path, err);
    rung__free(path);
    return status;
}

rung_status rung_model_save(const rung_model *m, const char *dir, rung_error *err)
{
    RUNG_TRY(rung_make_dirs(dir, err));
    RUNG_TRY(save_file(m, dir, "model.safetensors", save_tensors, err));
    if (m->tokenizer) RUNG_TRY(save_file(m, dir, "tokenizer.json", save_tokenizer, err));
    return save_file(m, dir, "config.json", save_config, err);
}

/* The class that config.json names. */
static rung_status class_of(const rung_class **out, const json_t *config,
                            const char *path, rung_error *err)
{
    const char *type = NULL;
    RUNG_TRY(rung_json_require(config, "model_type", path, err));
    RUNG_TRY(rung_json_get_text(config, "model_type", &type, path, err));
    *out = rung_class_find(type, err);
    if (*out) return RUNG_OK;
    rung_fail_within(err, "%s", path);
    return RUNG_USAGE;
}

static rung_status apply_config(rung_model *m, const json_t *config, const char *path,
                                rung_error *err)
{
    RUNG_TRY(check_keys(m->type, config, path, err));
    rung_str text = {0};
    rung_json_add_text(&text, config, 0);
    rung_option_set set = rung_model_options(m);
    rung_status status =
        text.failed ? rung__out_of_memory(err, text.len, "config.json")
                    : rung_options_from_json(&set, 1, text.data, path, false, err);
    rung_str_release(&text);
    return status;
}

/* id2label: an object whose keys are the ids 0 ... n - 1. */
static rung_status read_labels(rung_model *m, const json_t *config, const char *path,
                               rung_error *err)
{
    const json_t *names = json_object_get(config, "id2label");
    size_t n = json_object_size(names);
    rung_span *spans = rung__alloc_array(n + 1, sizeof *spans);
    if (!spans) return rung__out_of_memory(err, n * sizeof *spans, "labels");
    rung_status status = RUNG_OK;
    for (size_t i = 0; status == RUNG_OK && i < n; i++) {
        char id[24];
        snprintf(id, sizeof id, "%zu", i);
        const json_t *name = json_object_get(names, id);
        if (json_is_string(name))
            spans[i] = (rung_span){json_string_value(name), json_string_length(name)};
        else
            status = rung_fail(err, RUNG_INPUT,
                               "%s: id2label has %zu labels, but no name for \"%s\"",
                               path, n, id);
    }
    if (status == RUNG_OK) {
        status = rung_labels_ordered(&m->labels, spans, n, err);
        if (status != RUNG_OK) rung_fail_within(err, "%s: id2label", path);
    }
    rung__free(spans);
    if (status == RUNG_OK) m->n_labels = rung_labels_count(m->labels);
    return status;
}

/* Whether a text has any number of the labels. */
static rung_status read_problem(rung_model *m, const json_t *config, const char *path,
                                rung_error *err)
{
    const char *problem = "";
    RUNG_TRY(rung_json_get_text(config, "problem_type", &problem, path, err));
    m->has_several = strcmp(problem, SEVERAL) == 0;
    if (!m->has_several || m->type->labelled->takes_several) return RUNG_OK;
    return rung_fail(err, RUNG_UNSUPPORTED,
                     "%s: problem_type is %s, but rung's %s gives "
                     "a text one label",
                     path, problem, m->type->name);
}

static rung_status check_vocabulary(rung_model *m, const json_t *config, const char *path,
                                    rung_error *err)
{
    int64_t size = -1;
    m->vocab = rung_tokenizer_size(m->tokenizer);
    RUNG_TRY(rung_json_require(config, "vocab_size", path, err));
    RUNG_TRY(rung_json_get_int(config, "vocab_size", 1, INT32_MAX, &size, path, err));
    if (size != m->vocab)
        return rung_fail(err, RUNG_INPUT,
                         "%s: vocab_size is %lld, but tokenizer.json has %lld", path,
                         (long long)size, (long long)m->vocab);
    if (m->kind == RUNG_RAW && !rung_tokenizer_is_lossless(m->tokenizer))
        return rung_fail(
            err, RUNG_INPUT,
            "%s: a language model cannot have a %s tokenizer, which does not "
            "keep every byte of a text",
            path, rung_tokenizer_kind(m->tokenizer));
    return RUNG_OK;
}

typedef struct folder {
    char *config, *tensors, *tokenizer; /* paths */
    json_t *json;
} folder;

static rung_status load(rung_model **m, folder *f, rung_error *err)
{
    const rung_class *type;
    RUNG_TRY(rung_json_read(&f->json, f->config, err));
    if (!json_is_object(f->json))
        return rung_fail(err, RUNG_INPUT, "%s: not an object", f->config);
    RUNG_TRY(class_of(&type, f->json, f->config, err));
    bool has_labels = json_object_size(json_object_get(f->json, "id2label")) > 0;
    const json_t *table = json_object_get(f->json, "table");
    const rung_data_kind kind = table        ? RUNG_TABLE
                                : has_labels ? RUNG_LABELLED
                                             : rung_class_kind(type, RUNG_RAW);
    rung_status made = rung_model_new(m, type, kind, err);
    if (made != RUNG_OK) rung_fail_within(err, "%s", f->config);
    RUNG_TRY(made);
    RUNG_TRY(apply_config(*m, f->json, f->config, err));
    if (has_labels) RUNG_TRY(read_labels(*m, f->json, f->config, err));
    if (has_labels) RUNG_TRY(read_problem(*m, f->json, f->config, err));
    if (table) RUNG_TRY(rung__schema_from_json(&(*m)->schema, table, f->config, err));
    if (table && type->table->has_labels != has_labels)
        return rung_fail(err, RUNG_INPUT, "%s: id2label %s", f->config,
                         has_labels ? "names labels, but numbers are predicted"
                                    : "is missing");
    if (kind == RUNG_RAW || kind == RUNG_WORDS || type->words ||
        (kind == RUNG_LABELLED && type->labelled->tokenizer)) {
        RUNG_TRY(rung_tokenizer_load(&(*m)->tokenizer, f->tokenizer, err));
        RUNG_TRY(check_vocabulary(*m, f->json, f->config, err));
    }
    rung_status status = type->declare(*m, err);
    if (status == RUNG_OK) return load_tensors(*m, f->tensors, err);
    rung_fail_within(err, "%s", f->config);
    return status;
}

rung_status rung_model_load(rung_model **out, const char *dir, rung_error *err)
{
    folder f = {rung_path_join(dir, "config.json"),
                rung_path_join(dir, "model.safetensors"),
                rung_path_join(dir, "tokenizer.json"), NULL};
    rung_model *m = NULL;
    rung_status status;
    if (!f.config || !f.tensors || !f.tokenizer)
        status = rung__out_of_memory(err, strlen(dir), "a path");
    else if (!rung_path_is_dir(dir))
        status =
            rung_fail(err, RUNG_INPUT, "%s: %s", dir,
                      rung_path_exists(dir) ? "not a model folder" : "no such folder");
    else if (!rung_path_exists(f.config))
        status = rung_fail(err, RUNG_INPUT,
                           "%s: not a model folder: there is no config.json", dir);
    else
        status = load(&m, &f, err);
    json_decref(f.json);
    rung__free(f.config), rung__free(f.tensors), rung__free(f.tokenizer);
    if (status == RUNG_USAGE) { // what a user may not ask for either, but a file did
        status = RUNG_INPUT;
        if (err) err->code = status;
    }
    if (status != RUNG_OK)
        rung_model_free(m);
    else
        *out = m;
    return status;
}
