/* Options as JSON. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/options.h"

#define NAME_BYTES 64

/* "eval-every" -> "eval_every", or the option's own JSON name; cut at NAME_BYTES. */
static const char *json_name(char *out, const rung_option *option)
{
    snprintf(out, NAME_BYTES, "%s", option->json ? option->json : option->name);
    for (char *c = out; *c && !option->json; c++) {
        if (*c == '-') *c = '_';
    }
    return out;
}

/* NULL when out of memory, or when a text is not UTF-8. */
static json_t *value_of(const rung_option_set *set, size_t i)
{
    const void *field = rung__option_field(set, i);
    const char *text = rung__option_word(&set->options[i]);
    size_t length;
    switch (set->options[i].type) {
    case RUNG_OPTION_FLAG:
        return json_boolean(*(const bool *)field);
    case RUNG_OPTION_INT:
        return json_integer(*(const int64_t *)field);
    case RUNG_OPTION_REAL:
        if (text && isnan(*(const double *)field)) return json_string(text);
        return json_real(*(const double *)field);
    case RUNG_OPTION_SECONDS:
    case RUNG_OPTION_BYTES:
        return json_real(*(const double *)field);
    case RUNG_OPTION_TEXT:
        text = *(const char *const *)field;
        return text ? json_string(text) : json_null();
    case RUNG_OPTION_CHOICE:
        text = rung__option_choice(&set->options[i], *(const int *)field, &length);
        return text ? json_stringn(text, length) : json_null();
    }
    return NULL;
}

char *rung_options_to_json(const rung_option_set *sets, size_t n_sets)
{
    rung__json_use_alloc();
    rung_str s = {0};
    json_t *object = json_object();
    s.failed = !object;
    for (size_t set = 0; set < n_sets; set++) {
        for (size_t i = 0; i < sets[set].count && !s.failed; i++) {
            char name[NAME_BYTES];
            json_name(name, &sets[set].options[i]);
            s.failed = json_object_set_new(object, name, value_of(&sets[set], i)) != 0;
        }
    }
    if (!s.failed) rung_json_add_text(&s, object, 2);
    json_decref(object);
    if (s.failed) rung_str_release(&s);
    return s.data;
}

static bool find_json(const rung_option_set *sets, size_t n_sets, const char *key,
                      const rung_option_set **set, size_t *index)
{
    for (size_t s = 0; s < n_sets; s++) {
        for (size_t i = 0; i < sets[s].count; i++) {
            char name[NAME_BYTES];
            if (strcmp(json_name(name, &sets[s].options[i]), key) != 0) continue;
            *set = &sets[s];
            *index = i;
            return true;
        }
    }
    return false;
}

/* Takes a value of the option's type; texts also where people write numbers with
 * units. */
static rung_status set_value(const rung_option_set *set, size_t i, const json_t *value,
                             const char *label, rung_error *err)
{
    const rung_option *option = &set->options[i];
    const bool is_number =
        option->type == RUNG_OPTION_INT || option->type == RUNG_OPTION_REAL ||
        option->type == RUNG_OPTION_SECONDS || option->type == RUNG_OPTION_BYTES;
    const bool is_typed = option->type == RUNG_OPTION_SECONDS ||
                          option->type == RUNG_OPTION_BYTES ||
                          option->type == RUNG_OPTION_TEXT ||
                          option->type == RUNG_OPTION_CHOICE || rung__option_word(option);
    if (is_number && json_is_integer(value)) {
        return rung__option_set_int(set, i, json_integer_value(value), label, err);
    }
    if (is_number && option->type != RUNG_OPTION_INT && json_is_real(value)) {
        return rung__option_set_real(set, i, json_real_value(value), label, err);
    }
    if (option->type == RUNG_OPTION_FLAG && json_is_boolean(value)) {
        return rung__option_set(set, i, json_is_true(value) ? "true" : "false", label,
                                err);
    }
    if (is_typed && json_is_string(value)) {
        return rung__option_set(set, i, json_string_value(value), label, err);
    }
    char text[RUNG_UNITS_BYTES];
    const bool is_real = json_is_real(value);
    if (is_real) rung_format_real(text, json_real_value(value));
    return rung__option_fail(option, label, is_real ? text : rung__json_type(value), err);
}

static rung_status fail_unknown(const rung_option_set *sets, size_t n_sets,
                                const char *key, const char *where, rung_error *err)
{
    char nearest[NAME_BYTES] = "";
    int nearest_distance = INT_MAX;
    for (size_t s = 0; s < n_sets; s++) {
        for (size_t i = 0; i < sets[s].count; i++) {
            char name[NAME_BYTES];
            json_name(name, &sets[s].options[i]);
            const int distance = rung__name_distance(key, name);
            if (distance >= nearest_distance) continue;
            memcpy(nearest, name, sizeof name);
            nearest_distance = distance;
        }
    }
    if (!nearest[0]) {
        return rung_fail(err, RUNG_USAGE, "%s: unknown key '%s'", where, key);
    }
    return rung_fail(err, RUNG_USAGE, "%s: unknown key '%s': did you mean '%s'?", where,
                     key, nearest);
}

static rung_status set_member(const rung_option_set *sets, size_t n_sets, const char *key,
                              const json_t *value, const char *where, bool strict,
                              rung_error *err)
{
    const rung_option_set *set;
    size_t i;
    if (!find_json(sets, n_sets, key, &set, &i)) {
        return strict ? fail_unknown(sets, n_sets, key, where, err) : RUNG_OK;
    }
    if (json_is_null(value) || (set->given && set->given[i])) return RUNG_OK;
    char label[RUNG_OPTION_TEXT_BYTES];
    snprintf(label, sizeof label, "%s: %s", where, key);
    RUNG_TRY(set_value(set, i, value, label, err));
    if (set->given) set->given[i] = true;
    return RUNG_OK;
}

rung_status rung_options_from_json(const rung_option_set *sets, size_t n_sets,
                                   const char *json, const char *where, bool strict,
                                   rung_error *err)
{
    json_t *object;
    RUNG_TRY(rung_json_parse(&object, json, strlen(json), where, err));
    rung_status status = RUNG_OK;
    if (!json_is_object(object)) {
        status = rung_fail(err, RUNG_INPUT, "%s: must be an object", where);
    }
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        if (status != RUNG_OK) break;
        status = set_member(sets, n_sets, key, value, where, strict, err);
    }
    json_decref(object);
    return status;
}
