/* A file mapped for reading: its pages come from the page cache as they are touched, no
 * copy. */
#ifndef RUNG_FORMATS_MAPPED_H
#define RUNG_FORMATS_MAPPED_H

#include <stddef.h>

#include "rung/status.h"

typedef struct rung_mapped {
    const unsigned char *bytes; /* starts a page; NULL when the file is empty */
    size_t size;
} rung_mapped;

/* Maps a regular file. The message says why not, without the path.
 *
 * A file that shrinks while it is mapped kills its reader (SIGBUS). Our writers never
 * shrink a file: they rename a new one over it, and the mapping keeps the old one. */
rung_status rung__map_open(rung_mapped *map, const char *path, rung_error *err);
/* Takes the whole pages of [from, from + size) out of memory; touched again, they are
 * read again. */
void rung__map_forget(const rung_mapped *map, const void *from, size_t size);
void rung__map_close(rung_mapped *map); /* {NULL, 0} is fine */

#endif
