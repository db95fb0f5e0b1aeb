/* Inside of the runtime, and what this processor can do. */
#ifndef RUNG_BASE_RUNTIME_H
#define RUNG_BASE_RUNTIME_H

#include <pthread.h>

#include "base/pool.h"
#include "rung/runtime.h"

struct rung_runtime {
    rung_isa isa;    /* a real one, never RUNG_ISA_BEST */
    rung_pool *pool; /* owned */
    rung_log_fn log; /* NULL: silent */
    void *log_self;  /* borrowed: outlives this */
    pthread_mutex_t log_lock;
};

/* The best instruction set that this processor and operating system run. */
rung_isa rung__cpu_isa(void);
/* How many processors this process may run on, at least 1. */
int rung__cpu_count(void);

#endif
