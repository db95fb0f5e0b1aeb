/* How well scores put what is asked for before the rest. Pure functions. */
#ifndef RUNG_MODELS_RANKING_H
#define RUNG_MODELS_RANKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A case and its score: how sure it is said to be positive. */
typedef struct rung__scored {
    float score;
    bool is_positive;
} rung__scored;

/* Highest score first. All below want it so. */
void rung__scored_sort(rung__scored *cases, size_t n);

/* The area under the ROC curve: how often a positive case has a higher score than another
 * one, equal ones counted half (the U of Mann, Whitney 1947, divided by all pairs). NaN
 * without a positive or without a negative case. */
double rung__roc_auc(const rung__scored *cases, size_t n);

/* The average precision: sum over thresholds of (R_k - R_k-1) P_k, with precision P_k and
 * recall R_k of the cases whose score is at least the k-th. NaN without a positive
 * one. */
double rung__average_precision(const rung__scored *cases, size_t n);

/* Points of a curve at thresholds between different scores, `most` at most, spread evenly
 * over the cases, the last one always: x[i], y[i]; returns how many.
 *   ROC: false positives of all negatives, true positives of all positives; from (0, 0).
 *   PR:  recall, precision. */
typedef enum rung__curve_kind { RUNG__ROC, RUNG__PR } rung__curve_kind;
size_t rung__ranking_curve(double *x, double *y, size_t most, rung__curve_kind kind,
                           const rung__scored *cases, size_t n);

/* Adds to hits[k], for k < n_hits, how many of the n_ids labels `ids` are among the
 * k + 1 highest of scores [L]; of equal scores the first counts as higher. Ids below 0
 * are never found. */
void rung__count_hits(size_t *hits, size_t n_hits, const float *scores, int64_t L,
                      const int32_t *ids, size_t n_ids);

#endif
