/* Containers of tensors: safetensors (read and write) and NumPy's .npy (read and write).
 *
 * Readers check every length and offset before use and name the file, the place and the
 * reason; they never allocate more than the file's size asks for. Writers leave a whole
 * file or none. */
#ifndef RUNG_FORMATS_H
#define RUNG_FORMATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rung/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, text in safetensors, bytes of an element) */
#define RUNG_STORED_LIST(X)                                                              \
    X(BOOL, "BOOL", 1)                                                                   \
    X(U8, "U8", 1)                                                                       \
    X(I8, "I8", 1)                                                                       \
    X(F8_E4M3, "F8_E4M3", 1)                                                             \
    X(F8_E5M2, "F8_E5M2", 1)                                                             \
    X(U16, "U16", 2)                                                                     \
    X(I16, "I16", 2)                                                                     \
    X(F16, "F16", 2)                                                                     \
    X(BF16, "BF16", 2)                                                                   \
    X(U32, "U32", 4)                                                                     \
    X(I32, "I32", 4)                                                                     \
    X(F32, "F32", 4)                                                                     \
    X(U64, "U64", 8)                                                                     \
    X(I64, "I64", 8)                                                                     \
    X(F64, "F64", 8)

typedef enum rung_stored_type {
#define X(name, text, bytes) RUNG_STORED_##name,
    RUNG_STORED_LIST(X)
#undef X
        RUNG_STORED_COUNT
} rung_stored_type;

#define RUNG_STORED_MAX_RANK 8

/* One tensor in a file. Row-major, little-endian. */
typedef struct rung_stored {
    const char *name; /* owned by the file when read; borrowed when written */
    rung_stored_type type;
    int rank;
    int64_t shape[RUNG_STORED_MAX_RANK];
    const void *data; /* inside the mapped file when read; borrowed when written */
    size_t bytes;     /* product of shape times the element's bytes */
} rung_stored;

/* Its name in safetensors ("F32"), and the bytes of one element. */
RUNG_API const char *rung_stored_type_name(rung_stored_type type);
RUNG_API size_t rung_stored_type_bytes(rung_stored_type type);

/* An open safetensors file: tensors in the order of their data, metadata as pairs. */
typedef struct rung_safetensors rung_safetensors;

/* Maps and checks the file. RUNG_INPUT with path, place and reason when anything is
 * wrong: truncated, header too long, not JSON, duplicate names, ranges that overlap,
 * leave holes or leave the file, sizes that do not match shapes. */
RUNG_API rung_status rung_safetensors_open(rung_safetensors **out, const char *path,
                                           rung_error *err);
RUNG_API void rung_safetensors_close(rung_safetensors *file);
RUNG_API size_t rung_safetensors_count(const rung_safetensors *file);
RUNG_API const rung_stored *rung_safetensors_at(const rung_safetensors *file, size_t i);
/* NULL when there is no tensor of that name. */
RUNG_API const rung_stored *rung_safetensors_find(const rung_safetensors *file,
                                                  const char *name);
/* Says that the caller has copied what it wants of a tensor of this file: its pages leave
 * memory, and come back from the file if it is read once more. */
RUNG_API void rung_safetensors_forget(const rung_safetensors *file, const rung_stored *t);
/* The value of a metadata key, NULL when absent; or the i-th pair. */
RUNG_API const char *rung_safetensors_metadata(const rung_safetensors *file,
                                               const char *key);
RUNG_API size_t rung_safetensors_metadata_count(const rung_safetensors *file);
RUNG_API void rung_safetensors_metadata_at(const rung_safetensors *file, size_t i,
                                           const char **key, const char **value);

/* Writes tensors (sorted by descending element size, then name; header padded to 8) and
 * metadata (pairs key, value; NULL-terminated list, may be NULL). The same input gives
 * the same bytes. */
RUNG_API rung_status rung_safetensors_write(const char *path, const rung_stored *tensors,
                                            size_t n, const char *const *metadata,
                                            rung_error *err);

/* Converts a stored tensor of any float or integer type to `n` floats; n must be its
 * size. */
RUNG_API rung_status rung_stored_to_f32(const rung_stored *t, float *out, size_t n,
                                        rung_error *err);

/* NumPy .npy, versions 1-3, little-endian, C order or Fortran order of rank <= 2 (read
 * into C order). `data` is its own block. */
typedef struct rung_npy {
    rung_stored_type type;
    int rank;
    int64_t shape[RUNG_STORED_MAX_RANK];
    void *data;   /* owned: rung_npy_release */
    size_t bytes; /* product of shape times the element's bytes */
} rung_npy;

/* Reading fails with path and reason (RUNG_INPUT); release what was read. */
RUNG_API rung_status rung_npy_read(rung_npy *out, const char *path, rung_error *err);
RUNG_API rung_status rung_npy_write(const char *path, const rung_stored *t,
                                    rung_error *err);
RUNG_API void rung_npy_release(rung_npy *npy);

#ifdef __cplusplus
}
#endif
#endif
