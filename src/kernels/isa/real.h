/* Included by every file in this folder, which is compiled once for each instruction set:
 * KERNEL(add) is rung__avx2_add, `real` is float (double in the double build). */
#ifndef RUNG_KERNELS_ISA_REAL_H
#define RUNG_KERNELS_ISA_REAL_H

#include "kernels/kernels.h"

#ifndef RUNG_KERNEL_SET
#error "compile with -DRUNG_KERNEL_SET=portable|avx2|avx512|double_"
#endif

#define RUNG_PASTE3_(a, b, c) a##b##c
#define RUNG_PASTE3(a, b, c) RUNG_PASTE3_(a, b, c)
#define KERNEL(name) RUNG_PASTE3(rung__, RUNG_KERNEL_SET, RUNG_PASTE3(_, name, ))

#ifdef RUNG_KERNEL_DOUBLE
typedef double real;
#else
typedef float real;
#endif

#define K(result, name, parameters) result KERNEL(name) parameters;
#include "kernels/kernels.def"
#undef K

#endif
