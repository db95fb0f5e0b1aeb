/* Ranks as threads of one process. Each operation is the same little play: every rank
 * posts a pointer to what it gives, all meet, each takes what it needs from the posts
 * of the others. Where what was posted may change or vanish afterwards, they meet once
 * more.
 *
 * The meeting spins briefly, since ranks with equal work arrive almost together, and
 * then sleeps: a rank that has the processor taken away must not be waited for at full
 * power. */
#include "parallel/comm.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"

#define SPIN_NS 20000

typedef struct thread_comm {
    rung_comm base;
    rung_thread_group *group; /* borrowed: owns this */
} thread_comm;

struct rung_thread_group {
    int size;
    thread_comm *comms; /* [size], owned */
    const void **posts; /* [size], owned: what each rank gives in the current operation */
    pthread_mutex_t lock;
    pthread_cond_t met;
    int n_waiting;
    atomic_uint_fast64_t round; /* meetings so far */
    atomic_bool aborted;
};

static const rung_comm_ops thread_ops;

static rung_thread_group *group_of(const rung_comm *c)
{
    assert(c->ops == &thread_ops);
    return ((const thread_comm *)c)->group;
}

static bool is_over(rung_thread_group *g, uint64_t round)
{
    return atomic_load(&g->round) != round || atomic_load(&g->aborted);
}

static void wait_for(rung_thread_group *g, uint64_t round)
{
    const int64_t end_ns = rung__now_ns() + SPIN_NS;
    while (!is_over(g, round)) {
        if (rung__now_ns() < end_ns) continue;
        pthread_mutex_lock(&g->lock);
        while (!is_over(g, round)) pthread_cond_wait(&g->met, &g->lock);
        pthread_mutex_unlock(&g->lock);
    }
}

static rung_status thread_barrier(const rung_comm *c, rung_error *err)
{
    rung_thread_group *g = group_of(c);
    pthread_mutex_lock(&g->lock);
    const uint64_t round = atomic_load(&g->round);
    const bool is_last = ++g->n_waiting == g->size && !atomic_load(&g->aborted);
    if (is_last) {
        g->n_waiting = 0;
        atomic_store(&g->round, round + 1);
        pthread_cond_broadcast(&g->met);
    }
    pthread_mutex_unlock(&g->lock);
    if (!is_last) wait_for(g, round);
    if (atomic_load(&g->round) != round) return RUNG_OK;
    return rung_fail(err, RUNG_INTERRUPTED, "rank %d: another rank failed", c->rank);
}

static rung_status post(const rung_comm *c, const void *what, rung_error *err)
{
    group_of(c)->posts[c->rank] = what;
    return thread_barrier(c, err);
}

static rung_status thread_gather(const rung_comm *c, const void *mine, size_t bytes,
                                 void *all, rung_error *err)
{
    const rung_thread_group *g = group_of(c);
    RUNG_TRY(post(c, mine, err));
    for (int r = 0; r < g->size; r++)
        memcpy((char *)all + (size_t)r * bytes, g->posts[r], bytes);
    return thread_barrier(c, err);
}

static rung_status thread_broadcast(const rung_comm *c, void *data, size_t bytes,
                                    rung_error *err)
{
    const rung_thread_group *g = group_of(c);
    RUNG_TRY(post(c, data, err));
    if (c->rank != 0) memcpy(data, g->posts[0], bytes);
    return thread_barrier(c, err);
}

static rung_status thread_gather_shards(const rung_comm *c, void *vector,
                                        const rung_shards *shards, rung_error *err)
{
    const rung_thread_group *g = group_of(c);
    RUNG_TRY(post(c, vector, err));
    for (int r = 0; r < g->size; r++) {
        if (g->posts[r] == vector) continue;
        const size_t begin = (size_t)shards->data[r] * shards->element_bytes;
        const size_t end = (size_t)shards->data[r + 1] * shards->element_bytes;
        memcpy((char *)vector + begin, (const char *)g->posts[r] + begin, end - begin);
    }
    return thread_barrier(c, err);
}

/* Nothing is moved: each rank joins its own shard, in place, in the partials of all. */
static rung_status thread_reduce(const rung_comm *c, const rung_reduction *reduction,
                                 rung_partial *sum, rung_error *err)
{
    const rung_thread_group *g = group_of(c);
    RUNG_TRY(post(c, reduction, err));
    rung__comm_join(reduction, (const rung_reduction *const *)g->posts, g->size, sum);
    return thread_barrier(c, err);
}

static void thread_abort(const rung_comm *c)
{
    rung_thread_group *g = group_of(c);
    pthread_mutex_lock(&g->lock);
    atomic_store(&g->aborted, true);
    pthread_cond_broadcast(&g->met);
    pthread_mutex_unlock(&g->lock);
}

static const rung_comm_ops thread_ops = {
    .name = "threads",
    .barrier = thread_barrier,
    .gather = thread_gather,
    .broadcast = thread_broadcast,
    .gather_shards = thread_gather_shards,
    .reduce = thread_reduce,
    .abort = thread_abort,
};

rung_status rung_thread_group_new(rung_thread_group **out, int size, rung_error *err)
{
    assert(size > 0);
    rung_thread_group *g = rung__alloc(sizeof *g);
    if (!g) return rung__out_of_memory(err, sizeof *g, "a group of ranks");
    g->size = size;
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->met, NULL);
    g->comms = rung__alloc_array((size_t)size, sizeof *g->comms);
    g->posts = rung__alloc_array((size_t)size, sizeof *g->posts);
    if (!g->comms || !g->posts) {
        rung_thread_group_free(g);
        return rung__out_of_memory(err, (size_t)size * sizeof *g->comms, "ranks");
    }
    for (int r = 0; r < size; r++) g->comms[r] = (thread_comm){{&thread_ops, r, size}, g};
    *out = g;
    return RUNG_OK;
}

void rung_thread_group_free(rung_thread_group *g)
{
    if (!g) return;
    pthread_cond_destroy(&g->met);
    pthread_mutex_destroy(&g->lock);
    rung__free(g->posts);
    rung__free(g->comms);
    rung__free(g);
}

const rung_comm *rung_thread_group_comm(const rung_thread_group *g, int rank)
{
    assert(rank >= 0 && rank < g->size);
    return &g->comms[rank].base;
}
