/* Logistic regression for rungs: what the options ask for, in order: weights of labels,
 * the model to go on from, the penalty, calibration. */
#include "models/logistic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/runtime.h"
#include "models/extra.h"

/* Candidates for a penalty, in steps of about the root of ten. The middle of them comes
 * first: what is best for texts of a sentence to a page, thousands of them, lies near. */
static const double candidates[] = {10, 3, 1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001};
enum { N_CANDIDATES = sizeof candidates / sizeof *candidates, FIRST_CANDIDATE = 5 };

/* How far from the optimum the weights may be, as a share: probabilities of held-out
 * rows do not change visibly below it. */
#define TOLERANCE 0.1

/* ---- Weights of labels ---- */

/* Reads "LABEL=W,LABEL=W" into w [K], which holds ones. */
static rung_status parse_weights(double *w, const char *text, const rung_labels *labels,
                                 rung_error *err)
{
    for (const char *p = text; *p;) {
        const char *end = strchrnul(p, ','), *equals = memrchr(p, '=', (size_t)(end - p));
        char *stop = NULL;
        const double weight = equals ? strtod(equals + 1, &stop) : 0;
        if (!equals || stop != end || !(weight >= 0 && isfinite(weight)))
            return rung_fail(err, RUNG_USAGE,
                             "--class-weight '%.*s': must be balanced, or "
                             "LABEL=W,LABEL=W with W >= 0",
                             (int)(end - p), p);
        const int32_t id = rung_labels_find(labels, (rung_span){p, (size_t)(equals - p)});
        if (id < 0)
            return rung_fail(err, RUNG_USAGE, "--class-weight: no label '%.*s'",
                             (int)(equals - p), p);
        w[id] = weight;
        p = *end ? end + 1 : end;
    }
    return RUNG_OK;
}

/* Weights of the labels, double [K] (rung__free). */
static rung_status label_weights(double **out, const rung__logistic_config *config,
                                 const rung_labels *labels,
                                 const rung_logistic_data *train, rung_error *err)
{
    const size_t K = (size_t)rung_labels_count(labels);
    const char *text = config->class_weight;
    double *w = rung__alloc_array(K, sizeof *w);
    rung_status status = RUNG_OK;
    if (!w) return rung__out_of_memory(err, K * 8, "weights of labels");
    for (size_t k = 0; k < K; k++) w[k] = 1;
    if (text && strcmp(text, "balanced") != 0)
        status = parse_weights(w, text, labels, err);
    else if (text && train)
        rung__balanced_weights(w, train);
    if (status == RUNG_OK)
        *out = w;
    else
        rung__free(w);
    return status;
}

rung_status rung__logistic_check(const rung__logistic_config *config,
                                 const rung_labels *labels, rung_error *err)
{
    double *w;
    if (config->folds == 1)
        return rung_fail(err, RUNG_USAGE, "--folds 1: must be 0, or at least 2");
    if (config->calibrate == RUNG_CALIBRATION_PLATT && rung_labels_count(labels) != 2)
        return rung_fail(err, RUNG_USAGE,
                         "--calibrate platt with %lld labels: it is for two; "
                         "temperature is for any number",
                         (long long)rung_labels_count(labels));
    RUNG_TRY(label_weights(&w, config, labels, NULL, err));
    rung__free(w);
    return RUNG_OK;
}

/* ---- Learning ---- */

/* One part of the data with what the options add. */
typedef struct part {
    rung_logistic_data data;
    double *weights; /* [N] or NULL, owned */
    double *offsets; /* [N, O] or NULL, owned */
} part;

static void part_release(part *p)
{
    rung__free(p->weights), rung__free(p->offsets);
}

/* `data` with the labels' weights, and with the scores of `from` as offsets. */
static rung_status part_init(part *p, const rung_logistic_data *data,
                             const double *of_labels, const float *from, rung_pool *pool,
                             rung_error *err)
{
    const size_t N = (size_t)data->rows->n_rows;
    const size_t cells = N * (size_t)rung__logistic_outputs(data);
    *p = (part){.data = *data};
    if (of_labels) {
        p->weights = rung__alloc_array(N, sizeof *p->weights);
        if (!p->weights) return rung__out_of_memory(err, N * 8, "weights of rows");
        for (size_t i = 0; i < N; i++)
            p->weights[i] = data->weights ? data->weights[i] : 1;
        rung__weigh_labels(p->weights, data, of_labels);
        p->data.weights = p->weights;
    }
    if (from) {
        p->offsets = rung__alloc_array(cells, sizeof *p->offsets);
        if (!p->offsets) return rung__out_of_memory(err, cells * 8, "scores");
        rung__logistic_scores(data, from, pool, p->offsets);
        p->data.offsets = p->offsets;
    }
    return RUNG_OK;
}

static void tell_choice(const rung_logistic_choice *choice, rung_runtime *rt)
{
    for (size_t i = 0; i < choice->n; i++) {
        const rung_logistic_trial *t = &choice->trials[i];
        if (!t->is_tried) continue;
        rung_log(rt, RUNG_LOG_INFO,
                 "l1 %g, l2 %g: loss of held-out rows %.4f, %d steps%s%s", t->penalty.l1,
                 t->penalty.l2, t->loss, t->fit.iterations,
                 t->fit.converged ? "" : ", not converged",
                 i == choice->best ? ": taken" : "");
    }
}

/* The candidates of the one penalty that is to be chosen, or the one that is given. */
static void list_trials(rung_logistic_trial trials[N_CANDIDATES],
                        rung_logistic_choice *choice, const rung__logistic_config *config)
{
    const bool is_l1 = isnan(config->l1), is_l2 = config->l1 == 0 && isnan(config->l2);
    *choice = (rung_logistic_choice){.method = {.solver = (rung_solver)config->solver,
                                                .tolerance = TOLERANCE,
                                                .passes = config->passes},
                                     .trials = trials,
                                     .n = is_l1 || is_l2 ? N_CANDIDATES : 1,
                                     .first = is_l1 || is_l2 ? FIRST_CANDIDATE : 0,
                                     .n_folds = config->folds};
    for (size_t i = 0; i < choice->n; i++) {
        rung_penalty *p = &trials[i].penalty;
        p->has_no_bias = !config->bias;
        p->l1 = is_l1 ? candidates[i] : config->l1;
        p->l2 = is_l2 ? candidates[i] : isnan(config->l2) ? 0 : config->l2;
    }
}

static rung_status fit(float *weights, rung__logistic_config *config, const part *train,
                       const part *valid, uint64_t seed, rung_runtime *rt,
                       rung_error *err)
{
    rung_logistic *l;
    rung_logistic_choice choice;
    rung_logistic_trial trials[N_CANDIDATES] = {0};
    list_trials(trials, &choice, config);
    choice.valid = &valid->data;
    choice.method.seed = seed;
    RUNG_TRY(rung__logistic_new(&l, &train->data, rt->pool, err));
    const rung_status status = rung__logistic_fit(l, &choice, weights, err);
    rung__logistic_free(l);
    if (status != RUNG_OK) return status;
    tell_choice(&choice, rt);
    config->l1 = trials[choice.best].penalty.l1;
    config->l2 = trials[choice.best].penalty.l2;
    return RUNG_OK;
}

/* Scale and shift become a part of the weights. */
static rung_status calibrate(float *weights, const rung__logistic_config *config,
                             const rung_logistic_data *valid, rung_runtime *rt,
                             rung_error *err)
{
    const int64_t size = rung__logistic_size(valid), O = rung__logistic_outputs(valid);
    const size_t cells = (size_t)(valid->rows->n_rows * O);
    double scale, shift;
    if (config->calibrate == RUNG_CALIBRATION_NONE) return RUNG_OK;
    double *z = rung__alloc_array(cells, sizeof *z);
    if (!z) return rung__out_of_memory(err, cells * 8, "scores");
    rung__logistic_scores(valid, weights, rt->pool, z);
    const rung_status status = rung__calibrate(
        &scale, &shift, (rung_calibration)config->calibrate, valid, z, rt->pool, err);
    rung__free(z);
    if (status != RUNG_OK) return status;
    rung_log(rt, RUNG_LOG_INFO, "calibrated: scores times %.4f plus %.4f", scale, shift);
    for (int64_t i = 0; i < size; i++)
        weights[i] = (float)(scale * (double)weights[i] + (i < size - O ? 0 : shift));
    return RUNG_OK;
}

static rung_status learn(float *weights, rung__logistic_config *config, const part *train,
                         const part *valid, const float *from, uint64_t seed,
                         rung_runtime *rt, rung_error *err)
{
    RUNG_TRY(fit(weights, config, train, valid, seed, rt, err));
    for (int64_t i = 0; from && i < rung__logistic_size(&train->data); i++)
        weights[i] += from[i];
    rung_logistic_data judge = valid->data;
    judge.offsets = NULL; // `from` is among the weights now
    return calibrate(weights, config, &judge, rt, err);
}

rung_status rung__logistic_learn(float **weights, rung__logistic_config *config,
                                 const rung_labels *labels, rung_logistic_data train,
                                 rung_logistic_data valid, const float *from,
                                 uint64_t seed, rung_runtime *rt, rung_error *err)
{
    const size_t size = (size_t)rung__logistic_size(&train);
    double *of_labels = NULL;
    part a = {0}, b = {0};
    if (train.kind != RUNG_LOGISTIC_SEVERAL)
        train.kind = valid.kind = (rung_logistic_kind)config->classes;
    float *w = rung__alloc_array(size, sizeof *w);
    if (!w) return rung__out_of_memory(err, size * 4, "weights");
    rung_status status = RUNG_OK;
    if (config->class_weight)
        status = label_weights(&of_labels, config, labels, &train, err);
    if (status == RUNG_OK) status = part_init(&a, &train, of_labels, from, rt->pool, err);
    if (status == RUNG_OK) status = part_init(&b, &valid, of_labels, from, rt->pool, err);
    if (status == RUNG_OK) status = learn(w, config, &a, &b, from, seed, rt, err);
    part_release(&a), part_release(&b);
    rung__free(of_labels);
    if (status == RUNG_OK)
        *weights = w;
    else
        rung__free(w);
    return status;
}

/* ---- In a folder ---- */

size_t rung__logistic_extra(rung_stored *out, const float *weights, int64_t D, int64_t O)
{
    out[0] = rung__extra("weight", RUNG_STORED_F32, D, O, weights);
    out[1] = rung__extra("bias", RUNG_STORED_F32, O, 0, weights + D * O);
    return 2;
}

/* Weight [D, O] and bias [O] as one array; n = D O. */
static rung_status join(float **out, const float *weight, const float *bias, size_t n,
                        size_t O, rung_error *err)
{
    float *w = rung__alloc_array(n + O, sizeof *w);
    if (!w) return rung__out_of_memory(err, (n + O) * 4, "weights");
    memcpy(w, weight, n * sizeof *w);
    memcpy(w + n, bias, O * sizeof *w);
    for (size_t i = 0; i < n + O; i++) {
        if (isfinite(w[i])) continue;
        rung_fail(err, RUNG_INPUT, "%s %zu is %g: must be finite",
                  i < n ? "weight" : "bias", i < n ? i : i - n, (double)w[i]);
        rung__free(w);
        return RUNG_INPUT;
    }
    *out = w;
    return RUNG_OK;
}

rung_status rung__logistic_load(float **weights, const rung_safetensors *file, int64_t D,
                                int64_t O, rung_error *err)
{
    float *weight = NULL, *bias = NULL;
    rung_status status =
        rung__extra_load(&weight, file, "weight", RUNG_STORED_F32, D, O, NULL, err);
    if (status == RUNG_OK)
        status = rung__extra_load(&bias, file, "bias", RUNG_STORED_F32, O, 0, NULL, err);
    if (status == RUNG_OK)
        status = join(weights, weight, bias, (size_t)(D * O), (size_t)O, err);
    rung__free(weight), rung__free(bias);
    return status;
}
