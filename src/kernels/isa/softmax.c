/* Softmax, log-sum-exp and the losses over one row of logits.
 *
 * Exponentials are taken of x - max(x), so nothing overflows. A NaN anywhere in the row
 * makes the result NaN. log_sum_exp is -inf for a row of -inf, and +inf for a row that
 * holds +inf; softmax of these two is NaN. */
#include "kernels/isa/vmath.h"

/* The largest of n > 0 elements; may pass over a NaN, which will show in the sum. */
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

/* The sum of e^(x - m); writes them into y unless it is NULL. In place allowed. */
INLINE double exp_sum(int64_t n, const real *x, real m, real *y)
{
    enum { SPAN = 1024 }; /* as many are added in real before the sum goes on in double */
    double total = 0;
    for (int64_t start = 0; start < n; start += SPAN) {
        const int64_t end = n - start < SPAN ? n : start + SPAN;
        vec sum = {0};
        for (int64_t i = start; i < end; i += W) {
            vec e = vexp(vload_n(x + i, n - i) - m);
            if (n - i < W) e = vselect(vindex() < (ireal)(n - i), e, vsplat(0));
            if (y) vstore_n(y + i, n - i, e);
            sum += e;
        }
        total += (double)vsum(sum);
    }
    return total;
}

INLINE double log_sum_exp(int64_t n, const real *x)
{
    real m = row_max(n, x);
    if (isinf(m)) m = 0; /* inf - inf would be NaN: e^x itself is 0 or inf here */
    return (double)m + log(exp_sum(n, x, m, NULL));
}

void KERNEL(softmax_row)(int64_t n, const void *x, void *y)
{
    if (n == 0) return;
    const double sum = exp_sum(n, x, row_max(n, x), y);
    KERNEL(scale)(n, 1 / sum, y, y);
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
