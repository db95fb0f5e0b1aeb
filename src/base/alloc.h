/* The only door to the heap. Memory is zeroed and aligned to 64 bytes; every call is
 * counted, and the n-th call can be made to fail, so that tests reach every path of a
 * failed allocation. */
#ifndef RUNG_BASE_ALLOC_H
#define RUNG_BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rung/status.h"

#define RUNG_ALIGN 64

/* `size` zeroed bytes, NULL when there are none to be had. Size 0: a unique pointer. */
void *rung__alloc(size_t size);
/* `count * size` zeroed bytes; NULL also when the product overflows. */
void *rung__alloc_array(size_t count, size_t size);
/* Grows or shrinks; new bytes are zero. On NULL the old block is untouched. */
void *rung__realloc(void *block, size_t size);
/* Makes room in *array, which has *cap elements of `size` bytes, for n of them and, if it
 * grows, for half as many more. False when out of memory: then all is as it was. */
bool rung__grow(void *array, size_t *cap, size_t n, size_t size);
void rung__free(void *block); /* NULL is fine */
char *rung__strdup(const char *text);

/* *out = a * b, false (and *out untouched) on overflow. */
bool rung_mul_size(size_t a, size_t b, size_t *out);

/* Fails with "out of memory: SIZE bytes for WHAT". */
rung_status rung__out_of_memory(rung_error *err, size_t size, const char *what);

typedef struct rung_alloc_stats {
    int64_t calls;      /* allocations and reallocations since the process began */
    int64_t live;       /* blocks not yet freed */
    int64_t live_bytes; /* their size */
    int64_t peak_bytes; /* the most that live_bytes has been */
} rung_alloc_stats;

rung_alloc_stats rung__alloc_stats(void);

/* Gives what was freed back to the system, as far as that can be done: what is resident
 * then is in use. */
void rung__alloc_trim(void);

/* For tests: lets the n-th allocation from now on, and every later one, fail; n <= 0:
 * none. */
void rung__alloc_fail_at(int64_t n);

#endif
