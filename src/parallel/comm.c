/* The methods of a communicator, and what its implementations share. */
#include "parallel/comm.h"

#include <assert.h>

rung_status rung_comm_barrier(const rung_comm *c, rung_error *err)
{
    return c->ops->barrier(c, err);
}

rung_status rung_comm_gather(const rung_comm *c, const void *mine, size_t bytes,
                             void *all, rung_error *err)
{
    return c->ops->gather(c, mine, bytes, all, err);
}

rung_status rung_comm_broadcast(const rung_comm *c, void *data, size_t bytes,
                                rung_error *err)
{
    return c->ops->broadcast(c, data, bytes, err);
}

rung_status rung_comm_gather_shards(const rung_comm *c, void *vector,
                                    const rung_shards *shards, rung_error *err)
{
    return c->ops->gather_shards(c, vector, shards, err);
}

rung_status rung_comm_reduce(const rung_comm *c, const rung_reduction *reduction,
                             rung_partial *sum, rung_error *err)
{
    return c->ops->reduce(c, reduction, sum, err);
}

void rung_comm_abort(const rung_comm *c)
{
    c->ops->abort(c);
}

void rung__comm_join(const rung_reduction *mine, const rung_reduction *const *reductions,
                     int n, rung_partial *sum)
{
    rung_tree tree = rung_tree_make(mine->count);
    const rung_partial *stack[RUNG_TREE_STACK];
    int top = 0;
    for (int r = 0; r < n; r++) {
        for (int i = 0; i < reductions[r]->n_partials; i++) {
            const rung_partial *partial = &reductions[r]->partials[i];
            stack[top++] = partial;
            for (int joins = rung_tree_push(&tree, partial->node); joins > 0; joins--) {
                top--;
                mine->join(mine->ctx, stack[top - 1], stack[top]);
            }
        }
    }
    assert(top == 1 && "the partials of all ranks make one tree");
    *sum = *stack[0];
}
