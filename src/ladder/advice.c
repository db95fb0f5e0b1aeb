/* The advice: the lowest rung whose quality cannot be told from the best one's.
 *
 * All rungs score the same valid text, so two of them are compared in pairs. Raw text:
 * piece by piece, the mean difference d and its standard error e = s / sqrt(n); the
 * interval is d +- 1.96 e. Labelled text: the difference in accuracy, with the
 * bootstrap's interval over pairs. A rung is as good as the best when the interval (95 %)
 * reaches 0, or when the difference is too small to matter.
 *
 * Of a rung that was trained n times the mean is compared. Another n seeds would give
 * another mean: its variance is s^2 / n, with s the spread of the valid figure over the
 * seeds. That of both sides is added to that of the text, with the t of so few. */
#include "ladder/advice.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ladder/runs.h"
#include "rung/units.h"

static const double TOO_SMALL = 1e-3; // bits a byte, or accuracy

/* Nats of piece c in the mean over the trainings. */
static double piece_nats(const rung_ladder_row *row, size_t c)
{
    double sum = 0;
    const size_t n = rung__n_runs(row);
    for (size_t r = 0; r < n; r++) sum += rung_ladder_fit(row, r)->valid.chunk_nats[c];
    return sum / (double)n;
}

static void measure_raw(rung_ladder_row *row, const rung_ladder_row *best)
{
    const rung_lm_score *a = &row->fit.valid;
    double n = (double)a->n_chunks, mean = 0, squares = 0;
    for (size_t c = 0; c < a->n_chunks; c++)
        mean += (piece_nats(row, c) - piece_nats(best, c)) / n;
    for (size_t c = 0; c < a->n_chunks; c++) {
        double d = piece_nats(row, c) - piece_nats(best, c) - mean;
        squares += d * d;
    }
    row->gap = row->valid.mean.bits_per_byte - best->valid.mean.bits_per_byte;
    double nats =
        n > 1 ? sqrt(n * squares / (n - 1)) : 0; // error of the sum over n pieces
    row->gap_error = nats / log(2) / (double)a->bytes;
    double half = 1.96 * row->gap_error;
    row->gap_interval = (rung_interval){row->gap - half, row->gap + half};
}

static rung_status measure_labelled(rung_ladder_row *row, const rung_ladder_row *best,
                                    uint64_t seed, rung_error *err)
{
    const rung_label_score *of_row[RUNG_REPEATS_MAX], *of_best[RUNG_REPEATS_MAX];
    rung_label_intervals intervals;
    rung__label_scores_of(of_row, row, RUNG_VALID);
    rung__label_scores_of(of_best, best, RUNG_VALID);
    RUNG_TRY(rung_label_bootstrap(&intervals, of_best, rung__n_runs(best), of_row,
                                  rung__n_runs(row), seed, err));
    row->gap = best->valid.mean.accuracy - row->valid.mean.accuracy;
    row->gap_interval = intervals.accuracy;
    row->gap_error = (row->gap_interval.high - row->gap_interval.low) / (2 * 1.96);
    return RUNG_OK;
}

/* ---- Other seeds ---- */

/* The 97.5 % point of Student's t: from tables, beyond them 1.96 + 2.67 / df. */
static double t_975(size_t df)
{
    static const double table[] = {NAN,   12.706, 4.303, 3.182, 2.776, 2.571,
                                   2.447, 2.365,  2.306, 2.262, 2.228};
    return df < sizeof table / sizeof *table ? table[df] : 1.96 + 2.67 / (double)df;
}

static double spread_of(const rung_ladder_row *row, rung_data_kind kind)
{
    const rung_run_figures *spread = &row->valid.spread;
    return kind == RUNG_RAW ? spread->bits_per_byte : spread->accuracy;
}

/* Widens the interval by what other seeds might have given. */
static void add_seeds(rung_ladder_row *row, const rung_ladder_row *best,
                      rung_data_kind kind)
{
    const size_t n = rung__n_runs(row), n_best = rung__n_runs(best);
    if (row == best || n + n_best == 2) return;
    const double error = hypot(spread_of(row, kind) / sqrt((double)n),
                               spread_of(best, kind) / sqrt((double)n_best));
    const double half = t_975(n + n_best - 2) * error;
    row->gap_interval.low = row->gap - hypot(row->gap - row->gap_interval.low, half);
    row->gap_interval.high = row->gap + hypot(row->gap_interval.high - row->gap, half);
    row->gap_error = hypot(row->gap_error, error);
}

static bool is_good_enough(const rung_ladder_row *row)
{
    return row->gap_interval.low <= 0 || row->gap <= TOO_SMALL;
}

static bool stopped_by_budget(const rung_ladder *ladder, const rung_ladder_row *row)
{
    return rung_class_is_trained(row->type, ladder->kind) &&
           row->fit.train.end == RUNG_TRAIN_DONE && !row->converged;
}

static void append(rung_ladder *ladder, const char *format, ...) RUNG_PRINTF(2, 3);

static void append(rung_ladder *ladder, const char *format, ...)
{
    size_t used = strlen(ladder->advice);
    va_list args;
    va_start(args, format);
    vsnprintf(ladder->advice + used, sizeof ladder->advice - used, format, args);
    va_end(args);
}

/* ---- In words ---- */

/* The mean of how many, how far they are from it, and which of them to take. */
static void tell_runs(rung_ladder *ladder, const rung_ladder_row *chosen)
{
    char name[RUNG_RUN_NAME_BYTES];
    append(ladder, ", the mean of %zu trainings with a spread of ", rung__n_runs(chosen));
    if (ladder->kind == RUNG_RAW)
        append(ladder, "%.3f", chosen->test.spread.bits_per_byte);
    else
        append(ladder, "%.1f points", 100 * chosen->test.spread.accuracy);
    append(ladder, "; the best of them on valid is %s",
           rung_ladder_folder(name, chosen->type, chosen->best_run));
}

static void tell_choice(rung_ladder *ladder, const rung_ladder_row *chosen)
{
    if (ladder->kind == RUNG_RAW)
        append(ladder, "Take %s: %.3f bits a byte on text it has not seen",
               chosen->type->name, chosen->test.mean.bits_per_byte);
    else
        append(ladder, "Take %s: %.1f %% right on texts it has not seen",
               chosen->type->name, 100 * chosen->test.mean.accuracy);
    if (rung__n_runs(chosen) > 1) tell_runs(ladder, chosen);
    append(ladder, ".");
}

/* What the rung below would save, and lose. */
static void tell_below(rung_ladder *ladder, const rung_ladder_row *below,
                       const rung_ladder_row *chosen)
{
    char size[40], other_size[40];
    append(ladder, " The rung below, %s, ", below->type->name);
    if (ladder->kind == RUNG_RAW)
        append(ladder, "needs %.3f bits a byte more",
               below->valid.mean.bits_per_byte - chosen->valid.mean.bits_per_byte);
    else
        append(ladder, "is right %.1f points less often",
               100 * (chosen->valid.mean.accuracy - below->valid.mean.accuracy));
    append(ladder, ", with %s instead of %s.",
           rung_format_bytes(other_size, (double)below->fit.file_bytes),
           rung_format_bytes(size, (double)chosen->fit.file_bytes));
}

/* What the best would gain, and cost. */
static void tell_best(rung_ladder *ladder, const rung_ladder_row *best,
                      const rung_ladder_row *chosen)
{
    char size[40], seconds[40];
    double half = (chosen->gap_interval.high - chosen->gap_interval.low) / 2;
    if (ladder->kind == RUNG_RAW)
        append(ladder,
               " The best, %s, is only %.4f +- %.4f bits a byte better, within the "
               "noise",
               best->type->name, chosen->gap, half);
    else
        append(ladder,
               " The best, %s, is only %.1f +- %.1f points better, within the noise",
               best->type->name, 100 * chosen->gap, 100 * half);
    append(ladder, ", for %s and %s of training.",
           rung_format_bytes(size, (double)best->fit.file_bytes),
           rung_format_seconds(seconds, best->valid.mean.train_seconds));
}

static void tell_budget(rung_ladder *ladder, double budget)
{
    size_t unfinished = 0, trained = 0;
    char text[40];
    for (size_t i = 0; i < ladder->n_rows; i++) {
        unfinished += stopped_by_budget(ladder, &ladder->rows[i]);
        trained += rung_class_is_trained(ladder->rows[i].type, ladder->kind);
    }
    if (unfinished && unfinished == trained)
        append(ladder,
               " All trained rungs were stopped by the budget while still improving, so "
               "a longer run may change the order: try --budget %s.",
               rung_format_seconds(text, 4 * budget));
    else if (unfinished)
        append(ladder, " Some rungs were stopped by the budget while still improving.");
}

/* ---- All ---- */

static bool is_better(const rung_ladder *l, size_t i, size_t than)
{
    return rung__is_better(&l->rows[i].valid.mean, &l->rows[than].valid.mean, l->kind);
}

static rung_status choose(rung_ladder *ladder, uint64_t seed, rung_error *err)
{
    ladder->best = 0;
    for (size_t i = 0; i < ladder->n_rows; i++)
        rung__summarize_runs(&ladder->rows[i], ladder->kind);
    for (size_t i = 1; i < ladder->n_rows; i++) {
        if (is_better(ladder, i, ladder->best)) ladder->best = i;
    }
    const rung_ladder_row *best = &ladder->rows[ladder->best];
    for (size_t i = 0; i < ladder->n_rows; i++) {
        if (ladder->kind == RUNG_RAW)
            measure_raw(&ladder->rows[i], best);
        else
            RUNG_TRY(measure_labelled(&ladder->rows[i], best, seed, err));
        add_seeds(&ladder->rows[i], best, ladder->kind);
    }
    ladder->recommended = ladder->best;
    for (size_t i = ladder->best + 1; i-- > 0;) {
        if (is_good_enough(&ladder->rows[i])) ladder->recommended = i;
    }
    return RUNG_OK;
}

rung_status rung__ladder_advise(rung_ladder *ladder, double budget, uint64_t seed,
                                rung_error *err)
{
    RUNG_TRY(choose(ladder, seed, err));
    const rung_ladder_row *chosen = &ladder->rows[ladder->recommended];
    ladder->advice[0] = 0;
    tell_choice(ladder, chosen);
    if (ladder->recommended > 0) tell_below(ladder, chosen - 1, chosen);
    if (ladder->best != ladder->recommended)
        tell_best(ladder, &ladder->rows[ladder->best], chosen);
    tell_budget(ladder, budget);
    return RUNG_OK;
}
