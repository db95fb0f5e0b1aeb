/* The layout of a file of examples.
 *
 * By name: .tsv, .csv, .jsonl (also .tab, .ndjson, .json). By its first lines, where the
 * name says nothing: JSON Lines begin with an object, fastText's with __label__; TSV has
 * in nine of ten lines as many tabs, at least one; CSV has a first line that names a text
 * and a label. CSV is cut at that of comma, semicolon and tab at which most of the first
 * lines have as many cells. */
#include "text/layout.h"

#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "text/columns.h"

#define FIRST_RECORDS 100

/* ---- By name ---- */

static const struct {
    const char *end;
    int format; /* AUTO: packed, the name goes on before it */
} name_ends[] = {
    {".gz", RUNG_FORMAT_AUTO},     {".zst", RUNG_FORMAT_AUTO},
    {".xz", RUNG_FORMAT_AUTO},     {".tsv", RUNG_FORMAT_TSV},
    {".tab", RUNG_FORMAT_TSV},     {".csv", RUNG_FORMAT_CSV},
    {".jsonl", RUNG_FORMAT_JSONL}, {".ndjson", RUNG_FORMAT_JSONL},
    {".json", RUNG_FORMAT_JSONL},
};
#define N_NAME_ENDS (sizeof name_ends / sizeof name_ends[0])

static int format_of_name(const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < N_NAME_ENDS; i++) {
        const size_t n = strlen(name_ends[i].end);
        if (size < n || strncasecmp(name + size - n, name_ends[i].end, n) != 0) continue;
        if (name_ends[i].format != RUNG_FORMAT_AUTO) return name_ends[i].format;
        size -= n;
    }
    return RUNG_FORMAT_AUTO;
}

/* ---- By the first lines ---- */

/* What the first records have in common. */
typedef struct profile {
    size_t n_records, n_same; /* how many there are, and with this number of columns */
    size_t n_columns;
} profile;

/* The records are read up to the first that cannot be. */
static profile profile_of(const char *name, char *bytes, size_t size,
                          const rung__layout *layout)
{
    rung__records r = rung__records_make(name, bytes, size, layout);
    size_t counts[FIRST_RECORDS];
    profile most = {0};
    bool any;
    while (most.n_records < FIRST_RECORDS &&
           rung__records_next(&r, &any, NULL) == RUNG_OK && any)
        counts[most.n_records++] = r.n_cells;
    for (size_t i = 0; i < most.n_records; i++) {
        size_t n_same = 0;
        for (size_t j = 0; j < most.n_records; j++) n_same += counts[j] == counts[i];
        if (n_same > most.n_same) most.n_same = n_same, most.n_columns = counts[i];
    }
    return most;
}

static bool begins_with_object(const char *bytes, size_t size)
{
    if (bytes[0] != '{') return false;
    const char *eol = memchr(bytes, '\n', size);
    json_error_t error;
    json_t *object = rung__json_load(bytes, eol ? (size_t)(eol - bytes) : size, &error);
    json_decref(object);
    return object != NULL;
}

static bool is_tsv(const char *name, char *bytes, size_t size)
{
    const rung__layout layout = {.format = RUNG_FORMAT_TSV, .delimiter = '\t'};
    const profile p = profile_of(name, bytes, size, &layout);
    return p.n_columns > 1 && 10 * p.n_same >= 9 * p.n_records;
}

/* Whether the first line has a name for a text and one for a label. */
static bool names_columns(const char *line, size_t size, char delimiter)
{
    const char *eol = memchr(line, '\n', size), *end = eol ? eol : line + size;
    if (end > line && end[-1] == '\r') end--;
    bool has_text = false, has_label = false;
    while (line < end) {
        const char *stop = memchr(line, delimiter, (size_t)(end - line));
        if (!stop) stop = end;
        rung_span cell = {line, (size_t)(stop - line)};
        has_text = has_text || rung__is_text_name(cell);
        has_label = has_label || rung__is_label_name(cell);
        line = stop + 1;
    }
    return has_text && has_label;
}

int rung__format_of(const char *name, char *bytes, size_t size)
{
    const int format = format_of_name(name);
    if (format != RUNG_FORMAT_AUTO) return format;
    if (begins_with_object(bytes, size)) return RUNG_FORMAT_JSONL;
    if (strncmp(bytes, "__label__", 9) == 0) return RUNG_FORMAT_FASTTEXT;
    if (is_tsv(name, bytes, size)) return RUNG_FORMAT_TSV;
    if (names_columns(bytes, size, ',') || names_columns(bytes, size, ';'))
        return RUNG_FORMAT_CSV;
    return RUNG_FORMAT_AUTO;
}

/* ---- Delimiters and quotes ---- */

static char likely_delimiter(const char *name, char *bytes, size_t size)
{
    static const char candidates[] = ",;\t";
    char best = candidates[0];
    size_t most = 0;
    for (const char *c = candidates; *c; c++) {
        const rung__layout layout = {
            .format = RUNG_FORMAT_CSV, .delimiter = *c, .is_quoted = true};
        const profile p = profile_of(name, bytes, size, &layout);
        if (p.n_columns > 1 && p.n_same > most) most = p.n_same, best = *c;
    }
    return best;
}

static rung_status parse_byte(char *out, const char *what, const char *text,
                              rung_error *err)
{
    *out = strcmp(text, "\\t") == 0 ? '\t' : text[0];
    const bool is_one = text[0] && (!text[1] || *out == '\t');
    if (is_one && !strchr("\"\r\n", *out)) return RUNG_OK;
    return rung_fail(err, RUNG_USAGE,
                     "%s '%s': must be one byte that is no quote and no end of a line; "
                     "\\t is a tab",
                     what, text);
}

/* TSV has no quotes by itself. A file uses them if every cell that begins with a quote
 * ends with one, and some cell would be cut without them, or has pairs, or the first
 * line's cells all stand in quotes. */
static bool uses_quotes(const char *name, char *bytes, size_t size, rung__layout layout)
{
    if (!memchr(bytes, '"', size)) return false;
    layout.is_quoted = true;
    rung__records r = rung__records_make(name, bytes, size, &layout);
    bool any, is_needed = false;
    for (size_t i = 0;; i++) {
        if (rung__records_next(&r, &any, NULL) != RUNG_OK || r.bad[0]) return false;
        if (!any) return is_needed || r.n_pressing > 0;
        if (i == 0) is_needed = r.n_quoted == r.n_cells;
    }
}

static rung_status find_delimited(rung__layout *out, const char *name, char *bytes,
                                  size_t size, const char *delimiter, rung_error *err)
{
    if (delimiter)
        RUNG_TRY(parse_byte(&out->delimiter, "delimiter", delimiter, err));
    else if (out->format == RUNG_FORMAT_TSV)
        out->delimiter = '\t';
    else
        out->delimiter = likely_delimiter(name, bytes, size);
    out->is_quoted =
        out->format == RUNG_FORMAT_CSV || uses_quotes(name, bytes, size, *out);
    out->n_columns = profile_of(name, bytes, size, out).n_columns;
    if (out->n_columns == 0) out->n_columns = 1; // nothing, or an open quote
    return RUNG_OK;
}

rung_status rung__layout_find(rung__layout *out, const char *name, char *bytes,
                              size_t size, const rung_labelled_config *config,
                              rung_error *err)
{
    *out = (rung__layout){.format = config->format};
    if (config->separator)
        RUNG_TRY(parse_byte(&out->separator, "separator", config->separator, err));
    if (out->format == RUNG_FORMAT_AUTO) out->format = rung__format_of(name, bytes, size);
    if (out->format == RUNG_FORMAT_AUTO && config->delimiter)
        out->format = RUNG_FORMAT_CSV;
    if (out->format == RUNG_FORMAT_AUTO && !config->has_labels)
        out->format = RUNG_FORMAT_LINES;
    switch (out->format) {
    case RUNG_FORMAT_AUTO:
        return rung_fail(err, RUNG_INPUT,
                         "'%s' is no labelled text that its name or first lines tell: "
                         "neither TSV, CSV, JSON Lines nor fastText's lines; if it "
                         "is one, say which with --format",
                         name);
    case RUNG_FORMAT_TSV:
    case RUNG_FORMAT_CSV:
        return find_delimited(out, name, bytes, size, config->delimiter, err);
    case RUNG_FORMAT_FASTTEXT:
        out->n_columns = 2;
        break;
    case RUNG_FORMAT_LINES:
        out->n_columns = 1;
    }
    return RUNG_OK;
}
