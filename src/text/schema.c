/* The meaning of a table's columns, and how it is written:
 *
 *     {"features": 2, "missing": "mean", "means": [0.5, 0.25],
 *      "columns": [{"role": "number", "name": "age"}, {"role": "target"},
 *                  {"role": "words", "levels": ["no", "yes"]}]}                       */
#include "text/schema.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "rung/table.h"

#define MOST_FEATURES INT32_MAX

rung_schema *rung__schema_new(void)
{
    rung_schema *s = rung__alloc(sizeof *s);
    if (s) atomic_init(&s->n_owners, 1);
    return s;
}

rung_schema *rung_schema_share(rung_schema *schema)
{
    atomic_fetch_add(&schema->n_owners, 1);
    return schema;
}

void rung_schema_free(rung_schema *s)
{
    if (!s || atomic_fetch_sub(&s->n_owners, 1) > 1) return;
    for (size_t i = 0; i < s->n_columns; i++) {
        rung__free(s->columns[i].name);
        rung_labels_free(s->columns[i].levels);
    }
    rung__free(s->columns);
    rung__free(s->means);
    rung__free(s);
}

void rung__schema_number(rung_schema *s)
{
    s->n_features = 0;
    for (size_t i = 0; i < s->n_columns; i++) {
        s->columns[i].feature = s->n_features;
        s->n_features += rung__column_features(&s->columns[i]);
    }
}

const rung__column *rung__schema_find(const rung_schema *s, rung__role role)
{
    for (size_t i = 0; i < s->n_columns; i++)
        if (s->columns[i].role == role) return &s->columns[i];
    return NULL;
}

int64_t rung_schema_features(const rung_schema *schema)
{
    return schema->n_features;
}

char *rung_schema_name(const rung_schema *s, int64_t feature, char *out, size_t size)
{
    assert(feature >= 0 && feature < s->n_features);
    snprintf(out, size, "%lld", (long long)feature + 1);
    for (size_t i = 0; i < s->n_columns; i++) {
        const rung__column *c = &s->columns[i];
        const int64_t k = feature - c->feature;
        if (k < 0 || k >= rung__column_features(c)) continue;
        char number[32];
        snprintf(number, sizeof number, "%zu", i + 1);
        snprintf(out, size, "%s%s%s", c->name ? c->name : number,
                 c->role == RUNG_COLUMN_WORDS ? "=" : "",
                 c->role == RUNG_COLUMN_WORDS ? rung_labels_name(c->levels, k + 1) : "");
        break;
    }
    return out;
}

/* ---- JSON ---- */

#define X(name, text) text,
static const char *const roles[] = {RUNG_COLUMN_LIST(X)};
#undef X

static const char *const missing_names[] = {"refuse", "mean"};

static void put(json_t *object, const char *key, json_t *value, bool *failed)
{
    if (!value || json_object_set_new(object, key, value)) *failed = true;
}

static json_t *column_to_json(const rung__column *c)
{
    bool failed = false;
    json_t *json = json_object();
    put(json, "role", json_string(roles[c->role]), &failed);
    if (c->name) put(json, "name", json_string(c->name), &failed);
    if (c->levels) {
        json_t *levels = json_array();
        for (int64_t l = 0; l < rung_labels_count(c->levels); l++)
            failed |= json_array_append_new(levels,
                                            json_string(rung_labels_name(c->levels, l)));
        put(json, "levels", levels, &failed);
    }
    if (!failed) return json;
    json_decref(json);
    return NULL;
}

json_t *rung__schema_to_json(const rung_schema *s)
{
    bool failed = false;
    rung__json_use_alloc();
    json_t *json = json_object();
    put(json, "features", json_integer(s->n_features), &failed);
    put(json, "missing", json_string(missing_names[s->missing]), &failed);
    if (s->means) {
        json_t *means = json_array();
        for (int64_t j = 0; j < s->n_features; j++)
            failed |= json_array_append_new(means, json_real(s->means[j]));
        put(json, "means", means, &failed);
    }
    if (s->n_columns) {
        json_t *columns = json_array();
        for (size_t i = 0; i < s->n_columns; i++)
            failed |= json_array_append_new(columns, column_to_json(&s->columns[i]));
        put(json, "columns", columns, &failed);
    }
    if (!failed) return json;
    json_decref(json);
    return NULL;
}

/* The place of a text among n; n if it is none of them. */
static size_t place_of(const char *text, const char *const *names, size_t n)
{
    size_t i = 0;
    while (i < n && strcmp(text, names[i]) != 0) i++;
    return i;
}

static rung_status read_levels(rung__column *c, const json_t *levels, const char *where,
                               rung_error *err)
{
    const size_t n = json_array_size(levels);
    rung_span *names = rung__alloc_array(n + 1, sizeof *names);
    if (!names) return rung__out_of_memory(err, n * sizeof *names, "words of a column");
    rung_status status = RUNG_OK;
    for (size_t l = 0; l < n && status == RUNG_OK; l++) {
        const json_t *name = json_array_get(levels, l);
        names[l] = (rung_span){json_string_value(name), json_string_length(name)};
        if (!json_is_string(name))
            status = rung_fail(err, RUNG_INPUT, "%s: level %zu is no text", where, l);
    }
    if (status == RUNG_OK && n == 0)
        status = rung_fail(err, RUNG_INPUT, "%s: a column of words has none", where);
    if (status == RUNG_OK) status = rung_labels_ordered(&c->levels, names, n, err);
    rung__free(names);
    return status;
}

static rung_status read_column(rung__column *c, const json_t *json, const char *where,
                               rung_error *err)
{
    const char *role = "", *name = NULL;
    if (!json_is_object(json))
        return rung_fail(err, RUNG_INPUT, "%s: a column is no object", where);
    RUNG_TRY(rung_json_get_text(json, "role", &role, where, err));
    RUNG_TRY(rung_json_get_text(json, "name", &name, where, err));
    c->role = (rung__role)place_of(role, roles, RUNG_COLUMN_COUNT);
    if (c->role == RUNG_COLUMN_COUNT)
        return rung_fail(err, RUNG_INPUT, "%s: a column's role is '%s'", where, role);
    if (name && !(c->name = rung__strdup(name)))
        return rung__out_of_memory(err, strlen(name), "a column's name");
    const json_t *levels = json_object_get(json, "levels");
    if (!levels && c->role != RUNG_COLUMN_WORDS) return RUNG_OK;
    return read_levels(c, levels, where, err);
}

static rung_status read_columns(rung_schema *s, const json_t *columns, const char *where,
                                rung_error *err)
{
    const size_t n = json_array_size(columns);
    const int64_t n_features = s->n_features;
    s->columns = rung__alloc_array(n + 1, sizeof *s->columns);
    if (!s->columns) return rung__out_of_memory(err, n * sizeof *s->columns, "columns");
    s->n_columns = n;
    for (size_t i = 0; i < n; i++) {
        RUNG_TRY(read_column(&s->columns[i], json_array_get(columns, i), where, err));
        if (!s->columns[i].name != !s->columns[0].name)
            return rung_fail(err, RUNG_INPUT, "%s: some columns have names, some none",
                             where);
    }
    if (!rung__schema_find(s, RUNG_COLUMN_TARGET))
        return rung_fail(err, RUNG_INPUT, "%s: no column is the target", where);
    rung__schema_number(s);
    if (s->n_features == n_features) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT, "%s: features is %lld, but columns have %lld",
                     where, (long long)n_features, (long long)s->n_features);
}

static rung_status read_means(rung_schema *s, const json_t *means, const char *where,
                              rung_error *err)
{
    const size_t n = json_array_size(means);
    if ((int64_t)n != s->n_features)
        return rung_fail(err, RUNG_INPUT, "%s: %zu means of %lld features", where, n,
                         (long long)s->n_features);
    s->means = rung__alloc_array(n + 1, sizeof *s->means);
    if (!s->means) return rung__out_of_memory(err, n * sizeof *s->means, "means");
    for (size_t j = 0; j < n; j++) {
        const json_t *mean = json_array_get(means, j);
        if (!json_is_number(mean))
            return rung_fail(err, RUNG_INPUT, "%s: mean %zu is no number", where, j);
        s->means[j] = json_number_value(mean);
    }
    return RUNG_OK;
}

static rung_status read_schema(rung_schema *s, const json_t *json, const char *where,
                               rung_error *err)
{
    const char *missing = missing_names[0];
    const json_t *means = json_object_get(json, "means");
    const json_t *columns = json_object_get(json, "columns");
    RUNG_TRY(rung_json_require(json, "features", where, err));
    RUNG_TRY(rung_json_get_int(json, "features", 1, MOST_FEATURES, &s->n_features, where,
                               err));
    RUNG_TRY(rung_json_get_text(json, "missing", &missing, where, err));
    s->missing = (int)place_of(missing, missing_names, 2);
    if (s->missing == 2)
        return rung_fail(err, RUNG_INPUT, "%s: missing is '%s'", where, missing);
    if (columns) RUNG_TRY(read_columns(s, columns, where, err));
    if (means) return read_means(s, means, where, err);
    if (columns && s->missing == RUNG_MISSING_MEAN)
        return rung_fail(err, RUNG_INPUT, "%s: there are no means", where);
    return RUNG_OK;
}

rung_status rung__schema_from_json(rung_schema **out, const json_t *json,
                                   const char *where, rung_error *err)
{
    rung_schema *s = rung__schema_new();
    if (!s) return rung__out_of_memory(err, sizeof *s, "a schema");
    const rung_status status = read_schema(s, json, where, err);
    if (status == RUNG_OK)
        *out = s;
    else
        rung_schema_free(s);
    return status;
}
