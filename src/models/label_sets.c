/* The score of several labels. A label is predicted where its probability is above one
 * half; F1, ROC-AUC, log-loss, Brier score and calibration treat each label of each text
 * as a question of its own, precision and recall at k look at the k most probable ones.
 * A given label that the model lacks is one that was not found. */
#include "models/label_sets.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "models/calibration.h"
#include "models/ranking.h"

static const float HALF = -0.69314718f; /* ln 1/2 */
#define LEAST 0x1p-24                   /* of 1 - p: p is a float */

typedef struct scoring {
    rung_label_score *s;
    const float *logp; /* [n, L] */
    const rung_examples *data;
    rung__scored *cases; /* [n] */
} scoring;

static rung_status allocate(scoring *c, rung_error *err)
{
    rung_label_score *s = c->s;
    const size_t n = s->count + 1;
    s->of_label = rung__alloc_array((size_t)s->n_labels, sizeof *s->of_label);
    s->labels = rung__alloc_array(n, sizeof *s->labels);
    s->predicted = rung__alloc_array(n, sizeof *s->predicted);
    s->nats = rung__alloc_array(n, sizeof *s->nats);
    c->cases = rung__alloc_array(n, sizeof *c->cases);
    if (s->of_label && s->labels && s->predicted && s->nats && c->cases) return RUNG_OK;
    return rung__out_of_memory(err, n * sizeof *c->cases, "a score");
}

/* The labels of text i; returns how many. */
static size_t labels_of(const scoring *c, size_t i, const int32_t **labels)
{
    const int64_t *first = c->data->first;
    *labels = c->data->labels + (first ? first[i] : (int64_t)i);
    return first ? (size_t)(first[i + 1] - first[i]) : 1;
}

static bool has_label(const scoring *c, size_t i, int64_t l)
{
    const int32_t *labels;
    const size_t n = labels_of(c, i, &labels);
    for (size_t k = 0; k < n; k++) {
        if (labels[k] == l) return true;
    }
    return false;
}

/* The most probable label, and whether the text has it. */
static void score_first(const scoring *c, size_t i)
{
    rung_label_score *s = c->s;
    const float *row = c->logp + i * (size_t)s->n_labels;
    const int32_t *labels;
    const size_t n = labels_of(c, i, &labels);
    int32_t best = 0;
    for (int32_t l = 1; l < s->n_labels; l++) best = row[l] > row[best] ? l : best;
    s->predicted[i] = best;
    s->labels[i] = has_label(c, i, best) ? best : n > 0 ? labels[n - 1] : -1;
    s->n_unknown += n > 0 && labels[0] < 0;
    s->accuracy += s->labels[i] == best;
}

/* Label l: all its questions. Adds to the sums of losses. */
static void score_label(const scoring *c, int64_t l)
{
    rung_label_score *s = c->s;
    rung_label_figures *f = &s->of_label[l];
    for (size_t i = 0; i < s->count; i++) {
        const float logp = c->logp[i * (size_t)s->n_labels + (size_t)l];
        const double p = exp((double)logp);
        const bool is_given = has_label(c, i, l), is_predicted = logp > HALF;
        f->given += is_given, f->predicted += is_predicted;
        f->right += is_given && is_predicted;
        s->nats[i] += (float)(is_given ? -(double)logp : -log(fmax(1 - p, LEAST))) /
                      (float)s->n_labels;
        s->brier += (p - is_given) * (p - is_given);
        rung__calibration_add(s->calibration, p, is_given);
        c->cases[i] = (rung__scored){logp, is_given};
    }
    f->precision = (double)f->right / (double)f->predicted;
    f->recall = (double)f->right / (double)f->given;
    f->f1 = 2 * (double)f->right / (double)(f->given + f->predicted);
    rung__scored_sort(c->cases, s->count);
    f->roc_auc = rung__roc_auc(c->cases, s->count);
    f->average_precision = rung__average_precision(c->cases, s->count);
}

/* Means over labels, each over those where it is defined. */
static void average_labels(rung_label_score *s, size_t n_given)
{
    double right = 0, both = (double)n_given, n_f1 = 0, n_auc = 0;
    for (int64_t l = 0; l < s->n_labels; l++) {
        const rung_label_figures *f = &s->of_label[l];
        right += (double)f->right, both += (double)f->predicted;
        if (f->given + f->predicted > 0) s->macro_f1 += f->f1, n_f1++;
        if (isnan(f->roc_auc)) continue;
        s->roc_auc += f->roc_auc, s->average_precision += f->average_precision;
        n_auc++;
    }
    s->macro_f1 = n_f1 > 0 ? s->macro_f1 / n_f1 : 0;
    s->micro_f1 = both > 0 ? 2 * right / both : 0;
    s->roc_auc /= n_auc, s->average_precision /= n_auc; // NaN: no label has both sides
}

static void score_all(const scoring *c)
{
    rung_label_score *s = c->s;
    const double n = (double)s->count, cells = n * (double)s->n_labels;
    size_t hits[RUNG_SCORE_TOP] = {0}, n_given = 0;
    for (size_t i = 0; i < s->count; i++) {
        const int32_t *labels;
        const size_t n_labels = labels_of(c, i, &labels);
        rung__count_hits(hits, RUNG_SCORE_TOP, c->logp + i * (size_t)s->n_labels,
                         s->n_labels, labels, n_labels);
        n_given += n_labels;
        score_first(c, i);
    }
    for (int64_t l = 0; l < s->n_labels; l++) score_label(c, l);
    for (size_t i = 0; i < s->count; i++) s->log_loss += (double)s->nats[i] / n;
    average_labels(s, n_given);
    rung__calibration_end(s->calibration);
    s->calibration_error = rung__calibration_error(s->calibration);
    s->accuracy /= n;
    s->brier /= cells;
    for (int k = 0; k < RUNG_SCORE_TOP; k++) {
        s->recall_at[k] = n_given ? (double)hits[k] / (double)n_given : 0;
        s->precision_at[k] = (double)hits[k] / (n * (k + 1));
    }
}

rung_status rung__label_sets_score(rung_label_score *score, const float *logp,
                                   const rung_examples *data, int64_t n_labels,
                                   rung_error *err)
{
    *score = (rung_label_score){
        .count = data->count, .n_labels = n_labels, .has_several = true};
    scoring c = {.s = score, .logp = logp, .data = data};
    const rung_status status = allocate(&c, err);
    if (status == RUNG_OK)
        score_all(&c);
    else
        rung_label_score_release(score);
    rung__free(c.cases);
    return status;
}
