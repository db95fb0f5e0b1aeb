/* The weights of linear classifiers as people read them: the strongest features of each
 * label, and all of them as tab-separated text, there and back without loss.
 *
 * Features that were hashed have no names: they are called "#" and their hash, unless
 * texts are at hand in which they occur. RUNG_UNSUPPORTED for rungs that have no such
 * weights; the message names those that do. */
#ifndef RUNG_WEIGHTS_H
#define RUNG_WEIGHTS_H

#include "rung/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A feature and what one occurrence of it adds to a label's score (of two labels: to the
 * log of the odds of this one), before the text's length is divided out. */
typedef struct rung_weight {
    const char *feature; /* owned by the list */
    double weight;
} rung_weight;

typedef struct rung_weights {
    rung_weight *list; /* [count], strongest first; ties by the order of columns */
    size_t count;
    void *storage; /* owned */
} rung_weights;

/* The `most` features with positive weight that speak most for a label. Names of hashes
 * are looked up in n texts (0: none); the first that fits is taken. */
RUNG_API rung_status rung_weights_strongest(rung_weights *out, const rung_model *m,
                                            int64_t label, size_t most,
                                            const rung_span *texts, size_t n,
                                            rung_error *err);
RUNG_API void rung_weights_release(rung_weights *weights);

/* Whether the features are hashes, of how many bits (0: they have names). */
RUNG_API rung_status rung_weights_hash_bits(int64_t *bits, const rung_model *m,
                                            rung_error *err);

/* A column of numbers beside the texts. */
typedef struct rung_number_weight {
    rung_span name;         /* borrowed from the model */
    double mean, deviation; /* of the training texts; 0: all were the same */
    double weight;          /* what one deviation above the mean adds to the score */
} rung_number_weight;
/* The k-th, from 0, and its weight for a label; false if there is none. */
RUNG_API bool rung_weights_number(rung_number_weight *out, const rung_model *m,
                                  int64_t label, size_t k);

/* Writes all weights: a first line "feature<TAB>idf<TAB>LABEL..." with a label for each
 * output (of two labels the second), then "(bias)", then "(NAME)" for each column of
 * numbers, then a line for each feature; numbers have the nine digits that give a float
 * back. */
RUNG_API rung_status rung_weights_write(const rung_model *m, const char *path,
                                        rung_error *err);
/* Replaces the model's features and weights by those of such a file; features may be
 * missing, new or in another order; columns of numbers stay, with their means and
 * deviations. The model is as it was after a failure. RUNG_INPUT with the line and the
 * reason. */
RUNG_API rung_status rung_weights_read(rung_model *m, const char *path, rung_error *err);

#ifdef __cplusplus
}
#endif
#endif
