/* How much a feature tells of the label: scores by which features are kept.
 *
 * All of them look at whether a row has a feature, not at its value (l1 apart); a larger
 * score is better. */
#ifndef RUNG_LEARN_SELECTION_H
#define RUNG_LEARN_SELECTION_H

#include "learn/logistic.h"

/* How many rows of each label there are, and how many of them have each column. */
typedef struct rung_label_counts {
    int64_t D, K;
    double N;
    double *rows; /* [K], owned */
    double *df;   /* [D, K], owned */
} rung_label_counts;

/* Rows have one label each. */
rung_status rung__label_counts(rung_label_counts *out, const rung_logistic_data *data,
                               rung_error *err);
void rung__label_counts_release(rung_label_counts *c);

/* ---- Each writes scores [D] ---- */

/* The number of rows that have it. */
void rung__score_df(double *scores, const rung_label_counts *c);

/* Pearson's statistic of the table "has it or not" by label, the chi^2 of Yang, Pedersen
 * 1997 ("A comparative study on feature selection in text categorization", section 2.4)
 * for any number of labels at once: sum of (observed - expected)^2 / expected. */
void rung__score_chi2(double *scores, const rung_label_counts *c);

/* Mutual information of the same table, nats: sum of p(x, y) ln(p(x, y) / p(x) p(y)). */
void rung__score_mutual(double *scores, const rung_label_counts *c);

/* The largest |z| of any label against the others: their difference of log-odds under an
 * informative Dirichlet prior, over its standard deviation (Monroe, Colaresi, Quinn 2008,
 * "Fightin' words", equations 16, 20 and 22). The prior has RUNG_PRIOR_COUNT occurrences,
 * distributed as in all rows together. We count rows where they count occurrences, which
 * come in heaps: z would take a word that one text repeats for many witnesses
 * (docs/select.md has the difference). */
enum { RUNG_PRIOR_COUNT = 500 };
void rung__score_log_odds(double *scores, const rung_label_counts *c);

/* The l1 at which a column's weights leave 0 when it falls in halves from where all are
 * 0, until `enough` columns have; those that leave together stand by their weights. */
rung_status rung__score_l1(double *scores, const rung_logistic_data *data, int64_t enough,
                           rung_pool *pool, rung_error *err);

/* order [D]: columns by falling scores, equal ones ascending. */
rung_status rung__rank_columns(int32_t *order, const double *scores, int64_t D,
                               rung_error *err);

#endif
