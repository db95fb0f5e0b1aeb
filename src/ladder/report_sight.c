/* How far back the rungs see: loss by context, recall by distance, senses of homonyms. */
#include <math.h>

#include "ladder/report.h"

/* ---- Loss by context ---- */

static void add_contexts(const rung__report *r)
{
    double x[RUNG_LADDER_MAX][RUNG_SIGHT_CONTEXTS],
        y[RUNG_LADDER_MAX][RUNG_SIGHT_CONTEXTS],
        low[RUNG_LADDER_MAX][RUNG_SIGHT_CONTEXTS],
        high[RUNG_LADDER_MAX][RUNG_SIGHT_CONTEXTS];
    rung_series series[RUNG_LADDER_MAX];
    const size_t n = r->ladder->n_rows;
    for (size_t i = 0; i < n; i++) {
        const rung_sight *s = &r->ladder->rows[i].sight;
        for (size_t k = 0; k < s->n_losses; k++) {
            const rung_context_loss *loss = &s->losses[k];
            x[i][k] = (double)loss->context;
            y[i][k] = loss->bits_per_byte;
            low[i][k] = loss->bits_per_byte - 1.96 * loss->error;
            high[i][k] = loss->bits_per_byte + 1.96 * loss->error;
        }
        series[i] = (rung_series){r->ladder->rows[i].type->name,
                                  x[i],
                                  y[i],
                                  low[i],
                                  high[i],
                                  s->n_losses,
                                  (int)i};
    }
    rung_page_lines(
        r->page,
        &(rung_lines){.title = "Loss by context",
                      .caption =
                          "Bits a byte at the same places of the test text when only "
                          "so many tokens before them are given, with intervals of "
                          "95 %. Where a line becomes flat, its rung has no use for "
                          "more.",
                      .x = {"tokens given", RUNG_UNIT_COUNT, true, 0, 0},
                      .y = {"bits a byte", RUNG_UNIT_NUMBER, false, 0, 0},
                      .series = series,
                      .n_series = n});
}

/* ---- On tales: recall and senses ---- */

static double share(const rung_share *s)
{
    return s->n ? (double)s->right / (double)s->n : NAN;
}

static void add_recall(const rung__report *r)
{
    double x[RUNG_SIGHT_OCTAVES], y[RUNG_LADDER_MAX][RUNG_SIGHT_OCTAVES],
        low[RUNG_LADDER_MAX][RUNG_SIGHT_OCTAVES],
        high[RUNG_LADDER_MAX][RUNG_SIGHT_OCTAVES];
    rung_series series[RUNG_LADDER_MAX];
    const size_t n = r->ladder->n_rows;
    for (int o = 0; o < RUNG_SIGHT_OCTAVES; o++) x[o] = 4 << o;
    for (size_t i = 0; i < n; i++) {
        const rung_sight *s = &r->ladder->rows[i].sight;
        for (int o = 0; o < RUNG_SIGHT_OCTAVES; o++) {
            y[i][o] = share(&s->recall[o]);
            low[i][o] = s->recall[o].n ? s->recall[o].low : NAN;
            high[i][o] = s->recall[o].n ? s->recall[o].high : NAN;
        }
        series[i] = (rung_series){r->ladder->rows[i].type->name,
                                  x,
                                  y[i],
                                  low[i],
                                  high[i],
                                  RUNG_SIGHT_OCTAVES,
                                  (int)i};
    }
    rung_page_lines(
        r->page, &(rung_lines){
                     .title = "A name, recalled",
                     .caption = "A name stands again in a tale, this many words or up to "
                                "twice as many after it stood last. How often is it more "
                                "probable than another one that the tale does not know? "
                                "Intervals of 95 %.",
                     .x = {"words since", RUNG_UNIT_COUNT, true, 0, 0},
                     .y = {"right", RUNG_UNIT_SHARE, false, 0, 1},
                     .series = series,
                     .n_series = n,
                     .reference = {0.5, "chance"}});
}

static void add_senses(const rung__report *r)
{
    const char *labels[RUNG_LADDER_MAX];
    double y[RUNG_LADDER_MAX], low[RUNG_LADDER_MAX], high[RUNG_LADDER_MAX];
    const size_t n = r->ladder->n_rows;
    for (size_t i = 0; i < n; i++) {
        const rung_share *sense = &r->ladder->rows[i].sight.sense;
        labels[i] = r->ladder->rows[i].type->name;
        y[i] = share(sense);
        low[i] = sense->n ? sense->low : NAN;
        high[i] = sense->n ? sense->high : NAN;
    }
    const rung_series series = {NULL, NULL, y, low, high, n, 0};
    rung_page_bars(
        r->page,
        &(rung_bars){.title = "The sense of homonyms",
                     .caption =
                         "A sentence that may mean two things goes on in the sense "
                         "of the place where its tale happens. How often is that "
                         "more probable than the other sense? Intervals of 95 %.",
                     .value = {"right", RUNG_UNIT_SHARE, false, 0, 1},
                     .category = "rung",
                     .labels = labels,
                     .n_labels = n,
                     .series = &series,
                     .n_series = 1,
                     .reference = {0.5, "chance"}});
}

rung_status rung__report_sight(const rung__report *r, rung_error *err)
{
    (void)err;
    bool has_losses = false, has_tales = false;
    for (size_t i = 0; i < r->ladder->n_rows; i++) {
        has_losses |= r->ladder->rows[i].sight.n_losses > 0;
        has_tales |= r->ladder->rows[i].sight.reach > 0;
    }
    if (!has_losses && !has_tales) return RUNG_OK;
    rung_page_heading(r->page, "How far back they see");
    if (has_losses) add_contexts(r);
    if (has_tales) add_recall(r);
    if (has_tales) add_senses(r);
    return RUNG_OK;
}
