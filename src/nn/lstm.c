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
    rung_graph_push(g, "%s", s->path);
    for (int64_t l = 0; l < spec->layers; l++) {
        rung_graph_push(g, "l%lld", (long long)l);
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
    rung_graph_pop(g);
    return x;
}

rung_tensor *rung_nn_lstm(const rung_scope *s, const rung_lstm_spec *spec, rung_tensor *x)
{
    return lstm_stack(s, spec, x, rung_lstm);
}

/* ---- Unrolled ---- */

typedef struct cell {
    rung_graph *g;
    rung_tensor *xg, *w_hh, *b_hh;
    int64_t B, H;
    rung_tensor *h, *c; /* after the steps so far, [B, H]; NULL: zero */
} cell;

/* Part k of the four gates, [B, H]. */
static rung_tensor *gate(const cell *s, rung_tensor *a, int k, rung_act act)
{
    return rung_activation(s->g, rung_slice(s->g, a, 1, k * s->H, (k + 1) * s->H), act);
}

/* h_t as [B, 1, H]. */
static rung_tensor *step(cell *s, int64_t t)
{
    rung_graph *g = s->g;
    rung_tensor *a = rung_reshape(g, rung_slice(g, s->xg, 1, t, t + 1), 2,
                                  (int64_t[]){s->B, 4 * s->H});
    if (s->b_hh) a = rung_add(g, a, s->b_hh);
    if (s->h) a = rung_add(g, a, rung_matmul(g, s->h, s->w_hh, RUNG_TRANS_B));
    rung_tensor *i = gate(s, a, 0, RUNG_ACT_SIGMOID);
    rung_tensor *f = gate(s, a, 1, RUNG_ACT_SIGMOID);
    rung_tensor *o = gate(s, a, 3, RUNG_ACT_SIGMOID);
    rung_tensor *fresh = rung_mul(g, i, gate(s, a, 2, RUNG_ACT_TANH));
    s->c = s->c ? rung_add(g, rung_mul(g, f, s->c), fresh) : fresh;
    s->h = rung_mul(g, o, rung_activation(g, s->c, RUNG_ACT_TANH));
    return rung_reshape(g, s->h, 3, (int64_t[]){s->B, 1, s->H});
}

/* The steps from `begin` to `end` - 1, joined in halves: each h_t is copied log2 T
 * times. */
static rung_tensor *steps(cell *s, int64_t begin, int64_t end)
{
    if (end - begin == 1) return step(s, begin);
    int64_t middle = begin + (end - begin) / 2;
    rung_tensor *first = steps(s, begin, middle), *second = steps(s, middle, end);
    return rung_concat(s->g, (rung_tensor *[]){first, second}, 2, 1);
}

static rung_lstm_out unrolled(rung_graph *g, rung_tensor *xg, rung_tensor *w_hh,
                              rung_tensor *b_hh, rung_tensor *h0, rung_tensor *c0)
{
    if (!xg || !w_hh) return (rung_lstm_out){NULL, NULL, NULL};
    cell s = {g,  xg, w_hh, b_hh, rung_tensor_dim(xg, 0), rung_tensor_dim(w_hh, 1),
              h0, c0};
    rung_tensor *y = steps(&s, 0, rung_tensor_dim(xg, 1));
    return (rung_lstm_out){y, s.h, s.c};
}

rung_tensor *rung_nn_lstm_unrolled(const rung_scope *s, const rung_lstm_spec *spec,
                                   rung_tensor *x)
{
    return lstm_stack(s, spec, x, unrolled);
}
