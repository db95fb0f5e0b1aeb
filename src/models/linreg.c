/* linreg: linear regression on the rows of a table.
 *
 *     y = w.x + b,   w and b minimise 1/2 sum (y - w.x - b)^2 + lambda/2 sum w^2
 *
 * by the normal equation, with the rows read once, or, where that is too ill-conditioned,
 * by an orthogonal factorisation of them (learn/leastsq.h); by stochastic gradients for
 * comparison. Weights are in the units of the columns, whatever was scaled on the way. */
#include "models/rungs.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/rng.h"
#include "base/rows.h"
#include "base/runtime.h"
#include "learn/leastsq_sgd.h"
#include "models/extra.h"

enum { SOLVER_NORMAL, SOLVER_ROWS, SOLVER_SGD };

#define SGD_TOLERANCE 1e-9 /* of the gradient at w = 0 */
#define SGD_EPOCHS 1000

typedef struct linreg_config {
    double lambda;
    bool standardize;
    int solver;
} linreg_config;

typedef struct linreg {
    rung_model base;
    linreg_config config;
    rung__fit fit; /* of a loaded model: weights and errors */
    int64_t count; /* rows it was fitted to, 0: loaded */
    double weight; /* of them */
} linreg;

static linreg *linreg_of(const rung_model *m)
{
    assert(m->type == &rung__linreg);
    return (linreg *)m;
}

#define AT(field) offsetof(linreg_config, field)

static const rung_option linreg_options[] = {
    {"lambda", RUNG_OPTION_REAL, AT(lambda), "0", 0, 1e300, NULL,
     "weight of the penalty (ridge regression)", NULL},
    {"standardize", RUNG_OPTION_FLAG, AT(standardize), "false", 0, 0, NULL,
     "the penalty is of columns of deviation 1, not of columns as they are", NULL},
    {"solver", RUNG_OPTION_CHOICE, AT(solver), "normal", 0, 0, "normal|rows|sgd",
     "the normal equation; a factor of the rows, slower and exacter; stochastic "
     "gradients",
     NULL},
};

static rung_status linreg_declare(rung_model *m, rung_error *err)
{
    (void)m, (void)err;
    return RUNG_OK;
}

static void linreg_release(rung_model *m)
{
    rung__fit_release(&linreg_of(m)->fit);
}

/* ---- Fitting ---- */

/* What a fit works with. */
typedef struct work {
    linreg *r;
    rung_runtime *rt;
    const rung_kernels *kernels;
    rung_table *table;
    rung__moments moments; /* owned */
    double *penalty;       /* [D], owned */
} work;

/* Where the first number is that is none, which the sums cannot tell. */
static rung_status find_fault(const work *w, rung_error *err)
{
    rung_rows rows;
    char name[80];
    const rung_schema *schema = w->r->base.schema;
    RUNG_TRY(rung_table_rewind(w->table, err));
    do {
        RUNG_TRY(rung_table_next(w->table, 4096, &rows, err));
        for (int64_t i = 0; i < rows.n; i++) {
            if (!isfinite(rows.targets[i]))
                return rung_fail(err, RUNG_INPUT, "row %lld: the target is %g",
                                 (long long)(rows.number + i + 1), rows.targets[i]);
            for (int64_t j = 0; rows.x && j < rows.n_features; j++) {
                const double x = rung__rows_value(&rows, i, j);
                if (!isfinite(x))
                    return rung_fail(err, RUNG_INPUT, "row %lld: feature '%s' is %g",
                                     (long long)(rows.number + i + 1),
                                     rung_schema_name(schema, j, name, sizeof name), x);
            }
        }
    } while (rows.n > 0);
    return rung_fail(err, RUNG_INPUT,
                     "the squares of a column have no finite sum: scale it down");
}

static rung_status sum_rows(work *w, rung_error *err)
{
    rung__gram *g = NULL;
    rung_rows rows;
    const int64_t D = rung_schema_features(w->r->base.schema);
    rung_status status = rung__gram_new(&g, D, w->kernels, w->rt->pool, err);
    do {
        if (status == RUNG_OK)
            status = rung_table_next(w->table, rung__gram_rows(g), &rows, err);
        if (status == RUNG_OK) rung__gram_add(g, &rows);
    } while (status == RUNG_OK && rows.n > 0);
    if (status == RUNG_OK) {
        status = rung__gram_finish(g, &w->moments, err);
        if (status == RUNG_INPUT) status = find_fault(w, err);
    }
    rung__gram_free(g);
    if (status != RUNG_OK) return status;
    if (w->moments.count > 0) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT, "there is no row to learn from");
}

/* lambda, or lambda times the variance of a column. */
static rung_status make_penalty(work *w, rung_error *err)
{
    const rung__moments *m = &w->moments;
    w->penalty = rung__alloc_array((size_t)m->D, sizeof *w->penalty);
    if (!w->penalty) return rung__out_of_memory(err, (size_t)m->D * 8, "penalties");
    for (int64_t j = 0; j < m->D; j++)
        w->penalty[j] =
            w->r->config.lambda *
            (w->r->config.standardize ? m->products[j * (m->ld + 1)] / m->weight : 1);
    return RUNG_OK;
}

static rung_status fit_rows(work *w, rung_error *err)
{
    rung__qr *q = NULL;
    rung_rows rows;
    rung_status status = rung_table_rewind(w->table, err);
    if (status == RUNG_OK)
        status = rung__qr_new(&q, &w->moments, w->kernels, w->rt->pool, err);
    do {
        if (status == RUNG_OK)
            status = rung_table_next(w->table, rung__qr_rows(q), &rows, err);
        if (status == RUNG_OK) rung__qr_add(q, &rows);
    } while (status == RUNG_OK && rows.n > 0);
    if (status == RUNG_OK) status = rung__leastsq_rows(&w->r->fit, q, w->penalty, err);
    rung__qr_free(q);
    return status;
}

/* ---- Stochastic gradients ---- */

enum { PACKED = 64 }; /* rows at a time */

/* All rows in memory, centred, columns of length 1. */
static rung_status load_rows(work *w, const double *scale, rung__sgd_rows *s,
                             rung_error *err)
{
    const rung__moments *m = &w->moments;
    const int64_t D = s->D, ld = D + 2;
    rung_rows rows;
    double *z = rung__alloc_array((size_t)(PACKED * ld), sizeof *z);
    if (!z) return rung__out_of_memory(err, (size_t)(PACKED * ld) * 8, "rows");
    rung_status status;
    for (int64_t n = 0;; n += rows.n) {
        status = rung_table_next(w->table, PACKED, &rows, err);
        if (status != RUNG_OK || rows.n == 0) break;
        rung__rows_pack(&rows, 0, rows.n, m->mean, w->kernels, z, ld);
        for (int64_t i = 0; i < rows.n; i++) {
            const double *from = z + i * ld, root = from[D + 1];
            for (int64_t j = 0; j < D; j++)
                s->x[(n + i) * D + j] =
                    scale[j] * (from[j] - (rows.x ? 0 : root * m->mean[j]));
            s->y[n + i] = from[D];
        }
    }
    rung__free(z);
    return status;
}

/* Weights in the columns' units, from those of scaled ones. */
static void take_solution(work *w, const double *u, const double *scale,
                          const rung__sgd_rows *s)
{
    const rung__moments *m = &w->moments;
    rung__fit *f = &w->r->fit;
    f->w[m->D] = m->mean[m->D];
    for (int64_t j = 0; j < m->D; j++) {
        f->w[j] = scale[j] * u[j];
        f->w[m->D] -= f->w[j] * m->mean[j];
    }
    for (int64_t i = 0; i < s->n; i++) {
        double r = s->y[i];
        for (int64_t j = 0; j < m->D; j++) r -= s->x[i * m->D + j] * u[j];
        f->residuals += r * r;
    }
    f->squares = m->products[m->D * (m->ld + 1)];
    f->condition = (double)NAN; // unknown, and so is the rank
    f->rank = m->D;
}

static rung_status descend(work *w, rung__sgd_rows *s, double *u, double *scale,
                           rung_error *err)
{
    const rung__moments *m = &w->moments;
    rung__sgd_result result;
    for (int64_t j = 0; j < m->D; j++) {
        const double square = m->products[j * (m->ld + 1)];
        scale[j] = square > 0 ? 1 / sqrt(square) : 0;
        w->penalty[j] *= scale[j] * scale[j];
    }
    RUNG_TRY(rung_table_rewind(w->table, err));
    RUNG_TRY(load_rows(w, scale, s, err));
    RUNG_TRY(rung__leastsq_sgd(u, &result, s, w->penalty, SGD_TOLERANCE, SGD_EPOCHS,
                               rung_rng_key(w->r->base.seed, "linreg", 0), err));
    take_solution(w, u, scale, s);
    rung_log(w->rt, result.converged ? RUNG_LOG_INFO : RUNG_LOG_WARN,
             "linreg: %lld epochs; the gradient is %.2g of what it was%s",
             (long long)result.epochs, result.gradient,
             result.converged ? "" : ": not converged");
    return RUNG_OK;
}

static rung_status fit_sgd(work *w, rung_error *err)
{
    const size_t n = (size_t)rung_table_seen(w->table), D = (size_t)w->moments.D;
    size_t cells = 0;
    rung__sgd_rows s = {(int64_t)n, (int64_t)D, NULL, NULL};
    double *u = rung__alloc_array(2 * D, sizeof *u);
    if (rung_mul_size(n, D, &cells)) s.x = rung__alloc_array(cells, sizeof *s.x);
    s.y = rung__alloc_array(n, sizeof *s.y);
    const rung_status status = u && s.x && s.y
                                   ? descend(w, &s, u, u + D, err)
                                   : rung__out_of_memory(err, cells * 8, "all rows");
    rung__free(u), rung__free(s.x), rung__free(s.y);
    return status;
}

/* ---- All solvers ---- */

enum { TOLD_CONSTANTS = 5 }; /* columns, one by one */

static void tell_constants(const work *w)
{
    const rung__moments *m = &w->moments;
    int64_t n = 0;
    char name[80];
    for (int64_t j = 0; j < m->D; j++)
        if (m->products[j * (m->ld + 1)] == 0 && n++ < TOLD_CONSTANTS)
            rung_log(w->rt, RUNG_LOG_WARN,
                     "linreg: column '%s' is %g in every row: its weight is 0",
                     rung_schema_name(w->r->base.schema, j, name, sizeof name),
                     m->mean[j]);
    if (n > TOLD_CONSTANTS)
        rung_log(w->rt, RUNG_LOG_WARN, "linreg: and %lld more such columns",
                 (long long)(n - TOLD_CONSTANTS));
}

static rung_status fit_work(work *w, rung_error *err)
{
    linreg *r = w->r;
    bool is_done = false;
    RUNG_TRY(sum_rows(w, err));
    RUNG_TRY(make_penalty(w, err));
    tell_constants(w);
    RUNG_TRY(rung__fit_init(&r->fit, w->moments.D, err));
    if (r->config.solver == SOLVER_NORMAL) {
        RUNG_TRY(rung__leastsq_normal(&r->fit, &w->moments, w->penalty, w->rt->pool,
                                      &is_done, err));
        if (!is_done)
            rung_log(w->rt, RUNG_LOG_INFO,
                     "linreg: the normal equation has a condition of %.2g: the rows are "
                     "factorised instead",
                     r->fit.condition * r->fit.condition);
    }
    if (r->config.solver == SOLVER_SGD)
        RUNG_TRY(fit_sgd(w, err));
    else if (!is_done)
        RUNG_TRY(fit_rows(w, err));
    r->count = w->moments.count;
    r->weight = w->moments.weight;
    if (r->fit.rank < w->moments.D && r->config.lambda == 0)
        rung_log(w->rt, RUNG_LOG_WARN,
                 "linreg: %lld features have a rank of %lld (%lld rows): of the weights "
                 "that fit alike the shortest are taken",
                 (long long)w->moments.D, (long long)r->fit.rank, (long long)r->count);
    return RUNG_OK;
}

static rung_status linreg_fit(rung_model *m, rung_runtime *rt, rung_table *train,
                              rung_table *valid, rung_error *err)
{
    linreg *r = linreg_of(m);
    work w = {.r = r, .rt = rt, .kernels = rung_kernels_get(rt->isa), .table = train};
    (void)valid;
    rung__fit_release(&r->fit);
    const rung_status status = fit_work(&w, err);
    rung__moments_release(&w.moments);
    rung__free(w.penalty);
    return status;
}

/* ---- Predicting ---- */

static double predict_row(const linreg *r, const rung_rows *rows, int64_t i)
{
    const double *w = r->fit.w;
    double y = w[r->fit.D];
    if (!rows->x) {
        for (int64_t p = rows->first[i]; p < rows->first[i + 1]; p++)
            y += w[rows->features[p]] * (double)rows->values[p];
        return y;
    }
    const float *f = (const float *)rows->x + i * rows->stride;
    const double *d = (const double *)rows->x + i * rows->stride;
    for (int64_t j = 0; j < rows->n_features; j++)
        y += w[j] * (rows->is_float ? (double)f[j] : d[j]);
    return y;
}

static rung_status linreg_predict(const rung_model *m, rung_runtime *rt,
                                  const rung_rows *rows, double *out, rung_error *err)
{
    (void)rt, (void)err;
    for (int64_t i = 0; i < rows->n; i++) out[i] = predict_row(linreg_of(m), rows, i);
    return RUNG_OK;
}

/* ---- Telling ---- */

/* The largest number of weights that are shown one by one. */
#define SHOWN 40

/* The solver that made the weights. */
static int solver_of(const linreg *r)
{
    return r->fit.by_rows ? SOLVER_ROWS : r->config.solver;
}

static char *linreg_words(const rung_model *m)
{
    const linreg *r = linreg_of(m);
    const int64_t D = r->fit.D;
    static const char *const ways[] = {"the normal equation", "a factor of the rows",
                                       "stochastic gradients"};
    rung_str s = {0};
    char name[60];
    if (r->count)
        rung_str_addf(&s, "train: R2 %.4f, RMSE %.6g of %lld rows",
                      1 - r->fit.residuals / r->fit.squares,
                      sqrt(r->fit.residuals / r->weight), (long long)r->count);
    if (r->count && !isnan(r->fit.condition))
        rung_str_addf(&s, "; rank %lld, condition %.3g", (long long)r->fit.rank,
                      r->fit.condition);
    if (r->count) rung_str_addf(&s, "; solved by %s\n", ways[solver_of(r)]);
    rung_str_addf(&s, "%14s %14s\n", "weight", "std error");
    for (int64_t j = -1; j < D && j < SHOWN; j++) {
        const int64_t k = j < 0 ? D : j;
        rung_str_addf(&s, "%14.6g %14.4g  %s\n", r->fit.w[k], r->fit.errors[k],
                      j < 0 ? "(bias)"
                            : rung_schema_name(m->schema, j, name, sizeof name));
    }
    if (D > SHOWN) rung_str_addf(&s, "and %lld more\n", (long long)(D - SHOWN));
    if (!s.failed) return s.data;
    rung_str_release(&s);
    return NULL;
}

static char *linreg_facts(const rung_model *m)
{
    const linreg *r = linreg_of(m);
    const rung__fit *f = &r->fit;
    static const char *const solvers[] = {"normal", "rows", "sgd"};
    rung_str s = {0};
    json_t *facts =
        json_pack("{s:s, s:I, s:I, s:f, s:f}", "solver", solvers[solver_of(r)], "rows",
                  (json_int_t)r->count, "rank", (json_int_t)f->rank, "r2",
                  f->squares > 0 ? 1 - f->residuals / f->squares : 0.0, "rmse",
                  sqrt(f->residuals / r->weight));
    if (facts && isfinite(f->condition))
        json_object_set_new(facts, "condition", json_real(f->condition));
    if (facts) rung_json_add_text(&s, facts, 0);
    json_decref(facts);
    if (!s.failed) return s.data;
    rung_str_release(&s);
    return NULL;
}

/* ---- In a folder ---- */

static size_t linreg_extra(const rung_model *m, rung_stored *out)
{
    const linreg *r = linreg_of(m);
    const int64_t D = r->fit.D;
    out[0] = rung__extra("weight", RUNG_STORED_F64, D, 0, r->fit.w);
    out[1] = rung__extra("bias", RUNG_STORED_F64, 1, 0, r->fit.w ? r->fit.w + D : NULL);
    out[2] = rung__extra("std_error", RUNG_STORED_F64, D + 1, 0, r->fit.errors);
    return 3;
}

static rung_status linreg_load(rung_model *m, const rung_safetensors *file,
                               rung_error *err)
{
    linreg *r = linreg_of(m);
    const int64_t D = rung_schema_features(m->schema);
    double *w = NULL, *b = NULL, *errors = NULL;
    rung_status status = rung__fit_init(&r->fit, D, err);
    if (status == RUNG_OK)
        status = rung__extra_load(&w, file, "weight", RUNG_STORED_F64, D, 0, NULL, err);
    if (status == RUNG_OK)
        status = rung__extra_load(&b, file, "bias", RUNG_STORED_F64, 1, 0, NULL, err);
    if (status == RUNG_OK)
        status = rung__extra_load(&errors, file, "std_error", RUNG_STORED_F64, D + 1, 0,
                                  NULL, err);
    if (status == RUNG_OK) {
        memcpy(r->fit.w, w, (size_t)D * sizeof *w);
        r->fit.w[D] = b[0];
        memcpy(r->fit.errors, errors, (size_t)(D + 1) * sizeof *errors);
    }
    rung__free(w), rung__free(b), rung__free(errors);
    for (int64_t j = 0; status == RUNG_OK && j <= D; j++)
        if (!isfinite(r->fit.w[j]))
            status = rung_fail(err, RUNG_INPUT, "weight %lld is %g: must be finite",
                               (long long)j, r->fit.w[j]);
    return status;
}

static const rung_table_ops linreg_table = {
    .defaults = "valid-share=0",
    .fit = linreg_fit,
    .predict = linreg_predict,
    .words = linreg_words,
    .facts = linreg_facts,
};

const rung_class rung__linreg = {
    .name = "linreg",
    .model_type = "linreg",
    .summary = "linear regression: a number from a row of numbers",
    .model_bytes = sizeof(linreg),
    .options = linreg_options,
    .n_options = sizeof linreg_options / sizeof *linreg_options,
    .options_offset = offsetof(linreg, config),
    .declare = linreg_declare,
    .table = &linreg_table,
    .extra = linreg_extra,
    .load_extra = linreg_load,
    .release = linreg_release,
};
