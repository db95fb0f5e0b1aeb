/* exp, log1p, tanh, erf and sigmoid on vectors of float; in double the C library's.
 *
 * Bounds, held by tests/kernels/test_vmath.c over dense ranges, in units of the last
 * place: exp 1.5, log1p 3, tanh 5.5, erf 3.5, sigmoid 2.5 where its value is a normal
 * number. NaN gives NaN; no argument overflows on the way to a finite result. The
 * coefficients are minimax fits (Lawson's weighted least squares). */
#ifndef RUNG_KERNELS_ISA_VMATH_H
#define RUNG_KERNELS_ISA_VMATH_H

#include "kernels/isa/vector.h"

#ifdef RUNG_KERNEL_DOUBLE

#define LANEWISE(name, expression)                                                       \
    INLINE vec name(vec x)                                                               \
    {                                                                                    \
        vec y;                                                                           \
        for (int l = 0; l < W; l++) y[l] = expression;                                   \
        return y;                                                                        \
    }
LANEWISE(vexp, exp(x[l]))
LANEWISE(vlog1p, log1p(x[l]))
LANEWISE(vtanh, tanh(x[l]))
LANEWISE(verf, erf(x[l]))
#undef LANEWISE

#else

/* x = n ln 2 + r, |r| <= ln(2)/2;  e^x = 2^n (1 + r + r^2 P(r)), P within 4e-9.
 * Overflows to infinity, underflows through the subnormal numbers to 0. */
INLINE vec vexp(vec x)
{
    const vec log2_e = vsplat(1.44269504f), ln2_high = vsplat(0.693359375f),
              ln2_low = vsplat(-2.12194440e-4f);
    const vec round =
        vsplat(12582912.0f); /* 1.5 * 2^23: adding it rounds to an integer */
    x = vmax(vsplat(-104.0f),
             vmin(vsplat(89.0f), x)); /* beyond, the result is 0 or inf */
    vec shifted = x * log2_e + round;
    vec n = shifted - round;
    vec r = x - n * ln2_high - n * ln2_low;
    vec p = vsplat(0.001390503878f);
    p = p * r + 0.008369575431f;
    p = p * r + 0.04166695252f;
    p = p * r + 0.1666651313f;
    p = p * r + 0.4999999832f;
    p = p * (r * r) + r + 1.0f;
#if VEC_BYTES == 64
    return (vec)_mm512_scalef_ps((__m512)p, (__m512)n);
#else
    /* In two steps: n, from -150 to 128, exceeds the exponents of normal numbers. */
    ivec k = (ivec)shifted - (ivec)round;
    ivec half = k >> 1;
    return p * (vec)((half + 127) << 23) * (vec)((k - half + 127) << 23);
#endif
}

/* log(1 + x) for x in [0, 1]:  2 atanh(s), s = x / (2 + x) <= 1/3, a polynomial in s. */
INLINE vec vlog1p(vec x)
{
    vec s = x / (x + 2.0f);
    vec z = s * s;
    vec p = vsplat(0.1161677337f);
    p = p * z + 0.1085226796f;
    p = p * z + 0.1429624942f;
    p = p * z + 0.1999985161f;
    p = p * z + 0.3333333367f;
    return (s + s * z * p) * 2.0f;
}

/* x * ratio, at most 1 in size; exactly 1 from `end` on, where ratio may be anything. */
INLINE vec saturated(vec x, vec ratio, float end)
{
    const vec one = vsplat(1.0f), size = vabs(x);
    const vec y = vselect(size >= end, one, vmin(one, size * ratio));
    return vcopysign(y, x);
}

/* x P(x^2) / Q(x^2), both of degree 4, within 2.1e-8; 1 in float from 9.01 on. */
INLINE vec vtanh(vec x)
{
    vec z = x * x;
    vec p = vsplat(1.332455399e-8f);
    p = p * z + 2.058749288e-5f;
    p = p * z + 0.003494281379f;
    p = p * z + 0.1337992694f;
    p = p * z + 0.9999999791f;
    vec q = vsplat(7.764278405e-7f);
    q = q * z + 0.0003283494222f;
    q = q * z + 0.0258720158f;
    q = q * z + 0.4671324228f;
    q = q * z + 1.0f;
    return saturated(x, p / q, 9.01f);
}

/* x P(x^2) / Q(x^2), both of degree 5, within 2e-8; 1 in float from 3.93 on. */
INLINE vec verf(vec x)
{
    vec z = x * x;
    vec p = vsplat(2.036193848e-6f);
    p = p * z + 0.0002847295123f;
    p = p * z + 0.003788855503f;
    p = p * z + 0.05281770003f;
    p = p * z + 0.1910374231f;
    p = p * z + 1.128379145f;
    vec q = vsplat(3.794026667e-5f);
    q = q * z + 0.001166924408f;
    q = q * z + 0.0150161279f;
    q = q * z + 0.114356784f;
    q = q * z + 0.5026352171f;
    q = q * z + 1.0f;
    return saturated(x, p / q, 3.93f);
}

#endif

/* 1 / (1 + e^-x) */
INLINE vec vsigmoid(vec x)
{
    return 1 / (1 + vexp(-x));
}

#endif
