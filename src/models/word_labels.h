/* Labels from vectors of words: logistic regression on the mean of a text's.
 *
 *     x = sum over words of w(word) v(word) / words,   w = 1, or a / (a + p)
 *
 * with p the word's share of the training texts (Arora, Liang, Ma 2017, "A simple but
 * tough-to-beat baseline for sentence embeddings"; what all texts share is a constant to
 * what follows, and stays). Each number of x is then moved and scaled to mean 0 and
 * variance 1 / dim, so that the penalty means what it does for the features of logreg;
 * the weights that are kept are those of x itself.
 *
 * The words of labelled text are those of text/words.h, as for the other rungs. */
#ifndef RUNG_MODELS_WORD_LABELS_H
#define RUNG_MODELS_WORD_LABELS_H

#include "rung/model.h"

/* Fields of options. */
typedef struct rung__word_labels_config {
    double sif;  /* a; 0: w = 1 */
    double l2;   /* NaN: to be chosen */
    int vectors; /* rung_word_vectors */
} rung__word_labels_config;

#define RUNG__WORD_LABELS_AT(at, field) ((at) + offsetof(rung__word_labels_config, field))

/* The options of a rung__word_labels_config that lies at `at`. */
#define RUNG__WORD_LABELS_OPTIONS(at)                                                    \
    {"text-vectors",                                                                     \
     RUNG_OPTION_CHOICE,                                                                 \
     RUNG__WORD_LABELS_AT(at, vectors),                                                  \
     "both",                                                                             \
     0,                                                                                  \
     0,                                                                                  \
     "centre|context|sum|both",                                                          \
     "of labelled text: which vectors of a text's words are averaged",                   \
     NULL},                                                                              \
        {"sif",                                                                          \
         RUNG_OPTION_REAL,                                                               \
         RUNG__WORD_LABELS_AT(at, sif),                                                  \
         "0",                                                                            \
         0,                                                                              \
         1,                                                                              \
         NULL,                                                                           \
         "of labelled text: words of share p weigh sif / (sif + p); 0: all alike",       \
         NULL},                                                                          \
    {                                                                                    \
        "l2", RUNG_OPTION_REAL, RUNG__WORD_LABELS_AT(at, l2), "auto", 0, 1e9, "auto",    \
            "of labelled text: penalty of the weights; auto: the best of a few", NULL    \
    }

/* What such a model has beside its vectors; {0} before it has learned. */
typedef struct rung__word_labels {
    rung__word_labels_config *config; /* borrowed: lies in the model */
    int64_t dim;                      /* D, numbers of a text's vector */
    float *rows;                      /* [words, D], owned; NULL: the centre's vectors */
    float *weights;                   /* [D O + O]: w, then b; owned */
} rung__word_labels;

void rung__word_labels_release(rung__word_labels *l);

/* Methods of their classes. */
rung_status rung__word_labels_fit(rung_model *m, rung_runtime *rt,
                                  const rung_examples *train, const rung_examples *valid,
                                  rung_error *err);
rung_status rung__word_labels_predict(const rung_model *m, rung_runtime *rt,
                                      const rung_examples *data, float *logp,
                                      rung_error *err);

/* Tensors "weight" [D, O] and "bias" [O] of a folder. */
size_t rung__word_labels_extra(const rung_model *m, rung_stored *out);
rung_status rung__word_labels_load(rung_model *m, const rung_safetensors *file,
                                   rung_error *err);

#endif
