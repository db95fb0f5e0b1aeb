/* Which table of kernels serves an instruction set. */
#include <assert.h>

#include "base/runtime.h"
#include "kernels/kernels.h"

extern const rung_kernels rung__portable_kernels, rung__avx2_kernels,
    rung__avx512_kernels;
extern const rung_kernels rung__double__kernels;

rung_isa rung_kernels_best(void)
{
    return rung__cpu_isa();
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
