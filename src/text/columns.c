/* The columns of text, label and numbers, and whether there is a header: the rules that
 * rung/labelled.h states. */
#include "text/columns.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/str.h"
#include "text/unicode.h"
#include "text/vocab.h"

#define NONE SIZE_MAX
#define MAX_NAME_BYTES 63   /* of a header's cell that is no known name */
#define MAX_LABEL_BYTES 255 /* a longer cell is no label */
#define MAX_LABELS 10000    /* nor is a column with more different values */
#define FEW_LABELS 4        /* may be so many on as few lines */
#define SHOWN_COLUMNS 8     /* in a message */
#define SHOWN_BYTES 24      /* of a cell in it */

static const char *const text_names[] = {"text",   "sentence", "review",   "content",
                                         "body",   "message",  "document", "comment",
                                         "phrase", "tweet",    NULL};
static const char *const label_names[] = {
    "label",  "class",  "category",   "target", "sentiment", "topic", "polarity",
    "intent", "labels", "categories", "topics", "tags",      NULL};

static bool is_among(rung_span name, const char *const *names)
{
    name = rung__span_trim(name);
    for (; *names; names++)
        if (strlen(*names) == name.size &&
            strncasecmp(*names, name.bytes, name.size) == 0)
            return true;
    return false;
}

bool rung__is_text_name(rung_span name)
{
    return is_among(name, text_names);
}

bool rung__is_label_name(rung_span name)
{
    return is_among(name, label_names);
}

static bool is_same(rung_span a, rung_span b)
{
    return a.size == b.size && memcmp(a.bytes, b.bytes, a.size) == 0;
}

bool rung__cell_number(double *x, rung_span s)
{
    if (s.size == 0 || !strchr("+-.0123456789", s.bytes[0])) return false;
    return rung_parse_number(s.bytes, x) == s.bytes + s.size; // a text ends with NUL
}

static bool is_number(rung_span s)
{
    double x;
    return rung__cell_number(&x, s);
}

/* Whether column i is known to be text, label or number. */
static bool is_taken(const rung__columns *c, size_t i)
{
    bool is_one = i == c->text || i == c->label;
    for (size_t k = 0; k < c->n_numbers; k++) is_one = is_one || i == c->numbers[k];
    return is_one;
}

/* ---- What columns hold ---- */

typedef struct column {
    double bytes;      /* of its cells */
    size_t n_numbers;  /* cells that are numbers */
    bool has_many;     /* values: too many or too long for labels; `values` is empty */
    rung_vocab values; /* with their counts */
} column;

typedef struct survey {
    column *columns; /* [n], owned */
    size_t n;
    size_t n_lines;
} survey;

static void release_survey(survey *s)
{
    for (size_t i = 0; i < s->n; i++) rung__vocab_release(&s->columns[i].values);
    rung__free(s->columns);
}

static rung_status add_value(column *c, rung_span value, rung_error *err)
{
    value = rung__span_trim(value);
    if (c->has_many || value.size == 0) return RUNG_OK;
    c->has_many = value.size > MAX_LABEL_BYTES || c->values.n == MAX_LABELS;
    if (!c->has_many) return rung__vocab_add(&c->values, value.bytes, value.size, 1, err);
    rung__vocab_release(&c->values);
    return RUNG_OK;
}

static rung_status add_cell(column *c, rung__records *r, size_t i, rung_error *err)
{
    const rung__cell cell = rung__records_cell(r, i);
    rung__cell value;
    c->bytes += (double)cell.span.size;
    c->n_numbers += is_number(rung__span_trim(cell.span));
    for (size_t at = 0; rung__records_label(r, &cell, &at, &value);)
        RUNG_TRY(add_value(c, value.span, err));
    return RUNG_OK;
}

/* Reads all right records but the first, which may be names; that too if it is the only
 * one. */
static rung_status fill_survey(survey *s, rung__records *r, bool with_first,
                               rung_error *err)
{
    rung__records_rewind(r);
    for (bool any, is_first = true;; is_first = false) {
        RUNG_TRY(rung__records_next(r, &any, err));
        if (!any) return RUNG_OK;
        const bool is_json = r->layout.format == RUNG_FORMAT_JSONL;
        if ((is_first && !with_first) || r->bad[0]) continue;
        if (!is_json && r->n_cells != s->n) continue;
        s->n_lines++;
        for (size_t i = 0; i < s->n; i++) RUNG_TRY(add_cell(&s->columns[i], r, i, err));
    }
}

static rung_status make_survey(survey *s, rung__records *r, rung_error *err)
{
    const size_t n = r->layout.n_columns;
    s->columns = rung__alloc_array(n, sizeof *s->columns);
    if (!s->columns) return rung__out_of_memory(err, n * sizeof *s->columns, "columns");
    s->n = n;
    RUNG_TRY(fill_survey(s, r, r->layout.format == RUNG_FORMAT_JSONL, err));
    if (s->n_lines == 0) RUNG_TRY(fill_survey(s, r, true, err));
    rung__records_rewind(r);
    return RUNG_OK;
}

static bool has_labels(const survey *s, size_t i)
{
    const column *c = &s->columns[i];
    const size_t few = s->n_lines / 2 > FEW_LABELS ? s->n_lines / 2 : FEW_LABELS;
    return !c->has_many && c->values.n > 0 && c->values.n <= few;
}

/* ---- Messages ---- */

/* The beginning of a cell, in whole characters. */
static int shown_bytes(rung_span s)
{
    if (s.size <= SHOWN_BYTES) return (int)s.size;
    return (int)rung__utf8_boundary(s.bytes, s.size, SHOWN_BYTES);
}

/* "NAME: WHAT; its columns: 1 'id', 2 'review', ...: say which with --text-column ..." */
static rung_status fail_choice(const rung__records *r, const char *what, bool has_header,
                               rung_error *err)
{
    rung_str s = {0};
    for (size_t i = 0; i < r->n_names && i < SHOWN_COLUMNS; i++)
        rung_str_addf(&s, "%s%zu '%.*s'", i ? ", " : "", i + 1, shown_bytes(r->names[i]),
                      r->names[i].bytes);
    if (r->n_names > SHOWN_COLUMNS) rung_str_add(&s, ", ...");
    const rung_status status =
        rung_fail(err, RUNG_INPUT,
                  "%s: %s; %s: %s: say which with --text-column and --label-column",
                  r->name, what, has_header ? "its columns" : "columns of its first line",
                  s.data ? s.data : "none");
    rung_str_release(&s);
    return status;
}

/* ---- Columns asked for ---- */

static bool is_place(const char *wanted)
{
    return wanted && wanted[0] && wanted[strspn(wanted, "0123456789")] == '\0';
}

/* Suggests the nearest name. */
static rung_status fail_absent(const rung__records *r, const char *option,
                               const char *wanted, rung_error *err)
{
    rung_span nearest = {0};
    int least = INT_MAX;
    for (size_t i = 0; i < r->n_names; i++) {
        char name[MAX_NAME_BYTES + 1];
        if (r->names[i].size > MAX_NAME_BYTES) continue;
        snprintf(name, sizeof name, "%.*s", (int)r->names[i].size, r->names[i].bytes);
        const int distance = rung__name_distance(wanted, name);
        if (distance < least) least = distance, nearest = r->names[i];
    }
    char what[300];
    const int n =
        snprintf(what, sizeof what, "%s '%.60s': no such column", option, wanted);
    if (least < INT_MAX)
        snprintf(what + n, sizeof what - (size_t)n, ": did you mean '%.*s'?",
                 (int)nearest.size, nearest.bytes);
    return fail_choice(r, what, true, err);
}

/* The place of the column that was asked for by number or name. */
static rung_status place_wanted(size_t *place, const rung__records *r, const char *option,
                                const char *wanted, rung_error *err)
{
    const size_t n = r->layout.n_columns;
    for (size_t i = 0; i < r->n_names; i++) {
        const rung_span name = {wanted, strlen(wanted)};
        if (is_place(wanted) || !is_same(r->names[i], name)) continue;
        *place = i;
        return RUNG_OK;
    }
    if (!is_place(wanted)) return fail_absent(r, option, wanted, err);
    const size_t number = strlen(wanted) < 10 ? (size_t)atoll(wanted) : 0;
    if (number < 1 || number > n)
        return rung_fail(err, RUNG_INPUT, "%s: %s %s: its columns are 1 to %zu", r->name,
                         option, wanted, n);
    *place = number - 1;
    return RUNG_OK;
}

static rung_status place_numbers(rung__columns *c, const rung__records *r,
                                 const char *names, rung_error *err)
{
    static const char option[] = "--number-columns";
    for (rung_span name; rung__numbers_name(&name, &names);) {
        char wanted[MAX_LABEL_BYTES + 1];
        size_t place;
        if (c->n_numbers == RUNG_MAX_NUMBERS)
            return rung_fail(err, RUNG_INPUT, "%s: %s: more than %d", r->name, option,
                             RUNG_MAX_NUMBERS);
        snprintf(wanted, sizeof wanted, "%.*s", (int)name.size, name.bytes);
        RUNG_TRY(place_wanted(&place, r, option, wanted, err));
        if (is_taken(c, place))
            return rung_fail(err, RUNG_INPUT,
                             "%s: %s '%.60s': column %zu is text, label or a number "
                             "already",
                             r->name, option, wanted, place + 1);
        c->numbers[c->n_numbers++] = place;
    }
    return RUNG_OK;
}

/* ---- Columns of known names ---- */

static bool has_known_name(const rung__records *r)
{
    for (size_t i = 0; i < r->n_names; i++)
        if (rung__is_text_name(r->names[i]) || rung__is_label_name(r->names[i]))
            return true;
    return false;
}

/* The only free column with one of the names; NONE if there is no such. */
static rung_status place_known(size_t *place, const rung__columns *c,
                               const rung__records *r, const char *const *names,
                               const char *what, rung_error *err)
{
    size_t found = NONE;
    for (size_t i = 0; i < r->n_names; i++) {
        if (is_taken(c, i) || !is_among(r->names[i], names)) continue;
        if (found != NONE) return fail_choice(r, what, true, err);
        found = i;
    }
    *place = found;
    return RUNG_OK;
}

static rung_status check_names(const rung__records *r, rung_error *err)
{
    if (r->n_first != r->layout.n_columns)
        return rung_fail(err, RUNG_INPUT,
                         "%s:1: the header has %zu columns and the lines below it %zu: "
                         "give each column one name",
                         r->name, r->n_first, r->layout.n_columns);
    for (size_t i = 0; i < r->n_names; i++)
        for (size_t j = 0; j < i; j++)
            if (r->names[i].size > 0 && is_same(r->names[i], r->names[j]))
                return rung_fail(err, RUNG_INPUT,
                                 "%s:1: the header names columns %zu and %zu '%.*s': "
                                 "rename one, or name columns by number",
                                 r->name, j + 1, i + 1, shown_bytes(r->names[i]),
                                 r->names[i].bytes);
    return RUNG_OK;
}

/* ---- Columns by content ---- */

/* The free column of the longest cells, among those of labels or the others. */
static size_t longest(const survey *s, bool of_labels, const rung__columns *c)
{
    size_t best = NONE;
    for (size_t i = 0; i < s->n; i++) {
        if (is_taken(c, i) || has_labels(s, i) != of_labels) continue;
        if (best == NONE || s->columns[i].bytes > s->columns[best].bytes) best = i;
    }
    return best;
}

static rung_status find_text(rung__columns *c, const survey *s, const rung__records *r,
                             rung_error *err)
{
    static const char what[] = "cannot tell which column is the text";
    const size_t rival = longest(s, true, c);
    c->text = longest(s, false, c);
    if (c->text == NONE) c->text = rival;
    if (c->text == NONE) return fail_choice(r, what, r->first != NULL, err);
    const double bytes = s->columns[c->text].bytes;
    // Texts that repeat may be the text all the same; labels are not so long.
    bool is_clear = rival == NONE || s->columns[rival].bytes <= 2 * bytes;
    for (size_t i = 0; i < s->n; i++)
        if (!is_taken(c, i) && !has_labels(s, i))
            is_clear = is_clear && 2 * s->columns[i].bytes <= bytes;
    return is_clear ? RUNG_OK : fail_choice(r, what, r->first != NULL, err);
}

static rung_status find_label(rung__columns *c, const survey *s, const rung__records *r,
                              rung_error *err)
{
    size_t n[2] = {0}, found[2]; // with one value, with several
    for (size_t i = 0; i < s->n; i++) {
        if (is_taken(c, i) || !has_labels(s, i)) continue;
        const bool has_several = s->columns[i].values.n > 1;
        n[has_several]++;
        found[has_several] = i;
    }
    const bool has_several = n[1] > 0;
    if (n[has_several] != 1)
        return fail_choice(r,
                           has_several
                               ? "cannot tell which column is the label"
                               : "no column has few enough different values for a label",
                           r->first != NULL, err);
    c->label = found[has_several];
    return RUNG_OK;
}

/* Whether the names look like ones of a column of labels and its text. */
static bool names_labels(const survey *s, const rung__records *r, size_t text,
                         size_t label)
{
    if (label == NONE) return false;
    const rung_vocab *values = &s->columns[label].values;
    const rung_span name = r->names[label];
    if (values->n < 2 || name.size == 0) return false;
    if (rung__vocab_find(values, name.bytes, name.size) >= 0) return false;
    for (size_t i = 0; i < values->n; i++)
        if (values->counts[i] < 2) return false;
    return 2 * (double)r->names[text].size * (double)s->n_lines <= s->columns[text].bytes;
}

static bool is_header(const survey *s, const rung__records *r, size_t text, size_t label)
{
    bool heads_numbers = false;
    if (r->n_first != s->n) return false;
    for (size_t i = 0; i < s->n; i++) {
        if (r->names[i].size > MAX_NAME_BYTES) return false;
        const bool is_word = r->names[i].size > 0 && !is_number(r->names[i]);
        heads_numbers =
            heads_numbers || (is_word && s->columns[i].n_numbers == s->n_lines);
        for (size_t j = 0; j < i; j++)
            if (is_same(r->names[i], r->names[j])) return false;
    }
    return heads_numbers || names_labels(s, r, text, label);
}

static rung_status by_content(rung__columns *c, rung__records *r, bool wants_label,
                              rung_error *err)
{
    survey s = {0};
    rung_status status = make_survey(&s, r, err);
    if (status == RUNG_OK && c->text == NONE) status = find_text(c, &s, r, err);
    if (status == RUNG_OK && c->label == NONE && wants_label)
        status = find_label(c, &s, r, err);
    if (status == RUNG_OK && !c->has_header && !r->first)
        c->has_header = is_header(&s, r, c->text, c->label);
    release_survey(&s);
    return status;
}

/* ---- All of it ---- */

/* "column 3", "column 3 'review'" in a file with a header, "'review'" in JSON. */
static void add_column(rung_str *s, const rung__records *r, size_t i, bool has_header)
{
    if (!r->first) rung_str_addf(s, "column %zu", i + 1);
    if (!r->first && has_header) rung_str_add(s, " ");
    if (has_header)
        rung_str_addf(s, "'%.*s'", shown_bytes(r->names[i]), r->names[i].bytes);
}

/* "text from column 3, label from column 1, no header" */
static rung_status tell(const rung__columns *c, const rung__records *r, char *words,
                        size_t size, rung_error *err)
{
    const rung__layout *l = &r->layout;
    rung_str s = {0};
    rung_str_add(&s, "text from ");
    add_column(&s, r, c->text, c->has_header || r->first);
    if (c->label != NONE) {
        rung_str_add(&s, ", label from ");
        add_column(&s, r, c->label, c->has_header || r->first);
    }
    for (size_t k = 0; k < c->n_numbers; k++) {
        rung_str_add(&s, k ? ", " : ", numbers from ");
        add_column(&s, r, c->numbers[k], c->has_header || r->first);
    }
    if (!r->first) rung_str_add(&s, c->has_header ? ", with a header" : ", no header");
    if (l->format == RUNG_FORMAT_CSV && l->delimiter == '\t')
        rung_str_add(&s, ", cut at tabs");
    else if (l->format == RUNG_FORMAT_CSV && l->delimiter != ',')
        rung_str_addf(&s, ", cut at '%c'", l->delimiter);
    else if (l->format == RUNG_FORMAT_TSV && l->is_quoted)
        rung_str_add(&s, ", with quotes");
    if (!s.failed) snprintf(words, size, "%s", s.data);
    const bool failed = s.failed;
    rung_str_release(&s);
    return failed ? rung__out_of_memory(err, size, "the columns in words") : RUNG_OK;
}

static rung_status choose(rung__columns *c, rung__records *r,
                          const rung_labelled_config *config, rung_error *err)
{
    const char *text = config->text_column;
    const char *label = config->has_labels ? config->label_column : NULL;
    const char *numbers = config->number_columns;
    const bool has_names = numbers && numbers[strspn(numbers, "0123456789,")];
    const bool by_name =
        (text && !is_place(text)) || (label && !is_place(label)) || has_names;
    c->has_header = !r->first && (by_name || has_known_name(r));
    if (c->has_header && (has_names || !is_place(text) || !is_place(label)))
        RUNG_TRY(check_names(r, err));
    if (text) RUNG_TRY(place_wanted(&c->text, r, "--text-column", text, err));
    if (label) RUNG_TRY(place_wanted(&c->label, r, "--label-column", label, err));
    RUNG_TRY(place_numbers(c, r, numbers, err));
    const bool is_named = c->has_header || r->first;
    if (c->text == NONE && is_named)
        RUNG_TRY(place_known(&c->text, c, r, text_names,
                             "several columns may be the text", err));
    if (c->label == NONE && is_named && config->has_labels)
        RUNG_TRY(place_known(&c->label, c, r, label_names,
                             "several columns may be the label", err));
    if (c->text != NONE && (c->label != NONE || !config->has_labels) && is_named)
        return RUNG_OK;
    return by_content(c, r, config->has_labels, err);
}

rung_status rung__columns_choose(rung__columns *out, rung__records *r,
                                 const rung_labelled_config *config, char *words,
                                 size_t size, rung_error *err)
{
    *out = (rung__columns){.text = NONE, .label = NONE};
    const bool is_cut =
        r->layout.format != RUNG_FORMAT_LINES && r->layout.format != RUNG_FORMAT_FASTTEXT;
    if (!is_cut && rung__numbers_count(config->number_columns))
        return rung_fail(
            err, RUNG_INPUT,
            "%s: --number-columns %s: lines have no columns: if these have, say so "
            "with --format",
            r->name, config->number_columns);
    if (r->layout.format == RUNG_FORMAT_LINES) {
        if (config->has_labels)
            return rung_fail(err, RUNG_INPUT, "%s: plain lines have no labels", r->name);
        out->text = 0;
        snprintf(words, size, "a text a line");
        return RUNG_OK;
    }
    if (r->layout.format == RUNG_FORMAT_FASTTEXT) {
        out->text = 0;
        if (config->has_labels) out->label = 1;
        snprintf(words, size, "text behind __label__NAME%s",
                 config->has_labels ? ", which is the label" : "");
        return RUNG_OK;
    }
    if (config->has_labels && r->layout.n_columns < 2)
        return rung_fail(err, RUNG_INPUT,
                         "%s:1: one column, but a text and a label are two: check the "
                         "file and --delimiter",
                         r->name);
    RUNG_TRY(choose(out, r, config, err));
    if (out->text == out->label)
        return rung_fail(err, RUNG_INPUT, "%s: text and label are both column %zu",
                         r->name, out->text + 1);
    return tell(out, r, words, size, err);
}
