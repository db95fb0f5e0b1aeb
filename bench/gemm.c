/* Our matrix products beside OpenBLAS (both operands packed at every call) and oneDNN
 * (weights packed before), at one thread and at several:
 *     gemm [--training] [--threads N] [--rounds N]
 *
 * The programs take turns within each round, and the medians over the rounds are
 * compared. Three pools of threads live in this process: each turn begins with a pause,
 * in which the threads of the turn before stop spinning and fall asleep, and with calls
 * that are not timed. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/pool.h"
#include "kernels/kernels.h"
#include "measure.h"

#ifdef BENCH_OPENBLAS
#include <cblas.h>
#endif
#ifdef BENCH_ONEDNN
#include <dnnl.h>
void omp_set_num_threads(int threads); /* of the OpenMP run-time that oneDNN uses */
#endif

#define PAUSE_MS 40       /* longer than OpenBLAS's threads spin: 2^26 cycles */
#define TURN_SECONDS 4e-3 /* timed in one turn, at least one call */
#define WARM_SECONDS 1e-3
/* Threads that wake up may share a core at first: in 1 ms of warming up two of them often
 * had one core's speed, on every side; in 100 ms never. */
#define SPREAD_SECONDS 0.1

typedef struct shape {
    int64_t M, N, K;
    bool trans_a, trans_b;
} shape;

/* Forward products of small and large models, and one square. */
static const shape inference[] = {
    {512, 768, 768, 0, 0},  {512, 3072, 768, 0, 0},   {4096, 1152, 384, 0, 0},
    {64, 256, 256, 0, 0},   {1, 768, 768, 0, 0},      {1, 3072, 768, 0, 0},
    {32, 50257, 768, 0, 0}, {2048, 2048, 2048, 0, 0},
};

/* A Transformer 384 wide over 3072 tokens, an LSTM 256 wide over 32 x 64: y = x W, then
 * dx = dy W^T, then dW = x^T dy. */
static const shape training[] = {
    {3072, 1152, 384, 0, 0},  {3072, 384, 384, 0, 0},   {3072, 1536, 384, 0, 0},
    {3072, 384, 1536, 0, 0},  {3072, 65, 384, 0, 0},    {3072, 384, 1152, 0, 1},
    {3072, 384, 1536, 0, 1},  {3072, 1536, 384, 0, 1},  {3072, 384, 65, 0, 1},
    {384, 1152, 3072, 1, 0},  {384, 384, 3072, 1, 0},   {384, 1536, 3072, 1, 0},
    {1536, 384, 3072, 1, 0},  {384, 65, 3072, 1, 0},    {2048, 1024, 256, 0, 0},
    {32, 1024, 256, 0, 0},    {32, 256, 1024, 0, 1},    {256, 1024, 2048, 1, 0},
    {2048, 10000, 256, 0, 0}, {2048, 256, 10000, 0, 1}, {256, 10000, 2048, 1, 0},
    {1, 1152, 384, 0, 0},     {1, 1536, 384, 0, 1},     {8, 10000, 256, 0, 0},
    {8, 50257, 768, 0, 1},
};

typedef struct product {
    shape s;
    float *a, *b, *c;
    int threads;
    /* ours */
    rung_pool *pool;
    void *packed, *scratch;
#ifdef BENCH_ONEDNN
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_t matmul;
    dnnl_memory_t src, weights, dst;
#endif
} product;

static rung_gemm ours_of(const product *p)
{
    const shape *s = &p->s;
    return (rung_gemm){.M = s->M,
                       .N = s->N,
                       .K = s->K,
                       .a = p->a,
                       .lda = s->trans_a ? s->M : s->K,
                       .trans_a = s->trans_a,
                       .b = p->b,
                       .ldb = s->trans_b ? s->K : s->N,
                       .trans_b = s->trans_b,
                       .c = p->c,
                       .ldc = s->N};
}

static void run_ours(product *p)
{
    const rung_gemm g = ours_of(p);
    rung_gemm_run(rung_kernels_get(RUNG_ISA_BEST), p->pool, &g, p->scratch);
}

static void run_ours_packed(product *p)
{
    rung_gemm g = ours_of(p);
    g.packed_b = p->packed;
    rung_gemm_run(rung_kernels_get(RUNG_ISA_BEST), p->pool, &g, p->scratch);
}

#ifdef BENCH_OPENBLAS
static void run_openblas(product *p)
{
    const shape *s = &p->s;
    openblas_set_num_threads(p->threads);
    cblas_sgemm(CblasRowMajor, s->trans_a ? CblasTrans : CblasNoTrans,
                s->trans_b ? CblasTrans : CblasNoTrans, (blasint)s->M, (blasint)s->N,
                (blasint)s->K, 1.0f, p->a, (blasint)(s->trans_a ? s->M : s->K), p->b,
                (blasint)(s->trans_b ? s->K : s->N), 0.0f, p->c, (blasint)s->N);
}
#endif

#ifdef BENCH_ONEDNN
static void need(dnnl_status_t status, const char *what)
{
    if (status == dnnl_success) return;
    fprintf(stderr, "gemm: oneDNN: %s: status %d\n", what, status);
    exit(1);
}

static dnnl_memory_desc_t plain(int64_t rows, int64_t columns, bool transposed)
{
    dnnl_memory_desc_t md;
    need(dnnl_memory_desc_init_by_tag(&md, 2, (dnnl_dims_t){rows, columns}, dnnl_f32,
                                      transposed ? dnnl_ba : dnnl_ab),
         "memory descriptor");
    return md;
}

static dnnl_memory_t memory_at(product *p, const dnnl_memory_desc_t *md, void *data)
{
    dnnl_memory_t memory;
    need(dnnl_memory_create(&memory, md, p->engine, data), "memory");
    return memory;
}

/* Reorders the weights to the layout that the primitive asked for. */
static void pack_weights(product *p, const dnnl_memory_desc_t *from,
                         const dnnl_memory_desc_t *to)
{
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t reorder;
    dnnl_memory_t b = memory_at(p, from, p->b);
    p->weights = memory_at(p, to, DNNL_MEMORY_ALLOCATE);
    need(dnnl_reorder_primitive_desc_create(&pd, from, p->engine, to, p->engine, NULL),
         "reorder");
    need(dnnl_primitive_create(&reorder, pd), "reorder");
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, b}, {DNNL_ARG_TO, p->weights}};
    need(dnnl_primitive_execute(reorder, p->stream, 2, args), "reorder");
    need(dnnl_stream_wait(p->stream), "reorder");
    dnnl_primitive_destroy(reorder);
    dnnl_primitive_desc_destroy(pd);
    dnnl_memory_destroy(b);
}

static void prepare_onednn(product *p)
{
    const shape *s = &p->s;
    omp_set_num_threads(p->threads);
    need(dnnl_engine_create(&p->engine, dnnl_cpu, 0), "engine");
    need(dnnl_stream_create(&p->stream, p->engine, dnnl_stream_default_flags), "stream");
    const dnnl_memory_desc_t a = plain(s->M, s->K, s->trans_a);
    const dnnl_memory_desc_t b = plain(s->K, s->N, s->trans_b), c = plain(s->M, s->N, 0);
    dnnl_memory_desc_t any;
    need(dnnl_memory_desc_init_by_tag(&any, 2, (dnnl_dims_t){s->K, s->N}, dnnl_f32,
                                      dnnl_format_tag_any),
         "memory descriptor");
    dnnl_matmul_desc_t desc;
    dnnl_primitive_desc_t pd;
    need(dnnl_matmul_desc_init(&desc, &a, &any, NULL, &c), "matmul");
    need(dnnl_primitive_desc_create(&pd, &desc, NULL, p->engine, NULL), "matmul");
    need(dnnl_primitive_create(&p->matmul, pd), "matmul");
    p->src = memory_at(p, &a, p->a);
    p->dst = memory_at(p, &c, p->c);
    pack_weights(p, &b, dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0));
    dnnl_primitive_desc_destroy(pd);
}

static void release_onednn(product *p)
{
    dnnl_memory_destroy(p->src);
    dnnl_memory_destroy(p->weights);
    dnnl_memory_destroy(p->dst);
    dnnl_primitive_destroy(p->matmul);
    dnnl_stream_destroy(p->stream);
    dnnl_engine_destroy(p->engine);
}

static void run_onednn(product *p)
{
    const dnnl_exec_arg_t args[] = {
        {DNNL_ARG_SRC, p->src}, {DNNL_ARG_WEIGHTS, p->weights}, {DNNL_ARG_DST, p->dst}};
    omp_set_num_threads(p->threads);
    need(dnnl_primitive_execute(p->matmul, p->stream, 3, args), "matmul");
    need(dnnl_stream_wait(p->stream), "matmul");
}
#endif

/* The contenders; those without a peer are measured too. */
enum { OURS_PACKED, ONEDNN, OURS, OPENBLAS, CONTENDERS };

typedef void (*run_fn)(product *p);
static const run_fn runs[CONTENDERS] = {
    [OURS_PACKED] = run_ours_packed,
    [OURS] = run_ours,
#ifdef BENCH_ONEDNN
    [ONEDNN] = run_onednn,
#endif
#ifdef BENCH_OPENBLAS
    [OPENBLAS] = run_openblas,
#endif
};
static const char *const names[CONTENDERS] = {"ours, packed", "oneDNN", "ours",
                                              "OpenBLAS"};

static float *random_floats(int64_t n)
{
    float *x = rung__alloc_array((size_t)n, sizeof *x);
    if (!x) exit(1);
    uint32_t state = 1;
    for (int64_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = (float)(state >> 8) * 0x1p-23f - 1.0f;
    }
    return x;
}

static void prepare(product *p)
{
    const rung_kernels *k = rung_kernels_get(RUNG_ISA_BEST);
    const shape *s = &p->s;
    p->a = random_floats(s->M * s->K);
    p->b = random_floats(s->K * s->N);
    p->c = random_floats(s->M * s->N);
    const rung_gemm g = ours_of(p);
    p->packed = rung__alloc(rung_packed_bytes(k, s->N, s->K));
    p->scratch = rung__alloc(rung_gemm_scratch(k, &g));
    if (!p->packed || !p->scratch) exit(1);
    rung_packed_fill(k, p->pool, &g, p->packed);
#ifdef BENCH_ONEDNN
    prepare_onednn(p);
#endif
}

static void release(product *p)
{
#ifdef BENCH_ONEDNN
    release_onednn(p);
#endif
    rung__free(p->a), rung__free(p->b), rung__free(p->c);
    rung__free(p->packed), rung__free(p->scratch);
}

/* All contenders compute the same product: a peer that errs must not be compared with. */
static void check(product *p)
{
    const int64_t n = p->s.M * p->s.N;
    float *wanted = rung__alloc_array((size_t)n, sizeof *wanted);
    if (!wanted) exit(1);
    run_ours(p);
    memcpy(wanted, p->c, (size_t)n * sizeof *wanted);
    for (int i = 0; i < CONTENDERS; i++) {
        if (!runs[i]) continue;
        memset(p->c, 0xff, (size_t)n * sizeof *wanted);
        runs[i](p);
        double worst = 0;
        for (int64_t j = 0; j < n; j++) {
            const double difference = fabs((double)p->c[j] - (double)wanted[j]);
            if (!(difference <= worst)) worst = difference;
        }
        if (!(worst <= 1e-5 * (double)p->s.K))
            printf("%s differs from ours by up to %g\n", names[i], worst);
    }
    rung__free(wanted);
}

/* Seconds a call, after a pause and calls that are not timed. */
static double turn(product *p, run_fn run)
{
    pause_ms(PAUSE_MS);
    const double wanted = p->threads > 1 ? SPREAD_SECONDS : WARM_SECONDS;
    const double warm = now_s();
    do run(p);
    while (now_s() - warm < wanted);
    const double begin = now_s();
    double end;
    int calls = 0;
    do {
        run(p);
        calls++;
        end = now_s();
    } while (end - begin < TURN_SECONDS);
    return (end - begin) / calls;
}

typedef struct summary {
    double log_onednn, log_openblas;
    int n;
} summary;

#define MAX_ROUNDS 101

static void print_rate(double gflop, double seconds, double peak)
{
    if (seconds > 0)
        printf(" %7.1f %3.0f %%", gflop / seconds, 100 * gflop / seconds / peak);
    else
        printf(" %7s %5s", "-", "");
}

static void measure(product *p, int rounds, double peak, summary *sum)
{
    prepare(p);
    check(p);
    double seconds[CONTENDERS][MAX_ROUNDS], middle[CONTENDERS] = {0};
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < CONTENDERS; i++)
            if (runs[i]) seconds[i][round] = turn(p, runs[i]);
    for (int i = 0; i < CONTENDERS; i++)
        if (runs[i]) middle[i] = median(seconds[i], rounds);
    const shape *s = &p->s;
    const double gflop = 2e-9 * (double)s->M * (double)s->N * (double)s->K;
    printf("%5d %5d %5d %c%c", (int)s->M, (int)s->N, (int)s->K, s->trans_a ? 'T' : '-',
           s->trans_b ? 'T' : '-');
    for (int pair = 0; pair < CONTENDERS; pair += 2) {
        print_rate(gflop, middle[pair], peak);
        print_rate(gflop, middle[pair + 1], peak);
        const double ratio = middle[pair + 1] / middle[pair];
        printf(middle[pair + 1] > 0 ? "  %5.2f |" : "        |", ratio);
        if (middle[pair + 1] > 0)
            *(pair ? &sum->log_openblas : &sum->log_onednn) += log(ratio);
    }
    sum->n++;
    printf("\n");
    fflush(stdout);
    release(p);
}

static void measure_all(const shape *shapes, int n, int threads, int rounds)
{
    rung_pool *pool;
    rung_error err;
    if (rung_pool_new(&pool, threads, &err) != RUNG_OK) {
        fprintf(stderr, "gemm: %s\n", err.message);
        exit(1);
    }
    const double peak = peak_gflops(threads);
    printf("\n%d thread%s, peak %.0f GFLOP/s; GFLOP/s and share of it; medians of %d\n",
           threads, threads == 1 ? "" : "s", peak, rounds);
    printf("    M     N     K op  ours, packed        oneDNN  ratio |"
           "          ours      OpenBLAS  ratio |\n");
    summary sum = {0};
    for (int i = 0; i < n; i++) {
        product p = {.s = shapes[i], .threads = threads, .pool = pool};
        measure(&p, rounds, peak, &sum);
    }
    printf("geometric mean at %d thread%s:", threads, threads == 1 ? "" : "s");
    if (runs[ONEDNN]) printf(" %.3f x oneDNN", exp(sum.log_onednn / sum.n));
    if (runs[OPENBLAS]) printf(" %.3f x OpenBLAS", exp(sum.log_openblas / sum.n));
    printf("\n");
    rung_pool_free(pool);
}

int main(int argc, char **argv)
{
    int threads = 2, rounds = 9;
    const shape *shapes = inference;
    int n = sizeof inference / sizeof inference[0];
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--training")) {
            shapes = training;
            n = sizeof training / sizeof training[0];
        } else if (!strcmp(argv[i], "--threads") && i + 1 < argc) {
            threads = atoi(argv[++i]);
        } else if (!strcmp(argv[i], "--rounds") && i + 1 < argc) {
            rounds = atoi(argv[++i]);
        } else {
            fprintf(stderr, "usage: gemm [--training] [--threads N] [--rounds N]\n");
            return 2;
        }
    }
    if (threads < 1 || threads > MAX_CREW || rounds < 1 || rounds > MAX_ROUNDS) {
        fprintf(stderr, "gemm: threads 1 to %d, rounds 1 to %d\n", MAX_CREW, MAX_ROUNDS);
        return 2;
    }
    printf("kernels: %s", rung_kernels_get(RUNG_ISA_BEST)->name);
#ifdef BENCH_OPENBLAS
    printf("; %s, its kernels for %s", openblas_get_config(), openblas_get_corename());
#endif
#ifdef BENCH_ONEDNN
    const dnnl_version_t *v = dnnl_version();
    printf("; oneDNN %d.%d.%d, packed weights", v->major, v->minor, v->patch);
#endif
    printf("\n");
    measure_all(shapes, n, 1, rounds);
    if (threads > 1) measure_all(shapes, n, threads, rounds);
    return 0;
}
