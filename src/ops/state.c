/* States, written in place: assign replaces one at the end of the run, cache_write
 * appends rows to a cache of keys or values. Neither has a gradient: what came before
 * this run is a constant. */
#include "ops/ops.h"

#include <string.h>

/* ---- assign: state = x ---- */

static rung_status assign_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)g;
    const rung_tensor *state = n->in[0], *x = n->in[1];
    char a[100], b[100];
    if (state->size != x->size)
        return rung_fail(err, RUNG_SHAPE, "assign: the state is %s, the value %s",
                         rung__tensor_shape(state, a), rung__tensor_shape(x, b));
    rung__shape_like(n->out[0], state);
    return RUNG_OK;
}

static rung_status assign_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)x, (void)err;
    memcpy(n->in[0]->data, n->in[1]->data, rung__tensor_bytes(n->in[1]));
    return RUNG_OK;
}

const rung_op rung__op_assign = {
    .name = "assign",
    .n_outputs = 1,
    .infer = assign_infer,
    .run = assign_run,
    .writes_input = true,
    .at_end = true,
};

rung_tensor *rung_assign(rung_graph *g, rung_tensor *state, rung_tensor *x)
{
    return rung__op1(g, &rung__op_assign, 2, 2, (rung_tensor *[]){state, x}, NULL);
}

/* ---- cache_write: cache[:, past : past + T, :] = x[:, :, column : column + C] ---- */

typedef struct cache_attrs {
    int64_t column;
} cache_attrs;

static rung_status cache_write_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)g;
    const rung_tensor *cache = n->in[0], *x = n->in[1];
    const cache_attrs *a = n->attrs;
    char cs[100], xs[100];
    if (cache->rank != 3 || x->rank != 3 || cache->shape[0] != x->shape[0] ||
        a->column < 0 || a->column + cache->shape[2] > x->shape[2])
        return rung_fail(err, RUNG_SHAPE,
                         "cache_write: columns %lld ... of %s do not fit %s",
                         (long long)a->column, rung__tensor_shape(x, xs),
                         rung__tensor_shape(cache, cs));
    rung__shape_like(n->out[0], cache);
    return RUNG_OK;
}

static rung_status cache_write_run(const rung_node *n, const rung_exec *x,
                                   rung_error *err)
{
    const rung_tensor *cache = n->in[0], *in = n->in[1];
    const cache_attrs *a = n->attrs;
    int64_t T = in->shape[1], Tmax = cache->shape[1], C = cache->shape[2],
            past = x->run->past;
    if (past + T > Tmax)
        return rung_fail(err, RUNG_INPUT, "position %lld is beyond the cache of %lld",
                         (long long)(past + T - 1), (long long)Tmax);
    for (int64_t b = 0; b < in->shape[0]; b++) {
        for (int64_t t = 0; t < T; t++)
            memcpy(rung__at(x, cache->data, (b * Tmax + past + t) * C),
                   rung__at(x, in->data, (b * T + t) * in->shape[2] + a->column),
                   (size_t)C * x->k->real_bytes);
    }
    return RUNG_OK;
}

const rung_op rung__op_cache_write = {
    .name = "cache_write",
    .attr_bytes = sizeof(cache_attrs),
    .n_outputs = 1,
    .infer = cache_write_infer,
    .run = cache_write_run,
    .writes_input = true,
};

rung_tensor *rung_cache_write(rung_graph *g, rung_tensor *cache, rung_tensor *x,
                              int64_t column)
{
    return rung__op1(g, &rung__op_cache_write, 2, 2, (rung_tensor *[]){cache, x},
                     &(cache_attrs){column});
}
