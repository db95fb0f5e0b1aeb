/* Layer normalisation of rows and its gradient (Ba, Kiros, Hinton 2016). Statistics are
 * two passes over a row that lies in cache: the mean m, then the differences from it and
 * their squares. The mean of the differences is what rounding took from m: where a row
 * lies far from zero it counts, so y is made with it (Chan, Golub, LeVeque 1983,
 * "Algorithms for computing the sample variance", equation 1.7). */
#include "kernels/isa/vector.h"

/* The elements from p on minus `mean`, 0 past the end. */
INLINE vec centred(const real *p, int64_t n_left, vec mean)
{
    vec v = vload_n(p, n_left) - mean;
    return n_left >= W ? v : vselect(vindex() < (ireal)n_left, v, vsplat(0));
}

INLINE real row_mean(int64_t n, const real *x)
{
    vec sum = {0};
    for (int64_t i = 0; i < n; i += W) sum += vload_n(x + i, n - i);
    return vsum(sum) / (real)n;
}

/* What is missing from the rounded mean, and the variance. */
typedef struct spread {
    real rest, variance;
} spread;

INLINE spread row_spread(int64_t n, const real *x, real mean)
{
    vec sum = {0}, squares = {0};
    for (int64_t i = 0; i < n; i += W) {
        vec c = centred(x + i, n - i, vsplat(mean));
        sum += c;
        squares += c * c;
    }
    const real rest = vsum(sum) / (real)n;
    return (spread){rest, vsum(squares) / (real)n - rest * rest};
}

void KERNEL(layernorm)(int64_t rows, int64_t n, double eps, const void *x_,
                       const void *gamma_, const void *beta_, void *y_, void *mean_,
                       void *rstd_)
{
    const real *gamma = gamma_, *beta = beta_;
    real *mean = mean_, *rstd = rstd_;
    for (int64_t r = 0; r < rows; r++) {
        const real *x = (const real *)x_ + r * n;
        real *y = (real *)y_ + r * n;
        mean[r] = row_mean(n, x);
        const spread of = row_spread(n, x, mean[r]);
        rstd[r] = (real)(1 / sqrt((double)of.variance + eps));
        const vec m = vsplat(mean[r]), s = vsplat(rstd[r]);
        const vec rest = vsplat(of.rest * rstd[r]);
        for (int64_t i = 0; i < n; i += W) {
            vec v = (vload_n(x + i, n - i) - m) * s - rest;
            if (gamma) v *= vload_n(gamma + i, n - i);
            if (beta) v += vload_n(beta + i, n - i);
            vstore_n(y + i, n - i, v);
        }
    }
}

/* *p += v, n lanes at most; nothing when the gradient is not wanted (NULL). */
INLINE void add_to(real *p, int64_t i, int64_t n_left, vec v)
{
    if (p) vstore_n(p + i, n_left, vload_n(p + i, n_left) + v);
}

/* g = dy gamma */
INLINE vec normalised_grad(const real *dy, const real *gamma, int64_t i, int64_t n)
{
    vec g = vload_n(dy + i, n - i);
    return gamma ? g * vload_n(gamma + i, n - i) : g;
}

/* Forward: xhat = (x - mean) rstd;  y = xhat gamma + beta. */
void KERNEL(layernorm_grad)(int64_t rows, int64_t n, const void *x_, const void *gamma_,
                            const void *mean_, const void *rstd_, const void *dy_,
                            void *dx_, void *dgamma, void *dbeta)
{
    const real *mean = mean_, *rstd = rstd_, *gamma = gamma_;
    for (int64_t r = 0; r < rows; r++) {
        const real *x = (const real *)x_ + r * n, *dy = (const real *)dy_ + r * n;
        real *dx = (real *)dx_ + r * n;
        const vec m = vsplat(mean[r]), s = vsplat(rstd[r]);
        vec sum_g = {0}, sum_gx = {0};
        for (int64_t i = 0; i < n; i += W) {
            const vec d = vload_n(dy + i, n - i), xhat = centred(x + i, n - i, m) * s;
            const vec g = normalised_grad(dy, gamma, i, n);
            sum_g += g;
            sum_gx += g * xhat;
            add_to(dgamma, i, n - i, d * xhat);
            add_to(dbeta, i, n - i, d);
        }
        const vec mean_g = vsplat(vsum(sum_g) / (real)n),
                  mean_gx = vsplat(vsum(sum_gx) / (real)n);
        for (int64_t i = 0; i < n; i += W) {
            const vec xhat = (vload_n(x + i, n - i) - m) * s;
            const vec g = normalised_grad(dy, gamma, i, n);
            vstore_n(dx + i, n - i, s * (g - mean_g - xhat * mean_gx));
        }
    }
}
