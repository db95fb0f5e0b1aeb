/* Numbers as charts and tables show them. */
#include "report/numbers.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rung/units.h"

#define MINUS "\xE2\x88\x92"

/* As integers, since a locale may have another point. */
char *rung__fixed_text(char *out, double x, int decimals)
{
    assert(decimals >= 0 && decimals <= 11);
    const double scale = pow(10, decimals);
    const int64_t n = llround(fabs(x) * scale), unit = llround(scale);
    const char *sign = x < 0 && n != 0 ? MINUS : "";
    if (decimals == 0)
        snprintf(out, RUNG__NUMBER_BYTES, "%s%" PRId64, sign, n);
    else
        snprintf(out, RUNG__NUMBER_BYTES, "%s%" PRId64 ".%0*" PRId64, sign, n / unit,
                 decimals, n % unit);
    return out;
}

/* Appends an exponent, set high. */
static void add_exponent(char *out, int exponent)
{
    static const char *const high[] = {
        "\xE2\x81\xB0", "\xC2\xB9",     "\xC2\xB2",     "\xC2\xB3",     "\xE2\x81\xB4",
        "\xE2\x81\xB5", "\xE2\x81\xB6", "\xE2\x81\xB7", "\xE2\x81\xB8", "\xE2\x81\xB9"};
    char digits[16];
    snprintf(digits, sizeof digits, "%d", abs(exponent));
    if (exponent < 0) strcat(out, "\xE2\x81\xBB");
    for (const char *d = digits; *d; d++) strcat(out, high[*d - '0']);
}

char *rung__power_text(char *out, double x, int decimals, bool is_tick)
{
    int exponent = (int)floor(log10(fabs(x)) + 1e-12);
    double mantissa = x / pow(10, exponent);
    if (fabs(mantissa) >= 10 - 0.5 * pow(10, -decimals)) mantissa /= 10, exponent++;
    out[0] = '\0';
    if (!is_tick || fabs(mantissa - 1) > 1e-9)
        strcat(rung__fixed_text(out, mantissa, decimals), "\xC3\x97");
    strcat(out, "10");
    add_exponent(out, exponent);
    return out;
}

bool rung__needs_power(double x)
{
    return x != 0 && (fabs(x) >= 1e7 || fabs(x) < 1e-4);
}

/* A number with the given decimals, or with four digits that count. */
static char *number(char *out, double x, int decimals)
{
    if (decimals < 0 && rung__needs_power(x)) return rung__power_text(out, x, 3, false);
    if (decimals >= 0 && fabs(x) >= 1e12) return rung__power_text(out, x, 3, false);
    if (decimals > 6) decimals = 6;
    if (decimals < 0) decimals = x == 0 ? 0 : (int)fmax(0, 3 - floor(log10(fabs(x))));
    return rung__fixed_text(out, x, decimals);
}

char *rung__number_text(char *out, double x, rung_unit unit, int decimals)
{
    if (unit == RUNG_UNIT_SHARE) x *= 100;
    if (isnan(x)) return strcpy(out, "\xE2\x80\x93");
    if (isinf(x)) return strcpy(out, x < 0 ? MINUS "\xE2\x88\x9E" : "\xE2\x88\x9E");
    switch (unit) {
    case RUNG_UNIT_COUNT:
        return rung_format_count(out, x);
    case RUNG_UNIT_SECONDS:
        return rung_format_seconds(out, x);
    case RUNG_UNIT_BYTES:
        return rung_format_bytes(out, x);
    case RUNG_UNIT_SHARE:
        return strcat(number(out, x, decimals), RUNG__BLANK "%");
    default:
        return number(out, x, decimals);
    }
}

int rung__decimals(rung_unit unit, double smallest, double largest)
{
    if (unit == RUNG_UNIT_SHARE) smallest *= 100, largest *= 100;
    const double largest_size = fmax(fabs(smallest), fabs(largest));
    if (!(largest_size < 1e7) || (largest_size > 0 && largest_size < 1e-3)) return -1;
    const double spread = largest > smallest ? largest - smallest : largest_size;
    if (spread == 0) return 0;
    return (int)fmin(6, fmax(0, 2 - floor(log10(spread))));
}
