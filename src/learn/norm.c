/* The norm of a gradient that the ranks hold in shares, and clipping by it (Pascanu,
 * Mikolov, Bengio 2013, algorithm 1). */
#include <math.h>
#include <string.h>

#include "learn/optimizer.h"

typedef struct square_job {
    const rung_optimizer *o;
    const rung_block *sum;
    const rung_chunk *first; /* of the share */
    double *squares;         /* one for each of its chunks */
} square_job;

/* Untouched rows are left out, or become the zeros that they stand for. */
static double rows_squares(const square_job *job, const rung_rank *rank,
                           const rung_chunk *chunk)
{
    const size_t row_bytes = (size_t)chunk->width * rank->kernels->real_bytes;
    const bool skips = rung_optimizer_skips_rows(job->o, chunk->param);
    char *row = rung__chunk_data(rank, chunk, job->sum->data);
    double squares = 0;
    for (int64_t r = 0; r < chunk->n_rows; r++, row += row_bytes) {
        if (job->sum->touched[chunk->row + r])
            squares += rank->kernels->sum_squares(chunk->width, row);
        else if (!skips)
            memset(row, 0, row_bytes);
    }
    return squares;
}

static void square_chunk(void *ctx, const rung_rank *rank, const rung_chunk *chunk)
{
    const square_job *job = ctx;
    const void *data = rung__chunk_data(rank, chunk, job->sum->data);
    job->squares[chunk - job->first] =
        chunk->width ? rows_squares(job, rank, chunk)
                     : rank->kernels->sum_squares(chunk->end - chunk->begin, data);
}

rung_status rung_grad_norm(const rung_rank *rank, const rung_optimizer *o,
                           const rung_block *sum, double *mine, double *all, double *norm,
                           rung_error *err)
{
    const rung_chunks *chunks = rank->chunks;
    const rung_chunk *own = chunks->list + chunks->first[rank->comm->rank];
    square_job job = {o, sum, own, mine};
    rung_chunks_each_own(rank, square_chunk, &job);
    RUNG_TRY(rung_comm_gather(rank->comm, mine, (size_t)chunks->most * sizeof *mine, all,
                              err));
    double squares = 0;
    for (int r = 0; r < chunks->ranks; r++) {
        const int64_t n = chunks->first[r + 1] - chunks->first[r];
        for (int64_t i = 0; i < n; i++) squares += all[r * chunks->most + i];
    }
    *norm = sqrt(squares);
    return RUNG_OK;
}

double rung_clip_factor(double norm, double clip)
{
    const double factor = clip / (norm + 1e-6);
    return clip > 0 && factor < 1 ? factor : 1;
}
