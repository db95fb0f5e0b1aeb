/* The n-grams of a text: runs of words, and runs of characters within a word.
 *
 * An n-gram is known by a key of 64 bits. Its name is what people read: the words with
 * blanks between them ("new york"), or the characters behind a mark, with the two ends of
 * the word as "_" ("~_ne" is where "new" begins). A character is a code point of the
 * folded word (text/words.h). Words that are shorter than the shortest run, their two
 * ends included, are one run. */
#ifndef RUNG_TEXT_NGRAMS_H
#define RUNG_TEXT_NGRAMS_H

#include "base/str.h"
#include "rung/text.h"

enum { RUNG_MAX_NGRAMS = 8, RUNG_MAX_CHARS = 16 };

/* Which n-grams: of 1 ... words words, and of chars_from ... chars_to characters. */
typedef struct rung_ngrams {
    int64_t words;                /* 0: none */
    int64_t chars_from, chars_to; /* 0: none */
} rung_ngrams;

/* One n-gram of a text. */
typedef struct rung_ngram {
    uint64_t key;
    size_t begin, end; /* in the scratch's bytes; a NUL is what ends a word */
    bool is_chars;
} rung_ngram;

/* A text's n-grams, and room for them that is used again; {0} at first. */
typedef struct rung_ngrams_scratch {
    char *bytes;      /* a NUL, then the folded words, each with a NUL behind it; owned */
    uint64_t *keys;   /* [n], owned */
    rung_ngram *list; /* [n], owned; only where it was asked for */
    size_t n, bytes_cap, keys_cap, list_cap;
    bool is_listing;
    rung_str text, name; /* for names */
} rung_ngrams_scratch;

/* "3-5", or NULL for none. RUNG_USAGE if it is no range. */
rung_status rung__ngrams_parse_chars(rung_ngrams *which, const char *range,
                                     rung_error *err);

/* Finds the n-grams of a text in the order of their ends; s->list too if with_list. False
 * when out of memory. */
bool rung__ngrams_of(rung_ngrams_scratch *s, const rung_ngrams *which, rung_span text,
                     bool with_list);
void rung__ngrams_release(rung_ngrams_scratch *s);

/* Appends the name of an n-gram of the scratch's text. */
void rung__ngram_name(rung_str *out, const rung_ngrams_scratch *s, const rung_ngram *g);

/* The key of a name. RUNG_INPUT if it is none of these n-grams, and why: not folded, too
 * long, empty. */
rung_status rung__ngram_key(uint64_t *key, rung_ngrams_scratch *s,
                            const rung_ngrams *which, rung_span name, rung_error *err);

#endif
