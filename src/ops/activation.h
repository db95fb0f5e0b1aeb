/* What the operators with a built-in activation need of it. */
#ifndef RUNG_OPS_ACTIVATION_H
#define RUNG_OPS_ACTIVATION_H

#include "ops/ops.h"

/* Whether the derivative is computed from the output (else from the input). */
bool rung__act_saves_output(rung_act act);

/* dy f'(saved). */
rung_tensor *rung__activation_grad(rung_graph *g, rung_tensor *saved, rung_tensor *dy,
                                   rung_act act);

/* op(a) op(b) f'(saved), for gradients: has none itself. */
rung_tensor *rung__matmul_act_grad(rung_graph *g, rung_tensor *a, rung_tensor *b,
                                   int flags, rung_tensor *saved, rung_act act);

#endif
