/* One vector type for every instruction set, in GCC's vector extension.
 *
 * `vec` holds W reals, `ivec` W integers of the same width (0 or -1 where it is a mask),
 * `dvec` half as many lanes in double, for sums that need it. Memory may lie at any
 * address. A kernel walks a row as
 *
 *     for (int64_t i = 0; i < n; i += W)
 *         vstore_n(y + i, n - i, f(vload_n(x + i, n - i)));
 *
 * where the _n forms touch at most n - i elements: the tail is the loop's last turn. */
#ifndef RUNG_KERNELS_ISA_VECTOR_H
#define RUNG_KERNELS_ISA_VECTOR_H

#include <math.h>
#include <string.h>

#include "kernels/isa/real.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#if defined(RUNG_KERNEL_DOUBLE)
#define VEC_BYTES 16
#elif defined(__AVX512F__)
#define VEC_BYTES 64
#elif defined(__AVX2__)
#define VEC_BYTES 32
#else
#define VEC_BYTES 16
#endif

#ifdef RUNG_KERNEL_DOUBLE
#define W 2
typedef int64_t ireal;
#else
#define W (VEC_BYTES / 4)
typedef int32_t ireal;
#endif
#define DW (VEC_BYTES / 8) /* lanes of dvec and wvec */

typedef real vec __attribute__((vector_size(VEC_BYTES)));
typedef ireal ivec __attribute__((vector_size(VEC_BYTES)));
typedef double dvec __attribute__((vector_size(VEC_BYTES)));
typedef uint64_t wvec __attribute__((vector_size(VEC_BYTES)));

/* The same in memory: any address, any other type beside it. */
typedef real vec_in_memory
    __attribute__((vector_size(VEC_BYTES), aligned(sizeof(real)), may_alias));
typedef real part_in_memory
    __attribute__((vector_size(DW * sizeof(real)), aligned(sizeof(real)), may_alias));

#define INLINE static inline __attribute__((always_inline, unused))

INLINE vec vsplat(real a)
{
    return a - (vec){0};
}

INLINE vec vload(const real *p)
{
    return *(const vec_in_memory *)p;
}

INLINE void vstore(real *p, vec v)
{
    *(vec_in_memory *)p = v;
}

#if VEC_BYTES == 64
INLINE __mmask16 first_lanes(int64_t n)
{
    return (__mmask16)((1u << n) - 1);
}
#endif

/* The first n lanes from p (all when n >= W), zero in the others; n > 0. */
INLINE vec vload_n(const real *p, int64_t n)
{
#if VEC_BYTES == 64
    if (n >= W) return vload(p);
    return (vec)_mm512_maskz_loadu_ps(first_lanes(n), p);
#else
    vec v = {0}; // here, as GCC 12's address sanitizer loses sight of it further down
    if (n >= W) return vload(p);
    memcpy(&v, p, (size_t)n * sizeof *p);
    return v;
#endif
}

INLINE void vstore_n(real *p, int64_t n, vec v)
{
    if (n >= W) {
        vstore(p, v);
        return;
    }
#if VEC_BYTES == 64
    _mm512_mask_storeu_ps(p, first_lanes(n), (__m512)v);
#else
    memcpy(p, &v, (size_t)n * sizeof *p);
#endif
}

/* mask ? a : b, lane by lane. */
INLINE vec vselect(ivec mask, vec a, vec b)
{
    return (vec)((mask & (ivec)a) | (~mask & (ivec)b));
}

/* The larger and the smaller; b where a or b is NaN, so that a NaN in b survives. */
#if defined(RUNG_KERNEL_DOUBLE) || !defined(__x86_64__)
INLINE vec vmax(vec a, vec b)
{
    return vselect(a > b, a, b);
}

INLINE vec vmin(vec a, vec b)
{
    return vselect(a < b, a, b);
}
#else
#if VEC_BYTES == 64
#define MAX_PS(a, b) _mm512_max_ps((__m512)a, (__m512)b)
#define MIN_PS(a, b) _mm512_min_ps((__m512)a, (__m512)b)
#elif VEC_BYTES == 32
#define MAX_PS(a, b) _mm256_max_ps((__m256)a, (__m256)b)
#define MIN_PS(a, b) _mm256_min_ps((__m256)a, (__m256)b)
#else
#define MAX_PS(a, b) _mm_max_ps((__m128)a, (__m128)b)
#define MIN_PS(a, b) _mm_min_ps((__m128)a, (__m128)b)
#endif
INLINE vec vmax(vec a, vec b)
{
    return (vec)MAX_PS(a, b);
}

INLINE vec vmin(vec a, vec b)
{
    return (vec)MIN_PS(a, b);
}
#endif

INLINE vec vabs(vec a)
{
    const ivec sign = (ivec)vsplat((real)-0.0);
    return (vec)(~sign & (ivec)a);
}

/* |a| with the sign of b. */
INLINE vec vcopysign(vec a, vec b)
{
    const ivec sign = (ivec)vsplat((real)-0.0);
    return (vec)((~sign & (ivec)a) | (sign & (ivec)b));
}

/* Rounded correctly: the same on every processor. */
INLINE vec vsqrt(vec x)
{
    for (int l = 0; l < W; l++) x[l] = (real)sqrt((double)x[l]);
    return x;
}

/* 0, 1, 2, ... */
INLINE ivec vindex(void)
{
    ivec v;
    for (int l = 0; l < W; l++) v[l] = l;
    return v;
}

/* DW reals as doubles, the first n of them (n > 0), zero in the others. */
INLINE dvec dload_n(const real *p, int64_t n)
{
    if (n < DW) {
        dvec v = {0};
        for (int64_t l = 0; l < n; l++) v[l] = (double)p[l];
        return v;
    }
#if VEC_BYTES == 64 /* GCC 12 converts this width in two halves */
    return (dvec)_mm512_cvtps_pd(_mm256_loadu_ps(p));
#else
    return __builtin_convertvector(*(const part_in_memory *)p, dvec);
#endif
}

/* a0 b0 a1 b1 ... from the first halves of a and b (LOW), or from the second (HIGH). */
#define LOW_2(n) 0, n
#define LOW_4(n) LOW_2(n), 1, 1 + n
#define LOW_8(n) LOW_4(n), 2, 2 + n, 3, 3 + n
#define LOW_16(n) LOW_8(n), 4, 4 + n, 5, 5 + n, 6, 6 + n, 7, 7 + n
#define HIGH_2 1, 3
#define HIGH_4 2, 6, 3, 7
#define HIGH_8 4, 12, 5, 13, 6, 14, 7, 15
#define HIGH_16 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#ifdef __clang__
#define SHUFFLE(index_type, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(index_type, a, b, ...) __builtin_shuffle(a, b, (index_type){__VA_ARGS__})
#endif

#if VEC_BYTES == 64
#define W_LOW LOW_16(16)
#define W_HIGH HIGH_16
#define DW_LOW LOW_8(8)
#define DW_HIGH HIGH_8
#elif VEC_BYTES == 32
#define W_LOW LOW_8(8)
#define W_HIGH HIGH_8
#define DW_LOW LOW_4(4)
#define DW_HIGH HIGH_4
#else
#define DW_LOW LOW_2(2)
#define DW_HIGH HIGH_2
#ifdef RUNG_KERNEL_DOUBLE
#define W_LOW LOW_2(2)
#define W_HIGH HIGH_2
#else
#define W_LOW LOW_4(4)
#define W_HIGH HIGH_4
#endif
#endif

INLINE vec interleave_low(vec a, vec b)
{
    return SHUFFLE(ivec, a, b, W_LOW);
}

INLINE vec interleave_high(vec a, vec b)
{
    return SHUFFLE(ivec, a, b, W_HIGH);
}

INLINE wvec winterleave_low(wvec a, wvec b)
{
    return SHUFFLE(wvec, a, b, DW_LOW);
}

INLINE wvec winterleave_high(wvec a, wvec b)
{
    return SHUFFLE(wvec, a, b, DW_HIGH);
}

/* The lanes added as a balanced tree: each turn adds the first half to the second. */
INLINE real vsum(vec v)
{
    for (int lanes = W; lanes > 1; lanes /= 2)
        v = interleave_low(v, v) + interleave_high(v, v);
    return v[0];
}

INLINE double dsum(dvec v)
{
    for (int lanes = DW; lanes > 1; lanes /= 2)
        v = (dvec)winterleave_low((wvec)v, (wvec)v) +
            (dvec)winterleave_high((wvec)v, (wvec)v);
    return v[0];
}

/* The largest lane; a NaN lane may be passed over. */
INLINE real vmax_lane(vec v)
{
    for (int lanes = W; lanes > 1; lanes /= 2)
        v = vmax(interleave_low(v, v), interleave_high(v, v));
    return v[0];
}

/* Transposes the W by W matrix whose rows are r[0 ... W-1]. Each turn interleaves row i
 * with row i + W/2, which rotates the bits of the element's index (row, lane) by one;
 * log2(W) turns swap row and lane. */
INLINE void vtranspose(vec *r)
{
    for (int turn = 1; turn < W; turn *= 2) {
        vec t[W];
        for (int i = 0; i < W / 2; i++) {
            t[2 * i] = interleave_low(r[i], r[i + W / 2]);
            t[2 * i + 1] = interleave_high(r[i], r[i + W / 2]);
        }
        for (int i = 0; i < W; i++) r[i] = t[i];
    }
}

/* The 64-bit products of the low 32 bits of each lane. */
INLINE wvec wmul32(wvec a, wvec b)
{
#if !defined(__x86_64__)
    return (a & 0xffffffffu) * (b & 0xffffffffu);
#elif VEC_BYTES == 64
    return (wvec)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif VEC_BYTES == 32
    return (wvec)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#else
    return (wvec)_mm_mul_epu32((__m128i)a, (__m128i)b);
#endif
}

#endif
