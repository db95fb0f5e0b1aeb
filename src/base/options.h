/* What the parts of options (command line, help, JSON) share. */
#ifndef RUNG_BASE_OPTIONS_H
#define RUNG_BASE_OPTIONS_H

#include "base/str.h"
#include "rung/options.h"

/* The field of option `i` in the set's struct. */
void *rung__option_field(const rung_option_set *set, size_t i);

/* Set option `i` from what was typed, from an integer (INT, REAL, SECONDS, BYTES), from a
 * number (REAL, SECONDS, BYTES). RUNG_USAGE if it does not fit; `label` ("--lr",
 * "config.json: lr") begins the message. They leave `given` alone. */
rung_status rung__option_set(const rung_option_set *set, size_t i, const char *value,
                             const char *label, rung_error *err);
rung_status rung__option_set_int(const rung_option_set *set, size_t i, int64_t value,
                                 const char *label, rung_error *err);
rung_status rung__option_set_real(const rung_option_set *set, size_t i, double value,
                                  const char *label, rung_error *err);

/* Writes what a value must be into `out` (RUNG_OPTION_TEXT_BYTES): "a whole number, 1 to
 * 9". */
#define RUNG_OPTION_TEXT_BYTES 400
char *rung__option_wanted(char *out, const rung_option *option);
/* Fails with RUNG_USAGE: "LABEL is VALUE: must be ...". */
rung_status rung__option_fail(const rung_option *option, const char *label,
                              const char *value, rung_error *err);

/* The `index`-th of "a|b|c" and its length; NULL when there are fewer. */
const char *rung__option_choice(const rung_option *option, int index, size_t *length);
/* The word that may stand for a number, NULL if there is none. */
const char *rung__option_word(const rung_option *option);
/* True if a number has limits. */
bool rung__option_has_range(const rung_option *option);

#endif
