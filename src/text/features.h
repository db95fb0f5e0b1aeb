/* Features of a text: its n-grams (text/ngrams.h), weighted.
 *
 * The n-grams are hashed into 2^bits columns, or they are those of an explicit
 * vocabulary. Columns that occur in fewer than min_df or more than max_df of the training
 * texts are dropped; the others are numbered in ascending order of hash or name, 0 ...
 * n_columns - 1. A text with c > 0 occurrences of column j has, before its row is scaled
 * to length 1,
 *
 *     x[j] = tf(c) idf[j],   idf[j] = 1 + ln((1 + N) / (1 + df[j]))
 *
 * where df[j] of the N training texts have the column (Salton, Buckley 1988, "Term-
 * weighting approaches in automatic text retrieval", with the smoothing that treats the
 * columns as if one more text had them all); tf(c) is 1 + ln c, c or 1. */
#ifndef RUNG_TEXT_FEATURES_H
#define RUNG_TEXT_FEATURES_H

#include "base/pool.h"
#include "base/sparse.h"
#include "text/ngram_set.h"

enum { RUNG_MIN_HASH_BITS = 6, RUNG_MAX_HASH_BITS = 28 };

/* How often a text has an n-gram, as a number. X(NAME, name) */
#define RUNG_TF_LIST(X)                                                                  \
    X(SUBLINEAR, "sublinear") /* 1 + ln c */                                             \
    X(RAW, "raw")             /* c */                                                    \
    X(BINARY, "binary")       /* 1 */

typedef enum rung_tf {
#define X(name, text) RUNG_TF_##name,
    RUNG_TF_LIST(X)
#undef X
        RUNG_TF_COUNT
} rung_tf;

/* The fields are options of whoever has features (RUNG_FEATURES_DEFAULT fits them). */
typedef struct rung_features_config {
    int64_t ngrams;         /* 0 ... RUNG_MAX_NGRAMS: longest run of words; 0: none */
    const char *chars;      /* "3-5": runs of characters; NULL: none; borrowed */
    int64_t bits;           /* 6 ... RUNG_MAX_HASH_BITS; 0: a vocabulary */
    const char *vocabulary; /* its file, a name a line (then bits count as 0); NULL: the
                               n-grams of the training texts; borrowed */
    double min_df, max_df;  /* texts that have a column; below 1: their share; 0: any */
    int tf;                 /* rung_tf */
    bool idf;               /* false: idf[j] = 1 */
} rung_features_config;

#define RUNG_FEATURES_DEFAULT                                                            \
    {                                                                                    \
        .ngrams = 2, .bits = 22, .min_df = 2, .idf = true                                \
    }

/* 32 columns before selection: which are kept, and how many before them. */
typedef struct rung_features_group {
    uint32_t kept; /* bit c: column c of the group */
    int32_t before;
} rung_features_group;

typedef struct rung_features {
    rung_features_config config; /* without its texts: they are read, not kept */
    rung_ngrams which;
    int64_t n_columns;
    rung_ngram_set names;        /* with bits = 0: the vocabulary, owned */
    int32_t *hashes;             /* [n_columns]: column before selection, owned */
    float *idf;                  /* [n_columns], owned */
    rung_features_group *groups; /* [2^bits / 32], owned */
    int64_t n_occupied; /* columns before selection that occurred; 0 after restore */
} rung_features;

/* RUNG_USAGE if the config contradicts itself. */
rung_status rung__features_check(const rung_features_config *config, rung_error *err);

/* Chooses the columns and their idf from n training texts, and gives the rows of these
 * texts. The names of a file are the columns, all of them, in its order. The result
 * depends on the texts (and the file) alone. */
rung_status rung__features_fit(rung_features *f, const rung_features_config *config,
                               const rung_span *texts, size_t n, rung_pool *pool,
                               rung_csr *rows, rung_error *err);

/* The features that were fitted elsewhere, hashed or named: copies hashes or names (a
 * line each), and idf. RUNG_INPUT unless hashes ascend below 2^bits, names are different
 * n-grams and n_columns many, and each idf is at least 1 and finite. */
rung_status rung__features_restore(rung_features *f, const rung_features_config *config,
                                   const int32_t *hashes, rung_span names,
                                   const float *idf, int64_t n_columns, rung_error *err);

/* Appends the name of a column; a hash is "#" and its number. */
void rung__features_name(rung_str *out, const rung_features *f, int64_t column);

/* The rows of n texts. */
rung_status rung__features_apply(const rung_features *f, const rung_span *texts, size_t n,
                                 rung_pool *pool, rung_csr *rows, rung_error *err);

/* Does fn for the same rows without keeping them: for at most RUNG_FEATURES_VISIT at a
 * time, those of the texts from `first` on; in any order, on several threads at once.
 * When fn says that it is out of memory (false), so is this. */
enum { RUNG_FEATURES_VISIT = 256 };
typedef bool rung_features_fn(void *ctx, size_t first, const rung_csr *rows, int worker);
rung_status rung__features_visit(const rung_features *f, const rung_span *texts, size_t n,
                                 rung_pool *pool, rung_features_fn *fn, void *ctx,
                                 rung_error *err);

void rung__features_release(rung_features *f);

/* The share of the different n-grams of the training texts that share their column with
 * another one. Estimated from the occupied columns: M columns of which m are occupied
 * hold about -M ln(1 - m / M) (Whang, Vander-Zanden, Taylor 1990, "A linear-time
 * probabilistic counting algorithm", equation 1). */
double rung__features_collisions(const rung_features *f);

#endif
