/* What a product of normalised rows needs to make them again. */
#ifndef RUNG_OPS_LAYERNORM_H
#define RUNG_OPS_LAYERNORM_H

typedef struct rung_layernorm_attrs {
    double eps;
} rung_layernorm_attrs;

#endif
