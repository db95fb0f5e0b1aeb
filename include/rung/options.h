/* Options are a table: one record says name, type, default, range and help of a field of
 * a plain config struct. From it come the command line, --help, config.json and
 * --dump-config. */
#ifndef RUNG_OPTIONS_H
#define RUNG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rung/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The C type of the field that an option fills. */
typedef enum rung_option_type {
    RUNG_OPTION_FLAG,    /* bool; --name, --no-name */
    RUNG_OPTION_INT,     /* int64_t, in [min, max] */
    RUNG_OPTION_REAL,    /* double, in [min, max]; NaN is typed as `choices`, if any */
    RUNG_OPTION_SECONDS, /* double; "90", "90s", "10m", "1h30m" */
    RUNG_OPTION_BYTES,   /* double; "64K", "256M", "2G" */
    RUNG_OPTION_TEXT,    /* const char *, owned by the set; NULL when unset */
    RUNG_OPTION_CHOICE   /* int, index into `choices` */
} rung_option_type;

typedef struct rung_option {
    const char *name; /* "eval-every"; in JSON "eval_every" */
    rung_option_type type;
    size_t offset;        /* of the field in its struct */
    const char *fallback; /* the default, as it would be typed; NULL: zero or unset */
    double min, max;      /* of INT, REAL, SECONDS, BYTES, inclusive; both 0: no limits */
    const char *choices;  /* "constant|linear|cosine"; of REAL: one word */
    const char *help;     /* one line, with the unit */
    const char *json;     /* its name in config.json when it differs, else NULL */
} rung_option;

/* A table with the struct it fills: several sets can be parsed together. */
typedef struct rung_option_set {
    const char *title;          /* heading in --help */
    const rung_option *options; /* `count` records */
    size_t count;
    void *values; /* the struct */
    bool *given;  /* [count], may be NULL: set where the user gave a value */
} rung_option_set;

/* Fills every field with its default; what they held before is not looked at. */
RUNG_API rung_status rung_options_defaults(const rung_option_set *set, rung_error *err);

/* Frees the text fields and sets them to NULL. */
RUNG_API void rung_options_release(const rung_option_set *set);

/* Sets one option from text. RUNG_USAGE with name, value and range if it does not fit. */
RUNG_API rung_status rung_option_set_text(const rung_option_set *set, const char *name,
                                          const char *value, rung_error *err);

/* Parses a command line (argv[0] is the first argument, not the command). Options may
 * stand anywhere; `--name value` and `--name=value`; "--" ends them; "-" is a word. Words
 * that are no option are moved to the front of argv, and *n_words says how many. Unknown
 * names fail with the nearest known one. */
RUNG_API rung_status rung_options_parse(const rung_option_set *sets, size_t n_sets,
                                        int argc, char **argv, int *n_words,
                                        rung_error *err);

/* The help text of the sets, a new string; free with rung_text_free. NULL when out of
 * memory. */
RUNG_API char *rung_options_help(const rung_option_set *sets, size_t n_sets);

/* One JSON object {"eval_every": 200, ...} of the sets' values, a new string
 * (rung_text_free). NULL when out of memory, or when a text is not UTF-8. */
RUNG_API char *rung_options_to_json(const rung_option_set *sets, size_t n_sets);

/* Sets what the JSON text holds; `where` (a file's name) begins the messages. Keys that
 * no set knows fail when `strict`, else they are ignored. Options already `given` are
 * kept, those set are `given` afterwards: sources are read in the order of their rank. */
RUNG_API rung_status rung_options_from_json(const rung_option_set *sets, size_t n_sets,
                                            const char *json, const char *where,
                                            bool strict, rung_error *err);

/* The nearest of `n` names to `word` (edit distance with transpositions, at most a third
 * of the longer one's length), NULL if none is near: "unknown rung 'gtp': did you mean
 * 'gpt'?". */
RUNG_API const char *rung_nearest_name(const char *word, const char *const *names,
                                       size_t n);

/* Frees a text that this library gave; NULL is fine. */
RUNG_API void rung_text_free(char *text);

#ifdef __cplusplus
}
#endif
#endif
