/* Files: whole reads with a limit, writes that appear complete or not at all, folders. */
#ifndef RUNG_BASE_FILES_H
#define RUNG_BASE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "rung/status.h"

/* "dir/name" as a new string (free with rung__free), NULL when out of memory. */
char *rung_path_join(const char *dir, const char *name);
bool rung_path_exists(const char *path);
bool rung_path_is_dir(const char *path);
int64_t rung_file_size(const char *path); /* bytes, -1 if it cannot be told */

/* The whole file, NUL-terminated (the NUL not counted). *data is the caller's,
 * rung__free. Fails with the path and the reason. */
rung_status rung_file_read(const char *path, char **data, size_t *size, rung_error *err);

/* A file written under a temporary name beside `path` and renamed over it by commit,
 * after fsync of the file and its folder. Errors are kept; commit reports the first one
 * and leaves no file behind. */
typedef struct rung_writer {
    FILE *file;
    char *path, *temp;
    rung_status status;
    int saved_errno;
} rung_writer;

rung_status rung_writer_open(rung_writer *w, const char *path, rung_error *err);
void rung_writer_write(rung_writer *w, const void *bytes, size_t n);
rung_status rung_writer_commit(rung_writer *w, rung_error *err);
void rung_writer_abandon(
    rung_writer *w); /* removes the temporary file; fine after commit */

/* Open + write + commit. */
rung_status rung_file_write(const char *path, const void *data, size_t size,
                            rung_error *err);

rung_status rung_make_dirs(const char *path, rung_error *err); /* like mkdir -p */
rung_status rung_sync_dir(const char *path, rung_error *err);
rung_status rung_remove_tree(const char *path, rung_error *err); /* fine if absent */

/* Names in a folder, sorted bytewise, without "." and "..". */
typedef struct rung_names {
    char **names;
    size_t count;
} rung_names;
rung_status rung_list_dir(const char *path, rung_names *out, rung_error *err);
void rung_names_release(rung_names *names);

#endif
