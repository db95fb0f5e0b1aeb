/* Words between ASCII white space, each a token; a word that the vocabulary lacks has
 * none. It is what the programs of word2vec, GloVe and fastText read, and in a file the
 * WordLevel model of Hugging Face's `tokenizers` behind WhitespaceSplit. */
#include <assert.h>
#include <string.h>
#include <utf8proc.h>

#include "base/alloc.h"
#include "text/tokenizer.h"
#include "text/unicode.h"
#include "text/wordlevel.h"

typedef struct wordlevel {
    rung_tokenizer base;
    bool lower;
} wordlevel;

static const wordlevel *wordlevel_of(const rung_tokenizer *tok)
{
    assert(tok->class == &rung__tokenizer_wordlevel);
    return (const wordlevel *)tok;
}

/* ---- Words ---- */

rung_span rung__word_next(const char **p, const char *end)
{
    const char *begin = *p;
    while (begin < end && rung__is_space(*begin)) begin++;
    const char *stop = begin;
    while (stop < end && !rung__is_space(*stop)) stop++;
    *p = stop;
    return (rung_span){begin, (size_t)(stop - begin)};
}

void rung__word_add(rung_str *out, rung_span word, bool lower)
{
    const char *end = word.bytes + word.size;
    for (const char *p = word.bytes; p < end;) {
        const rung__char c = rung__utf8_at(p, end);
        utf8proc_uint8_t bytes[4];
        int32_t code = c.code > 0 ? c.code : 0xFFFD;
        if (lower) code = utf8proc_tolower(code);
        rung_str_add_bytes(out, bytes, (size_t)utf8proc_encode_char(code, bytes));
        p += c.size;
    }
}

/* ---- The class ---- */

static rung_status rank(wordlevel *tok, const rung_vocab *v, int64_t min_count,
                        size_t most, rung_error *err)
{
    return rung__vocab_rank(v, min_count, most, &tok->base.entries, err);
}

rung_status rung__wordlevel_new(rung_tokenizer **out, const rung_vocab *v,
                                int64_t min_count, bool lower, rung_error *err)
{
    rung_tokenizer *tok;
    RUNG_TRY(rung__tokenizer_create(&tok, rung__tokenizer_wordlevel.kind, err));
    ((wordlevel *)tok)->lower = lower;
    const rung_status status = rank((wordlevel *)tok, v, min_count, SIZE_MAX, err);
    if (status == RUNG_OK)
        *out = tok;
    else
        rung_tokenizer_free(tok);
    return status;
}

rung_status rung__wordlevel_take(rung_tokenizer **out, rung_vocab *v, bool lower,
                                 rung_error *err)
{
    RUNG_TRY(rung__tokenizer_create(out, rung__tokenizer_wordlevel.kind, err));
    ((wordlevel *)*out)->lower = lower;
    (*out)->entries = *v;
    *v = (rung_vocab){0};
    return RUNG_OK;
}

int32_t rung__wordlevel_find(const rung_tokenizer *tok, rung_span word, rung_str *taken)
{
    taken->len = 0;
    rung__word_add(taken, word, wordlevel_of(tok)->lower);
    return taken->failed ? -1 : rung__vocab_find(&tok->entries, taken->data, taken->len);
}

const rung_vocab *rung__wordlevel_words(const rung_tokenizer *tok)
{
    return &wordlevel_of(tok)->base.entries;
}

static rung_status wordlevel_train(rung_tokenizer *tok,
                                   const rung_tokenizer_config *config, rung_span text,
                                   rung_error *err)
{
    rung_vocab all = {0};
    rung_str word = {0};
    rung_status status = RUNG_OK;
    const char *p = text.bytes, *end = p + text.size;
    for (rung_span w; status == RUNG_OK && (w = rung__word_next(&p, end)).size;) {
        word.len = 0;
        rung__word_add(&word, w, false);
        status = word.failed ? rung__out_of_memory(err, w.size, "a word")
                             : rung__vocab_add(&all, word.data, word.len, 1, err);
    }
    const size_t most = config->vocab_size ? (size_t)config->vocab_size : SIZE_MAX;
    if (status == RUNG_OK)
        status = rank((wordlevel *)tok, &all, config->min_count, most, err);
    rung_str_release(&word);
    rung__vocab_release(&all);
    return status;
}

static rung_status wordlevel_encode(const rung_tokenizer *tok, rung_span text,
                                    rung__ids *out, rung_error *err)
{
    rung_str word = {0};
    rung_status status = RUNG_OK;
    const char *p = text.bytes, *end = p + text.size;
    for (rung_span w; status == RUNG_OK && (w = rung__word_next(&p, end)).size;) {
        const int32_t id = rung__wordlevel_find(tok, w, &word);
        status = word.failed ? rung__out_of_memory(err, w.size, "a word")
                             : rung__ids_reserve(out, 1, err);
        if (status == RUNG_OK && id >= 0) out->ids[out->n++] = id;
    }
    rung_str_release(&word);
    return status;
}

/* ---- tokenizer.json ---- */

#define JSON(...) #__VA_ARGS__
// clang-format off
static const char skeleton[] = JSON({
    "version": "1.0",
    "truncation": null,
    "padding": null,
    "added_tokens": [],
    "normalizer": null,
    "pre_tokenizer": {"type": "WhitespaceSplit"},
    "post_processor": null,
    "decoder": null,
    "model": {"type": "WordLevel", "unk_token": "<unk>", "vocab": {}}
});
// clang-format on

static rung_status wordlevel_save(const rung_tokenizer *tok, json_t *file,
                                  rung_error *err)
{
    json_t *lower =
        wordlevel_of(tok)->lower ? json_pack("{s:s}", "type", "Lowercase") : json_null();
    return json_object_set_new(file, "normalizer", lower) == 0
               ? RUNG_OK
               : rung__out_of_memory(err, sizeof *file, "a tokenizer's file");
}

static rung_status load_type(const json_t *file, const char *key, const char *wanted,
                             bool *is_there, const char *where, rung_error *err)
{
    const json_t *part = json_object_get(file, key);
    const char *type = json_string_value(json_object_get(part, "type"));
    *is_there = part && !json_is_null(part);
    if (!*is_there || (type && strcmp(type, wanted) == 0)) return RUNG_OK;
    return rung_fail(err, RUNG_UNSUPPORTED, "%s: %s is %.40s: must be %s or null", where,
                     key, type ? type : "of no type", wanted);
}

static rung_status wordlevel_load(rung_tokenizer *tok, const json_t *file,
                                  const char *where, rung_error *err)
{
    bool splits;
    RUNG_TRY(load_type(file, "normalizer", "Lowercase", &((wordlevel *)tok)->lower, where,
                       err));
    RUNG_TRY(load_type(file, "pre_tokenizer", "WhitespaceSplit", &splits, where, err));
    if (splits) return RUNG_OK;
    return rung_fail(err, RUNG_UNSUPPORTED,
                     "%s: pre_tokenizer is null: must be WhitespaceSplit", where);
}

const rung_tokenizer_class rung__tokenizer_wordlevel = {
    .kind = "wordlevel",
    .size = sizeof(wordlevel),
    .is_lossy = true,
    .train = wordlevel_train,
    .encode = wordlevel_encode,
    .skeleton = skeleton,
    .save = wordlevel_save,
    .load = wordlevel_load,
};
