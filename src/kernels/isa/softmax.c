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

/* As many are added in real before a sum goes on in double. */
enum { SPAN = 1024 };

/* The sum of e^(x - m) over a span; writes them into y unless it is NULL. In place
 * allowed. The next span is fetched meanwhile. */
INLINE real span_sum(int64_t n, const real *x, real m, real *y)
{
    vec sum = {0};
    for (int64_t i = 0; i < n; i += W) {
        __builtin_prefetch(x + i + SPAN);
        vec e = vexp(vload_n(x + i, n - i) - m);
        if (n - i < W) e = vselect(vindex() < (ireal)(n - i), e, vsplat(0));
        if (y) vstore_n(y + i, n - i, e);
        sum += e;
    }
    return vsum(sum);
}

INLINE int64_t span_at(int64_t i, int64_t n)
{
    return n - i < SPAN ? n - i : SPAN;
}

/* One pass over memory: the largest so far grows from span to span, and the sum shrinks
 * with it. */
INLINE double log_sum_exp(int64_t n, const real *x)
{
    real max = (real)-INFINITY, base = 0;
    double total = 0;
    for (int64_t i = 0; i < n; i += SPAN) {
        const int64_t span = span_at(i, n);
        const real m = row_max(span, x + i);
        if (m > max) {
            const real old = base;
            max = m;
            base = isinf(m) ? 0 : m; /* inf - inf would be NaN: e^x itself is inf here */
            if (total > 0) total *= exp((double)old - (double)base);
        }
        total += (double)span_sum(span, x + i, base, NULL);
    }
    return (double)base + log(total);
}

void KERNEL(softmax_row)(int64_t n, const void *x, void *y)
{
    if (n == 0) return;
    const real *from = x, m = row_max(n, x);
    double sum = 0;
    for (int64_t i = 0; i < n; i += SPAN)
        sum += (double)span_sum(span_at(i, n), from + i, m, (real *)y + i);
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
