/* Vectors of words: what the rungs that learn them have in common. A word has two, the
 * one of the centre and the one of the context; both are kept. In the folder tensors
 * "centre.weight" and "context.weight" [words, dim], "counts" [words], and, where the
 * rung has them, "centre.bias" and "context.bias" [words]; the words are tokenizer.json,
 * the most frequent first. What was imported has "centre.weight" alone.
 *
 * n-grams of characters may have vectors, too: "ngrams.bucket" [n] and "ngrams.weight"
 * [n, dim]. The mean of a word's n-grams stands in for its centre's vector where the
 * vocabulary lacks it; the vectors of words have theirs within.
 *
 * What has learned from labelled text has the vectors of the training texts' words, and
 * models/word_labels.h beside them. */
#ifndef RUNG_MODELS_VECTORS_H
#define RUNG_MODELS_VECTORS_H

#include "models/word_labels.h"
#include "rung/vectors.h"
#include "text/subwords.h"

/* The base of such a model: first member of the concrete struct. */
typedef struct rung__vectors {
    rung_model base;
    int64_t dim;             /* numbers a vector has; set by declare */
    float *centre, *context; /* [base.vocab, dim], owned; imported: no context */
    float *centre_bias, *context_bias; /* [base.vocab], owned, or both NULL */
    int64_t *counts; /* [base.vocab], owned: occurrences in the training text; or NULL */
    rung__subwords subwords; /* set by declare; to == 0: there are no n-grams */
    float *ngrams;           /* [subwords.n, dim], owned, or NULL */
    float *chosen; /* [base.vocab, chosen_dim], owned: in use; NULL: the centre's */
    int64_t chosen_dim;
    rung__word_labels labels; /* of labelled text; its config is set by declare */
} rung__vectors;

/* The vectors in use: row i is that of word i. */
typedef struct rung__word_rows {
    const float *rows; /* [vocab, dim], borrowed from the model */
    int64_t dim;
} rung__word_rows;

/* How texts are averaged. */
typedef struct rung__averaging {
    const rung_model *m;  /* borrowed: outlives this */
    rung__word_rows rows; /* of its words */
    double sif;           /* > 0: a word of share p weighs sif / (sif + p); 0: 1 */
    double n_words;       /* in the training text */
} rung__averaging;

void rung__averaging_init(rung__averaging *a, const rung_model *m, rung__word_rows rows,
                          double sif);
/* mean [dim] becomes the mean over a text's words of weight times row, 0 where none is
 * known; `unseen` [dim] is scratch. */
rung_status rung__average(const rung__averaging *a, rung_span text, float *unseen,
                          double *mean, rung_error *err);

/* RUNG_UNSUPPORTED for a model without vectors of words. */
rung_status rung__vectors_rows(rung__word_rows *out, const rung_model *m,
                               rung_error *err);

/* row[dim] = the mean of the rows that a word's n-grams of characters have: the vector of
 * one that the vocabulary lacks. False: there are none, or `rows` are not those of the
 * centres. */
bool rung__vectors_unseen(const rung_model *m, rung__word_rows rows, rung_span word,
                          float *row);

static inline rung__vectors *rung__vectors_of(const rung_model *m)
{
    return (rung__vectors *)m;
}

/* Options of a rung_words_config that lies at `at` in a config struct. */
#define RUNG__READING_OPTIONS(at)                                                        \
    {"min-count",                                                                        \
     RUNG_OPTION_INT,                                                                    \
     (at) + offsetof(rung_words_config, min_count),                                      \
     "5",                                                                                \
     1,                                                                                  \
     1e15,                                                                               \
     NULL,                                                                               \
     "occurrences that a word needs to have a vector",                                   \
     NULL},                                                                              \
        {"lower",                                                                        \
         RUNG_OPTION_FLAG,                                                               \
         (at) + offsetof(rung_words_config, lower),                                      \
         "false",                                                                        \
         0,                                                                              \
         0,                                                                              \
         NULL,                                                                           \
         "make letters lower case",                                                      \
         NULL},                                                                          \
    {                                                                                    \
        "lines", RUNG_OPTION_FLAG, (at) + offsetof(rung_words_config, lines), "true", 0, \
            0, NULL, "no window goes beyond a line", NULL                                \
    }

/* Chosen vectors as a new array [vocab, *dim] (rung__free); NULL: the centre's. */
rung_status rung__vectors_copy(float **out, int64_t *dim, const rung_model *m,
                               rung_word_vectors which, rung_error *err);

/* Takes the counts of `words`, whose vocabulary the model has. */
rung_status rung__vectors_count(rung__vectors *v, const rung_words *words,
                                rung_error *err);

rung_runtime *rung__space_runtime(const rung_space *s);

/* Methods of their classes. */
size_t rung__vectors_extra(const rung_model *m, rung_stored *out);
rung_status rung__vectors_load(rung_model *m, const rung_safetensors *file,
                               rung_error *err);
void rung__vectors_release(rung_model *m);

#endif
