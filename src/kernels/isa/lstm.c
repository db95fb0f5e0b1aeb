/* The LSTM cell and its gradient, one pass over the four gates of a row. */
#include "kernels/isa/vmath.h"

void KERNEL(lstm_cell)(int64_t H, void *gates_, const void *c_prev_, void *c_, void *h_)
{
    real *gates = gates_, *c = c_, *h = h_;
    const real *c_prev = c_prev_;
    for (int64_t u = 0; u < H; u += W) {
        const int64_t n = H - u;
        real *gi = gates + u, *gf = gi + H, *gg = gf + H, *go = gg + H;
        const vec i = vsigmoid(vload_n(gi, n)), f = vsigmoid(vload_n(gf, n)),
                  g = vtanh(vload_n(gg, n)), o = vsigmoid(vload_n(go, n));
        const vec cell = f * vload_n(c_prev + u, n) + i * g;
        vstore_n(gi, n, i);
        vstore_n(gf, n, f);
        vstore_n(gg, n, g);
        vstore_n(go, n, o);
        vstore_n(c + u, n, cell);
        vstore_n(h + u, n, o * vtanh(cell));
    }
}

/* With s' = s (1 - s) for the sigmoids and t' = 1 - t^2 for the tanhs, of
 *     c = f c_prev + i g:    dc += dh o tanh'(c);  di = dc g, df = dc c_prev, dg = dc i
 *     h = o tanh(c):         do = dh tanh(c);      dc_prev = dc f */
void KERNEL(lstm_cell_grad)(int64_t H, void *gates_, const void *c_prev_, const void *c_,
                            const void *dh_, void *dc_)
{
    real *gates = gates_, *dc = dc_;
    const real *c_prev = c_prev_, *c = c_, *dh = dh_;
    for (int64_t u = 0; u < H; u += W) {
        const int64_t n = H - u;
        real *gi = gates + u, *gf = gi + H, *gg = gf + H, *go = gg + H;
        const vec i = vload_n(gi, n), f = vload_n(gf, n), g = vload_n(gg, n),
                  o = vload_n(go, n);
        const vec t = vtanh(vload_n(c + u, n)), d_h = vload_n(dh + u, n);
        const vec d = vload_n(dc + u, n) + d_h * o * (1 - t * t);
        vstore_n(gi, n, d * g * (i * (1 - i)));
        vstore_n(gf, n, d * vload_n(c_prev + u, n) * (f * (1 - f)));
        vstore_n(gg, n, d * i * (1 - g * g));
        vstore_n(go, n, d_h * t * (o * (1 - o)));
        vstore_n(dc + u, n, d * f);
    }
}
