/* A growing string. After a failed allocation it keeps what it has and remembers
 * `failed`; test once. */
#ifndef RUNG_BASE_STR_H
#define RUNG_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "rung/status.h"

typedef struct rung_str {
    char *data; /* NUL-terminated once anything was added, else NULL; owned */
    size_t len, cap;
    bool failed;
} rung_str;

void rung_str_add(rung_str *s, const char *text);
void rung_str_add_bytes(rung_str *s, const void *bytes, size_t n);
void rung_str_addf(rung_str *s, const char *format, ...) RUNG_PRINTF(2, 3);
void rung_str_release(rung_str *s);

/* The nearest of `n` names to `word` (edit distance with transpositions, at most a third
 * of its length), NULL if none is near: "unknown rung 'gtp': did you mean 'gpt'?". */
const char *rung_nearest_name(const char *word, const char *const *names, size_t n);

/* "1.2 MB", "3m 20s", "12,345": for people. Each writes into `out` (at least 32 bytes)
 * and returns it. */
char *rung_format_bytes(char *out, double bytes);
char *rung_format_seconds(char *out, double seconds);
char *rung_format_count(char *out, double count);
/* "90", "90s", "10m", "1h30m" -> seconds; "64K", "256M", "2G" -> bytes. False if it is
 * none. */
bool rung_parse_seconds(const char *text, double *seconds);
bool rung_parse_bytes(const char *text, double *bytes);

#endif
