/* Binary cross-entropy with logits. */
#include "kernels/isa/vmath.h"

/* Forward: max(x, 0) - x t + log(1 + e^-|x|), which neither overflows nor cancels. */
double KERNEL(bce)(int64_t n, const void *x_, const void *t_)
{
    const real *x = x_, *t = t_;
    double sum = 0;
    for (int64_t i = 0; i < n; i += W) {
        const vec v = vload_n(x + i, n - i), target = vload_n(t + i, n - i);
        vec loss = vmax(vsplat(0), v) - v * target + vlog1p(vexp(-vabs(v)));
        if (n - i < W) loss = vselect(vindex() < (ireal)(n - i), loss, vsplat(0));
        sum += (double)vsum(loss);
    }
    return sum;
}

void KERNEL(bce_grad)(int64_t n, double scale, const void *x_, const void *t_, void *dx_)
{
    const real *x = x_, *t = t_;
    real *dx = dx_;
    const vec factor = vsplat((real)scale);
    for (int64_t i = 0; i < n; i += W) {
        const vec error = vsigmoid(vload_n(x + i, n - i)) - vload_n(t + i, n - i);
        vstore_n(dx + i, n - i, factor * error);
    }
}
