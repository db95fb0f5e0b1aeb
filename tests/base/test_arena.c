#include "support.h"

#include "base/arena.h"

static void objects_are_aligned_zero_and_apart(void **state)
{
    (void)state;
    rung_arena arena = {0};
    enum { N = 2000 };
    unsigned char *objects[N];
    for (size_t i = 0; i < N; i++) {
        objects[i] = rung_arena_alloc(&arena, i % 97);
        assert_non_null(objects[i]);
        assert_int_equal((uintptr_t)objects[i] % 16, 0);
        for (size_t j = 0; j < i % 97; j++) assert_int_equal(objects[i][j], 0);
        memset(objects[i], (int)(i % 251), i % 97);
    }
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < i % 97; j++) assert_int_equal(objects[i][j], i % 251);
    }
    rung_arena_release(&arena);
    assert_null(arena.chunks);
}

static void small_objects_share_blocks_and_large_ones_fit(void **state)
{
    (void)state;
    const rung_alloc_stats before = rung__alloc_stats();
    rung_arena arena = {0};
    for (int i = 0; i < 100; i++) assert_non_null(rung_arena_alloc(&arena, 32));
    assert_int_equal(rung__alloc_stats().calls - before.calls, 1);
    char *large = rung_arena_alloc(&arena, 3000000);
    assert_non_null(large);
    memset(large, 1, 3000000);
    assert_string_equal(rung_arena_strdup(&arena, "name"), "name");
    rung_arena_release(&arena);
    assert_int_equal(rung__alloc_stats().live, before.live);
    rung_arena_release(&arena); // an empty one is fine
}

static void impossible_sizes_and_failed_allocations_give_null(void **state)
{
    (void)state;
    rung_arena arena = {0};
    assert_null(rung_arena_alloc(&arena, SIZE_MAX));
    rung__alloc_fail_at(1);
    void *object = rung_arena_alloc(&arena, 10);
    char *text = rung_arena_strdup(&arena, "text");
    rung__alloc_fail_at(0);
    assert_null(object);
    assert_null(text);
    assert_non_null(rung_arena_alloc(&arena, 10)); // it can be used on
    rung_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_aligned_zero_and_apart),
        cmocka_unit_test(small_objects_share_blocks_and_large_ones_fit),
        cmocka_unit_test(impossible_sizes_and_failed_allocations_give_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
