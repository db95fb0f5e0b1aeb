/* majority: the shares of the labels, whatever the text or the row says. The lowest rung
 * of labels, and what every other one has to beat.
 *
 *     p(label) = n(label) / N
 *
 * With N the texts, of which each label has n. */
#include "models/rungs.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "models/extra.h"

#define MOST 9007199254740992 /* 2^53: up to here every count is a double */

typedef struct majority {
    rung_model base;
    int64_t *counts; /* [labels], each > 0, owned */
    int64_t *texts;  /* [1]: N, owned; NULL where a text has one label: N is their sum */
} majority;

static rung_status majority_declare(rung_model *m, rung_error *err)
{
    (void)m, (void)err;
    return RUNG_OK;
}

static rung_status check_counts(const rung_model *m, rung_error *err)
{
    const majority *j = (const majority *)m;
    if (j->texts && (*j->texts < 1 || *j->texts > MOST))
        return rung_fail(err, RUNG_INPUT, "%lld texts", (long long)*j->texts);
    for (int64_t l = 0; l < m->n_labels; l++) {
        if (j->counts[l] < 1 || j->counts[l] > (j->texts ? *j->texts : MOST))
            return rung_fail(err, RUNG_INPUT, "label '%s' has %lld examples",
                             rung_labels_name(m->labels, l), (long long)j->counts[l]);
    }
    return RUNG_OK;
}

static void majority_release(rung_model *m)
{
    rung__free(((majority *)m)->counts), rung__free(((majority *)m)->texts);
}

static rung_status majority_fit(rung_model *m, rung_runtime *rt,
                                const rung_examples *train, const rung_examples *valid,
                                rung_error *err)
{
    (void)rt, (void)valid;
    majority *j = (majority *)m;
    const size_t bytes = (size_t)m->n_labels * sizeof *j->counts;
    const size_t n = train->first ? (size_t)train->first[train->count] : train->count;
    majority_release(m);
    j->counts = rung__alloc(bytes);
    j->texts = m->has_several ? rung__alloc(sizeof *j->texts) : NULL;
    if (!j->counts || (m->has_several && !j->texts))
        return rung__out_of_memory(err, bytes, "counts of labels");
    for (size_t i = 0; i < n; i++) j->counts[train->labels[i]]++;
    if (j->texts) *j->texts = (int64_t)train->count;
    return check_counts(m, err);
}

static rung_status majority_fit_table(rung_model *m, rung_runtime *rt, rung_table *train,
                                      rung_table *valid, rung_error *err)
{
    rung_rows rows;
    (void)valid;
    RUNG_TRY(rung_table_next(train, INT64_MAX, &rows, err));
    const rung_examples examples = {.labels = rows.labels, .count = (size_t)rows.n};
    return majority_fit(m, rt, &examples, NULL, err);
}

/* The log of a label's share. */
static double log_share(const rung_model *m, int64_t label)
{
    const majority *j = (const majority *)m;
    double N = j->texts ? (double)*j->texts : 0;
    for (int64_t l = 0; !j->texts && l < m->n_labels; l++) N += (double)j->counts[l];
    return log((double)j->counts[label] / N);
}

static rung_status majority_predict(const rung_model *m, rung_runtime *rt,
                                    const rung_examples *data, float *logp,
                                    rung_error *err)
{
    (void)rt, (void)err;
    for (int64_t l = 0; l < m->n_labels; l++) {
        const float share = (float)log_share(m, l);
        for (size_t i = 0; i < data->count; i++)
            logp[i * (size_t)m->n_labels + (size_t)l] = share;
    }
    return RUNG_OK;
}

static rung_status majority_predict_rows(const rung_model *m, rung_runtime *rt,
                                         const rung_rows *rows, double *logp,
                                         rung_error *err)
{
    (void)rt, (void)err;
    for (int64_t l = 0; l < m->n_labels; l++) {
        const double share = log_share(m, l);
        for (int64_t i = 0; i < rows->n; i++) logp[i * m->n_labels + l] = share;
    }
    return RUNG_OK;
}

static size_t majority_extra(const rung_model *m, rung_stored *out)
{
    const majority *j = (const majority *)m;
    out[0] = rung__extra("counts", RUNG_STORED_I64, m->n_labels, 0, j->counts);
    out[1] = rung__extra("texts", RUNG_STORED_I64, 1, 0, j->texts);
    return j->texts ? 2 : 1;
}

static rung_status majority_load(rung_model *m, const rung_safetensors *file,
                                 rung_error *err)
{
    majority *j = (majority *)m;
    RUNG_TRY(rung__extra_load(&j->counts, file, "counts", RUNG_STORED_I64, m->n_labels, 0,
                              NULL, err));
    if (m->has_several)
        RUNG_TRY(
            rung__extra_load(&j->texts, file, "texts", RUNG_STORED_I64, 1, 0, NULL, err));
    return check_counts(m, err);
}

static const rung_labelled_ops majority_labelled = {
    .takes_several = true,
    .fit = majority_fit,
    .predict = majority_predict,
};

static const rung_table_ops majority_table = {
    .has_labels = true,
    .fit = majority_fit_table,
    .predict = majority_predict_rows,
};

const rung_class rung__majority = {
    .name = "majority",
    .model_type = "majority",
    .summary = "the most frequent label, whatever the text or row says",
    .model_bytes = sizeof(majority),
    .declare = majority_declare,
    .labelled = &majority_labelled,
    .table = &majority_table,
    .extra = majority_extra,
    .load_extra = majority_load,
    .release = majority_release,
};
