/* Raw texts from within. */
#ifndef RUNG_TEXT_RAW_H
#define RUNG_TEXT_RAW_H

#include "rung/text.h"

/* Makes a text of `bytes`, of rung__alloc and NUL-terminated at `size`, which it takes,
 * whether it succeeds or not. */
rung_status rung__text_take(rung_text *text, const char *name, char *bytes, size_t size,
                            rung_error *err);

/* RUNG_INPUT with the reason when bytes, the first ones of the file at path, are no text:
 * see rung_text_read. */
rung_status rung__text_check(const char *path, const char *bytes, size_t size,
                             rung_error *err);

/* The path of a file, or those of all files of a folder in their order. */
typedef struct rung__paths {
    char **paths; /* [n], owned */
    size_t n, cap;
} rung__paths;

rung_status rung__text_paths(rung__paths *list, const char *path, rung_error *err);
void rung__paths_release(rung__paths *list);

#endif
