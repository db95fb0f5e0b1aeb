/* An LSTM over a sequence (Hochreiter, Schmidhuber 1997; gates and layouts of
 * torch.nn.LSTM):
 *
 *     a_t = xg_t + h_{t-1} w_hh^T + b_hh,   i, f, o = sigmoid, g = tanh of its four parts
 *     c_t = f c_{t-1} + i g,   h_t = o tanh(c_t)
 *
 * The products with the input, xg = x w_ih^T + b_ih, come for all steps at once from
 * outside. Samples do not meet in the recurrence, so a task takes a fixed block of them
 * through all steps: no thread waits for another. w_hh is packed once a run. Outputs: 0
 * the gates (i, f, g, o after their activation; may lie in the bytes of xg), 1 y = all
 * h_t, 2 all c_t, 3 and 4 the last h and c.
 *
 * Backward: da_t from dh_t = dy_t + da_{t+1} w_hh and dc_t, in the same blocks; then,
 * outside, dw_hh = sum_t da_t^T h_{t-1} and db_hh = sum_t da_t are one product and one
 * sum over all steps. */
#include "ops/ops.h"

#include <string.h>

enum { IN_XG, IN_W, IN_B, IN_H0, IN_C0, N_INPUTS };
enum { OUT_GATES, OUT_Y, OUT_C, OUT_HN, OUT_CN, N_OUTPUTS };

enum { LSTM_BLOCK = 16 }; // samples of one task

typedef struct lstm_size {
    int64_t B, T, H;
} lstm_size;

static lstm_size size_of(const rung_tensor *gates)
{
    return (lstm_size){gates->shape[0], gates->shape[1], gates->shape[2] / 4};
}

/* h w_hh^T forward, da w_hh backward: [rows, K] x op(w)[K, N]. */
static rung_gemm recurrent_product(const rung_tensor *w, bool forward)
{
    return (rung_gemm){.N = w->shape[!forward],
                       .K = w->shape[forward],
                       .b = w->data,
                       .ldb = w->shape[1],
                       .trans_b = forward};
}

/* Scratch of the forward or backward pass: the packed weights, then a row of zeros. */
static size_t scratch_bytes(const rung_exec *x, const rung_tensor *w, bool forward)
{
    return rung_packed_bytes(x->k, w->shape[!forward], w->shape[forward]) +
           (size_t)w->shape[1] * x->k->real_bytes;
}

static rung_status check_state(const rung_tensor *t, lstm_size s, const char *name,
                               rung_error *err)
{
    if (t && t->size != s.B * s.H)
        return rung_fail(err, RUNG_SHAPE, "lstm: %s has %lld elements, not %lld x %lld",
                         name, (long long)t->size, (long long)s.B, (long long)s.H);
    return RUNG_OK;
}

static rung_status lstm_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    const rung_tensor *xg = n->in[IN_XG], *w = n->in[IN_W], *b = n->in[IN_B];
    char text[100];
    if (xg->rank != 3 || xg->shape[2] % 4 != 0)
        return rung_fail(err, RUNG_SHAPE, "lstm: input products are %s, not [B,T,4H]",
                         rung__tensor_shape(xg, text));
    lstm_size s = size_of(xg);
    if (w->rank != 2 || w->shape[0] != 4 * s.H || w->shape[1] != s.H)
        return rung_fail(
            err, RUNG_SHAPE, "lstm: recurrent weights are %s, not [%lld,%lld]",
            rung__tensor_shape(w, text), (long long)(4 * s.H), (long long)s.H);
    if (b && b->size != 4 * s.H)
        return rung_fail(err, RUNG_SHAPE, "lstm: bias has %lld elements, not %lld",
                         (long long)b->size, (long long)(4 * s.H));
    RUNG_TRY(check_state(n->in[IN_H0], s, "h0", err));
    RUNG_TRY(check_state(n->in[IN_C0], s, "c0", err));
    rung__shape_like(n->out[OUT_GATES], xg);
    for (int o = OUT_Y; o <= OUT_C; o++)
        rung__shape_set(n->out[o], g->real, 3, (int64_t[]){s.B, s.T, s.H});
    for (int o = OUT_HN; o <= OUT_CN; o++)
        rung__shape_set(n->out[o], g->real, 2, (int64_t[]){s.B, s.H});
    n->scratch_bytes = scratch_bytes(&g->exec, w, true);
    return RUNG_OK;
}

typedef struct lstm_ctx {
    const rung_node *n;
    const rung_exec *x;
    lstm_size s;
    void *packed;  /* the recurrent weights */
    void *zeros;   /* [H]: the state before the first step, when none is given */
    void *dh, *dc; /* [B, H], backward */
} lstm_ctx;

/* Row b of state t - 1: of the sequence `all`, or of `first` (zeros if NULL). */
static const void *row_before(const lstm_ctx *c, const rung_tensor *all,
                              const rung_tensor *first, int64_t b, int64_t t)
{
    if (t > 0) return rung__at(c->x, all->data, (b * c->s.T + t - 1) * c->s.H);
    return first ? rung__at(c->x, first->data, b * c->s.H) : c->zeros;
}

/* gates[b, t] += h_{t-1} w_hh^T + b_hh for the rows begin ... end - 1. */
static void recur(const lstm_ctx *c, int64_t begin, int64_t end, int64_t t)
{
    const rung_node *n = c->n;
    int64_t H = c->s.H, T = c->s.T;
    rung_gemm gemm = recurrent_product(n->in[IN_W], true);
    gemm.M = end - begin;
    gemm.a = row_before(c, n->out[OUT_Y], n->in[IN_H0], begin, t);
    gemm.lda = t > 0 ? T * H : n->in[IN_H0] ? H : 0;
    gemm.packed_b = c->packed;
    gemm.c = rung__at(c->x, n->out[OUT_GATES]->data, (begin * T + t) * 4 * H);
    gemm.ldc = T * 4 * H;
    gemm.accumulate = true;
    gemm.bias = n->in[IN_B] ? n->in[IN_B]->data : NULL;
    rung_gemm_run(c->x->k, c->x->pool, &gemm, NULL);
}

static void lstm_block(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const lstm_ctx *c = ctx;
    const rung_node *n = c->n;
    int64_t H = c->s.H, T = c->s.T;
    rung_tensor *const *out = n->out;
    size_t real = c->x->k->real_bytes, row = (size_t)H * real;
    if (out[OUT_GATES]->data != n->in[IN_XG]->data)
        memcpy(rung__at(c->x, out[OUT_GATES]->data, begin * T * 4 * H),
               rung__at(c->x, n->in[IN_XG]->data, begin * T * 4 * H),
               (size_t)((end - begin) * T) * 4 * row);
    for (int64_t t = 0; t < T; t++) {
        recur(c, begin, end, t);
        for (int64_t b = begin; b < end; b++) {
            int64_t at = b * T + t;
            c->x->k->lstm_cell(H, rung__at(c->x, out[OUT_GATES]->data, at * 4 * H),
                               row_before(c, out[OUT_C], n->in[IN_C0], b, t),
                               rung__at(c->x, out[OUT_C]->data, at * H),
                               rung__at(c->x, out[OUT_Y]->data, at * H));
        }
    }
    for (int64_t b = begin; b < end; b++) {
        int64_t last = b * T + T - 1;
        memcpy(rung__at(c->x, out[OUT_HN]->data, b * H),
               rung__at(c->x, out[OUT_Y]->data, last * H), row);
        memcpy(rung__at(c->x, out[OUT_CN]->data, b * H),
               rung__at(c->x, out[OUT_C]->data, last * H), row);
    }
}

/* Packs the recurrent weights, and hands out the zeros behind them. */
static void fill_scratch(lstm_ctx *c, const rung_tensor *w, bool forward)
{
    rung_gemm gemm = recurrent_product(w, forward);
    size_t row = (size_t)c->s.H * c->x->k->real_bytes;
    c->packed = c->n->scratch;
    rung_packed_fill(c->x->k, c->x->pool, &gemm, c->packed);
    c->zeros = (char *)c->packed + scratch_bytes(c->x, w, forward) - row;
    memset(c->zeros, 0, row);
}

static rung_status lstm_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    lstm_ctx c = {.n = n, .x = x, .s = size_of(n->in[IN_XG])};
    fill_scratch(&c, n->in[IN_W], true);
    rung__ranges(x, c.s.B, LSTM_BLOCK, lstm_block, &c);
    return RUNG_OK;
}

/* All h_{t-1}: y one step later, h0 (or zero) first. */
static rung_tensor *previous_h(rung_graph *g, rung_tensor *y, rung_tensor *h0)
{
    int64_t B = y->shape[0], T = y->shape[1], H = y->shape[2];
    if (!h0 && T > 1) return rung__pad(g, rung_slice(g, y, 1, 0, T - 1), 1, 1, T);
    if (!h0) return rung_scale(g, y, 0);
    rung_tensor *parts[2] = {rung_reshape(g, h0, 3, (int64_t[]){B, 1, H}), NULL};
    if (T > 1) parts[1] = rung_slice(g, y, 1, 0, T - 1);
    return rung_concat(g, parts, T > 1 ? 2 : 1, 1);
}

static void lstm_backward(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                          rung_tensor **dx)
{
    rung_tensor *in[] = {n->out[OUT_GATES], n->in[IN_W], n->out[OUT_C], n->in[IN_C0],
                         dy[OUT_Y],         dy[OUT_HN],  dy[OUT_CN]};
    rung_node *d = rung__node(g, &rung__op_lstm_grad, 3, 7, in, NULL);
    if (!d) return;
    rung_tensor *da = d->out[0];
    dx[IN_XG] = da;
    if (n->in[IN_W]->needs_grad) {
        rung_tensor *h = rung__as_matrix(g, previous_h(g, n->out[OUT_Y], n->in[IN_H0]));
        dx[IN_W] = rung_matmul(g, rung__as_matrix(g, da), h, RUNG_TRANS_A);
    }
    if (n->in[IN_B] && n->in[IN_B]->needs_grad)
        dx[IN_B] = rung__sum_to(g, da, n->in[IN_B]);
    dx[IN_H0] = d->out[1];
    dx[IN_C0] = d->out[2];
}

static rung_cost lstm_cost(const rung_node *n)
{
    lstm_size s = size_of(n->in[IN_XG]);
    double rows = (double)(s.B * s.T);
    return (rung_cost){rows * (double)s.H * (8.0 * (double)s.H + 60), 0};
}

const rung_op rung__op_lstm = {
    .name = "lstm",
    .n_outputs = N_OUTPUTS,
    .infer = lstm_infer,
    .run = lstm_run,
    .grad = lstm_backward,
    .cost = lstm_cost,
    .in_place = 1 << IN_XG,
    .all_outputs = true,
};

/* ---- The gradient: gates, w_hh, c, c0, dy, dh_n, dc_n give da, dh0, dc0 ---- */

enum { GRAD_GATES, GRAD_W, GRAD_C, GRAD_C0, GRAD_DY, GRAD_DHN, GRAD_DCN };

static rung_status lstm_grad_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)err;
    lstm_size s = size_of(n->in[GRAD_GATES]);
    rung__shape_like(n->out[0], n->in[GRAD_GATES]);
    for (int o = 1; o < 3; o++)
        rung__shape_set(n->out[o], g->real, 2, (int64_t[]){s.B, s.H});
    n->scratch_bytes = scratch_bytes(&g->exec, n->in[GRAD_W], false);
    return RUNG_OK;
}

static void copy_or_zero(void *dst, const rung_tensor *src, const rung_exec *x,
                         int64_t at, size_t bytes)
{
    if (src)
        memcpy(dst, rung__at(x, src->data, at), bytes);
    else
        memset(dst, 0, bytes);
}

/* dh_{t-1} = da_t w_hh for the rows begin ... end - 1. */
static void recur_back(const lstm_ctx *c, int64_t begin, int64_t end, int64_t t)
{
    int64_t H = c->s.H, T = c->s.T;
    rung_gemm gemm = recurrent_product(c->n->in[GRAD_W], false);
    gemm.M = end - begin;
    gemm.a = rung__at(c->x, c->n->out[0]->data, (begin * T + t) * 4 * H);
    gemm.lda = T * 4 * H;
    gemm.packed_b = c->packed;
    gemm.c = rung__at(c->x, c->dh, begin * H);
    gemm.ldc = H;
    rung_gemm_run(c->x->k, c->x->pool, &gemm, NULL);
}

static void lstm_grad_block(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const lstm_ctx *c = ctx;
    const rung_node *n = c->n;
    const rung_exec *x = c->x;
    int64_t H = c->s.H, T = c->s.T, rows = end - begin;
    size_t row = (size_t)H * x->k->real_bytes;
    void *da = n->out[0]->data;
    copy_or_zero(rung__at(x, c->dh, begin * H), n->in[GRAD_DHN], x, begin * H,
                 (size_t)rows * row);
    copy_or_zero(rung__at(x, c->dc, begin * H), n->in[GRAD_DCN], x, begin * H,
                 (size_t)rows * row);
    if (da != n->in[GRAD_GATES]->data)
        memcpy(rung__at(x, da, begin * T * 4 * H),
               rung__at(x, n->in[GRAD_GATES]->data, begin * T * 4 * H),
               (size_t)(rows * T) * 4 * row);
    for (int64_t t = T - 1; t >= 0; t--) {
        for (int64_t b = begin; b < end; b++) {
            int64_t at = b * T + t;
            void *dh = rung__at(x, c->dh, b * H);
            if (n->in[GRAD_DY])
                x->k->add(H, dh, rung__at(x, n->in[GRAD_DY]->data, at * H), dh);
            x->k->lstm_cell_grad(H, rung__at(x, da, at * 4 * H),
                                 row_before(c, n->in[GRAD_C], n->in[GRAD_C0], b, t),
                                 rung__at(x, n->in[GRAD_C]->data, at * H), dh,
                                 rung__at(x, c->dc, b * H));
        }
        recur_back(c, begin, end, t);
    }
}

static rung_status lstm_grad_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    lstm_ctx c = {.n = n, .x = x, .s = size_of(n->in[GRAD_GATES])};
    fill_scratch(&c, n->in[GRAD_W], false);
    c.dh = n->out[1]->data;
    c.dc = n->out[2]->data;
    rung__ranges(x, c.s.B, LSTM_BLOCK, lstm_grad_block, &c);
    return RUNG_OK;
}

static rung_cost lstm_grad_cost(const rung_node *n)
{
    lstm_size s = size_of(n->in[GRAD_GATES]);
    double rows = (double)(s.B * s.T);
    return (rung_cost){rows * (double)s.H * (8.0 * (double)s.H + 60), 0};
}

const rung_op rung__op_lstm_grad = {
    .name = "lstm_grad",
    .n_outputs = 3,
    .infer = lstm_grad_infer,
    .run = lstm_grad_run,
    .cost = lstm_grad_cost,
    .in_place = 1 << GRAD_GATES,
    .all_outputs = true,
};

rung_lstm_out rung_lstm(rung_graph *g, rung_tensor *xg, rung_tensor *w_hh,
                        rung_tensor *b_hh, rung_tensor *h0, rung_tensor *c0)
{
    rung_tensor *in[] = {xg, w_hh, b_hh, h0, c0};
    rung_node *n = rung__node(g, &rung__op_lstm, 2, N_INPUTS, in, NULL);
    if (!n) return (rung_lstm_out){NULL, NULL, NULL};
    return (rung_lstm_out){n->out[OUT_Y], n->out[OUT_HN], n->out[OUT_CN]};
}
