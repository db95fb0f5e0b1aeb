/* The numbered set of strings, against a plain list. */
#include "support.h"

#include "base/rng.h"
#include "text/vocab.h"

static rung_error err;

static void add(rung_vocab *v, const char *text, int64_t count)
{
    assert_ok(rung__vocab_add(v, text, strlen(text), count, &err));
}

static void strings_get_numbers_in_order_and_are_found(void **state)
{
    (void)state;
    rung_vocab v = {0};
    assert_int_equal(rung__vocab_find(&v, "x", 1), -1);
    add(&v, "x", 1);
    add(&v, "", 1);
    add(&v, "yy", 1);
    add(&v, "x", 5);
    assert_int_equal(v.n, 3);
    assert_int_equal(rung__vocab_find(&v, "x", 1), 0);
    assert_int_equal(rung__vocab_find(&v, "", 0), 1);
    assert_int_equal(rung__vocab_find(&v, "yy", 2), 2);
    assert_int_equal(rung__vocab_find(&v, "y", 1), -1);
    assert_int_equal(v.counts[0], 6);
    assert_int_equal(rung__vocab_get(&v, 2).size, 2);
    rung__vocab_release(&v);
}

/* All strings of 1 and 2 bytes, and random ones of up to 40: no two are taken for one. */
static void many_strings_are_told_apart(void **state)
{
    (void)state;
    enum { N_SHORT = 256 + 65536, N_LONG = 50000 };
    rung_vocab v = {0};
    char text[40];
    for (int i = 0; i < N_SHORT; i++) {
        text[0] = (char)(i < 256 ? i : (i - 256) >> 8);
        text[1] = (char)(i - 256);
        assert_ok(rung__vocab_add(&v, text, i < 256 ? 1 : 2, i, &err));
        assert_int_equal(v.n, i + 1);
    }
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < N_LONG; i++) { // the number itself and what follows from it
            rung_rng rng = rung_rng_make((uint64_t)i);
            memset(text, 'a' + i % 3, sizeof text); // long common parts
            memcpy(text + rung_rng_below(&rng, sizeof text - sizeof i), &i, sizeof i);
            const size_t size = sizeof text;
            if (pass == 0)
                assert_ok(rung__vocab_add(&v, text, size, 1, &err));
            else
                assert_int_equal(rung__vocab_find(&v, text, size), N_SHORT + i);
        }
    }
    assert_int_equal(v.n, N_SHORT + N_LONG);
    for (int i = 0; i < N_SHORT; i++) assert_int_equal(v.counts[i], i);
    rung__vocab_release(&v);
}

static void ranking_is_by_count_then_by_bytes(void **state)
{
    (void)state;
    rung_vocab v = {0}, best = {0}, all = {0};
    add(&v, "rare", 1);
    add(&v, "b", 3);
    add(&v, "ab", 3);
    add(&v, "a", 3);
    add(&v, "\xFF", 3); // bytes are compared unsigned
    add(&v, "top", 9);
    assert_ok(rung__vocab_rank(&v, 2, SIZE_MAX, &all, &err));
    static const char *const order[] = {"top", "a", "ab", "b", "\xFF"};
    assert_int_equal(all.n, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(rung__vocab_find(&all, order[i], strlen(order[i])), i);
    assert_int_equal(all.counts[0], 9);
    assert_ok(rung__vocab_rank(&v, 0, 2, &best, &err));
    assert_int_equal(best.n, 2);
    assert_int_equal(rung__vocab_find(&best, "a", 1), 1);
    rung__vocab_release(&all);
    rung__vocab_release(&best);
    rung__vocab_release(&v);
}

static rung_status build(void *ctx, rung_error *error)
{
    (void)ctx;
    rung_vocab v = {0}, ranked = {0};
    rung_status status = RUNG_OK;
    char text[20];
    for (int i = 0; i < 3000 && status == RUNG_OK; i++) {
        snprintf(text, sizeof text, "word%d", i);
        status = rung__vocab_add(&v, text, strlen(text), i, error);
    }
    if (status == RUNG_OK) status = rung__vocab_rank(&v, 1, 2000, &ranked, error);
    rung__vocab_release(&ranked);
    rung__vocab_release(&v);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    (void)state;
    assert_true(assert_survives_failed_allocations(build, NULL) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_get_numbers_in_order_and_are_found),
        cmocka_unit_test(many_strings_are_told_apart),
        cmocka_unit_test(ranking_is_by_count_then_by_bytes),
        cmocka_unit_test(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
