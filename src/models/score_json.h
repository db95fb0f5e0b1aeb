/* What a classifier's score says, as JSON. */
#ifndef RUNG_MODELS_SCORE_JSON_H
#define RUNG_MODELS_SCORE_JSON_H

#include <jansson.h>

#include "rung/classify.h"

/* Figures with their intervals, calibration and labels as columns of equal length, and
 * the confusion up to RUNG_CONFUSION_MAX labels. What is not a number is null. NULL when
 * out of memory. */
json_t *rung__score_json(const rung_label_score *score,
                         const rung_label_intervals *intervals,
                         const rung_labels *labels);

#endif
