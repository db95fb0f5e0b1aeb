/* WordPiece, BERT's tokenizer (Devlin et al. 2019; Wu et al. 2016, section 4.1): words
 * (bert_text.h) are cut into pieces of a vocabulary, the longest first; pieces that
 * continue a word begin with ##. A word that cannot be cut so, or is too long, is [UNK].
 *
 * The names of special tokens are their tokens where they stand in a text, as Hugging
 * Face's `tokenizers` has it. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "text/bert_text.h"
#include "text/tokenizer.h"
#include "text/trie.h"
#include "text/unicode.h"
#include "text/wordpiece_learn.h"

/* A table of 8,192 rows has two thirds of the weights that four layers of the same width
 * 256 have. Twice as many rows would make IMDB's reviews 5 % shorter in tokens, Russian
 * novels 9 %. */
#define DEFAULT_VOCAB_SIZE 8192
#define DEFAULT_MIN_COUNT 2
#define MAX_CHARS 100 /* of a word, as in BERT */

static const char *const special_names[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
#define N_SPECIALS (sizeof special_names / sizeof special_names[0])

typedef struct wordpiece {
    rung_tokenizer base;
    rung__bert_rules rules;
    rung__trie trie;
    int32_t inner; /* the trie's node of ##, -1: no piece continues a word */
    int32_t unknown;
} wordpiece;

static const wordpiece *wordpiece_of(const rung_tokenizer *tok)
{
    assert(tok->class == &rung__tokenizer_wordpiece);
    return (const wordpiece *)tok;
}

static rung__bert_rules rules_of(bool lower)
{
    return (rung__bert_rules){
        .clean = true, .han = true, .lower = lower, .max_chars = MAX_CHARS};
}

/* ---- Training ---- */

static rung_status count_word(void *words, const char *bytes, size_t size,
                              rung_error *err)
{
    return bytes ? rung__vocab_add(words, bytes, size, 1, err) : RUNG_OK;
}

static rung_status wordpiece_train(rung_tokenizer *base,
                                   const rung_tokenizer_config *config, rung_span text,
                                   rung_error *err)
{
    wordpiece *tok = (wordpiece *)base;
    const size_t most =
        config->vocab_size ? (size_t)config->vocab_size : DEFAULT_VOCAB_SIZE;
    if (most <= N_SPECIALS)
        return rung_fail(err, RUNG_USAGE,
                         "wordpiece: vocab_size %zu: must be more than the %zu special "
                         "tokens",
                         most, N_SPECIALS);
    for (size_t i = 0; i < N_SPECIALS; i++) {
        const char *name = special_names[i];
        RUNG_TRY(rung__vocab_add(&base->entries, name, strlen(name), 0, err));
        RUNG_TRY(rung__tokenizer_add_special(base, (int32_t)i, err));
    }
    tok->unknown = rung_tokenizer_special(base, "[UNK]");
    tok->rules = rules_of(!config->cased);
    rung__bert_prepare(&tok->rules);
    rung_vocab words = {0};
    rung_status status = rung__bert_words(&tok->rules, text, count_word, &words, err);
    if (status == RUNG_OK) {
        const int64_t least = config->min_count ? config->min_count : DEFAULT_MIN_COUNT;
        status = rung__wordpiece_learn(&words, most, least, &base->entries, err);
    }
    rung__vocab_release(&words);
    return status;
}

/* ---- Encoding ---- */

static int32_t find_inner(const rung__trie *trie)
{
    const int32_t node = rung__trie_step(trie->nodes, 0, RUNG__WORDPIECE_PREFIX[0]);
    return node < 0 ? -1 : rung__trie_step(trie->nodes, node, RUNG__WORDPIECE_PREFIX[1]);
}

static rung_status wordpiece_prepare(rung_tokenizer *base, rung_error *err)
{
    wordpiece *tok = (wordpiece *)base;
    const size_t longest = (size_t)(4 * tok->rules.max_chars) + // no word has more bytes
                           RUNG__WORDPIECE_PREFIX_SIZE;
    assert(longest <= RUNG__TRIE_DEPTH);
    rung__trie_key *keys = rung__alloc_array(base->entries.n, sizeof *keys);
    if (!keys) return rung__out_of_memory(err, base->entries.n * sizeof *keys, "a trie");
    size_t n = 0;
    for (size_t i = 0; i < base->entries.n; i++) {
        const rung_span s = rung__vocab_get(&base->entries, i);
        if (s.size <= longest) keys[n++] = (rung__trie_key){s, (int32_t)i};
    }
    const rung_status status = rung__trie_build(&tok->trie, keys, n, err);
    rung__free(keys);
    if (status == RUNG_OK) tok->inner = find_inner(&tok->trie);
    return status;
}

typedef struct encoder {
    const wordpiece *tok;
    rung__ids *out;
} encoder;

/* Cuts a word into pieces; returns how many, 0 if it cannot be. */
static size_t cut(const wordpiece *tok, const char *p, size_t size, int32_t *ids)
{
    const rung__trie_node *nodes = tok->trie.nodes;
    const char *end = p + size;
    size_t n = 0;
    for (int32_t node = 0; p < end; node = tok->inner) {
        const char *longest = p;
        int32_t id = -1;
        for (const char *q = p; q < end && node >= 0;) {
            node = rung__trie_step(nodes, node, *q++);
            if (node < 0 || nodes[node].id < 0) continue;
            id = nodes[node].id;
            longest = q;
        }
        if (id < 0) return 0;
        ids[n++] = id;
        p = longest;
    }
    return n;
}

static rung_status encode_word(void *ctx, const char *bytes, size_t size, rung_error *err)
{
    const encoder *e = ctx;
    rung__ids *out = e->out;
    if (out->cap - out->n < size + 1) RUNG_TRY(rung__ids_reserve(out, size + 1, err));
    const size_t n = bytes ? cut(e->tok, bytes, size, out->ids + out->n) : 0;
    if (n == 0) out->ids[out->n] = e->tok->unknown;
    out->n += n > 0 ? n : 1;
    return RUNG_OK;
}

/* The longest special token that stands at p, which is a '[', -1 if none does. */
static int32_t special_at(const rung_tokenizer *tok, const char *p, const char *end,
                          size_t *size)
{
    int32_t found = -1;
    *size = 0;
    for (size_t i = 0; i < tok->n_specials; i++) {
        const rung_span s = rung__vocab_get(&tok->entries, (size_t)tok->specials[i]);
        if (s.size <= *size || s.size > (size_t)(end - p)) continue;
        if (memcmp(p, s.bytes, s.size) != 0) continue;
        found = tok->specials[i];
        *size = s.size;
    }
    return found;
}

static rung_status wordpiece_encode(const rung_tokenizer *base, rung_span text,
                                    rung__ids *out, rung_error *err)
{
    encoder e = {wordpiece_of(base), out};
    const char *p = text.bytes, *end = p + text.size, *from = p;
    while ((p = memchr(p, '[', (size_t)(end - p)))) {
        size_t size;
        const int32_t special = special_at(base, p, end, &size);
        if (special < 0) {
            p++;
            continue;
        }
        const rung_span before = {from, (size_t)(p - from)};
        RUNG_TRY(rung__bert_words(&e.tok->rules, before, encode_word, &e, err));
        RUNG_TRY(rung__ids_reserve(out, 1, err));
        out->ids[out->n++] = special;
        from = p += size;
    }
    const rung_span rest = {from, (size_t)(end - from)};
    return rung__bert_words(&e.tok->rules, rest, encode_word, &e, err);
}

static void wordpiece_release(rung_tokenizer *tok)
{
    rung__trie_release(&((wordpiece *)tok)->trie);
}

/* ---- tokenizer.json ---- */

#define JSON(...) #__VA_ARGS__
// clang-format off
static const char skeleton[] = JSON({
    "version": "1.0",
    "truncation": null,
    "padding": null,
    "added_tokens": [],
    "normalizer": {"type": "BertNormalizer"},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": null,
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
    "model": {
        "type": "WordPiece",
        "unk_token": null,
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": null,
        "vocab": {}
    }
});
// clang-format on

static const char *name_of(const rung_tokenizer *tok, int32_t id, int *size)
{
    const rung_span s = rung__vocab_get(&tok->entries, (size_t)id);
    *size = (int)s.size;
    return s.bytes;
}

static bool save_specials(const rung_tokenizer *tok, json_t *list)
{
    for (size_t i = 0; i < tok->n_specials; i++) {
        int size;
        const char *name = name_of(tok, tok->specials[i], &size);
        json_t *token =
            json_pack("{s:i, s:s%, s:b, s:b, s:b, s:b, s:b}", "id", (int)tok->specials[i],
                      "content", name, size, "single_word", 0, "lstrip", 0, "rstrip", 0,
                      "normalized", 0, "special", 1);
        if (json_array_append_new(list, token) != 0) return false;
    }
    return true;
}

/* Puts [CLS] before a text and [SEP] behind each, where there are such tokens. */
static bool save_ends(const rung_tokenizer *tok, json_t *file)
{
    const int32_t begin = rung_tokenizer_special(tok, "[CLS]");
    const int32_t end = rung_tokenizer_special(tok, "[SEP]");
    if (begin < 0 || end < 0) return true;
    json_t *ends = json_pack("{s:s, s:[s,i], s:[s,i]}", "type", "BertProcessing", "sep",
                             "[SEP]", (int)end, "cls", "[CLS]", (int)begin);
    return json_object_set_new(file, "post_processor", ends) == 0;
}

static bool save_rules(const rung__bert_rules *rules, json_t *normalizer)
{
    return json_object_set_new(normalizer, "clean_text", json_boolean(rules->clean)) ==
               0 &&
           json_object_set_new(normalizer, "handle_chinese_chars",
                               json_boolean(rules->han)) == 0 &&
           json_object_set_new(normalizer, "strip_accents",
                               json_boolean(rules->strip_accents)) == 0 &&
           json_object_set_new(normalizer, "lowercase", json_boolean(rules->lower)) == 0;
}

static rung_status wordpiece_save(const rung_tokenizer *base, json_t *file,
                                  rung_error *err)
{
    const wordpiece *tok = wordpiece_of(base);
    json_t *model = json_object_get(file, "model");
    int size;
    const char *unknown = name_of(base, tok->unknown, &size);
    const bool ok = save_specials(base, json_object_get(file, "added_tokens")) &&
                    save_ends(base, file) &&
                    save_rules(&tok->rules, json_object_get(file, "normalizer")) &&
                    json_object_set_new(model, "unk_token",
                                        json_stringn(unknown, (size_t)size)) == 0 &&
                    json_object_set_new(model, "max_input_chars_per_word",
                                        json_integer(tok->rules.max_chars)) == 0;
    return ok ? RUNG_OK : rung__out_of_memory(err, sizeof *file, "a tokenizer's file");
}

/* Fails unless the member `key` of an object, or null, is `wanted`. */
static rung_status check_text(const json_t *object, const char *key, const char *wanted,
                              const char *where, rung_error *err)
{
    const char *text = wanted;
    RUNG_TRY(rung_json_get_text(object, key, &text, where, err));
    if (strcmp(text, wanted) == 0) return RUNG_OK;
    return rung_fail(err, RUNG_UNSUPPORTED, "%s: %s is '%.40s': must be '%s'", where, key,
                     text, wanted);
}

static rung_status load_rules(rung__bert_rules *rules, const json_t *normalizer,
                              const char *where, rung_error *err)
{
    RUNG_TRY(rung_json_require(normalizer, "type", where, err));
    RUNG_TRY(check_text(normalizer, "type", "BertNormalizer", where, err));
    RUNG_TRY(rung_json_get_bool(normalizer, "clean_text", &rules->clean, where, err));
    RUNG_TRY(
        rung_json_get_bool(normalizer, "handle_chinese_chars", &rules->han, where, err));
    RUNG_TRY(rung_json_get_bool(normalizer, "lowercase", &rules->lower, where, err));
    rules->strip_accents = rules->lower;
    return rung_json_get_bool(normalizer, "strip_accents", &rules->strip_accents, where,
                              err);
}

static rung_status load_model(wordpiece *tok, const json_t *model, const char *where,
                              rung_error *err)
{
    int64_t max_chars = MAX_CHARS;
    const char *unknown = "[UNK]";
    RUNG_TRY(rung_json_require(model, "type", where, err));
    RUNG_TRY(check_text(model, "type", "WordPiece", where, err));
    RUNG_TRY(check_text(model, "continuing_subword_prefix", RUNG__WORDPIECE_PREFIX, where,
                        err));
    RUNG_TRY(rung_json_get_int(model, "max_input_chars_per_word", 1, RUNG__BERT_WORD_MAX,
                               &max_chars, where, err));
    RUNG_TRY(rung_json_get_text(model, "unk_token", &unknown, where, err));
    tok->rules.max_chars = (int)max_chars;
    tok->unknown = rung__vocab_find(&tok->base.entries, unknown, strlen(unknown));
    if (tok->unknown >= 0) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT, "%s: unk_token '%.40s' is not in model.vocab",
                     where, unknown);
}

/* Fails if a flag that changes where a special token is found is set. */
static rung_status check_flags(const json_t *token, const char *where, rung_error *err)
{
    static const char *const flags[] = {"single_word", "lstrip", "rstrip", "normalized"};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        bool is_set = false;
        RUNG_TRY(rung_json_get_bool(token, flags[i], &is_set, where, err));
        if (is_set)
            return rung_fail(err, RUNG_UNSUPPORTED, "%s: %s is true: must be false",
                             where, flags[i]);
    }
    return RUNG_OK;
}

static rung_status load_special(rung_tokenizer *tok, const json_t *token,
                                const char *where, rung_error *err)
{
    const char *name = "";
    int64_t id = -1;
    RUNG_TRY(rung_json_require(token, "content", where, err));
    RUNG_TRY(rung_json_get_text(token, "content", &name, where, err));
    RUNG_TRY(rung_json_require(token, "id", where, err));
    RUNG_TRY(rung_json_get_int(token, "id", 0, INT32_MAX, &id, where, err));
    RUNG_TRY(check_flags(token, where, err));
    if (name[0] != '[')
        return rung_fail(err, RUNG_UNSUPPORTED, "%s: '%.40s' does not begin with [",
                         where, name);
    if (rung__vocab_find(&tok->entries, name, strlen(name)) != id)
        return rung_fail(err, RUNG_INPUT,
                         "%s: '%.40s' does not have id %lld in the vocab", where, name,
                         (long long)id);
    return rung__tokenizer_add_special(tok, (int32_t)id, err);
}

static rung_status load_specials(rung_tokenizer *tok, const json_t *list, rung_error *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        char where[40];
        snprintf(where, sizeof where, "added_tokens[%zu]", i);
        RUNG_TRY(load_special(tok, json_array_get(list, i), where, err));
    }
    return RUNG_OK;
}

static rung_status load_parts(wordpiece *tok, const json_t *file, rung_error *err)
{
    const json_t *pre = json_object_get(file, "pre_tokenizer");
    RUNG_TRY(load_model(tok, json_object_get(file, "model"), "model", err));
    RUNG_TRY(
        load_rules(&tok->rules, json_object_get(file, "normalizer"), "normalizer", err));
    RUNG_TRY(rung_json_require(pre, "type", "pre_tokenizer", err));
    RUNG_TRY(check_text(pre, "type", "BertPreTokenizer", "pre_tokenizer", err));
    return load_specials(&tok->base, json_object_get(file, "added_tokens"), err);
}

static rung_status wordpiece_load(rung_tokenizer *base, const json_t *file,
                                  const char *where, rung_error *err)
{
    wordpiece *tok = (wordpiece *)base;
    tok->rules = rules_of(true);
    if (load_parts(tok, file, err) != RUNG_OK) return rung_fail_within(err, "%s", where);
    rung__bert_prepare(&tok->rules);
    return RUNG_OK;
}

const rung_tokenizer_class rung__tokenizer_wordpiece = {
    .kind = "wordpiece",
    .size = sizeof(wordpiece),
    .is_lossy = true,
    .train = wordpiece_train,
    .encode = wordpiece_encode,
    .prepare = wordpiece_prepare,
    .skeleton = skeleton,
    .save = wordpiece_save,
    .load = wordpiece_load,
    .release = wordpiece_release,
};

/* ---- vocab.txt ---- */

/* An entry a line. */
static rung_status take_lines(rung_tokenizer *tok, const char *p, const char *end,
                              const char *path, rung_error *err)
{
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        const char *stop = newline ? newline : end;
        const char *next = newline ? newline + 1 : end;
        if (stop > p && stop[-1] == '\r') stop--;
        const rung_span s = {p, (size_t)(stop - p)};
        const size_t n = tok->entries.n;
        if (memchr(s.bytes, '\0', s.size) || rung__utf8_count_invalid(s.bytes, s.size))
            return rung_fail(err, RUNG_INPUT, "%s:%zu: not UTF-8, or with a NUL", path,
                             n + 1);
        RUNG_TRY(rung__vocab_add(&tok->entries, s.bytes, s.size, 0, err));
        if (tok->entries.n == n)
            return rung_fail(err, RUNG_INPUT, "%s:%zu: '%.*s' stands there twice", path,
                             n + 1, s.size < 40 ? (int)s.size : 40, s.bytes);
        p = next;
    }
    return RUNG_OK;
}

static rung_status finish_lines(wordpiece *tok, bool lower, const char *path,
                                rung_error *err)
{
    for (size_t i = 0; i < N_SPECIALS; i++) {
        const char *name = special_names[i];
        const int32_t id = rung__vocab_find(&tok->base.entries, name, strlen(name));
        if (id >= 0) RUNG_TRY(rung__tokenizer_add_special(&tok->base, id, err));
    }
    tok->unknown = rung_tokenizer_special(&tok->base, "[UNK]");
    if (tok->unknown < 0) return rung_fail(err, RUNG_INPUT, "%s: has no [UNK]", path);
    tok->rules = rules_of(lower);
    tok->rules.strip_accents = lower;
    rung__bert_prepare(&tok->rules);
    return wordpiece_prepare(&tok->base, err);
}

rung_status rung_tokenizer_load_vocab(rung_tokenizer **out, const char *path, bool lower,
                                      rung_error *err)
{
    char *text;
    size_t size;
    RUNG_TRY(rung_file_read(path, &text, &size, err));
    rung_tokenizer *tok = NULL;
    rung_status status = rung__tokenizer_create(&tok, "wordpiece", err);
    if (status == RUNG_OK) status = take_lines(tok, text, text + size, path, err);
    if (status == RUNG_OK) status = finish_lines((wordpiece *)tok, lower, path, err);
    rung__free(text);
    if (status != RUNG_OK) {
        rung_tokenizer_free(tok);
        return status;
    }
    *out = tok;
    return RUNG_OK;
}
