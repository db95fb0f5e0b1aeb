/* safetensors: read and write.
 *
 *     | u64 N | N bytes of JSON, padded with spaces | data of all tensors, back to back |
 *
 *     {"__metadata__": {key: value, ...},
 *      name: {"dtype": "F32", "shape": [2,3], "data_offsets": [begin, end]}, ...}
 *
 * Numbers are little-endian; offsets count from the start of the data, `end` is
 * exclusive. Every byte of data belongs to exactly one tensor: no holes, no overlaps,
 * nothing behind the last one. The checks are those of the format's reference reader
 * (github.com/huggingface/safetensors). */
#include "formats/stored.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"
#include "base/str.h"
#include "formats/mapped.h"

#define LENGTH_BYTES 8
#define MAX_HEADER_BYTES 100000000 /* the reference reader's limit */
#define METADATA_KEY "__metadata__"

/* One entry of the metadata; both texts lie in the header. */
typedef struct pair {
    const char *key, *value;
} pair;

struct rung_safetensors {
    rung_mapped map;
    json_t *header;              /* owns names, keys and values */
    rung_stored *tensors;        /* [count], in the order of their data */
    const rung_stored **by_name; /* [count], sorted by name */
    size_t count;
    pair *metadata; /* [metadata_count], as in the file */
    size_t metadata_count;
};

/* ---- Reading ---- */

static uint64_t load_u64(const unsigned char *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

/* Finds the JSON between the length and the data. The order of the checks matters: the
 * length is compared with what the file still holds, so that no sum can overflow, and
 * the first byte of the header is looked at only when there is one. */
static rung_status find_header(const rung_mapped *map, size_t *size, rung_error *err)
{
    if (map->size < LENGTH_BYTES) {
        return rung_fail(err, RUNG_INPUT,
                         "%zu bytes are too few for a safetensors file (truncated?)",
                         map->size);
    }
    const uint64_t length = load_u64(map->bytes);
    if (length > MAX_HEADER_BYTES) {
        return rung_fail(err, RUNG_INPUT,
                         "byte 0: a header of %llu bytes is over the limit of %d "
                         "(not a safetensors file?)",
                         (unsigned long long)length, MAX_HEADER_BYTES);
    }
    if (length > map->size - LENGTH_BYTES) {
        return rung_fail(
            err, RUNG_INPUT,
            "byte 8: a header of %llu bytes does not fit into the file's %zu "
            "(truncated?)",
            (unsigned long long)length, map->size);
    }
    if (length == 0 || map->bytes[LENGTH_BYTES] != '{') {
        return rung_fail(err, RUNG_INPUT, "byte 8: the header does not begin with '{'");
    }
    *size = (size_t)length;
    return RUNG_OK;
}

/* Parses the header into a tree, from which everything else borrows its texts. */
static rung_status parse_header(rung_safetensors *file, size_t size, rung_error *err)
{
    const char *text = (const char *)file->map.bytes + LENGTH_BYTES;
    json_error_t fault = {0};
    file->header = rung__json_load(text, size, &fault);
    if (file->header) return RUNG_OK;
    if (json_error_code(&fault) == json_error_out_of_memory) {
        return rung__out_of_memory(err, size, "the header of a safetensors file");
    }
    return rung_fail(err, RUNG_INPUT, "byte %d: the header is not valid JSON: %s",
                     LENGTH_BYTES + fault.position, fault.text);
}

/* Reads the shape and the size that follows from it. Scalars have the shape []; an
 * extent of 0 is allowed and makes the tensor empty. */
static rung_status read_shape(rung_stored *t, const json_t *shape, rung_error *err)
{
    if (!json_is_array(shape)) return rung_fail(err, RUNG_INPUT, "'shape' is not a list");
    const size_t rank = json_array_size(shape);
    if (rank > RUNG_STORED_MAX_RANK) {
        return rung_fail(err, RUNG_INPUT,
                         "%zu dimensions are more than the %d that are read", rank,
                         RUNG_STORED_MAX_RANK);
    }
    t->rank = (int)rank;
    for (size_t i = 0; i < rank; i++) {
        const json_t *extent = json_array_get(shape, i);
        if (!json_is_integer(extent) || json_integer_value(extent) < 0) {
            return rung_fail(err, RUNG_INPUT, "dimension %zu of 'shape' is not a count",
                             i);
        }
        t->shape[i] = json_integer_value(extent);
    }
    if (!rung__stored_size(t->type, t->rank, t->shape, &t->bytes)) {
        char text[RUNG_SHAPE_TEXT_BYTES];
        return rung_fail(err, RUNG_INPUT, "shape %s of %s overflows",
                         rung__shape_text(text, t->rank, t->shape),
                         rung_stored_type_name(t->type));
    }
    return RUNG_OK;
}

/* Places the tensor into the data; its range must lie in there and be as long as its
 * shape asks. */
static rung_status read_range(rung_stored *t, const json_t *range,
                              const unsigned char *data, size_t data_size,
                              rung_error *err)
{
    const json_t *first = json_array_get(range, 0), *last = json_array_get(range, 1);
    if (json_array_size(range) != 2 || !json_is_integer(first) ||
        !json_is_integer(last)) {
        return rung_fail(err, RUNG_INPUT, "'data_offsets' is not a pair of integers");
    }
    const int64_t begin = json_integer_value(first), end = json_integer_value(last);
    if (begin < 0 || end < begin || (uint64_t)end > data_size) {
        return rung_fail(
            err, RUNG_INPUT,
            "range [%lld,%lld) does not lie in the %zu bytes of data (truncated?)",
            (long long)begin, (long long)end, data_size);
    }
    if ((uint64_t)(end - begin) != t->bytes) {
        char text[RUNG_SHAPE_TEXT_BYTES];
        return rung_fail(
            err, RUNG_INPUT, "range [%lld,%lld) is not the %zu bytes of %s %s",
            (long long)begin, (long long)end, t->bytes, rung_stored_type_name(t->type),
            rung__shape_text(text, t->rank, t->shape));
    }
    t->data = data + begin;
    return RUNG_OK;
}

/* Reads one entry of the header. Members that the format does not know are ignored, as
 * the reference reader does. */
static rung_status read_tensor(rung_stored *t, const json_t *entry,
                               const unsigned char *data, size_t data_size,
                               rung_error *err)
{
    const char *type = json_string_value(json_object_get(entry, "dtype"));
    if (!type) return rung_fail(err, RUNG_INPUT, "no text 'dtype'");
    t->type = rung__stored_type_find(type);
    if (t->type == RUNG_STORED_COUNT) {
        return rung_fail(err, RUNG_INPUT, "elements of type '%.100s' are not known",
                         type);
    }
    RUNG_TRY(read_shape(t, json_object_get(entry, "shape"), err));
    return read_range(t, json_object_get(entry, "data_offsets"), data, data_size, err);
}

/* The pairs keep their order in the file, so that a file can be shown and rewritten as
 * it was. */
static rung_status read_metadata(rung_safetensors *file, json_t *object, rung_error *err)
{
    if (!json_is_object(object)) {
        return rung_fail(err, RUNG_INPUT, METADATA_KEY " is not an object");
    }
    file->metadata = rung__alloc_array(json_object_size(object), sizeof *file->metadata);
    if (!file->metadata) {
        return rung__out_of_memory(err, json_object_size(object) * sizeof *file->metadata,
                                   "metadata");
    }
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        if (!json_is_string(value)) {
            return rung_fail(err, RUNG_INPUT, METADATA_KEY " '%.100s' is not text", key);
        }
        file->metadata[file->metadata_count++] = (pair){key, json_string_value(value)};
    }
    return RUNG_OK;
}

/* By place in the file. Empty tensors share their place with a neighbour and must come
 * before it, or they would seem to overlap. */
static int compare_places(const void *left, const void *right)
{
    const rung_stored *a = left, *b = right;
    const uintptr_t at_a = (uintptr_t)a->data, at_b = (uintptr_t)b->data;
    if (at_a != at_b) return at_a < at_b ? -1 : 1;
    if (a->bytes != b->bytes) return a->bytes < b->bytes ? -1 : 1;
    return strcmp(a->name, b->name);
}

static int compare_names(const void *left, const void *right)
{
    const rung_stored *const *a = left, *const *b = right;
    return strcmp((*a)->name, (*b)->name);
}

/* Walks over the tensors in the order of their data: each must begin where the last one
 * ends, and the last one where the file ends. A hole could hide bytes, an overlap would
 * let two names share what one of them may change. */
static rung_status check_cover(const rung_safetensors *file, const unsigned char *data,
                               size_t data_size, rung_error *err)
{
    const unsigned char *end = data;
    for (size_t i = 0; i < file->count; i++) {
        const rung_stored *t = &file->tensors[i];
        const unsigned char *begin = t->data;
        if (begin < end) {
            return rung_fail(err, RUNG_INPUT,
                             "tensors '%.100s' and '%.100s' overlap at byte %zu",
                             t[-1].name, t->name, (size_t)(begin - file->map.bytes));
        }
        if (begin > end) {
            return rung_fail(err, RUNG_INPUT,
                             "byte %zu: %zu bytes before tensor '%.100s' "
                             "belong to no tensor",
                             (size_t)(end - file->map.bytes), (size_t)(begin - end),
                             t->name);
        }
        end = begin + t->bytes;
    }
    if (end != data + data_size) {
        return rung_fail(
            err, RUNG_INPUT, "byte %zu: the last %zu bytes belong to no tensor",
            (size_t)(end - file->map.bytes), (size_t)(data + data_size - end));
    }
    return RUNG_OK;
}

/* Reads all entries, then sorts: once by place, for the walk and for callers that read
 * the file from front to back, and once by name. */
static rung_status read_tensors(rung_safetensors *file, const unsigned char *data,
                                size_t data_size, rung_error *err)
{
    const size_t n = json_object_size(file->header);
    file->tensors = rung__alloc_array(n, sizeof *file->tensors);
    file->by_name = rung__alloc_array(n, sizeof *file->by_name);
    if (!file->tensors || !file->by_name) {
        return rung__out_of_memory(err, n * sizeof *file->tensors, "a list of tensors");
    }
    const char *name;
    json_t *entry;
    json_object_foreach(file->header, name, entry)
    {
        if (strcmp(name, METADATA_KEY) == 0) {
            RUNG_TRY(read_metadata(file, entry, err));
            continue;
        }
        rung_stored *t = &file->tensors[file->count];
        t->name = name;
        const rung_status status = read_tensor(t, entry, data, data_size, err);
        if (status != RUNG_OK) {
            rung_fail_within(err, "tensor '%.100s'", name);
            return status;
        }
        file->count++;
    }
    qsort(file->tensors, file->count, sizeof *file->tensors, compare_places);
    for (size_t i = 0; i < file->count; i++) file->by_name[i] = &file->tensors[i];
    qsort(file->by_name, file->count, sizeof *file->by_name, compare_names);
    return check_cover(file, data, data_size, err);
}

static rung_status read_file(rung_safetensors *file, const char *path, rung_error *err)
{
    size_t header_size = 0;
    RUNG_TRY(rung__map_open(&file->map, path, err));
    RUNG_TRY(find_header(&file->map, &header_size, err));
    RUNG_TRY(parse_header(file, header_size, err));
    const size_t data_at = LENGTH_BYTES + header_size;
    return read_tensors(file, file->map.bytes + data_at, file->map.size - data_at, err);
}

rung_status rung_safetensors_open(rung_safetensors **out, const char *path,
                                  rung_error *err)
{
    *out = NULL;
    rung_safetensors *file = rung__alloc(sizeof *file);
    if (!file) return rung__out_of_memory(err, sizeof *file, "a safetensors file");
    const rung_status status = read_file(file, path, err);
    if (status != RUNG_OK) {
        rung_fail_within(err, "%s", path);
        rung_safetensors_close(file);
        return status;
    }
    *out = file;
    return RUNG_OK;
}

void rung_safetensors_close(rung_safetensors *file)
{
    if (!file) return;
    rung__free(file->metadata);
    rung__free(file->by_name);
    rung__free(file->tensors);
    json_decref(file->header);
    rung__map_close(&file->map);
    rung__free(file);
}

void rung_safetensors_forget(const rung_safetensors *file, const rung_stored *t)
{
    if (t->bytes) rung__map_forget(&file->map, t->data, t->bytes);
}

size_t rung_safetensors_count(const rung_safetensors *file)
{
    return file->count;
}

const rung_stored *rung_safetensors_at(const rung_safetensors *file, size_t i)
{
    return i < file->count ? &file->tensors[i] : NULL;
}

const rung_stored *rung_safetensors_find(const rung_safetensors *file, const char *name)
{
    const rung_stored wanted = {.name = name}, *key = &wanted;
    const rung_stored **found =
        bsearch(&key, file->by_name, file->count, sizeof *file->by_name, compare_names);
    return found ? *found : NULL;
}

const char *rung_safetensors_metadata(const rung_safetensors *file, const char *key)
{
    return json_string_value(
        json_object_get(json_object_get(file->header, METADATA_KEY), key));
}

size_t rung_safetensors_metadata_count(const rung_safetensors *file)
{
    return file->metadata_count;
}

void rung_safetensors_metadata_at(const rung_safetensors *file, size_t i,
                                  const char **key, const char **value)
{
    const bool is_there = i < file->metadata_count;
    *key = is_there ? file->metadata[i].key : NULL;
    *value = is_there ? file->metadata[i].value : NULL;
}

/* ---- Writing ---- */

/* Large elements first, so that each tensor is aligned to its elements. */
static int compare_for_writing(const void *left, const void *right)
{
    const rung_stored *a = *(const rung_stored *const *)left;
    const rung_stored *b = *(const rung_stored *const *)right;
    const size_t size_a = rung_stored_type_bytes(a->type),
                 size_b = rung_stored_type_bytes(b->type);
    if (size_a != size_b) return size_a > size_b ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* Adds the one member of `member` (taken; NULL after `fault`), which must be new. */
static rung_status add_member(json_t *object, json_t *member, const char *key,
                              const json_error_t *fault, rung_error *err)
{
    rung_status status = RUNG_OK;
    if (!member && json_error_code(fault) == json_error_invalid_utf8) {
        status = rung_fail(err, RUNG_USAGE, "'%s' is not UTF-8 text", key);
    } else if (json_object_get(object, key)) {
        status = rung_fail(err, RUNG_USAGE, "'%s' is given twice", key);
    } else if (!member || json_object_update(object, member)) {
        status = rung__out_of_memory(err, strlen(key), "a safetensors header");
    }
    json_decref(member);
    return status;
}

/* The first member of the header, in the caller's order of pairs. */
static rung_status add_metadata(json_t *header, const char *const *pairs, rung_error *err)
{
    json_t *object = json_object();
    if (json_object_set_new(header, METADATA_KEY, object)) {
        return rung__out_of_memory(err, sizeof METADATA_KEY, "a safetensors header");
    }
    for (; *pairs; pairs += 2) {
        if (!pairs[1]) {
            return rung_fail(err, RUNG_USAGE, "metadata '%s' has no value", pairs[0]);
        }
        json_error_t fault = {0};
        json_t *member = json_pack_ex(&fault, 0, "{s:s}", pairs[0], pairs[1]);
        RUNG_TRY(add_member(object, member, pairs[0], &fault, err));
    }
    return RUNG_OK;
}

/* Adds a tensor whose data begins `begin` bytes after the header. */
static rung_status add_tensor(json_t *header, const rung_stored *t, size_t begin,
                              rung_error *err)
{
    if (strcmp(t->name, METADATA_KEY) == 0) {
        return rung_fail(err, RUNG_USAGE, "no tensor can be called '%s'", t->name);
    }
    json_t *shape = json_array(), *member = NULL;
    for (int i = 0; i < t->rank; i++) {
        json_array_append_new(shape, json_integer(t->shape[i]));
    }
    json_error_t fault = {0};
    if (json_array_size(shape) == (size_t)t->rank) {
        const json_int_t first = (json_int_t)begin, end = first + (json_int_t)t->bytes;
        member = json_pack_ex(&fault, 0, "{s:{s:s,s:O,s:[I,I]}}", t->name, "dtype",
                              rung_stored_type_name(t->type), "shape", shape,
                              "data_offsets", first, end);
    }
    json_decref(shape);
    return add_member(header, member, t->name, &fault, err);
}

/* For json_dump_callback. A failed allocation is remembered by the string. */
static int append_text(const char *bytes, size_t n, void *text)
{
    rung_str_add_bytes(text, bytes, n);
    return 0;
}

/* The header of tensors in their final order, padded so that the data begins at a
 * multiple of 8. */
static rung_status make_header(rung_str *text, const rung_stored *const *order, size_t n,
                               const char *const *metadata, rung_error *err)
{
    rung__json_use_alloc();
    json_t *header = json_object();
    rung_status status =
        header ? RUNG_OK : rung__out_of_memory(err, n, "a safetensors header");
    if (status == RUNG_OK && metadata) status = add_metadata(header, metadata, err);
    size_t begin = 0;
    for (size_t i = 0; i < n && status == RUNG_OK; i++) {
        status = add_tensor(header, order[i], begin, err);
        begin += order[i]->bytes;
    }
    if (status == RUNG_OK &&
        json_dump_callback(header, append_text, text, JSON_COMPACT)) {
        text->failed = true;
    }
    json_decref(header);
    RUNG_TRY(status);
    while (!text->failed && text->len % 8 != 0) rung_str_add(text, " ");
    if (text->failed) return rung__out_of_memory(err, text->len, "a safetensors header");
    if (text->len > MAX_HEADER_BYTES) {
        return rung_fail(err, RUNG_USAGE, "a header of %zu bytes is over the limit of %d",
                         text->len, MAX_HEADER_BYTES);
    }
    return RUNG_OK;
}

/* Data goes from the caller's memory to the system without a copy: stdio hands large
 * blocks through. */
static rung_status write_file(const char *path, const rung_str *header,
                              const rung_stored *const *order, size_t n, rung_error *err)
{
    rung_writer w;
    RUNG_TRY(rung_writer_open(&w, path, err));
    const uint64_t length = header->len;
    rung_writer_write(&w, &length, sizeof length);
    rung_writer_write(&w, header->data, header->len);
    for (size_t i = 0; i < n; i++) rung_writer_write(&w, order[i]->data, order[i]->bytes);
    return rung_writer_commit(&w, err);
}

/* All that can be wrong with the tensors is found before the file is begun. */
static rung_status check_and_write(const char *path, const rung_stored **order, size_t n,
                                   const char *const *metadata, rung_error *err)
{
    for (size_t i = 0; i < n; i++) RUNG_TRY(rung__stored_check(order[i], err));
    qsort(order, n, sizeof *order, compare_for_writing);
    rung_str header = {0};
    rung_status status = make_header(&header, order, n, metadata, err);
    if (status == RUNG_OK) status = write_file(path, &header, order, n, err);
    rung_str_release(&header);
    return status;
}

rung_status rung_safetensors_write(const char *path, const rung_stored *tensors, size_t n,
                                   const char *const *metadata, rung_error *err)
{
    const rung_stored **order = rung__alloc_array(n, sizeof *order);
    if (!order) return rung__out_of_memory(err, n * sizeof *order, "a list of tensors");
    for (size_t i = 0; i < n; i++) order[i] = &tensors[i];
    const rung_status status = check_and_write(path, order, n, metadata, err);
    rung__free(order);
    return status;
}
