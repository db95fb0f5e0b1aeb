/* Dropout (Srivastava et al. 2014): while training, y = x / (1 - p) where kept, else 0.
 *
 * No mask is stored. Element i of sample s is kept or not by word i of the random stream
 * of (seed, step, this operator, s), s counting in the global batch, so that
 * micro-batches and ranks draw the same. The gradient is the same operator with the same
 * stream, on dy. */
#include "ops/dropout.h"

#include <string.h>

#include "base/rng.h"

typedef struct dropout_attrs {
    double p;
    int64_t stream; /* serial number of the forward node */
} dropout_attrs;

uint64_t rung__dropout_key(const rung_run *run, int64_t stream)
{
    return rung_rng_key(rung_rng_key(run->seed, "dropout", (uint64_t)stream), "step",
                        (uint64_t)run->step);
}

static rung_status dropout_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)g, (void)err;
    dropout_attrs *attrs = n->attrs;
    if (attrs->stream < 0) attrs->stream = n->serial;
    rung__shape_like(n->out[0], n->in[0]);
    return RUNG_OK;
}

typedef struct dropout_ctx {
    const rung_node *n;
    const rung_exec *x;
    uint64_t key;
    int64_t per_sample;
} dropout_ctx;

static void dropout_range(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const dropout_ctx *c = ctx;
    const dropout_attrs *attrs = c->n->attrs;
    while (begin < end) {
        int64_t sample = begin / c->per_sample, at = begin % c->per_sample;
        int64_t n = c->per_sample - at;
        if (n > end - begin) n = end - begin;
        c->x->k->dropout(n, attrs->p, c->key, (uint64_t)(c->x->run->sample0 + sample),
                         (uint64_t)at, rung__at(c->x, c->n->in[0]->data, begin),
                         rung__at(c->x, c->n->out[0]->data, begin));
        begin += n;
    }
}

static rung_status dropout_run(const rung_node *n, const rung_exec *x, rung_error *err)
{
    (void)err;
    const dropout_attrs *attrs = n->attrs;
    const rung_tensor *in = n->in[0], *out = n->out[0];
    if (!x->run->training) {
        if (in->data != out->data) memcpy(out->data, in->data, rung__tensor_bytes(in));
        return RUNG_OK;
    }
    int64_t per_sample = in->rank ? in->size / in->shape[0] : 1;
    dropout_ctx c = {n, x, rung__dropout_key(x->run, attrs->stream), per_sample};
    rung__ranges(x, in->size, RUNG_GRAIN, dropout_range, &c);
    return RUNG_OK;
}

static void dropout_grad(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                         rung_tensor **dx)
{
    dx[0] = rung__op1(g, &rung__op_dropout, 1, 1, &dy[0], n->attrs);
}

const rung_op rung__op_dropout = {
    .name = "dropout",
    .attr_bytes = sizeof(dropout_attrs),
    .n_outputs = 1,
    .infer = dropout_infer,
    .run = dropout_run,
    .grad = dropout_grad,
    .in_place = 1 << 0,
};

rung_tensor *rung_dropout(rung_graph *g, rung_tensor *x, double p)
{
    if (p <= 0) return x;
    if (p >= 1) return rung_graph_fail(g, "dropout: probability %g is not below 1", p);
    return rung__op1(g, &rung__op_dropout, 1, 1, &x, &(dropout_attrs){p, -1});
}
