/* A file of text, packed or not, record by record: the whole is never in memory. */
#ifndef RUNG_TEXT_LINES_H
#define RUNG_TEXT_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "rung/status.h"
#include "base/stream.h"

typedef struct rung__lines {
    char *path;           /* owned */
    rung__stream *stream; /* owned */
    char *buffer;         /* owned; a NUL stands behind `end` */
    size_t cap;
    char *next, *end; /* what is read and not yet given out */
    bool at_end;      /* of the file */
    size_t next_line; /* from 1 */

    /* The record that was given out last. */
    char *begin, *stop; /* its bytes, without the end of its last line */
    size_t line;        /* where it begins */
} rung__lines;

/* Release it also after a failure. */
rung_status rung__lines_open(rung__lines *l, const char *path, rung_error *err);
void rung__lines_release(rung__lines *l);
rung_status rung__lines_rewind(rung__lines *l, rung_error *err);

/* Reads ahead: next ... end then begin with whole lines of `size` bytes, or are all. */
rung_status rung__lines_fill(rung__lines *l, size_t size, rung_error *err);

/* The next line, or, with a delimiter (not NUL) of cells, which may stand in quotes, the
 * next lines up to one that leaves no cell open. *any is false at the end. A NUL stands
 * in place of the line's end. */
rung_status rung__lines_next(rung__lines *l, char delimiter, bool *any, rung_error *err);

#endif
