/* bow: a bag of words, fastText's classifier: every word and run of words of a text has a
 * vector, their weighted mean is the text's, and a linear layer reads the label off it.
 * learn/bow.h has the formulas, text/features.h what the rows are. */
#include "models/rungs.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/runtime.h"
#include "learn/bow.h"
#include "models/extra.h"
#include "models/featured.h"

/* What the labels of a text are to each other. */
enum { LOSS_AUTO, LOSS_SOFTMAX, LOSS_OVA };

typedef struct bow_config {
    rung_features_config features;
    int64_t dim, epochs;
    double lr;
    int loss;
} bow_config;

typedef struct bow {
    rung_model base;
    bow_config config;
    rung_features features;
    rung_bow weights;
} bow;

static bow *bow_of(const rung_model *m)
{
    assert(m->type == &rung__bow);
    return (bow *)m;
}

#define AT(field) offsetof(bow_config, field)

static const rung_option bow_options[] = {
    RUNG__FEATURE_OPTIONS(AT(features)),
    {"dim", RUNG_OPTION_INT, AT(dim), "16", 1, 4096, NULL, "numbers in a vector", NULL},
    {"lr", RUNG_OPTION_REAL, AT(lr), "0.3", 1e-9, 1e9, NULL,
     "learning rate of the first step; falls to zero along a line", NULL},
    {"epochs", RUNG_OPTION_INT, AT(epochs), "3", 1, 1e6, NULL,
     "passes over the training texts", NULL},
    {"loss", RUNG_OPTION_CHOICE, AT(loss), "auto", 0, 0, "auto|softmax|ova",
     "softmax: labels exclude each other; ova: each against all others; auto: ova if a "
     "text may have several",
     NULL},
};

static rung_status bow_declare(rung_model *m, rung_error *err)
{
    if (m->has_several && bow_of(m)->config.loss == LOSS_SOFTMAX)
        return rung_fail(err, RUNG_USAGE,
                         "--loss softmax is for texts of one label each, these have "
                         "several: take ova");
    return rung__features_check(&bow_of(m)->config.features, err);
}

static bool is_ova(const bow *r)
{
    return r->base.has_several || r->config.loss == LOSS_OVA;
}

static void forget(bow *r)
{
    rung__features_release(&r->features);
    rung__bow_release(&r->weights);
}

static void bow_release(rung_model *m)
{
    forget(bow_of(m));
}

/* ---- Fitting ---- */

static void tell_epoch(void *self, int64_t epoch, double loss)
{
    rung_log(self, RUNG_LOG_INFO, "bow: epoch %lld, loss %.4f", (long long)epoch + 1,
             loss);
}

static rung_status fit_weights(bow *r, const rung_bow_data *data, rung_runtime *rt,
                               rung_error *err)
{
    const bow_config *c = &r->config;
    const rung_bow_config config = {c->epochs, c->lr, r->base.seed};
    RUNG_TRY(rung__bow_new(&r->weights, rung_kernels_get(rt->isa), data->rows->n_columns,
                           c->dim, r->base.n_labels, err));
    r->weights.is_ova = is_ova(r);
    rung__bow_init(&r->weights, data, config.seed, rt->pool);
    return rung__bow_fit(&r->weights, data, &config, rt->pool, tell_epoch, rt, err);
}

static rung_status bow_fit(rung_model *m, rung_runtime *rt, const rung_examples *train,
                           const rung_examples *valid, rung_error *err)
{
    (void)valid;
    bow *r = bow_of(m);
    rung_csr rows = {0};
    if (m->n_labels < 2 || train->count < 1)
        return rung_fail(err, RUNG_INPUT,
                         "%zu examples of %lld labels: bow needs two labels",
                         train->count, (long long)m->n_labels);
    forget(r);
    RUNG_TRY(rung__features_fit(&r->features, &r->config.features, train->texts,
                                train->count, rt->pool, &rows, err));
    rung__featured_settle(&r->config.features, &r->features);
    const rung_bow_data data = {&rows, train->labels, train->first};
    rung_status status = fit_weights(r, &data, rt, err);
    rung__csr_release(&rows);
    return status;
}

static rung_status bow_predict(const rung_model *m, rung_runtime *rt,
                               const rung_examples *data, float *logp, rung_error *err)
{
    const bow *r = bow_of(m);
    rung_csr rows;
    RUNG_TRY(rung__features_apply(&r->features, data->texts, data->count, rt->pool, &rows,
                                  err));
    rung_bow weights = r->weights;
    weights.k = rung_kernels_get(rt->isa);
    rung_status status = rung__bow_predict(&weights, &rows, rt->pool, logp, err);
    rung__csr_release(&rows);
    if (status != RUNG_OK || !is_ova(r) || m->has_several) return status;
    const int64_t L = m->n_labels; // one label a text: probabilities are scaled to sum 1
    for (float *row = logp; row < logp + (int64_t)data->count * L; row += L) {
        const float lse = (float)weights.k->log_sum_exp(L, row);
        for (int64_t l = 0; l < L; l++) row[l] -= lse;
    }
    return RUNG_OK;
}

/* ---- In a folder ---- */

static size_t bow_extra(const rung_model *m, rung_stored *out)
{
    const bow *r = bow_of(m);
    const rung_bow *w = &r->weights;
    const size_t n = rung__featured_extra(&r->features, out);
    out[n] = rung__extra("embedding", RUNG_STORED_F32, w->D, w->dim, w->E);
    out[n + 1] = rung__extra("output", RUNG_STORED_F32, w->dim, w->L, w->U);
    out[n + 2] = rung__extra("bias", RUNG_STORED_F32, w->L, 0, w->b);
    return n + 3;
}

static rung_status load_weights(rung_bow *w, const rung_safetensors *file,
                                rung_error *err)
{
    RUNG_TRY(rung__extra_load(&w->E, file, "embedding", RUNG_STORED_F32, w->D, w->dim,
                              NULL, err));
    RUNG_TRY(rung__extra_load(&w->U, file, "output", RUNG_STORED_F32, w->dim, w->L, NULL,
                              err));
    return rung__extra_load(&w->b, file, "bias", RUNG_STORED_F32, w->L, 0, NULL, err);
}

static rung_status check_finite(const char *name, const float *x, int64_t n,
                                rung_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return rung_fail(err, RUNG_INPUT, "%s %lld is %g: must be finite", name,
                             (long long)i, (double)x[i]);
    }
    return RUNG_OK;
}

static rung_status bow_load(rung_model *m, const rung_safetensors *file, rung_error *err)
{
    bow *r = bow_of(m);
    rung_bow *w = &r->weights;
    if (m->n_labels < 2)
        return rung_fail(err, RUNG_INPUT, "bow has at least two labels, not %lld",
                         (long long)m->n_labels);
    w->dim = r->config.dim, w->L = m->n_labels, w->is_ova = is_ova(r);
    RUNG_TRY(rung__featured_load(&r->features, &r->config.features, file, err));
    w->D = r->features.n_columns;
    RUNG_TRY(load_weights(w, file, err));
    RUNG_TRY(check_finite("embedding", w->E, w->D * w->dim, err));
    RUNG_TRY(check_finite("output", w->U, w->dim * w->L, err));
    return check_finite("bias", w->b, w->L, err);
}

static const rung_labelled_ops bow_labelled = {
    .takes_several = true,
    .is_seeded = true,
    .fit = bow_fit,
    .predict = bow_predict,
};

const rung_class rung__bow = {
    .name = "bow",
    .model_type = "bow",
    .summary = "averaged vectors of words and their pairs, as in fastText",
    .model_bytes = sizeof(bow),
    .options = bow_options,
    .n_options = sizeof bow_options / sizeof *bow_options,
    .options_offset = offsetof(bow, config),
    .declare = bow_declare,
    .labelled = &bow_labelled,
    .extra = bow_extra,
    .load_extra = bow_load,
    .release = bow_release,
};
