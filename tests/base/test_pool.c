#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/pool.h"

static rung_pool *make_pool(int threads)
{
    rung_error err;
    rung_pool *pool = NULL;
    assert_ok(rung_pool_new(&pool, threads, &err));
    return pool;
}

/* Plain memory, no atomics: the sanitizer sees whether run orders the accesses. */
typedef struct squares {
    int64_t values[1000];
    int worker[1000];
} squares;

static void square(void *ctx, int64_t task, int worker)
{
    squares *s = ctx;
    s->values[task] += task * task;
    s->worker[task] = worker;
}

static void every_task_runs_once_at_any_thread_count(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 5; threads++) {
        rung_pool *pool = make_pool(threads);
        assert_int_equal(rung_pool_threads(pool), threads);
        static const int64_t counts[] = {0, 1, 2, 3, 7, 64, 1000};
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            squares s = {0};
            rung_pool_run(pool, counts[i], square, &s);
            for (int64_t task = 0; task < counts[i]; task++) {
                assert_int_equal(s.values[task], task * task);
                assert_true(s.worker[task] >= 0 && s.worker[task] < threads);
            }
            if (counts[i] < 1000) assert_int_equal(s.values[counts[i]], 0);
        }
        int64_t done = 0;
        for (int worker = 0; worker < threads; worker++)
            done += rung_pool_done(pool, worker);
        assert_int_equal(done, 0 + 1 + 2 + 3 + 7 + 64 + 1000);
        rung_pool_free(pool);
    }
}

/* Each job reads what the one before wrote, whoever wrote it. */
static void add_one(void *ctx, int64_t task, int worker)
{
    (void)worker;
    int64_t *cells = ctx;
    cells[task]++;
}

static void many_short_jobs_lose_nothing(void **state)
{
    (void)state;
    rung_pool *pool = make_pool(3);
    int64_t cells[5] = {0};
    for (int job = 0; job < 20000; job++) {
        rung_pool_run(pool, 2 + job % 4, add_one, cells);
    }
    assert_int_equal(cells[0], 20000);
    assert_int_equal(cells[1], 20000);
    assert_int_equal(cells[2], 15000);
    assert_int_equal(cells[3], 10000);
    assert_int_equal(cells[4], 5000);
    rung_pool_free(pool);
}

/* Pauses of all lengths around the spin's: threads are met spinning, falling asleep,
 * asleep. */
static void no_wake_up_is_lost_around_falling_asleep(void **state)
{
    (void)state;
    rung_pool *pool = make_pool(3);
    int64_t cells[3] = {0};
    for (int job = 0; job < 1500; job++) {
        const int64_t end_ns = rung__now_ns() + (job % 150) * 1000;
        while (rung__now_ns() < end_ns) {
        }
        rung_pool_run(pool, 3, add_one, cells);
    }
    for (int i = 0; i < 3; i++) assert_int_equal(cells[i], 1500);
    rung_pool_free(pool);
}

static void wait_for_the_other(void *ctx, int64_t task, int worker)
{
    (void)task, (void)worker;
    atomic_int *arrived = ctx;
    atomic_fetch_add(arrived, 1);
    while (atomic_load(arrived) < 2) usleep(10);
}

/* Two tasks that wait for each other end only if two threads run them. */
static void several_threads_work_at_once(void **state)
{
    (void)state;
    rung_pool *pool = make_pool(2);
    for (int i = 0; i < 20; i++) {
        atomic_int arrived = 0;
        rung_pool_run(pool, 2, wait_for_the_other, &arrived);
        if (i % 4 == 0) usleep(300); // the worker sleeps
    }
    assert_int_equal(rung_pool_done(pool, 0), 20);
    assert_int_equal(rung_pool_done(pool, 1), 20);
    rung_pool_free(pool);
}

static void straggle_unless_caller(void *ctx, int64_t task, int worker)
{
    wait_for_the_other(ctx, task, worker);
    if (worker != 0) usleep(3000); // far longer than the caller spins
}

static void the_caller_sleeps_until_stragglers_are_done(void **state)
{
    (void)state;
    rung_pool *pool = make_pool(2);
    for (int i = 0; i < 20; i++) {
        atomic_int arrived = 0;
        rung_pool_run(pool, 2, straggle_unless_caller, &arrived);
    }
    assert_int_equal(rung_pool_done(pool, 1), 20);
    rung_pool_free(pool);
}

typedef struct nest {
    rung_pool *pool, *other;
    int64_t cells[4][8];
    int worker[4][8], outer_worker[4];
    int64_t other_cells[4];
} nest;

typedef struct nest_row {
    nest *nest;
    int64_t row;
} nest_row;

static void inner(void *ctx, int64_t task, int worker)
{
    const nest_row *at = ctx;
    at->nest->cells[at->row][task]++;
    at->nest->worker[at->row][task] = worker;
}

static void outer(void *ctx, int64_t task, int worker)
{
    nest *n = ctx;
    nest_row at = {n, task};
    rung_pool_run(n->pool, 8, inner, &at);
    n->outer_worker[task] = worker;
}

static void nested_runs_stay_on_their_worker(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        nest n = {.pool = make_pool(threads)};
        rung_pool_run(n.pool, 4, outer, &n);
        rung_pool_run(n.pool, 1, outer, &n); // one task runs inline, nested all the same
        for (int i = 0; i < 4; i++) {
            for (int j = 0; j < 8; j++) {
                assert_int_equal(n.cells[i][j], i == 0 ? 2 : 1);
                assert_int_equal(n.worker[i][j], n.outer_worker[i]);
            }
        }
        rung_pool_free(n.pool);
    }
}

static void use_other_pool(void *ctx, int64_t task, int worker)
{
    (void)worker;
    nest *n = ctx;
    if (task == 0) rung_pool_run(n->other, 4, add_one, n->other_cells);
    nest_row at = {n, task};
    rung_pool_run(n->pool, 8, inner, &at); // still known to be inside the first pool
}

static void a_task_may_use_another_pool(void **state)
{
    (void)state;
    nest n = {.pool = make_pool(2), .other = make_pool(2)};
    rung_pool_run(n.pool, 4, use_other_pool, &n);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(n.other_cells[i], 1);
        assert_int_equal(n.cells[i][7], 1);
    }
    rung_pool_free(n.other);
    rung_pool_free(n.pool);
}

static void *use_own_pool(void *unused)
{
    (void)unused;
    rung_pool *pool = NULL;
    if (rung_pool_new(&pool, 2, NULL) != RUNG_OK) return NULL;
    int64_t *cells = rung__alloc_array(4, sizeof *cells);
    for (int i = 0; i < 500; i++) rung_pool_run(pool, 4, add_one, cells);
    rung_pool_free(pool);
    return cells;
}

static void pools_of_several_callers_are_independent(void **state)
{
    (void)state;
    pthread_t callers[3];
    for (int i = 0; i < 3; i++) pthread_create(&callers[i], NULL, use_own_pool, NULL);
    for (int i = 0; i < 3; i++) {
        void *cells;
        pthread_join(callers[i], &cells);
        assert_non_null(cells);
        for (int j = 0; j < 4; j++) assert_int_equal(((int64_t *)cells)[j], 500);
        rung__free(cells);
    }
}

static void running_does_not_allocate(void **state)
{
    (void)state;
    rung_pool *pool = make_pool(2);
    const int64_t calls = rung__alloc_stats().calls;
    int64_t cells[4] = {0};
    for (int i = 0; i < 100; i++) rung_pool_run(pool, 4, add_one, cells);
    assert_int_equal(rung__alloc_stats().calls, calls);
    rung_pool_free(pool);
}

static void thread_counts_out_of_range_are_refused(void **state)
{
    (void)state;
    rung_error err;
    rung_pool *pool = NULL;
    assert_fails(rung_pool_new(&pool, 0, &err), RUNG_USAGE,
                 "0 threads: must be 1 to 1024");
    assert_fails(rung_pool_new(&pool, 1025, &err), RUNG_USAGE,
                 "1025 threads: must be 1 to 1024");
    assert_null(pool);
    rung_pool_free(NULL);
}

static rung_status make_and_free(void *ctx, rung_error *err)
{
    (void)ctx;
    rung_pool *pool = NULL;
    RUNG_TRY(rung_pool_new(&pool, 3, err));
    rung_pool_free(pool);
    return RUNG_OK;
}

static void failed_allocations_are_reported(void **state)
{
    (void)state;
    assert_int_equal(assert_survives_failed_allocations(make_and_free, NULL), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once_at_any_thread_count),
        cmocka_unit_test(many_short_jobs_lose_nothing),
        cmocka_unit_test(no_wake_up_is_lost_around_falling_asleep),
        cmocka_unit_test(several_threads_work_at_once),
        cmocka_unit_test(the_caller_sleeps_until_stragglers_are_done),
        cmocka_unit_test(nested_runs_stay_on_their_worker),
        cmocka_unit_test(a_task_may_use_another_pool),
        cmocka_unit_test(pools_of_several_callers_are_independent),
        cmocka_unit_test(running_does_not_allocate),
        cmocka_unit_test(thread_counts_out_of_range_are_refused),
        cmocka_unit_test(failed_allocations_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
