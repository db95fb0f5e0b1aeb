/* Optimizers: abstract class rung_optimizer. Names and meanings are those of
 * torch.optim. With g' = scale g, and weight decay on parameters that have `decay`
 * only:
 *
 *     sgd      g' += decay w;  m = momentum m + g'
 *              w -= lr (nesterov ? g' + momentum m : m)
 *     adagrad  g' += decay w;  v += g'^2;  w -= lr g' / (sqrt(v) + eps)
 *     adamw    w -= lr decay w
 *              m = beta1 m + (1 - beta1) g';  v = beta2 v + (1 - beta2) g'^2
 *              w -= lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
 *
 * AdaGrad: Duchi, Hazan, Singer 2011. AdamW: Loshchilov, Hutter 2019, algorithm 2.
 *
 * Ranks that share memory share one optimizer: each updates the share of its own
 * (Rajbhandari et al. 2020, ZeRO stage 1), so the moments exist once however many
 * ranks there are. */
#ifndef RUNG_LEARN_OPTIMIZER_H
#define RUNG_LEARN_OPTIMIZER_H

#include "learn/chunks.h"
#include "rung/learn.h"

#define RUNG_MAX_MOMENTS 2

typedef struct rung_optimizer rung_optimizer;

/* All methods are required. */
typedef struct rung_optimizer_ops {
    const char *name; /* the text in RUNG_OPTIMIZER_LIST */
    const char
        *moments[RUNG_MAX_MOMENTS]; /* their names in checkpoints, as torch calls them */

    /* How many of them the constants need. */
    int (*n_moments)(const rung_update *u);

    /* Whether a gradient of zero changes neither value nor moments: rows of a
     * row-sparse gradient that were not touched are then skipped, with the same
     * result. */
    bool (*skips_zero)(const rung_update *u);

    /* One step of n values w with gradients g; m[i] is the place in moment i. */
    void (*update)(const rung_kernels *k, int64_t n, const rung_update *u, void *w,
                   const void *g, void *const *m);
} rung_optimizer_ops;

struct rung_optimizer {
    const rung_optimizer_ops *ops;
    rung_update constants; /* what stays from step to step */
    int n_moments;
    void *moments[RUNG_MAX_MOMENTS]; /* blocks of the parameters' extent, owned */
    size_t moment_bytes;             /* of one */
};

/* The class of a kind (rung_optimizer_kind). */
const rung_optimizer_ops *rung_optimizer_class(int kind);

rung_status rung_optimizer_new(rung_optimizer **out, const rung_train_config *config,
                               const rung_params *params, rung_error *err);
void rung_optimizer_free(rung_optimizer *o);
void rung_optimizer_reset(rung_optimizer *o); /* moments become zero */

/* Whether rows of the parameter that were not touched are skipped; else their gradient
 * is zero. */
bool rung_optimizer_skips_rows(const rung_optimizer *o, const rung_param *param);

/* Step number `step` (from 0) of this rank's share: the values from the gradients in
 * `sum`, which has been through rung_grad_norm. */
void rung_optimizer_step(rung_optimizer *o, const rung_rank *rank, int64_t step,
                         double lr, double grad_scale, const rung_block *sum,
                         void *values);

/* The norm of the gradient in `sum`, of which each rank holds its share; collective,
 * the same bits for any threads and ranks: squares are added in double, in each chunk,
 * then chunk after chunk. Rows that hold no gradient become zero where the optimizer
 * does not skip them. mine[most] and all[ranks * most] are scratch. */
rung_status rung_grad_norm(const rung_rank *rank, const rung_optimizer *o,
                           const rung_block *sum, double *mine, double *all, double *norm,
                           rung_error *err);

/* What the gradient is multiplied by so that its norm is at most `clip` (0: whatever
 * it is); as torch.nn.utils.clip_grad_norm_ computes it. */
double rung_clip_factor(double norm, double clip);

#endif
