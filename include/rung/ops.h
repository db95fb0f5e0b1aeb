/* Operators: each builder appends one node (a few: several) and returns its output.
 *
 * Shapes are written [B, T, C]; "..." stands for any leading dimensions. All return NULL
 * after an error, which the graph keeps. Gradients exist for all of them unless said
 * otherwise. */
#ifndef RUNG_OPS_H
#define RUNG_OPS_H

#include "rung/act.h"
#include "rung/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Products ---- */

enum { RUNG_TRANS_A = 1, RUNG_TRANS_B = 2 };

/* c[..., M, N] = op(a)[..., M, K] op(b)[..., K, N]; flags transpose the last two
 * dimensions. The leading dimensions are equal, or those of one side are absent (it is
 * shared). */
RUNG_API rung_tensor *rung_matmul(rung_graph *g, rung_tensor *a, rung_tensor *b,
                                  int flags);

/* y[..., N] = act(x[..., K]) w + b + residual. w is [K, N], or [N, K] with RUNG_TRANS_B
 * (torch.nn.Linear). b [N] and residual [..., N] may be NULL. */
RUNG_API rung_tensor *rung_linear(rung_graph *g, rung_tensor *x, rung_tensor *w,
                                  rung_tensor *b, int flags, rung_act act,
                                  rung_tensor *residual);

/* ---- Element-wise ---- */

/* y's shape is x's, or its trailing part (broadcast over the leading dimensions). */
RUNG_API rung_tensor *rung_add(rung_graph *g, rung_tensor *x, rung_tensor *y);
RUNG_API rung_tensor *rung_mul(rung_graph *g, rung_tensor *x, rung_tensor *y);
RUNG_API rung_tensor *rung_scale(rung_graph *g, rung_tensor *x, double a);
RUNG_API rung_tensor *rung_activation(rung_graph *g, rung_tensor *x, rung_act act);

/* While training: each element is 0 with probability p, else x / (1 - p); otherwise x.
 * The mask is a function of (seed, step, this node's place, index in the global batch);
 * the first dimension counts samples. */
RUNG_API rung_tensor *rung_dropout(rung_graph *g, rung_tensor *x, double p);

/* ---- Rows ---- */
/* Over the last dimension. */
RUNG_API rung_tensor *rung_softmax(rung_graph *g, rung_tensor *x);
/* y = (x - mean) / sqrt(var + eps) * gamma + beta over the last dimension (Ba et al.
 * 2016). */
RUNG_API rung_tensor *rung_layernorm(rung_graph *g, rung_tensor *x, rung_tensor *gamma,
                                     rung_tensor *beta, double eps);

/* y[..., C] = table[ids[...], :]. An id outside the table fails the run. */
RUNG_API rung_tensor *rung_embedding(rung_graph *g, rung_tensor *table, rung_tensor *ids);
/* int32 [T]: run.past, run.past + 1, ... No gradient. */
RUNG_API rung_tensor *rung_positions(rung_graph *g, int64_t T);

/* ---- Attention (Vaswani et al. 2017, section 3.2) ---- */
typedef struct rung_attention_config {
    int64_t heads;
    int64_t width; /* C of all heads together; head size is C / heads */
    int64_t q_column, k_column, v_column; /* where they begin in the rows of q, k, v */
    bool causal;                          /* position i sees keys 0 ... run.past + i */
    bool cached; /* k and v are caches of full extent, valid up to run.past + Tq */
    double dropout;
} rung_attention_config;

/* o[B, Tq, C] from columns of q[B, Tq, *], k[B, Tk, *], v[B, Tk, *]; the three may be one
 * tensor (packed [B, T, 3C]). lengths, int32 [B] or NULL: valid keys of each sample. */
RUNG_API rung_tensor *rung_attention(rung_graph *g, rung_tensor *q, rung_tensor *k,
                                     rung_tensor *v, rung_tensor *lengths,
                                     const rung_attention_config *config);

typedef enum rung_pooling_mode { RUNG_POOLING_MEAN, RUNG_POOLING_MAX } rung_pooling_mode;

/* y[B, C] from the first lengths[b] rows (int32 [B]; NULL: all) of each sample of
 * x[B, T, C]: their mean or, column by column, their maximum. 0 when there are none. */
RUNG_API rung_tensor *rung_pooling(rung_graph *g, rung_tensor *x, rung_tensor *lengths,
                                   rung_pooling_mode mode);

/* ---- Recurrence ---- */
typedef struct rung_lstm_out {
    rung_tensor *y;     /* [B, T, H] */
    rung_tensor *h, *c; /* [B, H], after the last step */
} rung_lstm_out;

/* An LSTM over a sequence, from the input products xg[B, T, 4H] (= x w_ih^T + b_ih, gates
 * ordered i, f, g, o), w_hh[4H, H], b_hh[4H] (or NULL), h0, c0 [B, H] (or NULL: zero). */
RUNG_API rung_lstm_out rung_lstm(rung_graph *g, rung_tensor *xg, rung_tensor *w_hh,
                                 rung_tensor *b_hh, rung_tensor *h0, rung_tensor *c0);

/* ---- Losses: sums, divided by nobody; weights are summed beside them ---- */
typedef struct rung_loss {
    rung_tensor *sum;    /* scalar */
    rung_tensor *weight; /* scalar: what to divide by for a mean; no gradient */
} rung_loss;

/* logits[..., V], targets int32 [...]; negative targets are ignored. class_weights [V] or
 * NULL. */
RUNG_API rung_loss rung_cross_entropy(rung_graph *g, rung_tensor *logits,
                                      rung_tensor *targets, rung_tensor *class_weights,
                                      double label_smoothing);
/* Targets in [0, 1], as wide as the logits. */
RUNG_API rung_loss rung_bce_with_logits(rung_graph *g, rung_tensor *logits,
                                        rung_tensor *targets);
RUNG_API rung_loss rung_mse(rung_graph *g, rung_tensor *x, rung_tensor *targets);

/* ---- Reductions and shapes ---- */
RUNG_API rung_tensor *rung_sum(rung_graph *g,
                               rung_tensor *x); /* of all elements: a scalar */
RUNG_API rung_tensor *rung_mean(rung_graph *g, rung_tensor *x);
RUNG_API rung_tensor *rung_sum_dim(rung_graph *g, rung_tensor *x,
                                   int dim); /* dim disappears */
RUNG_API rung_tensor *rung_mean_dim(rung_graph *g, rung_tensor *x, int dim);
RUNG_API rung_tensor *rung_expand(rung_graph *g, rung_tensor *x, int dim,
                                  int64_t n); /* repeats */
RUNG_API rung_tensor *rung_reshape(rung_graph *g, rung_tensor *x, int rank,
                                   const int64_t *shape);
RUNG_API rung_tensor *rung_transpose(rung_graph *g, rung_tensor *x, int dim0, int dim1);
RUNG_API rung_tensor *rung_slice(rung_graph *g, rung_tensor *x, int dim, int64_t begin,
                                 int64_t end);
RUNG_API rung_tensor *rung_concat(rung_graph *g, rung_tensor *const *xs, int n, int dim);

/* ---- States ---- */
/* state = x, in place, at the end of what uses the old value. Returns the state. No
 * gradient. */
RUNG_API rung_tensor *rung_assign(rung_graph *g, rung_tensor *state, rung_tensor *x);
/* Rows run.past ... run.past + T - 1 of cache[B, Tmax, C] = columns [column, column + C)
 * of x[B, T, *]. Returns the cache. No gradient. */
RUNG_API rung_tensor *rung_cache_write(rung_graph *g, rung_tensor *cache, rung_tensor *x,
                                       int64_t column);

#ifdef __cplusplus
}
#endif
#endif
