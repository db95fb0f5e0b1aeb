/* Element-wise operators of two tensors, the second one broadcast over leading
 * dimensions. */
#include "ops/broadcast.h"

#include <string.h>

rung_status rung__broadcast_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)g;
    const rung_tensor *x = n->in[0], *y = n->in[1];
    char xs[100], ys[100];
    bool fits = y->rank <= x->rank;
    for (int i = 1; fits && i <= y->rank; i++)
        fits = y->shape[y->rank - i] == x->shape[x->rank - i];
    if (!fits)
        return rung_fail(err, RUNG_SHAPE, "%s: %s is not the end of %s", n->op->name,
                         rung__tensor_shape(y, ys), rung__tensor_shape(x, xs));
    rung__shape_like(n->out[0], x);
    return RUNG_OK;
}

typedef struct broadcast {
    const rung_exec *x;
    const rung_node *n;
    rung_binary_kernel f;
} broadcast;

static void broadcast_range(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const broadcast *b = ctx;
    const rung_tensor *x = b->n->in[0], *y = b->n->in[1];
    while (begin < end) {
        int64_t at = begin % y->size, n = y->size - at;
        if (n > end - begin) n = end - begin;
        b->f(n, rung__at(b->x, x->data, begin), rung__at(b->x, y->data, at),
             rung__at(b->x, b->n->out[0]->data, begin));
        begin += n;
    }
}

void rung__broadcast_run(const rung_node *n, const rung_exec *x, rung_binary_kernel f)
{
    broadcast b = {x, n, f};
    rung__ranges(x, n->in[0]->size, RUNG_GRAIN, broadcast_range, &b);
}

rung_cost rung__broadcast_cost(const rung_node *n)
{
    return (rung_cost){(double)n->out[0]->size, 0};
}
