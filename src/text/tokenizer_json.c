/* tokenizer.json: a tokenizer as Hugging Face's `tokenizers` reads it.
 *
 * Of a lossless kind the model is a BPE without merges that falls back on bytes, which is
 * exactly what these are: a piece, cut by the pre-tokenizer's regular expression, is
 * looked up whole (ignore_merges), then spelled in characters, then in byte tokens,
 * <0x00> ... <0xFF>. Kinds that do not cut go to characters at once. So the library there
 * gives the same ids for any valid UTF-8; bytes that are not UTF-8 it cannot take at all.
 * What our side needs besides stands in model.rung: its reader ignores unknown members
 * of a model, but not of the file.
 *
 * A lossy kind brings the rest of its file itself. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "text/tokenizer.h"

#define FORMAT 1
#define BYTE_NAME_SIZE 8 /* "<0xFF>" and its NUL */

static void byte_name(char name[BYTE_NAME_SIZE], int byte)
{
    snprintf(name, BYTE_NAME_SIZE, "<0x%02X>", (unsigned)byte & 0xFF);
}

/* ---- Saving ---- */

/* What the file of every lossless kind has; its null and empty members are filled. */
#define JSON(...) #__VA_ARGS__
// clang-format off
static const char skeleton[] = JSON({
    "version": "1.0",
    "truncation": null,
    "padding": null,
    "added_tokens": [],
    "normalizer": null,
    "pre_tokenizer": null,
    "post_processor": null,
    "decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"},
                                                 {"type": "Fuse"}]},
    "model": {
        "type": "BPE",
        "dropout": null,
        "unk_token": null,
        "continuing_subword_prefix": null,
        "end_of_word_suffix": null,
        "fuse_unk": false,
        "byte_fallback": true,
        "ignore_merges": null,
        "rung": {"format": 1},
        "merges": [],
        "vocab": {}
    }
});
// clang-format on

static bool set_integer(json_t *object, rung_span key, int64_t value)
{
    return json_object_setn_new(object, key.bytes, key.size, json_integer(value)) == 0;
}

/* {"token": id, ...} in the order of the ids; false when out of memory. */
static bool fill_vocab(const rung_tokenizer *tok, json_t *vocab)
{
    bool ok = true;
    for (size_t i = 0; ok && i < tok->entries.n; i++)
        ok = set_integer(vocab, rung__vocab_get(&tok->entries, i), (int64_t)i);
    const int n_bytes = (int)rung__n_byte_tokens(tok->class);
    for (int b = 0; ok && b < n_bytes; b++) {
        char name[BYTE_NAME_SIZE];
        byte_name(name, b);
        ok = set_integer(vocab, (rung_span){name, strlen(name)},
                         rung__byte_id(tok, (char)b));
    }
    return ok;
}

static const char *pattern_of(const rung_tokenizer *tok)
{
    return tok->class->pattern ? tok->class->pattern(tok) : NULL;
}

/* Cuts by `pattern`, each match a piece of its own; none without a pattern. */
static json_t *pre_tokenizer_of(const char *pattern)
{
    if (!pattern) return json_null();
    return json_pack("{s:s, s:{s:s}, s:s, s:b}", "type", "Split", "pattern", "Regex",
                     pattern, "behavior", "Isolated", "invert", 0);
}

json_t *rung__tokenizer_options(const json_t *file)
{
    return json_object_get(json_object_get(file, "model"), "rung");
}

/* What lossless kinds have in common. */
static bool fill_lossless(const rung_tokenizer *tok, json_t *file)
{
    json_t *model = json_object_get(file, "model");
    const char *pattern = pattern_of(tok);
    return json_object_set_new(file, "pre_tokenizer", pre_tokenizer_of(pattern)) == 0 &&
           json_object_set_new(model, "ignore_merges", json_boolean(pattern != NULL)) ==
               0 &&
           json_object_set_new(rung__tokenizer_options(file), "kind",
                               json_string(tok->class->kind)) == 0;
}

static rung_status fill_file(const rung_tokenizer *tok, json_t *file, const char *path,
                             rung_error *err)
{
    json_t *vocab = json_object_get(json_object_get(file, "model"), "vocab");
    const bool ok =
        (tok->class->is_lossy || fill_lossless(tok, file)) && fill_vocab(tok, vocab);
    if (!ok) return rung__out_of_memory(err, tok->entries.n * sizeof(json_t), path);
    return tok->class->save ? tok->class->save(tok, file, err) : RUNG_OK;
}

rung_status rung_tokenizer_save(const rung_tokenizer *tok, const char *path,
                                rung_error *err)
{
    const char *text = tok->class->skeleton ? tok->class->skeleton : skeleton;
    json_t *file;
    RUNG_TRY(rung_json_parse(&file, text, strlen(text), path, err));
    rung_status status = fill_file(tok, file, path, err);
    if (status == RUNG_OK) status = rung_json_write(file, path, err);
    json_decref(file);
    return status;
}

/* ---- Loading ---- */

/* Fails unless the file says what every file of a lossless kind says. */
static rung_status check_lossless(const json_t *model, const char *path, rung_error *err)
{
    const char *type = "";
    bool has_bytes = false;
    int64_t format = FORMAT;
    RUNG_TRY(rung_json_get_int(json_object_get(model, "rung"), "format", FORMAT, FORMAT,
                               &format, path, err));
    RUNG_TRY(rung_json_get_text(model, "type", &type, path, err));
    RUNG_TRY(rung_json_get_bool(model, "byte_fallback", &has_bytes, path, err));
    const json_t *merges = json_object_get(model, "merges");
    if (strcmp(type, "BPE") != 0 || !has_bytes || !json_is_array(merges) ||
        json_array_size(merges) > 0) {
        return rung_fail(err, RUNG_INPUT,
                         "%s: model must be a BPE with byte_fallback and empty merges",
                         path);
    }
    return RUNG_OK;
}

/* The kind of a tokenizer: a WordPiece or a WordLevel is told by its type, what is ours
 * by its name. */
static rung_status kind_of(const char **kind, const json_t *file, const char *path,
                           rung_error *err)
{
    RUNG_TRY(rung_json_require(file, "model", path, err));
    const json_t *model = json_object_get(file, "model");
    const json_t *options = json_object_get(model, "rung");
    const char *type = "";
    if (json_is_object(model))
        RUNG_TRY(rung_json_get_text(model, "type", &type, path, err));
    if (strcmp(type, "WordPiece") == 0) {
        *kind = rung__tokenizer_wordpiece.kind;
        return RUNG_OK;
    }
    if (strcmp(type, "WordLevel") == 0) {
        *kind = rung__tokenizer_wordlevel.kind;
        return RUNG_OK;
    }
    if (!json_is_object(options)) {
        return rung_fail(err, RUNG_UNSUPPORTED,
                         "%s: has no model.rung: only WordPiece and WordLevel "
                         "tokenizers, and what rung wrote, are read",
                         path);
    }
    RUNG_TRY(rung_json_require(options, "kind", path, err));
    return rung_json_get_text(options, "kind", kind, path, err);
}

/* The pre-tokenizer must be what the kind would write: else others would cut the text
 * differently than we do. */
static rung_status check_pattern(const rung_tokenizer *tok, const json_t *file,
                                 const char *path, rung_error *err)
{
    const json_t *pre = json_object_get(file, "pre_tokenizer");
    const char *ours = pattern_of(tok);
    const char *theirs =
        json_string_value(json_object_get(json_object_get(pre, "pattern"), "Regex"));
    const bool same =
        ours ? theirs && strcmp(ours, theirs) == 0 : !pre || json_is_null(pre);
    if (same) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT, "%s: pre_tokenizer is not the one of kind '%s'",
                     path, tok->class->kind);
}

/* names[id] = token, for ids that are in range and used once: so there are no holes. */
static rung_status sort_vocab(const json_t *vocab, const char **names, const char *path,
                              rung_error *err)
{
    const json_int_t n = (json_int_t)json_object_size(vocab);
    const char *token;
    json_t *value;
    json_object_foreach((json_t *)vocab, token, value)
    {
        if (!json_is_integer(value)) {
            return rung_fail(err, RUNG_INPUT,
                             "%s: model.vocab: the id of '%.40s' is not an "
                             "integer",
                             path, token);
        }
        const json_int_t id = json_integer_value(value);
        if (id < 0 || id >= n) {
            return rung_fail(err, RUNG_INPUT,
                             "%s: model.vocab: the id of '%.40s' is %lld: "
                             "%lld tokens have ids 0 to %lld",
                             path, token, (long long)id, (long long)n, (long long)n - 1);
        }
        if (names[id]) {
            return rung_fail(err, RUNG_INPUT,
                             "%s: model.vocab: '%.40s' and '%.40s' both "
                             "have id %lld",
                             path, names[id], token, (long long)id);
        }
        names[id] = token;
    }
    return RUNG_OK;
}

/* The last tokens of a lossless kind are the bytes in their order. */
static rung_status check_bytes(const char **names, size_t n_entries, const char *path,
                               rung_error *err)
{
    for (int b = 0; b < RUNG_N_BYTE_TOKENS; b++) {
        char name[BYTE_NAME_SIZE];
        byte_name(name, b);
        const size_t id = n_entries + (size_t)b;
        if (strcmp(names[id], name) != 0) {
            return rung_fail(err, RUNG_INPUT,
                             "%s: model.vocab: id %zu is '%.40s': must be "
                             "'%s', as the last %d tokens are the bytes",
                             path, id, names[id], name, RUNG_N_BYTE_TOKENS);
        }
    }
    return RUNG_OK;
}

static rung_status take_names(rung_tokenizer *tok, const char **names, size_t n_entries,
                              const char *path, rung_error *err)
{
    for (size_t i = 0; i < n_entries; i++) {
        const rung_span s = {names[i], strlen(names[i])};
        if (!tok->class->is_lossy && !rung__tokenizer_may_hold(s)) {
            return rung_fail(
                err, RUNG_INPUT,
                "%s: model.vocab: '%.40s' (id %zu) cannot be a "
                "token: it is empty, or a byte's name before the last %d ids",
                path, s.bytes, i, RUNG_N_BYTE_TOKENS);
        }
        RUNG_TRY(rung__vocab_add(&tok->entries, s.bytes, s.size, 0, err));
    }
    return tok->class->is_lossy ? RUNG_OK : check_bytes(names, n_entries, path, err);
}

static rung_status load_vocab(rung_tokenizer *tok, const json_t *vocab, const char *path,
                              rung_error *err)
{
    const size_t n = json_object_size(vocab); // 0 if it is not an object
    const size_t n_bytes = rung__n_byte_tokens(tok->class);
    if (n < n_bytes) {
        return rung_fail(err, RUNG_INPUT,
                         "%s: model.vocab has %zu tokens: must have the %d "
                         "bytes at least",
                         path, n, RUNG_N_BYTE_TOKENS);
    }
    const char **names = rung__alloc_array(n, sizeof *names);
    if (!names) return rung__out_of_memory(err, n * sizeof *names, path);
    rung_status status = sort_vocab(vocab, names, path, err);
    if (status == RUNG_OK) status = take_names(tok, names, n - n_bytes, path, err);
    rung__free(names);
    return status;
}

/* Everything that is the tokenizer's own. */
static rung_status load_into(rung_tokenizer *tok, const json_t *file, const char *path,
                             rung_error *err)
{
    const json_t *model = json_object_get(file, "model");
    if (!tok->class->is_lossy) RUNG_TRY(check_lossless(model, path, err));
    RUNG_TRY(load_vocab(tok, json_object_get(model, "vocab"), path, err));
    if (tok->class->load) RUNG_TRY(tok->class->load(tok, file, path, err));
    if (!tok->class->is_lossy) RUNG_TRY(check_pattern(tok, file, path, err));
    if (!tok->class->prepare || tok->class->prepare(tok, err) == RUNG_OK) return RUNG_OK;
    return rung_fail_within(err, "%s: model.vocab", path);
}

static rung_status from_json(rung_tokenizer **out, const json_t *file, const char *path,
                             rung_error *err)
{
    const char *kind = "";
    RUNG_TRY(kind_of(&kind, file, path, err));
    rung_tokenizer *tok;
    if (rung__tokenizer_create(&tok, kind, err) != RUNG_OK)
        return rung_fail_within(err, "%s", path);
    const rung_status status = load_into(tok, file, path, err);
    if (status != RUNG_OK) {
        rung_tokenizer_free(tok);
        return status;
    }
    *out = tok;
    return RUNG_OK;
}

rung_status rung_tokenizer_load(rung_tokenizer **out, const char *path, rung_error *err)
{
    json_t *file;
    RUNG_TRY(rung_json_read(&file, path, err));
    const rung_status status = from_json(out, file, path, err);
    json_decref(file);
    return status;
}
