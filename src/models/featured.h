/* What models on features (text/features.h) share: their options, and the features as
 * tensors of the folder. */
#ifndef RUNG_MODELS_FEATURED_H
#define RUNG_MODELS_FEATURED_H

#include "rung/model.h"
#include "text/features.h"

#define RUNG__FEATURES_AT(at, field) ((at) + offsetof(rung_features_config, field))

extern const char rung__tf_names[]; /* "|sublinear|..." */

/* The options of a rung_features_config that lies at `at`. */
#define RUNG__FEATURE_OPTIONS(at)                                                        \
    {"ngrams",                                                                           \
     RUNG_OPTION_INT,                                                                    \
     RUNG__FEATURES_AT(at, ngrams),                                                      \
     "2",                                                                                \
     0,                                                                                  \
     RUNG_MAX_NGRAMS,                                                                    \
     NULL,                                                                               \
     "longest run of words that is a feature; 0: words are none",                        \
     NULL},                                                                              \
        {"chars",                                                                        \
         RUNG_OPTION_TEXT,                                                               \
         RUNG__FEATURES_AT(at, chars),                                                   \
         NULL,                                                                           \
         0,                                                                              \
         0,                                                                              \
         NULL,                                                                           \
         "runs of characters within words, their ends included, such as 3-5",            \
         NULL},                                                                          \
        {"hash",                                                                         \
         RUNG_OPTION_INT,                                                                \
         RUNG__FEATURES_AT(at, bits),                                                    \
         "22",                                                                           \
         0,                                                                              \
         RUNG_MAX_HASH_BITS,                                                             \
         NULL,                                                                           \
         "features are hashed into 2^hash columns; 0: they are named",                   \
         NULL},                                                                          \
        {"vocabulary",                                                                   \
         RUNG_OPTION_TEXT,                                                               \
         RUNG__FEATURES_AT(at, vocabulary),                                              \
         NULL,                                                                           \
         0,                                                                              \
         0,                                                                              \
         NULL,                                                                           \
         "file with the names of the features, a line each (--hash 0)",                  \
         NULL},                                                                          \
        {"min-df",                                                                       \
         RUNG_OPTION_REAL,                                                               \
         RUNG__FEATURES_AT(at, min_df),                                                  \
         "2",                                                                            \
         0,                                                                              \
         1e9,                                                                            \
         NULL,                                                                           \
         "training texts that must have a feature; below 1: their share",                \
         NULL},                                                                          \
        {"max-df",                                                                       \
         RUNG_OPTION_REAL,                                                               \
         RUNG__FEATURES_AT(at, max_df),                                                  \
         "0",                                                                            \
         0,                                                                              \
         1e9,                                                                            \
         NULL,                                                                           \
         "training texts that may have a feature, likewise; 0: all",                     \
         NULL},                                                                          \
        {"tf",                                                                           \
         RUNG_OPTION_CHOICE,                                                             \
         RUNG__FEATURES_AT(at, tf),                                                      \
         "sublinear",                                                                    \
         0,                                                                              \
         0,                                                                              \
         rung__tf_names + 1,                                                             \
         "c occurrences count 1 + ln c, c or 1",                                         \
         NULL},                                                                          \
    {                                                                                    \
        "idf", RUNG_OPTION_FLAG, RUNG__FEATURES_AT(at, idf), "true", 0, 0, NULL,         \
            "features that few texts have weigh more", NULL                              \
    }

/* After fitting: the config as the folder's config.json will have it. */
void rung__featured_settle(rung_features_config *config, const rung_features *f);

/* Fills two tensors: hashes or names, and idf. */
size_t rung__featured_extra(const rung_features *f, rung_stored *out);
/* Takes them back. */
rung_status rung__featured_load(rung_features *f, const rung_features_config *config,
                                const rung_safetensors *file, rung_error *err);

#endif
