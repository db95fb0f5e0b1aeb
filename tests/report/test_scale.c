/* Ticks that a person would choose, at ranges that nobody would. */
#include "support.h"

#include <float.h>

#include "report/scale.h"

#define B "\u00A0" // joins a number to its unit

/* The labels of the ticks of an axis from `a` to `b`, joined by blanks. */
static const char *ticks(rung_unit unit, bool is_log, double a, double b, size_t most)
{
    static char text[2000];
    rung_axis axis = {"", unit, is_log, a, b};
    rung__scale s;
    rung__scale_fit(&s, &axis, (rung__range)RUNG__RANGE_EMPTY, false);
    rung__scale_place(&s, &axis, 0, 10000, most, 12, true);
    text[0] = 0;
    for (size_t i = 0; i < s.n_ticks; i++) {
        if (i) strcat(text, " ");
        strcat(text, s.labels[i]);
    }
    return text;
}

static void linear_ticks_are_round(void **state)
{
    (void)state;
    assert_string_equal(ticks(RUNG_UNIT_NUMBER, false, 0, 1, 5), "0 0.2 0.4 0.6 0.8 1.0");
    assert_string_equal(ticks(RUNG_UNIT_NUMBER, false, 0.9, 4.4, 5), "1 2 3 4");
    assert_string_equal(ticks(RUNG_UNIT_NUMBER, false, -1, 1, 5), "−1.0 −0.5 0 0.5 1.0");
    assert_string_equal(ticks(RUNG_UNIT_SHARE, false, 0, 1, 5),
                        "0" B "% 20" B "% 40" B "% 60" B "% 80" B "% 100" B "%");
    assert_string_equal(ticks(RUNG_UNIT_SECONDS, false, 0, 60, 3),
                        "0 20" B "s 40" B "s 60" B "s");
    assert_string_equal(ticks(RUNG_UNIT_SECONDS, false, 0, 600, 3),
                        "0 5" B "min 10" B "min");
    assert_string_equal(ticks(RUNG_UNIT_SECONDS, false, 0, 130, 5),
                        "0 0.5" B "min 1.0" B "min 1.5" B "min 2.0" B "min");
    assert_string_equal(ticks(RUNG_UNIT_BYTES, false, 0, 3.5 * 0x1p20, 4),
                        "0 1" B "MB 2" B "MB 3" B "MB");
    assert_string_equal(ticks(RUNG_UNIT_COUNT, false, 0, 40000, 4), "0 10k 20k 30k 40k");
    assert_string_equal(ticks(RUNG_UNIT_NUMBER, false, 0, 4e9, 2), "0 2×10⁹ 4×10⁹");
    assert_string_equal(ticks(RUNG_UNIT_NUMBER, false, 0, 2e-7, 2), "0 10⁻⁷ 2×10⁻⁷");
}

static void logarithmic_ticks_are_human(void **state)
{
    (void)state;
    assert_string_equal(ticks(RUNG_UNIT_SECONDS, true, 0.001, 7200, 12),
                        "1" B "ms 10" B "ms 100" B "ms 1" B "s 10" B "s 1" B "min 10" B
                        "min 1" B "h");
    assert_string_equal(ticks(RUNG_UNIT_SECONDS, true, 1e-6, 2e5, 8),
                        "1" B "us 1" B "ms 1" B "s 1" B "min 1" B "h 1" B "d");
    assert_string_equal(ticks(RUNG_UNIT_SECONDS, true, 8, 150, 8),
                        "10" B "s 30" B "s 1" B "min 2" B "min");
    assert_string_equal(ticks(RUNG_UNIT_BYTES, true, 1024, 0x1p21, 5),
                        "1" B "KB 10" B "KB 100" B "KB 1" B "MB");
    assert_string_equal(ticks(RUNG_UNIT_COUNT, true, 100, 1e7, 8),
                        "100 1k 10k 100k 1M 10M");
    assert_string_equal(ticks(RUNG_UNIT_NUMBER, true, 0.01, 100, 6), "0.01 0.1 1 10 100");
    assert_string_equal(ticks(RUNG_UNIT_NUMBER, true, 1e-30, 1e30, 6),
                        "10⁻²⁴ 10⁻¹² 1 10¹² 10²⁴");
    // Less than a step of the finest level: as on a linear axis.
    assert_string_equal(ticks(RUNG_UNIT_NUMBER, true, 2.1, 2.9, 4), "2.2 2.4 2.6 2.8");
}

/* What holds for every scale, whatever the numbers. */
static void check_scale(const rung_axis *axis, double a, double b, bool is_wide)
{
    rung__range range = RUNG__RANGE_EMPTY;
    rung__scale s;
    rung__range_add(&range, axis, a);
    rung__range_add(&range, axis, b);
    rung__scale_fit(&s, axis, range, false);
    assert_true(isfinite(s.from) && isfinite(s.to));
    if (!(s.from < s.to)) fail_msg("%g ... %g: from %g to %g", a, b, s.from, s.to);
    rung__scale_place(&s, axis, 300, 10, 6, 12, is_wide);
    assert_in_range(s.n_ticks, 0, 8);
    for (size_t i = 0; i < s.n_ticks; i++) {
        const double at = rung__scale_at(&s, s.ticks[i]);
        if (!(at >= 9.9 && at <= 300.1))
            fail_msg("%g ... %g: tick %g at %g", a, b, s.ticks[i], at);
        assert_true(strlen(s.labels[i]) > 0);
        assert_null(strstr(s.labels[i], "nan"));
        assert_null(strstr(s.labels[i], "inf"));
        if (i == 0) continue;
        assert_true(s.ticks[i] > s.ticks[i - 1]);
        assert_true(at < rung__scale_at(&s, s.ticks[i - 1]));
        if (strcmp(s.labels[i], s.labels[i - 1]) == 0)
            fail_msg("%g ... %g: '%s' twice", a, b, s.labels[i]);
    }
    if (rung__axis_takes(axis, a)) {
        const double at = rung__scale_at(&s, a);
        if (!(at >= 10 && at <= 300)) fail_msg("%g is at %g", a, at);
    }
}

static void no_range_breaks_a_scale(void **state)
{
    (void)state;
    static const double numbers[] = {
        0,      1,         1,        -1,        0.1,    1e-30,    1e30,      -1e30, 1e300,
        -1e300, DBL_MAX,   DBL_MIN,  5e-324,    NAN,    INFINITY, -INFINITY, 59.9,  60,
        1e9,    123456789, 1e15 + 1, 1 + 1e-14, 3.5e-5, 86400,    1e-290};
    const size_t n = sizeof numbers / sizeof *numbers;
    for (int unit = RUNG_UNIT_NONE; unit <= RUNG_UNIT_SHARE; unit++) {
        for (size_t i = 0; i < n * n * 4; i++) {
            const rung_axis axis = {"", (rung_unit)unit, i & 1, 0, 0};
            check_scale(&axis, numbers[i / 4 % n], numbers[i / 4 / n], i & 2);
        }
    }
}

static void what_an_axis_cannot_take_is_counted(void **state)
{
    (void)state;
    const rung_axis axis = {"", RUNG_UNIT_NUMBER, true, 0, 0};
    rung__range range = RUNG__RANGE_EMPTY;
    const double numbers[] = {3, NAN, -1, 0, INFINITY, 7};
    for (int i = 0; i < 6; i++) rung__range_add(&range, &axis, numbers[i]);
    assert_int_equal(range.n_outside, 3); // NaN is a gap
    assert_near(range.min, 3, 0);
    assert_near(range.max, 7, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_ticks_are_round),
        cmocka_unit_test(logarithmic_ticks_are_human),
        cmocka_unit_test(no_range_breaks_a_scale),
        cmocka_unit_test(what_an_axis_cannot_take_is_counted),
    };
    return cmocka_run_group_tests_name("scale", tests, NULL, NULL);
}
