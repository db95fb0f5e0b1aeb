/* Models of tables: what they predict, and how good that is. */
#ifndef RUNG_TABULAR_H
#define RUNG_TABULAR_H

#include "rung/classify.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Tables: the class predicts a number or a label from a row of numbers. */
struct rung_table_ops {
    const char *defaults; /* as of raw text, see rung/model.h (optional) */
    bool has_labels;      /* it predicts labels, not numbers */

    /* Learns from all rows of train (from where it is: at its beginning; it may be
     * rewound); chooses what is to be chosen on valid, which may be NULL. Labels are >= 0
     * in both. */
    rung_status (*fit)(rung_model *m, rung_runtime *rt, rung_table *train,
                       rung_table *valid, rung_error *err);

    /* Numbers [rows->n], or log-probabilities [rows->n, labels]. Features from the
     * model's number on do not occur. */
    rung_status (*predict)(const rung_model *m, rung_runtime *rt, const rung_rows *rows,
                           double *out, rung_error *err);

    /* What the fit found: lines for a person, and an object of training.json. New texts;
     * NULL when out of memory. (each optional) */
    char *(*words)(const rung_model *m);
    char *(*facts)(const rung_model *m);
};

/* The predictions of numbers: y is the target, z what is predicted, w the weight. */
typedef struct rung_number_score {
    int64_t count; /* rows */
    double weight; /* sum of w */
    double rmse;   /* sqrt(sum w (y - z)^2 / sum w) */
    double mae;    /* sum w |y - z| / sum w */
    double r2;     /* 1 - sum w (y - z)^2 / sum w (y - mean y)^2; NaN if y is constant */
    double seconds;
} rung_number_score;

/* The numbers that rows predict, out[rows->n]; RUNG_UNSUPPORTED for another model. */
RUNG_API rung_status rung_table_predict(const rung_model *m, rung_runtime *rt,
                                        const rung_rows *rows, double *out,
                                        rung_error *err);
/* Log-probabilities [rows->n, labels], a new array (rung_logp_free); likewise. */
RUNG_API rung_status rung_table_classify(float **logp, const rung_model *m,
                                         rung_runtime *rt, const rung_rows *rows,
                                         rung_error *err);

/* What the fit of a model of tables found, in lines for a person or as a JSON object; a
 * new text (rung_text_free), NULL when there is none to be had. */
RUNG_API char *rung_table_fit_words(const rung_model *m);
RUNG_API char *rung_table_fit_facts(const rung_model *m);

/* Predicts all rows of a table, from where it is on, and scores that: of the two scores
 * the one that the model is made for is filled; that of labels is released by
 * rung_label_score_release. Both have count 0 when there is no row. */
RUNG_API rung_status rung_table_evaluate(const rung_model *m, rung_runtime *rt,
                                         rung_table *data, rung_number_score *numbers,
                                         rung_label_score *labels, rung_error *err);

#ifdef __cplusplus
}
#endif
#endif
