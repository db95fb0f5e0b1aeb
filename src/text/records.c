/* Records: lines cut at delimiters, with quoted cells as in RFC 4180, section 2;
 * fastText's lines and plain ones; objects of JSON Lines. */
#include "text/records.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"

#define MAX_COLUMNS 4096 /* more are a misunderstanding */

static char *line_end(const rung__records *r, char *p)
{
    char *lf = memchr(p, '\n', (size_t)(r->end - p));
    return lf ? lf : r->end;
}

/* `eol` or the CR before it. */
static char *without_cr(char *begin, char *eol)
{
    return eol > begin && eol[-1] == '\r' ? eol - 1 : eol;
}

static rung_span span_of(const char *begin, const char *end)
{
    return (rung_span){begin, (size_t)(end - begin)};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

rung_span rung__span_trim(rung_span s)
{
    while (s.size > 0 && is_blank(s.bytes[0])) s.bytes++, s.size--;
    while (s.size > 0 && is_blank(s.bytes[s.size - 1])) s.size--;
    return s;
}

/* ---- TSV, CSV ---- */

/* The quote that closes a cell; NULL if none does. A pair of quotes is one of the
 * text. */
static char *closing_quote(char *p, char *end, bool *has_pairs)
{
    for (;;) {
        char *quote = memchr(p, '"', (size_t)(end - p));
        if (!quote || quote[1] != '"') return quote; // a NUL stands at the end
        *has_pairs = true;
        p = quote + 2;
    }
}

/* Reads a cell in quotes: *p moves from the first behind the last, *eol to the end of
 * that line. */
static rung_status read_quoted(rung__records *r, rung__cell *cell, char **p, char **eol,
                               rung_error *err)
{
    char *begin = *p + 1, *close = closing_quote(begin, r->end, &cell->has_pairs);
    if (!close) {
        return rung_fail(
            err, RUNG_INPUT,
            "%s:%zu: a quote opens here and never closes: close it, or write "
            "\"\" for a quote within quotes",
            r->name, r->next_line);
    }
    cell->span = span_of(begin, close);
    const size_t line = r->next_line;
    for (char *lf = *eol; lf < close; lf = line_end(r, lf + 1)) r->next_line++;
    if (r->next_line > line) *eol = line_end(r, close);
    r->n_quoted++;
    r->n_pressing += cell->has_pairs || r->next_line > line ||
                     memchr(begin, r->layout.delimiter, cell->span.size);
    *p = close + 1;
    return RUNG_OK;
}

static rung_status next_delimited(rung__records *r, char **eol, rung_error *err)
{
    for (char *p = r->begin;; p++) {
        rung__cell cell = {0};
        const bool is_quoted = r->layout.is_quoted && *p == '"';
        if (is_quoted) RUNG_TRY(read_quoted(r, &cell, &p, eol, err));
        char *stop = without_cr(p, *eol);
        char *end = memchr(p, r->layout.delimiter, (size_t)(stop - p));
        if (!end) end = stop;
        if (!is_quoted) cell.span = span_of(p, end);
        if (is_quoted && p < end)
            snprintf(r->bad, sizeof r->bad, "column %zu goes on after its closing quote",
                     r->n_cells + 1);
        if (r->n_cells < r->layout.n_columns) r->cells[r->n_cells] = cell;
        r->n_cells++;
        if (end == stop) return RUNG_OK;
        p = end;
    }
}

/* "" becomes ", in place. */
static rung_span join_pairs(rung__records *r, rung_span s)
{
    char *out = r->start + (s.bytes - r->start), *begin = out;
    for (size_t i = 0; i < s.size; i++) {
        *out++ = s.bytes[i];
        i += s.bytes[i] == '"';
    }
    return span_of(begin, out);
}

/* ---- fastText, plain lines ---- */

#define LABEL "__label__"
#define LABEL_BYTES (sizeof LABEL - 1)

static bool begins_with_label(const char *p)
{
    return strncmp(p, LABEL, LABEL_BYTES) == 0; // ends at the text's NUL
}

static rung_status next_fasttext(rung__records *r, char **eol, rung_error *err)
{
    (void)err;
    char *p = r->begin, *stop = without_cr(p, *eol);
    rung_span labels = {0}; // from the first name to the end of the last
    while (p < stop && begins_with_label(p)) {
        if (!labels.bytes) labels.bytes = p + LABEL_BYTES;
        while (p < stop && !is_blank(*p)) p++;
        labels.size = (size_t)(p - labels.bytes);
        while (p < stop && is_blank(*p)) p++;
    }
    r->n_cells = 2;
    r->cells[0] = (rung__cell){.span = span_of(p, stop)};
    r->cells[1] = (rung__cell){.span = labels};
    return RUNG_OK;
}

static rung_span next_fasttext_label(const rung__cell *cell, size_t *at)
{
    const char *begin = cell->span.bytes + *at, *end = cell->span.bytes + cell->span.size;
    const char *p = begin;
    while (p < end && !is_blank(*p)) p++;
    const rung_span name = span_of(begin, p);
    while (p < end && is_blank(*p)) p++;
    *at += (size_t)(p - begin) + LABEL_BYTES;
    return name;
}

static rung_status next_line(rung__records *r, char **eol, rung_error *err)
{
    (void)err;
    r->n_cells = 1;
    r->cells[0] = (rung__cell){.span = span_of(r->begin, without_cr(r->begin, *eol))};
    return RUNG_OK;
}

/* ---- JSON Lines ---- */

static rung_status next_object(rung__records *r, char **eol, rung_error *err)
{
    json_error_t error = {0};
    json_decref(r->object);
    r->object = rung__json_load(r->begin, (size_t)(*eol - r->begin), &error);
    r->kept = r->begin;
    if (!r->object && json_error_code(&error) == json_error_out_of_memory)
        return rung_fail(err, RUNG_MEMORY, "out of memory: parsing %s:%zu", r->name,
                         r->line);
    if (!r->object)
        snprintf(r->bad, sizeof r->bad, "broken JSON: %.140s", error.text);
    else if (!json_is_object(r->object))
        snprintf(r->bad, sizeof r->bad, "%s, not an object", rung__json_type(r->object));
    r->n_cells = json_object_size(r->object);
    return RUNG_OK;
}

static rung__cell cell_of_json(rung__records *r, const json_t *value)
{
    rung__cell cell = {0};
    if (!value) return cell;
    if (json_is_string(value)) {
        cell.span = (rung_span){json_string_value(value), json_string_length(value)};
        return cell;
    }
    cell.type = rung__json_type(value);
    cell.list = json_is_array(value) ? value : NULL;
    if (json_is_integer(value))
        snprintf(r->number, sizeof r->number, "%lld",
                 (long long)json_integer_value(value));
    else if (json_is_real(value))
        rung_format_real(r->number, json_real_value(value));
    else if (json_is_boolean(value))
        strcpy(r->number, json_is_true(value) ? "true" : "false");
    else
        return cell;
    cell.span = (rung_span){r->number, strlen(r->number)};
    return cell;
}

/* What was unpacked is no longer than in the text, a number's spelling excepted. */
static rung_span keep_json(rung__records *r, rung_span s)
{
    if ((size_t)(r->next - r->kept) < s.size) return (rung_span){0};
    char *kept = memcpy(r->kept, s.bytes, s.size);
    r->kept += s.size;
    return (rung_span){kept, s.size};
}

static rung_status check_columns(const rung__records *r, rung_error *err)
{
    if (r->layout.n_columns <= MAX_COLUMNS) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT,
                     "%s: %zu columns are more than %d: check the format", r->name,
                     r->layout.n_columns, MAX_COLUMNS);
}

/* The first object's keys are the columns. */
static rung_status open_objects(rung__records *r, rung_error *err)
{
    bool any;
    do {
        RUNG_TRY(rung__records_next(r, &any, err));
    } while (any && r->bad[0]);
    if (!any)
        return rung_fail(err, RUNG_INPUT, "%s:%zu: %s: JSON Lines has an object a line",
                         r->name, r->line, r->bad[0] ? r->bad : "no object");
    r->first = json_incref(r->object);
    r->layout.n_columns = r->n_first = r->n_cells;
    RUNG_TRY(check_columns(r, err));
    r->names = rung__alloc_array(r->layout.n_columns, sizeof *r->names);
    if (!r->names) return rung__out_of_memory(err, r->n_cells, "the names of columns");
    const char *key;
    json_t *value;
    json_object_foreach(r->first, key, value)
    {
        r->names[r->n_names++] = (rung_span){key, strlen(key)};
    }
    return RUNG_OK;
}

/* ---- All of them ---- */

/* Reads the record that begins at r->begin, whose first line ends at *eol; *eol becomes
 * the end of its last line. */
typedef rung_status (*next_fn)(rung__records *r, char **eol, rung_error *err);

static const next_fn next_of[RUNG_FORMAT_COUNT] = {
    [RUNG_FORMAT_TSV] = next_delimited, [RUNG_FORMAT_CSV] = next_delimited,
    [RUNG_FORMAT_JSONL] = next_object,  [RUNG_FORMAT_FASTTEXT] = next_fasttext,
    [RUNG_FORMAT_LINES] = next_line,
};

static void end_line(rung__records *r, char *eol)
{
    r->next = eol < r->end ? eol + 1 : eol;
    r->next_line++;
}

rung_status rung__records_next(rung__records *r, bool *any, rung_error *err)
{
    for (*any = false; r->next < r->end && !*any;) {
        char *eol = line_end(r, r->next);
        if (without_cr(r->next, eol) > r->next || r->layout.format == RUNG_FORMAT_LINES) {
            *any = true;
            r->begin = r->next;
            r->line = r->next_line;
            r->n_cells = 0;
            r->bad[0] = '\0';
            RUNG_TRY(next_of[r->layout.format](r, &eol, err));
        }
        end_line(r, eol);
    }
    return RUNG_OK;
}

rung__cell rung__records_cell(rung__records *r, size_t i)
{
    assert(i < r->layout.n_columns);
    if (r->layout.format != RUNG_FORMAT_JSONL) return r->cells[i];
    return cell_of_json(r, json_object_get(r->object, r->names[i].bytes));
}

bool rung__records_label(rung__records *r, const rung__cell *cell, size_t *at,
                         rung__cell *label)
{
    if (cell->list) {
        const json_t *value = json_array_get(cell->list, *at);
        if (!value) return false;
        *label = cell_of_json(r, value);
        ++*at;
        return true;
    }
    if (!cell->span.bytes || *at > cell->span.size) return false;
    *label = *cell;
    if (r->layout.format == RUNG_FORMAT_FASTTEXT) {
        label->span = next_fasttext_label(cell, at);
        return true;
    }
    const char *begin = cell->span.bytes + *at, *end = cell->span.bytes + cell->span.size;
    const char *stop = NULL;
    if (r->layout.separator)
        stop = memchr(begin, r->layout.separator, (size_t)(end - begin));
    label->span = span_of(begin, stop ? stop : end);
    *at += label->span.size + 1;
    return true;
}

rung_span rung__records_keep(rung__records *r, rung__cell cell)
{
    if (r->layout.format == RUNG_FORMAT_JSONL) return keep_json(r, cell.span);
    return cell.has_pairs ? join_pairs(r, cell.span) : cell.span;
}

void rung__records_rewind(rung__records *r)
{
    r->next = r->start;
    r->next_line = 1;
    r->n_quoted = r->n_pressing = 0;
}

rung__records rung__records_make(const char *name, char *bytes, size_t size,
                                 const rung__layout *layout)
{
    rung__records r = {.layout = *layout, .name = name, .start = bytes};
    r.end = bytes + size;
    rung__records_rewind(&r);
    return r;
}

/* The first record's cells are the names, if it is right. */
static rung_status open_cells(rung__records *r, rung_error *err)
{
    RUNG_TRY(check_columns(r, err));
    r->cells = rung__alloc_array(r->layout.n_columns, sizeof *r->cells);
    r->names = rung__alloc_array(r->layout.n_columns, sizeof *r->names);
    if (!r->cells || !r->names)
        return rung__out_of_memory(err, r->layout.n_columns * sizeof *r->cells, "cells");
    bool any;
    RUNG_TRY(rung__records_next(r, &any, err));
    r->n_first = r->n_cells;
    for (; any && r->n_names < r->layout.n_columns && r->n_names < r->n_cells;
         r->n_names++)
        r->names[r->n_names] = rung__span_trim(r->cells[r->n_names].span);
    return RUNG_OK;
}

rung_status rung__records_open(rung__records *r, rung_error *err)
{
    RUNG_TRY(r->layout.format == RUNG_FORMAT_JSONL ? open_objects(r, err)
                                                   : open_cells(r, err));
    rung__records_rewind(r);
    return RUNG_OK;
}

void rung__records_release(rung__records *r)
{
    json_decref(r->object);
    json_decref(r->first);
    rung__free(r->names);
    rung__free(r->cells);
    *r = (rung__records){0};
}
