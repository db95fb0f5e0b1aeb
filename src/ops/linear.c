/* y[..., N] = act(x[..., K] w + b) + residual, w being [K, N], or [N, K] when transposed:
 * one product with everything in its epilogue.
 *
 *     p = dy act'          dx = p w^T,  dw = x^T p,  db = sum of the rows of p,
 *     dresidual = dy
 *
 * Output 1 is what the activation's derivative needs: the value before it (absent without
 * an activation, or when the derivative is computed from y and no residual hides it). */
#include "ops/ops.h"

#include "ops/activation.h"

typedef struct linear_attrs {
    bool trans_w;
    rung_act act;
} linear_attrs;

enum { IN_X, IN_W, IN_B, IN_RESIDUAL, N_INPUTS };

static const void *data_or_null(const rung_tensor *t)
{
    return t ? t->data : NULL;
}

/* The product as the kernel wants it; its shape alone before there is data. */
static rung_gemm gemm_of(const rung_node *n)
{
    const linear_attrs *attrs = n->attrs;
    const rung_tensor *in = n->in[IN_X], *out = n->out[0];
    return (rung_gemm){
        .M = rung__rows(in),
        .N = rung__last(out),
        .K = rung__last(in),
        .a = in->data,
        .lda = rung__last(in),
        .b = n->in[IN_W]->data,
        .ldb = rung__last(n->in[IN_W]),
        .trans_b = attrs->trans_w,
        .c = out->data,
        .ldc = rung__last(out),
        .bias = data_or_null(n->in[IN_B]),
        .act = attrs->act,
        .pre = n->out[1]->data,
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
    for (int o = 0; o < 2; o++) rung__shape_set(n->out[o], g->real, x->rank, shape);
    if (residual && residual->size != n->out[0]->size)
        return rung_fail(err, RUNG_SHAPE, "linear: residual is %s, output %s",
                         rung__tensor_shape(residual, xs),
                         rung__tensor_shape(n->out[0], ws));
    rung_gemm gemm = gemm_of(n);
    n->scratch_bytes = rung_gemm_scratch(g->exec.k, &gemm);
    return RUNG_OK;
}

static rung_status linear_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    rung_gemm gemm = gemm_of(n);
    rung_gemm_run(x->k, x->pool, &gemm, n->scratch);
    return RUNG_OK;
}

/* dy times the derivative of the activation. */
static rung_tensor *before_activation(rung_graph *g, rung_node *n, rung_tensor *dy)
{
    const linear_attrs *attrs = n->attrs;
    if (attrs->act == RUNG_ACT_NONE) return dy;
    rung_tensor *saved = n->out[1];
    if (rung__act_saves_output(attrs->act))
        saved = n->in[IN_RESIDUAL] ? rung_activation(g, saved, attrs->act) : n->out[0];
    return rung__activation_grad(g, saved, dy, attrs->act);
}

/* x for the gradient of the weights. What is cheap to compute again is not kept from
 * forward to backward: an activation's output comes from the value before it, a
 * normalisation's from its input. That is a third of a Transformer's memory for a
 * hundredth of its time. */
static rung_tensor *compute_again(rung_graph *g, rung_tensor *x)
{
    rung_node *from = x->node;
    if (!from || x != from->out[0]) return x;
    if (from->op == &rung__op_layernorm)
        return rung__op1(g, from->op, from->n_inputs, from->n_inputs, from->in,
                         from->attrs);
    if (from->op != &rung__op_linear || from->in[IN_RESIDUAL]) return x;
    const linear_attrs *attrs = from->attrs;
    if (attrs->act == RUNG_ACT_NONE || rung__act_saves_output(attrs->act)) return x;
    return rung_activation(g, from->out[1], attrs->act);
}

/* The same for all layers that read x (queries, keys and values of one input). */
static rung_tensor *input_again(rung_graph *g, rung_tensor *x)
{
    rung_tensor *root = x->view_of ? x->view_of : x;
    if (!root->again) root->again = compute_again(g, root);
    return root->again == root ? x : rung_reshape(g, root->again, x->rank, x->shape);
}

static void linear_grad(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                        rung_tensor **dx)
{
    const linear_attrs *attrs = n->attrs;
    rung_tensor *x = n->in[IN_X], *w = n->in[IN_W], *b = n->in[IN_B];
    rung_tensor *p = before_activation(g, n, dy[0]);
    if (!p) return;
    if (w->needs_grad) {
        rung_tensor *rows = rung__as_matrix(g, input_again(g, x)),
                    *dp = rung__as_matrix(g, p);
        dx[IN_W] = attrs->trans_w ? rung_matmul(g, dp, rows, RUNG_TRANS_A)
                                  : rung_matmul(g, rows, dp, RUNG_TRANS_A);
    }
    if (b && b->needs_grad) dx[IN_B] = rung__sum_to(g, p, b);
    if (x->needs_grad) {
        rung_tensor *rows = rung__as_matrix(g, p);
        rung_tensor *d = rung_matmul(g, rows, w, attrs->trans_w ? 0 : RUNG_TRANS_B);
        dx[IN_X] = rung_reshape(g, d, x->rank, x->shape);
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
    .n_outputs = 2,
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
