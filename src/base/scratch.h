/* A scratch file: memory's overflow on disk. It has no name, so nothing is left of it
 * when the process ends, however it ends. Any number of threads may append and read. */
#ifndef RUNG_BASE_SCRATCH_H
#define RUNG_BASE_SCRATCH_H

#include <pthread.h>
#include <stdint.h>

#include "rung/status.h"

typedef struct rung_scratch {
    char *dir;    /* owned: it lies there */
    int fd;       /* -1: nothing was written yet */
    int64_t size; /* bytes */
    pthread_mutex_t lock;
} rung_scratch;

/* Makes the file when something is appended for the first time. */
rung_status rung_scratch_init(rung_scratch *s, const char *dir, rung_error *err);
void rung_scratch_release(rung_scratch *s); /* fine after a failed init */

/* Appends n bytes; *at is where they lie. */
rung_status rung_scratch_append(rung_scratch *s, const void *bytes, size_t n, int64_t *at,
                                rung_error *err);
/* Reads n bytes that were appended. */
rung_status rung_scratch_read(const rung_scratch *s, int64_t at, void *bytes, size_t n,
                              rung_error *err);

#endif
