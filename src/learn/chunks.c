/* A set of parameters cut into chunks. */
#include "learn/chunks.h"

#include "base/alloc.h"

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Elements of a full chunk of this tensor. */
static int64_t chunk_size(const rung_param *p)
{
    if (!p->row_sparse) return RUNG_CHUNK_ELEMENTS;
    const int64_t width = p->size / p->shape[0];
    const int64_t rows = RUNG_CHUNK_ELEMENTS / width;
    return (rows > 0 ? rows : 1) * width;
}

static rung_chunk chunk_at(const rung_param *p, int64_t from)
{
    rung_chunk chunk = {.param = p, .begin = p->offset + from};
    const int64_t size = smaller(chunk_size(p), p->size - from);
    chunk.end = chunk.begin + size;
    if (p->row_sparse) {
        chunk.width = p->size / p->shape[0];
        chunk.row = p->mask_offset + from / chunk.width;
        chunk.n_rows = size / chunk.width;
    }
    return chunk;
}

static void fill_list(rung_chunks *chunks, const rung_params *params)
{
    rung_chunk *next = chunks->list;
    for (size_t i = 0; i < rung_params_count(params); i++) {
        const rung_param *p = rung_params_at(params, i);
        for (int64_t from = 0; from < p->size; from += chunk_size(p))
            *next++ = chunk_at(p, from);
    }
}

/* Rank r begins with the first chunk at or behind r / ranks of the elements. */
static void share(rung_chunks *chunks, int64_t extent)
{
    int64_t *first = chunks->first;
    int64_t *data = first + chunks->ranks + 1, *touched = data + chunks->ranks + 1;
    int64_t i = 0, element = 0, mark = 0;
    for (int r = 0; r <= chunks->ranks; r++) {
        const int64_t begin = r < chunks->ranks ? extent / chunks->ranks * r : extent;
        for (; i < chunks->count && chunks->list[i].begin < begin; i++) {
            element = chunks->list[i].end;
            mark += chunks->list[i].n_rows;
        }
        first[r] = i, data[r] = element, touched[r] = mark;
        if (r > 0 && i - first[r - 1] > chunks->most) chunks->most = i - first[r - 1];
    }
    chunks->shards.data = data;
    chunks->shards.touched = touched;
}

rung_status rung_chunks_init(rung_chunks *chunks, const rung_params *params, int ranks,
                             rung_error *err)
{
    *chunks = (rung_chunks){.ranks = ranks};
    chunks->shards.element_bytes = rung_dtype_bytes(rung_params_type(params));
    for (size_t i = 0; i < rung_params_count(params); i++) {
        const rung_param *p = rung_params_at(params, i);
        chunks->count += (p->size + chunk_size(p) - 1) / chunk_size(p);
    }
    const size_t count = (size_t)chunks->count, bounds = 3 * ((size_t)ranks + 1);
    chunks->list = rung__alloc_array(count, sizeof *chunks->list);
    chunks->first = rung__alloc_array(bounds, sizeof *chunks->first);
    if (!chunks->list || !chunks->first)
        return rung__out_of_memory(err, count * sizeof *chunks->list,
                                   "chunks of a gradient");
    fill_list(chunks, params);
    share(chunks, rung_params_extent(params));
    return RUNG_OK;
}

void rung_chunks_release(rung_chunks *chunks)
{
    rung__free(chunks->list);
    rung__free(chunks->first);
    *chunks = (rung_chunks){0};
}

typedef struct each_job {
    const rung_rank *rank;
    const rung_chunk *chunks; /* of task 0 */
    rung_chunk_fn fn;
    void *ctx;
} each_job;

static void do_chunk(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const each_job *job = ctx;
    job->fn(job->ctx, job->rank, &job->chunks[task]);
}

void rung_chunks_each(const rung_rank *rank, int64_t first, int64_t end, rung_chunk_fn fn,
                      void *ctx)
{
    each_job job = {rank, rank->chunks->list + first, fn, ctx};
    rung_pool_run(rank->pool, end - first, do_chunk, &job);
}

void rung_chunks_each_own(const rung_rank *rank, rung_chunk_fn fn, void *ctx)
{
    const int64_t *first = rank->chunks->first + rank->comm->rank;
    rung_chunks_each(rank, first[0], first[1], fn, ctx);
}
