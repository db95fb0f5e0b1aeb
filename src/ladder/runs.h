/* Several trainings of one rung, with different seeds. */
#ifndef RUNG_LADDER_RUNS_H
#define RUNG_LADDER_RUNS_H

#include "rung/ladder.h"

static inline size_t rung__n_runs(const rung_ladder_row *row)
{
    return row->n_runs ? row->n_runs : 1;
}

/* The training that is best on valid: whose model is to be taken. */
static inline const rung_fit_result *rung__best_fit(const rung_ladder_row *row)
{
    return rung_ladder_fit(row, row->best_run);
}

/* Whether the first is better on valid than the second. */
bool rung__is_better(const rung_run_figures *a, const rung_run_figures *b,
                     rung_data_kind kind);

/* Fills valid, test, best_run and converged. */
void rung__summarize_runs(rung_ladder_row *row, rung_data_kind kind);

/* The scores of a part of all trainings: scores[rung__n_runs]. */
void rung__label_scores_of(const rung_label_score **scores, const rung_ladder_row *row,
                           rung_part part);

/* The intervals of their mean, by the bootstrap over the examples. */
rung_status rung__runs_intervals(rung_label_intervals *out, const rung_ladder_row *row,
                                 rung_part part, uint64_t seed, rung_error *err);

#endif
