/* Stochastic gradient descent on sparse rows, for logistic regression.
 *
 * Rows come in a new random order in each pass; row i moves the weights by
 *
 *     w <- (w - eta s r x^T) / (1 + eta l2 / N),   b <- b - eta s r,   r = p - y
 *
 * and touches its own columns only: w = P v, where the factor P takes the shrinking of
 * all. With l1, a weight of a column just touched is brought nearer to 0 by all that l1
 * could have taken from it so far, less what it has taken; so the steps' noise does not
 * keep it from 0 (Tsuruoka, Tsujii, Ananiadou 2009, "Stochastic gradient descent training
 * for L1-regularized log-linear models with cumulative penalty", section 3.2; here in
 * terms of v: the sum of eta / P times l1 / N).
 *
 * eta falls along a line to 0 over the passes, from the largest step at which the loss of
 * a row does not rise: 2 / L, where its curvature is at most L = |x|^2 / 4 for a sigmoid
 * and |x|^2 / 2 for softmax; |x|^2 is that of the mean row. */
#include "learn/logistic_fit.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"

#define LEAST_FACTOR 1e-6 /* of P: then v takes it, lest it overflow */
#define BIAS_STEP 0.1     /* of eta: every row moves the biases, few a weight */
#define PATIENCE 2

typedef struct sgd {
    const rung_logistic_data *data;
    const double *weights; /* [N] or NULL */
    const rung_penalty *penalty;
    int64_t N, D, O;
    float *v;          /* [D, O] */
    double *taken;     /* [D, O]: what l1 has added; NULL without l1 */
    double *b, *u, *p; /* [O]: biases, scores or residuals, probabilities */
    double P, B;
} sgd;

/* ---- The lazy weights ---- */

/* The cumulative penalty of column j. */
static void penalise(sgd *s, int64_t j)
{
    const double most = s->penalty->l1 / (double)s->N * s->B;
    float *v = s->v + j * s->O;
    double *taken = s->taken + j * s->O;
    for (int64_t o = 0; o < s->O; o++) {
        const double is = (double)v[o];
        if (is > 0)
            v[o] = (float)fmax(0, is - (most + taken[o]));
        else if (is < 0)
            v[o] = (float)fmin(0, is + (most - taken[o]));
        taken[o] += (double)v[o] - is;
    }
}

/* v becomes w itself: P = 1. */
static void settle(sgd *s)
{
    for (int64_t j = 0; s->taken && j < s->D; j++) penalise(s, j);
    for (int64_t i = 0; i < s->D * s->O; i++) s->v[i] = (float)(s->P * (double)s->v[i]);
    for (int64_t i = 0; s->taken && i < s->D * s->O; i++) s->taken[i] *= s->P;
    s->B *= s->P;
    s->P = 1;
}

/* ---- A row ---- */

static void find_scores(sgd *s, int64_t i)
{
    const rung_csr *x = s->data->rows;
    const int64_t begin = x->first[i], end = x->first[i + 1], O = s->O;
    const float *values = x->values, *v = s->v;
    const int32_t *columns = x->columns;
    memset(s->u, 0, (size_t)O * sizeof *s->u);
    if (O == 1) { // two parts whose additions need not wait for each other
        float a = 0, b = 0;
        int64_t p = begin;
        for (; p + 2 <= end; p += 2) {
            a += values[p] * v[columns[p]];
            b += values[p + 1] * v[columns[p + 1]];
        }
        if (p < end) a += values[p] * v[columns[p]];
        s->u[0] = (double)(a + b);
    } else {
        for (int64_t p = begin; p < end; p++) {
            const float *vj = v + columns[p] * O;
            for (int64_t o = 0; o < O; o++) s->u[o] += (double)(values[p] * vj[o]);
        }
    }
    for (int64_t o = 0; o < O; o++) {
        s->u[o] = s->P * s->u[o] + s->b[o];
        if (s->data->offsets) s->u[o] += s->data->offsets[i * O + o];
    }
}

/* Moves the weights by -eta r x^T, r in u. */
static void move_weights(sgd *s, int64_t i, double eta)
{
    const rung_csr *x = s->data->rows;
    const int64_t end = x->first[i + 1], O = s->O;
    if (O == 1) {
        const float by = (float)(-eta / s->P * s->u[0]);
        for (int64_t p = x->first[i]; p < end; p++)
            s->v[x->columns[p]] += by * x->values[p];
        return;
    }
    for (int64_t p = x->first[i]; p < end; p++) {
        const double factor = -eta / s->P * (double)x->values[p];
        float *vj = s->v + x->columns[p] * O;
        for (int64_t o = 0; o < O; o++) vj[o] += (float)(factor * s->u[o]);
    }
}

static void learn_row(sgd *s, int64_t i, double eta)
{
    const double weight = s->weights ? s->weights[i] : 1;
    if (weight == 0) return;
    find_scores(s, i);
    rung__logistic_loss(s->data, i, s->u, s->p);
    move_weights(s, i, weight * eta);
    for (int64_t o = 0; !s->penalty->has_no_bias && o < s->O; o++)
        s->b[o] -= BIAS_STEP * weight * eta * s->u[o];
    s->B += eta / s->P;
    s->P /= 1 + eta * s->penalty->l2 / (double)s->N;
    const rung_csr *x = s->data->rows;
    for (int64_t p = x->first[i]; s->taken && p < x->first[i + 1]; p++)
        penalise(s, x->columns[p]);
    if (s->P < LEAST_FACTOR) settle(s);
}

/* ---- Passes ---- */

static double first_step(const sgd *s)
{
    const rung_csr *x = s->data->rows;
    double squares = 0;
    for (int64_t p = 0; p < x->first[s->N]; p++)
        squares += (double)x->values[p] * (double)x->values[p];
    const double mean = squares / (double)s->N;
    return (rung__logistic_is_softmax(s->data) ? 4 : 8) / (mean > 0 ? mean : 1);
}

static void learn_pass(sgd *s, const rung_logistic_method *how, int64_t pass,
                       double first)
{
    const uint64_t key = rung_rng_key(how->seed, "sgd", (uint64_t)pass);
    const uint64_t N = (uint64_t)s->N;
    for (uint64_t n = 0; n < N; n++) {
        const double done = (double)pass + (double)n / (double)N;
        learn_row(s, (int64_t)rung_permute(key, N, n),
                  first * (1 - done / (double)how->passes));
    }
    settle(s);
}

static void read_weights(const sgd *s, double *w)
{
    for (int64_t i = 0; i < s->D * s->O; i++) w[i] = (double)s->v[i];
    memcpy(w + s->D * s->O, s->b, (size_t)s->O * sizeof *w);
}

/* Ends early when the judge has not been better for PATIENCE passes; `best` is what it
 * liked best. Without a judge, all passes. */
static void run(sgd *s, double *best, double *w, rung_minimise_result *result,
                const rung_logistic_method *how)
{
    const double first = first_step(s);
    const size_t size = (size_t)((s->D + 1) * s->O);
    double least = INFINITY;
    int64_t pass = 0, at = 0;
    for (; pass < how->passes && pass - at <= PATIENCE; pass++) {
        learn_pass(s, how, pass, first);
        read_weights(s, w);
        const double loss = how->judge ? how->judge(how->judge_self, w) : -(double)pass;
        if (!(loss < least) && pass > 0) continue;
        least = loss, at = pass;
        memcpy(best, w, size * sizeof *w);
    }
    *result = (rung_minimise_result){.value = NAN,
                                     .gradient_norm = NAN,
                                     .iterations = (int)pass,
                                     .evaluations = (int)pass,
                                     .converged = true};
}

rung_status rung__logistic_sgd(double *w, rung_minimise_result *result,
                               const rung_logistic_data *data, const double *weights,
                               const rung_penalty *penalty,
                               const rung_logistic_method *how, rung_error *err)
{
    const int64_t D = data->rows->n_columns, O = rung__logistic_outputs(data);
    const size_t cells = (size_t)(D * O), size = cells + (size_t)O;
    sgd s = {.data = data,
             .weights = weights,
             .penalty = penalty,
             .N = data->rows->n_rows,
             .D = D,
             .O = O,
             .P = 1};
    assert(how->passes > 0);
    s.v = rung__alloc_array(cells, sizeof *s.v);
    s.b = rung__alloc_array(3 * (size_t)O + size + (penalty->l1 > 0 ? cells : 0), 8);
    if (s.v && s.b) {
        s.u = s.b + O, s.p = s.u + O;
        double *scratch = s.p + O;
        if (penalty->l1 > 0) s.taken = scratch + size;
        run(&s, w, scratch, result, how);
    }
    const bool is_done = s.v && s.b;
    rung__free(s.v), rung__free(s.b);
    return is_done ? RUNG_OK : rung__out_of_memory(err, size * 12, "the solver");
}
