/* A small pool of threads.
 *
 * A job is three plain fields (fn, ctx, n_tasks) and two counters. `remaining` hands out
 * tasks: who decrements it from k > 0 owns task n_tasks - k of the job that is current at
 * that moment. The job cannot end, and its fields cannot change, before that task is
 * reported in `unfinished`; so the fields are read only after a claim, and a late thread
 * that finds nothing touches nothing. Nobody waits for threads that did not come in time:
 * a descheduled worker costs its own help only.
 *
 * Sleeping follows Dekker's pattern: the sleeper announces itself, then looks once more
 * (under the lock); the waker publishes, then looks for sleepers. In the single order of
 * sequentially consistent atomics one of the two sees the other, so no wake-up is
 * lost. */
#include "base/pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"

#define MAX_THREADS 1024
/* Longer than the gap between two operators of a step, shorter than what anyone would
 * notice: a sleeping thread takes tens of microseconds to wake. */
#define SPIN_NS 50000
#define SPIN_CHECK 64 /* pauses between two looks at the clock */

typedef struct worker {
    rung_pool *pool; /* borrowed */
    int index;
    pthread_t thread;
    atomic_int_fast64_t done; /* tasks; written by its own thread only */
    char padding[RUNG_ALIGN]; /* neighbours do not share a cache line */
} worker;

struct rung_pool {
    int threads;
    worker *workers; /* [threads]; 0 is the caller */
    int started;     /* threads that must be joined */

    /* The job. */
    rung_task_fn fn;
    void *ctx;
    int64_t n_tasks;

    _Alignas(RUNG_ALIGN) atomic_int_fast64_t remaining;  /* not yet claimed, or <= 0 */
    _Alignas(RUNG_ALIGN) atomic_int_fast64_t unfinished; /* not yet reported */

    _Alignas(RUNG_ALIGN) atomic_int sleepers; /* workers waiting for `work` */
    atomic_bool caller_sleeps;                /* waiting for `finished` */
    atomic_bool stopping;
    pthread_mutex_t lock;
    pthread_cond_t work, finished;
};

/* The task that this thread is in, if any: tells a nested run from a new one. */
static _Thread_local struct {
    const rung_pool *pool;
    int worker;
} inside;

static void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

/* Spins until is_over(pool) or for SPIN_NS; returns the last answer. */
static bool spin_until(rung_pool *pool, bool (*is_over)(rung_pool *))
{
    const int64_t end_ns = rung__now_ns() + SPIN_NS;
    do {
        for (int i = 0; i < SPIN_CHECK; i++) {
            if (is_over(pool)) return true;
            pause_briefly();
        }
    } while (rung__now_ns() < end_ns);
    return is_over(pool);
}

static bool has_work(rung_pool *pool)
{
    return atomic_load(&pool->remaining) > 0 || atomic_load(&pool->stopping);
}

static bool is_finished(rung_pool *pool)
{
    return atomic_load(&pool->unfinished) == 0;
}

/* One after another on this thread. */
static void run_inline(rung_pool *pool, int64_t n_tasks, rung_task_fn fn, void *ctx,
                       int index)
{
    for (int64_t task = 0; task < n_tasks; task++) fn(ctx, task, index);
    atomic_fetch_add_explicit(&pool->workers[index].done, n_tasks, memory_order_relaxed);
}

/* Claims and does tasks until none is left, and reports them at once. */
static void do_tasks(rung_pool *pool, worker *w)
{
    int64_t n_done = 0;
    for (int64_t k; (k = atomic_fetch_sub(&pool->remaining, 1)) > 0; n_done++) {
        pool->fn(pool->ctx, pool->n_tasks - k, w->index);
    }
    if (n_done == 0) return;
    atomic_fetch_add_explicit(&w->done, n_done, memory_order_relaxed);
    const bool was_last = atomic_fetch_sub(&pool->unfinished, n_done) == n_done;
    if (was_last && atomic_load(&pool->caller_sleeps)) {
        pthread_mutex_lock(&pool->lock);
        pthread_cond_signal(&pool->finished);
        pthread_mutex_unlock(&pool->lock);
    }
}

static void *worker_main(void *arg)
{
    worker *w = arg;
    rung_pool *pool = w->pool;
    inside.pool = pool;
    inside.worker = w->index;
    while (!atomic_load(&pool->stopping)) {
        if (!spin_until(pool, has_work)) {
            pthread_mutex_lock(&pool->lock);
            atomic_fetch_add(&pool->sleepers, 1);
            while (!has_work(pool)) pthread_cond_wait(&pool->work, &pool->lock);
            atomic_fetch_sub(&pool->sleepers, 1);
            pthread_mutex_unlock(&pool->lock);
        }
        do_tasks(pool, w);
    }
    return NULL;
}

static void wake_workers(rung_pool *pool)
{
    if (atomic_load(&pool->sleepers) == 0) return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
}

static void wait_until_finished(rung_pool *pool)
{
    if (is_finished(pool) || spin_until(pool, is_finished)) return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->caller_sleeps, true);
    while (!is_finished(pool)) pthread_cond_wait(&pool->finished, &pool->lock);
    atomic_store(&pool->caller_sleeps, false);
    pthread_mutex_unlock(&pool->lock);
}

void rung_pool_run(rung_pool *pool, int64_t n_tasks, rung_task_fn fn, void *ctx)
{
    assert(n_tasks >= 0);
    if (inside.pool == pool) {
        run_inline(pool, n_tasks, fn, ctx, inside.worker);
        return;
    }
    const rung_pool *outer_pool = inside.pool;
    const int outer_worker = inside.worker;
    inside.pool = pool;
    inside.worker = 0;
    if (pool->threads == 1 || n_tasks <= 1) {
        run_inline(pool, n_tasks, fn, ctx, 0);
    } else {
        assert(is_finished(pool)); // one caller at a time
        pool->fn = fn;
        pool->ctx = ctx;
        pool->n_tasks = n_tasks;
        atomic_store(&pool->unfinished, n_tasks);
        atomic_store(&pool->remaining, n_tasks); // publishes the job
        wake_workers(pool);
        do_tasks(pool, &pool->workers[0]);
        wait_until_finished(pool);
    }
    inside.pool = outer_pool;
    inside.worker = outer_worker;
}

rung_status rung_pool_new(rung_pool **out, int threads, rung_error *err)
{
    if (threads < 1 || threads > MAX_THREADS) {
        return rung_fail(err, RUNG_USAGE, "%d threads: must be 1 to %d", threads,
                         MAX_THREADS);
    }
    rung_pool *pool = rung__alloc(sizeof *pool);
    worker *workers = rung__alloc_array((size_t)threads, sizeof *workers);
    if (!pool || !workers) {
        rung__free(workers);
        rung__free(pool);
        return rung__out_of_memory(err, (size_t)threads * sizeof *workers, "threads");
    }
    pool->threads = threads;
    pool->workers = workers;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->finished, NULL);
    for (int i = 1; i < threads; i++) {
        workers[i].pool = pool;
        workers[i].index = i;
        const int error =
            pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]);
        if (error) {
            rung_pool_free(pool);
            return rung_fail(err, RUNG_MEMORY, "cannot start thread %d of %d: %s", i + 1,
                             threads, strerror(error));
        }
        pool->started = i;
    }
    *out = pool;
    return RUNG_OK;
}

void rung_pool_free(rung_pool *pool)
{
    if (!pool) return;
    atomic_store(&pool->stopping, true);
    wake_workers(pool);
    for (int i = 1; i <= pool->started; i++) pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->finished);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    rung__free(pool->workers);
    rung__free(pool);
}

int rung_pool_threads(const rung_pool *pool)
{
    return pool->threads;
}

int64_t rung_pool_done(const rung_pool *pool, int index)
{
    assert(index >= 0 && index < pool->threads);
    return atomic_load_explicit(&pool->workers[index].done, memory_order_relaxed);
}
