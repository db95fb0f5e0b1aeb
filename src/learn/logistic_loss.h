/* The loss of one row of logistic regression, from its scores z: without overflow, and
 * without loss of small numbers, for scores of any size. */
#ifndef RUNG_LEARN_LOGISTIC_LOSS_H
#define RUNG_LEARN_LOGISTIC_LOSS_H

#include <stdbool.h>
#include <stdint.h>

/* The labels that a row has, ascending. */
typedef struct rung_label_set {
    const int32_t *ids; /* [n] */
    int64_t n;
} rung_label_set;

/* -sum of ln p(y), with p = 1 / (1 + exp(-z)) for each of the O outputs on its own, y one
 * where the row has the label; writes p [O] and, in place of z, p - y. */
double rung__sigmoid_loss(double *z, double *p, int64_t O, rung_label_set y);

/* -ln p(label), with p = exp(z) / sum exp(z); likewise. */
double rung__softmax_loss(double *z, double *p, int64_t O, int32_t label);

/* Turns scores into log-probabilities, in place: ln p(yes) of each; of all together. */
void rung__log_sigmoid(double *z, int64_t O);
void rung__log_softmax(double *z, int64_t O);

/* ln (1 + exp(z)). */
double rung__softplus(double z);

#endif
