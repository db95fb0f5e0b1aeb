/* A pool of two threads for all tests of a program: cmocka_run_group_tests(tests,
 * open_pool, close_pool). Include after support.h. */
#ifndef RUNG_TESTS_POOL_H
#define RUNG_TESTS_POOL_H

#include "base/pool.h"

static rung_pool *pool;

static inline int open_pool(void **state)
{
    (void)state;
    rung_error err;
    return rung_pool_new(&pool, 2, &err);
}

static inline int close_pool(void **state)
{
    (void)state;
    rung_pool_free(pool);
    return 0;
}

#endif
