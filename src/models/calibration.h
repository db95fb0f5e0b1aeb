/* Whether probabilities mean what they say. Pure functions. */
#ifndef RUNG_MODELS_CALIBRATION_H
#define RUNG_MODELS_CALIBRATION_H

#include <stddef.h>
#include <stdint.h>

#include "rung/classify.h"

/* Adds a prediction that was made with probability p, and was right or not, to its one of
 * RUNG_CALIBRATION_BINS bins: ](b)/n, (b + 1)/n]. While they are filled, the bins hold
 * sums; rung__calibration_end makes means of them. */
void rung__calibration_add(rung_calibration_bin *bins, double p, bool is_right);
void rung__calibration_end(rung_calibration_bin *bins);

/* The expected calibration error (Guo et al. 2017, "On calibration of modern neural
 * networks", equation 3): sum over bins of n_b / n |right_b - confidence_b|. */
double rung__calibration_error(const rung_calibration_bin *bins);

/* Half the sum over labels of (p_l - [l is given])^2 (Brier 1950, who does not halve it),
 * from log-probabilities logp [L]: 0 to 1, and for two labels the squared error of
 * either. */
double rung__brier(const float *logp, int64_t L, int32_t given);

#endif
