/* A growing string. After a failed allocation it keeps what it has and remembers
 * `failed`; test once. */
#ifndef RUNG_BASE_STR_H
#define RUNG_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rung/options.h" // rung_nearest_name
#include "rung/units.h"

typedef struct rung_str {
    char *data; /* NUL-terminated once anything was added, else NULL; owned */
    size_t len, cap;
    bool failed;
} rung_str;

void rung_str_add(rung_str *s, const char *text);
void rung_str_add_bytes(rung_str *s, const void *bytes, size_t n);
void rung_str_addf(rung_str *s, const char *format, ...) RUNG_PRINTF(2, 3);
void rung_str_release(rung_str *s);

/* "[2,3]" into `out`, which is returned; of at most 8 dimensions. */
#define RUNG_SHAPE_TEXT_BYTES (8 * 21 + 3)
char *rung__shape_text(char *out, int rank, const int64_t *shape);

/* Edits from `name` to `word` as rung_nearest_name counts them; INT_MAX if not near. */
int rung__name_distance(const char *word, const char *name);

#endif
