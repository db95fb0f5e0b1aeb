/* Options on a command line. */
#include "base/options.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* The first `length` bytes of `name`, in one of the sets; false if no set has it. */
static bool find_option(const rung_option_set *sets, size_t n_sets, const char *name,
                        size_t length, const rung_option_set **set, size_t *index)
{
    for (size_t s = 0; s < n_sets; s++) {
        for (size_t i = 0; i < sets[s].count; i++) {
            const char *candidate = sets[s].options[i].name;
            if (strlen(candidate) != length || memcmp(candidate, name, length) != 0)
                continue;
            *set = &sets[s];
            *index = i;
            return true;
        }
    }
    return false;
}

/* The name that `word` may have been meant to be, NULL if none is near. */
static const char *nearest_option(const rung_option_set *sets, size_t n_sets,
                                  const char *word)
{
    const char *nearest = NULL;
    int nearest_distance = INT_MAX;
    for (size_t s = 0; s < n_sets; s++) {
        for (size_t i = 0; i < sets[s].count; i++) {
            const char *name = sets[s].options[i].name;
            const int distance = rung__name_distance(word, name);
            if (distance >= nearest_distance) continue;
            nearest = name;
            nearest_distance = distance;
        }
    }
    return nearest;
}

static rung_status fail_unknown(const rung_option_set *sets, size_t n_sets,
                                const char *argument, rung_error *err)
{
    char name[RUNG_UNITS_BYTES];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(argument, "="), argument);
    const char *nearest = nearest_option(sets, n_sets, name + strspn(name, "-"));
    if (!nearest) return rung_fail(err, RUNG_USAGE, "unknown option '%s'", name);
    return rung_fail(err, RUNG_USAGE, "unknown option '%s': did you mean '--%s'?", name,
                     nearest);
}

static rung_status set_given(const rung_option_set *set, size_t i, const char *value,
                             rung_error *err)
{
    char label[RUNG_UNITS_BYTES];
    snprintf(label, sizeof label, "--%s", set->options[i].name);
    RUNG_TRY(rung__option_set(set, i, value, label, err));
    if (set->given) set->given[i] = true;
    return RUNG_OK;
}

/* "--name", "--name=value" or "--no-name"; `next` is the argument behind it, or NULL. */
static rung_status parse_option(const rung_option_set *sets, size_t n_sets,
                                const char *argument, const char *next, bool *took_next,
                                rung_error *err)
{
    if (argument[1] != '-') return fail_unknown(sets, n_sets, argument, err);
    const char *name = argument + 2;
    const size_t length = strcspn(name, "=");
    const char *value = name[length] ? name + length + 1 : NULL;
    const rung_option_set *set;
    size_t i;
    if (!find_option(sets, n_sets, name, length, &set, &i)) {
        const bool is_negated =
            length > 3 && memcmp(name, "no-", 3) == 0 && !value &&
            find_option(sets, n_sets, name + 3, length - 3, &set, &i) &&
            set->options[i].type == RUNG_OPTION_FLAG;
        if (is_negated) return set_given(set, i, "false", err);
        return fail_unknown(sets, n_sets, argument, err);
    }
    if (!value && set->options[i].type == RUNG_OPTION_FLAG) {
        value = "true";
    } else if (!value) {
        // "--data --steps 5" forgot the file; a value that begins so is given with "=".
        if (!next || strncmp(next, "--", 2) == 0) {
            char wanted[RUNG_OPTION_TEXT_BYTES];
            return rung_fail(err, RUNG_USAGE, "--%s needs a value: %s",
                             set->options[i].name,
                             rung__option_wanted(wanted, &set->options[i]));
        }
        value = next;
        *took_next = true;
    }
    return set_given(set, i, value, err);
}

rung_status rung_options_parse(const rung_option_set *sets, size_t n_sets, int argc,
                               char **argv, int *n_words, rung_error *err)
{
    int words = 0;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            while (++i < argc) argv[words++] = argv[i];
        } else if (argv[i][0] != '-' || argv[i][1] == '\0') {
            argv[words++] = argv[i];
        } else {
            const char *next = i + 1 < argc ? argv[i + 1] : NULL;
            bool took_next = false;
            RUNG_TRY(parse_option(sets, n_sets, argv[i], next, &took_next, err));
            if (took_next) i++;
        }
    }
    *n_words = words;
    return RUNG_OK;
}

rung_status rung_option_set_text(const rung_option_set *set, const char *name,
                                 const char *value, rung_error *err)
{
    const rung_option_set *found;
    size_t i;
    if (!find_option(set, 1, name, strlen(name), &found, &i)) {
        return fail_unknown(set, 1, name, err);
    }
    return set_given(set, i, value, err);
}
