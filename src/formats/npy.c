/* NumPy's .npy: one array (numpy.lib.format, versions 1.0 to 3.0).
 *
 *     | "\x93NUMPY" | major, minor | length: u16 (1.0) or u32 | header | data |
 *
 * The header is a Python literal, padded with spaces and ended by a newline so that the
 * data begins at a multiple of 64:
 *
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
 *
 * Python objects ('|O'), which NumPy keeps as a pickle, are refused. */
#include "formats/stored.h"

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/str.h"
#include "formats/npy.h"

#define MAGIC "\x93NUMPY"
#define MAGIC_BYTES 6
#define PREFIX_BYTES 10 /* magic, version, u16 length: what 1.0 has before its header */
#define DATA_ALIGN 64

/* NumPy's names. bfloat16 and the 8-bit floats have none. */
static const struct {
    const char *name;
    rung_stored_type type;
} descriptions[] = {
    {"|b1", RUNG_STORED_BOOL}, {"|u1", RUNG_STORED_U8},  {"|i1", RUNG_STORED_I8},
    {"<u2", RUNG_STORED_U16},  {"<i2", RUNG_STORED_I16}, {"<f2", RUNG_STORED_F16},
    {"<u4", RUNG_STORED_U32},  {"<i4", RUNG_STORED_I32}, {"<f4", RUNG_STORED_F32},
    {"<u8", RUNG_STORED_U64},  {"<i8", RUNG_STORED_I64}, {"<f8", RUNG_STORED_F64},
};
#define N_DESCRIPTIONS (sizeof descriptions / sizeof descriptions[0])

/* ---- The header's literal ---- */

/* The part of the header that is not read yet. Every step checks it against `end`: the
 * text has no NUL to stop at. */
typedef struct cursor {
    const char *start, *at, *end;
} cursor;

/* What the header says. */
typedef struct npy_header {
    rung_stored_type type;
    bool is_fortran;
    int rank;
    int64_t shape[RUNG_STORED_MAX_RANK];
} npy_header;

/* The one kind of syntax error: what was expected, and where. */
static rung_status header_fault(const cursor *c, const char *wanted, rung_error *err)
{
    return rung_fail(err, RUNG_INPUT, "character %zu of the header: %s expected",
                     (size_t)(c->at - c->start), wanted);
}

static void skip_space(cursor *c)
{
    while (c->at < c->end && isspace((unsigned char)*c->at)) c->at++;
}

/* Steps over `word` if it comes next. */
static bool take(cursor *c, const char *word)
{
    const size_t n = strlen(word);
    skip_space(c);
    if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0) return false;
    c->at += n;
    return true;
}

/* A quoted text without escapes, as NumPy writes names and types. */
static bool take_text(cursor *c, char out[32])
{
    skip_space(c);
    const cursor before = *c;
    const char *quote = take(c, "'") ? "'" : "\"";
    if (*quote == '"' && !take(c, "\"")) return false;
    size_t n = 0;
    while (c->at < c->end && *c->at != *quote && n + 1 < 32) out[n++] = *c->at++;
    out[n] = '\0';
    if (c->at < c->end && *c->at == *quote) {
        c->at++;
        return true;
    }
    *c = before;
    return false;
}

/* Digits only: NumPy writes no sign, and an extent that does not fit is none. */
static bool take_count(cursor *c, int64_t *out)
{
    skip_space(c);
    int64_t value = 0;
    const char *first = c->at;
    for (; c->at < c->end && isdigit((unsigned char)*c->at); c->at++) {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, *c->at - '0', &value)) {
            return false;
        }
    }
    *out = value;
    return c->at > first;
}

/* The first character is the byte order: '<' little-endian, '=' that of the machine, '|'
 * none to speak of (one byte), '>' big-endian, which is refused with the remedy. */
static rung_status read_type(cursor *c, npy_header *h, rung_error *err)
{
    char name[32];
    if (!take_text(c, name)) return header_fault(c, "a simple type such as '<f4'", err);
    const bool any_order = name[0] == '=' || name[0] == '<' || name[0] == '|';
    for (size_t i = 0; i < N_DESCRIPTIONS && any_order; i++) {
        if (strcmp(descriptions[i].name + 1, name + 1) == 0) {
            h->type = descriptions[i].type;
            return RUNG_OK;
        }
    }
    return rung_fail(err, RUNG_INPUT, "elements of type '%s' are not read: %s", name,
                     name[0] == '>' ? "save them little-endian, with array.astype('<f4')"
                                    : "only booleans, integers and f2, f4, f8 are");
}

static rung_status read_order(cursor *c, npy_header *h, rung_error *err)
{
    h->is_fortran = take(c, "True");
    if (h->is_fortran || take(c, "False")) return RUNG_OK;
    return header_fault(c, "True or False", err);
}

/* (), (3,) or (3, 4): a single extent needs its comma. */
static rung_status read_shape(cursor *c, npy_header *h, rung_error *err)
{
    if (!take(c, "(")) return header_fault(c, "'('", err);
    bool more = true;
    while (!take(c, ")")) {
        if (!more) return header_fault(c, "',' or ')'", err);
        if (h->rank == RUNG_STORED_MAX_RANK) {
            return rung_fail(err, RUNG_INPUT, "more than the %d dimensions that are read",
                             RUNG_STORED_MAX_RANK);
        }
        if (!take_count(c, &h->shape[h->rank++])) return header_fault(c, "a count", err);
        more = take(c, ",");
        if (h->rank == 1 && !more) return header_fault(c, "','", err);
    }
    return RUNG_OK;
}

/* The members of the literal, each required once, in any order. */
static const struct {
    const char *key;
    rung_status (*read)(cursor *c, npy_header *h, rung_error *err);
} fields[] = {{"descr", read_type}, {"fortran_order", read_order}, {"shape", read_shape}};
#define N_FIELDS (sizeof fields / sizeof fields[0])

/* `seen` has a bit for each field that was read. */
static rung_status read_field(cursor *c, npy_header *h, unsigned *seen, rung_error *err)
{
    const cursor before = *c;
    char key[32];
    if (!take_text(c, key)) return header_fault(c, "a key", err);
    for (size_t i = 0; i < N_FIELDS; i++) {
        if (strcmp(fields[i].key, key) != 0 || *seen & 1u << i) continue;
        *seen |= 1u << i;
        if (!take(c, ":")) return header_fault(c, "':'", err);
        return fields[i].read(c, h, err);
    }
    return header_fault(&before, "'descr', 'fortran_order' and 'shape', each once,", err);
}

static rung_status parse_header(const char *text, size_t size, npy_header *h,
                                rung_error *err)
{
    cursor c = {text, text, text + size};
    unsigned seen = 0;
    if (!take(&c, "{")) return header_fault(&c, "'{'", err);
    for (size_t i = 0; i < N_FIELDS; i++) {
        RUNG_TRY(read_field(&c, h, &seen, err));
        if (!take(&c, ",") && i + 1 < N_FIELDS) return header_fault(&c, "','", err);
    }
    if (!take(&c, "}")) return header_fault(&c, "'}'", err);
    skip_space(&c);
    return c.at == c.end ? RUNG_OK : header_fault(&c, "the end", err);
}

/* ---- Reading ---- */

/* Where the header lies: after the length, which is of 2 bytes in version 1 and of 4 in
 * 2 and 3. */
static rung_status find_header(const rung_mapped *map, size_t *at, size_t *size,
                               rung_error *err)
{
    if (map->size < PREFIX_BYTES || memcmp(map->bytes, MAGIC, MAGIC_BYTES) != 0) {
        return rung_fail(err, RUNG_INPUT, "byte 0: no .npy file begins like this");
    }
    const int major = map->bytes[6], minor = map->bytes[7];
    if (major < 1 || major > 3 || minor != 0) {
        return rung_fail(err, RUNG_INPUT,
                         "byte 6: version %d.%d is not one of 1.0, 2.0, 3.0", major,
                         minor);
    }
    const size_t length_bytes = major == 1 ? 2 : 4;
    uint32_t length = 0;
    *at = MAGIC_BYTES + 2 + length_bytes;
    if (map->size >= *at) memcpy(&length, map->bytes + 8, length_bytes);
    if (map->size < *at || length > map->size - *at) {
        return rung_fail(err, RUNG_INPUT,
                         "byte 8: a header of %u bytes does not fit into the file's %zu "
                         "(truncated?)",
                         length, map->size);
    }
    *size = length;
    return RUNG_OK;
}

/* out[i, j] = in[j, i] in tiles that stay in the cache: out is [rows, cols], in is
 * [cols, rows]. */
static inline void transpose_elements(unsigned char *out, const unsigned char *in,
                                      size_t rows, size_t cols, size_t element)
{
    const size_t tile = 32;
    for (size_t row = 0; row < rows; row += tile) {
        for (size_t col = 0; col < cols; col += tile) {
            for (size_t i = row; i < rows && i < row + tile; i++) {
                for (size_t j = col; j < cols && j < col + tile; j++) {
                    memcpy(out + (i * cols + j) * element, in + (j * rows + i) * element,
                           element);
                }
            }
        }
    }
}

/* One loop for each size, so that an element is one load and one store. */
static void transpose(void *out, const unsigned char *in, size_t rows, size_t cols,
                      size_t element)
{
    switch (element) {
    case 1:
        transpose_elements(out, in, rows, cols, 1);
        break;
    case 2:
        transpose_elements(out, in, rows, cols, 2);
        break;
    case 4:
        transpose_elements(out, in, rows, cols, 4);
        break;
    default:
        transpose_elements(out, in, rows, cols, 8);
        break;
    }
}

/* The array as it lies in the mapping, its size checked. */
static rung_status check_data(rung__npy_map *out, const npy_header *h,
                              const unsigned char *data, size_t size, rung_error *err)
{
    char shape[RUNG_SHAPE_TEXT_BYTES];
    size_t bytes;
    rung__shape_text(shape, h->rank, h->shape);
    if (!rung__stored_size(h->type, h->rank, h->shape, &bytes)) {
        return rung_fail(err, RUNG_INPUT, "shape %s overflows", shape);
    }
    if (bytes != size) {
        return rung_fail(err, RUNG_INPUT, "%zu bytes of data are not the %zu of %s %s%s",
                         size, bytes, rung_stored_type_name(h->type), shape,
                         size < bytes ? " (truncated?)" : "");
    }
    out->array =
        (rung_stored){.type = h->type, .rank = h->rank, .data = data, .bytes = bytes};
    memcpy(out->array.shape, h->shape, sizeof h->shape);
    out->is_fortran = h->is_fortran;
    return RUNG_OK;
}

static rung_status map_array(rung__npy_map *out, const char *path, rung_error *err)
{
    size_t at = 0, size = 0;
    npy_header header = {0};
    const rung_mapped *map = &out->map;
    RUNG_TRY(rung__map_open(&out->map, path, err));
    RUNG_TRY(find_header(map, &at, &size, err));
    RUNG_TRY(parse_header((const char *)map->bytes + at, size, &header, err));
    return check_data(out, &header, map->bytes + at + size, map->size - at - size, err);
}

rung_status rung__npy_map_open(rung__npy_map *out, const char *path, rung_error *err)
{
    *out = (rung__npy_map){0};
    const rung_status status = map_array(out, path, err);
    if (status != RUNG_OK) rung_fail_within(err, "%s", path);
    if (status != RUNG_OK) rung__npy_map_close(out);
    return status;
}

void rung__npy_map_close(rung__npy_map *map)
{
    rung__map_close(&map->map);
    *map = (rung__npy_map){0};
}

/* The data is copied: the caller owns it beyond the mapping, and order and alignment are
 * right. */
static rung_status copy_data(rung_npy *out, const rung__npy_map *map, rung_error *err)
{
    const rung_stored *t = &map->array;
    char shape[RUNG_SHAPE_TEXT_BYTES];
    if (map->is_fortran && t->rank > 2) {
        return rung_fail(err, RUNG_INPUT,
                         "shape %s in Fortran order: save numpy.ascontiguousarray(array)",
                         rung__shape_text(shape, t->rank, t->shape));
    }
    void *copy = rung__alloc(t->bytes);
    if (!copy) return rung__out_of_memory(err, t->bytes, "an array");
    const size_t element = rung_stored_type_bytes(t->type);
    if (map->is_fortran && t->rank == 2) {
        transpose(copy, t->data, (size_t)t->shape[0], (size_t)t->shape[1], element);
    } else if (t->bytes) {
        memcpy(copy, t->data, t->bytes);
    }
    *out = (rung_npy){.type = t->type, .rank = t->rank, .data = copy, .bytes = t->bytes};
    memcpy(out->shape, t->shape, sizeof out->shape);
    return RUNG_OK;
}

rung_status rung_npy_read(rung_npy *out, const char *path, rung_error *err)
{
    rung__npy_map map;
    *out = (rung_npy){0};
    RUNG_TRY(rung__npy_map_open(&map, path, err));
    const rung_status status = copy_data(out, &map, err);
    if (status != RUNG_OK) rung_fail_within(err, "%s", path);
    rung__npy_map_close(&map);
    return status;
}

void rung_npy_release(rung_npy *npy)
{
    rung__free(npy->data);
    *npy = (rung_npy){0};
}

/* ---- Writing ---- */

/* NULL for the types that NumPy lacks. */
static const char *description_of(rung_stored_type type)
{
    for (size_t i = 0; i < N_DESCRIPTIONS; i++) {
        if (descriptions[i].type == type) return descriptions[i].name;
    }
    return NULL;
}

/* Everything before the data, in version 1.0: at rank 8 it takes 256 bytes at most. */
static rung_status make_header(rung_str *text, const rung_stored *t,
                               const char *description, rung_error *err)
{
    rung_str_add_bytes(text, MAGIC "\1\0\0\0", PREFIX_BYTES);
    rung_str_addf(text, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                  description);
    for (int i = 0; i < t->rank; i++) {
        rung_str_addf(text, "%s%lld", i ? ", " : "", (long long)t->shape[i]);
    }
    rung_str_add(text, t->rank == 1 ? ",), }" : "), }");
    while (!text->failed && (text->len + 1) % DATA_ALIGN != 0) rung_str_add(text, " ");
    rung_str_add(text, "\n");
    if (text->failed) return rung__out_of_memory(err, text->len, "an .npy header");
    const uint16_t length = (uint16_t)(text->len - PREFIX_BYTES);
    memcpy(text->data + MAGIC_BYTES + 2, &length, sizeof length);
    return RUNG_OK;
}

rung_status rung_npy_write(const char *path, const rung_stored *t, rung_error *err)
{
    RUNG_TRY(rung__stored_check(t, err));
    const char *description = description_of(t->type);
    if (!description) {
        return rung_fail(
            err, RUNG_UNSUPPORTED,
            "%s: .npy has no type for %s: convert to F32, or write safetensors", path,
            rung_stored_type_name(t->type));
    }
    rung_str header = {0};
    rung_writer w;
    rung_status status = make_header(&header, t, description, err);
    if (status == RUNG_OK) status = rung_writer_open(&w, path, err);
    if (status == RUNG_OK) {
        rung_writer_write(&w, header.data, header.len);
        rung_writer_write(&w, t->data, t->bytes);
        status = rung_writer_commit(&w, err);
    }
    rung_str_release(&header);
    return status;
}
