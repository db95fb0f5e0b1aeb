/* For tests: ranks with their threads, for parts of the trainer below it. */
#ifndef RUNG_TESTS_LEARN_RANKS_H
#define RUNG_TESTS_LEARN_RANKS_H

#include "support.h"

#include <pthread.h>

#include "base/runtime.h"
#include "learn/chunks.h"

enum { MAX_RANKS = 8 };

typedef struct test_rank {
    rung_rank rank;
    void (*fn)(const rung_rank *rank, void *ctx);
    void *ctx;
    pthread_t thread;
} test_rank;

static void *test_rank_main(void *arg)
{
    test_rank *r = arg;
    r->fn(&r->rank, r->ctx);
    return NULL;
}

/* Runs fn as `n` ranks over the parameters, each with a pool of `threads`. */
static inline void run_ranks(int n, int threads, rung_isa isa, const rung_params *params,
                             void (*fn)(const rung_rank *rank, void *ctx), void *ctx)
{
    rung_error err;
    rung_thread_group *group = NULL;
    rung_chunks chunks;
    test_rank ranks[MAX_RANKS];
    assert_true(n <= MAX_RANKS);
    assert_ok(rung_chunks_init(&chunks, params, n, &err));
    if (n > 1) assert_ok(rung_thread_group_new(&group, n, &err));
    for (int r = 0; r < n; r++) {
        rung_pool *pool = NULL;
        assert_ok(rung_pool_new(&pool, threads, &err));
        const bool is_double = rung_params_type(params) == RUNG_F64;
        ranks[r] = (test_rank){
            .rank = {n > 1 ? rung_thread_group_comm(group, r) : rung_comm_self(), pool,
                     is_double ? rung_kernels_double() : rung_kernels_get(isa), &chunks},
            .fn = fn,
            .ctx = ctx};
        if (r > 0) pthread_create(&ranks[r].thread, NULL, test_rank_main, &ranks[r]);
    }
    test_rank_main(&ranks[0]);
    for (int r = 0; r < n; r++) {
        if (r > 0) pthread_join(ranks[r].thread, NULL);
        rung_pool_free(ranks[r].rank.pool);
    }
    rung_thread_group_free(group);
    rung_chunks_release(&chunks);
}

/* Adds a tensor of rows * width (a vector if width is 0). */
static inline void add_param(rung_params *params, const char *name, int64_t rows,
                             int64_t width, bool decay, bool row_sparse)
{
    rung_error err;
    const rung_param spec = {.name = name,
                             .rank = width ? 2 : 1,
                             .shape = {rows, width},
                             .init = RUNG_INIT_NORMAL,
                             .scale = 1,
                             .decay = decay,
                             .row_sparse = row_sparse};
    assert_ok(rung_params_add(params, &spec, &err));
}

#endif
