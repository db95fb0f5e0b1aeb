/* Stacked LSTM: the fused form, and its twin from small operators. */
#include "rung/nn.h"

#include <math.h>
#include <stdio.h>

static rung_status declare_one(const rung_scope *s, const char *what, int64_t layer,
                               int rank, int64_t rows, int64_t columns, double bound,
                               rung_error *err)
{
    char name[40];
    snprintf(name, sizeof name, "%s_l%lld", what, (long long)layer);
    rung_param p = {.name = name,
                    .rank = rank,
                    .shape = {rows, columns},
                    .init = RUNG_INIT_UNIFORM,
                    .scale = bound,
                    .transposed = true,
                    .decay = rank == 2};
    return rung_scope_declare(s, &p, err);
}

rung_status rung_nn_lstm_declare(const rung_scope *s, const rung_lstm_spec *spec,
                                 rung_error *err)
{
    int64_t H = spec->width;
    double bound = 1 / sqrt((double)H); // PyTorch's default
    for (int64_t l = 0; l < spec->layers; l++) {
        int64_t in = l ? H : spec->in;
        RUNG_TRY(declare_one(s, "weight_ih", l, 2, 4 * H, in, bound, err));
        RUNG_TRY(declare_one(s, "weight_hh", l, 2, 4 * H, H, bound, err));
        RUNG_TRY(declare_one(s, "bias_ih", l, 1, 4 * H, 1, bound, err));
        RUNG_TRY(declare_one(s, "bias_hh", l, 1, 4 * H, 1, bound, err));
    }
    return RUNG_OK;
}

rung_status rung_nn_lstm_carry(const rung_scope *s, const rung_lstm_spec *spec, int64_t B,
                               rung_error *err)
{
    for (int64_t l = 0; l < spec->layers; l++) {
        RUNG_TRY(declare_one(s, "h", l, 2, B, spec->width, 0, err));
        RUNG_TRY(declare_one(s, "c", l, 2, B, spec->width, 0, err));
    }
    return RUNG_OK;
}

static rung_tensor *layer_param(const rung_scope *s, const char *what, int64_t layer)
{
    char name[40];
    snprintf(name, sizeof name, "%s_l%lld", what, (long long)layer);
    return rung_scope_param(s, name);
}

static rung_tensor *layer_state(const rung_scope *s, const char *what, int64_t layer)
{
    char name[40];
    snprintf(name, sizeof name, "%s_l%lld", what, (long long)layer);
    return s->states ? rung_scope_state(s, name) : NULL;
}

/* The recurrence of one layer over its input products. */
typedef rung_lstm_out (*recurrence)(rung_graph *g, rung_tensor *xg, rung_tensor *w_hh,
                                    rung_tensor *b_hh, rung_tensor *h0, rung_tensor *c0);

static rung_tensor *lstm_stack(const rung_scope *s, const rung_lstm_spec *spec,
                               rung_tensor *x, recurrence run)
{
    rung_graph *g = s->graph;
    for (int64_t l = 0; l < spec->layers; l++) {
        rung_graph_push(g, "%s.l%lld", s->path, (long long)l);
        if (l > 0) x = rung_dropout(g, x, spec->dropout);
        rung_tensor *h0 = layer_state(s, "h", l), *c0 = layer_state(s, "c", l);
        rung_tensor *xg =
            rung_linear(g, x, layer_param(s, "weight_ih", l),
                        layer_param(s, "bias_ih", l), RUNG_TRANS_B, RUNG_ACT_NONE, NULL);
        rung_lstm_out out = run(g, xg, layer_param(s, "weight_hh", l),
                                layer_param(s, "bias_hh", l), h0, c0);
        if (h0) rung_assign(g, h0, out.h);
        if (c0) rung_assign(g, c0, out.c);
        x = out.y;
        rung_graph_pop(g);
    }
    return x;
}

rung_tensor *rung_nn_lstm(const rung_scope *s, const rung_lstm_spec *spec, rung_tensor *x)
{
    return lstm_stack(s, spec, x, rung_lstm);
}

/* ---- Unrolled ---- */

/* Part k of the four gates, [B, H]. */
static rung_tensor *gate(rung_graph *g, rung_tensor *a, int64_t H, int k, rung_act act)
{
    return rung_activation(g, rung_slice(g, a, 1, k * H, (k + 1) * H), act);
}

static rung_lstm_out unrolled(rung_graph *g, rung_tensor *xg, rung_tensor *w_hh,
                              rung_tensor *b_hh, rung_tensor *h0, rung_tensor *c0)
{
    rung_lstm_out out = {NULL, h0, c0};
    if (!xg || !w_hh) return out;
    int64_t B = rung_tensor_dim(xg, 0), T = rung_tensor_dim(xg, 1),
            H = rung_tensor_dim(w_hh, 1);
    for (int64_t t = 0; t < T; t++) {
        rung_tensor *a =
            rung_reshape(g, rung_slice(g, xg, 1, t, t + 1), 2, (int64_t[]){B, 4 * H});
        if (b_hh) a = rung_add(g, a, b_hh);
        if (out.h) a = rung_add(g, a, rung_matmul(g, out.h, w_hh, RUNG_TRANS_B));
        rung_tensor *i = gate(g, a, H, 0, RUNG_ACT_SIGMOID);
        rung_tensor *f = gate(g, a, H, 1, RUNG_ACT_SIGMOID);
        rung_tensor *o = gate(g, a, H, 3, RUNG_ACT_SIGMOID);
        rung_tensor *fresh = rung_mul(g, i, gate(g, a, H, 2, RUNG_ACT_TANH));
        out.c = out.c ? rung_add(g, rung_mul(g, f, out.c), fresh) : fresh;
        out.h = rung_mul(g, o, rung_activation(g, out.c, RUNG_ACT_TANH));
        rung_tensor *step = rung_reshape(g, out.h, 3, (int64_t[]){B, 1, H});
        out.y = out.y ? rung_concat(g, (rung_tensor *[]){out.y, step}, 2, 1) : step;
    }
    return out;
}

rung_tensor *rung_nn_lstm_unrolled(const rung_scope *s, const rung_lstm_spec *spec,
                                   rung_tensor *x)
{
    return lstm_stack(s, spec, x, unrolled);
}
