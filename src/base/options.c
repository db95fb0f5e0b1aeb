/* Options: the values of a table's fields. */
#include "base/options.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void *rung__option_field(const rung_option_set *set, size_t i)
{
    return (char *)set->values + set->options[i].offset;
}

bool rung__option_has_range(const rung_option *option)
{
    return option->min != 0 || option->max != 0;
}

const char *rung__option_word(const rung_option *option)
{
    return option->type == RUNG_OPTION_REAL ? option->choices : NULL;
}

const char *rung__option_choice(const rung_option *option, int index, size_t *length)
{
    const char *choice = option->choices;
    for (; index > 0 && choice; index--) {
        choice = strchr(choice, '|');
        if (choice) choice++;
    }
    if (choice) *length = strcspn(choice, "|");
    return choice;
}

char *rung__option_wanted(char *out, const rung_option *option)
{
    static const char *const texts[] = {
        [RUNG_OPTION_FLAG] = "true or false",
        [RUNG_OPTION_INT] = "a whole number",
        [RUNG_OPTION_REAL] = "a number",
        [RUNG_OPTION_SECONDS] = "a time such as 90s, 10m or 1h30m",
        [RUNG_OPTION_BYTES] = "a size such as 64K, 256M or 2G",
        [RUNG_OPTION_TEXT] = "a text",
        [RUNG_OPTION_CHOICE] = "one of ",
    };
    static const char *const units[] = {
        [RUNG_OPTION_SECONDS] = " seconds",
        [RUNG_OPTION_BYTES] = " bytes",
        [RUNG_OPTION_CHOICE] = NULL,
    };
    const char *text = texts[option->type], *unit = units[option->type];
    char range[RUNG_UNITS_BYTES];
    if (option->type == RUNG_OPTION_CHOICE) {
        snprintf(out, RUNG_OPTION_TEXT_BYTES, "%s%s", text, option->choices);
    } else if (rung__option_has_range(option)) {
        rung_format_range(range, option->min, option->max);
        const char *word = rung__option_word(option);
        snprintf(out, RUNG_OPTION_TEXT_BYTES, "%s, %s%s%s%s", text, range,
                 unit ? unit : "", word ? ", or " : "", word ? word : "");
    } else {
        snprintf(out, RUNG_OPTION_TEXT_BYTES, "%s", text);
    }
    return out;
}

rung_status rung__option_fail(const rung_option *option, const char *label,
                              const char *value, rung_error *err)
{
    char wanted[RUNG_OPTION_TEXT_BYTES];
    return rung_fail(err, RUNG_USAGE, "%s is %s: must be %s", label, value,
                     rung__option_wanted(wanted, option));
}

static bool is_in_range(const rung_option *option, double value)
{
    return !rung__option_has_range(option) ||
           (value >= option->min && value <= option->max);
}

rung_status rung__option_set_int(const rung_option_set *set, size_t i, int64_t value,
                                 const char *label, rung_error *err)
{
    const rung_option *option = &set->options[i];
    if (option->type != RUNG_OPTION_INT) {
        return rung__option_set_real(set, i, (double)value, label, err);
    }
    if (!is_in_range(option, (double)value)) {
        char text[RUNG_UNITS_BYTES];
        snprintf(text, sizeof text, "%lld", (long long)value);
        return rung__option_fail(option, label, text, err);
    }
    *(int64_t *)rung__option_field(set, i) = value;
    return RUNG_OK;
}

rung_status rung__option_set_real(const rung_option_set *set, size_t i, double value,
                                  const char *label, rung_error *err)
{
    const rung_option *option = &set->options[i];
    const bool is_word = isnan(value) && rung__option_word(option);
    if (!is_word && !is_in_range(option, value)) {
        char text[RUNG_UNITS_BYTES];
        snprintf(text, sizeof text, "%.15g", value);
        return rung__option_fail(option, label, text, err);
    }
    *(double *)rung__option_field(set, i) = value;
    return RUNG_OK;
}

static bool parse_flag(const char *text, bool *value)
{
    *value = strcmp(text, "true") == 0 || strcmp(text, "yes") == 0 ||
             strcmp(text, "on") == 0 || strcmp(text, "1") == 0;
    return *value || strcmp(text, "false") == 0 || strcmp(text, "no") == 0 ||
           strcmp(text, "off") == 0 || strcmp(text, "0") == 0;
}

static bool parse_int(const char *text, int64_t *value)
{
    if (text[0] == '\0' || strspn(text, "+-0123456789") != strlen(text)) return false;
    char *end;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return *end == '\0' && errno == 0;
}

static bool parse_real(const rung_option *option, const char *text, double *value)
{
    if (option->type == RUNG_OPTION_SECONDS) return rung_parse_seconds(text, value);
    if (option->type == RUNG_OPTION_BYTES) return rung_parse_bytes(text, value);
    const char *word = rung__option_word(option);
    if (word && strcmp(text, word) == 0) {
        *value = NAN;
        return true;
    }
    const char *end = rung_parse_number(text, value);
    return end && *end == '\0';
}

static bool parse_choice(const rung_option *option, const char *text, int *index)
{
    size_t length;
    const char *choice;
    for (int i = 0; (choice = rung__option_choice(option, i, &length)); i++) {
        if (strlen(text) == length && memcmp(text, choice, length) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

static rung_status set_text(char **field, const char *value, rung_error *err)
{
    char *copy = rung__strdup(value);
    if (!copy) return rung__out_of_memory(err, strlen(value) + 1, "an option");
    rung__free(*field);
    *field = copy;
    return RUNG_OK;
}

rung_status rung__option_set(const rung_option_set *set, size_t i, const char *value,
                             const char *label, rung_error *err)
{
    const rung_option *option = &set->options[i];
    void *field = rung__option_field(set, i);
    bool flag;
    int64_t whole;
    double real;
    switch (option->type) {
    case RUNG_OPTION_FLAG:
        if (!parse_flag(value, &flag)) break;
        *(bool *)field = flag;
        return RUNG_OK;
    case RUNG_OPTION_INT:
        if (!parse_int(value, &whole)) break;
        return rung__option_set_int(set, i, whole, label, err);
    case RUNG_OPTION_REAL:
    case RUNG_OPTION_SECONDS:
    case RUNG_OPTION_BYTES:
        if (!parse_real(option, value, &real)) break;
        return rung__option_set_real(set, i, real, label, err);
    case RUNG_OPTION_TEXT:
        return set_text(field, value, err);
    case RUNG_OPTION_CHOICE:
        if (parse_choice(option, value, field)) return RUNG_OK;
        break;
    }
    char quoted[RUNG_OPTION_TEXT_BYTES];
    snprintf(quoted, sizeof quoted, "'%s'", value);
    return rung__option_fail(option, label, quoted, err);
}

static size_t field_bytes(rung_option_type type)
{
    switch (type) {
    case RUNG_OPTION_FLAG:
        return sizeof(bool);
    case RUNG_OPTION_INT:
        return sizeof(int64_t);
    case RUNG_OPTION_REAL:
    case RUNG_OPTION_SECONDS:
    case RUNG_OPTION_BYTES:
        return sizeof(double);
    case RUNG_OPTION_TEXT:
        return sizeof(char *);
    case RUNG_OPTION_CHOICE:
        return sizeof(int);
    }
    assert(false);
    return 0;
}

rung_status rung_options_defaults(const rung_option_set *set, rung_error *err)
{
    // All fields are valid, also when one of the defaults then fails.
    for (size_t i = 0; i < set->count; i++) {
        memset(rung__option_field(set, i), 0, field_bytes(set->options[i].type));
    }
    for (size_t i = 0; i < set->count; i++) {
        const rung_option *option = &set->options[i];
        if (!option->fallback) continue;
        const rung_status status =
            rung__option_set(set, i, option->fallback, option->name, err);
        if (status != RUNG_OK) {
            rung_options_release(set);
            return status;
        }
    }
    return RUNG_OK;
}

void rung_options_release(const rung_option_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->options[i].type != RUNG_OPTION_TEXT) continue;
        char **field = rung__option_field(set, i);
        rung__free(*field);
        *field = NULL;
    }
}

void rung_text_free(char *text)
{
    rung__free(text);
}
