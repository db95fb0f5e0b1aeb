#include "support.h"

#include <float.h>
#include <locale.h>

#include "rung/units.h"

typedef struct number_text {
    double x;
    const char *text;
} number_text;

static void check_format(char *(*format)(char *, double), const number_text *cases,
                         size_t n)
{
    char out[RUNG_UNITS_BYTES];
    for (size_t i = 0; i < n; i++)
        assert_string_equal(format(out, cases[i].x), cases[i].text);
}
#define CHECK_FORMAT(format, cases)                                                      \
    check_format(format, cases, sizeof(cases) / sizeof *(cases))

static void bytes_have_two_or_three_digits(void **state)
{
    (void)state;
    static const number_text cases[] = {
        {0, "0 B"},
        {1023, "1023 B"},
        {1023.6, "1.0 KB"},
        {1024, "1.0 KB"},
        {1536, "1.5 KB"},
        {1024 * 99.9, "99.9 KB"},
        {1024 * 100, "100 KB"},
        {5e6, "4.8 MB"},
        {1073741824.0 * 2, "2.0 GB"},
        {1e30, "888178419700125 PB"},
    };
    CHECK_FORMAT(rung_format_bytes, cases);
}

static void times_use_the_units_that_fit(void **state)
{
    (void)state;
    static const number_text cases[] = {
        {0, "0 us"},        {12e-6, "12 us"},  {1.23e-3, "1.2 ms"}, {0.0123, "12 ms"},
        {0.5, "500 ms"},    {0.9999, "1.0s"},  {12.34, "12.3s"},    {59.94, "59.9s"},
        {59.96, "1m 00s"},  {200, "3m 20s"},   {3599.6, "1h 00m"},  {5400, "1h 30m"},
        {86399, "23h 59m"}, {90000, "1d 01h"}, {-1, "-"},           {INFINITY, "-"},
        {NAN, "-"},
    };
    CHECK_FORMAT(rung_format_seconds, cases);
}

static void counts_have_commas(void **state)
{
    (void)state;
    static const number_text cases[] = {
        {0, "0"},
        {999.4, "999"},
        {999.5, "1,000"},
        {12345, "12,345"},
        {1234567, "1,234,567"},
        {-1234, "-1,234"},
        {-0.2, "0"},
        {999999999999999.0, "999,999,999,999,999"},
        {1e20, "1e+20"},
    };
    CHECK_FORMAT(rung_format_count, cases);
}

static void reals_read_back_exactly_and_are_short(void **state)
{
    (void)state;
    static const number_text cases[] = {
        {0.1, "0.1"},
        {3, "3.0"},
        {1e-5, "1e-05"},
        {-2.5, "-2.5"},
        {1e22, "1e+22"},
        {0, "0.0"},
        {0.30000000000000004, "0.30000000000000004"},
        {123456789, "123456789.0"},
    };
    CHECK_FORMAT(rung_format_real, cases);
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
        double x;
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x)) continue;
        char out[RUNG_UNITS_BYTES];
        assert_true(strtod(rung_format_real(out, x), NULL) == x);
    }
    char out[RUNG_UNITS_BYTES];
    assert_true(strtod(rung_format_real(out, DBL_TRUE_MIN), NULL) == DBL_TRUE_MIN);
    assert_true(strtod(rung_format_real(out, DBL_MAX), NULL) == DBL_MAX);
}

static void ranges_may_be_open(void **state)
{
    (void)state;
    char out[RUNG_UNITS_BYTES];
    assert_string_equal(rung_format_range(out, 1, 1000), "1 to 1000");
    assert_string_equal(rung_format_range(out, 0, 0.5), "0 to 0.5");
    assert_string_equal(rung_format_range(out, 1, (double)INT64_MAX), "at least 1");
    assert_string_equal(rung_format_range(out, 1, INFINITY), "at least 1");
    assert_string_equal(rung_format_range(out, -INFINITY, 7), "at most 7");
    assert_string_equal(rung_format_range(out, (double)INT64_MIN, (double)INT64_MAX),
                        "any");
}

static void numbers_end_where_they_end(void **state)
{
    (void)state;
    double x = 0;
    assert_string_equal(rung_parse_number("1.5e3x", &x), "x");
    assert_true(x == 1500);
    assert_string_equal(rung_parse_number("-0.25", &x), "");
    assert_true(x == -0.25);
    assert_string_equal(rung_parse_number("7e", &x), "e");
    assert_true(x == 7);
    x = 3;
    static const char *const wrong[] = {"", "x", ".", "-", " 1", "nan", "inf", "1e999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_null(rung_parse_number(wrong[i], &x));
    }
    assert_string_equal(rung_parse_number("0x10", &x), "x10"); // hexadecimal is none
    assert_true(x == 0);
}

typedef struct text_number {
    const char *text;
    double x; /* -1: is none */
} text_number;

static void check_parse(bool (*parse)(const char *, double *), const text_number *cases,
                        size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double x = -1;
        if (parse(cases[i].text, &x) != (cases[i].x >= 0) || x != cases[i].x) {
            fail_msg("'%s' is read as %g, not %g", cases[i].text, x, cases[i].x);
        }
    }
}
#define CHECK_PARSE(parse, cases)                                                        \
    check_parse(parse, cases, sizeof(cases) / sizeof *(cases))

static void times_are_read(void **state)
{
    (void)state;
    static const text_number cases[] = {
        {"90", 90},    {"90s", 90},  {"10m", 600},        {"1h30m", 5400}, {"1.5h", 5400},
        {"0", 0},      {"0.5", 0.5}, {"1d2h3m4s", 93784}, {"1h1s", 3601},  {"", -1},
        {"s", -1},     {"10x", -1},  {"30m1h", -1},       {"1m1m", -1},    {"-5", -1},
        {"1h-5m", -1}, {"1h30", -1}, {"1 h", -1},         {"nan", -1},     {"10ms", -1},
    };
    CHECK_PARSE(rung_parse_seconds, cases);
}

static void sizes_are_read(void **state)
{
    (void)state;
    static const text_number cases[] = {
        {"0", 0},
        {"1000", 1000},
        {"64K", 65536},
        {"64k", 65536},
        {"1.5M", 1572864},
        {"2G", 2147483648.0},
        {"2GB", 2147483648.0},
        {"2GiB", 2147483648.0},
        {"1T", 1099511627776.0},
        {"1P", 1125899906842624.0},
        {"10B", 10},
        {"", -1},
        {"K", -1},
        {"2X", -1},
        {"-1K", -1},
        {"2GG", -1},
        {"2 G", -1},
        {"2Gb", -1},
    };
    CHECK_PARSE(rung_parse_bytes, cases);
}

/* Where decimals are separated by a comma. */
static bool set_comma_locale(void)
{
    return (setlocale(LC_NUMERIC, "de_DE.UTF-8") ||
            setlocale(LC_NUMERIC, "ru_RU.UTF-8")) &&
           localeconv()->decimal_point[0] == ',';
}

static void the_locale_changes_nothing(void **state)
{
    (void)state;
    char real[RUNG_UNITS_BYTES], bytes[RUNG_UNITS_BYTES], seconds[RUNG_UNITS_BYTES];
    char range[RUNG_UNITS_BYTES];
    double x = 0;
    assert_true(set_comma_locale());
    rung_format_real(real, 0.1);
    rung_format_bytes(bytes, 1536);
    rung_format_seconds(seconds, 1.5);
    rung_format_range(range, 0.25, 0.5);
    const char *end = rung_parse_number("0.5", &x);
    setlocale(LC_NUMERIC, "C");
    assert_string_equal(real, "0.1");
    assert_string_equal(bytes, "1.5 KB");
    assert_string_equal(seconds, "1.5s");
    assert_string_equal(range, "0.25 to 0.5");
    assert_true(end && *end == '\0' && x == 0.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_have_two_or_three_digits),
        cmocka_unit_test(times_use_the_units_that_fit),
        cmocka_unit_test(counts_have_commas),
        cmocka_unit_test(reals_read_back_exactly_and_are_short),
        cmocka_unit_test(ranges_may_be_open),
        cmocka_unit_test(numbers_end_where_they_end),
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(sizes_are_read),
    };
    const struct CMUnitTest locale_tests[] = {
        cmocka_unit_test(the_locale_changes_nothing),
    };
    int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (set_comma_locale()) { // not every system has one
        setlocale(LC_NUMERIC, "C");
        n_failed += cmocka_run_group_tests(locale_tests, NULL, NULL);
    }
    return n_failed;
}
