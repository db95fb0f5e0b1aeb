/* logreg: logistic regression on the words of a text and their runs, or on the columns of
 * a table.
 *
 *     z = x w + b,   p = softmax(z)     (two labels: one z, p = sigmoid(z))
 *
 * or, where a text has any number of labels, p = sigmoid(z) for each of them,
 * with x the n-grams of text/features.h, then the numbers of text/numbers.h if there are
 * some, and w, b as models/logistic.h finds them;
 * the weight of the penalty is the one of a few that predicts the valid examples best.
 * The folder holds the columns that the training texts have, no others: their hash, idf
 * and weights. */
#include "models/rungs.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/runtime.h"
#include "models/extra.h"
#include "models/linear.h"
#include "models/logistic.h"
#include "models/table_rows.h"
#include "rung/tabular.h"
#include "text/numbers.h"

typedef struct logreg_config {
    rung_features_config features;
    rung__logistic_config logistic;
    const char *from;    /* a model's folder, or NULL; owned */
    const char *numbers; /* columns beside the texts: "price,stars", or NULL; owned */
} logreg_config;

typedef struct logreg {
    rung_model base;
    logreg_config config;
    rung_features features;
    rung_numbers numbers;
    float *weights; /* [D O + O]: w, then b; owned */
} logreg;

/* The columns of a text's features and numbers, or of a table. */
static int64_t columns_of(const logreg *r)
{
    return r->base.kind == RUNG_TABLE ? rung_schema_features(r->base.schema)
                                      : r->features.n_columns + (int64_t)r->numbers.n;
}

static logreg *logreg_of(const rung_model *m)
{
    assert(m->type == &rung__logreg);
    return (logreg *)m;
}

/* What the model says of any data: its kind and how many labels. */
static rung_logistic_data data_of(const logreg *r)
{
    const int classes = r->config.logistic.classes;
    return (rung_logistic_data){.kind = r->base.has_several ? RUNG_LOGISTIC_SEVERAL
                                                            : (rung_logistic_kind)classes,
                                .n_labels = r->base.n_labels};
}

static int64_t outputs_of(const logreg *r)
{
    const rung_logistic_data data = data_of(r);
    return rung__logistic_outputs(&data);
}

#define AT(field) offsetof(logreg_config, field)

static const rung_option logreg_options[] = {
    RUNG__FEATURE_OPTIONS(AT(features)),
    RUNG__LOGISTIC_OPTIONS(AT(logistic)),
    {"from", RUNG_OPTION_TEXT, AT(from), NULL, 0, 0, NULL,
     "folder of a logreg to go on from: its features, and its weights instead of 0 as "
     "what the penalty draws to",
     NULL},
    {"number-columns", RUNG_OPTION_TEXT, AT(numbers), NULL, 0, 0, NULL,
     "columns of numbers beside the text, by names or numbers from 1: price,stars", NULL},
};

static rung_status logreg_declare(rung_model *m, rung_error *err)
{
    const logreg_config *config = &logreg_of(m)->config;
    const rung__logistic_config *c = &config->logistic;
    RUNG_TRY(rung__features_check(&config->features, err));
    if (m->has_several && (c->class_weight || c->calibrate))
        return rung_fail(err, RUNG_USAGE,
                         "--class-weight and --calibrate are for texts of one label "
                         "each, these have several");
    if (config->from && m->kind == RUNG_TABLE)
        return rung_fail(err, RUNG_USAGE, "--from is for texts, not for tables");
    if (config->numbers && m->kind == RUNG_TABLE)
        return rung_fail(err, RUNG_USAGE,
                         "--number-columns is for texts: of a table all columns are "
                         "taken but those that --drop names");
    return rung__logistic_check(c, m->labels, err);
}

/* What it has learned. */
static void forget(logreg *r)
{
    rung__features_release(&r->features);
    rung__numbers_release(&r->numbers);
    rung__free(r->weights);
    r->weights = NULL;
}

static void logreg_release(rung_model *m)
{
    forget(logreg_of(m));
}

/* ---- Fitting ---- */

static rung_status check_from(const logreg *r, const logreg *old, rung_error *err)
{
    const rung_labels *a = r->base.labels, *b = old->base.labels;
    const char *numbers[] = {r->config.numbers, old->config.numbers};
    for (int i = 0; i < 2; i++) numbers[i] = numbers[i] ? numbers[i] : "";
    if (strcmp(numbers[0], numbers[1]) != 0)
        return rung_fail(err, RUNG_USAGE,
                         "--from %s: has --number-columns '%s', not '%s'", r->config.from,
                         numbers[1], numbers[0]);
    if (old->base.has_several != r->base.has_several ||
        old->config.logistic.classes != r->config.logistic.classes)
        return rung_fail(err, RUNG_USAGE, "--from %s: has other --classes",
                         r->config.from);
    if (rung_labels_count(a) != rung_labels_count(b))
        return rung_fail(err, RUNG_INPUT, "--from %s: has %lld labels, the data %lld",
                         r->config.from, (long long)rung_labels_count(b),
                         (long long)rung_labels_count(a));
    for (int64_t k = 0; k < rung_labels_count(a); k++) {
        const char *name = rung_labels_name(a, k);
        if (rung_labels_find(b, (rung_span){name, strlen(name)}) < 0)
            return rung_fail(err, RUNG_INPUT, "--from %s: has no label '%s'",
                             r->config.from, name);
    }
    return RUNG_OK;
}

/* The old model's weights for the new one's order of labels. */
static void order_weights(float *to, const logreg *r, const logreg *old)
{
    const int64_t O = outputs_of(r), rows = columns_of(old) + 1;
    for (int64_t o = 0; o < O; o++) {
        // The one output of two labels is for the second.
        const char *name = rung_labels_name(r->base.labels, O == 1 ? 1 : o);
        const int32_t k =
            rung_labels_find(old->base.labels, (rung_span){name, strlen(name)});
        for (int64_t j = 0; j < rows; j++)
            to[j * O + o] = O > 1    ? old->weights[j * O + k]
                            : k == 1 ? old->weights[j]
                                     : -old->weights[j];
    }
}

/* Takes the features of the model to go on from, and a copy of its weights. */
static rung_status take_from(float **weights, logreg *r, rung_error *err)
{
    rung_model *m;
    RUNG_TRY(rung_model_load(&m, r->config.from, err));
    rung_status status = RUNG_OK;
    if (m->type != &rung__logreg)
        status = rung_fail(err, RUNG_USAGE, "--from %s: is a %s, not a logreg",
                           r->config.from, m->type->name);
    else if (m->kind != RUNG_LABELLED)
        status = rung_fail(err, RUNG_USAGE, "--from %s: was trained on a table",
                           r->config.from);
    if (status == RUNG_OK) status = check_from(r, logreg_of(m), err);
    if (status == RUNG_OK) {
        logreg *old = logreg_of(m);
        const size_t n = (size_t)((columns_of(old) + 1) * outputs_of(r));
        *weights = rung__alloc_array(n, sizeof **weights);
        if (*weights) {
            order_weights(*weights, r, old);
            const logreg_config config = r->config; // the texts of both stay owned
            r->config.features = old->config.features;
            old->config.features = config.features;
            r->features = old->features;
            old->features = (rung_features){0};
            r->numbers = old->numbers;
            old->numbers = (rung_numbers){0};
        } else {
            status = rung__out_of_memory(err, n * 4, "weights");
        }
    }
    rung_model_free(m);
    return status;
}

/* Train and valid as rows. */
typedef struct row_data {
    rung_csr train, valid;
    float *from; /* weights to go on from, or NULL */
} row_data;

static void row_data_release(row_data *x)
{
    rung__csr_release(&x->train);
    rung__csr_release(&x->valid);
    rung__free(x->from);
}

static rung_status check_numbers(const logreg *r, const rung_examples *data,
                                 rung_error *err)
{
    const char *names = r->config.numbers;
    const size_t n = rung__numbers_count(names);
    if (data->count == 0 || data->n_numbers == n) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT,
                     "%zu numbers beside each text, but the model takes %zu%s%s",
                     data->n_numbers, n, n ? ": " : "", n ? names : "");
}

static rung_status append_numbers(rung_csr *rows, const logreg *r,
                                  const rung_examples *data, rung_error *err)
{
    RUNG_TRY(check_numbers(r, data, err));
    return rung__numbers_append(rows, &r->numbers, data->numbers, err);
}

/* The scales of the training texts' numbers; tells which columns say nothing. */
static rung_status fit_numbers(logreg *r, rung_runtime *rt, const rung_examples *train,
                               rung_error *err)
{
    const char *names = r->config.numbers;
    RUNG_TRY(check_numbers(r, train, err));
    if (train->n_numbers == 0) return RUNG_OK;
    RUNG_TRY(rung__numbers_fit(&r->numbers, train->numbers, train->count,
                               train->n_numbers, err));
    for (size_t j = 0; j < r->numbers.n; j++) {
        rung_span name = {0};
        rung__numbers_name(&name, &names);
        if (r->numbers.scales[j].deviation == 0)
            rung_log(rt, RUNG_LOG_WARN,
                     "logreg: column '%.*s' is %g in all training texts: it says nothing",
                     (int)name.size, name.bytes, r->numbers.scales[j].mean);
    }
    return RUNG_OK;
}

static rung_status make_rows(row_data *x, logreg *r, rung_runtime *rt,
                             const rung_examples *train, const rung_examples *valid,
                             rung_error *err)
{
    rung_features *f = &r->features;
    if (r->config.from) {
        RUNG_TRY(take_from(&x->from, r, err));
        RUNG_TRY(rung__features_apply(f, train->texts, train->count, rt->pool, &x->train,
                                      err));
    } else {
        RUNG_TRY(rung__features_fit(f, &r->config.features, train->texts, train->count,
                                    rt->pool, &x->train, err));
        rung__featured_settle(&r->config.features, f);
        RUNG_TRY(fit_numbers(r, rt, train, err));
        rung_log(rt, RUNG_LOG_INFO, "logreg: %lld columns; %.2g %% of n-grams share one",
                 (long long)f->n_columns, 100 * rung__features_collisions(f));
    }
    RUNG_TRY(append_numbers(&x->train, r, train, err));
    RUNG_TRY(
        rung__features_apply(f, valid->texts, valid->count, rt->pool, &x->valid, err));
    return append_numbers(&x->valid, r, valid, err);
}

static rung_status fit_weights(logreg *r, const row_data *x, rung_runtime *rt,
                               const rung_examples *train, const rung_examples *valid,
                               rung_error *err)
{
    rung_logistic_data a = data_of(r), b = a;
    a.rows = &x->train, a.labels = train->labels, a.first = train->first;
    b.rows = &x->valid, b.labels = valid->labels, b.first = valid->first;
    return rung__logistic_learn(&r->weights, &r->config.logistic, r->base.labels, a, b,
                                x->from, r->base.seed, rt, err);
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
    if (status == RUNG_OK) status = fit_weights(r, &x, rt, train, valid, err);
    row_data_release(&x);
    return status;
}

/* ---- Tables ---- */

static rung_status learn_rows(logreg *r, const rung_rows *train, const rung_rows *valid,
                              rung_runtime *rt, rung_error *err)
{
    rung_csr x = {0}, v = {0};
    rung_logistic_data a = data_of(r), b = a;
    a.rows = &x, a.labels = train->labels, a.weights = train->weights;
    b.rows = &v, b.labels = valid->labels, b.weights = valid->weights;
    rung_status status = rung__csr_of_rows(&x, train, columns_of(r), err);
    if (status == RUNG_OK && valid->n > 0)
        status = rung__csr_of_rows(&v, valid, columns_of(r), err);
    v.n_columns = x.n_columns;
    if (status == RUNG_OK)
        status = rung__logistic_learn(&r->weights, &r->config.logistic, r->base.labels, a,
                                      b, NULL, r->base.seed, rt, err);
    rung__csr_release(&x), rung__csr_release(&v);
    return status;
}

/* Tables with labels give all rows at once. */
static rung_status logreg_fit_table(rung_model *m, rung_runtime *rt, rung_table *train,
                                    rung_table *valid, rung_error *err)
{
    rung_rows rows, held_out = {0};
    forget(logreg_of(m));
    RUNG_TRY(rung_table_next(train, INT64_MAX, &rows, err));
    if (valid) RUNG_TRY(rung_table_next(valid, INT64_MAX, &held_out, err));
    if (m->n_labels < 2 || rows.n < 1)
        return rung_fail(err, RUNG_INPUT,
                         "%lld rows of %lld labels: logreg needs two labels",
                         (long long)rows.n, (long long)m->n_labels);
    return learn_rows(logreg_of(m), &rows, &held_out, rt, err);
}

static rung_status logreg_predict_rows(const rung_model *m, rung_runtime *rt,
                                       const rung_rows *rows, double *logp,
                                       rung_error *err)
{
    const logreg *r = logreg_of(m);
    rung_csr x;
    rung_logistic_data data = data_of(r);
    RUNG_TRY(rung__csr_of_rows(&x, rows, columns_of(r), err));
    data.rows = &x;
    rung__logistic_predict(&data, r->weights, rt->pool, logp);
    rung__csr_release(&x);
    return RUNG_OK;
}

/* ---- Predicting ---- */

typedef struct predicting {
    const logreg *r;
    rung_pool *pool;
    const double *numbers; /* [texts, numbers] */
    double *exact;         /* [threads, RUNG_FEATURES_VISIT, K] */
    float *logp;           /* [texts, K] */
} predicting;

static bool predict_some(void *ctx, size_t first, const rung_csr *rows, int worker)
{
    const predicting *p = ctx;
    const rung_numbers *numbers = &p->r->numbers;
    const size_t K = (size_t)p->r->base.n_labels;
    double *exact = p->exact + (size_t)worker * RUNG_FEATURES_VISIT * K;
    rung_logistic_data data = data_of(p->r);
    rung_csr all = {0};
    if (numbers->n > 0 &&
        rung__numbers_join(&all, rows, numbers, p->numbers + first * numbers->n, NULL))
        return false;
    data.rows = numbers->n > 0 ? &all : rows;
    rung__logistic_predict(&data, p->r->weights, p->pool, exact);
    for (size_t k = 0; k < (size_t)rows->n_rows * K; k++)
        p->logp[first * K + k] = (float)exact[k];
    rung__csr_release(&all);
    return true;
}

static rung_status logreg_predict(const rung_model *m, rung_runtime *rt,
                                  const rung_examples *data, float *logp, rung_error *err)
{
    const logreg *r = logreg_of(m);
    const size_t cells =
        (size_t)rung_pool_threads(rt->pool) * RUNG_FEATURES_VISIT * (size_t)m->n_labels;
    predicting p = {.r = r, .pool = rt->pool, .numbers = data->numbers, .logp = logp};
    RUNG_TRY(check_numbers(r, data, err));
    p.exact = rung__alloc_array(cells, sizeof *p.exact);
    if (!p.exact) return rung__out_of_memory(err, cells * 8, "predictions");
    const rung_status status = rung__features_visit(
        &r->features, data->texts, data->count, rt->pool, predict_some, &p, err);
    rung__free(p.exact);
    return status;
}

/* ---- In a folder ---- */

static size_t logreg_extra(const rung_model *m, rung_stored *out)
{
    const logreg *r = logreg_of(m);
    size_t n = m->kind == RUNG_TABLE ? 0 : rung__featured_extra(&r->features, out);
    if (r->numbers.n)
        out[n++] = rung__extra("numbers", RUNG_STORED_F64, (int64_t)r->numbers.n, 2,
                               r->numbers.scales);
    return n + rung__logistic_extra(out + n, r->weights, columns_of(r), outputs_of(r));
}

static rung_status load_numbers(logreg *r, const rung_safetensors *file, rung_error *err)
{
    rung_numbers *numbers = &r->numbers;
    const size_t n = rung__numbers_count(r->config.numbers);
    if (n == 0) return RUNG_OK;
    RUNG_TRY(rung__extra_load(&numbers->scales, file, "numbers", RUNG_STORED_F64,
                              (int64_t)n, 2, NULL, err));
    numbers->n = n;
    for (size_t j = 0; j < n; j++) {
        const rung_number_scale s = numbers->scales[j];
        if (!isfinite(s.mean) || !isfinite(s.deviation) || s.deviation < 0)
            return rung_fail(err, RUNG_INPUT,
                             "number %zu has the mean %g and the deviation %g: must be "
                             "finite, the deviation not negative",
                             j, s.mean, s.deviation);
    }
    return RUNG_OK;
}

static rung_status logreg_load(rung_model *m, const rung_safetensors *file,
                               rung_error *err)
{
    logreg *r = logreg_of(m);
    if (m->n_labels < 2)
        return rung_fail(err, RUNG_INPUT, "logreg has at least two labels, not %lld",
                         (long long)m->n_labels);
    if (m->kind != RUNG_TABLE)
        RUNG_TRY(rung__featured_load(&r->features, &r->config.features, file, err));
    RUNG_TRY(load_numbers(r, file, err));
    return rung__logistic_load(&r->weights, file, columns_of(r), outputs_of(r), err);
}

/* ---- Its weights, to be read and replaced ---- */

static const rung_features *logreg_features(const rung_model *m)
{
    return &logreg_of(m)->features;
}

static const float *logreg_weights(const rung_model *m)
{
    return logreg_of(m)->weights;
}

static int64_t logreg_outputs(const rung_model *m)
{
    return outputs_of(logreg_of(m));
}

static const rung_numbers *logreg_numbers(const rung_model *m)
{
    return &logreg_of(m)->numbers;
}

static const rung_features_config *logreg_features_config(const rung_model *m)
{
    return &logreg_of(m)->config.features;
}

static void logreg_take(rung_model *m, rung_features *features, float *weights)
{
    logreg *r = logreg_of(m);
    rung__features_release(&r->features);
    rung__free(r->weights);
    r->features = *features;
    r->weights = weights;
}

static const rung_linear_ops logreg_linear = {
    .features = logreg_features,
    .weights = logreg_weights,
    .outputs = logreg_outputs,
    .numbers = logreg_numbers,
    .config = logreg_features_config,
    .take = logreg_take,
};

static const rung_table_ops logreg_table = {
    .has_labels = true,
    .fit = logreg_fit_table,
    .predict = logreg_predict_rows,
};

static const rung_labelled_ops logreg_labelled = {
    .takes_several = true,
    .fit = logreg_fit,
    .predict = logreg_predict,
};

const rung_class rung__logreg = {
    .name = "logreg",
    .model_type = "logreg",
    .summary = "logistic regression on the words of a text, or the columns of a table",
    .model_bytes = sizeof(logreg),
    .options = logreg_options,
    .n_options = sizeof logreg_options / sizeof *logreg_options,
    .options_offset = offsetof(logreg, config),
    .declare = logreg_declare,
    .labelled = &logreg_labelled,
    .table = &logreg_table,
    .linear = &logreg_linear,
    .extra = logreg_extra,
    .load_extra = logreg_load,
    .release = logreg_release,
};
