/* Numbers as charts and tables show them. */
#include "support.h"

#include <float.h>

#include "report/numbers.h"

#define B "\u00A0" // joins a number to its unit

static const char *number(double x, rung_unit unit, int decimals)
{
    static char text[RUNG__NUMBER_BYTES];
    return rung__number_text(text, x, unit, decimals);
}

static void numbers_have_their_units(void **state)
{
    (void)state;
    assert_string_equal(number(0.7591, RUNG_UNIT_NUMBER, 3), "0.759");
    assert_string_equal(number(-0.0001, RUNG_UNIT_NUMBER, 3), "0.000");
    assert_string_equal(number(-2.5, RUNG_UNIT_NUMBER, 1), "−2.5");
    assert_string_equal(number(0.012345, RUNG_UNIT_NUMBER, -1), "0.01235");
    assert_string_equal(number(123.456, RUNG_UNIT_NUMBER, -1), "123.5");
    assert_string_equal(number(9.9999e-9, RUNG_UNIT_NUMBER, -1), "1.000×10⁻⁸");
    assert_string_equal(number(-6.02e23, RUNG_UNIT_NUMBER, 2), "−6.020×10²³");
    assert_string_equal(number(0.256, RUNG_UNIT_SHARE, 1), "25.6" B "%");
    assert_string_equal(number(1e6, RUNG_UNIT_COUNT, 0), "1,000,000");
    assert_string_equal(number(200, RUNG_UNIT_SECONDS, 0), "3m 20s");
    assert_string_equal(number(3.2 * 0x1p20, RUNG_UNIT_BYTES, 0), "3.2 MB");
    assert_string_equal(number(NAN, RUNG_UNIT_BYTES, 0), "–");
    assert_string_equal(number(-INFINITY, RUNG_UNIT_NUMBER, 3), "−∞");
    assert_string_equal(number(DBL_MAX, RUNG_UNIT_SHARE, -1), "∞");
    assert_int_equal(rung__decimals(RUNG_UNIT_NUMBER, 0.7, 4.3), 2);
    assert_int_equal(rung__decimals(RUNG_UNIT_NUMBER, 0.75, 0.76), 4);
    assert_int_equal(rung__decimals(RUNG_UNIT_NUMBER, 100, 90000), 0);
    assert_int_equal(rung__decimals(RUNG_UNIT_NUMBER, 0, 1e-9), -1);
    assert_int_equal(rung__decimals(RUNG_UNIT_NUMBER, NAN, NAN), -1);
    assert_int_equal(rung__decimals(RUNG_UNIT_NUMBER, 0, 0), 0);
    assert_int_equal(rung__decimals(RUNG_UNIT_SHARE, 0.2, 0.9), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_their_units),
    };
    return cmocka_run_group_tests_name("numbers", tests, NULL, NULL);
}
