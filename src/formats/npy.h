/* .npy arrays that stay in their file. */
#ifndef RUNG_FORMATS_NPY_H
#define RUNG_FORMATS_NPY_H

#include "formats/mapped.h"
#include "rung/formats.h"

typedef struct rung__npy_map {
    rung_mapped map;
    rung_stored array; /* data lies in the mapping, at a multiple of nothing sure */
    bool is_fortran;   /* the first dimension moves fastest */
} rung__npy_map;

/* Maps and checks. RUNG_INPUT with path and reason. */
rung_status rung__npy_map_open(rung__npy_map *out, const char *path, rung_error *err);
void rung__npy_map_close(rung__npy_map *map); /* {0} is fine */

#endif
