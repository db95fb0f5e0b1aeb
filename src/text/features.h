/* Features of a text: its hashed word n-grams, weighted.
 *
 * The words (text/words.h) and their runs of up to `ngrams` are hashed into 2^bits
 * columns. Columns that occur in fewer than min_df of the training texts are dropped; the
 * others are numbered in ascending order, 0 ... n_columns - 1. A text with c > 0
 * occurrences of column j has, before its row is scaled to length 1,
 *
 *     x[j] = (1 + ln c) idf[j],   idf[j] = 1 + ln((1 + N) / (1 + df[j]))
 *
 * where df[j] of the N training texts have the column (Salton, Buckley 1988, "Term-
 * weighting approaches in automatic text retrieval", with the smoothing that treats the
 * columns as if one more text had them all). */
#ifndef RUNG_TEXT_FEATURES_H
#define RUNG_TEXT_FEATURES_H

#include "base/pool.h"
#include "base/sparse.h"
#include "rung/text.h"

enum { RUNG_MAX_NGRAMS = 8, RUNG_MAX_HASH_BITS = 28 };

typedef struct rung_features_config {
    int64_t ngrams; /* 1 ... RUNG_MAX_NGRAMS: longest run of words */
    int64_t bits;   /* 6 ... RUNG_MAX_HASH_BITS */
    int64_t min_df; /* >= 1: texts that must have a column */
} rung_features_config;

/* 64 columns before selection: which are kept, and how many before them. */
typedef struct rung_features_group {
    uint64_t kept; /* bit c: column c of the group */
    int64_t before;
} rung_features_group;

typedef struct rung_features {
    rung_features_config config;
    int64_t n_columns;
    int32_t *hashes;             /* [n_columns]: column before selection, owned */
    float *idf;                  /* [n_columns], owned */
    rung_features_group *groups; /* [2^bits / 64], owned */
    int64_t n_occupied; /* columns before selection that occurred; 0 after restore */
} rung_features;

/* Chooses the columns and their idf from n training texts, and gives the rows of these
 * texts. The result depends on the texts alone. */
rung_status rung__features_fit(rung_features *f, const rung_features_config *config,
                               const rung_span *texts, size_t n, rung_pool *pool,
                               rung_csr *rows, rung_error *err);

/* The features that were fitted elsewhere: copies hashes and idf. RUNG_INPUT unless the
 * hashes ascend below 2^bits and each idf is at least 1 and finite. */
rung_status rung__features_restore(rung_features *f, const rung_features_config *config,
                                   const int32_t *hashes, const float *idf,
                                   int64_t n_columns, rung_error *err);

/* The rows of n texts. */
rung_status rung__features_apply(const rung_features *f, const rung_span *texts, size_t n,
                                 rung_pool *pool, rung_csr *rows, rung_error *err);
void rung__features_release(rung_features *f);

/* The share of the different n-grams of the training texts that share their column with
 * another one. Estimated from the occupied columns: M columns of which m are occupied
 * hold about -M ln(1 - m / M) (Whang, Vander-Zanden, Taylor 1990, "A linear-time
 * probabilistic counting algorithm", equation 1). */
double rung__features_collisions(const rung_features *f);

#endif
