/* Header, names and roles of the columns of a CSV table: the rules of rung/table.h. */
#include "text/csv_columns.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/str.h"
#include "text/layout.h"
#include "text/rows_text.h"
#include "text/vocab.h"

#define SURVEYED_RECORDS 1000
#define MOST_LEVELS 64 /* in the first lines of what looks like a table */

bool rung__cell_is_missing(rung_span cell)
{
    static const char *const names[] = {"NA", "N/A", "NaN", "null", "None", "?"};
    if (cell.size == 0) return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == cell.size &&
            strncasecmp(names[i], cell.bytes, cell.size) == 0)
            return true;
    return false;
}

bool rung__cell_is_number(rung_span cell, double *x)
{
    return cell.size && rung_parse_number(cell.bytes, x) == cell.bytes + cell.size;
}

/* ---- The first lines ---- */

typedef struct survey {
    size_t *n_numbers, *n_words; /* [n_columns] cells of the rows, in one block, owned */
    size_t n_rows;
} survey;

/* Counts what the rows below the first record hold, as far as they can be read. */
static rung_status make_survey(survey *s, rung__records *r, rung_error *err)
{
    const size_t n = r->layout.n_columns;
    double x;
    *s = (survey){.n_numbers = rung__alloc_array(2 * n, sizeof *s->n_numbers)};
    if (!s->n_numbers) return rung__out_of_memory(err, 16 * n, "columns");
    s->n_words = s->n_numbers + n;
    rung__records_rewind(r);
    for (bool any = true, is_first = true; s->n_rows < SURVEYED_RECORDS;
         is_first = false) {
        if (rung__records_next(r, &any, NULL) != RUNG_OK || !any) break;
        if (is_first || r->n_cells != n) continue;
        s->n_rows++;
        for (size_t i = 0; i < n; i++) {
            const rung_span cell = rung__span_trim(rung__records_cell(r, i).span);
            if (rung__cell_is_missing(cell)) continue;
            (rung__cell_is_number(cell, &x) ? s->n_numbers : s->n_words)[i]++;
        }
    }
    return RUNG_OK;
}

static bool has_words(const survey *s, size_t i)
{
    return 9 * s->n_words[i] > s->n_numbers[i];
}

static bool is_word(rung_span cell)
{
    double x;
    return !rung__cell_is_missing(cell) && !rung__cell_is_number(cell, &x);
}

/* scikit-learn's first line: rows, features, names of classes. */
static bool is_counts(const rung__records *r)
{
    double rows, features;
    if (r->n_names < 3 || !rung__cell_is_number(r->names[0], &rows) ||
        !rung__cell_is_number(r->names[1], &features) ||
        features + 1 != (double)r->layout.n_columns)
        return false;
    for (size_t i = 2; i < r->n_names; i++)
        if (!is_word(r->names[i])) return false;
    return true;
}

static bool is_place(const char *wanted)
{
    return wanted[0] && wanted[strspn(wanted, "0123456789")] == '\0';
}

/* Whether the config speaks of a column by its name. */
static bool uses_names(const rung_table_config *config)
{
    return (config->target && !is_place(config->target)) ||
           (config->weight && !is_place(config->weight));
}

static rung_status find_header(rung__csv_head *h, const rung_table_config *config,
                               rung_error *err)
{
    rung__records *r = &h->records;
    survey s;
    if (is_counts(r)) {
        h->has_header = true;
        return RUNG_OK;
    }
    RUNG_TRY(make_survey(&s, r, err));
    h->has_names = uses_names(config);
    for (size_t i = 0; i < r->n_names; i++)
        if (is_word(r->names[i]) && s.n_numbers[i] && !has_words(&s, i))
            h->has_names = true;
    h->has_header = h->has_names;
    rung__free(s.n_numbers);
    if (!h->has_names || r->n_first == r->layout.n_columns) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT,
                     "%s:1: the header has %zu columns and the lines below it %zu: give "
                     "each column one name",
                     h->path, r->n_first, r->layout.n_columns);
}

rung_status rung__csv_head_open(rung__csv_head *h, const char *path, char *bytes,
                                size_t size, const rung_table_config *config,
                                rung_error *err)
{
    rung_labelled_config how = RUNG_LABELLED_CONFIG_DEFAULT;
    rung__layout layout;
    how.format = rung__format_of(path, bytes, size);
    if (how.format != RUNG_FORMAT_TSV) how.format = RUNG_FORMAT_CSV;
    how.delimiter = config->delimiter;
    *h = (rung__csv_head){.path = path};
    RUNG_TRY(rung__layout_find(&layout, path, bytes, size, &how, err));
    h->records = rung__records_make(path, bytes, size, &layout);
    RUNG_TRY(rung__records_open(&h->records, err));
    if (h->records.n_names == 0)
        return rung_fail(err, RUNG_INPUT, "%s: there is no row", path);
    return find_header(h, config, err);
}

void rung__csv_head_release(rung__csv_head *h)
{
    rung__records_release(&h->records);
}

/* ---- Columns by name or number ---- */

/* The nearest of the names, "" if none is near. */
static void nearest(char *out, size_t size, const rung__records *r, const char *wanted)
{
    const char **names = rung__alloc_array(r->n_names + 1, sizeof *names);
    char *text = rung__alloc(64 * (r->n_names + 1));
    out[0] = '\0';
    for (size_t i = 0; names && text && i < r->n_names; i++) {
        snprintf(text + 64 * i, 64, "%.*s", (int)(r->names[i].size % 64),
                 r->names[i].bytes);
        names[i] = text + 64 * i;
    }
    const char *near =
        names && text ? rung_nearest_name(wanted, names, r->n_names) : NULL;
    if (near) snprintf(out, size, ": did you mean '%s'?", near);
    rung__free(text), rung__free(names);
}

/* The place of the column that an option calls so. */
static rung_status place_of(size_t *place, const rung__csv_head *h, const char *option,
                            rung_span wanted, rung_error *err)
{
    const rung__records *r = &h->records;
    char text[100], near[100];
    snprintf(text, sizeof text, "%.*s", wanted.size < 99 ? (int)wanted.size : 99,
             wanted.bytes);
    for (size_t i = 0; h->has_names && i < r->n_names; i++) {
        *place = i;
        if (r->names[i].size == wanted.size &&
            memcmp(r->names[i].bytes, wanted.bytes, wanted.size) == 0)
            return RUNG_OK;
    }
    const size_t number = is_place(text) && wanted.size < 10 ? (size_t)atoll(text) : 0;
    *place = number - 1;
    if (number >= 1 && number <= r->layout.n_columns) return RUNG_OK;
    nearest(near, sizeof near, r, text);
    return rung_fail(err, RUNG_INPUT, "%s: %s '%s': no such column: there are %zu%s",
                     h->path, option, text, r->layout.n_columns, near);
}

static rung_span span_of(const char *text)
{
    return (rung_span){text, strlen(text)};
}

/* The target where none is named. */
static size_t usual_target(const rung__csv_head *h)
{
    static const char *const names[] = {"target", "label", "class", "y"};
    const rung__records *r = &h->records;
    size_t found = RUNG_NO_COLUMN, n = 0;
    for (size_t i = 0; h->has_names && i < r->n_names; i++)
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            if (r->names[i].size == strlen(names[k]) &&
                strncasecmp(r->names[i].bytes, names[k], strlen(names[k])) == 0)
                found = i, n++;
    return n == 1 ? found : r->layout.n_columns - 1;
}

/* ---- Roles ---- */

static rung_status drop_columns(rung_schema *s, const rung__csv_head *h,
                                const char *names, rung_error *err)
{
    for (const char *p = names; p && *p; p += *p == ',') {
        size_t place;
        const rung_span name = {p, strcspn(p, ",")};
        RUNG_TRY(place_of(&place, h, "--drop", name, err));
        s->columns[place].role = RUNG_COLUMN_DROPPED;
        p += name.size;
    }
    return RUNG_OK;
}

static rung_status name_columns(rung_schema *s, const rung__csv_head *h, rung_error *err)
{
    for (size_t i = 0; h->has_names && i < s->n_columns; i++) {
        const rung_span name = h->records.names[i];
        s->columns[i].name = rung__alloc(name.size + 1);
        if (!s->columns[i].name)
            return rung__out_of_memory(err, name.size, "a column's name");
        memcpy(s->columns[i].name, name.bytes, name.size);
    }
    return RUNG_OK;
}

static rung_status give_roles(rung_schema *s, const rung__csv_head *h,
                              const rung_table_config *config, bool *target_has_words,
                              rung_error *err)
{
    survey found;
    size_t target = usual_target(h), weight = RUNG_NO_COLUMN;
    if (config->target)
        RUNG_TRY(place_of(&target, h, "--target", span_of(config->target), err));
    if (config->weight)
        RUNG_TRY(place_of(&weight, h, "--weight-column", span_of(config->weight), err));
    if (target == weight)
        return rung_fail(err, RUNG_INPUT, "%s: target and weight are both column %zu",
                         h->path, target + 1);
    RUNG_TRY(make_survey(&found, (rung__records *)&h->records, err));
    for (size_t i = 0; i < s->n_columns; i++)
        s->columns[i].role =
            has_words(&found, i) ? RUNG_COLUMN_WORDS : RUNG_COLUMN_NUMBER;
    *target_has_words = has_words(&found, target);
    rung__free(found.n_numbers);
    RUNG_TRY(drop_columns(s, h, config->drop, err));
    s->columns[target].role = RUNG_COLUMN_TARGET;
    if (weight != RUNG_NO_COLUMN) s->columns[weight].role = RUNG_COLUMN_WEIGHT;
    if (rung__schema_find(s, RUNG_COLUMN_NUMBER) ||
        rung__schema_find(s, RUNG_COLUMN_WORDS))
        return RUNG_OK;
    return rung_fail(err, RUNG_INPUT,
                     "%s: no column is left as a feature beside the target, column %zu",
                     h->path, target + 1);
}

rung_status rung__csv_columns(rung_schema **out, const rung__csv_head *h,
                              const rung_table_config *config, bool *target_has_words,
                              rung_error *err)
{
    rung_schema *s = rung__schema_new();
    if (!s) return rung__out_of_memory(err, sizeof *s, "a schema");
    s->missing = config->missing;
    const size_t n = h->records.layout.n_columns;
    s->columns = rung__alloc_array(n, sizeof *s->columns);
    s->n_columns = s->columns ? n : 0;
    rung_status status =
        s->columns
            ? name_columns(s, h, err)
            : rung__out_of_memory(err, s->n_columns * sizeof *s->columns, "columns");
    if (status == RUNG_OK) status = give_roles(s, h, config, target_has_words, err);
    if (status == RUNG_OK)
        *out = s;
    else
        rung_schema_free(s);
    return status;
}

/* ---- A model's columns in another file ---- */

/* Whether a column of this role has to be there. */
static bool is_needed(rung__role role, const rung_table_config *config)
{
    return role == RUNG_COLUMN_NUMBER || role == RUNG_COLUMN_WORDS ||
           (role == RUNG_COLUMN_TARGET && config->has_targets);
}

static rung_status places_by_name(size_t *places, const rung_schema *s,
                                  const rung__csv_head *h,
                                  const rung_table_config *config, rung_error *err)
{
    for (size_t i = 0; i < s->n_columns; i++) {
        const rung__column *c = &s->columns[i];
        places[i] = RUNG_NO_COLUMN;
        if (is_needed(c->role, config))
            RUNG_TRY(place_of(&places[i], h, "the model's", span_of(c->name), err));
    }
    return RUNG_OK;
}

static rung_status places_by_number(size_t *places, const rung_schema *s,
                                    const rung__csv_head *h,
                                    const rung_table_config *config, rung_error *err)
{
    const size_t n = h->records.layout.n_columns;
    const bool lacks_target = !config->has_targets && n + 1 == s->n_columns;
    if (n != s->n_columns && !lacks_target)
        return rung_fail(err, RUNG_INPUT,
                         "%s: %zu columns, but the model was trained with %zu", h->path,
                         n, s->n_columns);
    for (size_t i = 0, place = 0; i < s->n_columns; i++) {
        const rung__role role = s->columns[i].role;
        places[i] = is_needed(role, config) ? place : RUNG_NO_COLUMN;
        place += !(lacks_target && role == RUNG_COLUMN_TARGET);
    }
    return RUNG_OK;
}

rung_status rung__csv_places(size_t *places, const rung_schema *s,
                             const rung__csv_head *h, const rung_table_config *config,
                             rung_error *err)
{
    const bool by_name = h->has_names && s->n_columns && s->columns[0].name;
    return by_name ? places_by_name(places, s, h, config, err)
                   : places_by_number(places, s, h, config, err);
}

/* ---- Table or labelled text? ---- */

/* The words of the columns that have some, at most MOST_LEVELS different ones each, and
 * short: then they are kinds of something, not texts. */
static bool words_are_few(rung__records *r, const survey *s, size_t column)
{
    rung_vocab words = {0};
    bool any = true, are_few = true;
    rung__records_rewind(r);
    for (size_t n = 0; are_few && n < s->n_rows + 1; n++) {
        if (rung__records_next(r, &any, NULL) != RUNG_OK || !any) break;
        if (n == 0 || r->n_cells != r->layout.n_columns) continue;
        const rung_span cell = rung__span_trim(rung__records_cell(r, column).span);
        are_few = cell.size < 64 && words.n <= MOST_LEVELS &&
                  rung__vocab_add(&words, cell.bytes, cell.size, 1, NULL) == RUNG_OK;
    }
    are_few = are_few && 4 * words.n <= s->n_rows;
    rung__vocab_release(&words);
    return are_few;
}

bool rung__looks_like_csv_table(const char *path, char *bytes, size_t size)
{
    static const rung_table_config usual = RUNG_TABLE_CONFIG_DEFAULT;
    rung__csv_head h;
    survey s = {0};
    size_t n_numbers = 0, n_words = 0, n_texts = 0;
    bool is_table = rung__csv_head_open(&h, path, bytes, size, &usual, NULL) == RUNG_OK &&
                    h.records.layout.n_columns > 1 &&
                    make_survey(&s, &h.records, NULL) == RUNG_OK && s.n_rows > 0;
    for (size_t i = 0; is_table && i < h.records.layout.n_columns; i++) {
        if (!has_words(&s, i))
            n_numbers++;
        else if (words_are_few(&h.records, &s, i))
            n_words++;
        else
            n_texts++;
    }
    rung__free(s.n_numbers);
    rung__csv_head_release(&h);
    return is_table && n_texts == 0 && n_numbers >= 2 && n_numbers >= n_words;
}
