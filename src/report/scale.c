/* Axes: from numbers to pixels, and the ticks that a person would choose.
 *
 * A linear axis has ticks at multiples of 1, 2 or 5 times a power of ten, counted in the
 * unit that suits its largest number: 0.5 min, 1 min, 1.5 min. A logarithmic one has
 * ticks at round numbers of each unit between its ends (1 s, 10 s, 1 min, 10 min, 1 h),
 * as close as their labels allow. */
#include "report/scale.h"

#include <math.h>
#include <string.h>

#include "report/words.h"

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
    {RUNG__BLANK "us", 1e-6}, {RUNG__BLANK "ms", 1e-3}, {RUNG__BLANK "s", 1},
    {RUNG__BLANK "min", 60},  {RUNG__BLANK "h", 3600},  {RUNG__BLANK "d", 86400},
};
static const tick_unit byte_units[] = {
    {RUNG__BLANK "B", 1},       {RUNG__BLANK "KB", 0x1p10}, {RUNG__BLANK "MB", 0x1p20},
    {RUNG__BLANK "GB", 0x1p30}, {RUNG__BLANK "TB", 0x1p40}, {RUNG__BLANK "PB", 0x1p50},
};
static const tick_unit count_units[] = {
    {"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12},
};
static const tick_unit share_units[] = {{RUNG__BLANK "%", 0.01}};
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
        strcpy(label, unit->size == 0.01 ? "0" RUNG__BLANK "%" : "0");
    } else if (rung__needs_power(n)) {
        strcat(rung__power_text(label, n, decimals, true), unit->name);
    } else {
        strcat(rung__fixed_text(label, n, decimals), unit->name);
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
    const bool has_exponent = rung__needs_power(fmax(fabs(from), fabs(to)));
    s->n_ticks = 0;
    if (!(step > 0) || step <= fmax(fabs(from), fabs(to)) * 1e-13) return;
    for (double i = ceil(from / step - 1e-9); i * step <= to + step * 1e-9; i++) {
        const double n = i * step;
        int decimals = places < 0 ? -places : 0;
        if (has_exponent ||
            rung__needs_power(n)) // digits behind the point of the mantissa
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
                 n < 1 && !rung__needs_power(n) ? (int)ceil(-log10(n) - 1e-9) : 0);
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
