/* Tokenizers, the abstract class: what every kind shares, and what each must bring.
 *
 * A tokenizer is a numbered vocabulary. Ids 0 ... n - 1 are its entries, most frequent
 * first; n ... n + 255 are the 256 bytes. Text that no entry covers is spelled in bytes,
 * so every kind is lossless for any bytes. Entries are valid UTF-8 without NUL, and so
 * can stand in tokenizer.json. */
#ifndef RUNG_TEXT_TOKENIZER_H
#define RUNG_TEXT_TOKENIZER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "rung/text.h"
#include "text/vocab.h"

#define RUNG_N_BYTE_TOKENS 256

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

    /* (optional, both or none) The kind's own options as members of a JSON object. */
    rung_status (*save)(const rung_tokenizer *tok, json_t *options, rung_error *err);
    rung_status (*load)(rung_tokenizer *tok, const json_t *options, const char *where,
                        rung_error *err);

    /* (optional) Releases what the kind added to the base. */
    void (*release)(rung_tokenizer *tok);
} rung_tokenizer_class;

/* The base: first member of every kind's struct. */
struct rung_tokenizer {
    const rung_tokenizer_class *class;
    atomic_int shared; /* owners beyond the first */
    rung_vocab entries;
    char bytes[RUNG_N_BYTE_TOKENS]; /* byte b at b: what the byte tokens stand for */
};

extern const rung_tokenizer_class rung__tokenizer_byte;
extern const rung_tokenizer_class rung__tokenizer_char;
extern const rung_tokenizer_class rung__tokenizer_word;

/* An empty tokenizer of a kind known by name. */
rung_status rung__tokenizer_create(rung_tokenizer **out, const char *kind,
                                   rung_error *err);

/* Names the required method that a class lacks, NULL if it is complete. */
const char *rung__tokenizer_lacks(const rung_tokenizer_class *class);

/* The kinds, for tests and lists; NULL past the last one. */
const rung_tokenizer_class *rung__tokenizer_class_at(size_t i);

/* Whether a string may be an entry: not empty, valid UTF-8 without NUL, and not a byte
 * token's name, such as <0x0A>. */
bool rung__tokenizer_may_hold(rung_span string);

/* The id of a byte's token. */
static inline int32_t rung__byte_id(const rung_tokenizer *tok, char byte)
{
    return (int32_t)tok->entries.n + (unsigned char)byte;
}

/* Appends the ids of `text` spelled in characters that are entries, else in bytes; `out`
 * has room for text.size more. */
void rung__tokenizer_spell(const rung_tokenizer *tok, rung_span text, rung__ids *out);

#endif
