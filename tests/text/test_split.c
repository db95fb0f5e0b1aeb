/* Splits of raw text by position. */
#include "support.h"

#include "rung/text.h"

static rung_error err;

/* Text of lines of `width` characters, `unit` the character. */
static rung_text make_text(size_t n_lines, size_t width, const char *unit)
{
    char *bytes = rung__alloc(n_lines * (width * strlen(unit) + 1) + 1);
    assert_non_null(bytes);
    char *p = bytes;
    for (size_t line = 0; line < n_lines; line++) {
        for (size_t i = 0; i < width; i++) p = stpcpy(p, unit);
        if (width < 10000) *p++ = '\n'; // longer ones have no end
    }
    rung_text text;
    assert_ok(rung_text_from(&text, "lines", bytes, (size_t)(p - bytes), &err));
    rung__free(bytes);
    return text;
}

/* The parts follow each other without a gap and cover the text. */
static void assert_parts(const rung_text *text, rung_span train, rung_span valid,
                         rung_span test)
{
    assert_ptr_equal(train.bytes, text->bytes);
    assert_ptr_equal(valid.bytes, train.bytes + train.size);
    assert_ptr_equal(test.bytes, valid.bytes + valid.size);
    assert_ptr_equal(test.bytes + test.size, text->bytes + text->size);
}

static void parts_have_their_shares_and_end_with_lines(void **state)
{
    (void)state;
    rung_text text = make_text(1000, 49, "x");
    rung_span train, valid, test;
    assert_ok(rung_text_split(&text, 0.05, 0.1, &train, &valid, &test, &err));
    assert_parts(&text, train, valid, test);
    assert_int_equal(train.size, 850 * 50);
    assert_int_equal(valid.size, 50 * 50);
    assert_int_equal(test.size, 100 * 50);
    assert_ok(rung_text_split(&text, 0.0333, 0, &train, &valid, &test, &err));
    assert_parts(&text, train, valid, test);
    assert_int_equal(test.size, 0);
    assert_int_equal(valid.size % 50, 0);
    assert_in_range(valid.size, 33 * 50, 34 * 50);
    assert_ok(rung_text_split(&text, 0, 0, &train, &valid, &test, &err));
    assert_int_equal(train.size, text.size);
    rung_text_release(&text);
}

static void without_lines_characters_stay_whole(void **state)
{
    (void)state;
    rung_text text = make_text(1, 10001, "€");
    rung_span train, valid, test;
    assert_ok(rung_text_split(&text, 0.05, 0.05, &train, &valid, &test, &err));
    assert_parts(&text, train, valid, test);
    assert_int_equal(train.size % 3, 0);
    assert_int_equal(valid.size % 3, 0);
    assert_in_range(valid.size, 1497, 1503);
    rung_text_release(&text);
}

static void a_far_newline_does_not_move_the_cut(void **state)
{
    (void)state;
    rung_text text = make_text(10, 5000, "x");
    rung_span train, valid, test;
    assert_ok(rung_text_split(&text, 0, 0.25, &train, &valid, &test, &err));
    assert_int_equal(test.size, text.size - (size_t)((double)text.size * 0.75));
    rung_text_release(&text);
}

static void impossible_splits_are_refused(void **state)
{
    (void)state;
    rung_text text;
    assert_ok(rung_text_from(&text, "tiny", "ab", 2, &err));
    rung_span train, valid, test;
    assert_fails(rung_text_split(&text, 0.1, 0.05, &train, &valid, &test, &err),
                 RUNG_INPUT, "'tiny' has 2 bytes: too few for a valid part of 0.1 of it");
    static const double shares[][2] = {{-0.1, 0}, {0.5, 0.5}, {0, 1}, {0.0 / 0.0, 0}};
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        assert_int_equal(rung_text_split(&text, shares[i][0], shares[i][1], &train,
                                         &valid, &test, &err),
                         RUNG_USAGE);
    }
    assert_fails(
        rung_text_split(&text, 0.5, 0.5, &train, &valid, &test, &err), RUNG_USAGE,
        "shares of valid 0.5 and test 0.5: must be 0 or more, and leave something "
        "to train on");
    rung_text_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_have_their_shares_and_end_with_lines),
        cmocka_unit_test(without_lines_characters_stay_whole),
        cmocka_unit_test(a_far_newline_does_not_move_the_cut),
        cmocka_unit_test(impossible_splits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
