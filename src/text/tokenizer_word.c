/* Words: one token for each frequent piece of text (pieces.h). Rare pieces are spelled in
 * characters, those of them that are rare in bytes.
 *
 * The characters that spell the rare words of the training text are entries of the same
 * vocabulary. Spelling in bytes alone makes Russian half as long again in tokens, and
 * costs a trigram model of it 5 % more bits. */
#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "text/pieces.h"
#include "text/tokenizer.h"
#include "text/unicode.h"

#define DEFAULT_MIN_COUNT 2 /* words seen once teach how to spell */

typedef struct word_tokenizer {
    rung_tokenizer base;
    rung__cut cut;
} word_tokenizer;

static const word_tokenizer *word_of(const rung_tokenizer *tok)
{
    assert(tok->class == &rung__tokenizer_word);
    return (const word_tokenizer *)tok;
}

static rung__pieces pieces_of(const word_tokenizer *tok, rung_span text)
{
    return (rung__pieces){
        .at = text.bytes, .end = text.bytes + text.size, .cut = tok->cut};
}

static rung_status count_pieces(const word_tokenizer *tok, rung_span text,
                                rung_vocab *pieces, rung_error *err)
{
    rung__pieces walk = pieces_of(tok, text);
    for (rung_span piece; rung__pieces_next(&walk, &piece);) {
        RUNG_TRY(rung__vocab_add(pieces, piece.bytes, piece.size, 1, err));
    }
    // What cannot be an entry is rarer than any: it will be spelled.
    for (size_t i = 0; i < pieces->n; i++) {
        if (!rung__tokenizer_may_hold(rung__vocab_get(pieces, i)))
            pieces->counts[i] *= -1;
    }
    return RUNG_OK;
}

/* Counts the characters that spell the pieces which are not in `words`. */
static rung_status count_spelling(const rung_vocab *pieces, const rung_vocab *words,
                                  rung_vocab *chars, rung_error *err)
{
    for (size_t i = 0; i < pieces->n; i++) {
        const rung_span s = rung__vocab_get(pieces, i);
        if (rung__vocab_find(words, s.bytes, s.size) >= 0) continue;
        const int64_t count =
            pieces->counts[i] > 0 ? pieces->counts[i] : -pieces->counts[i];
        const char *p = s.bytes, *end = p + s.size;
        for (rung__char c; p < end; p += c.size) {
            c = rung__utf8_at(p, end);
            if (c.code <= 0) continue;
            RUNG_TRY(rung__vocab_add(chars, p, (size_t)c.size, count, err));
        }
    }
    return RUNG_OK;
}

/* Adds to `words` the characters that occur `min_count` times in spelling. */
static rung_status add_chars(rung_vocab *words, const rung_vocab *chars,
                             int64_t min_count, rung_error *err)
{
    for (size_t i = 0; i < chars->n; i++) {
        if (chars->counts[i] < min_count) continue;
        const rung_span s = rung__vocab_get(chars, i);
        RUNG_TRY(rung__vocab_add(words, s.bytes, s.size, chars->counts[i], err));
    }
    return RUNG_OK;
}

/* A tokenised corpus with a word for the unknown has a closed vocabulary: each of its
 * words is meant to be one token, also those that occur once. */
static bool is_closed(const word_tokenizer *tok, const rung_vocab *pieces)
{
    static const char unknown[] = " <unk>";
    return tok->cut == RUNG__CUT_BLANKS &&
           rung__vocab_find(pieces, unknown, sizeof unknown - 1) >= 0;
}

static rung_status word_train(rung_tokenizer *base, const rung_tokenizer_config *config,
                              rung_span text, rung_error *err)
{
    word_tokenizer *tok = (word_tokenizer *)base;
    const size_t most = config->vocab_size ? (size_t)config->vocab_size : SIZE_MAX;
    tok->cut = rung__cut_guess(text);
    rung_vocab pieces = {0}, words = {0}, chars = {0};
    rung_status status = count_pieces(tok, text, &pieces, err);
    int64_t min_count = config->min_count;
    if (min_count == 0) min_count = is_closed(tok, &pieces) ? 1 : DEFAULT_MIN_COUNT;
    if (status == RUNG_OK) {
        status = rung__vocab_rank(&pieces, min_count, most, &words, err);
    }
    if (status == RUNG_OK) status = count_spelling(&pieces, &words, &chars, err);
    if (status == RUNG_OK) status = add_chars(&words, &chars, min_count, err);
    if (status == RUNG_OK) {
        status = rung__vocab_rank(&words, min_count, most, &base->entries, err);
    }
    rung__vocab_release(&chars);
    rung__vocab_release(&words);
    rung__vocab_release(&pieces);
    return status;
}

static rung_status word_encode(const rung_tokenizer *base, rung_span text, rung__ids *out,
                               rung_error *err)
{
    rung__pieces walk = pieces_of(word_of(base), text);
    for (rung_span piece; rung__pieces_next(&walk, &piece);) {
        RUNG_TRY(rung__ids_reserve(out, piece.size, err));
        const int32_t id = rung__vocab_find(&base->entries, piece.bytes, piece.size);
        if (id >= 0)
            out->ids[out->n++] = id;
        else
            rung__tokenizer_spell(base, piece, out);
    }
    return RUNG_OK;
}

static const char *word_pattern(const rung_tokenizer *tok)
{
    return rung__cut_patterns[word_of(tok)->cut];
}

static rung_status word_save(const rung_tokenizer *tok, json_t *file, rung_error *err)
{
    const char *name = rung__cut_names[word_of(tok)->cut];
    json_t *options = rung__tokenizer_options(file);
    if (json_object_set_new(options, "cut", json_string(name)) == 0) return RUNG_OK;
    return rung__out_of_memory(err, sizeof *options, "a tokenizer's options");
}

static rung_status word_load(rung_tokenizer *base, const json_t *file, const char *where,
                             rung_error *err)
{
    word_tokenizer *tok = (word_tokenizer *)base;
    const char *name = rung__cut_names[RUNG__CUT_TEXT];
    RUNG_TRY(rung_json_get_text(rung__tokenizer_options(file), "cut", &name, where, err));
    for (int cut = RUNG__CUT_TEXT; cut <= RUNG__CUT_BLANKS; cut++) {
        if (strcmp(name, rung__cut_names[cut]) != 0) continue;
        tok->cut = (rung__cut)cut;
        return RUNG_OK;
    }
    return rung_fail(err, RUNG_INPUT, "%s: cut is '%s': must be '%s' or '%s'", where,
                     name, rung__cut_names[RUNG__CUT_TEXT],
                     rung__cut_names[RUNG__CUT_BLANKS]);
}

const rung_tokenizer_class rung__tokenizer_word = {
    .kind = "word",
    .size = sizeof(word_tokenizer),
    .train = word_train,
    .encode = word_encode,
    .pattern = word_pattern,
    .save = word_save,
    .load = word_load,
};
