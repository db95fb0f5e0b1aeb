/* The factory of models, and a model's life. */
#include "rung/model.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "models/rungs.h"

/* ---- The factory ---- */

static const rung_class *const built_in[] = {
    &rung__unigram,
    &rung__bigram,
    &rung__lstm,
    &rung__gpt,
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
    return NULL;
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

/* The name of a required method that a class lacks, NULL if it is whole. */
static const char *missing_method(const rung_class *c)
{
    if (!c->name) return "name";
    if (!c->model_type) return "model_type";
    if (!c->summary) return "summary";
    if (c->model_bytes < sizeof(rung_model)) return "model_bytes";
    if (c->n_options && !c->options) return "options";
    if (!c->declare) return "declare";
    if (!c->logits && !c->fit) return "logits or fit";
    if (c->fit && !c->score) return "score";
    if (!c->extra != !c->load_extra) return c->extra ? "load_extra" : "extra";
    if (!c->stream) return NULL;
    if (c->stream->session_bytes < sizeof(rung_session)) return "stream.session_bytes";
    if (!c->stream->open) return "stream.open";
    if (!c->stream->read) return "stream.read";
    return c->stream->close ? NULL : "stream.close";
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

rung_status rung_class_train_defaults(const rung_class *type, const rung_option_set *set,
                                      rung_error *err)
{
    const char *p = type->train_defaults ? type->train_defaults : "";
    for (int n = 0; *p; p += n) {
        char name[40], value[40];
        if (sscanf(p, "%39[^= ]=%39[^ ] %n", name, value, &n) != 2)
            return rung_fail(err, RUNG_USAGE,
                             "class '%s': train_defaults '%s' is not name=value",
                             type->name, p);
        if (!is_given(set, name)) RUNG_TRY(rung_option_set_text(set, name, value, err));
    }
    return RUNG_OK;
}

/* ---- Life ---- */

rung_status rung_model_new(rung_model **out, const rung_class *type, rung_error *err)
{
    assert(!missing_method(type));
    rung_model *m = rung__alloc(type->model_bytes);
    if (!m) return rung__out_of_memory(err, type->model_bytes, type->name);
    m->type = type;
    rung_option_set set = rung_model_options(m);
    rung_status status = rung_params_new(&m->params, RUNG_F32, err);
    if (status == RUNG_OK) status = rung_options_defaults(&set, err);
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

rung_status rung_model_build(rung_model *m, rung_tokenizer *tok, uint64_t seed,
                             rung_error *err)
{
    assert(!m->tokenizer);
    m->tokenizer = tok;
    m->vocab = rung_tokenizer_size(tok);
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
    rung__free(m);
}

/* ---- Sessions ---- */

rung_status rung_session_open(rung_session **out, const rung_model *m, rung_runtime *rt,
                              int64_t max_tokens, rung_error *err)
{
    const rung_stream_ops *ops = m->type->stream;
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
    return s->model->type->stream->read(s, ids, n, logits, err);
}

void rung_session_close(rung_session *s)
{
    if (!s) return;
    s->model->type->stream->close(s);
    rung__free(s->order);
    rung__free(s->logits);
    rung__free(s);
}
