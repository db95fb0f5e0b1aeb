/* What the containers share: the types of stored elements and the checks of a tensor to
 * write. */
#ifndef RUNG_FORMATS_STORED_H
#define RUNG_FORMATS_STORED_H

#include "base/str.h"
#include "rung/formats.h"

/* Files are little-endian, and so is every machine that rung is built for: elements are
 * copied as they are. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "formats/ is for little-endian");

/* The type called `name` in safetensors, RUNG_STORED_COUNT if there is none. */
rung_stored_type rung__stored_type_find(const char *name);

/* *bytes = product of the shape times the element's bytes; false when that overflows. */
bool rung__stored_size(rung_stored_type type, int rank, const int64_t *shape,
                       size_t *bytes);

/* Checks a tensor that the caller wants written: name, type, rank, shape, size and data.
 */
rung_status rung__stored_check(const rung_stored *t, rung_error *err);

#endif
