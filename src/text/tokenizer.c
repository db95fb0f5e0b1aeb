/* The base class of tokenizers, the list of their kinds, and the public functions. */
#include "text/tokenizer.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "text/unicode.h"

static const rung_tokenizer_class *const classes[] = {
    &rung__tokenizer_byte,      &rung__tokenizer_char,      &rung__tokenizer_word,
    &rung__tokenizer_wordpiece, &rung__tokenizer_wordlevel,
};
#define N_CLASSES (sizeof classes / sizeof classes[0])

const rung_tokenizer_class *rung__tokenizer_class_at(size_t i)
{
    return i < N_CLASSES ? classes[i] : NULL;
}

static const rung_tokenizer_class *find(const char *kind)
{
    for (size_t i = 0; i < N_CLASSES; i++) {
        if (strcmp(classes[i]->kind, kind) == 0) return classes[i];
    }
    return NULL;
}

static rung_status fail_unknown(const char *kind, rung_error *err)
{
    const char *names[N_CLASSES];
    rung_str list = {0};
    for (size_t i = 0; i < N_CLASSES; i++) {
        names[i] = classes[i]->kind;
        rung_str_addf(&list, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    const char *near = rung_nearest_name(kind, names, N_CLASSES);
    if (near) {
        rung_fail(err, RUNG_USAGE, "unknown tokenizer '%s': did you mean '%s'?", kind,
                  near);
    } else {
        rung_fail(err, RUNG_USAGE, "unknown tokenizer '%s': known are %s", kind,
                  list.data ? list.data : "");
    }
    rung_str_release(&list);
    return RUNG_USAGE;
}

const char *rung__tokenizer_lacks(const rung_tokenizer_class *class)
{
    if (!class->kind) return "kind";
    if (!class->train) return "train";
    if (!class->encode) return "encode";
    const bool needs_file = class->is_lossy || class->skeleton;
    if (!class->load && (class->save || needs_file)) return "load";
    if (!class->save && (class->load || needs_file)) return "save";
    if (!class->skeleton && class->is_lossy) return "skeleton";
    return NULL;
}

rung_status rung__tokenizer_create(rung_tokenizer **out, const char *kind,
                                   rung_error *err)
{
    const rung_tokenizer_class *class = find(kind);
    if (!class) return fail_unknown(kind, err);
    assert(class->size >= sizeof(rung_tokenizer) && !rung__tokenizer_lacks(class));
    rung_tokenizer *tok = rung__alloc(class->size);
    if (!tok) return rung__out_of_memory(err, class->size, "a tokenizer");
    tok->class = class;
    for (int b = 0; b < RUNG_N_BYTE_TOKENS; b++) tok->bytes[b] = (char)b;
    *out = tok;
    return RUNG_OK;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

static bool is_byte_name(rung_span s)
{
    return s.size == 6 && memcmp(s.bytes, "<0x", 3) == 0 && is_hex(s.bytes[3]) &&
           is_hex(s.bytes[4]) && s.bytes[5] == '>';
}

bool rung__tokenizer_may_hold(rung_span string)
{
    return string.size > 0 && !memchr(string.bytes, '\0', string.size) &&
           rung__utf8_count_invalid(string.bytes, string.size) == 0 &&
           !is_byte_name(string);
}

rung_status rung__tokenizer_add_special(rung_tokenizer *tok, int32_t id, rung_error *err)
{
    assert(id >= 0 && (size_t)id < tok->entries.n);
    if (tok->n_specials == RUNG_MAX_SPECIALS)
        return rung_fail(err, RUNG_UNSUPPORTED, "more than %d special tokens",
                         RUNG_MAX_SPECIALS);
    tok->specials[tok->n_specials++] = id;
    return RUNG_OK;
}

rung_status rung__ids_reserve(rung__ids *list, size_t more, rung_error *err)
{
    if (more <= list->cap - list->n) return RUNG_OK;
    const size_t cap = list->n + more > 2 * list->cap ? list->n + more : 2 * list->cap;
    size_t size;
    int32_t *ids =
        rung_mul_size(cap, sizeof *ids, &size) ? rung__realloc(list->ids, size) : NULL;
    if (!ids) return rung__out_of_memory(err, cap * sizeof *ids, "token ids");
    list->ids = ids;
    list->cap = cap;
    return RUNG_OK;
}

void rung__tokenizer_spell(const rung_tokenizer *tok, rung_span text, rung__ids *out)
{
    assert(out->cap - out->n >= text.size);
    const char *p = text.bytes, *end = p + text.size;
    while (p < end) {
        const rung__char c = rung__utf8_at(p, end);
        const int32_t id = rung__vocab_find(&tok->entries, p, (size_t)c.size);
        if (id >= 0)
            out->ids[out->n++] = id;
        else
            for (int i = 0; i < c.size; i++)
                out->ids[out->n++] = rung__byte_id(tok, p[i]);
        p += c.size;
    }
}

rung_status rung_tokenizer_train(rung_tokenizer **out, const char *kind,
                                 const rung_tokenizer_config *config, rung_span text,
                                 rung_error *err)
{
    const rung_tokenizer_config defaults = {0};
    if (!config) config = &defaults;
    if (config->vocab_size < 0 || config->min_count < 0) {
        return rung_fail(
            err, RUNG_USAGE,
            "tokenizer: vocab_size %lld, min_count %lld: must not be negative",
            (long long)config->vocab_size, (long long)config->min_count);
    }
    if (text.size == 0) text.bytes = "";
    rung_tokenizer *tok;
    RUNG_TRY(rung__tokenizer_create(&tok, kind, err));
    rung_status status = tok->class->train(tok, config, text, err);
    if (status == RUNG_OK && tok->class->prepare) status = tok->class->prepare(tok, err);
    if (status != RUNG_OK) {
        rung_tokenizer_free(tok);
        return status;
    }
    *out = tok;
    return RUNG_OK;
}

rung_tokenizer *rung_tokenizer_share(rung_tokenizer *tok)
{
    atomic_fetch_add(&tok->shared, 1);
    return tok;
}

void rung_tokenizer_free(rung_tokenizer *tok)
{
    if (!tok || atomic_fetch_sub(&tok->shared, 1) > 0) return;
    if (tok->class->release) tok->class->release(tok);
    rung__vocab_release(&tok->entries);
    rung__free(tok);
}

const char *rung_tokenizer_kind(const rung_tokenizer *tok)
{
    return tok->class->kind;
}

int64_t rung_tokenizer_size(const rung_tokenizer *tok)
{
    return (int64_t)(tok->entries.n + rung__n_byte_tokens(tok->class));
}

bool rung_tokenizer_is_lossless(const rung_tokenizer *tok)
{
    return !tok->class->is_lossy;
}

int32_t rung_tokenizer_special(const rung_tokenizer *tok, const char *name)
{
    const int32_t id = rung__vocab_find(&tok->entries, name, strlen(name));
    for (size_t i = 0; i < tok->n_specials; i++)
        if (tok->specials[i] == id) return id;
    return -1;
}

rung_status rung_tokenizer_encode(const rung_tokenizer *tok, rung_span text,
                                  int32_t **ids, size_t *n, rung_error *err)
{
    if (text.size == 0) text.bytes = "";
    rung__ids list = {0};
    rung_status status = rung__ids_reserve(&list, 1, err); // *ids is never NULL
    if (status == RUNG_OK) status = tok->class->encode(tok, text, &list, err);
    if (status != RUNG_OK) {
        rung__free(list.ids);
        return status;
    }
    *ids = list.ids;
    *n = list.n;
    return RUNG_OK;
}

void rung_ids_free(int32_t *ids)
{
    rung__free(ids);
}

rung_span rung_tokenizer_bytes(const rung_tokenizer *tok, int32_t id)
{
    const int64_t n = (int64_t)tok->entries.n;
    if (id < 0 || id >= rung_tokenizer_size(tok)) return (rung_span){"", 0};
    if (id < n) return rung__vocab_get(&tok->entries, (size_t)id);
    return (rung_span){&tok->bytes[id - n], 1};
}
