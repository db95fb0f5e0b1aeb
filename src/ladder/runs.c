/* Mean and spread over trainings. */
#include "ladder/runs.h"

#include <math.h>
#include <stdio.h>

const rung_fit_result *rung_ladder_fit(const rung_ladder_row *row, size_t run)
{
    return run ? &row->more[run - 1] : &row->fit;
}

const char *rung_ladder_folder(char out[RUNG_RUN_NAME_BYTES], const rung_class *type,
                               size_t run)
{
    if (run)
        snprintf(out, RUNG_RUN_NAME_BYTES, "%s-%zu", type->name, run + 1);
    else
        snprintf(out, RUNG_RUN_NAME_BYTES, "%s", type->name);
    return out;
}

static rung_run_figures figures_of(const rung_fit_result *fit, rung_part part,
                                   rung_data_kind kind)
{
    const rung_lm_score *raw = part == RUNG_VALID ? &fit->valid : &fit->test;
    const rung_label_score *labelled =
        part == RUNG_VALID ? &fit->valid_labels : &fit->test_labels;
    return (rung_run_figures){.bits_per_byte = raw->bits_per_byte,
                              .accuracy = labelled->accuracy,
                              .macro_f1 = labelled->macro_f1,
                              .log_loss = labelled->log_loss,
                              .train_seconds = fit->train.seconds,
                              .use_seconds =
                                  kind == RUNG_RAW ? raw->seconds : labelled->seconds};
}

bool rung__is_better(const rung_run_figures *a, const rung_run_figures *b,
                     rung_data_kind kind)
{
    if (kind == RUNG_RAW) return a->bits_per_byte < b->bits_per_byte;
    if (a->accuracy != b->accuracy) return a->accuracy > b->accuracy;
    return a->log_loss < b->log_loss;
}

/* All its members are numbers, one after another. */
enum { N_FIGURES = sizeof(rung_run_figures) / sizeof(double) };

static rung_run_summary summarize(const rung_ladder_row *row, rung_part part,
                                  rung_data_kind kind)
{
    rung_run_summary out = {0};
    double *mean = (double *)&out.mean, *spread = (double *)&out.spread;
    const double n = (double)rung__n_runs(row);
    for (size_t r = 0; r < rung__n_runs(row); r++) {
        const rung_run_figures run = figures_of(rung_ladder_fit(row, r), part, kind);
        for (int i = 0; i < N_FIGURES; i++) mean[i] += ((const double *)&run)[i] / n;
    }
    for (size_t r = 0; n > 1 && r < rung__n_runs(row); r++) {
        const rung_run_figures run = figures_of(rung_ladder_fit(row, r), part, kind);
        for (int i = 0; i < N_FIGURES; i++) {
            const double d = ((const double *)&run)[i] - mean[i];
            spread[i] += d * d / (n - 1);
        }
    }
    for (int i = 0; i < N_FIGURES; i++) spread[i] = sqrt(spread[i]);
    return out;
}

void rung__summarize_runs(rung_ladder_row *row, rung_data_kind kind)
{
    row->valid = summarize(row, RUNG_VALID, kind);
    row->test = summarize(row, RUNG_TEST, kind);
    row->best_run = 0;
    row->converged = row->fit.train.converged;
    for (size_t r = 1; r < rung__n_runs(row); r++) {
        row->converged &= rung_ladder_fit(row, r)->train.converged;
        const rung_run_figures best = figures_of(rung__best_fit(row), RUNG_VALID, kind);
        const rung_run_figures run =
            figures_of(rung_ladder_fit(row, r), RUNG_VALID, kind);
        if (rung__is_better(&run, &best, kind)) row->best_run = r;
    }
}

void rung__label_scores_of(const rung_label_score **scores, const rung_ladder_row *row,
                           rung_part part)
{
    for (size_t r = 0; r < rung__n_runs(row); r++) {
        const rung_fit_result *fit = rung_ladder_fit(row, r);
        scores[r] = part == RUNG_VALID ? &fit->valid_labels : &fit->test_labels;
    }
}

rung_status rung__runs_intervals(rung_label_intervals *out, const rung_ladder_row *row,
                                 rung_part part, uint64_t seed, rung_error *err)
{
    const rung_label_score *scores[RUNG_REPEATS_MAX];
    rung__label_scores_of(scores, row, part);
    return rung_label_bootstrap(out, scores, rung__n_runs(row), NULL, 0, seed, err);
}
