/* The mistakes of classifiers: what is taken for what, and the quality of all rungs with
 * its intervals. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "ladder/report.h"
#include "models/ranking.h"

enum { MOST_LABELS = 100, CURVE_POINTS = 100 };

/* Whether a text has any number of labels: the same data, so of every rung. */
static bool has_several(const rung__report *r)
{
    return r->ladder->rows[0].fit.test_labels.has_several;
}

static rung_status add_quality(const rung__report *r, rung_error *err)
{
    const char *labels[RUNG_LADDER_MAX];
    double y[2][RUNG_LADDER_MAX], low[2][RUNG_LADDER_MAX], high[2][RUNG_LADDER_MAX];
    const size_t n = r->ladder->n_rows;
    for (size_t i = 0; i < n; i++) {
        const rung_ladder_row *row = &r->ladder->rows[i];
        const rung_run_figures *mean = &row->test.mean;
        rung_label_intervals intervals;
        RUNG_TRY(rung__runs_intervals(&intervals, row, RUNG_TEST,
                                      (uint64_t)r->config->seed, err));
        labels[i] = r->ladder->rows[i].type->name;
        y[0][i] = mean->accuracy, y[1][i] = mean->macro_f1;
        low[0][i] = intervals.accuracy.low, high[0][i] = intervals.accuracy.high;
        low[1][i] = intervals.macro_f1.low, high[1][i] = intervals.macro_f1.high;
    }
    const rung_series series[] = {{"accuracy", NULL, y[0], low[0], high[0], n, 0},
                                  {"macro-F1", NULL, y[1], low[1], high[1], n, 1}};
    rung_page_bars(
        r->page,
        &(rung_bars){.title = "Quality on test",
                     .caption = "With intervals of 95 %, by the bootstrap over "
                                "the test texts.",
                     .value = {"accuracy, macro-F1", RUNG_UNIT_NUMBER, false, 0, 0},
                     .category = "rung",
                     .labels = labels,
                     .n_labels = n,
                     .series = series,
                     .n_series = 2});
    return RUNG_OK;
}

/* A figure beyond quality: its column, where it stands in a score, and when it is shown:
 * those at k where there are more than k labels, precision of several labels alone. */
typedef struct figure {
    rung_column column;
    size_t offset;
    int more_than; /* so many labels */
    bool of_several;
} figure;

#define FIGURE(name, unit, decimals, field, more_than, of_several)                       \
    {                                                                                    \
        {name, RUNG_UNIT_##unit, decimals}, offsetof(rung_label_score, field),           \
            more_than, of_several                                                        \
    }

static const figure figures[] = {
    FIGURE("micro-F1", NUMBER, 3, micro_f1, 0, false),
    FIGURE("ROC-AUC", NUMBER, 3, roc_auc, 0, false),
    FIGURE("average precision", NUMBER, 3, average_precision, 0, false),
    FIGURE("Brier score", NUMBER, 4, brier, 0, false),
    FIGURE("calibration error", NUMBER, 4, calibration_error, 0, false),
    FIGURE("R@3", SHARE, 1, recall_at[2], 3, false),
    FIGURE("R@5", SHARE, 1, recall_at[4], 5, false),
    FIGURE("P@1", SHARE, 1, precision_at[0], 1, true),
    FIGURE("P@3", SHARE, 1, precision_at[2], 3, true),
    FIGURE("P@5", SHARE, 1, precision_at[4], 5, true),
};

enum { N_FIGURES = sizeof figures / sizeof *figures };

static bool is_shown(const rung__report *r, const figure *f)
{
    return rung_labels_count(r->ladder->labels) > f->more_than &&
           (has_several(r) || !f->of_several);
}

/* What probabilities and their order are worth, a row for each rung. */
static void add_figures(const rung__report *r)
{
    rung_column columns[N_FIGURES + 1] = {{"rung", RUNG_UNIT_NONE, 0}};
    size_t n = 1;
    for (size_t k = 0; k < N_FIGURES; k++)
        if (is_shown(r, &figures[k])) columns[n++] = figures[k].column;
    if (rung_labels_count(r->ladder->labels) > 3)
        rung_page_textf(r->page, "R@k: how many of the given labels are among the k most "
                                 "probable ones.");
    if (has_several(r))
        rung_page_textf(r->page,
                        "P@k: how many of the k most probable labels are right.");
    rung_page_table(r->page, "More figures of the test texts", columns, n);
    for (size_t i = 0; i < r->ladder->n_rows; i++) {
        const rung_label_score *s = &rung__best_fit(&r->ladder->rows[i])->test_labels;
        rung_page_row(r->page, i == r->ladder->recommended);
        rung_page_cell(r->page, r->ladder->rows[i].type->name);
        for (size_t k = 0; k < N_FIGURES; k++) {
            const void *at = (const char *)s + figures[k].offset;
            if (is_shown(r, &figures[k])) rung_page_number(r->page, *(const double *)at);
        }
    }
    rung_page_table_end(r->page);
}

/* ---- One label after another ---- */

static void add_label_table(const rung__report *r, const rung_ladder_row *row)
{
    static const rung_column columns[] = {{"label", RUNG_UNIT_NONE, 0},
                                          {"texts", RUNG_UNIT_COUNT, 0},
                                          {"precision", RUNG_UNIT_NUMBER, 3},
                                          {"recall", RUNG_UNIT_NUMBER, 3},
                                          {"F1", RUNG_UNIT_NUMBER, 3},
                                          {"ROC-AUC", RUNG_UNIT_NUMBER, 3},
                                          {"average precision", RUNG_UNIT_NUMBER, 3}};
    const rung_label_score *s = &rung__best_fit(row)->test_labels;
    char title[200];
    snprintf(title, sizeof title, "The labels by %s", row->type->name);
    rung_page_table(r->page, title, columns, 7);
    for (int64_t l = 0; l < s->n_labels && l < MOST_LABELS; l++) {
        const rung_label_figures *f = &s->of_label[l];
        rung_page_row(r->page, false);
        rung_page_cell(r->page, rung_labels_name(r->ladder->labels, l));
        rung_page_number(r->page, (double)f->given);
        rung_page_number(r->page, f->precision);
        rung_page_number(r->page, f->recall);
        rung_page_number(r->page, f->f1);
        rung_page_number(r->page, f->roc_auc);
        rung_page_number(r->page, f->average_precision);
    }
    rung_page_table_end(r->page);
    if (s->n_labels > MOST_LABELS)
        rung_page_textf(r->page, "And %lld more labels: results.json has them all.",
                        (long long)(s->n_labels - MOST_LABELS));
}

/* ---- What is taken for what ---- */

static rung_status add_confusion(const rung__report *r, const rung_ladder_row *row,
                                 const char *const *names, rung_error *err)
{
    const rung_label_score *s = &rung__best_fit(row)->test_labels;
    char title[200];
    const size_t n = (size_t)s->n_labels;
    size_t *counts = rung__alloc_array(n * n, sizeof *counts);
    double *values = rung__alloc_array(n * n, sizeof *values);
    if (!counts || !values) {
        rung__free(counts), rung__free(values);
        return rung__out_of_memory(err, n * n * sizeof *values, "a confusion");
    }
    rung_label_score_confusion(counts, s);
    for (size_t i = 0; i < n * n; i++) values[i] = (double)counts[i];
    snprintf(title, sizeof title, "What %s takes for what", row->type->name);
    rung_page_heat(
        r->page,
        &(rung_heat){.title = title,
                     .caption =
                         "Test texts by their label (rows) and the predicted one "
                         "(columns); shares are of the row, right ones stand on the "
                         "diagonal.",
                     .row_title = "label",
                     .column_title = "predicted",
                     .rows = names,
                     .columns = names,
                     .n_rows = n,
                     .n_columns = n,
                     .values = values,
                     .are_counts = true});
    rung__free(counts), rung__free(values);
    return RUNG_OK;
}

/* ---- Probabilities ---- */

typedef struct reliability {
    double x[RUNG_CALIBRATION_BINS], y[RUNG_CALIBRATION_BINS], low[RUNG_CALIBRATION_BINS],
        high[RUNG_CALIBRATION_BINS];
    size_t n;
} reliability;

static void add_bin(reliability *to, const rung_calibration_bin *bin)
{
    const double n = (double)bin->count;
    const rung_share share = rung_share_of(llround(bin->right * n), (int64_t)bin->count);
    to->x[to->n] = bin->confidence;
    to->y[to->n] = bin->right;
    to->low[to->n] = share.low;
    to->high[to->n++] = share.high;
}

static void add_calibration(const rung__report *r)
{
    reliability all[RUNG_LADDER_MAX];
    rung_series series[RUNG_LADDER_MAX + 1];
    const size_t n = r->ladder->n_rows;
    for (size_t i = 0; i < n; i++) {
        const rung_label_score *s = &rung__best_fit(&r->ladder->rows[i])->test_labels;
        reliability *to = &all[i];
        to->n = 0;
        for (int b = 0; b < RUNG_CALIBRATION_BINS; b++)
            if (s->calibration[b].count) add_bin(to, &s->calibration[b]);
        series[i] = (rung_series){r->ladder->rows[i].type->name,
                                  to->x,
                                  to->y,
                                  to->low,
                                  to->high,
                                  to->n,
                                  (int)i};
    }
    static const double ends[] = {0, 1};
    series[n] = (rung_series){"as promised", ends, ends, NULL, NULL, 2, (int)n};
    rung_page_lines(
        r->page,
        &(rung_lines){.title = "What probabilities are worth",
                      .caption = has_several(r)
                                     ? "Every label of every test text by its "
                                       "probability, in tenths: how often does the text "
                                       "have it? Intervals of 95 %. Below the diagonal a "
                                       "rung promises too much, above it too little."
                                     : "Test texts by the probability of the label that "
                                       "was predicted, in tenths: how often is it right? "
                                       "Intervals of 95 %. Below the diagonal a rung "
                                       "promises too much, above it too little.",
                      .x = {"probability", RUNG_UNIT_SHARE, false, 0, 1},
                      .y = {"right", RUNG_UNIT_SHARE, false, 0, 1},
                      .series = series,
                      .n_series = n + 1});
}

/* The test texts of two labels by the log-odds of label `positive`. */
static size_t sort_by_odds(rung__scored *cases, const rung_label_score *s,
                           int32_t positive)
{
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (s->labels[i] >= 0)
            cases[n++] = (rung__scored){positive ? s->odds[i] : -s->odds[i],
                                        s->labels[i] == positive};
    }
    rung__scored_sort(cases, n);
    return n;
}

typedef struct curves {
    double x[RUNG_LADDER_MAX][CURVE_POINTS], y[RUNG_LADDER_MAX][CURVE_POINTS];
    rung_series series[RUNG_LADDER_MAX];
} curves;

static void add_curves(const rung__report *r, rung__curve_kind kind, int32_t positive,
                       curves *c, rung__scored *cases)
{
    const bool is_roc = kind == RUNG__ROC;
    const rung_ladder *l = r->ladder;
    const rung_label_score *any = &l->rows[0].fit.test_labels;
    const double chance =
        (double)any->of_label[positive].given / (double)(any->count - any->n_unknown);
    char caption[600];
    for (size_t i = 0; i < l->n_rows; i++) {
        const size_t n_cases =
            sort_by_odds(cases, &rung__best_fit(&l->rows[i])->test_labels, positive);
        c->series[i] = (rung_series){
            .name = l->rows[i].type->name, .x = c->x[i], .y = c->y[i], .color = (int)i};
        c->series[i].n =
            rung__ranking_curve(c->x[i], c->y[i], CURVE_POINTS, kind, cases, n_cases);
    }
    snprintf(caption, sizeof caption,
             is_roc
                 ? "For every threshold on the probability of %.200s, the rarer label: "
                   "how many of its texts are found, and how many others are taken "
                   "for it. Who guesses is on the diagonal."
                 : "For every threshold on the probability of %.200s, the rarer label: "
                   "how many of its texts are found, and how many of those that are "
                   "taken for it have it. Who guesses is on the dashed line.",
             rung_labels_name(l->labels, positive));
    rung_page_lines(
        r->page,
        &(rung_lines){.title = is_roc ? "Found and falsely found (ROC)"
                                      : "Precision and recall",
                      .caption = caption,
                      .x = {is_roc ? "falsely found" : "found (recall)", RUNG_UNIT_SHARE,
                            false, 0, 1},
                      .y = {is_roc ? "found" : "precision", RUNG_UNIT_SHARE, false, 0, 1},
                      .series = c->series,
                      .n_series = l->n_rows,
                      .reference = {chance, is_roc ? NULL : "chance"}});
}

/* Both curves, where two labels occur in the test texts. */
static rung_status add_both_curves(const rung__report *r, rung_error *err)
{
    const rung_label_score *s = &r->ladder->rows[0].fit.test_labels;
    if (!s->odds || isnan(s->roc_auc)) return RUNG_OK;
    const int32_t positive = s->of_label[1].given <= s->of_label[0].given;
    curves *c = rung__alloc(sizeof *c);
    rung__scored *cases = rung__alloc_array(s->count, sizeof *cases);
    rung_status status =
        c && cases ? RUNG_OK : rung__out_of_memory(err, sizeof *c, "curves");
    if (status == RUNG_OK) {
        add_curves(r, RUNG__ROC, positive, c, cases);
        add_curves(r, RUNG__PR, positive, c, cases);
    }
    rung__free(c), rung__free(cases);
    return status;
}

rung_status rung__report_mistakes(const rung__report *r, rung_error *err)
{
    const rung_ladder *l = r->ladder;
    if (l->kind == RUNG_RAW) return RUNG_OK;
    rung_page_heading(r->page, "Their mistakes");
    RUNG_TRY(add_quality(r, err));
    add_figures(r);
    add_calibration(r);
    RUNG_TRY(add_both_curves(r, err));
    add_label_table(r, &l->rows[l->recommended]);
    const size_t n = (size_t)rung_labels_count(l->labels);
    if (n > RUNG_CONFUSION_MAX || has_several(r)) return RUNG_OK;
    const char **names = rung__alloc_array(n, sizeof *names);
    if (!names) return rung__out_of_memory(err, n * sizeof *names, "names");
    for (size_t i = 0; i < n; i++) names[i] = rung_labels_name(l->labels, (int64_t)i);
    rung_status status = add_confusion(r, &l->rows[l->recommended], names, err);
    if (status == RUNG_OK && l->best != l->recommended)
        status = add_confusion(r, &l->rows[l->best], names, err);
    rung__free(names);
    return status;
}
