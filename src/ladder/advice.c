/* The advice: the lowest rung whose quality cannot be told from the best one's.
 *
 * All rungs score the same pieces of the valid text, so the difference between two of
 * them is measured piece by piece: its mean d and standard error e = s / sqrt(n). A rung
 * is as good as the best when d <= 1.96 e (a 95 % interval), or when d is below a
 * thousandth of a bit a byte. */
#include "ladder/advice.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rung/units.h"

static const double TOO_SMALL = 1e-3; // bits a byte

static void measure_gap(rung_ladder_row *row, const rung_ladder_row *best)
{
    const rung_lm_score *a = &row->fit.valid, *b = &best->fit.valid;
    double n = (double)a->n_chunks, mean = 0, squares = 0;
    for (size_t c = 0; c < a->n_chunks; c++)
        mean += (a->chunk_nats[c] - b->chunk_nats[c]) / n;
    for (size_t c = 0; c < a->n_chunks; c++) {
        double d = a->chunk_nats[c] - b->chunk_nats[c] - mean;
        squares += d * d;
    }
    row->gap = a->bits_per_byte - b->bits_per_byte;
    double nats =
        n > 1 ? sqrt(n * squares / (n - 1)) : 0; // error of the sum over n pieces
    row->gap_error = nats / log(2) / (double)a->bytes;
}

static bool is_good_enough(const rung_ladder_row *row)
{
    return row->gap <= fmax(1.96 * row->gap_error, TOO_SMALL);
}

static bool stopped_by_budget(const rung_ladder_row *row)
{
    return rung_class_is_trained(row->type, RUNG_RAW) && !row->fit.train.converged &&
           row->fit.train.end == RUNG_TRAIN_DONE;
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

/* What the rungs above would cost for nothing, or those below would save and lose. */
static void compare_neighbours(rung_ladder *ladder)
{
    const rung_ladder_row *chosen = &ladder->rows[ladder->recommended];
    char size[40], other_size[40];
    if (ladder->recommended > 0) {
        const rung_ladder_row *below = &ladder->rows[ladder->recommended - 1];
        append(ladder,
               " The rung below, %s, needs %.3f bits a byte more, with %s instead of %s.",
               below->type->name,
               below->fit.valid.bits_per_byte - chosen->fit.valid.bits_per_byte,
               rung_format_bytes(other_size, (double)below->fit.file_bytes),
               rung_format_bytes(size, (double)chosen->fit.file_bytes));
    }
    if (ladder->best != ladder->recommended) {
        const rung_ladder_row *best = &ladder->rows[ladder->best];
        append(
            ladder,
            " The best, %s, is only %.4f +- %.4f bits a byte better, within the noise.",
            best->type->name, chosen->gap, 1.96 * chosen->gap_error);
    }
}

void rung__ladder_advise(rung_ladder *ladder, double budget)
{
    size_t unfinished = 0, trained = 0;
    ladder->best = 0;
    for (size_t i = 1; i < ladder->n_rows; i++) {
        if (ladder->rows[i].fit.valid.nats < ladder->rows[ladder->best].fit.valid.nats)
            ladder->best = i;
    }
    for (size_t i = 0; i < ladder->n_rows; i++) {
        measure_gap(&ladder->rows[i], &ladder->rows[ladder->best]);
        unfinished += stopped_by_budget(&ladder->rows[i]);
        trained += rung_class_is_trained(ladder->rows[i].type, RUNG_RAW);
    }
    ladder->recommended = ladder->best;
    for (size_t i = ladder->best + 1; i-- > 0;) {
        if (is_good_enough(&ladder->rows[i])) ladder->recommended = i;
    }
    const rung_ladder_row *chosen = &ladder->rows[ladder->recommended];
    ladder->advice[0] = 0;
    append(ladder, "Take %s: %.3f bits a byte on text it has not seen.",
           chosen->type->name, chosen->fit.test.bits_per_byte);
    compare_neighbours(ladder);
    char text[40];
    if (unfinished && unfinished == trained)
        append(ladder,
               " All trained rungs were stopped by the budget while still improving, so "
               "a longer run may change the order: try --budget %s.",
               rung_format_seconds(text, 4 * budget));
    else if (unfinished)
        append(ladder, " Some rungs were stopped by the budget while still improving.");
}
