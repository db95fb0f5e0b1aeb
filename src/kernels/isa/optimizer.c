/* Optimizer steps, one pass over values, gradients and moments. g' = g * grad_scale. */
#include "kernels/isa/vector.h"

/* g' += weight_decay w;  m = momentum m + g';  w -= lr (nesterov ? g' + momentum m : m).
 * m begins as 0. Without momentum it is not used and may be NULL: w -= lr g'. */
void KERNEL(sgd)(int64_t n, const rung_update *u, void *w_, const void *g_, void *m_)
{
    real *w = w_, *m = m_;
    const real *g = g_;
    const vec lr = vsplat((real)u->lr), scale = vsplat((real)u->grad_scale),
              decay = vsplat((real)u->weight_decay), momentum = vsplat((real)u->momentum);
    const bool has_momentum = u->momentum > 0;
    for (int64_t i = 0; i < n; i += W) {
        const vec wi = vload_n(w + i, n - i);
        vec step = vload_n(g + i, n - i) * scale + decay * wi;
        if (has_momentum) {
            const vec mi = momentum * vload_n(m + i, n - i) + step;
            vstore_n(m + i, n - i, mi);
            step = u->nesterov ? step + momentum * mi : mi;
        }
        vstore_n(w + i, n - i, wi - lr * step);
    }
}

/* g' += weight_decay w;  v += g'^2;  w -= lr g' / (sqrt(v) + eps)
 * (Duchi, Hazan, Singer 2011) */
void KERNEL(adagrad)(int64_t n, const rung_update *u, void *w_, const void *g_, void *v_)
{
    real *w = w_, *v = v_;
    const real *g = g_;
    const vec lr = vsplat((real)u->lr), scale = vsplat((real)u->grad_scale),
              decay = vsplat((real)u->weight_decay), eps = vsplat((real)u->eps);
    for (int64_t i = 0; i < n; i += W) {
        const vec wi = vload_n(w + i, n - i);
        const vec gi = vload_n(g + i, n - i) * scale + decay * wi;
        const vec vi = vload_n(v + i, n - i) + gi * gi;
        vstore_n(v + i, n - i, vi);
        vstore_n(w + i, n - i, wi - lr * gi / (vsqrt(vi) + eps));
    }
}

/* w -= lr weight_decay w;  m = beta1 m + (1 - beta1) g';  v = beta2 v + (1 - beta2) g'^2;
 * w -= lr (m / bias1) / (sqrt(v / bias2) + eps)
 * (Loshchilov, Hutter 2019, algorithm 2; as in PyTorch, decay is scaled by lr) */
void KERNEL(adamw)(int64_t n, const rung_update *u, void *w_, const void *g_, void *m_,
                   void *v_)
{
    real *w = w_, *m = m_, *v = v_;
    const real *g = g_;
    const vec keep = vsplat((real)(1 - u->lr * u->weight_decay)),
              scale = vsplat((real)u->grad_scale), beta1 = vsplat((real)u->beta1),
              beta2 = vsplat((real)u->beta2), rest1 = vsplat((real)(1 - u->beta1)),
              rest2 = vsplat((real)(1 - u->beta2)), eps = vsplat((real)u->eps),
              step = vsplat((real)(u->lr / u->bias1)),
              root = vsplat((real)(1 / sqrt(u->bias2)));
    for (int64_t i = 0; i < n; i += W) {
        const vec gi = vload_n(g + i, n - i) * scale;
        const vec mi = beta1 * vload_n(m + i, n - i) + rest1 * gi;
        const vec vi = beta2 * vload_n(v + i, n - i) + rest2 * gi * gi;
        vstore_n(m + i, n - i, mi);
        vstore_n(v + i, n - i, vi);
        vstore_n(w + i, n - i,
                 keep * vload_n(w + i, n - i) - step * mi / (vsqrt(vi) * root + eps));
    }
}
