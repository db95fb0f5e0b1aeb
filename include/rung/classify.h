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

/* Log-probabilities [count, labels] of the data's texts, a new array (rung_logp_free);
 * labels are not looked at. *n_cut (may be NULL): texts that are longer than the model's
 * context, whose beginning counts. */
RUNG_API rung_status rung_classify(float **logp, const rung_model *m, rung_runtime *rt,
                                   const rung_examples *data, size_t *n_cut,
                                   rung_error *err);
/* The columns of numbers that the model takes beside each text, as its option
 * --number-columns has them (rung_labelled_config); NULL: none. Borrowed. */
RUNG_API const char *rung_number_columns(const rung_model *m);
/* Frees what rung_classify gave. */
RUNG_API void rung_logp_free(float *logp);

/* One label against all others. NaN where there is nothing to divide by. */
typedef struct rung_label_figures {
    size_t given, predicted, right;    /* texts */
    double precision, recall, f1;      /* right / predicted, right / given, their mean */
    double roc_auc, average_precision; /* of p(label), which needs no threshold */
    size_t mistakes;      /* how many given ones were taken for the label that they */
    int64_t mistaken_for; /* were taken for most often */
} rung_label_figures;

/* Predictions whose probability lies in (b / bins, (b + 1) / bins]. */
typedef struct rung_calibration_bin {
    size_t count;
    double confidence, right; /* mean probability, and the share of right ones; or NaN */
} rung_calibration_bin;

enum {
    RUNG_CALIBRATION_BINS = 10,
    RUNG_SCORE_TOP = 5, /* among how many first labels the right one is looked for */
    RUNG_CONFUSION_MAX = 1000 /* labels: a table of more is not made in files and pages */
};

/* What a classifier says of labelled text. Examples whose label the model lacks are
 * wrong; what is made of probabilities leaves them out. */
typedef struct rung_label_score {
    size_t count;     /* examples */
    size_t n_unknown; /* whose label the model lacks */
    size_t n_cut;     /* texts longer than the context */
    int64_t n_labels;
    bool has_several; /* a text has any number of labels: models/label_sets.c says what
                         the figures mean then; right: it has the most probable label */
    double accuracy;  /* share of right ones */
    double macro_f1;  /* mean F1 of the labels that are given or predicted */
    double micro_f1;  /* F1 of all labels' counts together */
    double roc_auc;   /* mean over the labels that some but not all have */
    double average_precision; /* likewise; the area under the curve of precision */
    double log_loss;          /* mean of -log p(label), nats */
    double brier;             /* mean of half the squared errors of the probabilities */
    double calibration_error; /* mean distance of bins from what they promise */
    double seconds;           /* of predicting */
    double recall_at[RUNG_SCORE_TOP]; /* how often it is among the 1, 2, ... first */
    double
        precision_at[RUNG_SCORE_TOP]; /* several labels: share of right ones of these */
    rung_calibration_bin calibration[RUNG_CALIBRATION_BINS];
    rung_label_figures *of_label; /* [n_labels], owned */
    int32_t *labels, *predicted;  /* [count], owned */
    float *nats;                  /* [count], owned: -log p(label); NaN if unknown */
    float *odds; /* [count], owned: log p(1) - log p(0) of two labels; else NULL */
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

/* How many examples of each label were taken for which: counts [given, predicted] of
 * n_labels each, filled anew. */
RUNG_API void rung_label_score_confusion(size_t *counts, const rung_label_score *score);

typedef struct rung_interval {
    double low, high;
} rung_interval;

typedef struct rung_label_intervals {
    rung_interval accuracy, macro_f1, log_loss;
} rung_label_intervals;

/* 95 % intervals by the bootstrap (Efron 1979; percentiles of 1,000 resamples): of the
 * mean of the n_a scores a, minus, if n_b > 0, the mean of the n_b scores b, all on the
 * same examples, which are resampled together. Same seed, same numbers. */
RUNG_API rung_status rung_label_bootstrap(rung_label_intervals *out,
                                          const rung_label_score *const *a, size_t n_a,
                                          const rung_label_score *const *b, size_t n_b,
                                          uint64_t seed, rung_error *err);

/* All of it as one line of JSON, as in results.json; a new text (rung_text_free), NULL
 * when out of memory. `labels` names them. */
RUNG_API char *rung_label_score_json(const rung_label_score *score,
                                     const rung_label_intervals *intervals,
                                     const rung_labels *labels);

#ifdef __cplusplus
}
#endif
#endif
