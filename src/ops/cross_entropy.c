/* Cross-entropy fused with softmax, summed over rows:
 *
 *     loss = sum_r w[t_r] (lse(x_r) - (1 - s) x_r[t_r] - s mean(x_r)),  s: smoothing
 *     dx_r = w[t_r] (softmax(x_r) - (1 - s) [t_r] - s / V)
 *
 * Rows with a negative target are left out. Output 1 is the sum of the weights w[t_r] (1
 * without class weights), by which a mean divides; output 2 keeps lse for the gradient,
 * which may lie in the bytes of the logits. */
#include "ops/ops.h"

#include <string.h>

typedef struct cross_entropy_attrs {
    double smoothing;
} cross_entropy_attrs;

static int64_t block_rows(const rung_tensor *logits)
{
    return rung__row_grain(rung__last(logits));
}

static rung_status cross_entropy_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    const rung_tensor *x = n->in[0], *t = n->in[1], *w = n->in[2];
    int64_t rows = rung__rows(x);
    if (t->size != rows)
        return rung_fail(err, RUNG_SHAPE,
                         "cross_entropy: %lld rows of logits, %lld targets",
                         (long long)rows, (long long)t->size);
    if (w && w->size != rung__last(x))
        return rung_fail(err, RUNG_SHAPE, "cross_entropy: %lld classes, %lld weights",
                         (long long)rung__last(x), (long long)w->size);
    rung__shape_set(n->out[2], g->real, 1, &rows);
    int64_t blocks = (rows + block_rows(x) - 1) / block_rows(x);
    n->scratch_bytes = (size_t)(2 * blocks) * sizeof(double);
    return RUNG_OK;
}

typedef struct cross_entropy_ctx {
    const rung_node *n;
    const rung_exec *x;
    int64_t V, grain;
    double *sums; /* [blocks, 2]: loss and weight of each block of rows */
    double scale;
} cross_entropy_ctx;

static double weight_of(const rung_exec *x, const rung_tensor *weights, int32_t target)
{
    if (target < 0) return 0;
    return weights ? rung__get(x, weights->data, target) : 1;
}

static void cross_entropy_rows(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const cross_entropy_ctx *c = ctx;
    const cross_entropy_attrs *attrs = c->n->attrs;
    const int32_t *targets = c->n->in[1]->data;
    double loss = 0, weight = 0;
    for (int64_t r = begin; r < end; r++) {
        if (targets[r] < 0) {
            rung__put(c->x, c->n->out[2]->data, r, 0);
            continue;
        }
        double w = weight_of(c->x, c->n->in[2], targets[r]);
        loss += w * c->x->k->cross_entropy_row(
                        c->V, rung__at(c->x, c->n->in[0]->data, r * c->V), targets[r],
                        attrs->smoothing, rung__at(c->x, c->n->out[2]->data, r));
        weight += w;
    }
    c->sums[2 * (begin / c->grain)] = loss;
    c->sums[2 * (begin / c->grain) + 1] = weight;
}

static rung_status cross_entropy_run(const rung_node *n, const rung_exec *x,
                                     rung_error *err)
{
    const int32_t *targets = n->in[1]->data;
    cross_entropy_ctx c = {n,          x, rung__last(n->in[0]), block_rows(n->in[0]),
                           n->scratch, 0};
    int64_t rows = rung__rows(n->in[0]), blocks = (rows + c.grain - 1) / c.grain;
    for (int64_t r = 0; r < rows; r++) {
        if (targets[r] >= c.V)
            return rung_fail(err, RUNG_INPUT, "target %d at row %lld is not below %lld",
                             (int)targets[r], (long long)r, (long long)c.V);
    }
    rung__ranges(x, rows, c.grain, cross_entropy_rows, &c);
    double loss = 0, weight = 0;
    for (int64_t i = 0; i < blocks; i++)
        loss += c.sums[2 * i], weight += c.sums[2 * i + 1];
    rung__put(x, n->out[0]->data, 0, loss);
    rung__put(x, n->out[1]->data, 0, weight);
    return RUNG_OK;
}

static void cross_entropy_backward(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                                   rung_tensor **dx)
{
    rung_tensor *in[] = {n->in[0], n->in[1], n->out[2], dy[0], n->in[2]};
    dx[0] = rung__op1(g, &rung__op_cross_entropy_grad, 4, 5, in, n->attrs);
}

static rung_cost cross_entropy_cost(const rung_node *n)
{
    return (rung_cost){10.0 * (double)n->in[0]->size, 0};
}

const rung_op rung__op_cross_entropy = {
    .name = "cross_entropy",
    .attr_bytes = sizeof(cross_entropy_attrs),
    .n_outputs = 3,
    .int_inputs = 1 << 1,
    .infer = cross_entropy_infer,
    .run = cross_entropy_run,
    .grad = cross_entropy_backward,
    .cost = cross_entropy_cost,
    .all_outputs = true,
};

/* ---- The gradient. Inputs logits, targets, lse, dloss, class weights. ---- */

static rung_status cross_entropy_grad_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)g, (void)err;
    rung__shape_like(n->out[0], n->in[0]);
    return RUNG_OK;
}

static void cross_entropy_grad_rows(void *ctx, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    const cross_entropy_ctx *c = ctx;
    const cross_entropy_attrs *attrs = c->n->attrs;
    const int32_t *targets = c->n->in[1]->data;
    for (int64_t r = begin; r < end; r++) {
        void *dx = rung__at(c->x, c->n->out[0]->data, r * c->V);
        if (targets[r] < 0) {
            memset(dx, 0, (size_t)c->V * c->x->k->real_bytes);
            continue;
        }
        double scale = c->scale * weight_of(c->x, c->n->in[4], targets[r]);
        c->x->k->cross_entropy_grad_row(c->V, rung__at(c->x, c->n->in[0]->data, r * c->V),
                                        rung__at(c->x, c->n->in[2]->data, r), targets[r],
                                        attrs->smoothing, scale, dx);
    }
}

static rung_status cross_entropy_grad_run(const rung_node *n, const rung_exec *x,
                                          rung_error *err)
{
    (void)err;
    cross_entropy_ctx c = {.n = n,
                           .x = x,
                           .V = rung__last(n->in[0]),
                           .grain = block_rows(n->in[0]),
                           .scale = rung__get(x, n->in[3]->data, 0)};
    rung__ranges(x, rung__rows(n->in[0]), c.grain, cross_entropy_grad_rows, &c);
    return RUNG_OK;
}

const rung_op rung__op_cross_entropy_grad = {
    .name = "cross_entropy_grad",
    .attr_bytes = sizeof(cross_entropy_attrs),
    .n_outputs = 1,
    .int_inputs = 1 << 1,
    .infer = cross_entropy_grad_infer,
    .run = cross_entropy_grad_run,
    .cost = cross_entropy_cost,
    .in_place = 1 << 0,
};

rung_loss rung_cross_entropy(rung_graph *g, rung_tensor *logits, rung_tensor *targets,
                             rung_tensor *class_weights, double label_smoothing)
{
    rung_node *n = rung__node(g, &rung__op_cross_entropy, 2, 3,
                              (rung_tensor *[]){logits, targets, class_weights},
                              &(cross_entropy_attrs){label_smoothing});
    return n ? (rung_loss){n->out[0], n->out[1]} : (rung_loss){NULL, NULL};
}
