/* Attention, the plain way: what the fused operator (ops/attention.c) never holds at once
 * is here a node, to be looked at.
 *
 *     weights[b,h,i,j] = softmax_j(<q[b,i,h], k[b,j,h]> / sqrt(D) + mask[i,j]) */
#include <math.h>

#include "rung/nn.h"

/* Columns [column, column + width) of x [B, T, *] by heads: [B, heads, T, D]. */
static rung_tensor *by_heads(rung_graph *g, rung_tensor *x, int64_t column, int64_t width,
                             int64_t heads)
{
    if (!x) return NULL;
    const int64_t shape[] = {rung_tensor_dim(x, 0), rung_tensor_dim(x, 1), heads,
                             width / heads};
    x = rung_slice(g, x, 2, column, column + width);
    return rung_transpose(g, rung_reshape(g, x, 4, shape), 1, 2);
}

rung_tensor *rung_nn_attention_weights(rung_graph *g, rung_tensor *q, rung_tensor *k,
                                       const rung_attention_config *c, rung_tensor *mask)
{
    const double D = (double)(c->width / c->heads);
    q = by_heads(g, q, c->q_column, c->width, c->heads);
    k = by_heads(g, k, c->k_column, c->width, c->heads);
    rung_tensor *scores = rung_scale(g, rung_matmul(g, q, k, RUNG_TRANS_B), 1 / sqrt(D));
    if (mask) scores = rung_add(g, scores, mask);
    return rung_softmax(g, scores);
}
