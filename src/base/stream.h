/* Bytes from a file or standard input, unpacked on the way. What they are packed with is
 * told by their first bytes, never by the name: gzip, zstd, xz, or nothing. Several
 * members or frames one after another are one text; a stream that ends in the middle of
 * one fails. */
#ifndef RUNG_BASE_STREAM_H
#define RUNG_BASE_STREAM_H

#include <stddef.h>

#include "rung/status.h"

typedef struct rung__stream rung__stream;

/* Opens a file, or standard input for "-". Fails with the path and the reason. */
rung_status rung__stream_open(rung__stream **out, const char *path, rung_error *err);

/* Reads 1 ... size bytes (size > 0); *got is 0 only at the end. */
rung_status rung__stream_read(rung__stream *s, void *bytes, size_t size, size_t *got,
                              rung_error *err);

/* The SHA-256 of all bytes of a file, unpacked. */
rung_status rung__stream_sha256(char hex[65], const char *path, rung_error *err);

void rung__stream_close(rung__stream *s); /* NULL is fine */

#endif
