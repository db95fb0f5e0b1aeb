/* y = x with two dimensions exchanged, as a copy.   dx = dy with them exchanged back. */
#include "ops/ops.h"

#include <string.h>

typedef struct transpose_attrs {
    int dim0, dim1;
} transpose_attrs;

static rung_status transpose_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)g, (void)err;
    const transpose_attrs *a = n->attrs;
    rung_tensor *out = n->out[0];
    rung__shape_like(out, n->in[0]);
    out->shape[a->dim0] = n->in[0]->shape[a->dim1];
    out->shape[a->dim1] = n->in[0]->shape[a->dim0];
    return RUNG_OK;
}

typedef struct transpose_ctx {
    const rung_node *n;
    int64_t stride[RUNG_MAX_RANK]; /* in x, for each dimension of y */
    size_t item;
} transpose_ctx;

/* Rows of y: the last dimension is gathered at one stride. */
static void transpose_rows(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const transpose_ctx *c = ctx;
    const rung_tensor *y = c->n->out[0];
    int64_t width = rung__last(y), step = c->stride[y->rank - 1];
    for (int64_t r = begin; r < end; r++) {
        int64_t from = 0;
        for (int64_t i = y->rank - 2, rest = r; i >= 0; rest /= y->shape[i--])
            from += rest % y->shape[i] * c->stride[i];
        const char *src = (const char *)c->n->in[0]->data + (size_t)from * c->item;
        char *dst = (char *)y->data + (size_t)(r * width) * c->item;
        if (step == 1) {
            memcpy(dst, src, (size_t)width * c->item);
            continue;
        }
        for (int64_t j = 0; j < width; j++)
            memcpy(dst + (size_t)j * c->item, src + (size_t)(j * step) * c->item,
                   c->item);
    }
}

static rung_status transpose_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    const transpose_attrs *a = n->attrs;
    const rung_tensor *in = n->in[0];
    transpose_ctx c = {.n = n, .item = rung_dtype_bytes(in->type)};
    int64_t stride = 1;
    for (int i = in->rank - 1; i >= 0; stride *= in->shape[i--]) c.stride[i] = stride;
    int64_t swap = c.stride[a->dim0];
    c.stride[a->dim0] = c.stride[a->dim1], c.stride[a->dim1] = swap;
    rung__ranges(x, rung__rows(n->out[0]), rung__row_grain(rung__last(n->out[0])),
                 transpose_rows, &c);
    return RUNG_OK;
}

static void transpose_grad(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                           rung_tensor **dx)
{
    const transpose_attrs *a = n->attrs;
    dx[0] = rung_transpose(g, dy[0], a->dim0, a->dim1);
}

const rung_op rung__op_transpose = {
    .name = "transpose",
    .attr_bytes = sizeof(transpose_attrs),
    .n_outputs = 1,
    .any_type = true,
    .infer = transpose_infer,
    .run = transpose_run,
    .grad = transpose_grad,
};

rung_tensor *rung_transpose(rung_graph *g, rung_tensor *x, int dim0, int dim1)
{
    if (!x) return NULL;
    int a = dim0 < 0 ? x->rank + dim0 : dim0, b = dim1 < 0 ? x->rank + dim1 : dim1;
    if (a < 0 || b < 0 || a >= x->rank || b >= x->rank)
        return rung_graph_fail(g, "transpose: rank %d has no dimensions %d and %d",
                               x->rank, dim0, dim1);
    return rung__op1(g, &rung__op_transpose, 1, 1, &x, &(transpose_attrs){a, b});
}
