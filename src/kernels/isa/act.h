/* Activation functions on one vector; element-wise kernels and the epilogue of products
 * share them. `f` is a constant where these are called, so that the switch disappears. */
#ifndef RUNG_KERNELS_ISA_ACT_H
#define RUNG_KERNELS_ISA_ACT_H

#include "kernels/isa/vmath.h"

/* gelu's tanh form: x (1 + tanh u) / 2 = x sigmoid(2u), 2u = GELU_1 x + GELU_3 x^3. */
#define GELU_1 ((real)1.5957691216057307) /* 2 sqrt(2 / pi) */
#define GELU_3 ((real)0.0713548162726009) /* 0.044715 GELU_1 */

#define SQRT_HALF ((real)0.7071067811865476)
#define NORMAL_PEAK ((real)0.3989422804014327) /* 1 / sqrt(2 pi) */

/* x^2, bounded where gelu is 0 or x to the last bit, so that nothing overflows. */
INLINE vec gelu_square(vec x)
{
    return vmin(vsplat((real)1e4), x * x);
}

/* y = f(x) */
INLINE vec vact(rung_act f, vec x)
{
    switch (f) {
    case RUNG_ACT_RELU:
        return vmax(vsplat(0), x); /* NaN stays NaN */
    case RUNG_ACT_GELU:
        return x * vsigmoid(x * (GELU_1 + GELU_3 * gelu_square(x)));
    case RUNG_ACT_GELU_ERF:
        return x * ((verf(x * SQRT_HALF) + 1) * (real)0.5);
    case RUNG_ACT_SILU:
        return x * vsigmoid(x);
    case RUNG_ACT_SIGMOID:
        return vsigmoid(x);
    case RUNG_ACT_TANH:
        return vtanh(x);
    default:
        return x;
    }
}

/* f'(x) from x (relu, gelu, gelu_erf, silu) or from y = f(x) (sigmoid, tanh). */
INLINE vec vact_grad(rung_act f, vec saved)
{
    const vec x = saved, y = saved, one = vsplat(1);
    vec s, square;
    switch (f) {
    case RUNG_ACT_RELU:
        return vselect(x <= 0, vsplat(0), one); /* NaN passes */
    case RUNG_ACT_GELU:                         /* y = x s:  s + x s (1 - s) (2u)' */
        square = gelu_square(x);
        s = vsigmoid(x * (GELU_1 + GELU_3 * square));
        return s + x * s * (1 - s) * (GELU_1 + 3 * GELU_3 * square);
    case RUNG_ACT_GELU_ERF: /* y = x Phi(x):  Phi(x) + x phi(x) */
        return (verf(x * SQRT_HALF) + 1) * (real)0.5 +
               x * NORMAL_PEAK * vexp(x * x * (real)-0.5);
    case RUNG_ACT_SILU: /* y = x s */
        s = vsigmoid(x);
        return s + x * s * (1 - s);
    case RUNG_ACT_SIGMOID:
        return y * (1 - y);
    case RUNG_ACT_TANH:
        return 1 - y * y;
    default:
        return one;
    }
}

#endif
