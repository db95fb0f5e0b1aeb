/* Logistic regression on sparse rows: the objective.
 *
 * O outputs for D columns have weights [D O + O]: w[j O + o], then the O biases;
 * z = w x + b. Either each output answers one yes-or-no question on its own,
 * p = 1 / (1 + exp(-z)): one output for two labels, or one for each label against all
 * others, of which a row may have several. Or the outputs share one probability,
 * p = exp(z) / sum exp(z): more than two labels, a row has one. The objective is
 *
 *     sum over rows of s (-ln p(labels)) + l1 sum of |w| + l2 / 2 sum of w^2
 *
 * with s the weight of a row; biases are not penalised. All sums are in double, over
 * fixed blocks joined in order: the same bits at any number of threads. */
#ifndef RUNG_LEARN_LOGISTIC_H
#define RUNG_LEARN_LOGISTIC_H

#include "base/sparse.h"
#include "learn/logistic_loss.h"
#include "learn/minimise.h"

/* What the outputs mean. Two labels, of which a row has one, are one question anyway. */
typedef enum rung_logistic_kind {
    RUNG_LOGISTIC_SOFTMAX,     /* one probability, shared */
    RUNG_LOGISTIC_ONE_VS_REST, /* a question for each label; a row has one of them */
    RUNG_LOGISTIC_SEVERAL      /* likewise; a row has any number of them */
} rung_logistic_kind;

/* Rows with labels, all borrowed. */
typedef struct rung_logistic_data {
    const rung_csr *rows;
    rung_logistic_kind kind;
    int64_t n_labels;      /* at least 2 */
    const int32_t *labels; /* [n_rows], each in 0 ... n_labels - 1; or, SEVERAL: row i has
                              labels[first[i]] up to labels[first[i + 1]], ascending */
    const int64_t *first;  /* [n_rows + 1] */
    const double *weights; /* [n_rows], >= 0; NULL: ones */
    const double *offsets; /* [n_rows, O]: added to the scores; NULL: nothing */
} rung_logistic_data;

static inline int64_t rung__logistic_outputs(const rung_logistic_data *data)
{
    return data->n_labels == 2 && data->kind != RUNG_LOGISTIC_SEVERAL ? 1
                                                                      : data->n_labels;
}

static inline bool rung__logistic_is_softmax(const rung_logistic_data *data)
{
    return data->n_labels > 2 && data->kind == RUNG_LOGISTIC_SOFTMAX;
}

/* How many weights there are, biases and all. */
int64_t rung__logistic_size(const rung_logistic_data *data);

/* The problem of fitting. */
typedef struct rung_logistic rung_logistic;
rung_status rung__logistic_new(rung_logistic **out, const rung_logistic_data *data,
                               rung_pool *pool, rung_error *err);
void rung__logistic_free(rung_logistic *l);
const rung_logistic_data *rung__logistic_data(const rung_logistic *l);
rung_pool *rung__logistic_pool(const rung_logistic *l);

/* The labels of row i, as places among the outputs. */
rung_label_set rung__logistic_labels(const rung_logistic_data *data, int64_t i);

/* -ln p(labels) of row i from its scores z [O]; writes p [O] and p - y in place of z. */
double rung__logistic_loss(const rung_logistic_data *data, int64_t i, double *z,
                           double *p);

typedef struct rung_penalty {
    double l1, l2;
    bool has_no_bias; /* the biases stay as they are */
} rung_penalty;

/* The objective; valid until it is asked for another one. */
rung_objective rung__logistic_objective(rung_logistic *l, const rung_penalty *penalty);

/* Other weights of the rows from now on ([n_rows], borrowed; NULL: those of the data). */
void rung__logistic_reweigh(rung_logistic *l, const double *weights);
const double *rung__logistic_weights(const rung_logistic *l);

/* Scores z, double [n_rows, O], by weights that are rounded to float. Of `data`, labels
 * and weights are not used. */
void rung__logistic_scores(const rung_logistic_data *data, const float *w,
                           rung_pool *pool, double *z);
/* Log-probabilities, double [n_rows, n_labels], likewise. One-vs-rest probabilities are
 * scaled to the sum 1. */
void rung__logistic_predict(const rung_logistic_data *data, const float *w,
                            rung_pool *pool, double *logp);

/* The mean of the rows' losses, weighted by `weights` [n_rows] (NULL: equally), from
 * those log-probabilities. */
double rung__logistic_mean_loss(const rung_logistic_data *data, const double *logp,
                                const double *weights);

#endif
