/* Numbers as people write them, and back. The C library's own functions follow the
 * program's locale, where a comma may separate decimals, so points are exchanged on the
 * way in and out. */
#include "rung/units.h"

#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void replace_char(char *text, char old, char new)
{
    char *at = strchr(text, old);
    if (at) *at = new;
}

static char decimal_point(void)
{
    return localeconv()->decimal_point[0];
}

char *rung_format_real(char *out, double x)
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, RUNG_UNITS_BYTES, "%.*g", digits, x);
        if (strtod(out, NULL) == x) break; // exact: this is what makes it read back
    }
    replace_char(out, decimal_point(), '.');
    if (isfinite(x) && !strpbrk(out, ".e")) strcat(out, ".0"); // a real, not an integer
    return out;
}

char *rung_format_float(char *out, float x)
{
    snprintf(out, RUNG_UNITS_BYTES, "%.9g", (double)x);
    replace_char(out, decimal_point(), '.');
    return out;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A number of few digits, where one operation on two exact doubles gives it, correctly
 * rounded (Clinger 1990, "How to read floating point numbers accurately", section 4);
 * NULL if it is none. */
static const char *parse_short(const char *p, double *x)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const bool is_negative = *p == '-';
    uint64_t digits = 0;
    int n = 0, n_decimals = 0;
    if (is_negative || *p == '+') p++;
    for (; is_digit(*p) && n < 19; p++, n++) digits = 10 * digits + (uint64_t)(*p - '0');
    if (*p == '.')
        for (p++; is_digit(*p) && n < 19; p++, n++, n_decimals++)
            digits = 10 * digits + (uint64_t)(*p - '0');
    if (n == 0 || is_digit(*p) || *p == 'e' || *p == 'E') return NULL;
    if (digits > (uint64_t)1 << 53) return NULL;
    const double value = (double)digits / tens[n_decimals];
    *x = is_negative ? -value : value;
    return p;
}

const char *rung_parse_number(const char *text, double *x)
{
    const char *short_end = parse_short(text, x);
    if (short_end) return short_end;
    // strtod also takes blanks, "nan", "inf" and hexadecimal; a number here is decimal.
    char copy[64];
    const size_t length = strspn(text, "+-0123456789.eE");
    if (length == 0 || length >= sizeof copy) return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    replace_char(copy, '.', decimal_point());
    char *end;
    const double value = strtod(copy, &end);
    if (end == copy || !isfinite(value)) return NULL;
    *x = value;
    return text + (end - copy);
}

char *rung_format_bytes(char *out, double bytes)
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB", "PB"};
    size_t unit = 0;
    while (bytes >= 1023.5 && unit + 1 < sizeof units / sizeof *units)
        bytes /= 1024, unit++;
    const int decimals = unit == 0 || bytes >= 99.95 ? 0 : 1;
    snprintf(out, RUNG_UNITS_BYTES, "%.*f %s", decimals, bytes, units[unit]);
    replace_char(out, decimal_point(), '.');
    return out;
}

char *rung_format_seconds(char *out, double seconds)
{
    const int64_t s = seconds < 1e15 ? llround(seconds) : 0;
    if (!(seconds >= 0 && seconds < 1e15)) {
        snprintf(out, RUNG_UNITS_BYTES, "-");
    } else if (seconds < 9.995e-4) {
        snprintf(out, RUNG_UNITS_BYTES, "%.0f us", seconds * 1e6);
    } else if (seconds < 0.9995) {
        snprintf(out, RUNG_UNITS_BYTES, "%.*f ms", seconds < 0.00995 ? 1 : 0,
                 seconds * 1e3);
    } else if (seconds < 59.95) {
        snprintf(out, RUNG_UNITS_BYTES, "%.1fs", seconds);
    } else if (s < 3600) {
        snprintf(out, RUNG_UNITS_BYTES, "%dm %02ds", (int)(s / 60), (int)(s % 60));
    } else if (s < 86400) {
        snprintf(out, RUNG_UNITS_BYTES, "%dh %02dm", (int)(s / 3600), (int)(s / 60 % 60));
    } else {
        snprintf(out, RUNG_UNITS_BYTES, "%lldd %02dh", (long long)(s / 86400),
                 (int)(s / 3600 % 24));
    }
    replace_char(out, decimal_point(), '.');
    return out;
}

char *rung_format_count(char *out, double count)
{
    if (!(fabs(count) < 1e15)) {
        snprintf(out, RUNG_UNITS_BYTES, "%.3g", count);
        return out;
    }
    char digits[RUNG_UNITS_BYTES];
    const int64_t n = llround(fabs(count));
    const int length = snprintf(digits, sizeof digits, "%lld", (long long)n);
    char *p = out;
    if (count < 0 && n != 0) *p++ = '-';
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) *p++ = ',';
        *p++ = digits[i];
    }
    *p = '\0';
    return out;
}

char *rung_format_range(char *out, double min, double max)
{
    const double open = 0x1p63; // beyond every int64_t
    if (max >= open && min <= -open) {
        snprintf(out, RUNG_UNITS_BYTES, "any");
    } else if (max >= open) {
        snprintf(out, RUNG_UNITS_BYTES, "at least %.15g", min);
    } else if (min <= -open) {
        snprintf(out, RUNG_UNITS_BYTES, "at most %.15g", max);
    } else {
        snprintf(out, RUNG_UNITS_BYTES, "%.15g to %.15g", min, max);
    }
    for (char point = decimal_point(); point != '.' && strchr(out, point);) {
        replace_char(out, point, '.');
    }
    return out;
}

bool rung_parse_seconds(const char *text, double *seconds)
{
    static const struct {
        char name;
        double seconds;
    } units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    const size_t n_units = sizeof units / sizeof *units;
    double total = 0, x;
    size_t next_unit = 0; // units must fall: "1h30m", not "30m1h"
    const char *p = rung_parse_number(text, &x);
    if (p && *p == '\0' && x >= 0) {
        *seconds = x;
        return true;
    }
    for (p = text; *p;) {
        p = rung_parse_number(p, &x);
        if (!p || x < 0 || signbit(x)) return false;
        while (next_unit < n_units && units[next_unit].name != *p) next_unit++;
        if (next_unit == n_units) return false;
        total += x * units[next_unit++].seconds;
        p++;
    }
    if (p == text) return false;
    *seconds = total;
    return true;
}

bool rung_parse_bytes(const char *text, double *bytes)
{
    static const char prefixes[] = "KMGTP";
    double x;
    const char *p = rung_parse_number(text, &x);
    if (!p || x < 0) return false;
    const char *prefix = *p ? strchr(prefixes, *p == 'k' ? 'K' : *p) : NULL;
    if (prefix) {
        x *= exp2(10.0 * (double)(prefix - prefixes + 1));
        p++;
        if (*p == 'i') p++; // "KiB"
    }
    if (*p == 'B') p++;
    if (*p) return false;
    *bytes = x;
    return true;
}
