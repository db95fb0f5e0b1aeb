/* Rows from CSV, one record after another; the columns are those of a schema, which two
 * passes make: the first lines tell names and roles, then, where a column has words or
 * missing cells become means, all rows of the part are read once for them. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "text/csv_columns.h"
#include "text/lines.h"
#include "text/rows_text.h"
#include "text/vocab.h"

#define HEAD_BYTES ((size_t)1 << 17) /* enough to tell columns by */
#define MOST_LEVELS 1000 /* of a column of words; of a target ten times more */

typedef struct csv {
    rung__source base;
    rung__lines lines;
    rung__csv_head head;
    rung_schema *schema; /* owned share */
    size_t *places;      /* [schema->n_columns] in the file, owned */
    bool has_targets, has_weights;

    /* The rows that were read last, owned; room for `cap` of them. */
    double *x, *targets, *weights;
    int64_t cap;
} csv;

static const rung__source_ops csv_ops;

static csv *csv_of(rung__source *s)
{
    assert(s->ops == &csv_ops);
    return (csv *)s;
}

/* ---- Records ---- */

/* The next record of the part, cut into cells; *any is false at the end. */
static rung_status next_record(csv *s, bool *any, rung_error *err)
{
    rung__records *r = &s->head.records;
    const char delimiter = r->layout.is_quoted ? r->layout.delimiter : '\0';
    for (bool is_wanted = false; !is_wanted;) {
        RUNG_TRY(rung__lines_next(&s->lines, delimiter, any, err));
        if (!*any) return RUNG_OK;
        if (s->lines.begin == s->lines.stop) continue; // an empty line
        if (s->base.row < 0)
            s->base.row = 0; // the header
        else
            is_wanted = rung__row_cut_has(&s->base.cut, s->base.row++);
    }
    bool whole;
    r->start = r->next = s->lines.begin;
    r->end = s->lines.stop;
    r->next_line = s->lines.line;
    RUNG_TRY(rung__records_next(r, &whole, err));
    if (!r->bad[0] && r->n_cells == r->layout.n_columns) return RUNG_OK;
    if (!r->bad[0])
        snprintf(r->bad, sizeof r->bad, "%zu column%s instead of %zu", r->n_cells,
                 r->n_cells == 1 ? "" : "s", r->layout.n_columns);
    return rung_fail(err, RUNG_INPUT, "%s:%zu: %s", s->lines.path, s->lines.line, r->bad);
}

static rung_span cell_at(csv *s, size_t place)
{
    rung__records *r = &s->head.records;
    return rung__span_trim(rung__records_keep(r, rung__records_cell(r, place)));
}

/* "data.csv:12: column 3 'age': WHAT" */
static rung_status fault(const csv *s, size_t column, const char *what, rung_error *err)
{
    const char *name = s->schema->columns[column].name;
    return rung_fail(err, RUNG_INPUT, "%s:%zu: column %zu%s%s%s: %s", s->lines.path,
                     s->lines.line, s->places[column] + 1, name ? " '" : "",
                     name ? name : "", name ? "'" : "", what);
}

static bool is_feature(const rung__column *c)
{
    return c->role <= RUNG_COLUMN_WORDS;
}

static rung_status fault_of_cell(const csv *s, size_t column, rung_span cell,
                                 const char *what, rung_error *err)
{
    char text[120];
    if (rung__cell_is_missing(cell))
        snprintf(text, sizeof text, "the cell is missing ('%.*s')%s", (int)cell.size,
                 cell.bytes,
                 is_feature(&s->schema->columns[column])
                     ? ": put a value there, or take --missing mean"
                     : "");
    else
        snprintf(text, sizeof text, "'%.*s' %s", cell.size < 40 ? (int)cell.size : 40,
                 cell.bytes, what);
    return fault(s, column, text, err);
}

/* ---- Rows ---- */

/* Puts means where a column's cell is missing; else says where. */
static rung_status put_means(const csv *s, size_t column, rung_span cell,
                             const char *what, double *x, rung_error *err)
{
    const rung__column *c = &s->schema->columns[column];
    const size_t n = (size_t)rung__column_features(c);
    if (s->schema->missing != RUNG_MISSING_MEAN)
        return fault_of_cell(s, column, cell, what, err);
    memcpy(x, s->schema->means + c->feature, n * sizeof *x);
    return RUNG_OK;
}

static rung_status read_number(const csv *s, size_t column, rung_span cell, double *x,
                               rung_error *err)
{
    static const char what[] = "is no number";
    if (rung__cell_is_number(cell, x)) return RUNG_OK;
    if (rung__cell_is_missing(cell)) return put_means(s, column, cell, what, x, err);
    return fault_of_cell(s, column, cell, what, err);
}

static rung_status read_words(const csv *s, size_t column, rung_span cell, double *x,
                              rung_error *err)
{
    const rung__column *c = &s->schema->columns[column];
    const int32_t level =
        rung__cell_is_missing(cell) ? -1 : rung_labels_find(c->levels, cell);
    memset(x, 0, (size_t)rung__column_features(c) * sizeof *x);
    if (level < 0)
        return put_means(s, column, cell,
                         "is a word that this column did not have in training: take "
                         "--missing mean for such",
                         x, err);
    if (level > 0) x[level - 1] = 1;
    return RUNG_OK;
}

/* A word that training did not have is NaN. */
static rung_status read_target(const csv *s, size_t column, rung_span cell, double *x,
                               rung_error *err)
{
    const rung_labels *levels = s->schema->columns[column].levels;
    if (levels && !rung__cell_is_missing(cell)) {
        const int32_t id = rung_labels_find(levels, cell);
        *x = id < 0 ? (double)NAN : id;
        return RUNG_OK;
    }
    if (rung__cell_is_number(cell, x)) return RUNG_OK;
    return fault_of_cell(s, column, cell, "is no number: the target must be one", err);
}

static rung_status read_weight(const csv *s, size_t column, rung_span cell, double *x,
                               rung_error *err)
{
    if (rung__cell_is_number(cell, x) && *x >= 0) return RUNG_OK;
    return fault_of_cell(s, column, cell, "is no weight: a number of at least 0", err);
}

static rung_status read_row(csv *s, int64_t i, rung_error *err)
{
    double *x = s->x + i * s->schema->n_features;
    for (size_t k = 0; k < s->schema->n_columns; k++) {
        const rung__column *c = &s->schema->columns[k];
        if (s->places[k] == RUNG_NO_COLUMN) continue;
        const rung_span cell = cell_at(s, s->places[k]);
        if (c->role == RUNG_COLUMN_NUMBER)
            RUNG_TRY(read_number(s, k, cell, x + c->feature, err));
        else if (c->role == RUNG_COLUMN_WORDS)
            RUNG_TRY(read_words(s, k, cell, x + c->feature, err));
        else if (c->role == RUNG_COLUMN_TARGET)
            RUNG_TRY(read_target(s, k, cell, &s->targets[i], err));
        else if (c->role == RUNG_COLUMN_WEIGHT)
            RUNG_TRY(read_weight(s, k, cell, &s->weights[i], err));
    }
    return RUNG_OK;
}

static rung_status reserve(csv *s, int64_t n, rung_error *err)
{
    size_t cells;
    if (n <= s->cap) return RUNG_OK;
    rung__free(s->x), rung__free(s->targets), rung__free(s->weights);
    s->x = s->targets = s->weights = NULL, s->cap = 0;
    if (rung_mul_size((size_t)n, (size_t)s->schema->n_features, &cells))
        s->x = rung__alloc_array(cells, sizeof *s->x);
    s->targets = rung__alloc_array((size_t)n, sizeof *s->targets);
    s->weights = rung__alloc_array((size_t)n, sizeof *s->weights);
    if (!s->x || !s->targets || !s->weights)
        return rung__out_of_memory(err, (size_t)n * 8, "rows");
    s->cap = n;
    return RUNG_OK;
}

static rung_status csv_next(rung__source *base, int64_t most, rung_rows *rows,
                            rung_error *err)
{
    csv *s = csv_of(base);
    bool any = true;
    int64_t n = 0;
    const int64_t number = base->row < 0 ? 0 : base->row;
    RUNG_TRY(reserve(s, most, err));
    for (; n < most; n++) {
        RUNG_TRY(next_record(s, &any, err));
        if (!any) break;
        RUNG_TRY(read_row(s, n, err));
    }
    *rows = (rung_rows){.n = n,
                        .n_features = s->schema->n_features,
                        .number = number,
                        .x = s->x,
                        .stride = s->schema->n_features,
                        .targets = s->has_targets ? s->targets : NULL,
                        .weights = s->has_weights ? s->weights : NULL};
    return RUNG_OK;
}

/* Before the first row, but for the header: -1 is its number. */
static void begin(csv *s)
{
    s->base.row = s->head.has_header ? -1 : 0;
}

static rung_status csv_rewind(rung__source *base, rung_error *err)
{
    csv *s = csv_of(base);
    begin(s);
    return rung__lines_rewind(&s->lines, err);
}

static void csv_close(rung__source *base)
{
    csv *s = csv_of(base);
    rung__csv_head_release(&s->head);
    rung__lines_release(&s->lines);
    rung_schema_free(s->schema);
    rung__free(s->places);
    rung__free(s->x), rung__free(s->targets), rung__free(s->weights);
    rung__free(s);
}

static const rung__source_ops csv_ops = {csv_next, csv_rewind, csv_close};

/* ---- Learning the schema ---- */

/* What a column holds: the words, or the sum of the numbers. */
typedef struct tally {
    rung_vocab words;
    double sum;
    int64_t n; /* cells that are not missing */
} tally;

static bool has_levels(const csv *s, size_t column, bool target_has_words)
{
    const rung__role role = s->schema->columns[column].role;
    return role == RUNG_COLUMN_WORDS || (role == RUNG_COLUMN_TARGET && target_has_words);
}

static rung_status tally_cell(const csv *s, size_t column, bool has_words, tally *t,
                              rung_error *err)
{
    const bool is_target = s->schema->columns[column].role == RUNG_COLUMN_TARGET;
    const rung_span cell = cell_at((csv *)s, s->places[column]);
    double x = 0;
    if (rung__cell_is_missing(cell)) return RUNG_OK; // told when rows are read
    t->n++;
    if (!has_words) {
        if (!rung__cell_is_number(cell, &x))
            return fault_of_cell(s, column, cell, "is no number", err);
        t->sum += x;
        return RUNG_OK;
    }
    RUNG_TRY(rung__vocab_add(&t->words, cell.bytes, cell.size, 1, err));
    if (t->words.n <= (is_target ? 10 : 1) * MOST_LEVELS) return RUNG_OK;
    return fault(s, column,
                 is_target ? "too many different words for labels"
                           : "more than 1000 different words: leave it out with --drop",
                 err);
}

static rung_status tally_rows(csv *s, tally *tallies, bool target_has_words,
                              rung_error *err)
{
    for (bool any = true;;) {
        RUNG_TRY(next_record(s, &any, err));
        if (!any) return RUNG_OK;
        for (size_t k = 0; k < s->schema->n_columns; k++) {
            const bool words = has_levels(s, k, target_has_words);
            if (words || s->schema->columns[k].role == RUNG_COLUMN_NUMBER)
                RUNG_TRY(tally_cell(s, k, words, &tallies[k], err));
        }
    }
}

static rung_status set_levels(csv *s, size_t column, const tally *t, rung_error *err)
{
    rung_span *names = rung__alloc_array(t->words.n + 1, sizeof *names);
    if (!names) return rung__out_of_memory(err, t->words.n * sizeof *names, "words");
    for (size_t w = 0; w < t->words.n; w++) names[w] = rung__vocab_get(&t->words, w);
    const rung_status status =
        rung_labels_new(&s->schema->columns[column].levels, names, t->words.n, err);
    rung__free(names);
    return status;
}

/* Means of the features of one column, shares of its words. */
static void set_means(csv *s, const rung__column *c, const tally *t)
{
    double *means = s->schema->means + c->feature;
    if (c->role == RUNG_COLUMN_NUMBER) means[0] = t->sum / (double)t->n;
    for (int64_t l = 1; c->role == RUNG_COLUMN_WORDS && l < rung_labels_count(c->levels);
         l++) {
        const char *name = rung_labels_name(c->levels, l);
        const int32_t id = rung__vocab_find(&t->words, name, strlen(name));
        means[l - 1] = (double)t->words.counts[id] / (double)t->n;
    }
}

static rung_status take_tallies(csv *s, const tally *tallies, bool target_has_words,
                                rung_error *err)
{
    rung_schema *schema = s->schema;
    for (size_t k = 0; k < schema->n_columns; k++) {
        const rung__column *c = &schema->columns[k];
        if (is_feature(c) && tallies[k].n == 0)
            return rung_fail(err, RUNG_INPUT,
                             "%s: column %zu '%s' has no value in any training row: "
                             "leave it out with --drop",
                             s->lines.path, k + 1, c->name ? c->name : "");
        if (has_levels(s, k, target_has_words))
            RUNG_TRY(set_levels(s, k, &tallies[k], err));
    }
    rung__schema_number(schema);
    if (schema->missing != RUNG_MISSING_MEAN) return RUNG_OK;
    schema->means = rung__alloc_array((size_t)schema->n_features + 1, sizeof(double));
    if (!schema->means)
        return rung__out_of_memory(err, (size_t)schema->n_features * 8, "means");
    for (size_t k = 0; k < schema->n_columns; k++)
        if (is_feature(&schema->columns[k]))
            set_means(s, &schema->columns[k], &tallies[k]);
    return RUNG_OK;
}

/* A pass over all rows, where one is needed. */
static rung_status learn_rows(csv *s, bool target_has_words, rung_error *err)
{
    const size_t n = s->schema->n_columns;
    if (!target_has_words && s->schema->missing != RUNG_MISSING_MEAN &&
        !rung__schema_find(s->schema, RUNG_COLUMN_WORDS)) {
        rung__schema_number(s->schema);
        return RUNG_OK;
    }
    if (strcmp(s->lines.path, "-") == 0)
        return rung_fail(err, RUNG_INPUT,
                         "words and means are learned from standard input, which can be "
                         "read only once: name a file");
    tally *tallies = rung__alloc_array(n, sizeof *tallies);
    if (!tallies) return rung__out_of_memory(err, n * sizeof *tallies, "columns");
    rung_status status = tally_rows(s, tallies, target_has_words, err);
    if (status == RUNG_OK) status = take_tallies(s, tallies, target_has_words, err);
    for (size_t k = 0; k < n; k++) rung__vocab_release(&tallies[k].words);
    rung__free(tallies);
    return status == RUNG_OK ? csv_rewind(&s->base, err) : status;
}

static rung_status check_target(const csv *s, const rung_table_config *config,
                                bool has_words, rung_error *err)
{
    if (config->has_labels || !has_words) return RUNG_OK;
    size_t k = 0;
    while (s->schema->columns[k].role != RUNG_COLUMN_TARGET) k++;
    const char *name = s->schema->columns[k].name;
    return rung_fail(err, RUNG_INPUT,
                     "%s: the target, column %zu%s%s%s, holds words, but numbers are to "
                     "be predicted: name another with --target, or train logreg",
                     s->lines.path, k + 1, name ? " '" : "", name ? name : "",
                     name ? "'" : "");
}

static rung_status learn(csv *s, const rung_table_config *config, rung_error *err)
{
    bool target_has_words;
    RUNG_TRY(rung__csv_columns(&s->schema, &s->head, config, &target_has_words, err));
    s->places = rung__alloc_array(s->schema->n_columns, sizeof *s->places);
    if (!s->places) return rung__out_of_memory(err, s->schema->n_columns * 8, "columns");
    for (size_t k = 0; k < s->schema->n_columns; k++) s->places[k] = k;
    RUNG_TRY(check_target(s, config, target_has_words, err));
    return learn_rows(s, target_has_words, err);
}

static rung_status adopt(csv *s, const rung_table_config *config, rung_schema *schema,
                         rung_error *err)
{
    s->schema = rung_schema_share(schema);
    s->places = rung__alloc_array(schema->n_columns + 1, sizeof *s->places);
    if (!s->places) return rung__out_of_memory(err, schema->n_columns * 8, "columns");
    return rung__csv_places(s->places, schema, &s->head, config, err);
}

/* ---- Opening ---- */

/* The first lines, whole ones. Their names are looked at before the buffer moves. */
static rung_status open_head(csv *s, const rung_table_config *config, rung_error *err)
{
    RUNG_TRY(rung__lines_fill(&s->lines, HEAD_BYTES, err));
    size_t size = (size_t)(s->lines.end - s->lines.next);
    const char *last = memrchr(s->lines.next, '\n', size);
    if (!s->lines.at_end && last) size = (size_t)(last - s->lines.next) + 1;
    char *bytes = s->lines.next;
    const char after = bytes[size];
    bytes[size] = '\0';
    const rung_status status =
        rung__csv_head_open(&s->head, s->lines.path, bytes, size, config, err);
    bytes[size] = after;
    return status;
}

static void tell(const csv *s, char *words, size_t size)
{
    const rung__csv_head *h = &s->head;
    const rung__column *target = rung__schema_find(s->schema, RUNG_COLUMN_TARGET);
    snprintf(words, size, "csv, %zu columns%s", h->records.layout.n_columns,
             h->has_names    ? " with a header"
             : h->has_header ? ", scikit-learn's first line passed over"
                             : ", no header");
    const size_t n = strlen(words);
    if (target && s->has_targets)
        snprintf(words + n, size - n, ", target %zu%s%s%s",
                 s->places[target - s->schema->columns] + 1, target->name ? " '" : "",
                 target->name ? target->name : "", target->name ? "'" : "");
}

static rung_status open_csv(csv *s, const char *path, const rung_table_config *config,
                            rung_schema *schema, char *words, size_t size,
                            rung_error *err)
{
    RUNG_TRY(rung__lines_open(&s->lines, path, err));
    RUNG_TRY(open_head(s, config, err));
    begin(s);
    RUNG_TRY(schema ? adopt(s, config, schema, err) : learn(s, config, err));
    s->has_targets = config->has_targets;
    for (size_t k = 0; k < s->schema->n_columns; k++)
        s->has_weights |= s->schema->columns[k].role == RUNG_COLUMN_WEIGHT &&
                          s->places[k] != RUNG_NO_COLUMN;
    tell(s, words, size);
    return RUNG_OK;
}

rung_status rung__csv_open(rung__source **out, const char *path,
                           const rung_table_config *config, const rung__row_cut *cut,
                           rung_schema *schema, rung_schema **learned, char *words,
                           size_t size, rung_error *err)
{
    csv *s = rung__alloc(sizeof *s);
    if (!s) return rung__out_of_memory(err, sizeof *s, path);
    s->base = (rung__source){&csv_ops, *cut, 0};
    rung_status status = open_csv(s, path, config, schema, words, size, err);
    if (status != RUNG_OK) {
        csv_close(&s->base);
        return status;
    }
    if (!schema) *learned = rung_schema_share(s->schema);
    *out = &s->base;
    return RUNG_OK;
}
