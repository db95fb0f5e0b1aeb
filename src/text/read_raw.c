/* Raw text: from a file, a folder of files, standard input, or memory. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/hash.h"
#include "rung/text.h"
#include "text/raw.h"
#include "base/stream.h"
#include "text/unicode.h"

#define FIRST_BYTES ((size_t)1 << 20) /* where a NUL byte tells that it is no text */
#define MAX_ODD_SHARE 0.3             /* of bytes that are not UTF-8, or controls */

/* ---- What is not text ---- */

/* Formats that people take for text, by what they begin with. */
static const struct {
    const char *magic;
    int offset;
    const char *advice;
} not_text[] = {
    {"ustar", 257, "a tar archive: unpack it and name the folder"},
    {"PK\003\004", 0, "a zip archive or office document: unpack it or save it as text"},
    {"BZh", 0, "a bzip2 file: unpack it first"},
    {"%PDF-", 0, "a PDF: convert it to text first"},
    {"\xFF\xFE", 0, "UTF-16: convert it to UTF-8 first"},
    {"\xFE\xFF", 0, "UTF-16: convert it to UTF-8 first"},
};

static const char *known_format(const char *bytes, size_t size)
{
    for (size_t i = 0; i < sizeof not_text / sizeof not_text[0]; i++) {
        const size_t begin = (size_t)not_text[i].offset, n = strlen(not_text[i].magic);
        if (begin + n > size) continue;
        if (memcmp(bytes + begin, not_text[i].magic, n) == 0) return not_text[i].advice;
    }
    return NULL;
}

/* Control characters that text does not use; tabs, line and page ends are text. Sums of
 * bytes over a fixed number of them are a loop of vectors. */
enum { LANES = 128 };

static size_t count_controls(const char *bytes, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < size; i += LANES) {
        const size_t left = size - i < LANES ? size - i : LANES;
        unsigned char part[LANES], few = 0;
        if (left < LANES) memset(part, ' ', LANES);
        memcpy(part, bytes + i, left);
        for (size_t k = 0; k < LANES; k++) {
            const unsigned char c = part[k];
            few = (unsigned char)(few +
                                  ((c < '\t') | ((c > '\r') & (c < ' ')) | (c == 0x7F)));
        }
        n += few;
    }
    return n;
}

rung_status rung__text_check(const char *path, const char *bytes, size_t size,
                             rung_error *err)
{
    if (size == 0) return rung_fail(err, RUNG_INPUT, "'%s' is empty", path);
    const char *nul = memchr(bytes, '\0', size < FIRST_BYTES ? size : FIRST_BYTES);
    const size_t n_invalid = rung__utf8_count_invalid(bytes, size);
    const size_t n_controls = count_controls(bytes, size);
    const bool is_text =
        !nul && (double)(n_invalid + n_controls) <= MAX_ODD_SHARE * (double)size;
    if (is_text) return RUNG_OK;
    const char *advice = known_format(bytes, size);
    if (advice)
        return rung_fail(err, RUNG_INPUT, "'%s' is not text but %s", path, advice);
    if (nul) {
        return rung_fail(err, RUNG_INPUT, "'%s' is not text: byte %zu is NUL", path,
                         (size_t)(nul - bytes));
    }
    return rung_fail(
        err, RUNG_INPUT,
        "'%s' is not text: of %zu bytes %zu are not UTF-8 and %zu are control "
        "characters; if it is in another encoding, convert it to UTF-8",
        path, size, n_invalid, n_controls);
}

/* ---- Reading ---- */

/* A text that grows. */
typedef struct growing {
    char *bytes;
    size_t size, cap; /* cap is 0 or more than size: there is room for the NUL */
    size_t max;       /* bytes, SIZE_MAX: no limit */
} growing;

static rung_status reserve(growing *g, size_t more, rung_error *err)
{
    const size_t needed = g->size + more + 1;
    if (needed <= g->cap) return RUNG_OK;
    const size_t cap = needed > 2 * g->cap ? needed : 2 * g->cap;
    char *bytes = rung__realloc(g->bytes, cap);
    if (!bytes) return rung__out_of_memory(err, cap, "the text");
    g->bytes = bytes;
    g->cap = cap;
    return RUNG_OK;
}

#define STEP_BYTES ((size_t)1 << 16)

static rung_status append_stream(growing *g, rung__stream *s, rung_error *err)
{
    while (g->size < g->max) {
        if (g->cap < g->size + 2) RUNG_TRY(reserve(g, STEP_BYTES, err));
        const size_t room = g->cap - g->size - 1, left = g->max - g->size;
        size_t got;
        RUNG_TRY(rung__stream_read(s, g->bytes + g->size, room < left ? room : left, &got,
                                   err));
        if (got == 0) return RUNG_OK;
        g->size += got;
    }
    g->size = rung__utf8_whole(g->bytes, g->size); // the limit may have cut a character
    return RUNG_OK;
}

/* Appends one file, unpacked. */
static rung_status append_file(growing *g, const char *path, rung_error *err)
{
    const int64_t file_size =
        rung_file_size(path); // -1: no file; less than a packed one's
    const size_t guess = file_size > 0 ? (size_t)file_size : STEP_BYTES;
    const size_t left = g->max - g->size;
    RUNG_TRY(
        reserve(g, (guess < left ? guess : left) + 1, err)); // the end is one byte on
    rung__stream *s;
    RUNG_TRY(rung__stream_open(&s, path, err));
    const rung_status status = append_stream(g, s, err);
    rung__stream_close(s);
    return status;
}

static rung_status read_file(growing *g, const char *path, rung_error *err)
{
    RUNG_TRY(append_file(g, path, err));
    return rung__text_check(path, g->bytes, g->size, err);
}

/* ---- Folders ---- */

void rung__paths_release(rung__paths *list)
{
    for (size_t i = 0; i < list->n; i++) rung__free(list->paths[i]);
    rung__free(list->paths);
    *list = (rung__paths){0};
}

/* Takes `path`. */
static rung_status add_path(rung__paths *list, char *path, rung_error *err)
{
    if (list->n == list->cap) {
        const size_t cap = 2 * list->cap + 16;
        char **paths = rung__realloc(list->paths, cap * sizeof *paths);
        if (!paths) {
            rung__free(path);
            return rung__out_of_memory(err, cap * sizeof *paths, "a folder's files");
        }
        list->paths = paths;
        list->cap = cap;
    }
    list->paths[list->n++] = path;
    return RUNG_OK;
}

static rung_status collect(rung__paths *list, const char *dir, rung_error *err);

/* A regular file, also behind a link, or a folder, but not behind a link: those may lead
 * in circles. Takes `path`. */
static rung_status collect_one(rung__paths *list, char *path, rung_error *err)
{
    struct stat here, there;
    if (lstat(path, &here) == 0 && S_ISDIR(here.st_mode)) {
        const rung_status status = collect(list, path, err);
        rung__free(path);
        return status;
    }
    if (stat(path, &there) == 0 && S_ISREG(there.st_mode))
        return add_path(list, path, err);
    rung__free(path);
    return RUNG_OK;
}

/* The files below `dir`, without hidden files and folders (.git, .DS_Store). */
static rung_status collect(rung__paths *list, const char *dir, rung_error *err)
{
    rung_names names;
    RUNG_TRY(rung_list_dir(dir, &names, err));
    rung_status status = RUNG_OK;
    for (size_t i = 0; i < names.count && status == RUNG_OK; i++) {
        if (names.names[i][0] == '.') continue;
        char *path = rung_path_join(dir, names.names[i]);
        status = path ? collect_one(list, path, err)
                      : rung__out_of_memory(err, strlen(dir), "a path");
    }
    rung_names_release(&names);
    return status;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

rung_status rung__text_paths(rung__paths *list, const char *path, rung_error *err)
{
    *list = (rung__paths){0};
    rung_status status = RUNG_OK;
    if (rung_path_is_dir(path)) {
        status = collect(list, path, err);
        if (list->n > 0) qsort(list->paths, list->n, sizeof *list->paths, by_bytes);
    } else {
        char *copy = rung__strdup(path);
        status = copy ? add_path(list, copy, err)
                      : rung__out_of_memory(err, strlen(path) + 1, "a path");
    }
    if (status != RUNG_OK) rung__paths_release(list);
    return status;
}

/* Appends those of the files that are text; why the first of the others is none goes to
 * *why. A file that cannot be read or unpacked is an error. */
static rung_status append_files(growing *g, const rung__paths *list, rung_error *why,
                                rung_error *err)
{
    for (size_t i = 0; i < list->n && g->size < g->max; i++) {
        const size_t before = g->size;
        RUNG_TRY(reserve(g, 1, err));
        if (before > 0 && g->bytes[before - 1] != '\n') g->bytes[g->size++] = '\n';
        const size_t begin = g->size;
        RUNG_TRY(append_file(g, list->paths[i], err));
        rung_error problem;
        if (rung__text_check(list->paths[i], g->bytes + begin, g->size - begin,
                             &problem)) {
            g->size = before;
            if (!why->message[0]) *why = problem;
        }
    }
    return RUNG_OK;
}

static rung_status read_folder(growing *g, const char *path, rung_error *err)
{
    rung__paths list;
    rung_error why = {0};
    RUNG_TRY(rung__text_paths(&list, path, err));
    rung_status status = append_files(g, &list, &why, err);
    if (status == RUNG_OK && g->size == 0) {
        status =
            rung_fail(err, RUNG_INPUT, "folder '%s' has no text among its %zu files%s%s",
                      path, list.n, list.n > 0 ? ": " : "", why.message);
    }
    rung__paths_release(&list);
    return status;
}

/* ---- Public ---- */

rung_status rung__text_take(rung_text *text, const char *name, char *bytes, size_t size,
                            rung_error *err)
{
    char *copy = rung__strdup(name);
    if (!copy) {
        rung__free(bytes);
        return rung__out_of_memory(err, strlen(name) + 1, "a text's name");
    }
    *text = (rung_text){.bytes = bytes, .size = size, .name = copy};
    text->n_invalid = (int64_t)rung__utf8_count_invalid(bytes, size);
    rung_sha256 hash;
    rung_sha256_init(&hash);
    rung_sha256_add(&hash, bytes, size);
    rung_sha256_hex(&hash, text->sha256);
    return RUNG_OK;
}

rung_status rung_text_read(rung_text *text, const char *path, size_t max_bytes,
                           rung_error *err)
{
    growing g = {.max = max_bytes ? max_bytes : SIZE_MAX / 4};
    const rung_status status =
        rung_path_is_dir(path) ? read_folder(&g, path, err) : read_file(&g, path, err);
    if (status != RUNG_OK) {
        rung__free(g.bytes);
        return status;
    }
    g.bytes[g.size] = '\0';
    return rung__text_take(text, path, g.bytes, g.size, err);
}

rung_status rung_text_from(rung_text *text, const char *name, const void *bytes,
                           size_t size, rung_error *err)
{
    char *copy = rung__alloc(size + 1);
    if (!copy) return rung__out_of_memory(err, size + 1, name);
    if (size > 0) memcpy(copy, bytes, size);
    return rung__text_take(text, name, copy, size, err);
}

void rung_text_release(rung_text *text)
{
    rung__free(text->bytes);
    rung__free(text->name);
    *text = (rung_text){0};
}
