/* Which instruction set: the best one that this processor and operating system run. */
#include <assert.h>

#include "kernels/kernels.h"

extern const rung_kernels rung__portable_kernels, rung__avx2_kernels,
    rung__avx512_kernels;
extern const rung_kernels rung__double__kernels;

rung_isa rung_kernels_best(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        return RUNG_ISA_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return RUNG_ISA_AVX2;
#endif
    return RUNG_ISA_PORTABLE;
}

const rung_kernels *rung_kernels_get(rung_isa isa)
{
    assert(isa >= 0 && isa <= RUNG_ISA_BEST);
    if (isa == RUNG_ISA_BEST) isa = rung_kernels_best();
#if defined(__x86_64__)
    if (isa == RUNG_ISA_AVX512) return &rung__avx512_kernels;
    if (isa == RUNG_ISA_AVX2) return &rung__avx2_kernels;
#endif
    return &rung__portable_kernels;
}

const rung_kernels *rung_kernels_double(void)
{
    return &rung__double__kernels;
}
