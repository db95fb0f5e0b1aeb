/* An explicit vocabulary: n-grams with names, numbered.
 *
 * They are told apart by their keys of 64 bits: of a million, two have the same one with
 * a chance of 3e-8. A set that is read from names is refused if two do. */
#ifndef RUNG_TEXT_NGRAM_SET_H
#define RUNG_TEXT_NGRAM_SET_H

#include "base/pool.h"
#include "text/ngrams.h"

/* {0} is an empty set. */
typedef struct rung_ngram_set {
    int64_t n;
    char *bytes;    /* [size]: the names, each with a newline behind it; owned */
    size_t *begins; /* [n + 1]: of each name; owned */
    size_t size;
    uint64_t *keys; /* [mask + 1]: open addressing, 0: free; owned */
    int32_t *ids;   /* [mask + 1], owned */
    size_t mask;
} rung_ngram_set;

/* The n-grams that at least `least` and at most `most` of n texts have, in bytewise order
 * of their names. The result depends on the texts alone. */
rung_status rung__ngram_set_collect(rung_ngram_set *set, const rung_ngrams *which,
                                    double least, double most, const rung_span *texts,
                                    size_t n, rung_pool *pool, rung_error *err);

/* The set of names, a line each, in their order; copies them. RUNG_INPUT with the line
 * when a name is no n-gram of `which`, or stands twice. */
rung_status rung__ngram_set_parse(rung_ngram_set *set, const rung_ngrams *which,
                                  rung_span lines, rung_error *err);

/* The number of a key, -1 if it is not in the set; the name of a number, borrowed. */
int32_t rung__ngram_set_find(const rung_ngram_set *set, uint64_t key);
rung_span rung__ngram_set_name(const rung_ngram_set *set, int64_t id);
void rung__ngram_set_release(rung_ngram_set *set);

#endif
