/* Communicators: what the ranks of one training say to each other. Abstract class
 * rung_comm:
 *
 *     rung_comm_self         one rank
 *     rung_thread_group_new  ranks are threads of one process: memory is shared
 *
 * Every operation is collective: all ranks call the same ones in the same order. After
 * a failure of one rank (rung_comm_abort) the others' operations fail with
 * RUNG_INTERRUPTED instead of waiting. */
#ifndef RUNG_PARALLEL_COMM_H
#define RUNG_PARALLEL_COMM_H

#include <stddef.h>
#include <stdint.h>

#include "parallel/tree.h"
#include "rung/status.h"

/* How a vector is shared out: rank r owns the elements [data[r], data[r + 1]) and the
 * row marks [touched[r], touched[r + 1]). */
typedef struct rung_shards {
    const int64_t *data;    /* [size + 1] */
    const int64_t *touched; /* [size + 1] */
    size_t element_bytes;
} rung_shards;

/* A partial sum: a node of the tree and the vector that holds it. */
typedef struct rung_partial {
    rung_tree_node node;
    void *data;             /* the whole vector */
    unsigned char *touched; /* a byte for each row of its row-sparse parts; NULL: none */
} rung_partial;

/* One rank's part in the joining of the partial sums of all ranks. */
typedef struct rung_reduction {
    int64_t count;                /* leaves of the tree */
    const rung_partial *partials; /* what this rank holds, in the order of the leaves */
    int n_partials;
    const rung_shards *shards;
    /* into += from, over the shard of this rank. */
    void (*join)(void *ctx, const rung_partial *into, const rung_partial *from);
    void *ctx;
} rung_reduction;

typedef struct rung_comm rung_comm;

/* All methods are required. */
typedef struct rung_comm_ops {
    const char *name;

    /* Returns when all ranks have come. */
    rung_status (*barrier)(const rung_comm *c, rung_error *err);

    /* Small values of the host: all[r] = the `bytes` bytes that rank r gave, on every
     * rank. */
    rung_status (*gather)(const rung_comm *c, const void *mine, size_t bytes, void *all,
                          rung_error *err);

    /* data[bytes] of rank 0, on every rank. */
    rung_status (*broadcast)(const rung_comm *c, void *data, size_t bytes,
                             rung_error *err);

    /* All-gather: every rank's `vector` gets the shards of the others. Where all ranks
     * have given the same memory there is nothing to move, and it is a barrier. */
    rung_status (*gather_shards)(const rung_comm *c, void *vector,
                                 const rung_shards *shards, rung_error *err);

    /* Reduce-scatter in the order of the tree: *sum is a vector whose shard of this
     * rank holds the sum; elsewhere it is undefined. It is one of the partials, of
     * whatever rank, so nobody may write to his partials before the next barrier. */
    rung_status (*reduce)(const rung_comm *c, const rung_reduction *reduction,
                          rung_partial *sum, rung_error *err);

    /* Not collective: this rank has failed and will not come any more. */
    void (*abort)(const rung_comm *c);
} rung_comm_ops;

/* Base struct, first member of every concrete one. */
struct rung_comm {
    const rung_comm_ops *ops;
    int rank, size;
};

/* The methods. */
rung_status rung_comm_barrier(const rung_comm *c, rung_error *err);
rung_status rung_comm_gather(const rung_comm *c, const void *mine, size_t bytes,
                             void *all, rung_error *err);
rung_status rung_comm_broadcast(const rung_comm *c, void *data, size_t bytes,
                                rung_error *err);
rung_status rung_comm_gather_shards(const rung_comm *c, void *vector,
                                    const rung_shards *shards, rung_error *err);
rung_status rung_comm_reduce(const rung_comm *c, const rung_reduction *reduction,
                             rung_partial *sum, rung_error *err);
void rung_comm_abort(const rung_comm *c);

/* The communicator of a single rank: static, without state. */
const rung_comm *rung_comm_self(void);

/* `size` ranks, each to be used by a thread of its own. Freed after the last thread
 * has ended. */
typedef struct rung_thread_group rung_thread_group;
rung_status rung_thread_group_new(rung_thread_group **group, int size, rung_error *err);
void rung_thread_group_free(rung_thread_group *group);
const rung_comm *rung_thread_group_comm(const rung_thread_group *group, int rank);

/* For implementations: joins the partials that come in the order of the leaves, first
 * those of reductions[0], then those of reductions[1], ...; *sum is the root. */
void rung__comm_join(const rung_reduction *mine, const rung_reduction *const *reductions,
                     int n, rung_partial *sum);

#endif
