/* Labelled text in memory. The file is read whole; texts and labels borrow its bytes. */
#include "rung/labelled.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/str.h"
#include "text/columns.h"
#include "text/layout.h"
#include "text/unicode.h"

#define HEAD_BYTES ((size_t)1 << 18) /* enough to tell what a file is */
#define TOLD_LINES 3                 /* of bad ones */
#define SHOWN_BYTES 60               /* of a cell in a message */

/* The bytes of a text without the mark (BOM) that some programs put before UTF-8. */
static char *skip_mark(const rung_text *text, size_t *size)
{
    const size_t n = strncmp(text->bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    *size = text->size - n;
    return text->bytes + n;
}

/* ---- Reading ---- */

/* Adds a bad line to those told, as far as there is room for whole ones. */
static void tell_bad(rung_labelled *data, size_t line, const char *reason)
{
    const size_t n = strlen(data->bad), room = sizeof data->bad - n;
    if (data->n_bad++ >= TOLD_LINES) return;
    const int size = (int)rung__utf8_whole(reason, strlen(reason));
    snprintf(data->bad + n, room, "%sline %zu: %.*s", n ? "; " : "", line, size, reason);
}

/* Examples while they are read. */
typedef struct reading {
    rung_labelled *data;
    rung__records *r;
    size_t labels_cap;
    bool has_several; /* labels a text may have */
} reading;

static rung_status add_label(reading *g, rung_span name, rung_error *err)
{
    rung_labelled *d = g->data;
    int64_t *end = &d->first[d->count + 1];
    for (int64_t i = d->first[d->count]; i < *end; i++) { // the same is not taken twice
        if (d->labels[i].size == name.size &&
            memcmp(d->labels[i].bytes, name.bytes, name.size) == 0)
            return RUNG_OK;
    }
    if ((size_t)*end == g->labels_cap) {
        const size_t cap = 2 * g->labels_cap;
        rung_span *more = rung__realloc(d->labels, cap * sizeof *more);
        if (!more) return rung__out_of_memory(err, cap * sizeof *more, d->name);
        d->labels = more;
        g->labels_cap = cap;
    }
    d->labels[(*end)++] = name;
    return RUNG_OK;
}

/* The labels of the record, which stand at the end until the example is counted; says in
 * r->bad why there are none. */
static rung_status take_labels(reading *g, size_t column, rung_error *err)
{
    rung__records *r = g->r;
    rung_labelled *d = g->data;
    rung__cell cell = rung__records_cell(r, column), label;
    const bool is_list = cell.list || r->layout.separator;
    d->first[d->count + 1] = d->first[d->count];
    if (cell.has_pairs) cell.span = rung__records_keep(r, cell), cell.has_pairs = false;
    for (size_t at = 0; rung__records_label(r, &cell, &at, &label);) {
        const rung_span name = rung__span_trim(label.span);
        if (label.type && !label.span.bytes)
            snprintf(r->bad, sizeof r->bad, "a label is %s", label.type);
        if (name.size == 0) continue;
        label.span = name;
        const rung_span kept = rung__records_keep(r, label);
        if (kept.size > 0) RUNG_TRY(add_label(g, kept, err));
    }
    const int64_t n = d->first[d->count + 1] - d->first[d->count];
    if (!is_list && n == 0 && !r->bad[0])
        snprintf(r->bad, sizeof r->bad, cell.type ? "the label is %s" : "no label",
                 cell.type);
    g->has_several = g->has_several || (!r->bad[0] && (is_list || n > 1));
    return RUNG_OK;
}

static bool take_text(rung_span *out, rung__records *r, size_t column)
{
    const rung__cell text = rung__records_cell(r, column);
    if (text.type)
        snprintf(r->bad, sizeof r->bad, "the text is %s", text.type);
    else if (!text.span.bytes)
        snprintf(r->bad, sizeof r->bad, "no text");
    else
        *out = rung__records_keep(r, text);
    return r->bad[0] == '\0';
}

/* The numbers beside the text, which are those of the next example. */
static rung_status take_numbers(reading *g, const rung__columns *c, rung_error *err)
{
    rung__records *r = g->r;
    for (size_t k = 0; k < c->n_numbers; k++) {
        double *x = &g->data->numbers[g->data->count * c->n_numbers + k];
        const rung__cell cell = rung__records_cell(r, c->numbers[k]);
        const rung_span number = rung__span_trim(cell.span);
        if (rung__cell_number(x, number) && fabs(*x) <= (double)FLT_MAX) continue;
        const size_t shown =
            number.size <= SHOWN_BYTES
                ? number.size
                : rung__utf8_boundary(number.bytes, number.size, SHOWN_BYTES);
        return rung_fail(err, RUNG_INPUT,
                         "%s:%zu: number %zu of --number-columns, column %zu, is '%.*s': "
                         "must be a finite number",
                         r->name, r->line, k + 1, c->numbers[k] + 1, (int)shown,
                         number.bytes ? number.bytes : "");
    }
    return RUNG_OK;
}

/* Takes the record as an example, or says in r->bad why it is none. */
static rung_status take_record(reading *g, const rung__columns *c, rung_error *err)
{
    rung_labelled *data = g->data;
    rung__records *r = g->r;
    const rung__layout *l = &r->layout;
    const bool is_cut = l->format == RUNG_FORMAT_TSV || l->format == RUNG_FORMAT_CSV;
    if (!r->bad[0] && is_cut && r->n_cells != l->n_columns)
        snprintf(r->bad, sizeof r->bad, "%zu column%s instead of %zu", r->n_cells,
                 r->n_cells == 1 ? "" : "s", l->n_columns);
    rung_span *text = &data->texts[data->count];
    if (r->bad[0] || !take_text(text, r, c->text)) return RUNG_OK;
    if (data->labels) RUNG_TRY(take_labels(g, c->label, err));
    if (r->bad[0]) return RUNG_OK;
    RUNG_TRY(take_numbers(g, c, err));
    data->n_empty += text->size == 0;
    data->count++;
    return RUNG_OK;
}

static size_t count_lines(const char *bytes, size_t size)
{
    size_t n = 1;
    const char *end = bytes + size;
    while ((bytes = memchr(bytes, '\n', (size_t)(end - bytes)))) n++, bytes++;
    return n;
}

static rung_status read_records(reading *g, const rung__columns *c, rung_error *err)
{
    for (bool any, is_names = c->has_header;; is_names = false) {
        RUNG_TRY(rung__records_next(g->r, &any, err));
        if (!any) return RUNG_OK;
        if (is_names) continue;
        RUNG_TRY(take_record(g, c, err));
        if (g->r->bad[0]) tell_bad(g->data, g->r->line, g->r->bad);
    }
}

static rung_status read_examples(rung_labelled *data, rung__records *r,
                                 const rung__columns *c, bool has_labels, rung_error *err)
{
    const size_t most = count_lines(r->start, (size_t)(r->end - r->start));
    reading g = {.data = data, .r = r, .labels_cap = most};
    size_t n_cells;
    data->texts = rung__alloc_array(most, sizeof *data->texts);
    data->n_numbers = c->n_numbers;
    if (c->n_numbers && rung_mul_size(most, c->n_numbers, &n_cells))
        data->numbers = rung__alloc_array(n_cells, sizeof *data->numbers);
    if (has_labels) {
        data->labels = rung__alloc_array(most, sizeof *data->labels);
        data->first = rung__alloc_array(most + 1, sizeof *data->first);
    }
    if (!data->texts || (has_labels && (!data->labels || !data->first)) ||
        (c->n_numbers && !data->numbers))
        return rung__out_of_memory(err, most * sizeof *data->texts, data->name);
    RUNG_TRY(read_records(&g, c, err));
    if (g.has_several) return RUNG_OK;
    rung__free(data->first);
    data->first = NULL;
    return RUNG_OK;
}

static rung_status check_examples(const rung_labelled *data, double most_bad,
                                  rung_error *err)
{
    const size_t n = data->count + data->n_bad;
    if ((double)data->n_bad > most_bad * (double)n)
        return rung_fail(err, RUNG_INPUT,
                         "%s: %zu of %zu lines are bad, and %g %% may be (%s; %s): mend "
                         "them, or check format and columns",
                         data->name, data->n_bad, n, 100 * most_bad, data->columns,
                         data->bad);
    if (data->count > 0) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT, "%s: no example (%s)", data->name, data->columns);
}

static rung_status read_labelled(rung_labelled *data, const char *path,
                                 const rung_labelled_config *config, rung_error *err)
{
    if (rung_path_is_dir(path))
        return rung_fail(err, RUNG_INPUT, "'%s' is a folder: name one file", path);
    rung_text text;
    RUNG_TRY(rung_text_read(&text, path, 0, err));
    data->name = text.name;
    data->storage = text.bytes;
    memcpy(data->sha256, text.sha256, sizeof data->sha256);
    size_t size;
    char *bytes = skip_mark(&text, &size);
    rung__layout layout;
    RUNG_TRY(rung__layout_find(&layout, path, bytes, size, config, err));
    data->format = layout.format;
    rung__columns columns;
    rung__records r = rung__records_make(path, bytes, size, &layout);
    rung_status status = rung__records_open(&r, err);
    if (status == RUNG_OK)
        status = rung__columns_choose(&columns, &r, config, data->columns,
                                      sizeof data->columns, err);
    if (status == RUNG_OK)
        status = read_examples(data, &r, &columns, config->has_labels, err);
    if (status == RUNG_OK) status = check_examples(data, config->most_bad, err);
    rung__records_release(&r);
    return status;
}

rung_status rung_labelled_read(rung_labelled *out, const char *path,
                               const rung_labelled_config *config, rung_error *err)
{
    static const rung_labelled_config usual = RUNG_LABELLED_CONFIG_DEFAULT;
    rung_labelled data = {0};
    const rung_status status = read_labelled(&data, path, config ? config : &usual, err);
    if (status == RUNG_OK)
        *out = data;
    else
        rung_labelled_release(&data);
    return status;
}

void rung_labelled_release(rung_labelled *data)
{
    rung__free(data->name);
    rung__free(data->texts);
    rung__free(data->labels);
    rung__free(data->first);
    rung__free(data->numbers);
    rung__free(data->storage);
    *data = (rung_labelled){0};
}

rung_status rung_labelled_detect(bool *is_labelled, const char *path, rung_error *err)
{
    *is_labelled = false;
    if (strcmp(path, "-") == 0 || rung_path_is_dir(path)) return RUNG_OK;
    rung_text text;
    RUNG_TRY(rung_text_read(&text, path, HEAD_BYTES, err));
    size_t size;
    char *bytes = skip_mark(&text, &size);
    const char *last = memrchr(bytes, '\n', size);
    if (last && text.size + 4 > HEAD_BYTES) size = (size_t)(last - bytes) + 1;
    *is_labelled = rung__format_of(path, bytes, size) != RUNG_FORMAT_AUTO;
    rung_text_release(&text);
    return RUNG_OK;
}

/* ---- What is done with them ---- */

static int by_id(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

rung_status rung_labelled_ids(int32_t **ids, size_t *n_unknown, const rung_labelled *data,
                              const rung_labels *labels, rung_error *err)
{
    const size_t count = data->first ? (size_t)data->first[data->count] : data->count;
    int32_t *list = rung__alloc_array(count, sizeof *list);
    if (!list) return rung__out_of_memory(err, count * sizeof *list, "ids of labels");
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        list[i] = data->labels ? rung_labels_find(labels, data->labels[i]) : -1;
        n += list[i] < 0;
    }
    for (size_t i = 0; data->first && i < data->count; i++) {
        const int64_t begin = data->first[i], end = data->first[i + 1];
        if (end > begin + 1)
            qsort(list + begin, (size_t)(end - begin), sizeof *list, by_id);
    }
    *ids = list;
    *n_unknown = n;
    return RUNG_OK;
}
