#include "support.h"

static void fail_fills_code_and_message(void **state)
{
    (void)state;
    rung_error err;
    assert_int_equal(rung_fail(&err, RUNG_SHAPE, "matmul: [%d,%d] x [%d,%d]", 1, 2, 3, 4),
                     RUNG_SHAPE);
    assert_int_equal(err.code, RUNG_SHAPE);
    assert_string_equal(err.message, "matmul: [1,2] x [3,4]");
}

static void a_null_error_is_allowed(void **state)
{
    (void)state;
    assert_int_equal(rung_fail(NULL, RUNG_IO, "disk %d", 1), RUNG_IO);
    rung_fail_within(NULL, "layer %d", 1);
}

static void within_puts_a_prefix_before_the_message(void **state)
{
    (void)state;
    rung_error err;
    rung_fail(&err, RUNG_INPUT, "no data");
    assert_int_equal(rung_fail_within(&err, "layer %d", 7), RUNG_INPUT);
    assert_string_equal(err.message, "layer 7: no data");
}

static void a_message_may_quote_the_old_one(void **state)
{
    (void)state;
    rung_error err;
    rung_fail(&err, RUNG_INPUT, "old");
    rung_fail(&err, RUNG_IO, "new (%s)", err.message);
    assert_string_equal(err.message, "new (old)");
}

static void long_messages_are_cut(void **state)
{
    (void)state;
    rung_error err;
    char text[3000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    rung_fail(&err, RUNG_INPUT, "%s", text);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    rung_fail_within(&err, "%s", text);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
}

static void control_characters_do_not_reach_a_terminal(void **state)
{
    (void)state;
    rung_error err;
    rung_fail(&err, RUNG_INPUT, "name '%s'", "a\nb\x1b[2J\x7f слово");
    assert_string_equal(err.message, "name 'a?b?[2J? слово'");
}

static void every_code_has_its_text(void **state)
{
    (void)state;
    assert_string_equal(rung_status_text(RUNG_OK), "ok");
    assert_string_equal(rung_status_text(RUNG_MEMORY), "out of memory");
    assert_string_equal(rung_status_text(RUNG_UNSUPPORTED), "not supported");
    assert_string_equal(rung_status_text((rung_status)-99), "unknown status");
}

static rung_status twice(rung_status status, int *n_calls)
{
    RUNG_TRY(status);
    ++*n_calls;
    return RUNG_OK;
}

static void try_forwards_failures_only(void **state)
{
    (void)state;
    int n_calls = 0;
    assert_int_equal(twice(RUNG_OK, &n_calls), RUNG_OK);
    assert_int_equal(twice(RUNG_DIVERGED, &n_calls), RUNG_DIVERGED);
    assert_int_equal(n_calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fail_fills_code_and_message),
        cmocka_unit_test(a_null_error_is_allowed),
        cmocka_unit_test(within_puts_a_prefix_before_the_message),
        cmocka_unit_test(a_message_may_quote_the_old_one),
        cmocka_unit_test(long_messages_are_cut),
        cmocka_unit_test(control_characters_do_not_reach_a_terminal),
        cmocka_unit_test(every_code_has_its_text),
        cmocka_unit_test(try_forwards_failures_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
