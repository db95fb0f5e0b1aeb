/* Tokenizers, the abstract class: what every kind shares, and what each must bring.
 *
 * A tokenizer is a numbered vocabulary. Ids 0 ... n - 1 are its entries, which are valid
 * UTF-8 without NUL, and so can stand in tokenizer.json.
 *
 * In a lossless kind the entries stand with the most frequent first, and n ... n + 255
 * are the 256 bytes, in which text that no entry covers is spelled. A lossy kind has no
 * bytes; it normalises text, and some of its entries are special: they stand for no text,
 * but for what is unknown, for an end, for padding. */
#ifndef RUNG_TEXT_TOKENIZER_H
#define RUNG_TEXT_TOKENIZER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "rung/text.h"
#include "text/vocab.h"

#define RUNG_N_BYTE_TOKENS 256
#define RUNG_MAX_SPECIALS 16

/* A growing list of token ids. */
typedef struct rung__ids {
    int32_t *ids;
    size_t n, cap;
} rung__ids;

/* Makes room for `more` ids beyond the n there are. */
rung_status rung__ids_reserve(rung__ids *list, size_t more, rung_error *err);

/* One kind of tokenizer. Methods that are not optional are checked when one is made. */
typedef struct rung_tokenizer_class {
    const char *kind; /* "word" */
    size_t size;      /* of the struct, whose first member is the base below */
    bool is_lossy;

    /* Fills the entries of an empty tokenizer from text, and its own options. */
    rung_status (*train)(rung_tokenizer *tok, const rung_tokenizer_config *config,
                         rung_span text, rung_error *err);

    /* Appends the ids of `text`. Called by any number of threads at once. */
    rung_status (*encode)(const rung_tokenizer *tok, rung_span text, rung__ids *out,
                          rung_error *err);

    /* (optional) After training or loading: builds tables from the entries, and refuses
     * with RUNG_INPUT entries that this kind cannot have. */
    rung_status (*prepare)(rung_tokenizer *tok, rung_error *err);

    /* (optional) The regular expression that cuts text into pieces, each of which is
     * looked up whole before it is spelled. Kinds without it look up characters. */
    const char *(*pattern)(const rung_tokenizer *tok);

    /* (both or none; optional for lossless kinds) What the kind adds to tokenizer.json,
     * which begins as `skeleton`, NULL for the one of lossless kinds; and what it reads
     * there once it has its entries. */
    const char *skeleton;
    rung_status (*save)(const rung_tokenizer *tok, json_t *file, rung_error *err);
    rung_status (*load)(rung_tokenizer *tok, const json_t *file, const char *where,
                        rung_error *err);

    /* (optional) Releases what the kind added to the base. */
    void (*release)(rung_tokenizer *tok);
} rung_tokenizer_class;

/* The base: first member of every kind's struct. */
struct rung_tokenizer {
    const rung_tokenizer_class *class;
    atomic_int shared; /* owners beyond the first */
    rung_vocab entries;
    char bytes[RUNG_N_BYTE_TOKENS];      /* byte b at b: what the byte tokens stand for */
    int32_t specials[RUNG_MAX_SPECIALS]; /* [n_specials] ids */
    size_t n_specials;
};

extern const rung_tokenizer_class rung__tokenizer_byte;
extern const rung_tokenizer_class rung__tokenizer_char;
extern const rung_tokenizer_class rung__tokenizer_word;
extern const rung_tokenizer_class rung__tokenizer_wordpiece;
extern const rung_tokenizer_class rung__tokenizer_wordlevel;

/* An empty tokenizer of a kind known by name. */
rung_status rung__tokenizer_create(rung_tokenizer **out, const char *kind,
                                   rung_error *err);

/* Names the required method that a class lacks, NULL if it is complete. */
const char *rung__tokenizer_lacks(const rung_tokenizer_class *class);

/* The kinds, for tests and lists; NULL past the last one. */
const rung_tokenizer_class *rung__tokenizer_class_at(size_t i);

/* Whether a string may be an entry of a lossless kind: not empty, valid UTF-8 without
 * NUL, and not a byte token's name, such as <0x0A>. */
bool rung__tokenizer_may_hold(rung_span string);

static inline size_t rung__n_byte_tokens(const rung_tokenizer_class *class)
{
    return class->is_lossy ? 0 : RUNG_N_BYTE_TOKENS;
}

/* Makes an entry special. */
rung_status rung__tokenizer_add_special(rung_tokenizer *tok, int32_t id, rung_error *err);

/* The member of tokenizer.json where lossless kinds keep their options. */
json_t *rung__tokenizer_options(const json_t *file);

/* The id of a byte's token, in lossless kinds. */
static inline int32_t rung__byte_id(const rung_tokenizer *tok, char byte)
{
    return (int32_t)tok->entries.n + (unsigned char)byte;
}

/* Appends the ids of `text` spelled in characters that are entries, else in bytes; `out`
 * has room for text.size more. */
void rung__tokenizer_spell(const rung_tokenizer *tok, rung_span text, rung__ids *out);

#endif
