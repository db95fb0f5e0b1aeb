/* The table of kernels of one instruction set. */
#include "kernels/isa/real.h"

extern const rung_kernels KERNEL(kernels);

#if defined(__AVX512F__)
#define SET_ISA RUNG_ISA_AVX512
#elif defined(__AVX2__)
#define SET_ISA RUNG_ISA_AVX2
#else
#define SET_ISA RUNG_ISA_PORTABLE
#endif

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

const rung_kernels KERNEL(kernels) = {
    .isa = SET_ISA,
    .name = TEXT(RUNG_KERNEL_SET),
    .real_bytes = sizeof(real),
#define K(result, name, parameters) .name = KERNEL(name),
#include "kernels/kernels.def"
#undef K
};
