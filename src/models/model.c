/* The factory of models, and a model's life. */
#include "rung/language.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "models/rungs.h"

/* ---- The factory ---- */

static const rung_class *const built_in[] = {
    &rung__unigram, &rung__bigram, &rung__majority, &rung__linreg,
    &rung__logreg,  &rung__bow,    &rung__word2vec, &rung__glove,
    &rung__lstm,    &rung__gpt,    &rung__bert,
};

enum { N_BUILT_IN = sizeof built_in / sizeof built_in[0], MAX_REGISTERED = 16 };

/* The one mutable global besides the default runtime: classes of the program. */
static const rung_class *registered[MAX_REGISTERED];
static size_t n_registered;

size_t rung_class_count(void)
{
    return N_BUILT_IN + n_registered;
}

const rung_class *rung_class_at(size_t i)
{
    assert(i < rung_class_count());
    return i < N_BUILT_IN ? built_in[i] : registered[i - N_BUILT_IN];
}

static const rung_class *find_exact(const char *name)
{
    for (size_t i = 0; i < rung_class_count(); i++) {
        const rung_class *c = rung_class_at(i);
        if (strcmp(c->name, name) == 0 || strcmp(c->model_type, name) == 0) return c;
    }
    // Found by its folders' model_type, but not listed: it is no rung.
    return strcmp(rung__imported.model_type, name) == 0 ? &rung__imported : NULL;
}

const rung_class *rung_class_find(const char *name, rung_error *err)
{
    const rung_class *c = find_exact(name);
    if (c) return c;
    const char *names[N_BUILT_IN + MAX_REGISTERED];
    for (size_t i = 0; i < rung_class_count(); i++) names[i] = rung_class_at(i)->name;
    const char *near = rung_nearest_name(name, names, rung_class_count());
    if (near)
        rung_fail(err, RUNG_USAGE, "unknown rung '%s': did you mean '%s'?", name, near);
    else
        rung_fail(err, RUNG_USAGE, "unknown rung '%s': `rung models` lists them", name);
    return NULL;
}

static const char *missing_stream(const rung_stream_ops *s)
{
    if (s->session_bytes < sizeof(rung_session)) return "raw.stream.session_bytes";
    if (!s->open) return "raw.stream.open";
    if (!s->read) return "raw.stream.read";
    return s->close ? NULL : "raw.stream.close";
}

static const char *missing_raw(const rung_raw_ops *raw)
{
    if (!raw->logits && !raw->fit) return "raw.logits or raw.fit";
    if (raw->fit && !raw->score) return "raw.score";
    return raw->stream ? missing_stream(raw->stream) : NULL;
}

static const char *missing_labelled(const rung_labelled_ops *labelled)
{
    if (!labelled->logits && !labelled->fit) return "labelled.logits or labelled.fit";
    if (labelled->fit && !labelled->predict) return "labelled.predict";
    return labelled->fit || labelled->tokenizer ? NULL : "labelled.tokenizer";
}

static const char *missing_words(const rung_words_ops *words)
{
    if (words->fit && !words->reading) return "words.reading";
    return words->reading && !words->fit ? "words.fit" : NULL;
}

static const char *missing_table(const rung_table_ops *table)
{
    if (!table->fit) return "table.fit";
    return table->predict ? NULL : "table.predict";
}

/* The name of a required method that a class lacks, NULL if it is whole. */
static const char *missing_method(const rung_class *c)
{
    if (!c->name) return "name";
    if (!c->model_type) return "model_type";
    if (!c->summary) return "summary";
    if (c->model_bytes < sizeof(rung_model)) return "model_bytes";
    if (c->n_options && !c->options) return "options";
    if (!c->declare) return "declare";
    if (!c->extra != !c->load_extra) return c->extra ? "load_extra" : "extra";
    if (!c->raw && !c->labelled && !c->words && !c->table)
        return "raw, labelled, words or table";
    const char *missing = c->raw ? missing_raw(c->raw) : NULL;
    if (!missing && c->words) missing = missing_words(c->words);
    if (!missing && c->labelled) missing = missing_labelled(c->labelled);
    return missing || !c->table ? missing : missing_table(c->table);
}

rung_status rung_model_register(const rung_class *type, rung_error *err)
{
    const char *missing = missing_method(type);
    if (missing)
        return rung_fail(err, RUNG_USAGE, "class '%s' lacks the required '%s'",
                         type->name ? type->name : "?", missing);
    if (find_exact(type->name) || find_exact(type->model_type))
        return rung_fail(err, RUNG_USAGE, "there is a class '%s' already", type->name);
    if (n_registered == MAX_REGISTERED)
        return rung_fail(err, RUNG_USAGE, "no room for class '%s': %d are registered",
                         type->name, MAX_REGISTERED);
    registered[n_registered++] = type;
    return RUNG_OK;
}

static bool is_given(const rung_option_set *set, const char *name)
{
    for (size_t i = 0; set->given && i < set->count; i++) {
        if (set->given[i] && strcmp(set->options[i].name, name) == 0) return true;
    }
    return false;
}

const char *rung_data_kind_name(rung_data_kind kind)
{
    static const char *const names[] = {"raw text", "labelled text", "running text",
                                        "tables"};
    return names[kind];
}

static bool has_kind(const rung_class *type, rung_data_kind kind)
{
    const void *const ops[] = {type->raw, type->labelled, type->words, type->table};
    return ops[kind] != NULL;
}

static bool learns_from(const rung_class *type, rung_data_kind kind)
{
    return has_kind(type, kind) && (kind != RUNG_WORDS || type->words->fit);
}

rung_data_kind rung_class_kind(const rung_class *type, rung_data_kind kind)
{
    return kind == RUNG_RAW && !type->raw && type->words ? RUNG_WORDS : kind;
}

rung_status rung_class_check_kind(const rung_class *type, rung_data_kind kind,
                                  rung_error *err)
{
    char names[300] = "";
    if (learns_from(type, kind)) return RUNG_OK;
    for (size_t i = 0; i < rung_class_count(); i++) {
        const rung_class *c = rung_class_at(i);
        size_t used = strlen(names);
        if (learns_from(c, kind))
            snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                     c->name);
    }
    return rung_fail(err, RUNG_USAGE, "%s does not learn from %s: %s do", type->name,
                     rung_data_kind_name(kind), names);
}

bool rung_class_is_trained(const rung_class *type, rung_data_kind kind)
{
    if (kind == RUNG_WORDS || kind == RUNG_TABLE) return false;
    return kind == RUNG_RAW ? !type->raw->fit : !type->labelled->fit;
}

static bool has_option(const rung_option_set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->options[i].name, name) == 0) return true;
    }
    return false;
}

enum { DEFAULT_BYTES = 40 };

/* What the class says about a kind of data; "" if nothing. */
static const char *defaults_of(const rung_class *type, rung_data_kind kind)
{
    const char *const of[] = {[RUNG_RAW] = type->raw ? type->raw->defaults : NULL,
                              [RUNG_LABELLED] =
                                  type->labelled ? type->labelled->defaults : NULL,
                              [RUNG_WORDS] = type->words ? type->words->defaults : NULL,
                              [RUNG_TABLE] = type->table ? type->table->defaults : NULL};
    return of[kind] ? of[kind] : "";
}

/* The first "name=value " of a text, and how long it is; -1: it is none. */
static int read_default(const char *text, char name[DEFAULT_BYTES],
                        char value[DEFAULT_BYTES])
{
    int n = -1;
    return sscanf(text, "%39[^= ]=%39[^ ] %n", name, value, &n) == 2 ? n : -1;
}

bool rung_class_default(char value[DEFAULT_BYTES], const rung_class *type,
                        rung_data_kind kind, const char *option)
{
    char name[DEFAULT_BYTES];
    const char *p = defaults_of(type, kind);
    for (int n; *p && (n = read_default(p, name, value)) > 0; p += n)
        if (strcmp(name, option) == 0) return true;
    return false;
}

rung_status rung_class_defaults(const rung_class *type, rung_data_kind kind,
                                const rung_option_set *set, rung_error *err)
{
    char name[DEFAULT_BYTES], value[DEFAULT_BYTES];
    const char *p = defaults_of(type, kind);
    for (int n; *p; p += n) {
        n = read_default(p, name, value);
        if (n < 0)
            return rung_fail(err, RUNG_USAGE,
                             "class '%s': defaults '%s' are not name=value", type->name,
                             p);
        if (has_option(set, name) && !is_given(set, name))
            RUNG_TRY(rung_option_set_text(set, name, value, err));
    }
    return RUNG_OK;
}

/* ---- Life ---- */

rung_status rung_model_new(rung_model **out, const rung_class *type, rung_data_kind kind,
                           rung_error *err)
{
    assert(!missing_method(type));
    if (!has_kind(type, kind)) return rung_class_check_kind(type, kind, err);
    rung_model *m = rung__alloc(type->model_bytes);
    if (!m) return rung__out_of_memory(err, type->model_bytes, type->name);
    m->type = type;
    m->kind = kind;
    rung_option_set set = rung_model_options(m);
    rung_status status = rung_params_new(&m->params, RUNG_F32, err);
    if (status == RUNG_OK) status = rung_options_defaults(&set, err);
    if (status == RUNG_OK) status = rung_class_defaults(type, kind, &set, err);
    if (status != RUNG_OK) {
        rung_model_free(m);
        return status;
    }
    *out = m;
    return RUNG_OK;
}

rung_option_set rung_model_options(rung_model *m)
{
    return (rung_option_set){.title = m->type->name,
                             .options = m->type->options,
                             .count = m->type->n_options,
                             .values = (char *)m + m->type->options_offset};
}

rung_status rung_model_build(rung_model *m, rung_tokenizer *tok, rung_labels *labels,
                             uint64_t seed, rung_error *err)
{
    const bool has_labels =
        m->kind == RUNG_LABELLED || (m->kind == RUNG_TABLE && m->type->table->has_labels);
    assert(!m->tokenizer && !m->labels && (labels != NULL) == has_labels);
    assert((m->schema != NULL) == (m->kind == RUNG_TABLE));
    (void)has_labels;
    m->tokenizer = tok;
    m->labels = labels;
    m->vocab = tok ? rung_tokenizer_size(tok) : 0;
    m->n_labels = labels ? rung_labels_count(labels) : 0;
    m->seed = seed;
    RUNG_TRY(m->type->declare(m, err));
    rung_params_init(m->params, seed);
    return RUNG_OK;
}

void rung_model_free(rung_model *m)
{
    if (!m) return;
    if (m->type->release) m->type->release(m);
    rung_option_set set = rung_model_options(m);
    rung_options_release(&set);
    rung_params_free(m->params);
    rung_tokenizer_free(m->tokenizer);
    rung_labels_free(m->labels);
    rung_schema_free(m->schema);
    rung__free(m);
}

/* ---- Sessions ---- */

rung_status rung_session_open(rung_session **out, const rung_model *m, rung_runtime *rt,
                              int64_t max_tokens, rung_error *err)
{
    if (m->kind != RUNG_RAW)
        return rung_fail(err, RUNG_UNSUPPORTED, "this %s is a %s: it writes no text",
                         m->type->name,
                         m->kind == RUNG_WORDS   ? "set of word vectors"
                         : m->kind == RUNG_TABLE ? "model of tables"
                                                 : "classifier");
    const rung_stream_ops *ops = m->type->raw->stream;
    if (!ops)
        return rung_fail(err, RUNG_UNSUPPORTED,
                         "%s does not generate: rungs that do are listed "
                         "by `rung models`",
                         m->type->name);
    if (max_tokens < 1)
        return rung_fail(err, RUNG_USAGE, "a stream of %lld tokens: must be at least 1",
                         (long long)max_tokens);
    rung_session *s = rung__alloc(ops->session_bytes);
    if (!s) return rung__out_of_memory(err, ops->session_bytes, "a session");
    s->model = m;
    s->rt = rt;
    const size_t V = (size_t)m->vocab;
    s->logits = rung__alloc_array(V, sizeof *s->logits);
    s->order = rung__alloc_array(V, sizeof *s->order);
    rung_status status = s->logits && s->order
                             ? ops->open(s, max_tokens, err)
                             : rung__out_of_memory(err, V * 8, "a session's logits");
    if (status != RUNG_OK) {
        rung_session_close(s);
        return status;
    }
    *out = s;
    return RUNG_OK;
}

rung_status rung_session_read(rung_session *s, const int32_t *ids, size_t n,
                              float *logits, rung_error *err)
{
    assert(n > 0);
    return s->model->type->raw->stream->read(s, ids, n, logits, err);
}

void rung_session_close(rung_session *s)
{
    if (!s) return;
    s->model->type->raw->stream->close(s);
    rung__free(s->order);
    rung__free(s->logits);
    rung__free(s);
}
