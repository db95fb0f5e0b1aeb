/* The sum of the gradients of a global batch, in a fixed order.
 *
 * The gradients of the micro-batches 0 ... count - 1 are joined in the tree of
 * parallel/tree.h. This rank computes those in [begin, end) one after another; its
 * buffers are the binary counter that keeps at most log2(end - begin) + 1 partial sums
 * (a few more where the range is not aligned). What has no sibling here is joined
 * between the ranks, in the same tree. So every split of the micro-batches into ranks
 * and accumulation has the same bits.
 *
 *     for each micro-batch:  compute into rung_sumtree_next(t);  rung_sumtree_push(t);
 *     rung_sumtree_reduce(t, &sum):  the shard of this rank is the sum
 *     rung_comm_barrier:             the partial sums of all ranks are free again
 *
 * In a row-sparse tensor only rows marked in `touched` count; the others may hold
 * anything and mean zero. The sum's marks are the union. */
#ifndef RUNG_LEARN_SUMTREE_H
#define RUNG_LEARN_SUMTREE_H

#include "learn/chunks.h"

typedef struct rung_sumtree {
    const rung_rank *rank; /* borrowed: outlives this */
    int64_t begin, end;
    int64_t next; /* the micro-batch to come */
    rung_tree tree;
    rung_block *buffers; /* [n_buffers], owned: a stack, and free ones above it */
    int n_buffers;
} rung_sumtree;

/* Buffers that [begin, end) of `count` needs. */
int rung_sumtree_buffers(int64_t count, int64_t begin, int64_t end);

/* data: where the only buffer lies (borrowed), or NULL. Release also after a failure. */
rung_status rung_sumtree_init(rung_sumtree *t, const rung_rank *rank,
                              const rung_params *params, int64_t count, int64_t begin,
                              int64_t end, void *data, rung_error *err);
void rung_sumtree_release(rung_sumtree *t);

/* Where the gradient of the next micro-batch belongs; the first call of a step begins
 * a new sum. */
rung_block *rung_sumtree_next(rung_sumtree *t);
/* It is there: joins what is complete. */
void rung_sumtree_push(rung_sumtree *t);

/* After all pushes, collective: *sum is a block (borrowed) whose shard of this rank
 * holds the sum. */
rung_status rung_sumtree_reduce(rung_sumtree *t, rung_block *sum, rung_error *err);

#endif
