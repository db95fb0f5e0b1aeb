/* Logistic regression. Letters: N rows, D columns, K labels, O outputs; z = x w + b,
 * r = p - y with y one where the label is.
 *
 *     dL/dw[j] = sum over rows of x[j] r + lambda w[j],    dL/db = sum over rows of r
 *
 * The first sum runs over the columns of the rows' transpose, so that each number of the
 * gradient has one writer. ln p is z - ln sum exp(z), with the largest z taken out. */
#include "learn/logistic.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"

#define BLOCK_ROWS 256
#define BLOCK_COLUMNS 1024
#define MEMORY 8 /* more pairs save few steps */
#define MAX_ITERATIONS 1000

struct rung_logistic {
    rung_logistic_data data;
    rung_pool *pool;  /* borrowed */
    rung_csr columns; /* the transpose of data.rows, owned */
    int64_t D, O;
    double lambda;
    double *residuals; /* [N, O], owned */
    double *row_sums;  /* [row blocks, 1 + O]: loss, then the gradient of b; owned */
    double *penalties; /* [column blocks]: sum of w^2, owned */
};

static int64_t n_blocks(int64_t n, int64_t block)
{
    return (n + block - 1) / block;
}

static int64_t block_end(int64_t task, int64_t n, int64_t block)
{
    return (task + 1) * block < n ? (task + 1) * block : n;
}

/* ---- One row ---- */

/* z [O] of row i; the weights are double while they are fitted, float afterwards. */
static void outputs_of(const rung_csr *x, int64_t i, int64_t O, const double *w,
                       double *z)
{
    memcpy(z, w + x->n_columns * O, (size_t)O * sizeof *z);
    for (int64_t p = x->first[i]; p < x->first[i + 1]; p++) {
        const double value = (double)x->values[p], *wj = w + x->columns[p] * O;
        for (int64_t o = 0; o < O; o++) z[o] += value * wj[o];
    }
}

static void float_outputs_of(const rung_csr *x, int64_t i, int64_t O, const float *w,
                             double *z)
{
    for (int64_t o = 0; o < O; o++) z[o] = (double)w[x->n_columns * O + o];
    for (int64_t p = x->first[i]; p < x->first[i + 1]; p++) {
        const double value = (double)x->values[p];
        const float *wj = w + x->columns[p] * O;
        for (int64_t o = 0; o < O; o++) z[o] += value * (double)wj[o];
    }
}

/* ln(1 + exp(z)). */
static double softplus(double z)
{
    return fmax(z, 0) + log1p(exp(-fabs(z)));
}

/* ln sum exp(z). */
static double log_sum_exp(const double *z, int64_t n)
{
    double most = z[0], sum = 0;
    for (int64_t k = 1; k < n; k++) most = fmax(most, z[k]);
    for (int64_t k = 0; k < n; k++) sum += exp(z[k] - most);
    return most + log(sum);
}

/* Turns z [O] into p - y; returns -ln p(label). */
static double residuals_of(double *z, int64_t O, int32_t label)
{
    if (O == 1) {
        const double loss = softplus(label ? -z[0] : z[0]);
        z[0] = exp(-softplus(-z[0])) - label;
        return loss;
    }
    const double lse = log_sum_exp(z, O), loss = lse - z[label];
    for (int64_t o = 0; o < O; o++) z[o] = exp(z[o] - lse) - (o == label);
    return loss;
}

/* ---- The objective ---- */

typedef struct evaluation {
    rung_logistic *l;
    const double *w; /* [D O + O] */
    double *gradient;
} evaluation;

static void evaluate_rows(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const evaluation *e = ctx;
    const rung_logistic *l = e->l;
    const int64_t O = l->O, end = block_end(task, l->data.rows->n_rows, BLOCK_ROWS);
    double *sums = l->row_sums + task * (1 + O);
    memset(sums, 0, (size_t)(1 + O) * sizeof *sums);
    for (int64_t i = task * BLOCK_ROWS; i < end; i++) {
        double *r = l->residuals + i * O;
        outputs_of(l->data.rows, i, O, e->w, r);
        sums[0] += residuals_of(r, O, l->data.labels[i]);
        for (int64_t o = 0; o < O; o++) sums[1 + o] += r[o];
    }
}

static void evaluate_columns(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const evaluation *e = ctx;
    const rung_logistic *l = e->l;
    const rung_csr *x = &l->columns;
    const int64_t O = l->O, end = block_end(task, l->D, BLOCK_COLUMNS);
    double penalty = 0;
    for (int64_t j = task * BLOCK_COLUMNS; j < end; j++) {
        const double *w = e->w + j * O;
        double *g = e->gradient + j * O;
        for (int64_t o = 0; o < O; o++) {
            penalty += w[o] * w[o];
            g[o] = l->lambda * w[o];
        }
        for (int64_t p = x->first[j]; p < x->first[j + 1]; p++) {
            const double value = (double)x->values[p];
            const double *r = l->residuals + x->columns[p] * O;
            for (int64_t o = 0; o < O; o++) g[o] += value * r[o];
        }
    }
    l->penalties[task] = penalty;
}

static double evaluate(void *self, const double *w, double *gradient)
{
    rung_logistic *l = self;
    evaluation e = {l, w, gradient};
    const int64_t n_rows = n_blocks(l->data.rows->n_rows, BLOCK_ROWS);
    const int64_t n_columns = n_blocks(l->D, BLOCK_COLUMNS);
    double loss = 0, penalty = 0, *bias = gradient + l->D * l->O;
    rung_pool_run(l->pool, n_rows, evaluate_rows, &e);
    rung_pool_run(l->pool, n_columns, evaluate_columns, &e);
    memset(bias, 0, (size_t)l->O * sizeof *bias);
    for (int64_t b = 0; b < n_rows; b++) {
        const double *sums = l->row_sums + b * (1 + l->O);
        loss += sums[0];
        for (int64_t o = 0; o < l->O; o++) bias[o] += sums[1 + o];
    }
    for (int64_t b = 0; b < n_columns; b++) penalty += l->penalties[b];
    return loss + 0.5 * l->lambda * penalty;
}

/* The diagonal of the Hessian: lambda + sum over rows of x[j]^2 p (1 - p). Both p and
 * p - 1 give p (1 - p) when put in place of r in |r| (1 - |r|). */
static void diagonal_columns(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const evaluation *e = ctx;
    const rung_logistic *l = e->l;
    const rung_csr *x = &l->columns;
    const int64_t O = l->O, end = block_end(task, l->D, BLOCK_COLUMNS);
    for (int64_t j = task * BLOCK_COLUMNS; j < end; j++) {
        double *d = e->gradient + j * O;
        for (int64_t o = 0; o < O; o++) d[o] = l->lambda;
        for (int64_t p = x->first[j]; p < x->first[j + 1]; p++) {
            const double value = (double)x->values[p];
            const double *r = l->residuals + x->columns[p] * O;
            for (int64_t o = 0; o < O; o++)
                d[o] += value * value * fabs(r[o]) * (1 - fabs(r[o]));
        }
    }
}

static void find_diagonal(void *self, double *d)
{
    rung_logistic *l = self;
    evaluation e = {.l = l, .gradient = d};
    double *bias = d + l->D * l->O;
    rung_pool_run(l->pool, n_blocks(l->D, BLOCK_COLUMNS), diagonal_columns, &e);
    for (int64_t o = 0; o < l->O; o++) bias[o] = DBL_MIN;
    for (int64_t i = 0; i < l->data.rows->n_rows * l->O; i++)
        bias[i % l->O] += fabs(l->residuals[i]) * (1 - fabs(l->residuals[i]));
}

/* ---- The problem ---- */

int64_t rung__logistic_size(const rung_logistic_data *data)
{
    return (data->rows->n_columns + 1) * rung__logistic_outputs(data->n_labels);
}

rung_status rung__logistic_new(rung_logistic **out, const rung_logistic_data *data,
                               rung_pool *pool, rung_error *err)
{
    assert(data->n_labels >= 2);
    rung_logistic *l = rung__alloc(sizeof *l);
    if (!l) return rung__out_of_memory(err, sizeof *l, "logistic regression");
    const int64_t N = data->rows->n_rows, D = data->rows->n_columns;
    const int64_t O = rung__logistic_outputs(data->n_labels);
    *l = (rung_logistic){.data = *data, .pool = pool, .D = D, .O = O};
    l->residuals = rung__alloc_array((size_t)(N * O), sizeof *l->residuals);
    l->row_sums = rung__alloc_array((size_t)(n_blocks(N, BLOCK_ROWS) * (1 + O)),
                                    sizeof *l->row_sums);
    l->penalties =
        rung__alloc_array((size_t)n_blocks(D, BLOCK_COLUMNS), sizeof *l->penalties);
    rung_status status =
        l->residuals && l->row_sums && l->penalties
            ? rung__csr_transpose(&l->columns, data->rows, err)
            : rung__out_of_memory(err, (size_t)(N * O) * 8, "logistic regression");
    if (status == RUNG_OK)
        *out = l;
    else
        rung__logistic_free(l);
    return status;
}

void rung__logistic_free(rung_logistic *l)
{
    if (!l) return;
    rung__csr_release(&l->columns);
    rung__free(l->residuals), rung__free(l->row_sums), rung__free(l->penalties);
    rung__free(l);
}

rung_objective rung__logistic_objective(rung_logistic *l, double lambda)
{
    l->lambda = lambda;
    return (rung_objective){evaluate, find_diagonal, l, rung__logistic_size(&l->data)};
}

/* ---- Prediction ---- */

typedef struct prediction {
    const rung_csr *rows;
    const float *w;
    int64_t K, O;
    double *logp; /* [N, K] */
} prediction;

static void predict_rows(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const prediction *c = ctx;
    const int64_t end = block_end(task, c->rows->n_rows, BLOCK_ROWS);
    for (int64_t i = task * BLOCK_ROWS; i < end; i++) {
        double *z = c->logp + i * c->K;
        float_outputs_of(c->rows, i, c->O, c->w, z);
        if (c->O == 1) {
            z[1] = -softplus(-z[0]);
            z[0] = -softplus(z[0]);
        } else {
            const double lse = log_sum_exp(z, c->O);
            for (int64_t o = 0; o < c->O; o++) z[o] -= lse;
        }
    }
}

void rung__logistic_predict(const rung_csr *rows, int64_t n_labels, const float *w,
                            rung_pool *pool, double *logp)
{
    prediction c = {rows, w, n_labels, rung__logistic_outputs(n_labels), logp};
    rung_pool_run(pool, n_blocks(rows->n_rows, BLOCK_ROWS), predict_rows, &c);
}

/* ---- Fitting ---- */

/* What a choice works with. */
typedef struct chooser {
    rung_logistic *l;
    double tolerance;
    size_t size;  /* of the weights */
    double *w;    /* [size]: those of the last trial, owned */
    double *best; /* [size], owned */
    float *out;   /* [size] */
    const rung_logistic_data *valid;
    double *logp; /* [N, K]: of the valid rows, owned */
} chooser;

static void round_weights(const chooser *c, const double *w)
{
    for (size_t i = 0; i < c->size; i++) c->out[i] = (float)w[i];
}

static double valid_loss(const chooser *c)
{
    const rung_logistic_data *v = c->valid;
    double nats = 0;
    round_weights(c, c->w);
    rung__logistic_predict(v->rows, v->n_labels, c->out, c->l->pool, c->logp);
    for (int64_t i = 0; i < v->rows->n_rows; i++)
        nats -= c->logp[i * v->n_labels + v->labels[i]];
    return nats / (double)v->rows->n_rows;
}

/* Fits c->w from where it is. */
static rung_status fit(const chooser *c, rung_logistic_trial *trial, rung_error *err)
{
    const rung_objective f = rung__logistic_objective(c->l, trial->lambda);
    const rung_lbfgs_config config = {MEMORY, MAX_ITERATIONS,
                                      c->tolerance * trial->lambda};
    return rung__lbfgs(c->w, &trial->fit, &f, &config, c->l->pool, err);
}

/* Fits one trial from the best weights so far, and takes its own if they are better. */
static rung_status try_lambda(const chooser *c, rung_logistic_choice *choice, size_t i,
                              rung_error *err)
{
    rung_logistic_trial *trial = &choice->trials[i];
    memcpy(c->w, c->best, c->size * sizeof *c->w);
    RUNG_TRY(fit(c, trial, err));
    trial->is_tried = true;
    trial->loss = c->valid->rows->n_rows > 0 ? valid_loss(c) : NAN;
    if (i != choice->first && !(trial->loss < choice->trials[choice->best].loss))
        return RUNG_OK;
    memcpy(c->best, c->w, c->size * sizeof *c->w);
    choice->best = i;
    return RUNG_OK;
}

static rung_status choose(const chooser *c, rung_logistic_choice *choice, rung_error *err)
{
    size_t i = choice->best = choice->first;
    RUNG_TRY(try_lambda(c, choice, i, err));
    if (c->valid->rows->n_rows == 0) return RUNG_OK;
    while (choice->best == i && ++i < choice->n) RUNG_TRY(try_lambda(c, choice, i, err));
    if (choice->best != choice->first) return RUNG_OK;
    i = choice->first;
    while (choice->best == i && i-- > 0) RUNG_TRY(try_lambda(c, choice, i, err));
    return RUNG_OK;
}

/* The weights of the best trial: fitted from w = 0, as the first one was. */
static rung_status conclude(const chooser *c, rung_logistic_choice *choice,
                            rung_error *err)
{
    if (choice->best != choice->first) {
        memset(c->w, 0, c->size * sizeof *c->w);
        RUNG_TRY(fit(c, &choice->trials[choice->best], err));
        memcpy(c->best, c->w, c->size * sizeof *c->w);
    }
    round_weights(c, c->best);
    return RUNG_OK;
}

rung_status rung__logistic_fit(rung_logistic *l, const rung_logistic_data *valid,
                               double tolerance, rung_logistic_choice *choice, float *w,
                               rung_error *err)
{
    assert(choice->first < choice->n);
    const size_t size = (size_t)rung__logistic_size(&l->data);
    const size_t n_logp = (size_t)(valid->rows->n_rows * valid->n_labels);
    chooser c = {.l = l, .tolerance = tolerance, .size = size, .out = w, .valid = valid};
    c.w = rung__alloc_array(size, sizeof *c.w);
    c.best = rung__alloc_array(size, sizeof *c.best);
    c.logp = rung__alloc_array(n_logp, sizeof *c.logp);
    rung_status status = c.w && c.best && c.logp
                             ? choose(&c, choice, err)
                             : rung__out_of_memory(err, size * 16, "a choice of lambda");
    if (status == RUNG_OK) status = conclude(&c, choice, err);
    rung__free(c.w), rung__free(c.best), rung__free(c.logp);
    return status;
}
