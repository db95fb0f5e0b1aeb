/* Matrix products: cuts C into blocks, which the threads of a pool compute.
 *
 * A block of C is one task over all of K: no thread waits for another, and the cut
 * depends on sizes and flags alone, never on the number of threads. Where B must be
 * packed this happens first, as tasks of their own, in passes that bound the scratch
 * memory: some products of the batch at a time, or some columns of one. */
#include <assert.h>

#include "base/alloc.h"
#include "kernels/kernels.h"

/* Multiplications that are worth a task, and how many tasks are enough. */
#define BLOCK_WORK (512 << 10)
#define ENOUGH_BLOCKS 64
/* A block is at most so wide: its part of B (over one step in K) stays in the
 * second-level cache; and it has so many rows, if C has, that B is read often enough. */
#define BLOCK_COLUMNS 384
#define BLOCK_ROWS 64
/* Elements of B packed in one pass (at least one panel), and by one task. */
#define PASS_ELEMENTS (4 << 20)
#define PACK_ELEMENTS (64 << 10)

typedef struct gemm_job {
    const rung_kernels *k;
    const rung_gemm *g;
    char *panels;       /* packed B of this pass, NULL where B is read in place */
    size_t item_bytes;  /* from one product's panels to the next, 0 when all share them */
    int64_t n0, n1;     /* columns of this pass */
    int64_t first_item; /* products of this pass: first_item ... */
    int64_t block_rows, block_columns;
    int64_t blocks_down, blocks_across;
    int64_t pack_columns, packs_across; /* of one packing task */
} gemm_job;

/* How a product goes through. */
typedef struct gemm_plan {
    rung_gemm_shape shape;
    bool dots;       /* by gemm_dots */
    bool packs;      /* into scratch */
    int64_t items;   /* products a pass */
    int64_t columns; /* columns a pass */
} gemm_plan;

static int64_t min_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static int64_t batch_of(const rung_gemm *g)
{
    return max_of(g->batch, 1);
}

static gemm_plan plan_of(const rung_kernels *k, const rung_gemm *g)
{
    gemm_plan p = {.items = batch_of(g), .columns = g->N};
    k->gemm_shape(&p.shape);
    p.dots = g->M <= RUNG_GEMM_FEW && g->trans_b && !g->trans_a && !g->packed_b;
    p.packs = !g->packed_b && !p.dots && (g->trans_b || g->N < p.shape.least_columns);
    if (p.packs) {
        const int64_t panels = ceil_div(g->N, p.shape.columns);
        const int64_t panel = max_of(g->K * p.shape.columns, 1);
        const int64_t fit = max_of(PASS_ELEMENTS / panel, 1);
        if (g->stride_b) p.items = min_of(p.items, max_of(fit / panels, 1));
        if (fit < panels) p.columns = fit * p.shape.columns;
    }
    return p;
}

/* Elements of packed op(B) of the given size. */
static int64_t packed_elements(const rung_gemm_shape *shape, int64_t N, int64_t K)
{
    return ceil_div(N, shape->columns) * shape->columns * K;
}

/* Cuts C[M, n1 - n0] into blocks: columns first, as far as the cache asks for it; then
 * rows, then columns again until there are enough blocks. */
static void cut(gemm_job *job, const gemm_plan *p)
{
    const rung_gemm *g = job->g;
    const bool few = g->M <= RUNG_GEMM_FEW && !g->packed_b && !p->packs;
    const int64_t unit = few ? p->shape.few_columns : p->shape.columns;
    const int64_t N = job->n1 - job->n0, units = ceil_div(N, unit);
    // Few rows cost as much as some, since B must be read.
    const int64_t work = max_of(g->M, 2 * RUNG_GEMM_FEW) * N * max_of(g->K, 1);
    const int64_t wanted = min_of(max_of(work / BLOCK_WORK, 1), ENOUGH_BLOCKS);
    int64_t across = ceil_div(N, BLOCK_COLUMNS);
    const int64_t down = min_of(ceil_div(wanted, across), ceil_div(g->M, BLOCK_ROWS));
    across = min_of(max_of(across, ceil_div(wanted, down)), units);
    job->block_rows = ceil_div(ceil_div(g->M, p->shape.rows), down) * p->shape.rows;
    job->block_columns = ceil_div(units, across) * unit;
    job->blocks_down = ceil_div(g->M, job->block_rows);
    job->blocks_across = ceil_div(N, job->block_columns);
}

/* One product of the batch as a product of its own. */
static rung_gemm item_of(const rung_kernels *k, const rung_gemm *g, int64_t item)
{
    const size_t a = (size_t)(item * g->stride_a) * k->real_bytes;
    const size_t b = (size_t)(item * g->stride_b) * k->real_bytes;
    const size_t c = (size_t)(item * g->stride_c) * k->real_bytes;
    rung_gemm one = *g;
    one.a = (const char *)g->a + a;
    if (g->b) one.b = (const char *)g->b + b;
    one.c = (char *)g->c + c;
    if (g->pre) one.pre = (char *)g->pre + c;
    if (g->saved) one.saved = (const char *)g->saved + c;
    if (g->residual) one.residual = (const char *)g->residual + c;
    return one;
}

/* Where the panels of column n begin; n is a multiple of the panel's width. */
static char *panels_at(const gemm_job *job, char *panels, int64_t n)
{
    return panels + (size_t)(n * job->g->K) * job->k->real_bytes;
}

static void pack_task(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const gemm_job *job = ctx;
    const int64_t item = task / job->packs_across;
    const int64_t n = task % job->packs_across * job->pack_columns;
    const rung_gemm one = item_of(job->k, job->g, job->first_item + item);
    job->k->gemm_pack(&one, job->n0 + n, min_of(job->n0 + n + job->pack_columns, job->n1),
                      panels_at(job, job->panels + (size_t)item * job->item_bytes, n));
}

static void block_task(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const gemm_job *job = ctx;
    const int64_t blocks = job->blocks_down * job->blocks_across;
    const int64_t item = task / blocks, block = task % blocks;
    const int64_t m = block % job->blocks_down * job->block_rows;
    const int64_t n = block / job->blocks_down * job->block_columns;
    const rung_gemm one = item_of(job->k, job->g, job->first_item + item);
    const void *panels = NULL;
    if (job->panels)
        panels = panels_at(job, job->panels + (size_t)item * job->item_bytes, n);
    job->k->gemm_block(&one, m, min_of(m + job->block_rows, one.M), job->n0 + n,
                       min_of(job->n0 + n + job->block_columns, job->n1), panels);
}

static void dots_task(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const gemm_job *job = ctx;
    const int64_t n = task % job->blocks_across * job->block_columns;
    const rung_gemm one = item_of(job->k, job->g, task / job->blocks_across);
    job->k->gemm_dots(&one, n, min_of(n + job->block_columns, one.N));
}

static void pack(gemm_job *job, rung_pool *pool, int64_t items)
{
    rung_gemm_shape shape;
    job->k->gemm_shape(&shape);
    const int64_t N = job->n1 - job->n0, panel = max_of(job->g->K * shape.columns, 1);
    job->pack_columns = max_of(PACK_ELEMENTS / panel, 1) * shape.columns;
    job->packs_across = ceil_div(N, job->pack_columns);
    rung_pool_run(pool, items * job->packs_across, pack_task, job);
}

size_t rung_gemm_scratch(const rung_kernels *k, const rung_gemm *g)
{
    const gemm_plan p = plan_of(k, g);
    if (!p.packs) return 0;
    const int64_t items = g->stride_b ? p.items : 1;
    return (size_t)(items * packed_elements(&p.shape, p.columns, g->K)) * k->real_bytes;
}

/* The products first ... first + items - 1, columns job->n0 ... n1. */
static void run_pass(gemm_job *job, const gemm_plan *p, rung_pool *pool, int64_t items)
{
    cut(job, p);
    if (p->packs) pack(job, pool, job->item_bytes ? items : 1);
    const int64_t blocks = job->blocks_across * (p->dots ? 1 : job->blocks_down);
    rung_pool_run(pool, items * blocks, p->dots ? dots_task : block_task, job);
}

void rung_gemm_run(const rung_kernels *k, rung_pool *pool, const rung_gemm *g,
                   void *scratch)
{
    assert(g->M >= 0 && g->N >= 0 && g->K >= 0);
    if (g->M == 0 || g->N == 0) return;
    const gemm_plan p = plan_of(k, g);
    assert(scratch || !p.packs || g->K == 0);
    gemm_job job = {.k = k, .g = g};
    const int64_t pass_elements = packed_elements(&p.shape, p.columns, g->K);
    if (p.packs && g->stride_b) job.item_bytes = (size_t)pass_elements * k->real_bytes;
    for (int64_t i = 0; i < batch_of(g); i += p.items) {
        job.first_item = i;
        for (int64_t n = 0; n < g->N; n += p.columns) {
            job.n0 = n, job.n1 = min_of(n + p.columns, g->N);
            job.panels = p.packs ? scratch : (char *)g->packed_b;
            run_pass(&job, &p, pool, min_of(p.items, batch_of(g) - i));
        }
    }
}

size_t rung_packed_bytes(const rung_kernels *k, int64_t N, int64_t K)
{
    rung_gemm_shape shape;
    k->gemm_shape(&shape);
    size_t bytes = k->real_bytes;
    const size_t columns = (size_t)(ceil_div(N, shape.columns) * shape.columns);
    if (!rung_mul_size(bytes, columns, &bytes) ||
        !rung_mul_size(bytes, (size_t)K, &bytes))
        return 0;
    return bytes;
}

void rung_packed_fill(const rung_kernels *k, rung_pool *pool, const rung_gemm *g,
                      void *packed)
{
    gemm_job job = {.k = k, .g = g, .panels = packed, .n1 = g->N};
    if (g->N > 0 && g->K > 0) pack(&job, pool, 1);
}
