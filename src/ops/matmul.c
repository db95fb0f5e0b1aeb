/* c[..., M, N] = op(a)[..., M, K] op(b)[..., K, N].
 *
 *     dA = dC B^T,  dB = A^T dC   (transposed where a or b is)
 *
 * A shared operand (without the leading dimensions of the other) gets the sum over them.
 * Rows of a times one matrix b are one product. In gradients it may end with a factor,
 * the derivative of an activation, from what was saved of it (input 2). */
#include "ops/activation.h"

typedef struct matmul_attrs {
    int flags;
    rung_act act;
} matmul_attrs;

/* The product as the kernel wants it: sizes and strides of one node. */
typedef struct matmul_shape {
    int64_t M, N, K, batch, stride_a, stride_b;
} matmul_shape;

static int64_t row_count(const rung_tensor *t)
{
    return t->shape[t->rank - 2];
}

static int64_t leading(const rung_tensor *t)
{
    return t->size / (row_count(t) * rung__last(t));
}

static matmul_shape shape_of(const rung_node *n)
{
    const rung_tensor *a = n->in[0], *b = n->in[1];
    const matmul_attrs *attrs = n->attrs;
    bool ta = attrs->flags & RUNG_TRANS_A, tb = attrs->flags & RUNG_TRANS_B;
    int64_t na = leading(a), nb = leading(b);
    matmul_shape s = {
        .M = ta ? rung__last(a) : row_count(a),
        .N = tb ? row_count(b) : rung__last(b),
        .K = ta ? row_count(a) : rung__last(a),
        .batch = na > nb ? na : nb,
        .stride_a = na > 1 ? row_count(a) * rung__last(a) : 0,
        .stride_b = nb > 1 ? row_count(b) * rung__last(b) : 0,
    };
    if (nb == 1 && !ta) s.M *= na, s.batch = 1;
    return s;
}

/* The product as the kernel wants it; its shape alone before there is data. */
static rung_gemm gemm_of(const rung_node *n)
{
    const matmul_attrs *attrs = n->attrs;
    matmul_shape s = shape_of(n);
    return (rung_gemm){
        .M = s.M,
        .N = s.N,
        .K = s.K,
        .a = n->in[0]->data,
        .lda = rung__last(n->in[0]),
        .trans_a = (attrs->flags & RUNG_TRANS_A) != 0,
        .b = n->in[1]->data,
        .ldb = rung__last(n->in[1]),
        .trans_b = (attrs->flags & RUNG_TRANS_B) != 0,
        .c = n->out[0]->data,
        .ldc = s.N,
        .act_grad = attrs->act,
        .saved = n->in[2] ? n->in[2]->data : NULL,
        .batch = s.batch,
        .stride_a = s.stride_a,
        .stride_b = s.stride_b,
        .stride_c = s.M * s.N,
    };
}

static rung_status matmul_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    const rung_tensor *a = n->in[0], *b = n->in[1];
    const matmul_attrs *attrs = n->attrs;
    char as[100], bs[100];
    if (a->rank < 2 || b->rank < 2 || (a->rank > 2 && b->rank > 2 && a->rank != b->rank))
        return rung_fail(err, RUNG_SHAPE, "matmul: %s x %s: ranks do not fit",
                         rung__tensor_shape(a, as), rung__tensor_shape(b, bs));
    bool ta = attrs->flags & RUNG_TRANS_A, tb = attrs->flags & RUNG_TRANS_B;
    int64_t ka = ta ? row_count(a) : rung__last(a),
            kb = tb ? rung__last(b) : row_count(b);
    bool fits = ka == kb && (leading(a) == leading(b) || a->rank == 2 || b->rank == 2);
    if (!fits)
        return rung_fail(err, RUNG_SHAPE, "matmul: %s%s x %s%s: sizes do not fit",
                         rung__tensor_shape(a, as), ta ? "^T" : "",
                         rung__tensor_shape(b, bs), tb ? "^T" : "");
    const rung_tensor *wide = a->rank >= b->rank ? a : b;
    int64_t shape[RUNG_MAX_RANK];
    for (int i = 0; i < wide->rank; i++) shape[i] = wide->shape[i];
    shape[wide->rank - 2] = ta ? rung__last(a) : row_count(a);
    shape[wide->rank - 1] = tb ? row_count(b) : rung__last(b);
    rung__shape_set(n->out[0], g->real, wide->rank, shape);
    rung_gemm gemm = gemm_of(n);
    n->scratch_bytes = rung_gemm_scratch(g->exec.k, &gemm);
    return RUNG_OK;
}

static rung_status matmul_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    rung_gemm gemm = gemm_of(n);
    rung_gemm_run(x->k, x->pool, &gemm, n->scratch);
    return RUNG_OK;
}

/* The gradient of an operand: `dx` summed over the leading dimensions that x does not
 * have. */
static rung_tensor *share(rung_graph *g, rung_tensor *dx, const rung_tensor *x)
{
    return dx && dx->size != x->size ? rung__sum_to(g, dx, x) : dx;
}

static void matmul_grad(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                        rung_tensor **dx)
{
    const matmul_attrs *attrs = n->attrs;
    rung_tensor *a = n->in[0], *b = n->in[1], *dc = dy[0];
    bool ta = attrs->flags & RUNG_TRANS_A, tb = attrs->flags & RUNG_TRANS_B;
    if (a->needs_grad) {
        rung_tensor *da =
            ta ? rung_matmul(g, b, dc, RUNG_TRANS_B | (tb ? RUNG_TRANS_A : 0))
               : rung_matmul(g, dc, b, tb ? 0 : RUNG_TRANS_B);
        dx[0] = share(g, da, a);
    }
    if (!b->needs_grad) return;
    if (b->rank == 2 && !ta) { // one product over all rows
        a = rung__as_matrix(g, a);
        dc = rung__as_matrix(g, dc);
    }
    rung_tensor *db = tb ? rung_matmul(g, dc, a, RUNG_TRANS_A | (ta ? RUNG_TRANS_B : 0))
                         : rung_matmul(g, a, dc, ta ? 0 : RUNG_TRANS_A);
    dx[1] = share(g, db, b);
}

static rung_cost matmul_cost(const rung_node *n)
{
    matmul_shape s = shape_of(n);
    return (rung_cost){2.0 * (double)s.M * (double)s.N * (double)s.K * (double)s.batch,
                       0};
}

const rung_op rung__op_matmul = {
    .name = "matmul",
    .attr_bytes = sizeof(matmul_attrs),
    .n_outputs = 1,
    .infer = matmul_infer,
    .run = matmul_run,
    .grad = matmul_grad,
    .cost = matmul_cost,
    .in_place = 1 << 2,
};

rung_tensor *rung_matmul(rung_graph *g, rung_tensor *a, rung_tensor *b, int flags)
{
    return rung__op1(g, &rung__op_matmul, 2, 3, (rung_tensor *[]){a, b, NULL},
                     &(matmul_attrs){flags, RUNG_ACT_NONE});
}

rung_tensor *rung__matmul_act_grad(rung_graph *g, rung_tensor *a, rung_tensor *b,
                                   int flags, rung_tensor *saved, rung_act act)
{
    if (act == RUNG_ACT_NONE) return rung_matmul(g, a, b, flags);
    return rung__op1(g, &rung__op_matmul, 3, 3, (rung_tensor *[]){a, b, saved},
                     &(matmul_attrs){flags, act});
}
