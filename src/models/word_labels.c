/* Labels from vectors of words: rows of means, and what logistic regression makes of
 * them. */
#include "models/word_labels.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/runtime.h"
#include "models/logistic.h"
#include "models/vectors.h"

static rung__word_labels *labels_of(const rung_model *m)
{
    return &rung__vectors_of(m)->labels;
}

/* What the model says of any data: its kind and how many labels. */
static rung_logistic_data data_of(const rung_model *m)
{
    return (rung_logistic_data){.kind = m->has_several ? RUNG_LOGISTIC_SEVERAL
                                                       : RUNG_LOGISTIC_SOFTMAX,
                                .n_labels = m->n_labels};
}

static int64_t outputs_of(const rung_model *m)
{
    const rung_logistic_data data = data_of(m);
    return rung__logistic_outputs(&data);
}

void rung__word_labels_release(rung__word_labels *l)
{
    rung__free(l->rows), rung__free(l->weights);
    l->rows = l->weights = NULL;
}

/* ---- Rows ---- */

enum { BLOCK = 64 }; /* texts a task */

typedef struct averaging {
    rung__averaging how;
    const rung_span *texts;
    rung_csr *rows;
    double *means; /* [threads, D], owned */
    float *unseen; /* likewise */
    bool *failed;  /* [threads], owned: out of memory */
} averaging;

static void average_block(void *ctx, int64_t block, int worker)
{
    averaging *a = ctx;
    const int64_t D = a->rows->n_columns, begin = block * BLOCK;
    double *mean = a->means + worker * D;
    float *unseen = a->unseen + worker * D;
    for (int64_t i = begin; i < begin + BLOCK && i < a->rows->n_rows; i++) {
        if (rung__average(&a->how, a->texts[i], unseen, mean, NULL) != RUNG_OK)
            a->failed[worker] = true;
        for (int64_t d = 0; d < D; d++) {
            a->rows->columns[i * D + d] = (int32_t)d;
            a->rows->values[i * D + d] = (float)mean[d];
        }
        a->rows->first[i + 1] = (i + 1) * D;
    }
}

static bool run(averaging *a, rung_pool *pool)
{
    const size_t threads = (size_t)rung_pool_threads(pool);
    bool failed = false;
    a->means = rung__alloc_array(threads * (size_t)a->rows->n_columns, sizeof *a->means);
    a->unseen =
        rung__alloc_array(threads * (size_t)a->rows->n_columns, sizeof *a->unseen);
    a->failed = rung__alloc_array(threads, sizeof *a->failed);
    if (!a->means || !a->unseen || !a->failed) return false;
    rung_pool_run(pool, (a->rows->n_rows + BLOCK - 1) / BLOCK, average_block, a);
    for (size_t t = 0; t < threads; t++) failed |= a->failed[t];
    return !failed;
}

/* The mean vectors of n texts, every value of them. */
static rung_status average(rung_csr *rows, const rung_model *m, rung_runtime *rt,
                           const rung_span *texts, size_t n, rung_error *err)
{
    const rung__vectors *v = rung__vectors_of(m);
    const rung__word_labels *l = &v->labels;
    const rung__word_rows vectors = {l->rows ? l->rows : v->centre, l->dim};
    averaging a = {.texts = texts, .rows = rows};
    rung__averaging_init(&a.how, m, vectors, l->config->sif);
    RUNG_TRY(rung__csr_new(rows, (int64_t)n, l->dim, (int64_t)n * l->dim, err));
    const bool is_done = run(&a, rt->pool);
    rung__free(a.means), rung__free(a.unseen), rung__free(a.failed);
    if (is_done) return RUNG_OK;
    rung__csr_release(rows);
    return rung__out_of_memory(err, n * (size_t)l->dim * 8, "vectors of texts");
}

/* ---- Fitting ---- */

/* x' = (x - mean) scale, for each number of a text's vector. */
typedef struct scaling {
    int64_t D;
    double *mean, *scale; /* [D], owned */
} scaling;

static void scaling_release(scaling *s)
{
    rung__free(s->mean), rung__free(s->scale);
}

/* Mean 0 and variance 1 / D on these rows; what does not vary becomes 0. */
static rung_status find_scaling(scaling *s, const rung_csr *rows, rung_error *err)
{
    const int64_t D = s->D = rows->n_columns, N = rows->n_rows;
    s->mean = rung__alloc_array((size_t)D, sizeof *s->mean);
    s->scale = rung__alloc_array((size_t)D, sizeof *s->scale);
    if (!s->mean || !s->scale) return rung__out_of_memory(err, (size_t)D * 16, "means");
    for (int64_t p = 0; p < N * D; p++) s->mean[p % D] += (double)rows->values[p];
    for (int64_t d = 0; d < D; d++) s->mean[d] /= (double)N;
    for (int64_t p = 0; p < N * D; p++) {
        const double x = (double)rows->values[p] - s->mean[p % D];
        s->scale[p % D] += x * x;
    }
    for (int64_t d = 0; d < D; d++)
        s->scale[d] = s->scale[d] > 0 ? 1 / sqrt(s->scale[d] / (double)N * (double)D) : 0;
    return RUNG_OK;
}

static void scale_rows(rung_csr *rows, const scaling *s)
{
    for (int64_t p = 0; p < rows->n_rows * s->D; p++)
        rows->values[p] =
            (float)(((double)rows->values[p] - s->mean[p % s->D]) * s->scale[p % s->D]);
}

/* Weights of x' become those of x: w scale, and b - sum of w scale mean. */
static void unscale_weights(float *w, const scaling *s, int64_t O)
{
    for (int64_t o = 0; o < O; o++) {
        double bias = (double)w[s->D * O + o];
        for (int64_t d = 0; d < s->D; d++) {
            const double weight = (double)w[d * O + o] * s->scale[d];
            bias -= weight * s->mean[d];
            w[d * O + o] = (float)weight;
        }
        w[s->D * O + o] = (float)bias;
    }
}

static rung_status learn(rung_model *m, rung_runtime *rt, rung_csr rows[2], scaling *s,
                         const rung_examples *train, const rung_examples *valid,
                         rung_error *err)
{
    rung__word_labels *l = labels_of(m);
    // Rows are full: a Hessian would cost D times as much as a gradient.
    rung__logistic_config config = {
        .solver = RUNG_SOLVER_LBFGS, .l2 = l->config->l2, .bias = true};
    rung_logistic_data a = data_of(m), b = a;
    RUNG_TRY(find_scaling(s, &rows[0], err));
    for (int i = 0; i < 2; i++) scale_rows(&rows[i], s);
    a.rows = &rows[0], a.labels = train->labels, a.first = train->first;
    b.rows = &rows[1], b.labels = valid->labels, b.first = valid->first;
    RUNG_TRY(rung__logistic_learn(&l->weights, &config, m->labels, a, b, NULL, m->seed,
                                  rt, err));
    l->config->l2 = config.l2;
    unscale_weights(l->weights, s, outputs_of(m));
    return RUNG_OK;
}

rung_status rung__word_labels_fit(rung_model *m, rung_runtime *rt,
                                  const rung_examples *train, const rung_examples *valid,
                                  rung_error *err)
{
    rung__word_labels *l = labels_of(m);
    rung_csr rows[2] = {{0}, {0}};
    scaling s = {0};
    if (m->n_labels < 2 || train->count < 1)
        return rung_fail(err, RUNG_INPUT,
                         "%zu examples of %lld labels: %s needs two labels", train->count,
                         (long long)m->n_labels, m->type->name);
    rung__word_labels_release(l);
    RUNG_TRY(rung__vectors_copy(&l->rows, &l->dim, m,
                                (rung_word_vectors)l->config->vectors, err));
    rung_status status = average(&rows[0], m, rt, train->texts, train->count, err);
    if (status == RUNG_OK)
        status = average(&rows[1], m, rt, valid->texts, valid->count, err);
    if (status == RUNG_OK) status = learn(m, rt, rows, &s, train, valid, err);
    scaling_release(&s);
    rung__csr_release(&rows[0]), rung__csr_release(&rows[1]);
    return status;
}

/* ---- Predicting ---- */

static rung_status predict_piece(const rung_model *m, rung_runtime *rt,
                                 const rung_span *texts, size_t n, double *exact,
                                 rung_error *err)
{
    rung_csr rows;
    rung_logistic_data data = data_of(m);
    RUNG_TRY(average(&rows, m, rt, texts, n, err));
    data.rows = &rows;
    rung__logistic_predict(&data, labels_of(m)->weights, rt->pool, exact);
    rung__csr_release(&rows);
    return RUNG_OK;
}

/* In pieces whose rows stay in the caches. */
rung_status rung__word_labels_predict(const rung_model *m, rung_runtime *rt,
                                      const rung_examples *data, float *logp,
                                      rung_error *err)
{
    enum { PIECE = 1024 };
    const size_t n = data->count, K = (size_t)m->n_labels;
    rung_status status = RUNG_OK;
    double *exact = rung__alloc_array(PIECE * K, sizeof *exact);
    if (!exact) return rung__out_of_memory(err, PIECE * K * 8, "predictions");
    for (size_t i = 0; i < n && status == RUNG_OK; i += PIECE) {
        const size_t some = n - i < PIECE ? n - i : PIECE;
        status = predict_piece(m, rt, data->texts + i, some, exact, err);
        for (size_t k = 0; status == RUNG_OK && k < some * K; k++)
            logp[i * K + k] = (float)exact[k];
    }
    rung__free(exact);
    return status;
}

/* ---- In a folder ---- */

size_t rung__word_labels_extra(const rung_model *m, rung_stored *out)
{
    const rung__word_labels *l = labels_of(m);
    return rung__logistic_extra(out, l->weights, l->dim, outputs_of(m));
}

rung_status rung__word_labels_load(rung_model *m, const rung_safetensors *file,
                                   rung_error *err)
{
    rung__word_labels *l = labels_of(m);
    if (m->n_labels < 2)
        return rung_fail(err, RUNG_INPUT, "%s has at least two labels, not %lld",
                         m->type->name, (long long)m->n_labels);
    RUNG_TRY(rung__vectors_copy(&l->rows, &l->dim, m,
                                (rung_word_vectors)l->config->vectors, err));
    return rung__logistic_load(&l->weights, file, l->dim, outputs_of(m), err);
}
