/* Tables: which reader serves a file, and what its targets are. Where they are labels the
 * rows are read into memory once: labels have ids only when all of them are known, and
 * whoever learns from labels goes over the rows many times. */
#include "rung/table.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/rows.h"
#include "base/source.h"
#include "formats/rows_npy.h"
#include "text/layout.h"
#include "text/lines.h"
#include "text/rows_text.h"
#include "text/schema.h"

#define HEAD_BYTES ((size_t)1 << 17)
#define LOADED_ROWS 1024 /* at a time */
#define MOST_LABELS 10000

/* All rows in memory. */
typedef struct memory {
    int64_t n, n_values, n_features;
    int64_t row_cap, value_cap;
    int64_t *first;    /* [n + 1], owned, as all of these */
    double *targets;   /* [n] */
    double *weights;   /* [n] */
    int32_t *labels;   /* [n] */
    int32_t *features; /* [n_values] */
    float *values;     /* [n_values] */
    bool has_weights;
} memory;

struct rung_table {
    char *path;           /* owned */
    rung__source *source; /* owned; NULL when the rows are in memory */
    rung_schema *schema;  /* owned share */
    rung_labels *labels;  /* owned share; NULL: targets are numbers */
    memory rows;
    int64_t n_unknown; /* rows whose label has no id */
    int64_t n_seen;    /* rows given since the beginning */
    char words[400];
};

/* ---- Formats ---- */

static const struct {
    const char *end;
    int format; /* AUTO: packed, the name goes on before it */
} name_ends[] = {
    {".gz", RUNG_TABLE_AUTO},         {".zst", RUNG_TABLE_AUTO},
    {".xz", RUNG_TABLE_AUTO},         {".csv", RUNG_TABLE_CSV},
    {".tsv", RUNG_TABLE_CSV},         {".tab", RUNG_TABLE_CSV},
    {".libsvm", RUNG_TABLE_LIBSVM},   {".svm", RUNG_TABLE_LIBSVM},
    {".svmlight", RUNG_TABLE_LIBSVM}, {".npy", RUNG_TABLE_NPY},
};

static int format_of_name(const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < sizeof name_ends / sizeof *name_ends; i++) {
        const size_t n = strlen(name_ends[i].end);
        if (size < n || strncasecmp(name + size - n, name_ends[i].end, n) != 0) continue;
        if (name_ends[i].format != RUNG_TABLE_AUTO) return name_ends[i].format;
        size -= n;
    }
    return RUNG_TABLE_AUTO;
}

/* The beginning of a file: whole lines, as far as it has some. */
static rung_status read_head(rung__lines *l, const char *path, rung_error *err)
{
    RUNG_TRY(rung__lines_open(l, path, err));
    RUNG_TRY(rung__lines_fill(l, HEAD_BYTES, err));
    char *last = memrchr(l->next, '\n', (size_t)(l->end - l->next));
    if (!l->at_end && last) l->end = last + 1;
    *l->end = '\0';
    return RUNG_OK;
}

static int format_of_bytes(const char *bytes, size_t size)
{
    if (size > 6 && memcmp(bytes, "\x93NUMPY", 6) == 0) return RUNG_TABLE_NPY;
    return rung__looks_like_libsvm(bytes, size) ? RUNG_TABLE_LIBSVM : RUNG_TABLE_AUTO;
}

/* Standard input is not looked at twice: it has the form of the training data. */
static rung_status find_format(int *format, const char *path, const rung_schema *schema,
                               rung_error *err)
{
    *format = format_of_name(path);
    if (*format != RUNG_TABLE_AUTO) return RUNG_OK;
    if (strcmp(path, "-") == 0) {
        *format = schema && !schema->n_columns ? RUNG_TABLE_LIBSVM : RUNG_TABLE_CSV;
        return RUNG_OK;
    }
    rung__lines head = {0};
    const rung_status status = read_head(&head, path, err);
    if (status == RUNG_OK)
        *format = format_of_bytes(head.next, (size_t)(head.end - head.next));
    if (*format == RUNG_TABLE_AUTO) *format = RUNG_TABLE_CSV;
    rung__lines_release(&head);
    return status;
}

rung_status rung_table_detect(bool *is_table, const char *path, rung_error *err)
{
    const int format = format_of_name(path);
    *is_table = format == RUNG_TABLE_LIBSVM || format == RUNG_TABLE_NPY;
    if (*is_table || strcmp(path, "-") == 0 || rung_path_is_dir(path)) return RUNG_OK;
    rung__lines head = {0};
    const rung_status status = read_head(&head, path, err);
    if (status == RUNG_OK) {
        const size_t size = (size_t)(head.end - head.next);
        const int text = rung__format_of(path, head.next, size);
        *is_table = format_of_bytes(head.next, size) != RUNG_TABLE_AUTO ||
                    (text != RUNG_FORMAT_JSONL && text != RUNG_FORMAT_FASTTEXT &&
                     !memchr(head.next, '\0', size) &&
                     rung__looks_like_csv_table(path, head.next, size));
    }
    rung__lines_release(&head);
    return status;
}

/* ---- Sources ---- */

static rung_status new_schema(rung_table *t, int64_t n_features, rung_error *err)
{
    t->schema = rung__schema_new();
    if (!t->schema) return rung__out_of_memory(err, sizeof *t->schema, "a schema");
    t->schema->n_features = n_features;
    return RUNG_OK;
}

static rung_status open_npy(rung_table *t, const rung_table_config *config,
                            const rung__row_cut *cut, rung_error *err)
{
    rung__npy_config how = {.target = config->target,
                            .has_targets = config->has_targets,
                            .n_features = t->schema ? t->schema->n_features : 0};
    int64_t n_features;
    if (config->weight || config->drop)
        return rung_fail(err, RUNG_USAGE,
                         "%s: --weight-column and --drop are for CSV, not for .npy",
                         t->path);
    RUNG_TRY(rung__npy_rows_open(&t->source, t->path, &how, cut, &n_features, err));
    snprintf(t->words, sizeof t->words, "npy, %lld features", (long long)n_features);
    return t->schema ? RUNG_OK : new_schema(t, n_features, err);
}

/* How many features the rows have takes a pass over all of them. */
static rung_status count_features(rung_table *t, rung_error *err)
{
    rung_rows rows;
    if (strcmp(t->path, "-") == 0)
        return rung_fail(err, RUNG_INPUT,
                         "the features of standard input, which can be read only once, "
                         "are not known: name a file");
    do {
        RUNG_TRY(t->source->ops->next(t->source, LOADED_ROWS, &rows, err));
    } while (rows.n > 0);
    const rung__row_cut cut = t->source->cut;
    t->source->ops->close(t->source);
    t->source = NULL;
    RUNG_TRY(new_schema(t, rows.n_features, err));
    return rung__libsvm_open(&t->source, t->path, &cut, rows.n_features, err);
}

static rung_status open_libsvm(rung_table *t, const rung_table_config *config,
                               const rung__row_cut *cut, rung_error *err)
{
    if (config->target || config->weight || config->drop)
        return rung_fail(err, RUNG_USAGE,
                         "%s: --target, --weight-column and --drop name columns, which "
                         "LIBSVM's lines do not have",
                         t->path);
    RUNG_TRY(rung__libsvm_open(&t->source, t->path, cut,
                               t->schema ? t->schema->n_features : 0, err));
    snprintf(t->words, sizeof t->words, "libsvm");
    return t->schema || config->has_labels ? RUNG_OK : count_features(t, err);
}

static rung_status open_source(rung_table *t, const rung_table_config *config,
                               rung_error *err)
{
    const rung__row_cut cut = {rung_rng_key(config->seed, "table", 0),
                               config->valid_share, config->test_share, config->part};
    int format = config->format;
    if (rung_path_is_dir(t->path))
        return rung_fail(err, RUNG_INPUT, "'%s' is a folder: name one file", t->path);
    if (format == RUNG_TABLE_AUTO)
        RUNG_TRY(find_format(&format, t->path, t->schema, err));
    if (format == RUNG_TABLE_NPY) return open_npy(t, config, &cut, err);
    if (format == RUNG_TABLE_LIBSVM) return open_libsvm(t, config, &cut, err);
    if (t->schema && !t->schema->n_columns)
        return rung_fail(err, RUNG_INPUT,
                         "%s: CSV, but the model was trained on LIBSVM or .npy: say what "
                         "it is with --table-format",
                         t->path);
    rung_schema *learned = NULL;
    RUNG_TRY(rung__csv_open(&t->source, t->path, config, &cut, t->schema, &learned,
                            t->words, sizeof t->words, err));
    if (learned) t->schema = learned;
    return RUNG_OK;
}

/* ---- Rows in memory ---- */

/* *block, owned, becomes one of `n` elements. */
static rung_status grow(void *block, int64_t n, size_t element, rung_error *err)
{
    void *old, *grown = NULL;
    size_t bytes;
    memcpy(&old, block, sizeof old);
    if (rung_mul_size((size_t)n, element, &bytes)) grown = rung__realloc(old, bytes);
    if (!grown) return rung__out_of_memory(err, (size_t)n * element, "a table's rows");
    memcpy(block, &grown, sizeof grown);
    return RUNG_OK;
}

static rung_status reserve(memory *m, int64_t n, int64_t n_values, rung_error *err)
{
    if (m->n + n + 1 > m->row_cap) {
        const int64_t cap = 2 * (m->n + n) + 1;
        RUNG_TRY(grow(&m->first, cap, sizeof *m->first, err));
        RUNG_TRY(grow(&m->targets, cap, sizeof *m->targets, err));
        RUNG_TRY(grow(&m->weights, cap, sizeof *m->weights, err));
        RUNG_TRY(grow(&m->labels, cap, sizeof *m->labels, err));
        m->row_cap = cap;
    }
    if (m->n_values + n_values > m->value_cap) {
        const int64_t cap = 2 * (m->n_values + n_values);
        RUNG_TRY(grow(&m->features, cap, sizeof *m->features, err));
        RUNG_TRY(grow(&m->values, cap, sizeof *m->values, err));
        m->value_cap = cap;
    }
    return RUNG_OK;
}

static rung_status add_value(rung_table *t, int64_t feature, double value,
                             rung_error *err)
{
    memory *m = &t->rows;
    const float rounded = (float)value;
    if (value == 0) return RUNG_OK;
    if (!isfinite(rounded))
        return rung_fail(err, RUNG_INPUT,
                         "%s: feature %lld of row %lld is %g: must be a finite float",
                         t->path, (long long)feature + 1, (long long)m->n + 1, value);
    m->features[m->n_values] = (int32_t)feature;
    m->values[m->n_values++] = rounded;
    return RUNG_OK;
}

static rung_status add_rows(rung_table *t, const rung_rows *rows, rung_error *err)
{
    memory *m = &t->rows;
    const int64_t most = rows->x ? rows->n * rows->n_features : rows->first[rows->n];
    RUNG_TRY(reserve(m, rows->n, most, err));
    m->n_features = rows->n_features;
    m->has_weights = rows->weights != NULL;
    for (int64_t i = 0; i < rows->n; i++) {
        if (rows->x)
            for (int64_t j = 0; j < rows->n_features; j++)
                RUNG_TRY(add_value(t, j, rung__rows_value(rows, i, j), err));
        else
            for (int64_t p = rows->first[i]; p < rows->first[i + 1]; p++)
                RUNG_TRY(add_value(t, rows->features[p], (double)rows->values[p], err));
        if (rows->targets) m->targets[m->n] = rows->targets[i];
        if (rows->weights) m->weights[m->n] = rows->weights[i];
        m->first[++m->n] = m->n_values;
    }
    return RUNG_OK;
}

static rung_status load(rung_table *t, rung_error *err)
{
    rung_rows rows;
    RUNG_TRY(reserve(&t->rows, 0, 0, err));
    do {
        RUNG_TRY(t->source->ops->next(t->source, LOADED_ROWS, &rows, err));
        RUNG_TRY(add_rows(t, &rows, err));
    } while (rows.n > 0);
    t->source->ops->close(t->source);
    t->source = NULL;
    return t->schema ? RUNG_OK : new_schema(t, t->rows.n_features, err);
}

static void release_memory(memory *m)
{
    rung__free(m->first), rung__free(m->targets), rung__free(m->weights);
    rung__free(m->labels), rung__free(m->features), rung__free(m->values);
}

/* ---- Labels ---- */

/* Where x stands, or would stand, among n ascending numbers. */
static int64_t place_of(double x, const double *numbers, int64_t n)
{
    int64_t low = 0;
    while (n > 0) {
        const int64_t half = n / 2;
        if (numbers[low + half] < x)
            low += half + 1, n -= half + 1;
        else
            n = half;
    }
    return low;
}

static char *spell(char *out, double x)
{
    if (fabs(x) < 1e15 && x == floor(x))
        snprintf(out, RUNG_UNITS_BYTES, "%lld", (long long)x);
    else
        rung_format_real(out, x);
    return out;
}

/* The different targets as names, in ascending order. */
static rung_status name_numbers(rung_labels **out, const double *numbers, int64_t n,
                                rung_error *err)
{
    rung_span *spans = rung__alloc_array((size_t)n + 1, sizeof *spans);
    char *text = rung__alloc_array((size_t)n + 1, RUNG_UNITS_BYTES);
    rung_status status = RUNG_OK;
    if (!spans || !text) status = rung__out_of_memory(err, (size_t)n * 80, "labels");
    for (int64_t i = 0; status == RUNG_OK && i < n; i++) {
        char *name = spell(text + i * RUNG_UNITS_BYTES, numbers[i]);
        spans[i] = (rung_span){name, strlen(name)};
    }
    if (status == RUNG_OK) status = rung_labels_ordered(out, spans, (size_t)n, err);
    rung__free(spans), rung__free(text);
    return status;
}

static rung_status collect_numbers(rung_table *t, double *numbers, rung_error *err)
{
    int64_t n = 0;
    for (int64_t i = 0; i < t->rows.n; i++) {
        const double x = t->rows.targets[i];
        const int64_t place = place_of(x, numbers, n);
        if (!isfinite(x))
            return rung_fail(err, RUNG_INPUT, "%s: the target of row %lld is %g", t->path,
                             (long long)i + 1, x);
        if (place < n && numbers[place] == x) continue;
        if (n == MOST_LABELS)
            return rung_fail(err, RUNG_INPUT,
                             "%s: more than %d different targets are no labels: to "
                             "predict numbers, train linreg",
                             t->path, MOST_LABELS);
        memmove(numbers + place + 1, numbers + place, (size_t)(n - place) * sizeof x);
        numbers[place] = x;
        n++;
    }
    return name_numbers(&t->labels, numbers, n, err);
}

static rung_status find_labels(rung_table *t, rung_error *err)
{
    const rung__column *target = rung__schema_find(t->schema, RUNG_COLUMN_TARGET);
    if (t->rows.n == 0) return rung_fail(err, RUNG_INPUT, "%s: there is no row", t->path);
    if (target && target->levels) {
        t->labels = rung_labels_share(target->levels);
    } else {
        double *numbers = rung__alloc_array(MOST_LABELS, sizeof *numbers);
        if (!numbers) return rung__out_of_memory(err, MOST_LABELS * 8, "labels");
        const rung_status status = collect_numbers(t, numbers, err);
        rung__free(numbers);
        RUNG_TRY(status);
    }
    if (rung_labels_count(t->labels) > 1) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT,
                     "%s: every row has the label '%s', so there is nothing to learn: is "
                     "--target right? (%s)",
                     t->path, rung_labels_name(t->labels, 0), t->words);
}

/* The id of a number that is spelled as one of the labels. Two labels may be written 0
 * and 1, or -1 and 1: LIBSVM's tools take both for the same. */
static int32_t id_of(double x, const double *numbers, int64_t n)
{
    int64_t place = place_of(x, numbers, n);
    if (place < n && numbers[place] == x) return (int32_t)place;
    const bool is_binary =
        n == 2 && numbers[1] == 1 && (numbers[0] == 0 || numbers[0] == -1);
    return is_binary && (x == 0 || x == -1) ? 0 : -1;
}

static rung_status give_ids(rung_table *t, rung_error *err)
{
    memory *m = &t->rows;
    const int64_t n = rung_labels_count(t->labels);
    const rung__column *target = rung__schema_find(t->schema, RUNG_COLUMN_TARGET);
    if (target && target->levels) {
        for (int64_t i = 0; i < m->n; i++)
            m->labels[i] = isnan(m->targets[i]) ? -1 : (int32_t)m->targets[i];
        return RUNG_OK;
    }
    double *numbers = rung__alloc_array((size_t)n, sizeof *numbers);
    if (!numbers) return rung__out_of_memory(err, (size_t)n * 8, "labels");
    for (int64_t l = 0; l < n; l++)
        if (!rung_parse_number(rung_labels_name(t->labels, l), &numbers[l]))
            numbers[l] = NAN; // a name that no number is
    for (int64_t i = 0; i < m->n; i++) m->labels[i] = id_of(m->targets[i], numbers, n);
    rung__free(numbers);
    return RUNG_OK;
}

/* Counts the rows whose label has no id, and drops them or keeps them all. */
static void count_unknown(rung_table *t, bool drops)
{
    memory *m = &t->rows;
    int64_t n = 0, at = 0;
    for (int64_t i = 0; i < m->n; i++) {
        t->n_unknown += m->labels[i] < 0;
        if (drops && m->labels[i] < 0) continue;
        for (int64_t p = m->first[i]; p < m->first[i + 1]; p++, at++)
            m->features[at] = m->features[p], m->values[at] = m->values[p];
        m->targets[n] = m->targets[i];
        m->weights[n] = m->weights[i];
        m->labels[n] = m->labels[i];
        m->first[++n] = at;
    }
    m->n = n;
}

/* ---- Tables ---- */

static rung_status open_table(rung_table *t, const rung_table_config *config,
                              rung_labels *labels, rung_error *err)
{
    RUNG_TRY(open_source(t, config, err));
    if (!config->has_labels) return RUNG_OK;
    RUNG_TRY(load(t, err));
    if (labels) t->labels = rung_labels_share(labels);
    if (!labels) RUNG_TRY(find_labels(t, err));
    if (!config->has_targets) return RUNG_OK;
    RUNG_TRY(give_ids(t, err));
    count_unknown(t, config->known_labels);
    return RUNG_OK;
}

rung_status rung_table_open(rung_table **out, const char *path,
                            const rung_table_config *config, rung_schema *schema,
                            rung_labels *labels, rung_error *err)
{
    rung_table *t = rung__alloc(sizeof *t);
    if (!t) return rung__out_of_memory(err, sizeof *t, path);
    t->path = rung__strdup(path);
    t->schema = schema ? rung_schema_share(schema) : NULL;
    const rung_status status = t->path ? open_table(t, config, labels, err)
                                       : rung__out_of_memory(err, strlen(path), path);
    if (status == RUNG_OK)
        *out = t;
    else
        rung_table_close(t);
    return status;
}

void rung_table_close(rung_table *t)
{
    if (!t) return;
    if (t->source) t->source->ops->close(t->source);
    release_memory(&t->rows);
    rung_schema_free(t->schema);
    rung_labels_free(t->labels);
    rung__free(t->path);
    rung__free(t);
}

rung_schema *rung_table_schema(const rung_table *t)
{
    return t->schema;
}

rung_labels *rung_table_labels(const rung_table *t)
{
    return t->labels;
}

const char *rung_table_words(const rung_table *t)
{
    return t->words;
}

static void give_memory(rung_table *t, rung_rows *rows)
{
    const memory *m = &t->rows;
    *rows = (rung_rows){.n = t->n_seen ? 0 : m->n,
                        .n_features = t->schema->n_features,
                        .first = m->first,
                        .features = m->features,
                        .values = m->values,
                        .targets = m->targets,
                        .labels = m->labels,
                        .weights = m->has_weights ? m->weights : NULL};
}

rung_status rung_table_next(rung_table *t, int64_t most, rung_rows *rows, rung_error *err)
{
    assert(most > 0);
    if (t->source)
        RUNG_TRY(t->source->ops->next(t->source, most, rows, err));
    else
        give_memory(t, rows);
    t->n_seen += rows->n;
    return RUNG_OK;
}

int64_t rung_table_seen(const rung_table *t)
{
    return t->n_seen;
}

int64_t rung_table_unknown(const rung_table *t)
{
    return t->n_unknown;
}

rung_status rung_table_rewind(rung_table *t, rung_error *err)
{
    t->n_seen = 0;
    return t->source ? t->source->ops->rewind(t->source, err) : RUNG_OK;
}
