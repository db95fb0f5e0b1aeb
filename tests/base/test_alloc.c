#include "support.h"

#include <pthread.h>
#include <unistd.h>

#define LARGE ((size_t)64 << 20)

static bool is_zero(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i]) return false;
    }
    return true;
}

static void blocks_are_aligned_and_zero(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 24, 63, 64, 65, 4000, 200000, 5000000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int again = 0; again < 3; again++) { // the second one gets dirty memory
            char *data = rung__alloc(sizes[i]);
            assert_non_null(data);
            assert_int_equal((uintptr_t)data % RUNG_ALIGN, 0);
            assert_true(is_zero(data, sizes[i]));
            memset(data, 0xa5, sizes[i]);
            rung__free(data);
        }
    }
}

static void grown_and_shrunk_blocks_keep_bytes_and_add_zeros(void **state)
{
    (void)state;
    const size_t sizes[] = {10,       1000,    50,  6000000, 9000001,
                            20000000, 4194304, 100, 5000000};
    size_t size = 1;
    char *data = rung__alloc(size);
    *data = 7;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        data = rung__realloc(data, sizes[i]);
        assert_non_null(data);
        assert_int_equal((uintptr_t)data % RUNG_ALIGN, 0);
        const size_t kept = size < sizes[i] ? size : sizes[i];
        for (size_t j = 0; j < kept; j++) assert_int_equal(data[j], 7);
        assert_true(is_zero(data + kept, sizes[i] - kept));
        size = sizes[i];
        memset(data, 7, size);
    }
    rung__free(data);
}

static void counters_follow_the_blocks(void **state)
{
    (void)state;
    const rung_alloc_stats before = rung__alloc_stats();
    char *a = rung__alloc(1000), *b = rung__alloc_array(30, 100);
    a = rung__realloc(a, 1500);
    const rung_alloc_stats during = rung__alloc_stats();
    assert_int_equal(during.calls - before.calls, 3);
    assert_int_equal(during.live - before.live, 2);
    assert_int_equal(during.live_bytes - before.live_bytes, 4500);
    assert_true(during.peak_bytes >= during.live_bytes);
    rung__free(a);
    rung__free(b);
    rung__free(NULL);
    const rung_alloc_stats after = rung__alloc_stats();
    assert_int_equal(after.live, before.live);
    assert_int_equal(after.live_bytes, before.live_bytes);
    assert_int_equal(after.peak_bytes, during.peak_bytes);
}

static void *allocate_much(void *unused)
{
    (void)unused;
    for (int i = 0; i < 20000; i++) rung__free(rung__alloc((size_t)i % 500));
    return NULL;
}

static void counters_are_atomic(void **state)
{
    (void)state;
    const rung_alloc_stats before = rung__alloc_stats();
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, allocate_much, NULL);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    const rung_alloc_stats after = rung__alloc_stats();
    assert_int_equal(after.calls - before.calls, 60000);
    assert_int_equal(after.live, before.live);
    assert_int_equal(after.live_bytes, before.live_bytes);
}

static void the_nth_allocation_fails_and_later_ones(void **state)
{
    (void)state;
    char *kept = rung__strdup("kept");
    rung__alloc_fail_at(2);
    void *first = rung__alloc(1);
    void *second = rung__alloc(1);
    void *third = rung__realloc(kept, 10000000);
    char *fourth = rung__strdup("text");
    rung__alloc_fail_at(0);
    assert_non_null(first);
    assert_null(second);
    assert_null(third);
    assert_null(fourth);
    assert_string_equal(kept, "kept");
    rung__free(first);
    rung__free(kept);
}

static void impossible_sizes_fail(void **state)
{
    (void)state;
    assert_null(rung__alloc_array(SIZE_MAX / 2, 3));
    assert_null(rung__alloc(SIZE_MAX));
    assert_null(rung__alloc(SIZE_MAX / 2));
    char *large = rung__alloc(LARGE);
    assert_null(rung__realloc(large, SIZE_MAX));
    assert_null(rung__realloc(large, SIZE_MAX / 2));
    rung__free(large);
    size_t product = 5;
    assert_false(rung_mul_size(SIZE_MAX, 2, &product));
    assert_int_equal(product, 5);
    assert_true(rung_mul_size(SIZE_MAX / 2, 2, &product));
    assert_true(product == SIZE_MAX - 1);
}

static void out_of_memory_says_size_and_purpose(void **state)
{
    (void)state;
    rung_error err;
    assert_fails(rung__out_of_memory(&err, 123, "gradients"), RUNG_MEMORY,
                 "out of memory: 123 bytes for gradients");
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define COUNTS_RESIDENT 1 /* the sanitizers' own memory is resident too */
static long resident_bytes(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = -1;
    if (file) fclose(file);
    return resident * sysconf(_SC_PAGESIZE);
}

/* What is not touched costs nothing, neither at first nor after growing. */
static void large_blocks_are_resident_only_where_used(void **state)
{
    (void)state;
    const long before = resident_bytes();
    assert_true(before > 0);
    char *data = rung__alloc(LARGE);
    data = rung__realloc(data, 2 * LARGE);
    assert_true(resident_bytes() - before < (long)LARGE / 8);
    memset(data, 1, LARGE);
    const long used = resident_bytes() - before;
    assert_true(used > (long)LARGE * 15 / 16 && used < (long)LARGE * 17 / 16);
    rung__free(data);
    assert_true(resident_bytes() - before < (long)LARGE / 8);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned_and_zero),
        cmocka_unit_test(grown_and_shrunk_blocks_keep_bytes_and_add_zeros),
        cmocka_unit_test(counters_follow_the_blocks),
        cmocka_unit_test(counters_are_atomic),
        cmocka_unit_test(the_nth_allocation_fails_and_later_ones),
        cmocka_unit_test(impossible_sizes_fail),
        cmocka_unit_test(out_of_memory_says_size_and_purpose),
#ifdef COUNTS_RESIDENT
        cmocka_unit_test(large_blocks_are_resident_only_where_used),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
