/* Fitting logistic regression: a solver for one penalty, and the choice among several. */
#ifndef RUNG_LEARN_LOGISTIC_FIT_H
#define RUNG_LEARN_LOGISTIC_FIT_H

#include "learn/logistic.h"

/* X(NAME, text) */
#define RUNG_SOLVER_LIST(X)                                                              \
    X(AUTO, "auto") /* newton where its matrix is small, else sgd */                     \
    X(NEWTON,                                                                            \
      "newton")       /* by the Hessian; where that is too large, by its products, or, \
                           with l1, lbfgs */ \
    X(LBFGS, "lbfgs") /* with l1: OWL-QN */                                              \
    X(SGD, "sgd")     /* stochastic gradients: near the optimum soon */

typedef enum rung_solver {
#define X(name, text) RUNG_SOLVER_##name,
    RUNG_SOLVER_LIST(X)
#undef X
        RUNG_SOLVER_COUNT
} rung_solver;

/* How an optimum is looked for. */
typedef struct rung_logistic_method {
    rung_solver solver;
    double tolerance; /* see rung_minimise_config; its scale is l2 */

    /* Of sgd. The judge, which may be NULL, returns the loss of weights, double [size],
     * on rows held out, and so ends it early. */
    int64_t passes; /* over the rows, at most */
    uint64_t seed;  /* of their order */
    double (*judge)(void *self, const double *w);
    void *judge_self;
} rung_logistic_method;

/* One penalty and what came of it. */
typedef struct rung_logistic_trial {
    rung_penalty penalty;
    double loss; /* mean of -ln p(labels) on held-out rows; NaN if there are none */
    bool is_tried;
    rung_minimise_result fit;
} rung_logistic_trial;

typedef struct rung_logistic_choice {
    rung_logistic_method method; /* its judge is set by the choice */

    /* Candidates, from strong to weak penalties or the other way round; [n], borrowed:
     * penalties given, the rest filled in. */
    rung_logistic_trial *trials;
    size_t n;
    size_t first; /* the trial that is fitted first */
    size_t best;  /* filled in */

    /* Held-out rows: those of n_folds >= 2 equal parts of the rows in turn, each label
     * spread evenly, drawn from the method's seed; else those of valid, if there are any
     * (n_rows may be 0). */
    const rung_logistic_data *valid;
    int64_t n_folds;
} rung_logistic_choice;

/* Moves w, double [size], from where it is (sgd: from 0) to the optimum. */
rung_status rung__logistic_solve(rung_logistic *l, const rung_logistic_method *how,
                                 const rung_penalty *penalty, double *w,
                                 rung_minimise_result *result, rung_error *err);

/* The solver sgd: writes w. `weights` of the rows, [n_rows] or NULL, instead of the
 * data's. */
rung_status rung__logistic_sgd(double *w, rung_minimise_result *result,
                               const rung_logistic_data *data, const double *weights,
                               const rung_penalty *penalty,
                               const rung_logistic_method *how, rung_error *err);

/* Fits the first trial from w = 0, then its neighbours on one side and, if none of them
 * is better, on the other, each from the best weights so far, until the loss on held-out
 * rows no longer falls. The best is fitted once more from w = 0 on all rows, so that its
 * weights are those of its penalty, whatever else was tried; w, float [size], gets them.
 * Without held-out rows the first is taken. */
rung_status rung__logistic_fit(rung_logistic *l, rung_logistic_choice *choice, float *w,
                               rung_error *err);

/* Weights of labels so that each has the same sum over the rows: N / (K count) for a
 * label of `count` among N rows; 1 for a label that no row has. */
void rung__balanced_weights(double *of_labels, const rung_logistic_data *data);

/* Multiplies weights of rows, [n_rows], by those of their labels; by the mean of these
 * where a row has several, by 1 where it has none. */
void rung__weigh_labels(double *weights, const rung_logistic_data *data,
                        const double *of_labels);

#endif
