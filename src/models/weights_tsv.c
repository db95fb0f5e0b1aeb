/* Weights as tab-separated text.
 *
 *     feature <TAB> idf <TAB> LABEL [<TAB> LABEL ...]
 *     (bias)  <TAB> 1   <TAB> b[0] ...
 *     (price) <TAB> 1   <TAB> w[0] ...    for each column of numbers
 *     NAME    <TAB> idf <TAB> w[0] ...
 *
 * In labels and names of columns, a tab, a newline and a backslash are written \t, \n
 * and \\. */
#include "rung/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/str.h"
#include "models/linear.h"
#include "rung/units.h"

#define BIAS "(bias)"

/* ---- Writing ---- */

static void add_escaped(rung_str *s, const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (name[i] == '\t')
            rung_str_add(s, "\\t");
        else if (name[i] == '\n')
            rung_str_add(s, "\\n");
        else if (name[i] == '\\')
            rung_str_add(s, "\\\\");
        else
            rung_str_add_bytes(s, name + i, 1);
    }
}

static void add_head(rung_str *s, const rung_model *m, int64_t O)
{
    rung_str_add(s, "feature\tidf");
    for (int64_t o = 0; o < O; o++) {
        rung_str_add(s, "\t");
        const char *name = rung_labels_name(m->labels, O == 1 ? 1 : o);
        add_escaped(s, name, strlen(name));
    }
    rung_str_add(s, "\n");
}

/* "(price)": no feature is named so. */
static void add_column(rung_str *s, const rung_model *m, size_t k)
{
    rung_number_weight column = {0};
    rung_weights_number(&column, m, 0, k);
    rung_str_add(s, "(");
    add_escaped(s, column.name.bytes, column.name.size);
    rung_str_add(s, ")");
}

static void add_numbers(rung_str *s, float idf, const float *w, int64_t O)
{
    char text[RUNG_UNITS_BYTES];
    rung_str_addf(s, "\t%s", rung_format_float(text, idf));
    for (int64_t o = 0; o < O; o++)
        rung_str_addf(s, "\t%s", rung_format_float(text, w[o]));
    rung_str_add(s, "\n");
}

rung_status rung_weights_write(const rung_model *m, const char *path, rung_error *err)
{
    const rung_linear_ops *ops;
    RUNG_TRY(rung__linear_of(&ops, m, err));
    const rung_features *f = ops->features(m);
    const int64_t O = ops->outputs(m), n = (int64_t)ops->numbers(m)->n;
    const float *w = ops->weights(m);
    rung_str s = {0};
    add_head(&s, m, O);
    rung_str_add(&s, BIAS);
    add_numbers(&s, 1, w + (f->n_columns + n) * O, O);
    for (int64_t k = 0; k < n; k++) {
        add_column(&s, m, (size_t)k);
        add_numbers(&s, 1, w + (f->n_columns + k) * O, O);
    }
    for (int64_t j = 0; j < f->n_columns && !s.failed; j++) {
        rung__features_name(&s, f, j);
        add_numbers(&s, f->idf[j], w + j * O, O);
    }
    const rung_status status = s.failed ? rung__out_of_memory(err, s.len, "weights")
                                        : rung_file_write(path, s.data, s.len, err);
    rung_str_release(&s);
    return status;
}

/* ---- Reading ---- */

/* One line of a file: its cells are cut off one after another. */
typedef struct line {
    const char *path;
    size_t number;
    char *at; /* NULL: no more cells */
} line;

static rung_status fail(rung_error *err, const line *l, const char *what,
                        const char *cell)
{
    return rung_fail(err, RUNG_INPUT, "%s:%zu: %s: '%.60s'", l->path, l->number, what,
                     cell ? cell : "");
}

/* The next cell of the line, with a NUL in place of its tab; NULL at the end. */
static char *next_cell(line *l)
{
    char *cell = l->at;
    if (!cell) return NULL;
    char *tab = strchr(cell, '\t');
    if (tab) *tab = '\0';
    l->at = tab ? tab + 1 : NULL;
    return cell;
}

static rung_status next_number(float *x, line *l, rung_error *err)
{
    double value;
    char *cell = next_cell(l);
    const char *end = cell ? rung_parse_number(cell, &value) : NULL;
    if (!end || *end || !isfinite((float)value))
        return fail(err, l, "must be a number", cell);
    *x = (float)value;
    return RUNG_OK;
}

/* The next line at *text, without its end; false when there is none. */
static bool next_line(line *l, char **text)
{
    l->number++;
    l->at = **text ? *text : NULL;
    if (!l->at) return false;
    char *end = strchr(*text, '\n');
    *text = end ? end + 1 : *text + strlen(*text);
    if (!end) end = *text;
    if (end > l->at && end[-1] == '\r') end--;
    *end = '\0';
    return true;
}

/* What a file holds, in its order. */
typedef struct table {
    int64_t n, n_numbers, O;
    int32_t *hashes; /* [n]; of a hashed model, owned */
    rung_str names;  /* a line each; of any other */
    float *idf;      /* [n], owned */
    float *weights;  /* [(n + n_numbers) O + O], owned */
} table;

static rung_status read_head(line *l, char **text, const rung_model *m, int64_t O,
                             rung_error *err)
{
    rung_str wanted = {0};
    add_head(&wanted, m, O);
    if (wanted.failed) return rung__out_of_memory(err, wanted.len, "labels");
    wanted.data[wanted.len - 1] = '\0';
    const bool any = next_line(l, text);
    const bool is_right = any && strcmp(l->at, wanted.data) == 0;
    if (!is_right)
        rung_fail(err, RUNG_INPUT,
                  "%s:1: must be '%s', feature, idf and the model's labels: '%.100s'",
                  l->path, wanted.data, any ? l->at : "");
    rung_str_release(&wanted);
    return is_right ? RUNG_OK : err->code;
}

static rung_status read_feature(table *t, int64_t j, const char *name, const line *l,
                                rung_error *err)
{
    char *end;
    if (!t->hashes) {
        rung_str_add(&t->names, name);
        rung_str_add(&t->names, "\n");
        return RUNG_OK;
    }
    const long hash = name[0] == '#' ? strtol(name + 1, &end, 10) : -1;
    if (hash < 0 || hash > INT32_MAX || end == name + 1 || *end)
        return fail(err, l, "features of this model are hashes, such as #123", name);
    t->hashes[j] = (int32_t)hash;
    return RUNG_OK;
}

/* The name of a column of numbers must be the model's. */
static rung_status check_column(const char *name, const rung_model *m, int64_t k,
                                const line *l, rung_error *err)
{
    rung_str wanted = {0};
    add_column(&wanted, m, (size_t)k);
    rung_status status = RUNG_OK;
    if (wanted.failed)
        status = rung__out_of_memory(err, wanted.len, l->path);
    else if (strcmp(name, wanted.data) != 0)
        status = rung_fail(err, RUNG_INPUT, "%s:%zu: must be %s: '%.60s'", l->path,
                           l->number, wanted.data, name);
    rung_str_release(&wanted);
    return status;
}

/* Line i: the biases, then columns of numbers, then features. */
static rung_status read_row(table *t, int64_t i, const rung_model *m, line *l,
                            rung_error *err)
{
    const int64_t j = i - 1 - t->n_numbers;
    const int64_t row = i == 0 ? t->n + t->n_numbers : j < 0 ? t->n + i - 1 : j;
    float idf, *w = t->weights + row * t->O;
    const char *name = next_cell(l);
    if (i == 0 && strcmp(name, BIAS) != 0)
        return fail(err, l, "the first feature must be " BIAS, name);
    if (i > 0 && j < 0) RUNG_TRY(check_column(name, m, i - 1, l, err));
    if (j >= 0) RUNG_TRY(read_feature(t, j, name, l, err));
    RUNG_TRY(next_number(&idf, l, err));
    if (j >= 0) t->idf[j] = idf;
    for (int64_t o = 0; o < t->O; o++) RUNG_TRY(next_number(&w[o], l, err));
    return l->at ? fail(err, l, "more columns than labels", l->at) : RUNG_OK;
}

static rung_status read_table(table *t, char *text, const char *path, const rung_model *m,
                              bool is_hashed, rung_error *err)
{
    line l = {.path = path};
    int64_t n_lines = 0;
    RUNG_TRY(read_head(&l, &text, m, t->O, err));
    for (const char *p = text; *p; n_lines++) {
        const char *end = strchrnul(p, '\n');
        p = *end ? end + 1 : end;
    }
    const int64_t n_first = 1 + t->n_numbers; // lines before the features'
    t->n = n_lines > n_first ? n_lines - n_first : 0;
    t->idf = rung__alloc_array((size_t)t->n, sizeof *t->idf);
    t->weights = rung__alloc_array((size_t)((t->n + n_first) * t->O), sizeof *t->weights);
    if (is_hashed) t->hashes = rung__alloc_array((size_t)t->n, sizeof *t->hashes);
    if (!t->idf || !t->weights || (is_hashed && !t->hashes))
        return rung__out_of_memory(err, (size_t)n_lines * 8, path);
    for (int64_t i = 0; i < t->n + n_first; i++) {
        if (!next_line(&l, &text))
            return fail(err, &l,
                        i ? "a column of numbers is missing"
                          : "the first feature must be " BIAS,
                        "");
        RUNG_TRY(read_row(t, i, m, &l, err));
    }
    return t->names.failed ? rung__out_of_memory(err, t->names.len, path) : RUNG_OK;
}

/* ---- Order ---- */

typedef struct place {
    int32_t hash, row;
} place;

static int by_hash(const void *a, const void *b)
{
    const place *x = a, *y = b;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

/* Hashes must ascend; people sort by other things. */
static rung_status sort_hashes(table *t, rung_error *err)
{
    table sorted = *t;
    const size_t n = (size_t)t->n, O = (size_t)t->O;
    const size_t n_last = ((size_t)t->n_numbers + 1) * O; // weights behind the features'
    place *order = rung__alloc_array(n, sizeof *order);
    sorted.hashes = rung__alloc_array(n, sizeof *sorted.hashes);
    sorted.idf = rung__alloc_array(n, sizeof *sorted.idf);
    sorted.weights = rung__alloc_array(n * O + n_last, sizeof *sorted.weights);
    if (!order || !sorted.hashes || !sorted.idf || !sorted.weights) {
        rung__free(order), rung__free(sorted.hashes);
        rung__free(sorted.idf), rung__free(sorted.weights);
        return rung__out_of_memory(err, n * sizeof *order, "weights");
    }
    for (size_t j = 0; j < n; j++) order[j] = (place){t->hashes[j], (int32_t)j};
    if (n > 0) qsort(order, n, sizeof *order, by_hash);
    for (size_t j = 0; j < n; j++) {
        const size_t from = (size_t)order[j].row;
        sorted.hashes[j] = order[j].hash;
        sorted.idf[j] = t->idf[from];
        memcpy(sorted.weights + j * O, t->weights + from * O, O * sizeof(float));
    }
    memcpy(sorted.weights + n * O, t->weights + n * O, n_last * sizeof(float));
    rung__free(order), rung__free(t->hashes), rung__free(t->idf), rung__free(t->weights);
    *t = sorted;
    return RUNG_OK;
}

rung_status rung_weights_read(rung_model *m, const char *path, rung_error *err)
{
    const rung_linear_ops *ops;
    rung_text text;
    rung_features features;
    RUNG_TRY(rung__linear_of(&ops, m, err));
    RUNG_TRY(rung_text_read(&text, path, 0, err));
    const bool is_hashed = ops->config(m)->bits > 0;
    table t = {.n_numbers = (int64_t)ops->numbers(m)->n, .O = ops->outputs(m)};
    rung_status status = read_table(&t, text.bytes, path, m, is_hashed, err);
    if (status == RUNG_OK && is_hashed) status = sort_hashes(&t, err);
    if (status == RUNG_OK) {
        const rung_span names = {t.names.data, t.names.len};
        status = rung__features_restore(&features, ops->config(m), t.hashes, names, t.idf,
                                        t.n, err);
        if (status != RUNG_OK) rung_fail_within(err, "%s", path);
    }
    if (status == RUNG_OK) {
        ops->take(m, &features, t.weights);
        t.weights = NULL;
    }
    rung__free(t.hashes), rung__free(t.idf), rung__free(t.weights);
    rung_str_release(&t.names);
    rung_text_release(&text);
    return status;
}
