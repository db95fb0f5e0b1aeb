/* logreg: logistic regression on the words of a text and their runs.
 *
 *     z = x w + b,   p = softmax(z)     (two labels: one z, p = sigmoid(z))
 *
 * with x the n-grams of text/features.h and w, b as learn/logistic.h finds them;
 * lambda, the weight of the penalty, is the one of a few that predicts the valid examples
 * best. The folder holds the columns that the training texts have, no others: their hash,
 * idf and weights. */
#include "models/rungs.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/runtime.h"
#include "learn/logistic_fit.h"
#include "models/extra.h"
#include "models/featured.h"

/* Candidates for lambda, in steps of about the root of ten. The middle of them comes
 * first: what is best for texts of a sentence to a page, thousands of them, lies near. */
static const double lambdas[] = {10, 3, 1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001};
enum { N_LAMBDAS = sizeof lambdas / sizeof *lambdas, FIRST_LAMBDA = 5 };

/* How far from the optimum the weights may be, as a share: probabilities of held-out
 * texts do not change visibly below it. */
#define TOLERANCE 0.1

typedef struct logreg_config {
    rung_features_config features;
    double lambda;
} logreg_config;

typedef struct logreg {
    rung_model base;
    logreg_config config;
    rung_features features;
    float *weights; /* [D O + O]: w, then b; owned */
} logreg;

static logreg *logreg_of(const rung_model *m)
{
    assert(m->type == &rung__logreg);
    return (logreg *)m;
}

static int64_t outputs_of(const rung_model *m)
{
    return rung__logistic_outputs(&(rung_logistic_data){.n_labels = m->n_labels});
}

#define AT(field) offsetof(logreg_config, field)

static const rung_option logreg_options[] = {
    RUNG__FEATURE_OPTIONS(AT(features)),
    {"lambda", RUNG_OPTION_REAL, AT(lambda), "0", 0, 1e9, NULL,
     "weight of the penalty; 0: the best of a few on valid", NULL},
};

static rung_status logreg_declare(rung_model *m, rung_error *err)
{
    return rung__features_check(&logreg_of(m)->config.features, err);
}

/* What it has learned. */
static void forget(logreg *r)
{
    rung__features_release(&r->features);
    rung__free(r->weights);
    r->weights = NULL;
}

static void logreg_release(rung_model *m)
{
    forget(logreg_of(m));
}

/* ---- Fitting ---- */

/* Train and valid as rows. */
typedef struct row_data {
    rung_csr train, valid;
    rung_logistic_data train_data, valid_data;
} row_data;

static void row_data_release(row_data *x)
{
    rung__csr_release(&x->train);
    rung__csr_release(&x->valid);
}

static rung_status make_rows(row_data *x, logreg *r, rung_runtime *rt,
                             const rung_examples *train, const rung_examples *valid,
                             rung_error *err)
{
    const int64_t K = r->base.n_labels;
    rung_features *f = &r->features;
    RUNG_TRY(rung__features_fit(f, &r->config.features, train->texts, train->count,
                                rt->pool, &x->train, err));
    RUNG_TRY(
        rung__features_apply(f, valid->texts, valid->count, rt->pool, &x->valid, err));
    x->train_data =
        (rung_logistic_data){.rows = &x->train, .n_labels = K, .labels = train->labels};
    x->valid_data =
        (rung_logistic_data){.rows = &x->valid, .n_labels = K, .labels = valid->labels};
    rung__featured_settle(&r->config.features, f);
    rung_log(rt, RUNG_LOG_INFO, "logreg: %lld columns; %.2g %% of n-grams share one",
             (long long)f->n_columns, 100 * rung__features_collisions(f));
    return RUNG_OK;
}

static void tell_choice(const rung_logistic_choice *choice, rung_runtime *rt)
{
    for (size_t i = 0; i < choice->n; i++) {
        const rung_logistic_trial *t = &choice->trials[i];
        if (!t->is_tried) continue;
        rung_log(rt, RUNG_LOG_INFO, "logreg: lambda %g: valid loss %.4f, %d steps%s%s",
                 t->penalty.l2, t->loss, t->fit.iterations,
                 t->fit.converged ? "" : ", not converged",
                 i == choice->best ? ": taken" : "");
    }
}

static rung_status fit_weights(logreg *r, const row_data *x, rung_runtime *rt,
                               rung_error *err)
{
    rung_logistic_trial trials[N_LAMBDAS] = {{.penalty.l2 = r->config.lambda}};
    rung_logistic_choice choice = {
        .tolerance = TOLERANCE, .trials = trials, .n = 1, .valid = &x->valid_data};
    if (r->config.lambda == 0) {
        for (int i = 0; i < N_LAMBDAS; i++) trials[i].penalty.l2 = lambdas[i];
        choice.n = N_LAMBDAS, choice.first = FIRST_LAMBDA;
    }
    rung_logistic *l;
    const size_t size = (size_t)rung__logistic_size(&x->train_data);
    r->weights = rung__alloc_array(size, sizeof *r->weights);
    if (!r->weights) return rung__out_of_memory(err, size * 4, "weights");
    RUNG_TRY(rung__logistic_new(&l, &x->train_data, rt->pool, err));
    rung_status status = rung__logistic_fit(l, &choice, r->weights, err);
    rung__logistic_free(l);
    if (status != RUNG_OK) return status;
    tell_choice(&choice, rt);
    r->config.lambda = trials[choice.best].penalty.l2; // goes into config.json
    return RUNG_OK;
}

static rung_status logreg_fit(rung_model *m, rung_runtime *rt, const rung_examples *train,
                              const rung_examples *valid, rung_error *err)
{
    logreg *r = logreg_of(m);
    row_data x = {0};
    if (m->n_labels < 2 || train->count < 1)
        return rung_fail(err, RUNG_INPUT,
                         "%zu examples of %lld labels: logreg needs two labels",
                         train->count, (long long)m->n_labels);
    forget(r);
    rung_status status = make_rows(&x, r, rt, train, valid, err);
    if (status == RUNG_OK) status = fit_weights(r, &x, rt, err);
    row_data_release(&x);
    return status;
}

/* ---- Predicting ---- */

static rung_status logreg_predict(const rung_model *m, rung_runtime *rt,
                                  const rung_span *texts, size_t n, float *logp,
                                  rung_error *err)
{
    const logreg *r = logreg_of(m);
    const size_t cells = n * (size_t)m->n_labels;
    rung_csr rows;
    RUNG_TRY(rung__features_apply(&r->features, texts, n, rt->pool, &rows, err));
    double *exact = rung__alloc_array(cells, sizeof *exact);
    if (exact) {
        const rung_logistic_data data = {.rows = &rows, .n_labels = m->n_labels};
        rung__logistic_predict(&data, r->weights, rt->pool, exact);
        for (size_t i = 0; i < cells; i++) logp[i] = (float)exact[i];
    }
    rung__csr_release(&rows);
    rung__free(exact);
    return exact ? RUNG_OK : rung__out_of_memory(err, cells * 8, "predictions");
}

/* ---- In a folder ---- */

static size_t logreg_extra(const rung_model *m, rung_stored *out)
{
    const logreg *r = logreg_of(m);
    const int64_t D = r->features.n_columns, O = outputs_of(m);
    const size_t n = rung__featured_extra(&r->features, out);
    out[n] = rung__extra("weight", RUNG_STORED_F32, D, O, r->weights);
    out[n + 1] = rung__extra("bias", RUNG_STORED_F32, O, 0, r->weights + D * O);
    return n + 2;
}

/* Takes weight [D, O] and bias [O] as one array. */
static rung_status take_weights(logreg *r, const float *weight, const float *bias,
                                size_t n, size_t O, rung_error *err)
{
    r->weights = rung__alloc_array(n + O, sizeof *r->weights);
    if (!r->weights) return rung__out_of_memory(err, (n + O) * 4, "weights");
    memcpy(r->weights, weight, n * sizeof *r->weights);
    memcpy(r->weights + n, bias, O * sizeof *r->weights);
    for (size_t i = 0; i < n + O; i++) {
        if (!isfinite(r->weights[i]))
            return rung_fail(err, RUNG_INPUT, "%s %zu is %g: must be finite",
                             i < n ? "weight" : "bias", i < n ? i : i - n,
                             (double)r->weights[i]);
    }
    return RUNG_OK;
}

static rung_status load_weights(logreg *r, const rung_safetensors *file, rung_error *err)
{
    const int64_t D = r->features.n_columns, O = outputs_of(&r->base);
    float *weight = NULL, *bias = NULL;
    rung_status status =
        rung__extra_load(&weight, file, "weight", RUNG_STORED_F32, D, O, NULL, err);
    if (status == RUNG_OK)
        status = rung__extra_load(&bias, file, "bias", RUNG_STORED_F32, O, 0, NULL, err);
    if (status == RUNG_OK)
        status = take_weights(r, weight, bias, (size_t)(D * O), (size_t)O, err);
    rung__free(weight), rung__free(bias);
    return status;
}

static rung_status logreg_load(rung_model *m, const rung_safetensors *file,
                               rung_error *err)
{
    logreg *r = logreg_of(m);
    if (m->n_labels < 2)
        return rung_fail(err, RUNG_INPUT, "logreg has at least two labels, not %lld",
                         (long long)m->n_labels);
    RUNG_TRY(rung__featured_load(&r->features, &r->config.features, file, err));
    return load_weights(r, file, err);
}

static const rung_labelled_ops logreg_labelled = {
    .fit = logreg_fit,
    .predict = logreg_predict,
};

const rung_class rung__logreg = {
    .name = "logreg",
    .model_type = "logreg",
    .summary = "logistic regression on the words of a text and their pairs",
    .model_bytes = sizeof(logreg),
    .options = logreg_options,
    .n_options = sizeof logreg_options / sizeof *logreg_options,
    .options_offset = offsetof(logreg, config),
    .declare = logreg_declare,
    .labelled = &logreg_labelled,
    .extra = logreg_extra,
    .load_extra = logreg_load,
    .release = logreg_release,
};
