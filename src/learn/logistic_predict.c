/* Prediction by logistic regression. Softmax of ln p scales probabilities to the sum
 * 1. */
#include <math.h>

#include "learn/logistic.h"

#define BLOCK_ROWS 256

typedef struct prediction {
    const rung_logistic_data *data;
    const float *w;
    double *out;
    int64_t width;       /* numbers of a row of `out` */
    bool is_probability; /* ln p, not scores */
} prediction;

static void find_scores(const prediction *c, int64_t i, int64_t O, double *z)
{
    const rung_csr *x = c->data->rows;
    const double *offsets = c->data->offsets;
    for (int64_t o = 0; o < O; o++)
        z[o] = (double)c->w[x->n_columns * O + o] + (offsets ? offsets[i * O + o] : 0);
    for (int64_t p = x->first[i]; p < x->first[i + 1]; p++) {
        const double value = (double)x->values[p];
        const float *wj = c->w + x->columns[p] * O;
        for (int64_t o = 0; o < O; o++) z[o] += value * (double)wj[o];
    }
}

/* z [O] becomes ln p [K]. */
static void find_probabilities(rung_logistic_kind kind, int64_t O, double *z)
{
    if (O == 1) {
        z[1] = -rung__softplus(-z[0]);
        z[0] = -rung__softplus(z[0]);
        return;
    }
    if (kind != RUNG_LOGISTIC_SOFTMAX) rung__log_sigmoid(z, O);
    if (kind != RUNG_LOGISTIC_SEVERAL) rung__log_softmax(z, O);
}

static void predict_rows(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const prediction *c = ctx;
    const int64_t O = rung__logistic_outputs(c->data);
    const int64_t begin = task * BLOCK_ROWS, left = c->data->rows->n_rows - begin;
    for (int64_t i = begin; i < begin + (left < BLOCK_ROWS ? left : BLOCK_ROWS); i++) {
        double *z = c->out + i * c->width;
        find_scores(c, i, O, z);
        if (c->is_probability) find_probabilities(c->data->kind, O, z);
    }
}

static void predict(prediction c, rung_pool *pool)
{
    const int64_t blocks = (c.data->rows->n_rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
    rung_pool_run(pool, blocks, predict_rows, &c);
}

void rung__logistic_scores(const rung_logistic_data *data, const float *w,
                           rung_pool *pool, double *z)
{
    predict((prediction){data, w, z, rung__logistic_outputs(data), false}, pool);
}

void rung__logistic_predict(const rung_logistic_data *data, const float *w,
                            rung_pool *pool, double *logp)
{
    predict((prediction){data, w, logp, data->n_labels, true}, pool);
}

/* ln p of what is not said of an output, from ln p of what is. */
static double log_of_other(double logp)
{
    return log(-expm1(logp));
}

static double row_loss(const rung_logistic_data *data, int64_t i, const double *logp)
{
    if (data->kind != RUNG_LOGISTIC_SEVERAL) return -logp[data->labels[i]];
    const rung_label_set y = rung__logistic_labels(data, i);
    double loss = 0;
    int64_t next = 0;
    for (int64_t o = 0; o < data->n_labels; o++) {
        const bool is_label = next < y.n && y.ids[next] == o;
        loss -= is_label ? logp[o] : log_of_other(logp[o]);
        next += is_label;
    }
    return loss;
}

double rung__logistic_mean_loss(const rung_logistic_data *data, const double *logp,
                                const double *weights)
{
    double loss = 0, total = 0;
    for (int64_t i = 0; i < data->rows->n_rows; i++) {
        const double s = weights ? weights[i] : 1;
        if (s == 0) continue;
        loss += s * row_loss(data, i, logp + i * data->n_labels);
        total += s;
    }
    return loss / total;
}
