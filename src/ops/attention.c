/* Scaled dot-product attention of all heads (Vaswani et al. 2017, section 3.2), tiled:
 *
 *     o[b,i,h] = sum_j softmax_j(<q[b,i,h], k[b,j,h]> / sqrt(D)) v[b,j,h]
 *
 * q, k and v are columns of their rows, so one packed [B, T, 3C] serves as all three.
 * Forward, a task is one tile of queries of one head of one sample; backward, one head of
 * one sample. Output 1 keeps the log-sum-exp of each query, from which the gradient
 * recomputes the probabilities. */
#include "ops/ops.h"

#include <math.h>
#include <string.h>

#include "ops/dropout.h"

typedef struct attention_attrs {
    rung_attention_config config;
    int64_t stream; /* of dropout: serial number of the forward node */
} attention_attrs;

enum { IN_Q, IN_K, IN_V, IN_LENGTHS, IN_O, IN_LSE, IN_DO, N_GRAD_INPUTS };
enum { N_INPUTS = IN_LENGTHS + 1 };

/* Numbers of dropped weights from query to query: more than there are keys, and the same
 * for any number of them, so that padding does not change what is dropped. */
enum { DROP_STRIDE = 1 << 24 };

static int64_t head_size(const rung_attention_config *c)
{
    return c->width / c->heads;
}

static rung_status check_source(const rung_node *n, int i, int64_t column,
                                rung_error *err)
{
    const rung_attention_config *c = &((const attention_attrs *)n->attrs)->config;
    const rung_tensor *t = n->in[i], *q = n->in[IN_Q];
    char text[100];
    if (t->rank != 3 || t->shape[0] != q->shape[0] || column < 0 ||
        column + c->width > t->shape[2])
        return rung_fail(err, RUNG_SHAPE,
                         "attention: input %d is %s, which has no columns %lld ... %lld",
                         i, rung__tensor_shape(t, text), (long long)column,
                         (long long)(column + c->width - 1));
    return RUNG_OK;
}

static rung_status attention_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    attention_attrs *attrs = n->attrs;
    const rung_attention_config *c = &attrs->config;
    const rung_tensor *q = n->in[IN_Q], *k = n->in[IN_K], *lengths = n->in[IN_LENGTHS];
    if (attrs->stream < 0) attrs->stream = n->serial;
    if (c->heads < 1 || c->width % c->heads != 0)
        return rung_fail(err, RUNG_SHAPE,
                         "attention: width %lld does not divide into %lld heads",
                         (long long)c->width, (long long)c->heads);
    RUNG_TRY(check_source(n, IN_Q, c->q_column, err));
    RUNG_TRY(check_source(n, IN_K, c->k_column, err));
    RUNG_TRY(check_source(n, IN_V, c->v_column, err));
    if (n->in[IN_V]->shape[1] != k->shape[1])
        return rung_fail(err, RUNG_SHAPE, "attention: %lld keys, but %lld values",
                         (long long)k->shape[1], (long long)n->in[IN_V]->shape[1]);
    if (lengths && lengths->size != q->shape[0])
        return rung_fail(err, RUNG_SHAPE, "attention: %lld lengths for %lld samples",
                         (long long)lengths->size, (long long)q->shape[0]);
    rung__shape_set(n->out[0], g->real, 3,
                    (int64_t[]){q->shape[0], q->shape[1], c->width});
    rung__shape_set(n->out[1], g->real, 3,
                    (int64_t[]){q->shape[0], c->heads, q->shape[1]});
    n->scratch_bytes = g->exec.k->attention_scratch(head_size(c), k->shape[1], 0) *
                       (size_t)rung__threads(g);
    return RUNG_OK;
}

/* What forward and backward share: the head `h` of sample `b`. */
static rung_attention_tile head_of(const rung_node *n, const rung_exec *x, int64_t b,
                                   int64_t h)
{
    const attention_attrs *attrs = n->attrs;
    const rung_attention_config *c = &attrs->config;
    const rung_tensor *q = n->in[IN_Q], *k = n->in[IN_K], *v = n->in[IN_V];
    const int32_t *lengths = n->in[IN_LENGTHS] ? n->in[IN_LENGTHS]->data : NULL;
    int64_t Tq = q->shape[1], Tk = k->shape[1], D = head_size(c);
    int64_t valid = c->cached ? x->run->past + Tq : Tk;
    if (lengths && lengths[b] < valid) valid = lengths[b];
    rung_attention_tile a = {
        .D = D,
        .i1 = Tq,
        .n_keys = valid,
        .causal = c->causal,
        .past = c->cached ? x->run->past : 0,
        .scale = 1 / sqrt((double)D),
        .q = rung__at(x, q->data, b * Tq * q->shape[2] + c->q_column + h * D),
        .k = rung__at(x, k->data, b * Tk * k->shape[2] + c->k_column + h * D),
        .v = rung__at(x, v->data, b * Tk * v->shape[2] + c->v_column + h * D),
        .ldq = q->shape[2],
        .ldk = k->shape[2],
        .ldv = v->shape[2],
        .ldo = c->width,
        .drop_stride = DROP_STRIDE,
        .n_key_rows = Tk,
    };
    if (x->run->training && c->dropout > 0) {
        a.dropout = c->dropout;
        a.key = rung__dropout_key(x->run, attrs->stream);
        a.lane = (uint64_t)((x->run->sample0 + b) * c->heads + h);
    }
    return a;
}

typedef struct attention_ctx {
    const rung_node *n;
    const rung_exec *x;
    int64_t heads, tiles;
    char *scratch;
    size_t worker_bytes;
} attention_ctx;

static void attention_task(void *ctx, int64_t task, int worker)
{
    const attention_ctx *c = ctx;
    const rung_tensor *o = c->n->out[0];
    int64_t tile = task % c->tiles, h = task / c->tiles % c->heads;
    int64_t b = task / c->tiles / c->heads, Tq = o->shape[1], C = o->shape[2];
    rung_attention_tile a = head_of(c->n, c->x, b, h);
    a.i0 = tile * RUNG_ATTENTION_TILE;
    if (a.i0 + RUNG_ATTENTION_TILE < a.i1) a.i1 = a.i0 + RUNG_ATTENTION_TILE;
    a.o = rung__at(c->x, o->data, b * Tq * C + h * a.D);
    a.lse = rung__at(c->x, c->n->out[1]->data, (b * c->heads + h) * Tq);
    a.scratch = c->scratch + (size_t)worker * c->worker_bytes;
    c->x->k->attention(&a);
}

static rung_status check_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    const rung_attention_config *c = &((const attention_attrs *)n->attrs)->config;
    int64_t end = x->run->past + n->in[IN_Q]->shape[1], Tk = n->in[IN_K]->shape[1];
    if (c->cached && end > Tk)
        return rung_fail(err, RUNG_INPUT, "position %lld is beyond the cache of %lld",
                         (long long)end - 1, (long long)Tk);
    return RUNG_OK;
}

static rung_status attention_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    RUNG_TRY(check_run(n, x, err));
    const rung_attention_config *config = &((const attention_attrs *)n->attrs)->config;
    int64_t B = n->out[0]->shape[0], Tq = n->out[0]->shape[1];
    attention_ctx c = {
        .n = n,
        .x = x,
        .heads = config->heads,
        .tiles = (Tq + RUNG_ATTENTION_TILE - 1) / RUNG_ATTENTION_TILE,
        .scratch = n->scratch,
        .worker_bytes =
            x->k->attention_scratch(head_size(config), n->in[IN_K]->shape[1], 0),
    };
    rung_pool_run(x->pool, B * c.heads * c.tiles, attention_task, &c);
    return RUNG_OK;
}

static void attention_backward(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                               rung_tensor **dx)
{
    rung_tensor *in[N_GRAD_INPUTS] = {
        n->in[IN_Q], n->in[IN_K], n->in[IN_V], n->in[IN_LENGTHS],
        n->out[0],   n->out[1],   dy[0]};
    rung_tensor **q = n->in;
    rung_node *d =
        rung__node(g, &rung__op_attention_grad, 3, N_GRAD_INPUTS, in, n->attrs);
    if (!d) return;
    dx[IN_Q] = d->out[IN_Q]; // one tensor that is several of them has one gradient
    if (q[IN_K] != q[IN_Q]) dx[IN_K] = d->out[IN_K];
    if (q[IN_V] != q[IN_Q] && q[IN_V] != q[IN_K]) dx[IN_V] = d->out[IN_V];
}

static rung_cost attention_cost(const rung_node *n)
{
    const rung_attention_config *c = &((const attention_attrs *)n->attrs)->config;
    const rung_tensor *q = n->in[IN_Q], *k = n->in[IN_K];
    double pairs = (double)q->shape[0] * (double)q->shape[1] * (double)k->shape[1];
    if (c->causal && !c->cached) pairs /= 2;
    return (rung_cost){4 * pairs * (double)c->width, 0};
}

const rung_op rung__op_attention = {
    .name = "attention",
    .attr_bytes = sizeof(attention_attrs),
    .n_outputs = 2,
    .int_inputs = 1 << IN_LENGTHS,
    .infer = attention_infer,
    .run = attention_run,
    .grad = attention_backward,
    .cost = attention_cost,
    .all_outputs = true,
};

/* ---- The gradient ---- */

/* Where the gradient of source i (q, k or v) is written: in the first output of the same
 * tensor. */
static rung_tensor *grad_output(const rung_node *n, int i)
{
    for (int j = 0; j < i; j++) {
        if (n->in[j] == n->in[i]) return n->out[j];
    }
    return n->out[i];
}

static rung_status attention_grad_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)err;
    const rung_attention_config *c = &((const attention_attrs *)n->attrs)->config;
    for (int i = IN_Q; i <= IN_V; i++) {
        if (grad_output(n, i) == n->out[i]) rung__shape_like(n->out[i], n->in[i]);
    }
    int64_t Tk = n->in[IN_K]->shape[1];
    n->scratch_bytes =
        g->exec.k->attention_scratch(head_size(c), Tk, 1) * (size_t)rung__threads(g);
    return RUNG_OK;
}

static void attention_grad_task(void *ctx, int64_t task, int worker)
{
    const attention_ctx *c = ctx;
    const rung_node *n = c->n;
    const rung_attention_config *config = &((const attention_attrs *)n->attrs)->config;
    int64_t b = task / c->heads, h = task % c->heads;
    int64_t Tq = n->in[IN_Q]->shape[1], C = config->width;
    rung_attention_tile a = head_of(n, c->x, b, h);
    a.o = rung__at(c->x, n->in[IN_O]->data, b * Tq * C + h * a.D);
    a.d_o = rung__at(c->x, n->in[IN_DO]->data, b * Tq * C + h * a.D);
    a.lse = rung__at(c->x, n->in[IN_LSE]->data, (b * c->heads + h) * Tq);
    a.scratch = c->scratch + (size_t)worker * c->worker_bytes;

    const int64_t columns[] = {config->q_column, config->k_column, config->v_column};
    void **place[] = {&a.dq, &a.dk, &a.dv};
    int64_t *stride[] = {&a.lddq, &a.lddk, &a.lddv};
    for (int i = IN_Q; i <= IN_V; i++) {
        const rung_tensor *out = grad_output(n, i);
        int64_t T = n->in[i]->shape[1];
        *stride[i] = rung__last(out);
        *place[i] = rung__at(c->x, out->data, b * T * *stride[i] + columns[i] + h * a.D);
    }
    c->x->k->attention_grad(&a);
}

static rung_status attention_grad_run(const rung_node *n, const rung_exec *x,
                                      rung_error *err)
{
    (void)err;
    const rung_attention_config *config = &((const attention_attrs *)n->attrs)->config;
    for (int i = IN_Q; i <= IN_V; i++) { // columns that are neither q, k nor v
        const rung_tensor *out = n->out[i];
        int64_t used = 0;
        for (int j = IN_Q; j <= IN_V; j++)
            used += grad_output(n, j) == out ? config->width : 0;
        if (used && used < rung__last(out)) memset(out->data, 0, rung__tensor_bytes(out));
    }
    attention_ctx c = {
        .n = n,
        .x = x,
        .heads = config->heads,
        .scratch = n->scratch,
        .worker_bytes =
            x->k->attention_scratch(head_size(config), n->in[IN_K]->shape[1], 1),
    };
    rung_pool_run(x->pool, n->in[IN_Q]->shape[0] * c.heads, attention_grad_task, &c);
    return RUNG_OK;
}

static rung_cost attention_grad_cost(const rung_node *n)
{
    rung_cost cost = attention_cost(n);
    cost.flops *= 2.5; // five products for two
    return cost;
}

const rung_op rung__op_attention_grad = {
    .name = "attention_grad",
    .attr_bytes = sizeof(attention_attrs),
    .n_outputs = 3,
    .int_inputs = 1 << IN_LENGTHS,
    .infer = attention_grad_infer,
    .run = attention_grad_run,
    .cost = attention_grad_cost,
    .all_outputs = true,
};

rung_tensor *rung_attention(rung_graph *g, rung_tensor *q, rung_tensor *k, rung_tensor *v,
                            rung_tensor *lengths, const rung_attention_config *config)
{
    return rung__op1(g, &rung__op_attention, 3, N_INPUTS,
                     (rung_tensor *[]){q, k, v, lengths},
                     &(attention_attrs){*config, -1});
}
