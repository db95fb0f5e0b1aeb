/* y[..., N] = act(x[..., K]) w + b + residual, w being [K, N], or [N, K] when transposed:
 * one product with everything in it.
 *
 *     dx = (dy w^T) act'(x),  dw = act(x)^T dy,  db = sum of the rows of dy,
 *     dresidual = dy
 *
 * act(x) is never whole in memory: the product makes it from x, some rows at a time, and
 * so does that of dw. Where x is a layer normalisation, that one makes it from what was
 * normalised. Keeping less from forward to backward saves a third of a Transformer's
 * memory, and is faster than to write and read it. */
#include "ops/ops.h"

#include <string.h>

#include "ops/activation.h"
#include "ops/layernorm.h"

/* ---- Rows made for a product ---- */

typedef struct made_rows {
    rung_maker maker;
    const rung_kernels *k;
    int64_t width;
    rung_act act;
    double eps;
    const void *x, *gamma, *beta; /* without gamma: act(x), else its normalisation */
} made_rows;

static void make_rows(const void *self, int64_t row, int64_t n, void *to)
{
    const made_rows *m = self;
    const size_t row_bytes = (size_t)m->width * m->k->real_bytes;
    const char *x = (const char *)m->x + (size_t)row * row_bytes;
    if (!m->gamma) {
        m->k->act(m->act, n * m->width, x, to);
        return;
    }
    for (char *y = to; n > 0; n--, x += row_bytes, y += row_bytes) {
        double mean, rstd; // room for a real of either kind
        m->k->layernorm(1, m->width, m->eps, x, m->gamma, m->beta, y, &mean, &rstd);
    }
}

/* ---- Forward ---- */

typedef struct linear_attrs {
    bool trans_w;
    rung_act act;
} linear_attrs;

enum { IN_X, IN_W, IN_B, IN_RESIDUAL, N_INPUTS };

static const void *data_or_null(const rung_tensor *t)
{
    return t ? t->data : NULL;
}

/* The product as the kernel wants it; its shape alone before there is data. `made` is
 * filled and used where x has an activation. */
static rung_gemm gemm_of(const rung_node *n, const rung_kernels *k, made_rows *made)
{
    const linear_attrs *attrs = n->attrs;
    const rung_tensor *in = n->in[IN_X], *out = n->out[0];
    *made = (made_rows){.maker = {make_rows, made},
                        .k = k,
                        .width = rung__last(in),
                        .act = attrs->act,
                        .x = in->data};
    return (rung_gemm){
        .M = rung__rows(in),
        .N = rung__last(out),
        .K = rung__last(in),
        .a = in->data,
        .lda = rung__last(in),
        .make_a = attrs->act == RUNG_ACT_NONE ? NULL : &made->maker,
        .b = n->in[IN_W]->data,
        .ldb = rung__last(n->in[IN_W]),
        .trans_b = attrs->trans_w,
        .c = out->data,
        .ldc = rung__last(out),
        .bias = data_or_null(n->in[IN_B]),
        .residual = data_or_null(n->in[IN_RESIDUAL]),
    };
}

static rung_status linear_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    const rung_tensor *x = n->in[IN_X], *w = n->in[IN_W], *b = n->in[IN_B];
    const rung_tensor *residual = n->in[IN_RESIDUAL];
    const linear_attrs *attrs = n->attrs;
    char xs[100], ws[100];
    if (w->rank != 2 || x->rank < 1)
        return rung_fail(err, RUNG_SHAPE, "linear: weights are %s, not a matrix",
                         rung__tensor_shape(w, ws));
    int64_t K = w->shape[attrs->trans_w], N = w->shape[!attrs->trans_w];
    if (rung__last(x) != K)
        return rung_fail(
            err, RUNG_SHAPE, "linear: rows of %s are not %lld wide, as %s needs",
            rung__tensor_shape(x, xs), (long long)K, rung__tensor_shape(w, ws));
    if (b && b->size != N)
        return rung_fail(err, RUNG_SHAPE, "linear: bias has %lld elements, not %lld",
                         (long long)b->size, (long long)N);
    int64_t shape[RUNG_MAX_RANK];
    for (int i = 0; i < x->rank; i++) shape[i] = x->shape[i];
    shape[x->rank - 1] = N;
    rung__shape_set(n->out[0], g->real, x->rank, shape);
    if (residual && residual->size != n->out[0]->size)
        return rung_fail(err, RUNG_SHAPE, "linear: residual is %s, output %s",
                         rung__tensor_shape(residual, xs),
                         rung__tensor_shape(n->out[0], ws));
    made_rows made;
    rung_gemm gemm = gemm_of(n, g->exec.k, &made);
    n->scratch_bytes = rung_gemm_scratch(g->exec.k, &gemm);
    return RUNG_OK;
}

static rung_status linear_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    made_rows made;
    rung_gemm gemm = gemm_of(n, x->k, &made);
    rung_gemm_run(x->k, x->pool, &gemm, n->scratch);
    return RUNG_OK;
}

static rung_tensor *grad_of_weights(rung_graph *g, rung_node *n, rung_tensor *dy);

static void linear_grad(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                        rung_tensor **dx)
{
    const linear_attrs *attrs = n->attrs;
    rung_tensor *x = n->in[IN_X], *w = n->in[IN_W], *b = n->in[IN_B];
    if (w->needs_grad) dx[IN_W] = grad_of_weights(g, n, dy[0]);
    if (b && b->needs_grad) dx[IN_B] = rung__sum_to(g, dy[0], b);
    if (x->needs_grad) {
        rung_tensor *saved =
            rung__act_saves_output(attrs->act) ? rung_activation(g, x, attrs->act) : x;
        rung_tensor *d =
            rung__matmul_act_grad(g, rung__as_matrix(g, dy[0]), w,
                                  attrs->trans_w ? 0 : RUNG_TRANS_B, saved, attrs->act);
        dx[IN_X] = d ? rung_reshape(g, d, x->rank, x->shape) : NULL;
    }
    dx[IN_RESIDUAL] = dy[0];
}

static rung_cost linear_cost(const rung_node *n)
{
    double rows = (double)rung__rows(n->in[IN_X]);
    return (rung_cost){2 * rows * (double)n->in[IN_W]->size, 0};
}

const rung_op rung__op_linear = {
    .name = "linear",
    .attr_bytes = sizeof(linear_attrs),
    .n_outputs = 1,
    .infer = linear_infer,
    .run = linear_run,
    .grad = linear_grad,
    .cost = linear_cost,
};

rung_tensor *rung_linear(rung_graph *g, rung_tensor *x, rung_tensor *w, rung_tensor *b,
                         int flags, rung_act act, rung_tensor *residual)
{
    linear_attrs attrs = {(flags & RUNG_TRANS_B) != 0, act};
    return rung__op1(g, &rung__op_linear, 2, N_INPUTS,
                     (rung_tensor *[]){x, w, b, residual}, &attrs);
}

/* ---- The gradient of the weights: dw = f(x)^T dy, or dy^T f(x) when transposed; f is
 * the activation, or the normalisation of x when gamma is there. ---- */

typedef struct grad_attrs {
    bool trans_w;
    rung_act act;
    double eps;
} grad_attrs;

enum { IN_DY = 1, IN_GAMMA, IN_BETA, N_GRAD_INPUTS };

static rung_tensor *grad_of_weights(rung_graph *g, rung_node *n, rung_tensor *dy)
{
    const linear_attrs *attrs = n->attrs;
    grad_attrs d = {attrs->trans_w, attrs->act, 0};
    rung_tensor *in[N_GRAD_INPUTS] = {n->in[IN_X], dy, NULL, NULL};
    const rung_tensor *x = n->in[IN_X]->view_of ? n->in[IN_X]->view_of : n->in[IN_X];
    const rung_node *from = x->node;
    if (from && from->op == &rung__op_layernorm && x == from->out[0] &&
        attrs->act == RUNG_ACT_NONE) {
        in[IN_X] = from->in[0], in[IN_GAMMA] = from->in[1], in[IN_BETA] = from->in[2];
        d.eps = ((const rung_layernorm_attrs *)from->attrs)->eps;
    }
    return rung__op1(g, &rung__op_linear_grad, 2, N_GRAD_INPUTS, in, &d);
}

static rung_gemm grad_gemm_of(const rung_node *n, const rung_kernels *k, made_rows *made)
{
    const grad_attrs *attrs = n->attrs;
    const rung_tensor *x = n->in[IN_X], *dy = n->in[IN_DY];
    *made = (made_rows){.maker = {make_rows, made},
                        .k = k,
                        .width = rung__last(x),
                        .act = attrs->act,
                        .eps = attrs->eps,
                        .x = x->data,
                        .gamma = data_or_null(n->in[IN_GAMMA]),
                        .beta = data_or_null(n->in[IN_BETA])};
    const bool makes = attrs->act != RUNG_ACT_NONE || n->in[IN_GAMMA];
    const rung_maker *maker = makes ? &made->maker : NULL;
    const rung_tensor *a = attrs->trans_w ? dy : x, *b = attrs->trans_w ? x : dy;
    return (rung_gemm){
        .M = rung__last(a),
        .N = rung__last(b),
        .K = rung__rows(a),
        .a = a->data,
        .lda = rung__last(a),
        .trans_a = true,
        .b = b->data,
        .ldb = rung__last(b),
        .make_a = attrs->trans_w ? NULL : maker,
        .make_b = attrs->trans_w ? maker : NULL,
        .c = n->out[0]->data,
        .ldc = rung__last(b),
    };
}

static rung_status linear_grad_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)err;
    made_rows made;
    rung_gemm gemm = grad_gemm_of(n, g->exec.k, &made);
    rung__shape_set(n->out[0], g->real, 2, (int64_t[]){gemm.M, gemm.N});
    n->scratch_bytes = rung_gemm_scratch(g->exec.k, &gemm);
    return RUNG_OK;
}

static rung_status linear_grad_run(const rung_node *n, const rung_exec *x,
                                   rung_error *err)
{
    (void)err;
    made_rows made;
    rung_gemm gemm = grad_gemm_of(n, x->k, &made);
    rung_gemm_run(x->k, x->pool, &gemm, n->scratch);
    return RUNG_OK;
}

static rung_cost linear_grad_cost(const rung_node *n)
{
    double rows = (double)rung__rows(n->in[IN_X]);
    return (rung_cost){2 * rows * (double)n->out[0]->size, 0};
}

const rung_op rung__op_linear_grad = {
    .name = "linear_grad",
    .attr_bytes = sizeof(grad_attrs),
    .n_outputs = 1,
    .infer = linear_grad_infer,
    .run = linear_grad_run,
    .cost = linear_grad_cost,
};
