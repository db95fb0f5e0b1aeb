/* Logistic regression on sparse rows.
 *
 * K = 2 labels have one output, z = w.x + b, and p(1) = 1 / (1 + exp(-z)); K > 2 labels
 * have one each, and p(k) = exp(z[k]) / sum exp(z). With O outputs for D columns,
 * weights are [D O + O]: w[j O + o], then the O biases. The objective is
 *
 *     sum over rows of -ln p(label) + lambda / 2 sum of w^2     (biases are free)
 *
 * All sums are in double, over fixed blocks joined in order: the same bits at any number
 * of threads. */
#ifndef RUNG_LEARN_LOGISTIC_H
#define RUNG_LEARN_LOGISTIC_H

#include "base/sparse.h"
#include "learn/lbfgs.h"

/* Rows with labels, all borrowed. */
typedef struct rung_logistic_data {
    const rung_csr *rows;
    const int32_t *labels; /* [rows->n_rows], each in 0 ... n_labels - 1 */
    int64_t n_labels;      /* at least 2 */
} rung_logistic_data;

static inline int64_t rung__logistic_outputs(int64_t n_labels)
{
    return n_labels == 2 ? 1 : n_labels;
}

/* How many weights there are, biases and all. */
int64_t rung__logistic_size(const rung_logistic_data *data);

/* The problem of fitting: the data, and the rows by columns. */
typedef struct rung_logistic rung_logistic;
rung_status rung__logistic_new(rung_logistic **out, const rung_logistic_data *data,
                               rung_pool *pool, rung_error *err);
void rung__logistic_free(rung_logistic *l);

/* The objective for this lambda; valid until it is asked for another one. */
rung_objective rung__logistic_objective(rung_logistic *l, double lambda);

/* Log-probabilities, double [n_rows, n_labels], by weights that are rounded to float. */
void rung__logistic_predict(const rung_csr *rows, int64_t n_labels, const float *w,
                            rung_pool *pool, double *logp);

typedef struct rung_logistic_trial {
    double lambda;
    double loss; /* mean of -ln p(label) on the valid data; NaN if there is none */
    bool is_tried;
    rung_lbfgs_result fit;
} rung_logistic_trial;

/* Candidates for lambda, ascending or descending, and what came of them. */
typedef struct rung_logistic_choice {
    rung_logistic_trial *trials; /* [n], borrowed: lambda given, the rest filled in */
    size_t n;
    size_t first; /* the trial that is fitted first */
    size_t best;  /* filled in */
} rung_logistic_choice;

/* Fits the first trial from w = 0, then its neighbours on one side and, if none of them
 * is better, on the other, each from the best weights so far, until the loss on the valid
 * data no longer falls. The best is fitted once more from w = 0, so that its weights are
 * those of its lambda, whatever else was tried; w gets them. Without valid data the first
 * is taken.
 *
 * A fit ends when |gradient| <= tolerance lambda |w|: the objective's curvature is at
 * least lambda along every weight, so |w - optimum| <= tolerance |w|, biases aside. */
rung_status rung__logistic_fit(rung_logistic *l, const rung_logistic_data *valid,
                               double tolerance, rung_logistic_choice *choice, float *w,
                               rung_error *err);

#endif
