/* Matrix products: cuts C into blocks, which the threads of a pool compute.
 *
 * A block of C is one task over all of K: no thread waits for another, and the cut
 * depends on sizes and flags alone, never on the number of threads. Where B must be
 * packed this happens first, by tasks of its own, in passes that bound the scratch
 * memory: some products of the batch at a time, or some columns of one.
 *
 * A pass goes slab by slab where rows of A are made or copied for it (parts of M, or of K
 * when A is transposed), and where rows of B are packed or made and A is transposed
 * (parts of K, added up in C): what is written for a slab is read while it is still in
 * the cache. */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "kernels/kernels.h"

/* A task is worth so many multiplications. There are FEW_BLOCKS as soon as they are
 * worth it, and more, up to ENOUGH_BLOCKS, as long as each has this area. */
#define BLOCK_WORK (512 << 10)
#define FEW_BLOCKS 16
#define ENOUGH_BLOCKS 64
#define BLOCK_AREA (256 * 384)
/* Elements of B packed in one pass (at least one panel), and by one task. */
#define PASS_ELEMENTS (2 << 20)
#define PACK_ELEMENTS (64 << 10)
/* B is packed for speed alone if it is read by so many rows; by fewer beside a
 * transposed A, and where its own rows lie a multiple of STRIDE_BYTES apart. A transposed
 * A whose rows lie so is copied if as many columns of B use it. */
#define PACK_ROWS 2048
#define PACK_HARD_ROWS 96
#define STRIDE_BYTES 2048
/* Elements of the widest operand in a slab, and those that one task makes. */
#define SLAB_ELEMENTS (1200 << 10)
#define MAKE_ELEMENTS (16 << 10)

/* How a product goes through. */
typedef struct gemm_plan {
    rung_gemm_shape shape;
    bool dots;       /* by gemm_dots */
    bool packs;      /* B, into scratch */
    int64_t items;   /* products a pass */
    int64_t columns; /* columns a pass */
    int64_t slab;    /* of M, or of K when A is transposed: rows of A a slab */
} gemm_plan;

/* One pass: products first_item ..., columns n0 ... n1. */
typedef struct gemm_job {
    const rung_kernels *k;
    const rung_gemm *g;
    rung_gemm_shape shape;
    int64_t first_item, n0, n1;
    int64_t unit;          /* columns of a block come in units of this width, */
    int64_t units;         /* so many of them; the last one may be a vector wider */
    int64_t down, across;  /* blocks of one product */
    char *panels;          /* packed B of this pass, NULL where B is read in place */
    size_t item_bytes;     /* from one product's panels to the next; 0: all share them */
    int64_t pack_columns;  /* of one packing task */
    int64_t packs;         /* packing tasks of one product */
    char *made_a, *made_b; /* rows that are made, or NULL */
    int64_t row, rows;     /* the slab: its first row, and how many */

    /* Making: the rows of one operand. */
    const rung_maker *maker;
    char *made;
    int64_t stride, width; /* of its rows, as they are written */
    int64_t grain;         /* rows of one task */
} gemm_job;

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

/* How many units of columns; less than a vector more is none of its own, since the last
 * two panels of a block may share their columns. */
static int64_t units_of(const rung_gemm_shape *shape, int64_t columns, int64_t unit)
{
    return max_of(ceil_div(columns - shape->least_columns, unit), 1);
}

/* Elements of packed op(B) of the given size. */
static int64_t packed_elements(const rung_gemm_shape *shape, int64_t N, int64_t K)
{
    return ceil_div(N, shape->columns) * shape->columns * K;
}

/* Rows so far apart compete for few sets of the caches. */
static bool collides(const rung_kernels *k, int64_t stride)
{
    return stride * (int64_t)k->real_bytes % STRIDE_BYTES == 0;
}

static bool gains_by_packing(const rung_kernels *k, const rung_gemm *g)
{
    return g->M >= (g->trans_a || collides(k, g->ldb) ? PACK_HARD_ROWS : PACK_ROWS);
}

static bool has_epilogue(const rung_gemm *g)
{
    return g->bias || g->saved || g->residual;
}

/* Equal parts of the rows of A, in whole tiles or steps. */
static int64_t slab_of(const gemm_plan *p, const rung_gemm *g)
{
    const int64_t rows = g->trans_a ? g->K : g->M;
    const bool gains = g->make_a || (g->trans_a && (p->packs || g->make_b));
    if (!gains || rows == 0 || (g->trans_a && (has_epilogue(g) || g->packed_b)))
        return rows;
    const int64_t unit = g->trans_a ? p->shape.depth : p->shape.rows;
    const int64_t width = g->trans_a ? max_of(g->M, g->N) : g->K;
    const int64_t most = max_of(SLAB_ELEMENTS / max_of(width, 1), unit);
    const int64_t units = ceil_div(rows, unit);
    return min_of(ceil_div(units, ceil_div(units, most / unit)) * unit, rows);
}

static gemm_plan plan_of(const rung_kernels *k, const rung_gemm *g)
{
    gemm_plan p = {.items = batch_of(g), .columns = g->N};
    k->gemm_shape(&p.shape);
    p.dots = g->M <= RUNG_GEMM_FEW && g->trans_b && !g->trans_a && !g->packed_b;
    p.packs = !p.dots && !g->packed_b &&
              (g->trans_b || g->N < p.shape.least_columns || gains_by_packing(k, g));
    p.slab = slab_of(&p, g);
    if (p.packs) {
        const int64_t depth = g->trans_a ? p.slab : g->K;
        const int64_t panel = max_of(packed_elements(&p.shape, 1, depth), 1);
        const int64_t panels = ceil_div(g->N, p.shape.columns);
        const int64_t fit = max_of(PASS_ELEMENTS / panel, 1);
        if (fit < panels) p.columns = fit * p.shape.columns;
        if (g->stride_b) p.items = min_of(p.items, max_of(fit / panels, 1));
    }
    return p;
}

/* Cuts C[M, n1 - n0] into blocks. The longer side is halved first, since a block reads as
 * much of A and B as it is high and wide; powers of two share out evenly. */
static void cut(gemm_job *job, const gemm_plan *p)
{
    const rung_gemm *g = job->g;
    const bool few = g->M <= RUNG_GEMM_FEW && !g->packed_b && !p->packs;
    job->unit = !few       ? p->shape.columns
                : g->M > 1 ? p->shape.few_columns
                           : p->shape.one_columns;
    const int64_t N = job->n1 - job->n0;
    const int64_t tiles = ceil_div(g->M, p->shape.rows);
    const int64_t units = units_of(&p->shape, N, job->unit);
    // Few rows cost as much as some, since B must be read.
    const int64_t work = max_of(g->M, 2 * RUNG_GEMM_FEW) * N * max_of(g->K, 1);
    const int64_t enough =
        max_of(FEW_BLOCKS, min_of(g->M * N / BLOCK_AREA, ENOUGH_BLOCKS));
    const int64_t wanted = min_of(work / BLOCK_WORK, enough);
    int64_t down = 1, across = min_of(ceil_div(N, RUNG_GEMM_COLUMNS), units);
    while (down * across < wanted && (down < tiles || across < units)) {
        const bool is_high = g->M * across >= N * down;
        if (across == units || (is_high && down < tiles))
            down = min_of(2 * down, tiles);
        else
            across = min_of(2 * across, units);
    }
    job->down = down, job->across = across, job->units = units;
}

/* p + elements, where p is not NULL. */
static const void *offset(const rung_kernels *k, const void *p, int64_t elements)
{
    return p ? (const char *)p + elements * (int64_t)k->real_bytes : NULL;
}

/* One product of the batch as a product of its own. */
static rung_gemm item_of(const rung_kernels *k, const rung_gemm *g, int64_t item)
{
    const int64_t c = item * g->stride_c;
    rung_gemm one = *g;
    one.a = offset(k, g->a, item * g->stride_a);
    one.b = offset(k, g->b, item * g->stride_b);
    one.c = (void *)offset(k, g->c, c);
    one.saved = offset(k, g->saved, c);
    one.residual = offset(k, g->residual, c);
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
    const int64_t item = task / job->packs;
    const int64_t part = task % job->packs, n = part * job->pack_columns;
    const int64_t end =
        part + 1 == job->packs ? job->n1 : job->n0 + n + job->pack_columns;
    const rung_gemm one = item_of(job->k, job->g, job->first_item + item);
    job->k->gemm_pack(&one, job->n0 + n, end,
                      panels_at(job, job->panels + (size_t)item * job->item_bytes, n));
}

/* Where part i of `parts` equal ones of `n` begins. */
static int64_t part_at(int64_t i, int64_t n, int64_t parts)
{
    return n * i / parts;
}

/* The columns of block i of a row of blocks, counted from n0. */
static void columns_of(const gemm_job *job, int64_t i, int64_t *begin, int64_t *end)
{
    *begin = part_at(i, job->units, job->across) * job->unit;
    *end = part_at(i + 1, job->units, job->across) * job->unit;
    if (i + 1 == job->across) *end = job->n1 - job->n0;
}

static void block_task(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const gemm_job *job = ctx;
    const int64_t i = task % job->down, j = task / job->down % job->across;
    const int64_t item = task / job->down / job->across;
    const rung_gemm one = item_of(job->k, job->g, job->first_item + item);
    const int64_t tiles = ceil_div(one.M, job->shape.rows);
    const int64_t m0 = part_at(i, tiles, job->down) * job->shape.rows;
    const int64_t m1 = part_at(i + 1, tiles, job->down) * job->shape.rows;
    int64_t n0, n1;
    columns_of(job, j, &n0, &n1);
    const void *panels = NULL;
    if (job->panels)
        panels = panels_at(job, job->panels + (size_t)item * job->item_bytes, n0);
    job->k->gemm_block(&one, m0, min_of(m1, one.M), job->n0 + n0, job->n0 + n1, panels);
}

static void dots_task(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const gemm_job *job = ctx;
    const rung_gemm one = item_of(job->k, job->g, task / job->across);
    int64_t n0, n1;
    columns_of(job, task % job->across, &n0, &n1);
    job->k->gemm_dots(&one, n0, n1);
}

static void make_task(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const gemm_job *job = ctx;
    const int64_t begin = task * job->grain, end = min_of(begin + job->grain, job->rows);
    const int64_t n = job->stride == job->width ? end - begin : 1; // rows at a time
    const size_t row_bytes = (size_t)job->stride * job->k->real_bytes;
    for (int64_t row = begin; row < end; row += n)
        job->maker->make(job->maker->self, job->row + row, n,
                         job->made + (size_t)row * row_bytes);
}

/* The slab's rows of an operand. */
static void make(gemm_job *job, rung_pool *pool, const rung_maker *maker, int64_t width,
                 int64_t stride, char *made)
{
    job->maker = maker, job->made = made;
    job->width = width, job->stride = stride;
    job->grain = max_of(MAKE_ELEMENTS / max_of(width, 1), 1);
    rung_pool_run(pool, ceil_div(job->rows, job->grain), make_task, job);
}

/* Packs op(B)[:, n0:n1] of `items` products. */
static void pack(gemm_job *job, rung_pool *pool, int64_t items)
{
    const int64_t panel = max_of(packed_elements(&job->shape, 1, job->g->K), 1);
    job->pack_columns = max_of(PACK_ELEMENTS / panel, 1) * job->shape.columns;
    job->packs = units_of(&job->shape, job->n1 - job->n0, job->pack_columns);
    rung_pool_run(pool, items * job->packs, pack_task, job);
}

/* ---- Slabs ---- */

/* From row to row of an A that is made. Of a transposed one a tile reads a column, whose
 * lines lie in all sets of a cache when a row is an odd number of them. */
static int64_t made_lda(const rung_kernels *k, const rung_gemm *g)
{
    const int64_t line = RUNG_ALIGN / (int64_t)k->real_bytes;
    return g->trans_a ? (ceil_div(g->M, line) | 1) * line : g->K;
}

/* The scratch memory of a product: bytes, and where its parts begin. */
typedef struct gemm_scratch {
    size_t item_bytes; /* the panels of one product */
    size_t a, b, end;  /* rows of A and B that are made */
} gemm_scratch;

static gemm_scratch scratch_of(const gemm_plan *p, const rung_kernels *k,
                               const rung_gemm *g)
{
    gemm_scratch s = {0};
    const int64_t a = p->slab * made_lda(k, g), b = p->slab * g->N;
    if (p->packs) {
        const int64_t depth = g->trans_a ? p->slab : g->K;
        s.item_bytes =
            (size_t)packed_elements(&p->shape, p->columns, depth) * k->real_bytes;
        s.a = (size_t)(g->stride_b ? p->items : 1) * s.item_bytes;
    }
    s.b = s.a + (g->make_a ? (size_t)a * k->real_bytes : 0);
    s.end = s.b + (g->make_b ? (size_t)b * k->real_bytes : 0);
    return s;
}

/* What rows row ... row + n - 1 of A contribute to a product. */
static rung_gemm part_of(const gemm_job *job, const rung_gemm *g, int64_t row, int64_t n)
{
    const rung_kernels *k = job->k;
    rung_gemm part = *g;
    part.a = offset(k, g->a, row * g->lda);
    if (g->make_a) part.a = job->made_a, part.lda = made_lda(k, g);
    if (g->trans_a) {
        part.K = n;
        part.b = offset(k, g->b, row * (g->trans_b ? 1 : g->ldb));
        if (g->make_b) part.b = job->made_b, part.ldb = g->N;
        part.accumulate |= row > 0;
        return part;
    }
    part.M = n;
    part.c = (void *)offset(k, g->c, row * g->ldc);
    part.saved = offset(k, g->saved, row * g->ldc);
    part.residual = offset(k, g->residual, row * g->ldc);
    return part;
}

static void run_part(gemm_job *job, const gemm_plan *p, rung_pool *pool, int64_t items)
{
    const rung_gemm *g = job->g;
    if (g->make_a)
        make(job, pool, g->make_a, g->trans_a ? g->M : g->K, g->lda, job->made_a);
    if (g->make_b) make(job, pool, g->make_b, g->N, g->ldb, job->made_b);
    cut(job, p);
    if (p->packs && (g->trans_a || job->row == 0))
        pack(job, pool, job->item_bytes ? items : 1);
    if (p->dots)
        rung_pool_run(pool, items * job->across, dots_task, job);
    else
        rung_pool_run(pool, items * job->across * job->down, block_task, job);
}

static void run_pass(gemm_job *job, const gemm_plan *p, rung_pool *pool, int64_t items)
{
    const rung_gemm *g = job->g;
    const int64_t rows = g->trans_a ? g->K : g->M;
    job->row = 0;
    do { // once also for K = 0, which stores zeros
        job->rows = min_of(p->slab, rows - job->row);
        const rung_gemm part = part_of(job, g, job->row, job->rows);
        job->g = &part;
        run_part(job, p, pool, items);
        job->g = g;
        job->row += job->rows;
    } while (job->row < rows);
}

/* ---- A copied: made, from where it lies ---- */

typedef struct copied_rows {
    rung_maker maker;
    const char *from;
    size_t bytes, stride; /* of a row */
} copied_rows;

static void copy_rows(const void *self, int64_t row, int64_t n, void *to)
{
    const copied_rows *c = self;
    for (int64_t i = 0; i < n; i++)
        memcpy((char *)to + (size_t)i * c->bytes, c->from + (size_t)(row + i) * c->stride,
               c->bytes);
}

/* g, with an A to be copied where that is worth it. */
static rung_gemm with_copies(const rung_kernels *k, const rung_gemm *g, copied_rows *c)
{
    rung_gemm with = *g;
    *c = (copied_rows){.maker = {copy_rows, c},
                       .from = g->a,
                       .bytes = (size_t)g->M * k->real_bytes,
                       .stride = (size_t)g->lda * k->real_bytes};
    if (g->trans_a && !g->make_a && collides(k, g->lda) && g->N >= PACK_HARD_ROWS &&
        g->M > RUNG_GEMM_FEW && batch_of(g) == 1 && !has_epilogue(g) && !g->packed_b)
        with.make_a = &c->maker;
    return with;
}

size_t rung_gemm_scratch(const rung_kernels *k, const rung_gemm *g)
{
    copied_rows copied;
    const rung_gemm with = with_copies(k, g, &copied);
    const gemm_plan p = plan_of(k, &with);
    return scratch_of(&p, k, &with).end;
}

void rung_gemm_run(const rung_kernels *k, rung_pool *pool, const rung_gemm *product,
                   void *scratch)
{
    copied_rows copied;
    const rung_gemm with = with_copies(k, product, &copied), *g = &with;
    assert(g->M >= 0 && g->N >= 0 && g->K >= 0);
    assert(batch_of(g) == 1 || !(g->make_a || g->make_b));
    assert(!g->make_b || (g->trans_a && !g->trans_b));
    if (g->M == 0 || g->N == 0) return;
    const gemm_plan p = plan_of(k, g);
    const gemm_scratch s = scratch_of(&p, k, g);
    assert(scratch || s.end == 0);
    gemm_job job = {.k = k, .g = g, .shape = p.shape};
    job.panels = p.packs ? scratch : (char *)g->packed_b;
    if (p.packs && g->stride_b) job.item_bytes = s.item_bytes;
    if (g->make_a) job.made_a = (char *)scratch + s.a;
    if (g->make_b) job.made_b = (char *)scratch + s.b;
    for (int64_t i = 0; i < batch_of(g); i += p.items) {
        for (int64_t n = 0; n < g->N; n += p.columns) {
            job.first_item = i;
            job.n0 = n, job.n1 = min_of(n + p.columns, g->N);
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
    gemm_job job = {.k = k, .g = g, .n1 = g->N, .panels = packed};
    k->gemm_shape(&job.shape);
    pack(&job, pool, 1);
}
