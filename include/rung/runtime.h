/* The runtime: instruction set, threads and log sink, shared by everything that computes.
 *
 * A runtime is made once and handed down; library code never looks for a global one. Only
 * the command and the examples call rung_runtime_default(). There is no global random
 * state. */
#ifndef RUNG_RUNTIME_H
#define RUNG_RUNTIME_H

#include <stdint.h>

#include "rung/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rung_runtime rung_runtime;

/* X(name, text): the instruction sets that kernels are built for, slowest first. */
#define RUNG_ISA_LIST(X)                                                                 \
    X(PORTABLE, "portable")                                                              \
    X(AVX2, "avx2")                                                                      \
    X(AVX512, "avx512")

typedef enum rung_isa {
#define X(name, text) RUNG_ISA_##name,
    RUNG_ISA_LIST(X)
#undef X
        RUNG_ISA_COUNT,
    RUNG_ISA_BEST = RUNG_ISA_COUNT /* the best that this processor runs */
} rung_isa;

typedef enum rung_log_level {
    RUNG_LOG_DEBUG,
    RUNG_LOG_INFO,
    RUNG_LOG_WARN
} rung_log_level;

/* Receives one line without its newline. May be called from any thread, one call at a
 * time. */
typedef void (*rung_log_fn)(void *self, rung_log_level level, const char *line);

typedef struct rung_runtime_config {
    int threads;     /* 0: one for each processor this process may run on */
    rung_isa isa;    /* RUNG_ISA_BEST unless forced */
    rung_log_fn log; /* NULL: silent */
    void *log_self;  /* borrowed: outlives the runtime */
} rung_runtime_config;

#define RUNG_RUNTIME_CONFIG_DEFAULT                                                      \
    {                                                                                    \
        0, RUNG_ISA_BEST, 0, 0                                                           \
    }

/* Makes a runtime with its pool of threads. NULL config: the defaults.
 * RUNG_UNSUPPORTED if the forced instruction set does not run here. */
RUNG_API rung_status rung_runtime_new(rung_runtime **rt,
                                      const rung_runtime_config *config, rung_error *err);
RUNG_API void rung_runtime_free(rung_runtime *rt);

/* The one default runtime of the process, made at the first call (also when first calls
 * race); lives until the process ends. NULL only when it could not be made. */
RUNG_API rung_runtime *rung_runtime_default(void);

/* Configures the default runtime before its first use; RUNG_USAGE afterwards. */
RUNG_API rung_status rung_runtime_default_config(const rung_runtime_config *config,
                                                 rung_error *err);

/* How many threads, which instruction set. */
RUNG_API int rung_runtime_threads(const rung_runtime *rt);
RUNG_API rung_isa rung_runtime_isa(const rung_runtime *rt);
/* Its name, "avx2". */
RUNG_API const char *rung_isa_name(rung_isa isa);
/* The set called `name`, RUNG_ISA_COUNT if there is none. */
RUNG_API rung_isa rung_isa_find(const char *name);

/* Sends one line to the log sink. */
RUNG_API void rung_log(const rung_runtime *rt, rung_log_level level, const char *format,
                       ...) RUNG_PRINTF(3, 4);

/* For tests of an embedding program: lets the n-th allocation from now on, and every
 * later one, fail; n <= 0: none. */
RUNG_API void rung_fail_allocations(int64_t n);

/* The version of the library, "0.1.0". */
RUNG_API const char *rung_version(void);

#ifdef __cplusplus
}
#endif
#endif
