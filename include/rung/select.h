/* Which features a linear classifier keeps: ranks the n-grams of labelled text by several
 * scores, trains on the best of each ranking, and takes the fewest that predict valid
 * within the noise of the best. */
#ifndef RUNG_SELECT_H
#define RUNG_SELECT_H

#include "rung/ladder.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(NAME, name, what it ranks by) */
#define RUNG_SELECTOR_LIST(X)                                                            \
    X(DF, "df", "document frequency")                                                    \
    X(CHI2, "chi2", "Pearson's chi-squared")                                             \
    X(MUTUAL, "mutual", "mutual information")                                            \
    X(LOG_ODDS, "log-odds", "log-odds under a Dirichlet prior")                          \
    X(L1, "l1", "the order in which an L1 penalty lets them in")

typedef enum rung_selector {
#define X(name, text, what) RUNG_SELECT_##name,
    RUNG_SELECTOR_LIST(X)
#undef X
        RUNG_SELECTORS
} rung_selector;

RUNG_API const char *rung_selector_name(rung_selector selector); /* "df" */

/* The best `features` of one ranking, and how a model on them predicts valid. */
typedef struct rung_select_point {
    int selector; /* rung_selector; RUNG_SELECTORS: all features, whatever the ranking */
    int64_t features;
    double accuracy, log_loss;
} rung_select_point;

enum { RUNG_SELECT_SIZES = 20 };

typedef struct rung_select_config {
    int selector;     /* the only one to be tried; RUNG_SELECTORS: all */
    int64_t features; /* how many are kept; 0: chosen on valid */
    const char *out;  /* the folder */
    rung_fit_config fit;
    /* After each point. (optional) */
    void (*report)(void *self, const rung_select_point *point);
    void *self;
} rung_select_config;

typedef struct rung_selection {
    rung_select_point points[RUNG_SELECTORS * RUNG_SELECT_SIZES + 1];
    size_t n_points;     /* by selector, then features; all features last */
    size_t chosen;       /* of the points */
    rung_fit_result fit; /* of the model on the chosen ones */
} rung_selection;

/* Selects for *m, a new linear model with its options set (features are named, --hash
 * counts as 0), on a corpus of labelled text with a valid part. Writes to config->out:
 * vocabulary.txt (the chosen features, best first), select.tsv (the points), report.html,
 * and the folder model of a model that was trained on that vocabulary. After a success
 * release with rung_fit_result_release(&out->fit). RUNG_UNSUPPORTED for texts of several
 * labels. */
RUNG_API rung_status rung_select(rung_runtime *rt, rung_model **m, rung_corpus *corpus,
                                 const rung_select_config *config, rung_selection *out,
                                 rung_error *err);

#ifdef __cplusplus
}
#endif
#endif
