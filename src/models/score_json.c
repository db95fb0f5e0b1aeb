/* A classifier's score as JSON: for results.json and `rung eval --json`. */
#include "models/score_json.h"

#include <math.h>

#include "base/alloc.h"
#include "base/json.h"

static json_t *real(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *count(size_t n)
{
    return json_integer((json_int_t)n);
}

static void put_interval(json_t *o, const char *key, rung_interval i, bool *failed)
{
    rung__json_put(o, key, json_pack("[o, o]", real(i.low), real(i.high)), failed);
}

static void put_figures(json_t *o, const rung_label_score *s, bool *failed)
{
    const struct {
        const char *key;
        double value;
    } figures[] = {
        {"accuracy", s->accuracy}, {"macro_f1", s->macro_f1},
        {"micro_f1", s->micro_f1}, {"log_loss", s->log_loss},
        {"roc_auc", s->roc_auc},   {"average_precision", s->average_precision},
        {"brier", s->brier},       {"calibration_error", s->calibration_error}};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        rung__json_put(o, figures[i].key, real(figures[i].value), failed);
    json_t *recall = json_array();
    for (int k = 0; k < RUNG_SCORE_TOP && k < s->n_labels; k++)
        *failed |= json_array_append_new(recall, real(s->recall_at[k])) != 0;
    rung__json_put(o, "recall_at", recall, failed);
    if (!s->has_several) return;
    json_t *precision = json_array();
    for (int k = 0; k < RUNG_SCORE_TOP && k < s->n_labels; k++)
        *failed |= json_array_append_new(precision, real(s->precision_at[k])) != 0;
    rung__json_put(o, "precision_at", precision, failed);
}

static json_t *describe_calibration(const rung_calibration_bin *bins, bool *failed)
{
    json_t *o = json_object();
    for (int b = 0; b < RUNG_CALIBRATION_BINS; b++) {
        rung__json_add(o, "up_to", real((b + 1.0) / RUNG_CALIBRATION_BINS), failed);
        rung__json_add(o, "texts", count(bins[b].count), failed);
        rung__json_add(o, "confidence", real(bins[b].confidence), failed);
        rung__json_add(o, "right", real(bins[b].right), failed);
    }
    return o;
}

static json_t *describe_labels(const rung_label_score *s, const rung_labels *labels,
                               bool *failed)
{
    json_t *o = json_object();
    for (int64_t l = 0; l < s->n_labels; l++) {
        const rung_label_figures *f = &s->of_label[l];
        rung__json_add(o, "label", json_string(rung_labels_name(labels, l)), failed);
        rung__json_add(o, "texts", count(f->given), failed);
        rung__json_add(o, "predicted", count(f->predicted), failed);
        rung__json_add(o, "precision", real(f->precision), failed);
        rung__json_add(o, "recall", real(f->recall), failed);
        rung__json_add(o, "f1", real(f->f1), failed);
        rung__json_add(o, "roc_auc", real(f->roc_auc), failed);
        rung__json_add(o, "average_precision", real(f->average_precision), failed);
    }
    return o;
}

/* A row for each given label, a column for each predicted one. */
static json_t *describe_confusion(const rung_label_score *s)
{
    const size_t L = (size_t)s->n_labels;
    size_t *counts = rung__alloc_array(L * L, sizeof *counts);
    json_t *rows = counts ? json_array() : NULL;
    if (rows) rung_label_score_confusion(counts, s);
    for (size_t i = 0; rows && i < L; i++) {
        json_t *row = json_array();
        bool failed = json_array_append_new(rows, row) != 0;
        for (size_t j = 0; j < L; j++)
            failed |= json_array_append_new(row, count(counts[i * L + j])) != 0;
        if (!failed) continue;
        json_decref(rows);
        rows = NULL;
    }
    rung__free(counts);
    return rows;
}

json_t *rung__score_json(const rung_label_score *s, const rung_label_intervals *i,
                         const rung_labels *labels)
{
    bool failed = false;
    rung__json_use_alloc();
    json_t *o = json_object();
    rung__json_put(o, "examples", count(s->count), &failed);
    rung__json_put(o, "unknown_labels", count(s->n_unknown), &failed);
    rung__json_put(o, "cut_texts", count(s->n_cut), &failed);
    rung__json_put(o, "seconds", real(s->seconds), &failed);
    put_figures(o, s, &failed);
    put_interval(o, "accuracy_interval", i->accuracy, &failed);
    put_interval(o, "macro_f1_interval", i->macro_f1, &failed);
    put_interval(o, "log_loss_interval", i->log_loss, &failed);
    rung__json_put(o, "calibration", describe_calibration(s->calibration, &failed),
                   &failed);
    rung__json_put(o, "labels", describe_labels(s, labels, &failed), &failed);
    if (s->n_labels <= RUNG_CONFUSION_MAX && !s->has_several)
        rung__json_put(o, "confusion", describe_confusion(s), &failed);
    if (!failed) return o;
    json_decref(o);
    return NULL;
}

char *rung_label_score_json(const rung_label_score *score,
                            const rung_label_intervals *intervals,
                            const rung_labels *labels)
{
    rung_str text = {0};
    json_t *o = rung__score_json(score, intervals, labels);
    if (o) rung_json_add_text(&text, o, 0);
    json_decref(o);
    if (!text.failed) return text.data;
    rung_str_release(&text);
    return NULL;
}
