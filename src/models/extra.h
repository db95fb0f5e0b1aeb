/* Tensors beyond the parameters in a model's folder. */
#ifndef RUNG_MODELS_EXTRA_H
#define RUNG_MODELS_EXTRA_H

#include "rung/formats.h"

/* A tensor [rows] (columns 0) or [rows, columns] to be written; data is borrowed. */
rung_stored rung__extra(const char *name, rung_stored_type type, int64_t rows,
                        int64_t columns, const void *data);

/* A copy of a tensor of a file, which must have this type and shape; rows < 0: of any
 * number, which *found gets. *(void **)out is a new array (rung__free). */
rung_status rung__extra_load(void *out, const rung_safetensors *file, const char *name,
                             rung_stored_type type, int64_t rows, int64_t columns,
                             int64_t *found, rung_error *err);

#endif
