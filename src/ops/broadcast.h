/* What add and mul share: z[..., S] = f(x[..., S], y[S]), S being all dimensions of y. */
#ifndef RUNG_OPS_BROADCAST_H
#define RUNG_OPS_BROADCAST_H

#include "ops/ops.h"

typedef void (*rung_binary_kernel)(int64_t n, const void *x, const void *y, void *z);

rung_status rung__broadcast_infer(rung_graph *g, rung_node *n, rung_error *err);
void rung__broadcast_run(const rung_node *n, const rung_exec *x, rung_binary_kernel f);
rung_cost rung__broadcast_cost(const rung_node *n);

#endif
