/* The score of a classifier, and how sure it is. */
#include "rung/classify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"

enum { RESAMPLES = 1000 };

/* Counts of one label: right, given, predicted. */
typedef struct tally {
    int64_t right, given, predicted;
} tally;

/* Sums over some of the examples. */
typedef struct sums {
    tally *labels; /* [n_labels] */
    int64_t right, n, known;
    double nats;
} sums;

static void add_example(sums *s, const rung_label_score *score, size_t i)
{
    int32_t given = score->labels[i], predicted = score->predicted[i];
    s->n++;
    s->labels[predicted].predicted++;
    if (given < 0) return;
    s->known++;
    s->nats += (double)score->nats[i];
    s->labels[given].given++;
    s->labels[given].right += given == predicted;
    s->right += given == predicted;
}

/* F1 = 2 right / (given + predicted), the harmonic mean of precision and recall. */
static double macro_f1(const sums *s, int64_t n_labels)
{
    double sum = 0, n = 0;
    for (int64_t l = 0; l < n_labels; l++) {
        const tally *t = &s->labels[l];
        if (t->given + t->predicted == 0) continue;
        sum += 2 * (double)t->right / (double)(t->given + t->predicted);
        n++;
    }
    return n > 0 ? sum / n : 0;
}

enum { ACCURACY, MACRO_F1, LOG_LOSS, N_METRICS };

static void metrics_of(double out[N_METRICS], const sums *s, int64_t n_labels)
{
    out[ACCURACY] = s->n ? (double)s->right / (double)s->n : 0;
    out[MACRO_F1] = macro_f1(s, n_labels);
    out[LOG_LOSS] = s->known ? s->nats / (double)s->known : NAN;
}

static rung_status sums_init(sums *s, int64_t n_labels, rung_error *err)
{
    *s = (sums){.labels = rung__alloc_array((size_t)n_labels, sizeof *s->labels)};
    return s->labels ? RUNG_OK : rung__out_of_memory(err, (size_t)n_labels, "tallies");
}

static void sums_clear(sums *s, int64_t n_labels)
{
    memset(s->labels, 0, (size_t)n_labels * sizeof *s->labels);
    *s = (sums){.labels = s->labels};
}

/* ---- One score ---- */

static rung_status copy_examples(rung_label_score *score, const float *logp,
                                 const int32_t *labels, rung_error *err)
{
    size_t n = score->count, L = (size_t)score->n_labels;
    score->labels = rung__alloc_array(n + 1, sizeof *score->labels);
    score->predicted = rung__alloc_array(n + 1, sizeof *score->predicted);
    score->nats = rung__alloc_array(n + 1, sizeof *score->nats);
    if (!score->labels || !score->predicted || !score->nats)
        return rung__out_of_memory(err, n * 12, "a score");
    for (size_t i = 0; i < n; i++) {
        const float *row = logp + i * L;
        int32_t best = 0, label = labels[i] < score->n_labels ? labels[i] : -1;
        for (int32_t l = 1; l < score->n_labels; l++)
            best = row[l] > row[best] ? l : best;
        score->labels[i] = label;
        score->predicted[i] = best;
        score->nats[i] = label < 0 ? NAN : -row[label];
        score->n_unknown += label < 0;
    }
    return RUNG_OK;
}

rung_status rung_label_score_of(rung_label_score *score, const float *logp,
                                const int32_t *labels, size_t n, int64_t n_labels,
                                rung_error *err)
{
    sums s = {0};
    double metrics[N_METRICS];
    *score = (rung_label_score){.count = n, .n_labels = n_labels};
    rung_status status = copy_examples(score, logp, labels, err);
    if (status == RUNG_OK) status = sums_init(&s, n_labels, err);
    if (status != RUNG_OK) {
        rung_label_score_release(score);
        return status;
    }
    for (size_t i = 0; i < n; i++) add_example(&s, score, i);
    metrics_of(metrics, &s, n_labels);
    rung__free(s.labels);
    score->accuracy = metrics[ACCURACY];
    score->macro_f1 = metrics[MACRO_F1];
    score->log_loss = metrics[LOG_LOSS];
    return RUNG_OK;
}

void rung_label_score_release(rung_label_score *score)
{
    rung__free(score->labels), rung__free(score->predicted), rung__free(score->nats);
    *score = (rung_label_score){0};
}

size_t rung_label_score_confused(const rung_label_score *score, int32_t given,
                                 int32_t predicted)
{
    size_t n = 0;
    for (size_t i = 0; i < score->count; i++)
        n += score->labels[i] == given && score->predicted[i] == predicted;
    return n;
}

/* ---- The bootstrap ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static rung_interval middle_95(double *values)
{
    qsort(values, RESAMPLES, sizeof *values, by_value);
    return (rung_interval){values[RESAMPLES / 40 - 1],
                           values[RESAMPLES - RESAMPLES / 40]};
}

typedef struct bootstrap {
    const rung_label_score *scores[2]; /* the second may be NULL */
    sums sums[2];
    double *values[N_METRICS]; /* [RESAMPLES] */
} bootstrap;

/* Metrics of one resample: of the first score, minus those of the second. */
static void resample(bootstrap *b, uint64_t seed, size_t r)
{
    double metrics[2][N_METRICS] = {{0}};
    rung_rng rng = rung_rng_make(rung_rng_key(seed, "bootstrap", r));
    for (int s = 0; s < 2; s++) {
        if (b->scores[s]) sums_clear(&b->sums[s], b->scores[s]->n_labels);
    }
    for (size_t i = 0; i < b->scores[0]->count; i++) {
        size_t drawn = (size_t)rung_rng_below(&rng, b->scores[0]->count);
        for (int s = 0; s < 2; s++) {
            if (b->scores[s]) add_example(&b->sums[s], b->scores[s], drawn);
        }
    }
    for (int s = 0; s < 2; s++) {
        if (b->scores[s]) metrics_of(metrics[s], &b->sums[s], b->scores[s]->n_labels);
    }
    for (int k = 0; k < N_METRICS; k++) b->values[k][r] = metrics[0][k] - metrics[1][k];
}

static rung_status bootstrap_init(bootstrap *b, rung_error *err)
{
    for (int s = 0; s < 2; s++) {
        if (b->scores[s]) RUNG_TRY(sums_init(&b->sums[s], b->scores[s]->n_labels, err));
    }
    for (int k = 0; k < N_METRICS; k++) {
        b->values[k] = rung__alloc_array(RESAMPLES, sizeof *b->values[k]);
        if (!b->values[k]) return rung__out_of_memory(err, RESAMPLES, "resamples");
    }
    return RUNG_OK;
}

rung_status rung_label_bootstrap(rung_label_intervals *out, const rung_label_score *a,
                                 const rung_label_score *b, uint64_t seed,
                                 rung_error *err)
{
    bootstrap boot = {.scores = {a, b}};
    if (b && b->count != a->count)
        return rung_fail(err, RUNG_USAGE, "scores of %zu and of %zu examples", a->count,
                         b->count);
    rung_status status = bootstrap_init(&boot, err);
    if (status == RUNG_OK) {
        for (size_t r = 0; r < RESAMPLES; r++) resample(&boot, seed, r);
        *out = (rung_label_intervals){middle_95(boot.values[ACCURACY]),
                                      middle_95(boot.values[MACRO_F1]),
                                      middle_95(boot.values[LOG_LOSS])};
    }
    for (int k = 0; k < N_METRICS; k++) rung__free(boot.values[k]);
    rung__free(boot.sums[0].labels), rung__free(boot.sums[1].labels);
    return status;
}
