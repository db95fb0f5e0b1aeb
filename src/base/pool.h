/* A small pool of threads: brief spin, then sleep.
 *
 * Work is a number of tasks that the caller's problem fixes by its shape alone; which
 * thread takes which task is left to chance, so a task must not depend on it (same bits
 * at any thread count). */
#ifndef RUNG_BASE_POOL_H
#define RUNG_BASE_POOL_H

#include <stdint.h>

#include "rung/status.h"

typedef struct rung_pool rung_pool;

/* Does task `task`, on thread `worker` (0 ... threads - 1; for scratch memory only). */
typedef void (*rung_task_fn)(void *ctx, int64_t task, int worker);

rung_status rung_pool_new(rung_pool **pool, int threads, rung_error *err);
void rung_pool_free(rung_pool *pool); /* NULL is fine */
int rung_pool_threads(const rung_pool *pool);

/* Runs fn for tasks 0 ... n_tasks - 1 and returns when all are done. The calling thread
 * works too. Does not allocate. From within a task it runs inline on that worker. One
 * caller at a time. */
void rung_pool_run(rung_pool *pool, int64_t n_tasks, rung_task_fn fn, void *ctx);

/* How many tasks each worker has done since the pool was made: proves that several
 * worked. */
int64_t rung_pool_done(const rung_pool *pool, int worker);

#endif
