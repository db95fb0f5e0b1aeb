/* The score of a classifier whose texts have any number of labels. */
#ifndef RUNG_MODELS_LABEL_SETS_H
#define RUNG_MODELS_LABEL_SETS_H

#include "rung/classify.h"

/* Fills `score` from log-probabilities logp [n, n_labels], of each label by itself.
 * RUNG_MEMORY leaves nothing behind. */
rung_status rung__label_sets_score(rung_label_score *score, const float *logp,
                                   const rung_examples *data, int64_t n_labels,
                                   rung_error *err);

#endif
