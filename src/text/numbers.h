/* Numbers beside texts, such as a price and a count of stars, as features: standardised
 * by the training texts, so that a penalty treats them alike whatever their units are.
 *
 *     x = (v - mean) / deviation,   deviation^2 = the mean of (v - mean)^2
 *
 * A column that is the same in all training texts says nothing: its x is 0 everywhere,
 * also in texts where it differs. */
#ifndef RUNG_TEXT_NUMBERS_H
#define RUNG_TEXT_NUMBERS_H

#include "base/sparse.h"
#include "rung/text.h"

enum { RUNG_MAX_NUMBERS = 64 }; /* columns of them */

/* The next name in a list like "price,stars", of which *at is the rest; false at its
 * end. */
bool rung__numbers_name(rung_span *name, const char **at);
/* How many names there are; a list may be NULL. */
size_t rung__numbers_count(const char *names);

typedef struct rung_number_scale {
    double mean, deviation; /* deviation 0: a constant column */
} rung_number_scale;

typedef struct rung_numbers {
    size_t n;
    rung_number_scale *scales; /* [n], owned */
} rung_numbers;

/* The scales of values [count, n], count > 0, all finite as floats. */
rung_status rung__numbers_fit(rung_numbers *out, const double *values, size_t count,
                              size_t n, rung_error *err);
/* The rows of texts and behind them n columns: those of values [rows, n]. */
rung_status rung__numbers_join(rung_csr *out, const rung_csr *rows,
                               const rung_numbers *numbers, const double *values,
                               rung_error *err);
/* Appends them in place. Without columns there is nothing to do. */
rung_status rung__numbers_append(rung_csr *rows, const rung_numbers *numbers,
                                 const double *values, rung_error *err);
void rung__numbers_release(rung_numbers *numbers);

#endif
