/* Axes: from numbers to pixels, and the ticks that a person would choose.
 *
 * A linear axis has ticks at multiples of 1, 2 or 5 times a power of ten, counted in the
 * unit that suits its largest number: 0.5 min, 1 min, 1.5 min. A logarithmic one has
 * ticks at round numbers of each unit between its ends (1 s, 10 s, 1 min, 10 min, 1 h),
 * as close as their labels allow. */
#include "report/scale.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/words.h"
#include "rung/units.h"

/* ---- Numbers as text ---- */

#define MINUS "\xE2\x88\x92"
#define BLANK "\xC2\xA0" // joins a number to its unit

/* Numbers are printed as integers, since a locale may have another point: |x| 10^decimals
 * must be below 2^63. */
static char *fixed(char *out, double x, int decimals)
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

/* "2.5 x 10^-7"; a mantissa of 1 is left out when `is_tick`. */
static char *scientific(char *out, double x, int decimals, bool is_tick)
{
    int exponent = (int)floor(log10(fabs(x)) + 1e-12);
    double mantissa = x / pow(10, exponent);
    if (fabs(mantissa) >= 10 - 0.5 * pow(10, -decimals)) mantissa /= 10, exponent++;
    out[0] = '\0';
    if (!is_tick || fabs(mantissa - 1) > 1e-9)
        strcat(fixed(out, mantissa, decimals), "\xC3\x97");
    strcat(out, "10");
    add_exponent(out, exponent);
    return out;
}

static bool needs_exponent(double x)
{
    return x != 0 && (fabs(x) >= 1e7 || fabs(x) < 1e-4);
}

/* A number with the given decimals, or with four digits that count. */
static char *number(char *out, double x, int decimals)
{
    if (decimals < 0 && needs_exponent(x)) return scientific(out, x, 3, false);
    if (decimals >= 0 && fabs(x) >= 1e12) return scientific(out, x, 3, false);
    if (decimals < 0) decimals = x == 0 ? 0 : (int)fmax(0, 3 - floor(log10(fabs(x))));
    return fixed(out, x, decimals);
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
        return strcat(number(out, x, decimals), BLANK "%");
    default:
        return number(out, x, decimals);
    }
}

int rung__decimals(double smallest, double largest)
{
    const double largest_size = fmax(fabs(smallest), fabs(largest));
    if (!(largest_size < 1e7) || (largest_size > 0 && largest_size < 1e-3)) return -1;
    const double spread = largest > smallest ? largest - smallest : largest_size;
    if (spread == 0) return 0;
    return (int)fmin(6, fmax(0, 2 - floor(log10(spread))));
}

/* ---- Ranges ---- */

rung_unit rung__axis_unit(const rung_axis *axis)
{
    return axis->unit == RUNG_UNIT_NONE ? RUNG_UNIT_NUMBER : axis->unit;
}

bool rung__axis_takes(const rung_axis *axis, double x)
{
    return fabs(x) <= 1e250 && (!axis->is_log || x >= 1e-250);
}

void rung__range_add(rung__range *range, const rung_axis *axis, double x)
{
    if (isnan(x)) return;
    if (!rung__axis_takes(axis, x)) {
        range->n_outside++;
        return;
    }
    const bool is_first = range->min > range->max;
    if (is_first || x < range->min) range->min = x;
    if (is_first || x > range->max) range->max = x;
}

/* ---- Units of ticks ---- */

/* A unit and its name behind the number; units of one kind, the smallest first. */
typedef struct tick_unit {
    const char *name;
    double size;
} tick_unit;

static const tick_unit time_units[] = {
    {BLANK "us", 1e-6}, {BLANK "ms", 1e-3}, {BLANK "s", 1},
    {BLANK "min", 60},  {BLANK "h", 3600},  {BLANK "d", 86400},
};
static const tick_unit byte_units[] = {
    {BLANK "B", 1},       {BLANK "KB", 0x1p10}, {BLANK "MB", 0x1p20},
    {BLANK "GB", 0x1p30}, {BLANK "TB", 0x1p40}, {BLANK "PB", 0x1p50},
};
static const tick_unit count_units[] = {
    {"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12},
};
static const tick_unit share_units[] = {{BLANK "%", 0.01}};
static const tick_unit plain_units[] = {{"", 1}};

static const tick_unit *units_of(rung_unit unit, size_t *n)
{
#define UNITS(table) (*n = sizeof(table) / sizeof *(table), (table))
    switch (unit) {
    case RUNG_UNIT_SECONDS:
        return UNITS(time_units);
    case RUNG_UNIT_BYTES:
        return UNITS(byte_units);
    case RUNG_UNIT_COUNT:
        return UNITS(count_units);
    case RUNG_UNIT_SHARE:
        return UNITS(share_units);
    default:
        return UNITS(plain_units);
    }
#undef UNITS
}

/* The largest unit that x holds `times` times; minutes begin at two, so that an axis
 * to 90 s counts seconds. */
static const tick_unit *unit_for(rung_unit kind, double x, double times)
{
    size_t n;
    const tick_unit *units = units_of(kind, &n), *best = &units[0];
    for (size_t i = 1; i < n; i++) {
        if (fabs(x) >= times * units[i].size * (1 - 1e-12)) best = &units[i];
    }
    return best;
}

static void add_tick(rung__scale *s, double x, const tick_unit *unit, int decimals)
{
    if (s->n_ticks == RUNG__TICKS_MAX) return;
    char *label = s->labels[s->n_ticks];
    const double n = x / unit->size;
    s->ticks[s->n_ticks++] = x;
    if (x == 0) {
        strcpy(label, unit->size == 0.01 ? "0" BLANK "%" : "0");
    } else if (needs_exponent(n)) {
        strcat(scientific(label, n, decimals, true), unit->name);
    } else {
        strcat(fixed(label, n, decimals), unit->name);
    }
}

/* ---- Ticks of a linear axis ---- */

static void linear_ticks(rung__scale *s, const rung_axis *axis, size_t most)
{
    const double largest = fmax(fabs(s->from), fabs(s->to));
    const tick_unit *unit =
        unit_for(axis->unit, largest, axis->unit == RUNG_UNIT_COUNT ? 10 : 2);
    const double from = s->from / unit->size, to = s->to / unit->size;
    const double rough = to / (double)most - from / (double)most;
    const double power = pow(10, floor(log10(rough)));
    const double step = rough <= power       ? power
                        : rough <= 2 * power ? 2 * power
                        : rough <= 5 * power ? 5 * power
                                             : 10 * power;
    const int places = (int)floor(log10(step) + 1e-9);
    const bool has_exponent = needs_exponent(fmax(fabs(from), fabs(to)));
    s->n_ticks = 0;
    if (!(step > 0) || step <= fmax(fabs(from), fabs(to)) * 1e-13) return;
    for (double i = ceil(from / step - 1e-9); i * step <= to + step * 1e-9; i++) {
        const double n = i * step;
        int decimals = places < 0 ? -places : 0;
        if (has_exponent || needs_exponent(n)) // digits behind the point of the mantissa
            decimals = n == 0 ? 0 : (int)fmax(0, floor(log10(fabs(n)) + 1e-9) - places);
        add_tick(s, n * unit->size, unit, decimals > 11 ? 11 : decimals);
    }
}

/* ---- Ticks of a logarithmic axis ---- */

/* From coarse to fine: how often a unit is divided. The numbers of each level, within a
 * unit, stand in order. */
static const double levels[][10] = {
    {1}, {1, 10, 100}, {1, 2, 5, 10, 20, 50, 100, 200, 500}};
static const double time_levels[][10] = {
    {1}, {1, 10, 100}, {1, 2, 5, 10, 30, 100, 200, 500}};

static void add_within(rung__scale *s, double x, const tick_unit *unit, double n,
                       size_t *count)
{
    const double slack = 1e-9;
    if (x < s->from * (1 - slack) || x > s->to * (1 + slack)) return;
    if ((*count)++ < RUNG__TICKS_MAX)
        add_tick(s, x, unit,
                 n < 1 && !needs_exponent(n) ? (int)ceil(-log10(n) - 1e-9) : 0);
}

/* Ticks of one level; returns how many there would be. */
static size_t level_ticks(rung__scale *s, const rung_axis *axis, size_t level)
{
    size_t n, count = 0;
    const tick_unit *units = units_of(axis->unit, &n);
    const double(*of)[10] = axis->unit == RUNG_UNIT_SECONDS ? time_levels : levels;
    s->n_ticks = 0;
    // Below the smallest unit and above the largest one, thousands of it go on.
    const double smallest = units[0].size, largest = units[n - 1].size;
    for (int k = (int)ceil(log10(smallest / s->from) / 3); k > 0; k--) {
        for (const double *m = of[level]; *m; m++)
            add_within(s, *m * smallest * pow(1000, -k), &units[0], *m * pow(1000, -k),
                       &count);
    }
    for (size_t i = 0; i < n; i++) {
        const double next = i + 1 < n ? units[i + 1].size : largest * 1000;
        for (const double *m = of[level]; *m && *m * units[i].size < next * 0.999; m++)
            add_within(s, *m * units[i].size, &units[i], *m, &count);
    }
    for (int k = 1; k <= (int)ceil(log10(s->to / largest) / 3); k++) {
        for (const double *m = of[level]; *m; m++)
            add_within(s, *m * largest * pow(1000, k), &units[n - 1], 1, &count);
    }
    return count;
}

/* Powers of ten of the unit, every few of them, for axes over very many. */
static void sparse_ticks(rung__scale *s, const rung_axis *axis, size_t most)
{
    size_t n;
    const tick_unit *unit = units_of(axis->unit, &n);
    const double low = log10(s->from / unit->size), high = log10(s->to / unit->size);
    const double stride = 3 * ceil((high - low) / 3 / (double)most);
    size_t count = 0;
    s->n_ticks = 0;
    for (double e = stride * ceil(low / stride); e <= high; e += stride)
        add_within(s, pow(10, e) * unit->size, unit, pow(10, e), &count);
}

static void log_ticks(rung__scale *s, const rung_axis *axis, size_t most)
{
    for (size_t level = 3; level-- > 0;) {
        const size_t count = level_ticks(s, axis, level);
        if (count > most) continue;
        if (count < 2 && level == 2) linear_ticks(s, axis, most); // less than a step
        return;
    }
    sparse_ticks(s, axis, most);
}

/* ---- Scales ---- */

static double warp(const rung__scale *s, double x)
{
    return s->is_log ? log(x) : x;
}

double rung__scale_at(const rung__scale *s, double x)
{
    const double from = warp(s, s->from), to = warp(s, s->to);
    // Halves, since the difference of two ends may overflow.
    const double share = (warp(s, x) / 2 - from / 2) / (to / 2 - from / 2);
    return s->start + fmin(fmax(share, -1), 2) * (s->end - s->start);
}

/* Shares stay between nothing and all. */
static void keep_shares(rung__scale *s, rung__range range)
{
    if (range.min >= 0 && s->from < 0) s->from = 0;
    if (range.max <= 1 && s->to > 1) s->to = 1;
}

static void widen(rung__scale *s, bool is_start_pinned)
{
    const double room = 0.05;
    if (s->is_log) {
        const double ratio = exp(room * (log(s->to) - log(s->from)));
        if (!is_start_pinned) s->from /= ratio;
        s->to *= ratio;
    } else {
        const double more = room * s->to - room * s->from;
        if (!is_start_pinned) s->from -= more;
        s->to += more;
    }
}

void rung__scale_fit(rung__scale *s, const rung_axis *axis, rung__range range,
                     bool is_start_pinned)
{
    const bool is_given = axis->from < axis->to && rung__axis_takes(axis, axis->from) &&
                          rung__axis_takes(axis, axis->to);
    *s = (rung__scale){.is_log = axis->is_log, .from = range.min, .to = range.max};
    if (is_given) {
        s->from = axis->from, s->to = axis->to;
        return;
    }
    if (range.min > range.max)
        s->from = axis->is_log ? 1 : 0, s->to = axis->is_log ? 10 : 1;
    // A single number stands in the middle of a range of its own size.
    const double size = fmax(fabs(s->from), fabs(s->to)), none = 1e-250;
    const bool is_flat = s->is_log ? log(s->to) - log(s->from) < 1e-9
                                   : s->to - s->from <= fmax(1e-12 * size, none);
    if (is_flat && s->is_log) {
        s->from /= 2, s->to *= 2;
    } else if (is_flat) {
        const bool is_share = axis->unit == RUNG_UNIT_SHARE && size <= 1;
        const double half = is_share ? 0.05 : size <= none ? 1 : size / 2;
        s->from -= half, s->to += half;
    } else {
        widen(s, is_start_pinned);
    }
    if (axis->unit == RUNG_UNIT_SHARE && !s->is_log) keep_shares(s, range);
}

static double half_size(const char *label, double size, bool is_wide)
{
    return is_wide ? rung__label_width(label, size) / 2 + size * 0.4 : size * 0.7;
}

static bool labels_touch(const rung__scale *s, double size, bool is_wide)
{
    for (size_t i = 1; i < s->n_ticks; i++) {
        const double apart =
            fabs(rung__scale_at(s, s->ticks[i]) - rung__scale_at(s, s->ticks[i - 1]));
        if (apart < half_size(s->labels[i], size, is_wide) +
                        half_size(s->labels[i - 1], size, is_wide))
            return true;
    }
    return false;
}

void rung__scale_place(rung__scale *s, const rung_axis *axis, double start, double end,
                       size_t most, double size, bool is_wide)
{
    s->start = start, s->end = end;
    for (; most > 0; most--) {
        if (s->is_log)
            log_ticks(s, axis, most);
        else
            linear_ticks(s, axis, most);
        if (!labels_touch(s, size, is_wide)) return;
    }
}

void rung__scale_use_ticks(rung__scale *s, const rung_axis *axis, const double *at,
                           size_t n, double size)
{
    rung__scale own = *s;
    if (n < 2 || n > RUNG__TICKS_MAX) return;
    own.n_ticks = n;
    for (size_t i = 0; i < n; i++) {
        own.ticks[i] = at[i];
        rung__number_text(own.labels[i], at[i], rung__axis_unit(axis), -1);
    }
    if (!labels_touch(&own, size, true)) *s = own;
}
