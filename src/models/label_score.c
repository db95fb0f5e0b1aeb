/* The score of a classifier, and how sure it is. */
#include "rung/classify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "models/calibration.h"
#include "models/ranking.h"

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
    if (given >= 0 || score->has_several) { // without labels each of them costs as well
        s->known++;
        s->nats += (double)score->nats[i];
    }
    if (given < 0) return;
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
    score->odds = L == 2 ? rung__alloc_array(n + 1, sizeof *score->odds) : NULL;
    if (!score->labels || !score->predicted || !score->nats || (L == 2 && !score->odds))
        return rung__out_of_memory(err, n * 12, "a score");
    for (size_t i = 0; i < n; i++) {
        const float *row = logp + i * L;
        int32_t best = 0, label = labels[i] < score->n_labels ? labels[i] : -1;
        for (int32_t l = 1; l < score->n_labels; l++)
            best = row[l] > row[best] ? l : best;
        score->labels[i] = label;
        score->predicted[i] = best;
        score->nats[i] = label < 0 ? NAN : -row[label];
        if (score->odds) score->odds[i] = row[1] - row[0];
        score->n_unknown += label < 0;
    }
    return RUNG_OK;
}

/* F1 = 2 P R / (P + R), written so that it is 0 where nothing is right. */
static rung_label_figures figures_of(const tally *t)
{
    const double right = (double)t->right;
    return (rung_label_figures){.given = (size_t)t->given,
                                .predicted = (size_t)t->predicted,
                                .right = (size_t)t->right,
                                .precision = right / (double)t->predicted,
                                .recall = right / (double)t->given,
                                .f1 = 2 * right / (double)(t->given + t->predicted)};
}

/* What follows from counts of right and wrong. */
static rung_status score_counts(rung_label_score *score, rung_error *err)
{
    sums s = {0};
    tally all = {0};
    double metrics[N_METRICS];
    RUNG_TRY(sums_init(&s, score->n_labels, err));
    for (size_t i = 0; i < score->count; i++) add_example(&s, score, i);
    metrics_of(metrics, &s, score->n_labels);
    score->accuracy = metrics[ACCURACY];
    score->macro_f1 = metrics[MACRO_F1];
    score->log_loss = metrics[LOG_LOSS];
    for (int64_t l = 0; l < score->n_labels; l++) {
        const tally *t = &s.labels[l];
        score->of_label[l] = figures_of(t);
        all.right += t->right, all.given += t->given, all.predicted += t->predicted;
    }
    score->micro_f1 = figures_of(&all).f1;
    rung__free(s.labels);
    return RUNG_OK;
}

/* One label against the others, by the order of its probability. `cases` has room for all
 * examples. */
static void rank_label(rung_label_score *score, const float *logp, int64_t l,
                       rung__scored *cases)
{
    size_t n = 0;
    for (size_t i = 0; i < score->count; i++) {
        if (score->labels[i] >= 0)
            cases[n++] = (rung__scored){logp[i * (size_t)score->n_labels + (size_t)l],
                                        score->labels[i] == l};
    }
    rung__scored_sort(cases, n);
    score->of_label[l].roc_auc = rung__roc_auc(cases, n);
    score->of_label[l].average_precision = rung__average_precision(cases, n);
}

/* What texts of label l are taken for most often. counts [n_labels] is zero, before and
 * after. */
static void find_mistakes(rung_label_score *score, int64_t l, size_t *counts)
{
    rung_label_figures *f = &score->of_label[l];
    for (size_t i = 0; i < score->count; i++) {
        const int32_t predicted = score->predicted[i];
        if (score->labels[i] != l || predicted == l) continue;
        if (++counts[predicted] <= f->mistakes) continue;
        f->mistakes = counts[predicted];
        f->mistaken_for = predicted;
    }
    memset(counts, 0, (size_t)score->n_labels * sizeof *counts);
}

static rung_status score_labels(rung_label_score *score, const float *logp,
                                rung_error *err)
{
    double n = 0, auc = 0, precision = 0;
    rung__scored *cases = rung__alloc_array(score->count + 1, sizeof *cases);
    size_t *counts = rung__alloc_array((size_t)score->n_labels, sizeof *counts);
    if (!cases || !counts) {
        rung__free(cases), rung__free(counts);
        return rung__out_of_memory(err, score->count * sizeof *cases, "a score");
    }
    for (int64_t l = 0; l < score->n_labels; l++) {
        const rung_label_figures *f = &score->of_label[l];
        rank_label(score, logp, l, cases);
        find_mistakes(score, l, counts);
        if (isnan(f->roc_auc)) continue;
        auc += f->roc_auc, precision += f->average_precision;
        n++;
    }
    rung__free(cases), rung__free(counts);
    score->roc_auc = auc / n; // NaN: no label has both sides
    score->average_precision = precision / n;
    return RUNG_OK;
}

/* What follows from the probabilities of each example alone. */
static void score_probabilities(rung_label_score *score, const float *logp)
{
    size_t hits[RUNG_SCORE_TOP] = {0};
    double brier = 0;
    for (size_t i = 0; i < score->count; i++) {
        const float *row = logp + i * (size_t)score->n_labels;
        const int32_t given = score->labels[i], predicted = score->predicted[i];
        if (given < 0) continue;
        rung__count_hits(hits, RUNG_SCORE_TOP, row, score->n_labels, &given, 1);
        rung__calibration_add(score->calibration, exp((double)row[predicted]),
                              given == predicted);
        brier += rung__brier(row, score->n_labels, given);
    }
    rung__calibration_end(score->calibration);
    score->calibration_error = rung__calibration_error(score->calibration);
    score->brier = brier / (double)(score->count - score->n_unknown);
    for (int k = 0; k < RUNG_SCORE_TOP; k++)
        score->recall_at[k] = score->count ? (double)hits[k] / (double)score->count : 0;
}

static rung_status score_all(rung_label_score *score, const float *logp,
                             const int32_t *labels, rung_error *err)
{
    score->of_label = rung__alloc_array((size_t)score->n_labels, sizeof *score->of_label);
    if (!score->of_label)
        return rung__out_of_memory(err, (size_t)score->n_labels, "labels");
    RUNG_TRY(copy_examples(score, logp, labels, err));
    RUNG_TRY(score_counts(score, err));
    RUNG_TRY(score_labels(score, logp, err));
    score_probabilities(score, logp);
    return RUNG_OK;
}

rung_status rung_label_score_of(rung_label_score *score, const float *logp,
                                const int32_t *labels, size_t n, int64_t n_labels,
                                rung_error *err)
{
    *score = (rung_label_score){.count = n, .n_labels = n_labels};
    const rung_status status = score_all(score, logp, labels, err);
    if (status != RUNG_OK) rung_label_score_release(score);
    return status;
}

void rung_label_score_release(rung_label_score *score)
{
    rung__free(score->of_label), rung__free(score->odds);
    rung__free(score->labels), rung__free(score->predicted), rung__free(score->nats);
    *score = (rung_label_score){0};
}

void rung_label_score_confusion(size_t *counts, const rung_label_score *score)
{
    const size_t L = (size_t)score->n_labels;
    memset(counts, 0, L * L * sizeof *counts);
    for (size_t i = 0; i < score->count; i++) {
        if (score->labels[i] >= 0)
            counts[(size_t)score->labels[i] * L + (size_t)score->predicted[i]]++;
    }
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

/* Scores of which the mean is taken, those of one side. */
typedef struct side {
    const rung_label_score *const *scores; /* [n] */
    size_t n;
} side;

typedef struct bootstrap {
    side sides[2]; /* the second is subtracted; it may be empty */
    sums sums;
    size_t *drawn;             /* [examples] of this resample */
    double *values[N_METRICS]; /* [RESAMPLES] */
} bootstrap;

static void add_mean(double out[N_METRICS], bootstrap *b, const side *s, double sign)
{
    for (size_t k = 0; k < s->n; k++) {
        const rung_label_score *score = s->scores[k];
        double metrics[N_METRICS];
        sums_clear(&b->sums, score->n_labels);
        for (size_t i = 0; i < score->count; i++)
            add_example(&b->sums, score, b->drawn[i]);
        metrics_of(metrics, &b->sums, score->n_labels);
        for (int m = 0; m < N_METRICS; m++) out[m] += sign * metrics[m] / (double)s->n;
    }
}

static void resample(bootstrap *b, size_t count, uint64_t seed, size_t r)
{
    double metrics[N_METRICS] = {0};
    rung_rng rng = rung_rng_make(rung_rng_key(seed, "bootstrap", r));
    for (size_t i = 0; i < count; i++) b->drawn[i] = (size_t)rung_rng_below(&rng, count);
    add_mean(metrics, b, &b->sides[0], 1);
    add_mean(metrics, b, &b->sides[1], -1);
    for (int m = 0; m < N_METRICS; m++) b->values[m][r] = metrics[m];
}

/* All on the same examples, with the same labels. */
static rung_status check_scores(const bootstrap *b, rung_error *err)
{
    const rung_label_score *first = b->sides[0].scores[0];
    for (int s = 0; s < 2; s++) {
        for (size_t k = 0; k < b->sides[s].n; k++) {
            const rung_label_score *score = b->sides[s].scores[k];
            if (score->count == first->count && score->n_labels == first->n_labels)
                continue;
            return rung_fail(err, RUNG_USAGE, "scores of %zu and of %zu examples",
                             first->count, score->count);
        }
    }
    return RUNG_OK;
}

static rung_status bootstrap_init(bootstrap *b, rung_error *err)
{
    const rung_label_score *first = b->sides[0].scores[0];
    RUNG_TRY(check_scores(b, err));
    RUNG_TRY(sums_init(&b->sums, first->n_labels, err));
    b->drawn = rung__alloc_array(first->count + 1, sizeof *b->drawn);
    if (!b->drawn) return rung__out_of_memory(err, first->count, "resamples");
    for (int m = 0; m < N_METRICS; m++) {
        b->values[m] = rung__alloc_array(RESAMPLES, sizeof *b->values[m]);
        if (!b->values[m]) return rung__out_of_memory(err, RESAMPLES, "resamples");
    }
    return RUNG_OK;
}

rung_status rung_label_bootstrap(rung_label_intervals *out,
                                 const rung_label_score *const *a, size_t n_a,
                                 const rung_label_score *const *b, size_t n_b,
                                 uint64_t seed, rung_error *err)
{
    bootstrap boot = {.sides = {{a, n_a}, {b, n_b}}};
    rung_status status = bootstrap_init(&boot, err);
    if (status == RUNG_OK) {
        for (size_t r = 0; r < RESAMPLES; r++) resample(&boot, a[0]->count, seed, r);
        *out = (rung_label_intervals){middle_95(boot.values[ACCURACY]),
                                      middle_95(boot.values[MACRO_F1]),
                                      middle_95(boot.values[LOG_LOSS])};
        if (a[0]->has_several) out->macro_f1 = (rung_interval){NAN, NAN}; // not resampled
    }
    for (int m = 0; m < N_METRICS; m++) rung__free(boot.values[m]);
    rung__free(boot.sums.labels), rung__free(boot.drawn);
    return status;
}
