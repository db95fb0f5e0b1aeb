/* Named sets of tensors in one contiguous block: parameters and states.
 *
 * Every tensor begins at a multiple of 16 elements, so that rows start on cache lines and
 * shards of a block can be cut anywhere at such a multiple. The padding stays zero. */
#include "rung/graph.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"

enum { PARAM_ALIGN = 16 };

struct rung_params {
    rung_dtype type;
    rung_param *list; /* [count], owned, names too */
    size_t count, cap;
    int64_t size, extent, mask_extent;
    void *values; /* [extent], owned */
};

size_t rung_dtype_bytes(rung_dtype type)
{
    return type == RUNG_F64 ? sizeof(double) : sizeof(float);
}

rung_status rung_params_new(rung_params **out, rung_dtype type, rung_error *err)
{
    assert(type != RUNG_I32);
    rung_params *p = rung__alloc(sizeof *p);
    if (!p) return rung__out_of_memory(err, sizeof *p, "a set of parameters");
    p->type = type;
    *out = p;
    return RUNG_OK;
}

void rung_params_free(rung_params *p)
{
    if (!p) return;
    for (size_t i = 0; i < p->count; i++) rung__free((char *)p->list[i].name);
    rung__free(p->list);
    rung__free(p->values);
    rung__free(p);
}

/* Elements of a shape; false when it is not one or has too many. */
static bool shape_size(int rank, const int64_t *shape, int64_t *size)
{
    if (rank < 0 || rank > RUNG_MAX_RANK) return false;
    *size = 1;
    for (int i = 0; i < rank; i++) {
        if (shape[i] < 1 || __builtin_mul_overflow(*size, shape[i], size)) return false;
    }
    return *size <= INT64_MAX / 64;
}

rung_status rung_params_add(rung_params *p, const rung_param *spec, rung_error *err)
{
    rung_param param = *spec;
    if (!shape_size(spec->rank, spec->shape, &param.size))
        return rung_fail(err, RUNG_SHAPE, "parameter '%s': a size is zero or too large",
                         spec->name);
    if (rung_params_find(p, spec->name))
        return rung_fail(err, RUNG_USAGE, "parameter '%s' was added twice", spec->name);
    if (p->count == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 16;
        rung_param *list = rung__realloc(p->list, cap * sizeof *list);
        if (!list) return rung__out_of_memory(err, cap * sizeof *list, "parameters");
        p->list = list, p->cap = cap;
    }
    param.offset = p->extent;
    param.mask_offset = p->mask_extent;
    int64_t extent =
        p->extent + (param.size + PARAM_ALIGN - 1) / PARAM_ALIGN * PARAM_ALIGN;
    size_t bytes = (size_t)extent * rung_dtype_bytes(p->type);
    void *values = rung__realloc(p->values, bytes);
    if (!values) return rung__out_of_memory(err, bytes, "the values of the parameters");
    p->values = values;
    param.name = rung__strdup(spec->name);
    if (!param.name) return rung__out_of_memory(err, strlen(spec->name), "a name");
    p->list[p->count++] = param;
    p->extent = extent;
    p->size += param.size;
    if (param.row_sparse) p->mask_extent += param.shape[0];
    return RUNG_OK;
}

size_t rung_params_count(const rung_params *p)
{
    return p->count;
}

const rung_param *rung_params_at(const rung_params *p, size_t i)
{
    assert(i < p->count);
    return &p->list[i];
}

const rung_param *rung_params_find(const rung_params *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->list[i].name, name) == 0) return &p->list[i];
    }
    return NULL;
}

rung_dtype rung_params_type(const rung_params *p)
{
    return p->type;
}

int64_t rung_params_size(const rung_params *p)
{
    return p->size;
}

int64_t rung_params_extent(const rung_params *p)
{
    return p->extent;
}

void *rung_params_values(const rung_params *p)
{
    return p->values;
}

void *rung_params_data(const rung_params *p, const rung_param *param)
{
    return (char *)p->values + (size_t)param->offset * rung_dtype_bytes(p->type);
}

/* ---- Initialisers ---- */

/* Deviation (normal) or bound (uniform) of an initialiser. */
static double init_spread(const rung_param *p)
{
    double in = p->rank ? (double)p->shape[0] : 1,
           out = p->rank > 1 ? (double)p->shape[1] : in;
    if (p->transposed) {
        double swap = in;
        in = out, out = swap;
    }
    switch (p->init) {
    case RUNG_INIT_XAVIER_UNIFORM:
        return p->scale * sqrt(6 / (in + out));
    case RUNG_INIT_XAVIER_NORMAL:
        return p->scale * sqrt(2 / (in + out));
    case RUNG_INIT_KAIMING_UNIFORM:
        return p->scale * sqrt(6 / in);
    case RUNG_INIT_KAIMING_NORMAL:
        return p->scale * sqrt(2 / in);
    default:
        return p->scale;
    }
}

static double init_draw(rung_init init, double spread, rung_rng *rng)
{
    switch (init) {
    case RUNG_INIT_ZEROS:
        return 0;
    case RUNG_INIT_ONES:
        return 1;
    case RUNG_INIT_NORMAL:
    case RUNG_INIT_XAVIER_NORMAL:
    case RUNG_INIT_KAIMING_NORMAL:
        return spread * rung_rng_normal(rng);
    default:
        return spread * (2 * rung_rng_double(rng) - 1);
    }
}

void rung_params_init(rung_params *p, uint64_t seed)
{
    for (size_t i = 0; i < p->count; i++) {
        const rung_param *param = &p->list[i];
        rung_rng rng = rung_rng_make(rung_rng_key(seed, param->name, 0));
        double spread = init_spread(param);
        void *data = rung_params_data(p, param);
        for (int64_t e = 0; e < param->size; e++) {
            double x = init_draw(param->init, spread, &rng);
            if (p->type == RUNG_F64)
                ((double *)data)[e] = x;
            else
                ((float *)data)[e] = (float)x;
        }
    }
}

/* ---- Blocks ---- */

rung_status rung_block_new(rung_block *block, const rung_params *p, rung_error *err)
{
    size_t bytes = (size_t)p->extent * rung_dtype_bytes(p->type);
    void *data = rung__alloc(bytes);
    if (!data) return rung__out_of_memory(err, bytes, "a block of gradients");
    rung_status status = rung_block_over(block, p, data, err);
    block->borrows = false;
    if (status != RUNG_OK) rung_block_release(block);
    return status;
}

rung_status rung_block_over(rung_block *block, const rung_params *p, void *data,
                            rung_error *err)
{
    *block = (rung_block){.data = data, .borrows = true};
    if (p->mask_extent == 0) return RUNG_OK;
    block->touched = rung__alloc((size_t)p->mask_extent);
    if (block->touched) return RUNG_OK;
    return rung__out_of_memory(err, (size_t)p->mask_extent, "the rows of a gradient");
}

void rung_block_release(rung_block *block)
{
    if (!block->borrows) rung__free(block->data);
    rung__free(block->touched);
    *block = (rung_block){0};
}
