/* fastText's classifier: steps of stochastic gradient descent in a fixed order. */
#include "learn/bow.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "learn/logistic_loss.h"

enum {
    BATCH = 32, /* rows of a step */
    GROUP = 4,  /* rows of a task that finds gradients */
    SHARDS = 8, /* tasks that change E; a ninth changes U */
    BLOCK = 1024,
};

/* Element i of an array of reals. */
static void *at(const rung_kernels *k, const void *array, int64_t i)
{
    return (char *)array + (size_t)i * k->real_bytes;
}

static double get(const rung_kernels *k, const void *array, int64_t i)
{
    return k->real_bytes == sizeof(float) ? (double)((const float *)array)[i]
                                          : ((const double *)array)[i];
}

static void set(const rung_kernels *k, void *array, int64_t i, double value)
{
    if (k->real_bytes == sizeof(float))
        ((float *)array)[i] = (float)value;
    else
        ((double *)array)[i] = value;
}

static int64_t n_blocks(int64_t n, int64_t size)
{
    return (n + size - 1) / size;
}

static int64_t block_end(int64_t block, int64_t n, int64_t size)
{
    return (block + 1) * size < n ? (block + 1) * size : n;
}

/* ---- The weights ---- */

rung_status rung__bow_new(rung_bow *m, const rung_kernels *k, int64_t D, int64_t dim,
                          int64_t L, rung_error *err)
{
    *m = (rung_bow){.k = k, .D = D, .dim = dim, .L = L};
    m->E = rung__alloc_array((size_t)(D * dim), k->real_bytes);
    m->U = rung__alloc_array((size_t)(dim * L), k->real_bytes);
    m->b = rung__alloc_array((size_t)L, k->real_bytes);
    if (m->E && m->U && m->b) return RUNG_OK;
    rung__bow_release(m);
    return rung__out_of_memory(err, (size_t)((D + L) * dim) * k->real_bytes, "weights");
}

void rung__bow_release(rung_bow *m)
{
    rung__free(m->E), rung__free(m->U), rung__free(m->b);
    *m = (rung_bow){0};
}

typedef struct init {
    rung_bow *m;
    uint64_t key;
} init;

static void init_rows(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const init *c = ctx;
    const rung_bow *m = c->m;
    const int64_t n = m->D * m->dim, end = block_end(task, n, 4 * BLOCK);
    for (int64_t i = 4 * BLOCK * task; i < end; i += 4) {
        uint32_t bits[4];
        rung_philox(c->key, (uint64_t)i / 4, 0, bits);
        for (int64_t j = i; j < i + 4 && j < end; j++)
            set(m->k, m->E, j, (2 * (bits[j - i] + 0.5) * 0x1p-32 - 1) / (double)m->dim);
    }
}

/* Where the labels of row i begin. */
static int64_t label_begin(const rung_bow_data *data, int64_t i)
{
    return data->first ? data->first[i] : i;
}

/* The logarithm of a label's share, or of its odds, from counts that are smoothed: a
 * label that no row has, or every one, has them too. */
static void init_biases(rung_bow *m, const rung_bow_data *data)
{
    const int64_t N = data->rows->n_rows;
    const double all = (double)N + 0.5 * (double)(m->is_ova ? 2 : m->L);
    for (int64_t l = 0; l < m->L; l++) set(m->k, m->b, l, 0.5);
    for (int64_t i = 0; i < label_begin(data, N); i++)
        set(m->k, m->b, data->labels[i], get(m->k, m->b, data->labels[i]) + 1);
    for (int64_t l = 0; l < m->L; l++) {
        const double n = get(m->k, m->b, l);
        set(m->k, m->b, l, log(n / (m->is_ova ? all - n : all)));
    }
}

void rung__bow_init(rung_bow *m, const rung_bow_data *data, uint64_t seed,
                    rung_pool *pool)
{
    init c = {m, rung_rng_key(seed, "bow", 0)};
    rung_pool_run(pool, n_blocks(m->D * m->dim, 4 * BLOCK), init_rows, &c);
    memset(m->U, 0, (size_t)(m->dim * m->L) * m->k->real_bytes);
    init_biases(m, data);
}

/* ---- A step ---- */

typedef struct fitting {
    rung_bow *m;
    const rung_bow_data *data;
    int32_t *cuts; /* [N, SHARDS + 1]: where each shard's values of a row begin, owned */
    int64_t n;     /* rows of this batch */
    int64_t texts[BATCH]; /* which */
    double losses[BATCH];
    double rate;
    void *h;  /* [BATCH, dim], owned */
    void *dh; /* [BATCH, dim]: gradients, owned */
    void *dz; /* [BATCH, L]: z, then its gradients, owned */
    void *t;  /* [BATCH, L]: zeros, to write targets among, owned */
} fitting;

/* z = h U + b for one row. */
static void outputs_of(const rung_bow *m, const void *h, void *z)
{
    memcpy(z, m->b, (size_t)m->L * m->k->real_bytes);
    for (int64_t d = 0; d < m->dim; d++)
        m->k->axpy(m->L, get(m->k, h, d), at(m->k, m->U, d * m->L), z);
}

static void hidden_of(const rung_bow *m, const rung_csr *x, int64_t i, void *h)
{
    const int64_t p = x->first[i];
    m->k->bag(x->first[i + 1] - p, x->columns + p, x->values + p, m->dim, m->E, h);
}

/* Turns z [L] of row r of the batch into p - y; returns the loss. */
static double residuals_of(const fitting *f, int64_t r, void *z)
{
    const rung_bow *m = f->m;
    const rung_kernels *k = m->k;
    const int64_t begin = label_begin(f->data, f->texts[r]);
    const int64_t end = label_begin(f->data, f->texts[r] + 1);
    const int32_t *labels = f->data->labels;
    if (!m->is_ova) {
        double lse; // a real
        const double loss = k->cross_entropy_row(m->L, z, labels[begin], 0, &lse);
        k->cross_entropy_grad_row(m->L, z, &lse, labels[begin], 0, 1, z);
        return loss;
    }
    void *t = at(k, f->t, r * m->L);
    for (int64_t i = begin; i < end; i++) set(k, t, labels[i], 1);
    const double loss = k->bce(m->L, z, t);
    k->bce_grad(m->L, 1, z, t, z);
    for (int64_t i = begin; i < end; i++) set(k, t, labels[i], 0);
    return loss;
}

/* h, then dz = p - y and dh = dz U' of some rows of the batch. */
static void find_gradients(void *ctx, int64_t task, int worker)
{
    (void)worker;
    fitting *f = ctx;
    const rung_bow *m = f->m;
    const rung_kernels *k = m->k;
    for (int64_t r = GROUP * task; r < block_end(task, f->n, GROUP); r++) {
        void *h = at(k, f->h, r * m->dim), *dh = at(k, f->dh, r * m->dim);
        void *z = at(k, f->dz, r * m->L);
        hidden_of(m, f->data->rows, f->texts[r], h);
        outputs_of(m, h, z);
        f->losses[r] = residuals_of(f, r, z);
        for (int64_t d = 0; d < m->dim; d++)
            set(k, dh, d, k->dot(m->L, z, at(k, m->U, d * m->L)));
    }
}

/* E[j] -= rate x[j] dh for the columns of one shard. */
static void change_shard(const fitting *f, int64_t shard)
{
    const rung_csr *x = f->data->rows;
    const rung_kernels *k = f->m->k;
    for (int64_t r = 0; r < f->n; r++) {
        const int32_t *cuts = f->cuts + f->texts[r] * (SHARDS + 1) + shard;
        const int64_t p = x->first[f->texts[r]] + cuts[0];
        k->bag_grad(cuts[1] - cuts[0], x->columns + p, x->values + p, f->m->dim, -f->rate,
                    at(k, f->dh, r * f->m->dim), f->m->E);
    }
}

/* U -= rate h' dz. */
static void change_outputs(const fitting *f)
{
    const rung_bow *m = f->m;
    for (int64_t d = 0; d < m->dim; d++) {
        for (int64_t r = 0; r < f->n; r++)
            m->k->axpy(m->L, -f->rate * get(m->k, f->h, r * m->dim + d),
                       at(m->k, f->dz, r * m->L), at(m->k, m->U, d * m->L));
    }
}

static void change_weights(void *ctx, int64_t task, int worker)
{
    (void)worker;
    if (task == 0)
        change_outputs(ctx);
    else
        change_shard(ctx, task - 1);
}

/* ---- Fitting ---- */

static void cut_rows(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const fitting *f = ctx;
    const rung_csr *x = f->data->rows;
    for (int64_t i = BLOCK * task; i < block_end(task, x->n_rows, BLOCK); i++) {
        const int64_t n = x->first[i + 1] - x->first[i];
        const int32_t *columns = x->columns + x->first[i];
        int32_t *cuts = f->cuts + i * (SHARDS + 1);
        int64_t p = 0;
        for (int64_t s = 0; s <= SHARDS; s++) {
            while (p < n && columns[p] < f->m->D * s / SHARDS) p++;
            cuts[s] = (int32_t)p;
        }
    }
}

/* One pass over the rows in an order of its own; returns the mean loss. */
static double run_epoch(fitting *f, const rung_bow_config *config, int64_t epoch,
                        rung_pool *pool)
{
    const int64_t N = f->data->rows->n_rows;
    const uint64_t key = rung_rng_key(config->seed, "bow epoch", (uint64_t)epoch);
    double loss = 0;
    for (int64_t i = 0; i < N; i += BATCH) {
        f->n = N - i < BATCH ? N - i : BATCH;
        f->rate =
            config->lr * (1 - (double)(epoch * N + i) / (double)(config->epochs * N));
        for (int64_t r = 0; r < f->n; r++)
            f->texts[r] = (int64_t)rung_permute(key, (uint64_t)N, (uint64_t)(i + r));
        rung_pool_run(pool, n_blocks(f->n, GROUP), find_gradients, f);
        rung_pool_run(pool, 1 + SHARDS, change_weights, f);
        for (int64_t r = 0; r < f->n; r++) loss += f->losses[r];
    }
    return loss / (double)N;
}

static rung_status run_epochs(fitting *f, const rung_bow_config *config, rung_pool *pool,
                              rung_bow_told told, void *self, rung_error *err)
{
    for (int64_t epoch = 0; epoch < config->epochs; epoch++) {
        const double loss = run_epoch(f, config, epoch, pool);
        if (!isfinite(loss))
            return rung_fail(err, RUNG_DIVERGED,
                             "the loss of epoch %lld is %g at a rate of %g: take a "
                             "smaller --lr",
                             (long long)epoch + 1, loss, config->lr);
        if (told) told(self, epoch, loss);
    }
    return RUNG_OK;
}

rung_status rung__bow_fit(rung_bow *m, const rung_bow_data *data,
                          const rung_bow_config *config, rung_pool *pool,
                          rung_bow_told told, void *self, rung_error *err)
{
    assert(data->rows->n_columns == m->D);
    const size_t N = (size_t)data->rows->n_rows, real = m->k->real_bytes;
    fitting f = {.m = m, .data = data};
    f.cuts = rung__alloc_array(N * (SHARDS + 1), sizeof *f.cuts);
    f.h = rung__alloc_array(BATCH * (size_t)m->dim, real);
    f.dh = rung__alloc_array(BATCH * (size_t)m->dim, real);
    f.dz = rung__alloc_array(BATCH * (size_t)m->L, real);
    f.t = rung__alloc_array(BATCH * (size_t)m->L, real);
    rung_status status = RUNG_OK;
    if (f.cuts && f.h && f.dh && f.dz && f.t) {
        rung_pool_run(pool, n_blocks((int64_t)N, BLOCK), cut_rows, &f);
        status = run_epochs(&f, config, pool, told, self, err);
    } else {
        status = rung__out_of_memory(err, N * (SHARDS + 1) * sizeof *f.cuts, "a batch");
    }
    rung__free(f.cuts), rung__free(f.h), rung__free(f.dh);
    rung__free(f.dz), rung__free(f.t);
    return status;
}

/* ---- Predicting ---- */

typedef struct prediction {
    const rung_bow *m;
    const rung_csr *rows;
    void *scratch; /* [threads, dim] */
    void *logp;    /* [N, L] */
} prediction;

static void predict_rows(void *ctx, int64_t task, int worker)
{
    const prediction *c = ctx;
    const rung_bow *m = c->m;
    void *h = at(m->k, c->scratch, worker * m->dim);
    for (int64_t i = BATCH * task; i < block_end(task, c->rows->n_rows, BATCH); i++) {
        void *z = at(m->k, c->logp, i * m->L);
        hidden_of(m, c->rows, i, h);
        outputs_of(m, h, z);
        const double lse = m->is_ova ? 0 : m->k->log_sum_exp(m->L, z);
        for (int64_t l = 0; l < m->L; l++) {
            const double zl = get(m->k, z, l);
            set(m->k, z, l, m->is_ova ? -rung__softplus(-zl) : zl - lse);
        }
    }
}

rung_status rung__bow_predict(const rung_bow *m, const rung_csr *rows, rung_pool *pool,
                              void *logp, rung_error *err)
{
    const size_t n = (size_t)rung_pool_threads(pool) * (size_t)m->dim;
    prediction c = {m, rows, rung__alloc_array(n, m->k->real_bytes), logp};
    if (!c.scratch) return rung__out_of_memory(err, n * m->k->real_bytes, "predictions");
    rung_pool_run(pool, n_blocks(rows->n_rows, BATCH), predict_rows, &c);
    rung__free(c.scratch);
    return RUNG_OK;
}
