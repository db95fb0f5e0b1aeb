/* Cutting a piece out of a dimension, and its opposites:
 *
 *     slice:  y = x[:, begin:end, :]                           dx = dy padded with zeros
 *     pad:    y[:, begin:end, :] = x, zero elsewhere           dx = slice of dy
 *     concat: y = pieces one after the other along dim         dx_i = slice of dy */
#include "ops/ops.h"

#include <string.h>

typedef struct piece_attrs {
    int dim;
    int64_t begin, n; /* first index in, and size of, the whole dimension */
} piece_attrs;

static int64_t inner_size(const rung_tensor *t, int dim)
{
    int64_t inner = 1;
    for (int i = dim + 1; i < t->rank; i++) inner *= t->shape[i];
    return inner;
}

/* Copies a piece in or out of the whole: rows of `piece` bytes, `whole` apart on one
 * side. */
typedef struct piece_copy {
    const char *src;
    char *dst;
    size_t bytes, src_step, dst_step;
} piece_copy;

static void copy_pieces(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const piece_copy *c = ctx;
    for (size_t r = (size_t)begin; r < (size_t)end; r++)
        memcpy(c->dst + r * c->dst_step, c->src + r * c->src_step, c->bytes);
}

/* Moves x between its piece of `whole`, which begins at `begin` of dimension `dim`. */
static void move_piece(const rung_exec *x, const rung_tensor *piece,
                       const rung_tensor *whole, int dim, int64_t begin, bool out)
{
    size_t item = rung_dtype_bytes(piece->type);
    int64_t inner = inner_size(piece, dim);
    size_t small = (size_t)(piece->shape[dim] * inner) * item;
    size_t large = (size_t)(whole->shape[dim] * inner) * item;
    char *at = (char *)whole->data + (size_t)(begin * inner) * item;
    piece_copy c = {at, piece->data, small, large, small};
    if (!out) c = (piece_copy){piece->data, at, small, small, large};
    int64_t rows = piece->size / (piece->shape[dim] * inner);
    rung__ranges(x, rows, rung__row_grain(piece->shape[dim] * inner), copy_pieces, &c);
}

/* ---- slice ---- */

static rung_status slice_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)g, (void)err;
    const piece_attrs *a = n->attrs;
    int64_t shape[RUNG_MAX_RANK];
    memcpy(shape, n->in[0]->shape, sizeof shape);
    shape[a->dim] = a->n;
    rung__shape_set(n->out[0], n->in[0]->type, n->in[0]->rank, shape);
    return RUNG_OK;
}

static rung_status slice_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    const piece_attrs *a = n->attrs;
    move_piece(x, n->out[0], n->in[0], a->dim, a->begin, true);
    return RUNG_OK;
}

static void slice_grad(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                       rung_tensor **dx)
{
    const piece_attrs *a = n->attrs;
    dx[0] = rung__pad(g, dy[0], a->dim, a->begin, n->in[0]->shape[a->dim]);
}

const rung_op rung__op_slice = {
    .name = "slice",
    .attr_bytes = sizeof(piece_attrs),
    .n_outputs = 1,
    .any_type = true,
    .infer = slice_infer,
    .run = slice_run,
    .grad = slice_grad,
};

rung_tensor *rung_slice(rung_graph *g, rung_tensor *x, int dim, int64_t begin,
                        int64_t end)
{
    if (!x) return NULL;
    int at = dim < 0 ? x->rank + dim : dim;
    if (at < 0 || at >= x->rank || begin < 0 || end <= begin || end > x->shape[at])
        return rung_graph_fail(g, "slice: no %lld ... %lld in dimension %d",
                               (long long)begin, (long long)end, dim);
    if (end - begin == x->shape[at]) return x;
    return rung__op1(g, &rung__op_slice, 1, 1, &x,
                     &(piece_attrs){at, begin, end - begin});
}

/* ---- pad ---- */

static rung_status pad_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    const piece_attrs *a = n->attrs;
    memset(n->out[0]->data, 0, rung__tensor_bytes(n->out[0]));
    move_piece(x, n->in[0], n->out[0], a->dim, a->begin, false);
    return RUNG_OK;
}

static void pad_grad(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                     rung_tensor **dx)
{
    const piece_attrs *a = n->attrs;
    dx[0] = rung_slice(g, dy[0], a->dim, a->begin, a->begin + n->in[0]->shape[a->dim]);
}

const rung_op rung__op_pad = {
    .name = "pad",
    .attr_bytes = sizeof(piece_attrs),
    .n_outputs = 1,
    .any_type = true,
    .infer = slice_infer, // the dimension becomes attrs.n, as in a slice
    .run = pad_run,
    .grad = pad_grad,
};

rung_tensor *rung__pad(rung_graph *g, rung_tensor *x, int dim, int64_t begin, int64_t n)
{
    return rung__op1(g, &rung__op_pad, 1, 1, &x, &(piece_attrs){dim, begin, n});
}

/* ---- concat ---- */

static rung_status concat_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)g;
    const piece_attrs *a = n->attrs;
    const rung_tensor *first = n->in[0];
    int64_t shape[RUNG_MAX_RANK];
    memcpy(shape, first->shape, sizeof shape);
    shape[a->dim] = 0;
    for (int i = 0; i < n->n_inputs; i++) {
        const rung_tensor *x = n->in[i];
        bool fits = x->rank == first->rank && x->type == first->type;
        for (int d = 0; fits && d < x->rank; d++)
            fits = d == a->dim || x->shape[d] == first->shape[d];
        char xs[100], fs[100];
        if (!fits)
            return rung_fail(
                err, RUNG_SHAPE, "concat: %s and %s do not fit along dimension %d",
                rung__tensor_shape(first, fs), rung__tensor_shape(x, xs), a->dim);
        shape[a->dim] += x->shape[a->dim];
    }
    rung__shape_set(n->out[0], first->type, first->rank, shape);
    return RUNG_OK;
}

static rung_status concat_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    const piece_attrs *a = n->attrs;
    int64_t begin = 0;
    for (int i = 0; i < n->n_inputs; begin += n->in[i++]->shape[a->dim])
        move_piece(x, n->in[i], n->out[0], a->dim, begin, false);
    return RUNG_OK;
}

static void concat_grad(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                        rung_tensor **dx)
{
    const piece_attrs *a = n->attrs;
    int64_t begin = 0;
    for (int i = 0; i < n->n_inputs; begin += n->in[i++]->shape[a->dim]) {
        if (n->in[i]->needs_grad)
            dx[i] = rung_slice(g, dy[0], a->dim, begin, begin + n->in[i]->shape[a->dim]);
    }
}

const rung_op rung__op_concat = {
    .name = "concat",
    .attr_bytes = sizeof(piece_attrs),
    .n_outputs = 1,
    .any_type = true,
    .infer = concat_infer,
    .run = concat_run,
    .grad = concat_grad,
};

/* More pieces than a node has inputs are joined in groups. */
rung_tensor *rung_concat(rung_graph *g, rung_tensor *const *xs, int n, int dim)
{
    if (n < 1 || !xs[0]) return NULL;
    int at = dim < 0 ? xs[0]->rank + dim : dim;
    if (at < 0 || at >= xs[0]->rank)
        return rung_graph_fail(g, "concat: rank %d has no dimension %d", xs[0]->rank,
                               dim);
    if (n == 1) return xs[0];
    rung_tensor *parts[RUNG_MAX_INPUTS];
    int group = RUNG_MAX_INPUTS, n_parts = 0;
    if (n <= group)
        return rung__op1(g, &rung__op_concat, n, n, xs, &(piece_attrs){.dim = at});
    while ((n + group - 1) / group > RUNG_MAX_INPUTS) group *= RUNG_MAX_INPUTS;
    for (int i = 0; i < n; i += group)
        parts[n_parts++] = rung_concat(g, xs + i, n - i < group ? n - i : group, at);
    return rung_concat(g, parts, n_parts, at);
}
