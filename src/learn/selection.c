/* Scores of features. Letters: N rows, D columns, K labels; df rows with a column. */
#include "learn/selection.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "learn/logistic_fit.h"

#define TOLERANCE 1000.0 /* of a fit on the path: a 100th of the first gradient */
#define MAX_HALVES 10

rung_status rung__label_counts(rung_label_counts *out, const rung_logistic_data *data,
                               rung_error *err)
{
    const rung_csr *x = data->rows;
    const int64_t D = x->n_columns, K = data->n_labels;
    assert(!data->first);
    rung_label_counts c = {.D = D, .K = K, .N = (double)x->n_rows};
    c.rows = rung__alloc_array((size_t)K, sizeof *c.rows);
    c.df = rung__alloc_array((size_t)(D * K), sizeof *c.df);
    if (!c.rows || !c.df) {
        rung__label_counts_release(&c);
        return rung__out_of_memory(err, (size_t)(D * K) * 8, "counts of labels");
    }
    for (int64_t i = 0; i < x->n_rows; i++) {
        c.rows[data->labels[i]]++;
        for (int64_t p = x->first[i]; p < x->first[i + 1]; p++)
            c.df[x->columns[p] * K + data->labels[i]]++;
    }
    *out = c;
    return RUNG_OK;
}

void rung__label_counts_release(rung_label_counts *c)
{
    rung__free(c->rows), rung__free(c->df);
    *c = (rung_label_counts){0};
}

/* ---- From counts ---- */

static double df_of(const rung_label_counts *c, int64_t j)
{
    double sum = 0;
    for (int64_t k = 0; k < c->K; k++) sum += c->df[j * c->K + k];
    return sum;
}

void rung__score_df(double *scores, const rung_label_counts *c)
{
    for (int64_t j = 0; j < c->D; j++) scores[j] = df_of(c, j);
}

/* Rows that lack the column deviate from what is expected as much as those that have it,
 * with N - df in place of df. */
void rung__score_chi2(double *scores, const rung_label_counts *c)
{
    for (int64_t j = 0; j < c->D; j++) {
        const double df = df_of(c, j), lack = c->N - df;
        double sum = 0;
        for (int64_t k = 0; k < c->K && df > 0 && lack > 0; k++) {
            const double share = c->rows[k] / c->N;
            const double off = c->df[j * c->K + k] - share * df;
            if (share > 0) sum += off * off / share;
        }
        scores[j] = df > 0 && lack > 0 ? sum * (1 / df + 1 / lack) : 0;
    }
}

/* p ln(p / q), 0 for p = 0. */
static double divergence(double p, double q)
{
    return p > 0 ? p * log(p / q) : 0;
}

void rung__score_mutual(double *scores, const rung_label_counts *c)
{
    for (int64_t j = 0; j < c->D; j++) {
        const double has = df_of(c, j) / c->N;
        double sum = 0;
        for (int64_t k = 0; k < c->K; k++) {
            const double share = c->rows[k] / c->N, both = c->df[j * c->K + k] / c->N;
            sum += divergence(both, has * share);
            sum += divergence(share - both, (1 - has) * share);
        }
        scores[j] = fmax(sum, 0); // rounding
    }
}

void rung__score_log_odds(double *scores, const rung_label_counts *c)
{
    double all = 0;
    for (int64_t j = 0; j < c->D; j++) all += df_of(c, j);
    for (int64_t j = 0; j < c->D; j++) scores[j] = 0;
    for (int64_t k = 0; k < c->K; k++) {
        double of_label = 0;
        for (int64_t j = 0; j < c->D; j++) of_label += c->df[j * c->K + k];
        for (int64_t j = 0; j < c->D; j++) {
            const double df = df_of(c, j), prior = RUNG_PRIOR_COUNT * df / all;
            const double has = c->df[j * c->K + k];
            const double y = has + prior, rest = df - has + prior;
            const double n_y = of_label + RUNG_PRIOR_COUNT,
                         n_rest = all - of_label + RUNG_PRIOR_COUNT;
            if (!(y > 0) || !(rest > 0)) continue;
            const double delta = log(y / (n_y - y)) - log(rest / (n_rest - rest));
            const double z = fabs(delta) / sqrt(1 / y + 1 / rest);
            if (isfinite(z)) scores[j] = fmax(scores[j], z);
        }
    }
}

/* ---- The path of l1 ---- */

/* The smallest l1 at which all weights are 0: the largest |dL/dw| at w = 0, where the
 * biases give the shares of the labels. */
static double first_l1(const rung_logistic_data *data, const double *shares, double *sums)
{
    const rung_csr *x = data->rows;
    const int64_t K = data->n_labels;
    double most = 0;
    for (int64_t i = 0; i < x->n_rows; i++) {
        for (int64_t p = x->first[i]; p < x->first[i + 1]; p++) {
            double *s = sums + x->columns[p] * K;
            for (int64_t k = 0; k < K; k++)
                s[k] +=
                    (double)x->values[p] * (shares[k] - (double)(data->labels[i] == k));
        }
    }
    for (int64_t i = 0; i < x->n_columns * K; i++) most = fmax(most, fabs(sums[i]));
    return most;
}

/* Columns whose weights have left 0 get their score; returns how many have one. */
static int64_t take_left(double *scores, const double *w, int64_t D, int64_t O, double l1)
{
    int64_t n = 0;
    for (int64_t j = 0; j < D; j++) {
        double most = 0;
        for (int64_t o = 0; o < O; o++) most = fmax(most, fabs(w[j * O + o]));
        if (scores[j] == 0 && most > 0) scores[j] = l1 * (1 + most / (1 + most));
        n += scores[j] > 0;
    }
    return n;
}

static rung_status follow_path(double *scores, rung_logistic *l, double l1, double *w,
                               int64_t enough, rung_error *err)
{
    const rung_logistic_data *data = rung__logistic_data(l);
    const int64_t D = data->rows->n_columns, O = rung__logistic_outputs(data);
    const rung_logistic_method how = {.solver = RUNG_SOLVER_LBFGS,
                                      .tolerance = TOLERANCE};
    for (int i = 0; i < MAX_HALVES; i++) {
        rung_minimise_result result;
        l1 /= 2;
        const rung_penalty penalty = {.l1 = l1};
        RUNG_TRY(rung__logistic_solve(l, &how, &penalty, w, &result, err));
        if (take_left(scores, w, D, O, l1) >= enough) break;
    }
    return RUNG_OK;
}

rung_status rung__score_l1(double *scores, const rung_logistic_data *data, int64_t enough,
                           rung_pool *pool, rung_error *err)
{
    const size_t D = (size_t)data->rows->n_columns, K = (size_t)data->n_labels;
    const size_t n = (size_t)rung__logistic_size(data);
    rung_logistic *l = NULL;
    double *w = rung__alloc_array(n, sizeof *w), *sums = rung__alloc_array(D * K, 8);
    double *shares = rung__alloc_array(K, sizeof *shares);
    rung_status status = w && sums && shares
                             ? rung__logistic_new(&l, data, pool, err)
                             : rung__out_of_memory(err, 8 * n, "the path of l1");
    if (status == RUNG_OK) {
        for (int64_t i = 0; i < data->rows->n_rows; i++)
            shares[data->labels[i]] += 1 / (double)data->rows->n_rows;
        for (size_t j = 0; j < D; j++) scores[j] = 0;
        status = follow_path(scores, l, first_l1(data, shares, sums), w, enough, err);
    }
    rung__logistic_free(l);
    rung__free(w), rung__free(sums), rung__free(shares);
    return status;
}

/* ---- Order ---- */

typedef struct scored {
    double score;
    int32_t column;
} scored;

static int by_score(const void *a, const void *b)
{
    const scored *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return (x->column > y->column) - (x->column < y->column);
}

rung_status rung__rank_columns(int32_t *order, const double *scores, int64_t D,
                               rung_error *err)
{
    scored *list = rung__alloc_array((size_t)D, sizeof *list);
    if (!list) return rung__out_of_memory(err, (size_t)D * sizeof *list, "an order");
    for (int64_t j = 0; j < D; j++) list[j] = (scored){scores[j], (int32_t)j};
    if (D > 0) qsort(list, (size_t)D, sizeof *list, by_score);
    for (int64_t j = 0; j < D; j++) order[j] = list[j].column;
    rung__free(list);
    return RUNG_OK;
}
