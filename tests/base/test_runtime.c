#include "support.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/json.h"
#include "base/runtime.h"

typedef struct log_lines {
    atomic_int inside; /* calls that are under way */
    bool overlapped;
    int n;
    rung_log_level level;
    char line[100];
} log_lines;

static void note(void *self, rung_log_level level, const char *line)
{
    log_lines *lines = self;
    if (atomic_fetch_add(&lines->inside, 1) > 0) lines->overlapped = true;
    sched_yield(); // a second caller would come in now
    lines->n++;
    lines->level = level;
    snprintf(lines->line, sizeof lines->line, "%s", line);
    atomic_fetch_sub(&lines->inside, 1);
}

static void a_runtime_has_what_it_was_asked_for(void **state)
{
    (void)state;
    rung_error err;
    rung_runtime *rt = NULL;
    const rung_runtime_config config = {.threads = 3, .isa = RUNG_ISA_PORTABLE};
    assert_ok(rung_runtime_new(&rt, &config, &err));
    assert_int_equal(rung_runtime_threads(rt), 3);
    assert_int_equal(rung_runtime_isa(rt), RUNG_ISA_PORTABLE);
    assert_int_equal(rung_pool_threads(rt->pool), 3);
    rung_runtime_free(rt);
    rung_runtime_free(NULL);
}

static void the_defaults_fit_the_processor(void **state)
{
    (void)state;
    rung_error err;
    rung_runtime *rt = NULL;
    assert_ok(rung_runtime_new(&rt, NULL, &err));
    assert_int_equal(rung_runtime_threads(rt), rung__cpu_count());
    assert_true(rung__cpu_count() >= 1);
    assert_int_equal(rung_runtime_isa(rt), rung__cpu_isa());
    assert_true(rung_runtime_isa(rt) < RUNG_ISA_COUNT);
    rung_log(rt, RUNG_LOG_WARN, "nobody %s", "listens");
    rung_runtime_free(rt);
}

static void what_cannot_be_had_is_refused(void **state)
{
    (void)state;
    rung_error err;
    rung_runtime *rt = NULL;
    rung_runtime_config config = {.threads = -1, .isa = RUNG_ISA_BEST};
    assert_fails(rung_runtime_new(&rt, &config, &err), RUNG_USAGE,
                 "-1 threads: must be 1 to 1024");
    config = (rung_runtime_config){.threads = 1, .isa = (rung_isa)99};
    assert_fails(rung_runtime_new(&rt, &config, &err), RUNG_USAGE,
                 "instruction set 99: there are 3");
    assert_null(rt);
    const rung_isa best = rung__cpu_isa();
    for (rung_isa isa = RUNG_ISA_PORTABLE; isa < RUNG_ISA_COUNT; isa++) {
        config.isa = isa;
        char message[200];
        snprintf(message, sizeof message,
                 "instruction set %s does not run on this processor (best: %s)",
                 rung_isa_name(isa), rung_isa_name(best));
        if (isa > best) {
            assert_fails(rung_runtime_new(&rt, &config, &err), RUNG_UNSUPPORTED, message);
        } else {
            assert_ok(rung_runtime_new(&rt, &config, &err));
            rung_runtime_free(rt);
        }
    }
}

static void instruction_sets_have_names(void **state)
{
    (void)state;
    for (rung_isa isa = RUNG_ISA_PORTABLE; isa < RUNG_ISA_COUNT; isa++) {
        assert_int_equal(rung_isa_find(rung_isa_name(isa)), isa);
    }
    assert_string_equal(rung_isa_name(RUNG_ISA_AVX512), "avx512");
    assert_string_equal(rung_isa_name(RUNG_ISA_BEST), "best");
    assert_int_equal(rung_isa_find("sse9"), RUNG_ISA_COUNT);
}

static void lines_reach_the_sink_whole(void **state)
{
    (void)state;
    rung_error err;
    rung_runtime *rt = NULL;
    log_lines lines = {0};
    const rung_runtime_config config = {1, RUNG_ISA_BEST, note, &lines};
    assert_ok(rung_runtime_new(&rt, &config, &err));
    rung_log(rt, RUNG_LOG_WARN, "%d bad lines in %s", 3, "a.tsv");
    assert_int_equal(lines.n, 1);
    assert_int_equal(lines.level, RUNG_LOG_WARN);
    assert_string_equal(lines.line, "3 bad lines in a.tsv");
    rung_log(NULL, RUNG_LOG_WARN, "no runtime");
    rung_runtime_free(rt);
}

static void log_task(void *ctx, int64_t task, int worker)
{
    (void)worker;
    rung_log(ctx, RUNG_LOG_INFO, "task %d", (int)task);
}

static void the_sink_is_called_by_one_thread_at_a_time(void **state)
{
    (void)state;
    rung_error err;
    rung_runtime *rt = NULL;
    log_lines lines = {0};
    const rung_runtime_config config = {3, RUNG_ISA_BEST, note, &lines};
    assert_ok(rung_runtime_new(&rt, &config, &err));
    rung_pool_run(rt->pool, 3000, log_task, rt);
    assert_int_equal(lines.n, 3000);
    assert_false(lines.overlapped);
    rung_runtime_free(rt);
}

static void *first_call(void *start)
{
    pthread_barrier_wait(start);
    return rung_runtime_default();
}

/* Before its first use it can be configured; then first calls race; then it cannot. */
static void there_is_one_default_runtime_also_when_first_calls_race(void **state)
{
    (void)state;
    enum { CALLERS = 8 };
    rung_error err;
    const rung_runtime_config config = {.threads = 2, .isa = RUNG_ISA_PORTABLE};
    assert_ok(rung_runtime_default_config(&config, &err));
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, CALLERS);
    pthread_t callers[CALLERS];
    const int64_t live = rung__alloc_stats().live;
    for (int i = 0; i < CALLERS; i++) {
        pthread_create(&callers[i], NULL, first_call, &start);
    }
    for (int i = 0; i < CALLERS; i++) {
        void *rt;
        pthread_join(callers[i], &rt);
        assert_non_null(rt);
        assert_ptr_equal(rt, rung_runtime_default());
    }
    pthread_barrier_destroy(&start);
    assert_int_equal(rung__alloc_stats().live - live, 3); // runtime, pool, its workers
    assert_int_equal(rung_runtime_threads(rung_runtime_default()), 2);
    assert_int_equal(rung_runtime_isa(rung_runtime_default()), RUNG_ISA_PORTABLE);
    assert_fails(rung_runtime_default_config(&config, &err), RUNG_USAGE,
                 "the default runtime is in use already: configure it first");
}

static rung_status make_and_free(void *ctx, rung_error *err)
{
    (void)ctx;
    rung_runtime *rt = NULL;
    RUNG_TRY(rung_runtime_new(&rt, NULL, err));
    rung_runtime_free(rt);
    return RUNG_OK;
}

static void failed_allocations_are_reported(void **state)
{
    (void)state;
    assert_int_equal(assert_survives_failed_allocations(make_and_free, NULL), 3);
}

static void json_allocates_through_the_same_door(void **state)
{
    (void)state;
    rung_error err;
    assert_ok(make_and_free(NULL, &err));
    const int64_t live = rung__alloc_stats().live;
    json_t *object = json_object();
    assert_true(rung__alloc_stats().live > live);
    json_decref(object);
    assert_int_equal(rung__alloc_stats().live, live);
    rung_fail_allocations(1);
    object = json_object();
    rung_fail_allocations(0);
    assert_null(object);
}

static void the_version_is_that_of_the_file(void **state)
{
    (void)state;
    assert_string_equal(rung_version(), RUNG_VERSION);
    int major, minor, patch;
    assert_int_equal(sscanf(rung_version(), "%d.%d.%d", &major, &minor, &patch), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_runtime_has_what_it_was_asked_for),
        cmocka_unit_test(the_defaults_fit_the_processor),
        cmocka_unit_test(what_cannot_be_had_is_refused),
        cmocka_unit_test(instruction_sets_have_names),
        cmocka_unit_test(lines_reach_the_sink_whole),
        cmocka_unit_test(the_sink_is_called_by_one_thread_at_a_time),
        cmocka_unit_test(there_is_one_default_runtime_also_when_first_calls_race),
        cmocka_unit_test(failed_allocations_are_reported),
        cmocka_unit_test(json_allocates_through_the_same_door),
        cmocka_unit_test(the_version_is_that_of_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
