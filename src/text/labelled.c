/* Labelled text in memory. The file is read whole; texts and labels borrow its bytes. */
#include "rung/labelled.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/str.h"
#include "text/columns.h"
#include "text/layout.h"
#include "text/unicode.h"

#define HEAD_BYTES ((size_t)1 << 18) /* enough to tell what a file is */
#define TOLD_LINES 3                 /* of bad ones */

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

/* Takes the label, false if there is none, which r->bad then says. */
static bool take_label(rung_span *out, rung__records *r, size_t column)
{
    const rung__cell label = rung__records_cell(r, column);
    const bool has_odd_type = label.type && !label.span.bytes;
    if (rung__span_trim(label.span).size > 0)
        *out = rung__span_trim(rung__records_keep(r, label));
    if (out->size == 0)
        snprintf(r->bad, sizeof r->bad, has_odd_type ? "the label is %s" : "no label",
                 label.type);
    return out->size > 0;
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

/* Takes the record as an example, or says in r->bad why it is none. */
static void take_record(rung_labelled *data, rung__records *r, const rung__columns *c)
{
    const rung__layout *l = &r->layout;
    const bool is_cut = l->format == RUNG_FORMAT_TSV || l->format == RUNG_FORMAT_CSV;
    if (!r->bad[0] && is_cut && r->n_cells != l->n_columns)
        snprintf(r->bad, sizeof r->bad, "%zu column%s instead of %zu", r->n_cells,
                 r->n_cells == 1 ? "" : "s", l->n_columns);
    rung_span *text = &data->texts[data->count];
    if (r->bad[0] || !take_text(text, r, c->text)) return;
    if (data->labels && !take_label(&data->labels[data->count], r, c->label)) return;
    data->n_empty += text->size == 0;
    data->count++;
}

static size_t count_lines(const char *bytes, size_t size)
{
    size_t n = 1;
    const char *end = bytes + size;
    while ((bytes = memchr(bytes, '\n', (size_t)(end - bytes)))) n++, bytes++;
    return n;
}

static rung_status read_examples(rung_labelled *data, rung__records *r,
                                 const rung__columns *c, bool has_labels, rung_error *err)
{
    const size_t most = count_lines(r->start, (size_t)(r->end - r->start));
    data->texts = rung__alloc_array(most, sizeof *data->texts);
    data->labels = has_labels ? rung__alloc_array(most, sizeof *data->labels) : NULL;
    if (!data->texts || (has_labels && !data->labels))
        return rung__out_of_memory(err, most * sizeof *data->texts, data->name);
    for (bool any, is_names = c->has_header;; is_names = false) {
        RUNG_TRY(rung__records_next(r, &any, err));
        if (!any) return RUNG_OK;
        if (is_names) continue;
        take_record(data, r, c);
        if (r->bad[0]) tell_bad(data, r->line, r->bad);
    }
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

rung_status rung_labelled_ids(int32_t **ids, size_t *n_unknown, const rung_labelled *data,
                              const rung_labels *labels, rung_error *err)
{
    int32_t *list = rung__alloc_array(data->count, sizeof *list);
    if (!list)
        return rung__out_of_memory(err, data->count * sizeof *list, "ids of labels");
    size_t n = 0;
    for (size_t i = 0; i < data->count; i++) {
        list[i] = data->labels ? rung_labels_find(labels, data->labels[i]) : -1;
        n += list[i] < 0;
    }
    *ids = list;
    *n_unknown = n;
    return RUNG_OK;
}
