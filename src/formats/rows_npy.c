/* Rows from .npy: an array [rows, columns] of float or double in C order. */
#include "formats/rows_npy.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "formats/npy.h"

typedef struct npy {
    rung__source base;
    rung__npy_map x, y; /* y: the targets' own file, or nothing */
    int64_t n_rows, n_columns;
    int64_t target;     /* its column, -1: none */
    int64_t n_features; /* columns but the target's */
    bool is_float;      /* x */
    bool has_targets;

    /* Rows that are copied, owned; room for `cap` of them. */
    double *targets;
    double *copy; /* [cap, n_features] */
    int64_t cap;
} npy;

static const rung__source_ops npy_ops;

static npy *npy_of(rung__source *s)
{
    assert(s->ops == &npy_ops);
    return (npy *)s;
}

/* Elements may lie at any address. */
static double element(const rung_stored *a, int64_t i)
{
    double d;
    float f;
    if (a->type == RUNG_STORED_F64) {
        memcpy(&d, (const char *)a->data + i * 8, sizeof d);
        return d;
    }
    memcpy(&f, (const char *)a->data + i * 4, sizeof f);
    return (double)f;
}

static double target_of(const npy *s, int64_t row)
{
    return s->target < 0 ? element(&s->y.array, row)
                         : element(&s->x.array, row * s->n_columns + s->target);
}

static void copy_row(const npy *s, int64_t row, double *out)
{
    for (int64_t j = 0; j < s->n_columns; j++)
        if (j != s->target) *out++ = element(&s->x.array, row * s->n_columns + j);
}

/* Whether the features of all rows can be read where they lie. */
static bool in_place(const npy *s)
{
    const size_t size = rung_stored_type_bytes(s->x.array.type);
    const bool is_last = s->target < 0 || s->target == s->n_columns - 1;
    return is_last && rung__row_cut_is_whole(&s->base.cut) &&
           (uintptr_t)s->x.array.data % size == 0;
}

static rung_status reserve(npy *s, int64_t n, rung_error *err)
{
    size_t cells = 0;
    if (n <= s->cap) return RUNG_OK;
    rung__free(s->targets), rung__free(s->copy);
    s->targets = s->copy = NULL, s->cap = 0;
    if (!in_place(s) && !rung_mul_size((size_t)n, (size_t)s->n_features, &cells))
        return rung__out_of_memory(err, (size_t)n, "rows");
    s->targets = rung__alloc_array((size_t)n, sizeof *s->targets);
    s->copy = rung__alloc_array(cells, sizeof *s->copy);
    if (!s->targets || !s->copy) return rung__out_of_memory(err, (size_t)n * 8, "rows");
    s->cap = n;
    return RUNG_OK;
}

static void set_features(const npy *s, int64_t row, rung_rows *rows)
{
    const size_t size = s->is_float ? 4 : 8;
    rows->x = s->copy;
    rows->stride = s->n_features;
    if (!in_place(s)) return;
    rows->x = (const char *)s->x.array.data + (size_t)(row * s->n_columns) * size;
    rows->is_float = s->is_float;
    rows->stride = s->n_columns;
}

static rung_status npy_next(rung__source *base, int64_t most, rung_rows *rows,
                            rung_error *err)
{
    npy *s = npy_of(base);
    const int64_t number = base->row, left = s->n_rows - number;
    const bool copies = !in_place(s);
    const rung_stored *y = &s->y.array;
    const bool maps_targets =
        !copies && y->data && y->type == RUNG_STORED_F64 && (uintptr_t)y->data % 8 == 0;
    int64_t n = 0;
    if (most > left) most = left;
    RUNG_TRY(reserve(s, most ? most : 1, err));
    if (maps_targets || (!copies && !s->has_targets)) n = most, base->row += most;
    while (n < most && base->row < s->n_rows) {
        const int64_t row = base->row++;
        if (!rung__row_cut_has(&base->cut, row)) continue;
        if (copies) copy_row(s, row, s->copy + n * s->n_features);
        if (s->has_targets) s->targets[n] = target_of(s, row);
        n++;
    }
    *rows = (rung_rows){.n = n, .n_features = s->n_features, .number = number};
    set_features(s, number, rows);
    if (s->has_targets)
        rows->targets = maps_targets ? (const double *)y->data + number : s->targets;
    return RUNG_OK;
}

static rung_status npy_rewind(rung__source *base, rung_error *err)
{
    (void)err;
    base->row = 0;
    return RUNG_OK;
}

static void npy_close(rung__source *base)
{
    npy *s = npy_of(base);
    rung__npy_map_close(&s->x);
    rung__npy_map_close(&s->y);
    rung__free(s->targets), rung__free(s->copy);
    rung__free(s);
}

static const rung__source_ops npy_ops = {npy_next, npy_rewind, npy_close};

/* ---- Opening ---- */

/* An array of floats or doubles in C order, of this rank or of the next with one
 * column. */
static rung_status open_array(rung__npy_map *map, const char *path, int rank,
                              rung_error *err)
{
    RUNG_TRY(rung__npy_map_open(map, path, err));
    const rung_stored *a = &map->array;
    char shape[RUNG_SHAPE_TEXT_BYTES];
    if (a->type != RUNG_STORED_F32 && a->type != RUNG_STORED_F64)
        return rung_fail(err, RUNG_INPUT,
                         "%s: elements are %s: a table has float or double: save "
                         "array.astype('f8')",
                         path, rung_stored_type_name(a->type));
    if (a->rank != rank && !(rank == 1 && a->rank == 2 && a->shape[1] == 1))
        return rung_fail(err, RUNG_INPUT, "%s: shape %s: %s", path,
                         rung__shape_text(shape, a->rank, a->shape),
                         rank == 2 ? "a table is [rows, columns]" : "targets are [rows]");
    if (map->is_fortran && a->rank == 2 && a->shape[0] > 1 && a->shape[1] > 1)
        return rung_fail(err, RUNG_INPUT,
                         "%s: columns lie one after another (Fortran order): save "
                         "numpy.ascontiguousarray(array)",
                         path);
    if (a->shape[0] > 0 && (a->rank == 1 || a->shape[1] > 0)) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT, "%s: shape %s holds nothing", path,
                     rung__shape_text(shape, a->rank, a->shape));
}

static bool is_place(const char *text)
{
    return text[0] && text[strspn(text, "0123456789")] == '\0';
}

/* The column of the targets, or their file. */
static rung_status open_targets(npy *s, const char *path, const rung__npy_config *config,
                                rung_error *err)
{
    const bool has_file = config->target && !is_place(config->target);
    s->target = -1;
    if (has_file && !config->has_targets) return RUNG_OK;
    if (has_file) {
        RUNG_TRY(open_array(&s->y, config->target, 1, err));
        if (s->y.array.shape[0] == s->n_rows) return RUNG_OK;
        return rung_fail(err, RUNG_INPUT, "%s: %lld targets, but %s has %lld rows",
                         config->target, (long long)s->y.array.shape[0], path,
                         (long long)s->n_rows);
    }
    if (!config->has_targets && s->n_columns == config->n_features) return RUNG_OK;
    const long long place = config->target ? atoll(config->target) : s->n_columns;
    s->target = place - 1;
    if (place >= 1 && place <= s->n_columns) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT, "%s: --target %s: no such column: there are %lld",
                     path, config->target, (long long)s->n_columns);
}

static rung_status open_npy(npy *s, const char *path, const rung__npy_config *config,
                            rung_error *err)
{
    RUNG_TRY(open_array(&s->x, path, 2, err));
    s->n_rows = s->x.array.shape[0];
    s->n_columns = s->x.array.shape[1];
    s->is_float = s->x.array.type == RUNG_STORED_F32;
    s->has_targets = config->has_targets;
    RUNG_TRY(open_targets(s, path, config, err));
    s->n_features = s->n_columns - (s->target >= 0);
    if (s->n_features < 1)
        return rung_fail(err, RUNG_INPUT,
                         "%s: no column is left as a feature beside the target", path);
    if (!config->n_features || s->n_features == config->n_features) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT, "%s: %lld features, but the model has %lld", path,
                     (long long)s->n_features, (long long)config->n_features);
}

rung_status rung__npy_rows_open(rung__source **out, const char *path,
                                const rung__npy_config *config, const rung__row_cut *cut,
                                int64_t *n_features, rung_error *err)
{
    npy *s = rung__alloc(sizeof *s);
    if (!s) return rung__out_of_memory(err, sizeof *s, path);
    s->base = (rung__source){&npy_ops, *cut, 0};
    const rung_status status = open_npy(s, path, config, err);
    if (status != RUNG_OK) {
        npy_close(&s->base);
        return status;
    }
    *n_features = s->n_features;
    *out = &s->base;
    return RUNG_OK;
}
