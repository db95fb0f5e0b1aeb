/* Fitting logistic regression, and choosing its penalty on held-out rows. */
#include "learn/logistic_fit.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"

#define MAX_ITERATIONS 2000
#define MAX_HESSIAN 256 /* variables of a part up to which its Hessian is made */

/* ---- One penalty ---- */

static rung_minimise_fn *method(rung_solver solver, const rung_objective *f)
{
    const bool is_small = f->n / f->n_parts <= MAX_HESSIAN;
    switch (solver) {
    case RUNG_SOLVER_AUTO:
        return is_small ? rung__newton : rung__lbfgs;
    case RUNG_SOLVER_NEWTON:
        return is_small ? rung__newton : f->l1 > 0 ? rung__lbfgs : rung__trust_region;
    case RUNG_SOLVER_LBFGS:
    case RUNG_SOLVER_SGD:
    case RUNG_SOLVER_COUNT:
        break;
    }
    return rung__lbfgs;
}

rung_status rung__logistic_solve(rung_logistic *l, const rung_logistic_method *how,
                                 const rung_penalty *penalty, double *w,
                                 rung_minimise_result *result, rung_error *err)
{
    if (how->solver == RUNG_SOLVER_SGD)
        return rung__logistic_sgd(w, result, rung__logistic_data(l),
                                  rung__logistic_weights(l), penalty, how, err);
    const rung_objective f = rung__logistic_objective(l, penalty);
    const rung_minimise_config config = {how->tolerance, penalty->l2, MAX_ITERATIONS};
    return method(how->solver, &f)(w, result, &f, &config, rung__logistic_pool(l), err);
}

/* ---- Several ---- */

/* What a choice works with. A view is a way to part rows into those to learn from and
 * those to judge by: one for each fold, or the one of train and valid. */
typedef struct chooser {
    rung_logistic *l;
    rung_logistic_choice *choice;
    const rung_logistic_data *train, *held_out; /* the same, with folds */
    size_t size;                                /* of the weights */
    int64_t n_views;
    bool has_held_out;
    int32_t *folds;      /* [N]: of each row; owned */
    double *row_weights; /* [2, N]: of the view, to learn and to judge; owned */
    double *tried;       /* [n_views, size]: of the last trial, owned */
    double *best;        /* [n_views, size], owned */
    double *logp;        /* [rows held out, K], owned */
    float *out;          /* [size] */
} chooser;

/* Deals the rows out, label by label, in a random order. */
static rung_status deal_folds(chooser *c, rung_error *err)
{
    const rung_logistic_data *data = c->train;
    const int64_t N = data->rows->n_rows;
    const uint64_t key = rung_rng_key(c->choice->method.seed, "folds", 0);
    int64_t *counts = rung__alloc_array((size_t)data->n_labels, sizeof *counts);
    if (!counts) return rung__out_of_memory(err, (size_t)data->n_labels * 8, "folds");
    for (int64_t n = 0; n < N; n++) {
        const int64_t i = (int64_t)rung_permute(key, (uint64_t)N, (uint64_t)n);
        const int32_t label = data->kind == RUNG_LOGISTIC_SEVERAL ? 0 : data->labels[i];
        c->folds[i] = (int32_t)(counts[label]++ % c->n_views);
    }
    rung__free(counts);
    return RUNG_OK;
}

/* The rows' weights in a view: those of its fold become 0, or all others. */
static const double *weigh(const chooser *c, int64_t view, bool is_held_out)
{
    if (c->held_out != c->train) return is_held_out ? c->held_out->weights : NULL;
    const int64_t N = c->train->rows->n_rows;
    double *weights = c->row_weights + (is_held_out ? N : 0);
    for (int64_t i = 0; i < N; i++) {
        const double s = c->train->weights ? c->train->weights[i] : 1;
        weights[i] = (c->folds[i] == view) == is_held_out ? s : 0;
    }
    return weights;
}

static void round_weights(const chooser *c, const double *w)
{
    for (size_t i = 0; i < c->size; i++) c->out[i] = (float)w[i];
}

static double held_out_loss(const chooser *c, int64_t view, const double *w)
{
    round_weights(c, w);
    rung__logistic_predict(c->held_out, c->out, rung__logistic_pool(c->l), c->logp);
    return rung__logistic_mean_loss(c->held_out, c->logp, weigh(c, view, true));
}

typedef struct judge {
    const chooser *c;
    int64_t view;
} judge;

static double judge_weights(void *self, const double *w)
{
    const judge *j = self;
    return held_out_loss(j->c, j->view, w);
}

/* view < 0: on all rows, with those of valid held out, if any. */
static rung_status solve(const chooser *c, rung_logistic_trial *trial, int64_t view,
                         double *w, rung_error *err)
{
    judge j = {c, view < 0 ? 0 : view};
    rung_logistic_method how = c->choice->method;
    if (c->has_held_out && (view >= 0 || c->n_views == 1))
        how.judge = judge_weights, how.judge_self = &j;
    rung__logistic_reweigh(c->l, view < 0 ? NULL : weigh(c, view, false));
    return rung__logistic_solve(c->l, &how, &trial->penalty, w, &trial->fit, err);
}

/* Fits one trial from the best weights so far, and takes its own if they are better. */
static rung_status try_penalty(const chooser *c, size_t i, rung_error *err)
{
    rung_logistic_trial *trial = &c->choice->trials[i];
    const size_t bytes = (size_t)c->n_views * c->size * sizeof *c->best;
    trial->is_tried = true;
    trial->loss = c->has_held_out ? 0 : NAN;
    memcpy(c->tried, c->best, bytes);
    for (int64_t v = 0; v < c->n_views; v++) {
        double *w = c->tried + v * c->size;
        RUNG_TRY(solve(c, trial, v, w, err));
        if (c->has_held_out) trial->loss += held_out_loss(c, v, w) / (double)c->n_views;
    }
    if (i != c->choice->first && !(trial->loss < c->choice->trials[c->choice->best].loss))
        return RUNG_OK;
    memcpy(c->best, c->tried, bytes);
    c->choice->best = i;
    return RUNG_OK;
}

static rung_status choose(const chooser *c, rung_error *err)
{
    rung_logistic_choice *choice = c->choice;
    size_t i = choice->best = choice->first;
    RUNG_TRY(try_penalty(c, i, err));
    if (!c->has_held_out) return RUNG_OK;
    while (choice->best == i && ++i < choice->n) RUNG_TRY(try_penalty(c, i, err));
    if (choice->best != choice->first) return RUNG_OK;
    i = choice->first;
    while (choice->best == i && i-- > 0) RUNG_TRY(try_penalty(c, i, err));
    return RUNG_OK;
}

/* The weights of the best trial, on all rows: as if it were the only one. */
static rung_status conclude(const chooser *c, rung_error *err)
{
    const rung_logistic_choice *choice = c->choice;
    const bool is_alone = choice->best == choice->first || // sgd begins at 0 anyway
                          choice->method.solver == RUNG_SOLVER_SGD;
    if (!is_alone || c->n_views > 1) {
        memset(c->best, 0, c->size * sizeof *c->best);
        RUNG_TRY(solve(c, &choice->trials[choice->best], -1, c->best, err));
    }
    round_weights(c, c->best);
    return RUNG_OK;
}

static rung_status allocate(chooser *c, rung_error *err)
{
    const size_t N = (size_t)c->train->rows->n_rows, K = (size_t)c->train->n_labels;
    const size_t n = c->size * (size_t)c->n_views;
    c->folds = rung__alloc_array(c->n_views > 1 ? N : 0, sizeof *c->folds);
    c->row_weights =
        rung__alloc_array(c->n_views > 1 ? 2 * N : 0, sizeof *c->row_weights);
    c->tried = rung__alloc_array(n, sizeof *c->tried);
    c->best = rung__alloc_array(n, sizeof *c->best);
    c->logp = rung__alloc_array((size_t)c->held_out->rows->n_rows * K, sizeof *c->logp);
    if (!c->folds || !c->row_weights || !c->tried || !c->best || !c->logp)
        return rung__out_of_memory(err, n * 16, "a choice of penalties");
    return c->n_views > 1 ? deal_folds(c, err) : RUNG_OK;
}

rung_status rung__logistic_fit(rung_logistic *l, rung_logistic_choice *choice, float *w,
                               rung_error *err)
{
    assert(choice->first < choice->n);
    const bool has_folds = choice->n_folds >= 2 && choice->n > 1;
    chooser c = {.l = l, .choice = choice, .out = w};
    c.train = rung__logistic_data(l);
    c.held_out = has_folds ? c.train : choice->valid;
    c.n_views = has_folds ? choice->n_folds : 1;
    c.has_held_out = c.held_out->rows->n_rows > 0;
    c.size = (size_t)rung__logistic_size(c.train);
    rung_status status = allocate(&c, err);
    if (status == RUNG_OK) status = choose(&c, err);
    if (status == RUNG_OK) status = conclude(&c, err);
    rung__logistic_reweigh(l, NULL);
    rung__free(c.folds), rung__free(c.row_weights);
    rung__free(c.tried), rung__free(c.best), rung__free(c.logp);
    return status;
}

/* ---- Weights of labels ---- */

static rung_label_set names_of(const rung_logistic_data *data, int64_t i)
{
    if (data->kind == RUNG_LOGISTIC_SEVERAL) return rung__logistic_labels(data, i);
    return (rung_label_set){data->labels + i, 1};
}

void rung__balanced_weights(double *of_labels, const rung_logistic_data *data)
{
    const int64_t N = data->rows->n_rows, K = data->n_labels;
    memset(of_labels, 0, (size_t)K * sizeof *of_labels);
    for (int64_t i = 0; i < N; i++) {
        const rung_label_set y = names_of(data, i);
        for (int64_t k = 0; k < y.n; k++) of_labels[y.ids[k]]++;
    }
    for (int64_t k = 0; k < K; k++)
        of_labels[k] = of_labels[k] > 0 ? (double)N / ((double)K * of_labels[k]) : 1;
}

void rung__weigh_labels(double *weights, const rung_logistic_data *data,
                        const double *of_labels)
{
    for (int64_t i = 0; i < data->rows->n_rows; i++) {
        const rung_label_set y = names_of(data, i);
        double sum = 0;
        for (int64_t k = 0; k < y.n; k++) sum += of_labels[y.ids[k]];
        if (y.n > 0) weights[i] *= sum / (double)y.n;
    }
}
