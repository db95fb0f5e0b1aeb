/* The clock that only goes forward. */
#ifndef RUNG_BASE_CLOCK_H
#define RUNG_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t rung__now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline double rung__now_seconds(void)
{
    return (double)rung__now_ns() * 1e-9;
}

#endif
