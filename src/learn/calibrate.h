/* Calibration of a classifier's scores on held-out rows: z becomes scale z + shift, so
 * that probabilities are as often right as they say. For scores that are linear, scale
 * and shift are a part of the weights: there is nothing else to remember. */
#ifndef RUNG_LEARN_CALIBRATE_H
#define RUNG_LEARN_CALIBRATE_H

#include "learn/logistic.h"

/* X(NAME, text) */
#define RUNG_CALIBRATION_LIST(X)                                                         \
    X(NONE, "none")                                                                      \
    X(TEMPERATURE, "temperature") /* the scale alone */                                  \
    X(PLATT, "platt")             /* two labels: scale and shift */

typedef enum rung_calibration {
#define X(name, text) RUNG_CALIBRATION_##name,
    RUNG_CALIBRATION_LIST(X)
#undef X
        RUNG_CALIBRATION_COUNT
} rung_calibration;

/* Finds both for the scores z, double [n_rows, O], of rows with labels. Scale 1 and shift
 * 0 where the rows do not tell: there is none, or scores mean their opposite. Fails only
 * for lack of memory. */
rung_status rung__calibrate(double *scale, double *shift, rung_calibration kind,
                            const rung_logistic_data *data, const double *z,
                            rung_pool *pool, rung_error *err);

#endif
