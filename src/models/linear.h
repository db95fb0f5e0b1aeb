/* Models that are weights of features: what their classes give to those who read or
 * replace the weights (rung/weights.h). */
#ifndef RUNG_MODELS_LINEAR_H
#define RUNG_MODELS_LINEAR_H

#include "models/featured.h"
#include "text/numbers.h"

typedef struct rung_linear_ops {
    /* The features, and the weights [D O + O]: w[j O + o], then the biases; D counts
     * features and numbers; borrowed. */
    const rung_features *(*features)(const rung_model *m);
    const float *(*weights)(const rung_model *m);
    int64_t (*outputs)(const rung_model *m); /* O: the labels, or 1 of two */
    /* Of columns of numbers, whose weights come behind those of the features. */
    const rung_numbers *(*numbers)(const rung_model *m);

    /* Takes other features and weights (their content, or nothing after a failure). */
    void (*take)(rung_model *m, rung_features *features, float *weights);

    /* The config that features are restored with. */
    const rung_features_config *(*config)(const rung_model *m);
} rung_linear_ops;

/* The methods of a model; fails unless it is linear and trained. */
rung_status rung__linear_of(const rung_linear_ops **out, const rung_model *m,
                            rung_error *err);

#endif
