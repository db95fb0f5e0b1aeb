/* Element-wise kernels: one turn of the loop a vector. */
#include <assert.h>

#include "kernels/isa/act.h"

void KERNEL(add)(int64_t n, const void *x_, const void *y_, void *z_)
{
    const real *x = x_, *y = y_;
    real *z = z_;
    for (int64_t i = 0; i < n; i += W)
        vstore_n(z + i, n - i, vload_n(x + i, n - i) + vload_n(y + i, n - i));
}

void KERNEL(mul)(int64_t n, const void *x_, const void *y_, void *z_)
{
    const real *x = x_, *y = y_;
    real *z = z_;
    for (int64_t i = 0; i < n; i += W)
        vstore_n(z + i, n - i, vload_n(x + i, n - i) * vload_n(y + i, n - i));
}

void KERNEL(scale)(int64_t n, double a, const void *x_, void *y_)
{
    const real *x = x_;
    real *y = y_;
    const vec va = vsplat((real)a);
    for (int64_t i = 0; i < n; i += W) vstore_n(y + i, n - i, va * vload_n(x + i, n - i));
}

void KERNEL(axpy)(int64_t n, double a, const void *x_, void *y_)
{
    const real *x = x_;
    real *y = y_;
    const vec va = vsplat((real)a);
    for (int64_t i = 0; i < n; i += W)
        vstore_n(y + i, n - i, vload_n(y + i, n - i) + va * vload_n(x + i, n - i));
}

INLINE void act_all(rung_act f, int64_t n, const real *x, real *y)
{
    for (int64_t i = 0; i < n; i += W)
        vstore_n(y + i, n - i, vact(f, vload_n(x + i, n - i)));
}

INLINE void act_grad_all(rung_act f, int64_t n, const real *saved, const real *dy,
                         real *dx)
{
    for (int64_t i = 0; i < n; i += W) {
        vec slope = vact_grad(f, vload_n(saved + i, n - i));
        vstore_n(dx + i, n - i, vload_n(dy + i, n - i) * slope);
    }
}

/* One loop for each function: `f` is a constant in every case. */
void KERNEL(act)(rung_act f, int64_t n, const void *x, void *y)
{
    switch (f) {
#define X(name, text)                                                                    \
    case RUNG_ACT_##name:                                                                \
        act_all(RUNG_ACT_##name, n, x, y);                                               \
        break;
        RUNG_ACT_LIST(X)
#undef X
    default:
        assert(false && "no such activation");
    }
}

void KERNEL(act_grad)(rung_act f, int64_t n, const void *saved, const void *dy, void *dx)
{
    switch (f) {
#define X(name, text)                                                                    \
    case RUNG_ACT_##name:                                                                \
        act_grad_all(RUNG_ACT_##name, n, saved, dy, dx);                                 \
        break;
        RUNG_ACT_LIST(X)
#undef X
    default:
        assert(false && "no such activation");
    }
}
