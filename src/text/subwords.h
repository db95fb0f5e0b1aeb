/* The n-grams of a word's characters, as fastText has them (Bojanowski, Grave, Joulin,
 * Mikolov 2017, "Enriching word vectors with subword information", section 3.2): the runs
 * of some lengths in "<word>", hashed into buckets. A character is a code point; "<" and
 * ">" alone are none.
 *
 * A bucket has a row in a table of vectors only if a word of the vocabulary falls into
 * it: fastText's table has a row for every bucket, most of which are never learned. */
#ifndef RUNG_TEXT_SUBWORDS_H
#define RUNG_TEXT_SUBWORDS_H

#include "rung/text.h"

enum { RUNG__MOST_SUBWORD_BUCKETS = 1 << 30 };

typedef struct rung__subwords {
    int64_t from, to; /* characters; 0: no n-grams at all */
    int64_t buckets;
    int32_t *used; /* [n], owned, ascending: the bucket that each row belongs to */
    int64_t n;
} rung__subwords;

/* The rows of each word: rows[first[w]] ... rows[first[w + 1] - 1]; one that two n-grams
 * share stands there twice. */
typedef struct rung__subword_lists {
    int64_t *first; /* [words + 1], owned */
    int32_t *rows;  /* owned */
    int64_t longest;
} rung__subword_lists;

/* Takes the lengths, "3-6" or NULL for none; used is empty. RUNG_USAGE if it is no range.
 */
rung_status rung__subwords_init(rung__subwords *s, const char *range, int64_t buckets,
                                rung_error *err);
void rung__subwords_release(rung__subwords *s);

/* Finds the buckets that a vocabulary uses, and the rows of its words. */
rung_status rung__subwords_learn(rung__subwords *s, rung__subword_lists *lists,
                                 const rung_tokenizer *words, rung_error *err);
void rung__subword_lists_release(rung__subword_lists *lists);

/* Takes buckets, [n], owned from now on. RUNG_INPUT unless they ascend within range. */
rung_status rung__subwords_take(rung__subwords *s, int32_t *used, int64_t n,
                                rung_error *err);

/* A walk over the n-grams of a word, in fastText's order: {.word = word} at first. */
typedef struct rung__subword_walk {
    rung_span word;
    size_t begin, end; /* of the n-gram, in "<word>" */
    int64_t length;    /* characters */
    uint32_t hash;
} rung__subword_walk;

/* The bucket of the next n-gram, -1 at the end. */
int32_t rung__subword_next(const rung__subwords *s, rung__subword_walk *walk);
/* The row of a bucket, -1 if it has none. */
int32_t rung__subword_row(const rung__subwords *s, int32_t bucket);

#endif
