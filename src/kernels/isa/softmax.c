/* Softmax, log-sum-exp and the losses over one row of logits.
 *
 * Every exponential is taken of x - max(x), so nothing overflows. A NaN anywhere in the row makes the
 * result NaN. Infinities as in IEEE arithmetic: log_sum_exp of a row of -inf is -inf, of a row with
 * +inf is +inf; softmax of either row is NaN, since no distribution is its limit. Sums are kept in W
 * or 2 W lanes of real and joined at the end. */
#include "kernels/isa/vmath.h"

/* The largest element; a NaN may be passed over, the sum of exponentials then shows it. n > 0. */
INLINE real row_max(int64_t n, const real *x)
{
    const vec lowest = vsplat((real)-INFINITY);
    vec m0 = lowest, m1 = lowest;
    int64_t i = 0;
    for (; i + 2 * W <= n; i += 2 * W) {
        m0 = vmax(m0, vload(x + i));
        m1 = vmax(m1, vload(x + i + W));
    }
    for (; i + W <= n; i += W) m0 = vmax(m0, vload(x + i));
    real m = vmax_lane(vmax(m0, m1));
    for (; i < n; i++) m = x[i] > m ? x[i] : m;
    return m;
}

/* e^(x[i] - m) for the lanes from x + i on, 0 past the end. */
INLINE vec exp_below(const real *x, int64_t n_left, real m)
{
    vec e = vexp(vload_n(x, n_left) - m);
    return n_left >= W ? e : vselect(vindex() < (ireal)n_left, e, vsplat(0));
}

/* sum of e^(x - m) */
INLINE double exp_sum(int64_t n, const real *x, real m)
{
    vec s0 = {0}, s1 = {0};
    int64_t i = 0;
    for (; i + 2 * W <= n; i += 2 * W) {
        s0 += vexp(vload(x + i) - m);
        s1 += vexp(vload(x + i + W) - m);
    }
    for (; i < n; i += W) s0 += exp_below(x + i, n - i, m);
    return (double)vsum(s0 + s1);
}

INLINE double log_sum_exp(int64_t n, const real *x)
{
    real m = row_max(n, x);
    if (isinf(m)) m = 0; /* inf - inf would be NaN: e^x itself is 0 or inf here */
    return (double)m + log(exp_sum(n, x, m));
}

void KERNEL(softmax_row)(int64_t n, const void *x_, void *y_)
{
    const real *x = x_;
    real *y = y_;
    if (n == 0) return;
    const real m = row_max(n, x);
    vec sum = {0};
    for (int64_t i = 0; i < n; i += W) {
        vec e = exp_below(x + i, n - i, m);
        sum += e;
        vstore_n(y + i, n - i, e);
    }
    const vec inverse = vsplat(1 / vsum(sum));
    for (int64_t i = 0; i < n; i += W)
        vstore_n(y + i, n - i, vload_n(y + i, n - i) * inverse);
}

void KERNEL(softmax_grad_row)(int64_t n, const void *y_, const void *dy_, void *dx_)
{
    const real *y = y_, *dy = dy_;
    real *dx = dx_;
    const vec mean = vsplat((real)KERNEL(dot)(n, y, dy));
    for (int64_t i = 0; i < n; i += W)
        vstore_n(dx + i, n - i, vload_n(y + i, n - i) * (vload_n(dy + i, n - i) - mean));
}

double KERNEL(log_sum_exp)(int64_t n, const void *x)
{
    return n == 0 ? -INFINITY : log_sum_exp(n, x);
}

double KERNEL(cross_entropy_row)(int64_t V, const void *x_, int64_t target, double s,
                                 void *lse_)
{
    const real *x = x_;
    const double lse = log_sum_exp(V, x);
    *(real *)lse_ = (real)lse;
    double loss = lse - (1 - s) * (double)x[target];
    if (s > 0) loss -= s * KERNEL(sum)(V, x) / (double)V; /* 0 * -inf would be NaN */
    return loss;
}

void KERNEL(cross_entropy_grad_row)(int64_t V, const void *x_, const void *lse_,
                                    int64_t target, double s, double scale, void *dx_)
{
    const real *x = x_;
    real *dx = dx_;
    const vec lse = vsplat(*(const real *)lse_), factor = vsplat((real)scale),
              share = vsplat((real)(scale * s / (double)V));
    for (int64_t i = 0; i < V; i += W)
        vstore_n(dx + i, V - i, vexp(vload_n(x + i, V - i) - lse) * factor - share);
    dx[target] -= (real)(scale * (1 - s));
}
