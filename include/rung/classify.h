/* Classifiers: their training task, their predictions, and their score on labelled
 * text. */
#ifndef RUNG_CLASSIFY_H
#define RUNG_CLASSIFY_H

#include "rung/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Makes the trainer's task of a model that is trained by steps and its examples (texts
 * are encoded at once and not needed afterwards; labels are >= 0). A sample is one text;
 * texts of like length stand together in a micro-batch, so little of it is padding.
 * valid may be empty. Enough are 5 epochs or 150,000 texts, whichever is more. */
RUNG_API rung_status rung_classify_task_new(rung_task **out, rung_model *m,
                                            const rung_examples *train,
                                            const rung_examples *valid, rung_error *err);
RUNG_API void rung_classify_task_free(rung_task *task);

/* Log-probabilities [n, labels] of n texts, a new array (rung_logp_free). *n_cut (may be
 * NULL): texts that are longer than the model's context, whose beginning counts. */
RUNG_API rung_status rung_classify(float **logp, const rung_model *m, rung_runtime *rt,
                                   const rung_span *texts, size_t n, size_t *n_cut,
                                   rung_error *err);
/* Frees what rung_classify gave. */
RUNG_API void rung_logp_free(float *logp);

/* What a classifier says of labelled text. */
typedef struct rung_label_score {
    size_t count;     /* examples */
    size_t n_unknown; /* whose label the model lacks: wrong, and not in log_loss */
    size_t n_cut;     /* texts longer than the context */
    int64_t n_labels;
    double accuracy;             /* share of right ones */
    double macro_f1;             /* mean F1 of the labels that are given or predicted */
    double log_loss;             /* mean of -log p(label), nats */
    double seconds;              /* of predicting */
    int32_t *labels, *predicted; /* [count], owned */
    float *nats;                 /* [count], owned: -log p(label); NaN if unknown */
} rung_label_score;

/* Predicts the examples and scores that; released by rung_label_score_release. */
RUNG_API rung_status rung_classify_evaluate(const rung_model *m, rung_runtime *rt,
                                            const rung_examples *data,
                                            rung_label_score *score, rung_error *err);
/* Frees what a score holds. */
RUNG_API void rung_label_score_release(rung_label_score *score);

/* The score of log-probabilities logp [n, n_labels] for the given labels. Pure. */
RUNG_API rung_status rung_label_score_of(rung_label_score *score, const float *logp,
                                         const int32_t *labels, size_t n,
                                         int64_t n_labels, rung_error *err);

/* Examples of label `given` that were taken for `predicted`. */
RUNG_API size_t rung_label_score_confused(const rung_label_score *score, int32_t given,
                                          int32_t predicted);

typedef struct rung_interval {
    double low, high;
} rung_interval;

typedef struct rung_label_intervals {
    rung_interval accuracy, macro_f1, log_loss;
} rung_label_intervals;

/* 95 % intervals by the bootstrap (Efron 1979; percentiles of 1,000 resamples): of the
 * score a, or, where b is not NULL, of a minus b on the same examples, resampled in
 * pairs. Same seed, same numbers. */
RUNG_API rung_status rung_label_bootstrap(rung_label_intervals *out,
                                          const rung_label_score *a,
                                          const rung_label_score *b, uint64_t seed,
                                          rung_error *err);

#ifdef __cplusplus
}
#endif
#endif
