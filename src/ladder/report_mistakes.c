/* The mistakes of classifiers: what is taken for what, and the quality of all rungs with
 * its intervals. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "ladder/report.h"

static rung_status add_quality(const rung__report *r, rung_error *err)
{
    const char *labels[RUNG_LADDER_MAX];
    double y[2][RUNG_LADDER_MAX], low[2][RUNG_LADDER_MAX], high[2][RUNG_LADDER_MAX];
    const size_t n = r->ladder->n_rows;
    for (size_t i = 0; i < n; i++) {
        const rung_label_score *s = &r->ladder->rows[i].fit.test_labels;
        rung_label_intervals intervals;
        RUNG_TRY(
            rung_label_bootstrap(&intervals, s, NULL, (uint64_t)r->config->seed, err));
        labels[i] = r->ladder->rows[i].type->name;
        y[0][i] = s->accuracy, y[1][i] = s->macro_f1;
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

static void add_confusion(const rung__report *r, const rung_ladder_row *row,
                          const char *const *names, double *counts)
{
    const rung_label_score *s = &row->fit.test_labels;
    char title[200];
    const size_t n = (size_t)s->n_labels;
    memset(counts, 0, n * n * sizeof *counts);
    for (size_t i = 0; i < s->count; i++) {
        if (s->labels[i] >= 0)
            counts[(size_t)s->labels[i] * n + (size_t)s->predicted[i]]++;
    }
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
                     .values = counts,
                     .are_counts = true});
}

rung_status rung__report_mistakes(const rung__report *r, rung_error *err)
{
    const rung_ladder *l = r->ladder;
    if (l->kind == RUNG_RAW) return RUNG_OK;
    const size_t n = (size_t)rung_labels_count(l->labels);
    const char **names = rung__alloc_array(n, sizeof *names);
    double *counts = rung__alloc_array(n * n, sizeof *counts);
    rung_status status =
        names && counts ? RUNG_OK : rung__out_of_memory(err, n * n, "a confusion");
    if (status == RUNG_OK) {
        rung_page_heading(r->page, "Their mistakes");
        status = add_quality(r, err);
    }
    if (status == RUNG_OK) {
        for (size_t i = 0; i < n; i++) names[i] = rung_labels_name(l->labels, (int64_t)i);
        add_confusion(r, &l->rows[l->recommended], names, counts);
        if (l->best != l->recommended) add_confusion(r, &l->rows[l->best], names, counts);
    }
    rung__free(names);
    rung__free(counts);
    return status;
}
