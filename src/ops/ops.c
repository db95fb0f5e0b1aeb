/* The table of operators, and the helpers that several of them share. */
#include "ops/ops.h"

#include <string.h>

const rung_op *const rung__ops[] = {
#define OP(name) &rung__op_##name,
#include "ops/ops.def"
#undef OP
};
const size_t rung__ops_count = sizeof rung__ops / sizeof rung__ops[0];

/* ---- The graph's hooks into this floor ---- */

/* A sum of gradients. A sparse one (of an embedding) is added into the dense one, row by
 * row, unless that is the gradient of something else too. */
static rung_tensor *sum_gradients(rung_graph *g, rung_tensor *a, rung_tensor *b)
{
    rung_tensor *sparse = NULL, *dense = NULL;
    if (b->node && b->node->op == &rung__op_embedding_grad) sparse = b, dense = a;
    if (a->node && a->node->op == &rung__op_embedding_grad) sparse = a, dense = b;
    if (!sparse || dense->view_of || dense->home != RUNG_HOME_BLOCK ||
        dense->grad_uses > 1)
        return rung_add(g, a, b);
    rung_tensor *in[] = {dense, sparse->node->in[0], sparse->node->in[1]};
    return rung__op1(g, &rung__op_embedding_grad_into, 3, 3, in, NULL);
}

static rung_tensor *copy_gradient(rung_graph *g, rung_tensor *x)
{
    return rung__op1(g, &rung__op_copy, 1, 1, &x, NULL);
}

rung_status rung_graph_new(rung_graph **out, rung_runtime *rt, rung_dtype real,
                           rung_error *err)
{
    RUNG_TRY(rung__graph_new(out, rt, real, err));
    (*out)->sum = sum_gradients;
    (*out)->copy = copy_gradient;
    return RUNG_OK;
}

/* ---- Building ---- */

rung_tensor *rung__op1(rung_graph *g, const rung_op *op, int n_required, int n_inputs,
                       rung_tensor *const *inputs, const void *attrs)
{
    rung_node *n = rung__node(g, op, n_required, n_inputs, inputs, attrs);
    return n ? n->out[0] : NULL;
}

rung_tensor *rung__as_matrix(rung_graph *g, rung_tensor *x)
{
    if (!x || x->rank == 2) return x;
    return rung__view(g, x, 2, (int64_t[]){rung__rows(x), rung__last(x)});
}

rung_tensor *rung__sum_to(rung_graph *g, rung_tensor *x, const rung_tensor *like)
{
    if (!x || x->size == like->size) return rung_reshape(g, x, like->rank, like->shape);
    x = rung__view(g, x, 2, (int64_t[]){x->size / like->size, like->size});
    return rung_reshape(g, rung_sum_dim(g, x, 0), like->rank, like->shape);
}

size_t rung__real_bytes(const rung_graph *g)
{
    return rung_dtype_bytes(g->real);
}

int rung__threads(const rung_graph *g)
{
    return rung_pool_threads(g->exec.pool);
}

/* ---- Running ---- */

typedef struct ranges {
    int64_t n, grain;
    rung_range_fn fn;
    void *ctx;
} ranges;

static void range_task(void *ctx, int64_t task, int worker)
{
    const ranges *r = ctx;
    int64_t begin = task * r->grain, end = begin + r->grain;
    r->fn(r->ctx, begin, end < r->n ? end : r->n, worker);
}

void rung__ranges(const rung_exec *x, int64_t n, int64_t grain, rung_range_fn fn,
                  void *ctx)
{
    ranges r = {n, grain, fn, ctx};
    rung_pool_run(x->pool, (n + grain - 1) / grain, range_task, &r);
}

int64_t rung__row_grain(int64_t width)
{
    int64_t rows = RUNG_GRAIN / (width > 0 ? width : 1);
    return rows > 0 ? rows : 1;
}

/* ---- Sums of columns ---- */

enum { SUM_BLOCK = 128 }; // rows of one partial sum

typedef struct column_sums {
    const rung_exec *x;
    int64_t n;
    const void *data;
    void *parts; /* [blocks, n] */
} column_sums;

static void column_block(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const column_sums *c = ctx;
    void *part = rung__at(c->x, c->parts, begin / SUM_BLOCK * c->n);
    memset(part, 0, (size_t)c->n * c->x->k->real_bytes);
    c->x->k->add_rows(end - begin, c->n, rung__at(c->x, c->data, begin * c->n), c->n,
                      part);
}

size_t rung__column_sums_scratch(int64_t rows, int64_t n, size_t real_bytes)
{
    return (size_t)((rows + SUM_BLOCK - 1) / SUM_BLOCK * n) * real_bytes;
}

void rung__column_sums(const rung_exec *x, int64_t rows, int64_t n, const void *data,
                       void *out, void *scratch)
{
    column_sums c = {x, n, data, scratch};
    rung__ranges(x, rows, SUM_BLOCK, column_block, &c);
    rung__join_rows(x, (rows + SUM_BLOCK - 1) / SUM_BLOCK, n, scratch, out);
}

void rung__join_rows(const rung_exec *x, int64_t count, int64_t n, const void *parts,
                     void *out)
{
    memset(out, 0, (size_t)n * x->k->real_bytes);
    x->k->add_rows(count, n, parts, n, out);
}
