/* Optimizers: three classes, and the pass over the chunks of a share. */
#include "learn/optimizer.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"

/* ---- The classes ---- */

static int sgd_moments(const rung_update *u)
{
    return u->momentum > 0 ? 1 : 0;
}

static bool sgd_skips_zero(const rung_update *u)
{
    return u->momentum <= 0 && u->weight_decay <= 0;
}

static void sgd_update(const rung_kernels *k, int64_t n, const rung_update *u, void *w,
                       const void *g, void *const *m)
{
    k->sgd(n, u, w, g, m[0]);
}

static int adagrad_moments(const rung_update *u)
{
    (void)u;
    return 1;
}

static bool adagrad_skips_zero(const rung_update *u)
{
    return u->weight_decay <= 0;
}

static void adagrad_update(const rung_kernels *k, int64_t n, const rung_update *u,
                           void *w, const void *g, void *const *m)
{
    k->adagrad(n, u, w, g, m[0]);
}

static int adamw_moments(const rung_update *u)
{
    (void)u;
    return 2;
}

/* The moments of a row fade also while it is not seen, and go on moving it. */
static bool adamw_skips_zero(const rung_update *u)
{
    (void)u;
    return false;
}

static void adamw_update(const rung_kernels *k, int64_t n, const rung_update *u, void *w,
                         const void *g, void *const *m)
{
    k->adamw(n, u, w, g, m[0], m[1]);
}

static const rung_optimizer_ops classes[] = {
    [RUNG_OPTIMIZER_SGD] =
        {"sgd", {"momentum_buffer"}, sgd_moments, sgd_skips_zero, sgd_update},
    [RUNG_OPTIMIZER_ADAGRAD] =
        {"adagrad", {"sum"}, adagrad_moments, adagrad_skips_zero, adagrad_update},
    [RUNG_OPTIMIZER_ADAMW] = {"adamw",
                              {"exp_avg", "exp_avg_sq"},
                              adamw_moments,
                              adamw_skips_zero,
                              adamw_update},
};

const rung_optimizer_ops *rung_optimizer_class(int kind)
{
    assert(kind >= 0 && kind < (int)(sizeof classes / sizeof *classes));
    return &classes[kind];
}

/* ---- Life ---- */

rung_status rung_optimizer_new(rung_optimizer **out, const rung_train_config *config,
                               const rung_params *params, rung_error *err)
{
    rung_optimizer *o = rung__alloc(sizeof *o);
    if (!o) return rung__out_of_memory(err, sizeof *o, "an optimizer");
    o->ops = rung_optimizer_class(config->optimizer);
    o->constants = (rung_update){.weight_decay = config->weight_decay,
                                 .momentum = config->momentum,
                                 .nesterov = config->nesterov,
                                 .beta1 = config->beta1,
                                 .beta2 = config->beta2,
                                 .eps = config->eps};
    o->moment_bytes =
        (size_t)rung_params_extent(params) * rung_dtype_bytes(rung_params_type(params));
    const int n_moments = o->ops->n_moments(&o->constants);
    for (; o->n_moments < n_moments; o->n_moments++) {
        void *moment = rung__alloc(o->moment_bytes);
        if (!moment) {
            rung_status status = rung__out_of_memory(err, o->moment_bytes, "moments");
            rung_optimizer_free(o);
            return status;
        }
        o->moments[o->n_moments] = moment;
    }
    *out = o;
    return RUNG_OK;
}

void rung_optimizer_free(rung_optimizer *o)
{
    if (!o) return;
    for (int i = 0; i < o->n_moments; i++) rung__free(o->moments[i]);
    rung__free(o);
}

void rung_optimizer_reset(rung_optimizer *o)
{
    for (int i = 0; i < o->n_moments; i++) memset(o->moments[i], 0, o->moment_bytes);
}

/* ---- A step ---- */

/* The constants for a parameter. */
static rung_update update_of(const rung_update *u, const rung_param *param)
{
    rung_update own = *u;
    if (!param->decay) own.weight_decay = 0;
    return own;
}

bool rung_optimizer_skips_rows(const rung_optimizer *o, const rung_param *param)
{
    const rung_update u = update_of(&o->constants, param);
    return o->ops->skips_zero(&u);
}

typedef struct step_job {
    const rung_optimizer *o;
    rung_update u;
    const rung_block *sum;
    void *values;
} step_job;

/* The elements [from, from + n) of the chunk. */
static void update_part(const step_job *job, const rung_rank *rank,
                        const rung_chunk *chunk, const rung_update *u, int64_t from,
                        int64_t n)
{
    const size_t skip = (size_t)from * rank->kernels->real_bytes;
    void *moments[RUNG_MAX_MOMENTS] = {NULL};
    for (int i = 0; i < job->o->n_moments; i++)
        moments[i] = (char *)rung__chunk_data(rank, chunk, job->o->moments[i]) + skip;
    job->o->ops->update(
        rank->kernels, n, u, (char *)rung__chunk_data(rank, chunk, job->values) + skip,
        (char *)rung__chunk_data(rank, chunk, job->sum->data) + skip, moments);
}

static void update_chunk(void *ctx, const rung_rank *rank, const rung_chunk *chunk)
{
    const step_job *job = ctx;
    const rung_update u = update_of(&job->u, chunk->param);
    if (!chunk->width || !job->o->ops->skips_zero(&u)) {
        update_part(job, rank, chunk, &u, 0, chunk->end - chunk->begin);
        return;
    }
    for (int64_t r = 0; r < chunk->n_rows; r++) {
        if (job->sum->touched[chunk->row + r])
            update_part(job, rank, chunk, &u, r * chunk->width, chunk->width);
    }
}

void rung_optimizer_step(rung_optimizer *o, const rung_rank *rank, int64_t step,
                         double lr, double grad_scale, const rung_block *sum,
                         void *values)
{
    step_job job = {o, o->constants, sum, values};
    job.u.lr = lr;
    job.u.grad_scale = grad_scale;
    job.u.bias1 = 1 - pow(o->constants.beta1, (double)(step + 1));
    job.u.bias2 = 1 - pow(o->constants.beta2, (double)(step + 1));
    rung_chunks_each_own(rank, update_chunk, &job);
}
