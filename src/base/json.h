/* Small helpers over Jansson: parsing with messages that name file and line, members with
 * types and ranges, and text that reads back exactly. */
#ifndef RUNG_BASE_JSON_H
#define RUNG_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "rung/status.h"

/* Lets Jansson allocate through base/alloc.h, once for the process: its memory is counted
 * and can be made to fail. Every function here that creates values does it, and so does
 * rung_runtime_new. */
void rung__json_use_alloc(void);

/* json_loadb that refuses duplicate keys and NUL in strings, and whose json_error_code is
 * json_error_out_of_memory exactly when memory was what it lacked. */
json_t *rung__json_load(const char *text, size_t size, json_error_t *error);

/* Parses `size` bytes. *out is the caller's (json_decref). `where` (a file's name) begins
 * the message: "config.json:3: ...". Duplicate keys and NUL in strings are refused. */
rung_status rung_json_parse(json_t **out, const char *text, size_t size,
                            const char *where, rung_error *err);
/* Reads and parses a file. */
rung_status rung_json_read(json_t **out, const char *path, rung_error *err);
/* Writes a file completely or not at all, as rung_json_add_text formats it. */
rung_status rung_json_write(const json_t *value, const char *path, rung_error *err);

/* Members of an object. An absent member, or null, leaves *out as it is: put the default
 * there first; rung_json_require says that it must be there. A value of another type or
 * out of [min, max] (both inclusive) fails: "config.json: n_layer is 0: must be 1 to
 * 1000". Strings are borrowed from `object`. */
rung_status rung_json_require(const json_t *object, const char *key, const char *where,
                              rung_error *err);
rung_status rung_json_get_int(const json_t *object, const char *key, int64_t min,
                              int64_t max, int64_t *out, const char *where,
                              rung_error *err);
rung_status rung_json_get_real(const json_t *object, const char *key, double min,
                               double max, double *out, const char *where,
                               rung_error *err);
rung_status rung_json_get_bool(const json_t *object, const char *key, bool *out,
                               const char *where, rung_error *err);
rung_status rung_json_get_text(const json_t *object, const char *key, const char **out,
                               const char *where, rung_error *err);

/* Building objects: sets key to value, which is taken; or appends it to the list
 * object[key], which is made with its first value. A failure (also a value NULL) is
 * remembered in *failed. */
void rung__json_put(json_t *object, const char *key, json_t *value, bool *failed);
void rung__json_add(json_t *object, const char *key, json_t *value, bool *failed);

/* "an object", "a list", "a text", ... */
const char *rung__json_type(const json_t *value);

/* Appends `value` as text: keys in the order in which they were set, numbers so that they
 * read back exactly (NaN and infinities, which JSON lacks, as null). `indent` 0: one
 * line; else one member a line, lists of scalars on one line. */
void rung_json_add_text(rung_str *s, const json_t *value, int indent);

#endif
