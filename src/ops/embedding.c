/* y[..., :] = table[ids[...], :].   dtable[v] = sum of dy over the places where ids is v.
 *
 * The gradient visits only the rows that occur. Places are sorted by id (a counting sort,
 * stable), so each row is summed in the order of the places by one thread: the same bits
 * at any thread count. */
#include "ops/ops.h"

#include <string.h>

static rung_status embedding_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    const rung_tensor *table = n->in[0], *ids = n->in[1];
    char ts[100], is[100];
    if (table->rank != 2 || ids->rank >= RUNG_MAX_RANK)
        return rung_fail(err, RUNG_SHAPE, "embedding: no rows of %s for ids %s",
                         rung__tensor_shape(table, ts), rung__tensor_shape(ids, is));
    int64_t shape[RUNG_MAX_RANK];
    for (int i = 0; i < ids->rank; i++) shape[i] = ids->shape[i];
    shape[ids->rank] = table->shape[1];
    rung__shape_set(n->out[0], g->real, ids->rank + 1, shape);
    return RUNG_OK;
}

typedef struct embedding_ctx {
    const rung_node *n;
    const rung_exec *x;
} embedding_ctx;

static void embedding_rows(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const embedding_ctx *c = ctx;
    const int32_t *ids = c->n->in[1]->data;
    int64_t C = rung__last(c->n->out[0]);
    for (int64_t i = begin; i < end; i++)
        memcpy(rung__at(c->x, c->n->out[0]->data, i * C),
               rung__at(c->x, c->n->in[0]->data, ids[i] * C),
               (size_t)C * c->x->k->real_bytes);
}

static rung_status embedding_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    const int32_t *ids = n->in[1]->data;
    int64_t V = n->in[0]->shape[0];
    for (int64_t i = 0; i < n->in[1]->size; i++) {
        if (ids[i] < 0 || ids[i] >= V)
            return rung_fail(err, RUNG_INPUT, "id %d at place %lld is not in 0 ... %lld",
                             (int)ids[i], (long long)i, (long long)V - 1);
    }
    embedding_ctx c = {n, x};
    rung__ranges(x, n->in[1]->size, rung__row_grain(rung__last(n->out[0])),
                 embedding_rows, &c);
    return RUNG_OK;
}

typedef struct embedding_grad_attrs {
    int64_t V;
} embedding_grad_attrs;

static void embedding_backward(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                               rung_tensor **dx)
{
    embedding_grad_attrs attrs = {n->in[0]->shape[0]};
    if (n->in[0]->needs_grad)
        dx[0] = rung__op1(g, &rung__op_embedding_grad, 2, 2,
                          (rung_tensor *[]){n->in[1], dy[0]}, &attrs);
}

static rung_cost embedding_cost(const rung_node *n)
{
    return (rung_cost){0, 2.0 * (double)rung__tensor_bytes(n->out[0])};
}

const rung_op rung__op_embedding = {
    .name = "embedding",
    .n_outputs = 1,
    .int_inputs = 1 << 1,
    .infer = embedding_infer,
    .run = embedding_run,
    .grad = embedding_backward,
    .cost = embedding_cost,
};

/* ---- The gradient: rows of dy summed by id ---- */

/* The places of each id, in `order` from start[v] to start[v + 1], for the `n_rows` ids
 * that occur. */
typedef struct by_id {
    int32_t *start; /* [V + 1] */
    int32_t *rows;  /* [V], the first n_rows used */
    int32_t *order; /* [N] */
    int64_t n_rows;
} by_id;

static size_t by_id_bytes(int64_t V, int64_t N)
{
    return (size_t)(2 * V + 1 + N) * sizeof(int32_t);
}

static by_id sort_by_id(void *scratch, int64_t V, int64_t N, const int32_t *ids)
{
    by_id s = {.start = scratch};
    s.rows = s.start + V + 1;
    s.order = s.rows + V;
    memset(s.start, 0, (size_t)(V + 1) * sizeof *s.start);
    for (int64_t i = 0; i < N; i++) s.start[ids[i] + 1]++;
    for (int64_t v = 0; v < V; v++) {
        if (s.start[v + 1]) s.rows[s.n_rows++] = (int32_t)v;
        s.start[v + 1] += s.start[v];
    }
    for (int64_t i = 0; i < N; i++) s.order[s.start[ids[i]]++] = (int32_t)i;
    memmove(s.start + 1, s.start,
            (size_t)V * sizeof *s.start); // start[v] had moved to its end
    s.start[0] = 0;
    return s;
}

typedef struct row_sums {
    const rung_exec *x;
    by_id sorted;
    int64_t C;
    const void *dy;
    void *table;
    bool into; /* add to the rows, else replace them */
} row_sums;

static void sum_rows(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const row_sums *c = ctx;
    for (int64_t r = begin; r < end; r++) {
        int32_t v = c->sorted.rows[r];
        void *row = rung__at(c->x, c->table, v * c->C);
        if (!c->into) memset(row, 0, (size_t)c->C * c->x->k->real_bytes);
        for (int32_t i = c->sorted.start[v]; i < c->sorted.start[v + 1]; i++)
            c->x->k->add(c->C, row, rung__at(c->x, c->dy, c->sorted.order[i] * c->C),
                         row);
    }
}

static rung_status embedding_grad_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)err;
    const embedding_grad_attrs *attrs = n->attrs;
    int64_t V = attrs->V, N = n->in[0]->size;
    rung__shape_set(n->out[0], g->real, 2, (int64_t[]){V, rung__last(n->in[1])});
    n->scratch_bytes = by_id_bytes(V, N);
    return RUNG_OK;
}

static rung_status embedding_grad_run(const rung_node *n, const rung_exec *x,
                                      rung_error *err)
{
    (void)err;
    const embedding_grad_attrs *attrs = n->attrs;
    const rung_tensor *ids = n->in[0], *out = n->out[0];
    by_id sorted = sort_by_id(n->scratch, attrs->V, ids->size, ids->data);
    if (out->home == RUNG_HOME_GRAD && out->param->row_sparse) {
        unsigned char *touched = x->grads->touched + out->param->mask_offset;
        memset(touched, 0, (size_t)attrs->V);
        for (int64_t r = 0; r < sorted.n_rows; r++) touched[sorted.rows[r]] = 1;
    } else {
        memset(out->data, 0, rung__tensor_bytes(out));
    }
    row_sums c = {x, sorted, rung__last(out), n->in[1]->data, out->data, false};
    rung__ranges(x, sorted.n_rows, 8, sum_rows, &c);
    return RUNG_OK;
}

static rung_cost embedding_grad_cost(const rung_node *n)
{
    const rung_tensor *dy = n->in[n->n_inputs - 1];
    return (rung_cost){(double)dy->size, 3.0 * (double)rung__tensor_bytes(dy)};
}

const rung_op rung__op_embedding_grad = {
    .name = "embedding_grad",
    .attr_bytes = sizeof(embedding_grad_attrs),
    .n_outputs = 1,
    .int_inputs = 1 << 0,
    .infer = embedding_grad_infer,
    .run = embedding_grad_run,
    .cost = embedding_grad_cost,
    .marks_rows = true,
};

/* ---- The same, added into a dense gradient (tied weights): dense, ids, dy ---- */

static rung_status embedding_grad_into_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)g, (void)err;
    rung__shape_like(n->out[0], n->in[0]);
    n->scratch_bytes = by_id_bytes(n->in[0]->shape[0], n->in[1]->size);
    return RUNG_OK;
}

static rung_status embedding_grad_into_run(const rung_node *n, const rung_exec *x,
                                           rung_error *err)
{
    (void)err;
    const rung_tensor *table = n->in[0], *ids = n->in[1];
    by_id sorted = sort_by_id(n->scratch, table->shape[0], ids->size, ids->data);
    row_sums c = {x, sorted, rung__last(table), n->in[2]->data, table->data, true};
    rung__ranges(x, sorted.n_rows, 8, sum_rows, &c);
    return RUNG_OK;
}

const rung_op rung__op_embedding_grad_into = {
    .name = "embedding_grad_into",
    .n_outputs = 1,
    .int_inputs = 1 << 1,
    .infer = embedding_grad_into_infer,
    .run = embedding_grad_into_run,
    .cost = embedding_grad_cost,
    .writes_input = true,
};

rung_tensor *rung_embedding(rung_graph *g, rung_tensor *table, rung_tensor *ids)
{
    return rung__op1(g, &rung__op_embedding, 2, 2, (rung_tensor *[]){table, ids}, NULL);
}
