/* The sum of the gradients of a global batch, in a fixed order. */
#include "learn/sumtree.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"

int rung_sumtree_buffers(int64_t count, int64_t begin, int64_t end)
{
    rung_tree tree = rung_tree_make(count);
    int most = 0;
    for (int64_t m = begin; m < end; m++) {
        if (tree.n_nodes + 1 > most) most = tree.n_nodes + 1;
        rung_tree_push(&tree, (rung_tree_node){0, m});
    }
    return most;
}

static rung_status new_buffer(rung_block *buffer, const rung_params *params, void *data,
                              rung_error *err)
{
    return data ? rung_block_over(buffer, params, data, err)
                : rung_block_new(buffer, params, err);
}

rung_status rung_sumtree_init(rung_sumtree *t, const rung_rank *rank,
                              const rung_params *params, int64_t count, int64_t begin,
                              int64_t end, void *data, rung_error *err)
{
    const int n_buffers = rung_sumtree_buffers(count, begin, end);
    *t = (rung_sumtree){.rank = rank, .begin = begin, .end = end, .next = begin};
    t->tree = rung_tree_make(count);
    t->buffers = rung__alloc_array((size_t)n_buffers, sizeof *t->buffers);
    if (!t->buffers) return rung__out_of_memory(err, sizeof *t->buffers, "partial sums");
    assert(!data || n_buffers == 1);
    for (; t->n_buffers < n_buffers; t->n_buffers++)
        RUNG_TRY(new_buffer(&t->buffers[t->n_buffers], params, data, err));
    return RUNG_OK;
}

void rung_sumtree_release(rung_sumtree *t)
{
    for (int i = 0; i < t->n_buffers; i++) rung_block_release(&t->buffers[i]);
    rung__free(t->buffers);
    *t = (rung_sumtree){0};
}

/* ---- Joining: into += from ---- */

typedef struct join {
    rung_block into, from;
} join;

/* A row that only `from` has is copied: there is zero on the other side. */
static void join_rows(const join *j, const rung_rank *rank, const rung_chunk *chunk)
{
    const size_t row_bytes = (size_t)chunk->width * rank->kernels->real_bytes;
    char *into = rung__chunk_data(rank, chunk, j->into.data);
    const char *from = rung__chunk_data(rank, chunk, j->from.data);
    for (int64_t r = 0; r < chunk->n_rows; r++, into += row_bytes, from += row_bytes) {
        if (!j->from.touched[chunk->row + r]) continue;
        unsigned char *touched = &j->into.touched[chunk->row + r];
        if (*touched)
            rank->kernels->add(chunk->width, into, from, into);
        else
            memcpy(into, from, row_bytes);
        *touched = 1;
    }
}

static void join_chunk(void *ctx, const rung_rank *rank, const rung_chunk *chunk)
{
    const join *j = ctx;
    if (chunk->width) {
        join_rows(j, rank, chunk);
        return;
    }
    void *into = rung__chunk_data(rank, chunk, j->into.data);
    rank->kernels->add(chunk->end - chunk->begin, into,
                       rung__chunk_data(rank, chunk, j->from.data), into);
}

/* ---- Within the rank ---- */

rung_block *rung_sumtree_next(rung_sumtree *t)
{
    if (t->next == t->end) {
        t->next = t->begin;
        t->tree.n_nodes = 0;
    }
    assert(t->tree.n_nodes < t->n_buffers);
    return &t->buffers[t->tree.n_nodes];
}

void rung_sumtree_push(rung_sumtree *t)
{
    int top = t->tree.n_nodes;
    int joins = rung_tree_push(&t->tree, (rung_tree_node){0, t->next++});
    for (; joins > 0; joins--, top--) {
        join j = {t->buffers[top - 1], t->buffers[top]};
        rung_chunks_each(t->rank, 0, t->rank->chunks->count, join_chunk, &j);
    }
}

/* ---- Between the ranks ---- */

static void join_own(void *ctx, const rung_partial *into, const rung_partial *from)
{
    join j = {{into->data, into->touched, true}, {from->data, from->touched, true}};
    rung_chunks_each_own(ctx, join_chunk, &j);
}

rung_status rung_sumtree_reduce(rung_sumtree *t, rung_block *sum, rung_error *err)
{
    assert(t->next == t->end && "every micro-batch has been pushed");
    rung_partial partials[RUNG_TREE_STACK];
    for (int i = 0; i < t->tree.n_nodes; i++) {
        const rung_block *block = &t->buffers[i];
        partials[i] = (rung_partial){t->tree.nodes[i], block->data, block->touched};
    }
    const rung_reduction reduction = {.count = t->tree.count,
                                      .partials = partials,
                                      .n_partials = t->tree.n_nodes,
                                      .shards = &t->rank->chunks->shards,
                                      .join = join_own,
                                      .ctx = (void *)t->rank};
    rung_partial root;
    RUNG_TRY(rung_comm_reduce(t->rank->comm, &reduction, &root, err));
    *sum = (rung_block){root.data, root.touched, true};
    return RUNG_OK;
}
