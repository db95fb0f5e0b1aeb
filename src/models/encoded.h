/* Texts as token ids, for classifiers that read them through a graph. */
#ifndef RUNG_MODELS_ENCODED_H
#define RUNG_MODELS_ENCODED_H

#include "rung/classify.h"

/* Lengths of graphs, at most; each is a multiple of 8 but the longest. */
#define RUNG_LENGTH_BUCKETS 8

typedef struct rung__encoded {
    int32_t *ids;  /* all texts one after another, owned */
    size_t *begin; /* [count + 1], owned: where each begins */
    size_t count;
    int64_t longest; /* at least 1 */
    size_t n_cut;    /* texts that were cut to the context */
} rung__encoded;

/* Encodes, frames with [CLS] and [SEP] where the class asks for it, cuts to the context
 * (0: no limit). A text without a token is one of id 0. */
rung_status rung__encode_texts(rung__encoded *e, const rung_model *m,
                               const rung_span *texts, size_t n, rung_error *err);
void rung__encoded_release(rung__encoded *e);

static inline int64_t rung__encoded_length(const rung__encoded *e, size_t i)
{
    return (int64_t)(e->begin[i + 1] - e->begin[i]);
}

/* The lengths that graphs are built for, ascending; the last is `longest`. Returns how
 * many. */
int rung__length_buckets(int64_t out[RUNG_LENGTH_BUCKETS], int64_t longest);
/* The first that holds n tokens. */
int rung__bucket_of(const int64_t *buckets, int n_buckets, int64_t n);

/* Writes text i into row b of ids [B, T] and lengths [B]; the rest of the row is 0. */
void rung__encoded_put(const rung__encoded *e, size_t i, int32_t *ids, int32_t *lengths,
                       int64_t b, int64_t T);

/* 0 ... n - 1 by length, equal ones by number; a new array (rung__free). */
rung_status rung__encoded_order(size_t **order, const rung__encoded *e, rung_error *err);

#endif
