/* A set of parameters cut into chunks: the unit of work of everything that goes once
 * over a gradient (joining partial sums, the norm, the optimizer). The cut depends on
 * the shapes alone, never on threads or ranks, so whatever is summed chunk by chunk
 * has the same bits anywhere. */
#ifndef RUNG_LEARN_CHUNKS_H
#define RUNG_LEARN_CHUNKS_H

#include "base/pool.h"
#include "kernels/kernels.h"
#include "parallel/comm.h"
#include "rung/graph.h"

/* 64 KB of floats: a chunk of gradient, value and two moments stays in a second-level
 * cache. */
#define RUNG_CHUNK_ELEMENTS 16384

typedef struct rung_chunk {
    const rung_param *param; /* borrowed: of the set */
    int64_t begin, end;  /* elements of a block; padding between tensors is in no chunk */
    int64_t row, n_rows; /* rows of a row-sparse tensor, whole ones: marks in `touched` */
    int64_t width;       /* of such a row; 0: the tensor is not row-sparse */
} rung_chunk;

/* The chunks, and how `ranks` ranks share them: rank r owns chunks first[r] ...
 * first[r + 1] - 1. */
typedef struct rung_chunks {
    rung_chunk *list; /* [count], owned */
    int64_t count;
    int ranks;
    int64_t *first;     /* [ranks + 1], owned, with both arrays of `shards` behind it */
    rung_shards shards; /* the same cut, in elements and row marks */
    int64_t most;       /* chunks of the largest share */
} rung_chunks;

rung_status rung_chunks_init(rung_chunks *chunks, const rung_params *params, int ranks,
                             rung_error *err);
void rung_chunks_release(rung_chunks *chunks);

/* What a rank works with. */
typedef struct rung_rank {
    const rung_comm *comm;
    rung_pool *pool;             /* its own threads */
    const rung_kernels *kernels; /* of the parameters' type */
    const rung_chunks *chunks;
} rung_rank;

/* Where the chunk begins in a block's data. */
static inline void *rung__chunk_data(const rung_rank *rank, const rung_chunk *chunk,
                                     const void *data)
{
    return (char *)data + (size_t)chunk->begin * rank->kernels->real_bytes;
}

/* Does fn for the chunks [first, end) on the rank's threads. */
typedef void (*rung_chunk_fn)(void *ctx, const rung_rank *rank, const rung_chunk *chunk);
void rung_chunks_each(const rung_rank *rank, int64_t first, int64_t end, rung_chunk_fn fn,
                      void *ctx);
/* Likewise for those of the rank's own share. */
void rung_chunks_each_own(const rung_rank *rank, rung_chunk_fn fn, void *ctx);

#endif
