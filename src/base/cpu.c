/* What this processor can do. */
#include <sched.h>
#include <unistd.h>

#include "base/runtime.h"

rung_isa rung__cpu_isa(void)
{
#if defined(__x86_64__)
    // These also ask whether the operating system saves the wide registers.
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        return RUNG_ISA_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return RUNG_ISA_AVX2;
#endif
    return RUNG_ISA_PORTABLE;
}

int rung__cpu_count(void)
{
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}
