/* Tensors beyond the parameters in a model's folder. */
#include "models/extra.h"

#include <string.h>

#include "base/alloc.h"

rung_stored rung__extra(const char *name, rung_stored_type type, int64_t rows,
                        int64_t columns, const void *data)
{
    const size_t n = (size_t)rows * (size_t)(columns > 0 ? columns : 1);
    return (rung_stored){.name = name,
                         .type = type,
                         .rank = columns > 0 ? 2 : 1,
                         .shape = {rows, columns},
                         .data = data,
                         .bytes = n * rung_stored_type_bytes(type)};
}

rung_status rung__extra_load(void *out, const rung_safetensors *file, const char *name,
                             rung_stored_type type, int64_t rows, int64_t columns,
                             int64_t *found, rung_error *err)
{
    const rung_stored *t = rung_safetensors_find(file, name);
    if (!t || t->type != type || t->rank != (columns > 0 ? 2 : 1) ||
        (rows >= 0 && t->shape[0] != rows) || (columns > 0 && t->shape[1] != columns))
        return rung_fail(err, RUNG_INPUT, "tensor '%s' is missing or has another shape",
                         name);
    void *data = rung__alloc(t->bytes);
    if (!data) return rung__out_of_memory(err, t->bytes, name);
    memcpy(data, t->data, t->bytes);
    memcpy(out, &data, sizeof data);
    if (found) *found = t->shape[0];
    return RUNG_OK;
}
