/* Reshaping costs nothing (a view); a copy gives a tensor bytes of its own. */
#include "ops/ops.h"

#include <string.h>

#include "base/str.h"

rung_tensor *rung_reshape(rung_graph *g, rung_tensor *x, int rank, const int64_t *shape)
{
    if (!x) return NULL;
    int64_t size = 1;
    bool fits = rank >= 0 && rank <= RUNG_MAX_RANK;
    for (int i = 0; fits && i < rank; i++)
        fits = shape[i] > 0 && !__builtin_mul_overflow(size, shape[i], &size);
    char from[100], to[100] = "that rank";
    if (fits && size == x->size) return rung__view(g, x, rank, shape);
    if (rank >= 0 && rank <= RUNG_MAX_RANK) rung__shape_text(to, rank, shape);
    return rung_graph_fail(g, "reshape: %s cannot be seen as %s",
                           rung__tensor_shape(x, from), to);
}

/* ---- copy: y = x.   dx = dy. ---- */

static rung_status copy_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)g, (void)err;
    rung__shape_like(n->out[0], n->in[0]);
    return RUNG_OK;
}

typedef struct copy_ctx {
    const rung_node *n;
    size_t item;
} copy_ctx;

static void copy_range(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const copy_ctx *c = ctx;
    memcpy((char *)c->n->out[0]->data + (size_t)begin * c->item,
           (const char *)c->n->in[0]->data + (size_t)begin * c->item,
           (size_t)(end - begin) * c->item);
}

static rung_status copy_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    copy_ctx c = {n, rung_dtype_bytes(n->in[0]->type)};
    rung__ranges(x, n->in[0]->size, RUNG_GRAIN, copy_range, &c);
    return RUNG_OK;
}

static void copy_grad(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                      rung_tensor **dx)
{
    (void)g, (void)n;
    dx[0] = dy[0];
}

const rung_op rung__op_copy = {
    .name = "copy",
    .n_outputs = 1,
    .any_type = true,
    .infer = copy_infer,
    .run = copy_run,
    .grad = copy_grad,
};
