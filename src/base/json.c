/* Helpers over Jansson. */
#include "base/json.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"

/* Jansson's lexer reports a failed allocation as an invalid token, so it is remembered
 * here. */
static _Thread_local bool out_of_memory;

/* The lexer asserts (2.14: lex_unget_unsave) when its buffer cannot grow inside a number.
 * So where the heap has nothing left, the sizes that the buffer grows through, 32 to 256,
 * are found here: one place for each, at its size minus 32. */
static _Thread_local struct {
    _Alignas(16) char bytes[32 + 64 + 128 + 256];
    unsigned used;   /* the sizes taken, as a mask */
    bool is_loading; /* only then */
} spare;

static void *take_spare(size_t size)
{
    const bool fits = size >= 32 && size <= 256 && (size & (size - 1)) == 0;
    if (!spare.is_loading || !fits || (spare.used & size)) return NULL;
    spare.used |= (unsigned)size;
    return spare.bytes + size - 32;
}

static void *json_alloc(size_t size)
{
    void *data = rung__alloc(size);
    if (!data) out_of_memory = true;
    return data ? data : take_spare(size);
}

static void json_release(void *data)
{
    for (size_t size = 32; size <= 256; size *= 2) {
        if (data != spare.bytes + size - 32) continue;
        spare.used &= ~(unsigned)size;
        return;
    }
    rung__free(data);
}

static void use_alloc(void)
{
    json_set_alloc_funcs(json_alloc, json_release);
}

void rung__json_use_alloc(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, use_alloc);
}

json_t *rung__json_load(const char *text, size_t size, json_error_t *error)
{
    rung__json_use_alloc();
    out_of_memory = false;
    spare.is_loading = true;
    json_t *value = json_loadb(text, size, JSON_REJECT_DUPLICATES, error);
    spare.is_loading = false;
    if (value && spare.used) { // a part of it lies where it may not stay
        json_decref(value);
        value = NULL;
    }
    const enum json_error_code code = json_error_out_of_memory;
    if (!value && out_of_memory) error->text[sizeof error->text - 1] = (char)code;
    return value;
}

rung_status rung_json_parse(json_t **out, const char *text, size_t size,
                            const char *where, rung_error *err)
{
    json_error_t error = {0};
    json_t *value = rung__json_load(text, size, &error);
    if (!value && json_error_code(&error) == json_error_out_of_memory) {
        return rung_fail(err, RUNG_MEMORY, "out of memory: parsing %s", where);
    }
    if (!value) {
        return rung_fail(err, RUNG_INPUT, "%s:%d: %s", where, error.line, error.text);
    }
    *out = value;
    return RUNG_OK;
}

rung_status rung_json_read(json_t **out, const char *path, rung_error *err)
{
    char *text;
    size_t size;
    RUNG_TRY(rung_file_read(path, &text, &size, err));
    const rung_status status = rung_json_parse(out, text, size, path, err);
    rung__free(text);
    return status;
}

rung_status rung_json_write(const json_t *value, const char *path, rung_error *err)
{
    rung_str text = {0};
    rung_json_add_text(&text, value, 2);
    rung_str_add(&text, "\n");
    const rung_status status = text.failed
                                   ? rung__out_of_memory(err, text.cap, path)
                                   : rung_file_write(path, text.data, text.len, err);
    rung_str_release(&text);
    return status;
}

const char *rung__json_type(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
        return "an integer";
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a truth value";
    case JSON_NULL:
        break;
    }
    return "null";
}

/* The member, NULL when it is absent or null. */
static const json_t *member(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

static rung_status wrong_type(const json_t *value, const char *key, const char *wanted,
                              const char *where, rung_error *err)
{
    return rung_fail(err, RUNG_INPUT, "%s: %s is %s: must be %s", where, key,
                     rung__json_type(value), wanted);
}

rung_status rung_json_require(const json_t *object, const char *key, const char *where,
                              rung_error *err)
{
    if (!json_is_object(object)) {
        return rung_fail(err, RUNG_INPUT, "%s: is %s: must be an object", where,
                         object ? rung__json_type(object) : "nothing");
    }
    if (member(object, key)) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT, "%s: %s is missing", where, key);
}

rung_status rung_json_get_int(const json_t *object, const char *key, int64_t min,
                              int64_t max, int64_t *out, const char *where,
                              rung_error *err)
{
    const json_t *value = member(object, key);
    if (!value) return RUNG_OK;
    if (!json_is_integer(value)) return wrong_type(value, key, "an integer", where, err);
    const int64_t x = json_integer_value(value);
    if (x < min || x > max) {
        char range[RUNG_UNITS_BYTES];
        return rung_fail(err, RUNG_INPUT, "%s: %s is %lld: must be %s", where, key,
                         (long long)x,
                         rung_format_range(range, (double)min, (double)max));
    }
    *out = x;
    return RUNG_OK;
}

rung_status rung_json_get_real(const json_t *object, const char *key, double min,
                               double max, double *out, const char *where,
                               rung_error *err)
{
    const json_t *value = member(object, key);
    if (!value) return RUNG_OK;
    if (!json_is_number(value)) return wrong_type(value, key, "a number", where, err);
    const double x = json_number_value(value);
    if (!(x >= min && x <= max)) {
        char range[RUNG_UNITS_BYTES];
        return rung_fail(err, RUNG_INPUT, "%s: %s is %g: must be %s", where, key, x,
                         rung_format_range(range, min, max));
    }
    *out = x;
    return RUNG_OK;
}

rung_status rung_json_get_bool(const json_t *object, const char *key, bool *out,
                               const char *where, rung_error *err)
{
    const json_t *value = member(object, key);
    if (!value) return RUNG_OK;
    if (!json_is_boolean(value))
        return wrong_type(value, key, "true or false", where, err);
    *out = json_is_true(value);
    return RUNG_OK;
}

rung_status rung_json_get_text(const json_t *object, const char *key, const char **out,
                               const char *where, rung_error *err)
{
    const json_t *value = member(object, key);
    if (!value) return RUNG_OK;
    if (!json_is_string(value)) return wrong_type(value, key, "a text", where, err);
    *out = json_string_value(value);
    return RUNG_OK;
}

/* RFC 8259, section 7: quotes, backslashes and control characters are escaped; the rest
 * is UTF-8 and stays as it is. */
static void add_string(rung_str *s, const char *text, size_t n)
{
    rung_str_add(s, "\"");
    size_t done = 0; // bytes already added
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        rung_str_add_bytes(s, text + done, i - done);
        done = i + 1;
        if (c == '\n')
            rung_str_add(s, "\\n");
        else if (c == '\t')
            rung_str_add(s, "\\t");
        else if (c < 0x20)
            rung_str_addf(s, "\\u%04x", c);
        else
            rung_str_addf(s, "\\%c", c);
    }
    rung_str_add_bytes(s, text + done, n - done);
    rung_str_add(s, "\"");
}

static void add_scalar(rung_str *s, const json_t *value)
{
    char number[RUNG_UNITS_BYTES];
    if (json_is_string(value))
        add_string(s, json_string_value(value), json_string_length(value));
    else if (json_is_integer(value))
        rung_str_addf(s, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value) && isfinite(json_real_value(value)))
        rung_str_add(s, rung_format_real(number, json_real_value(value)));
    else
        rung_str_add(s, json_is_true(value)    ? "true"
                        : json_is_false(value) ? "false"
                                               : "null");
}

static bool is_container(const json_t *value)
{
    return json_is_object(value) || json_is_array(value);
}

/* A list of scalars reads best on one line. */
static bool is_flat_list(const json_t *value)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (is_container(json_array_get(value, i))) return false;
    }
    return json_is_array(value);
}

static void add_break(rung_str *s, int indent, int depth)
{
    if (indent) rung_str_addf(s, "\n%*s", indent * depth, "");
}

static void add_value(rung_str *s, const json_t *value, int indent, int depth);

static void add_members(rung_str *s, const json_t *object, int indent, int depth)
{
    const char *separator = "";
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        rung_str_add(s, separator);
        add_break(s, indent, depth + 1);
        add_string(s, key, strlen(key));
        rung_str_add(s, ": ");
        add_value(s, value, indent, depth + 1);
        separator = indent ? "," : ", ";
    }
    if (*separator) add_break(s, indent, depth);
}

static void add_elements(rung_str *s, const json_t *list, int indent, int depth)
{
    if (is_flat_list(list)) indent = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (i > 0) rung_str_add(s, indent ? "," : ", ");
        add_break(s, indent, depth + 1);
        add_value(s, json_array_get(list, i), indent, depth + 1);
    }
    if (json_array_size(list) > 0) add_break(s, indent, depth);
}

static void add_value(rung_str *s, const json_t *value, int indent, int depth)
{
    if (json_is_object(value)) {
        rung_str_add(s, "{");
        add_members(s, value, indent, depth);
        rung_str_add(s, "}");
    } else if (json_is_array(value)) {
        rung_str_add(s, "[");
        add_elements(s, value, indent, depth);
        rung_str_add(s, "]");
    } else {
        add_scalar(s, value);
    }
}

void rung_json_add_text(rung_str *s, const json_t *value, int indent)
{
    add_value(s, value, indent, 0);
}

void rung__json_put(json_t *object, const char *key, json_t *value, bool *failed)
{
    if (!value || json_object_set_new(object, key, value)) *failed = true;
}

void rung__json_add(json_t *object, const char *key, json_t *value, bool *failed)
{
    if (!json_object_get(object, key)) rung__json_put(object, key, json_array(), failed);
    if (json_array_append_new(json_object_get(object, key), value)) *failed = true;
}
