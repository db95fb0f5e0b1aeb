/* What benchmarks share: a clock, medians, a crew of threads that begin together, and
 * the peak of fused multiply-adds. */
#ifndef RUNG_BENCH_MEASURE_H
#define RUNG_BENCH_MEASURE_H

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define MAX_CREW 64

static inline double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline void pause_ms(int ms)
{
    const struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

static inline int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts. */
static inline double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, compare_doubles);
    return n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

/* Runs work(ctx, i) on threads i = 0 ... n-1 after all have started; returns the
 * seconds until the last one is done. */
typedef void (*crew_fn)(void *ctx, int i);

typedef struct crew_member {
    crew_fn work;
    void *ctx;
    int index;
    pthread_barrier_t *start;
    double begin, end;
} crew_member;

static inline void *crew_main(void *arg)
{
    crew_member *m = arg;
    pthread_barrier_wait(m->start);
    m->begin = now_s();
    m->work(m->ctx, m->index);
    m->end = now_s();
    return NULL;
}

static inline double run_crew(int n, crew_fn work, void *ctx)
{
    pthread_t threads[MAX_CREW];
    crew_member members[MAX_CREW];
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, (unsigned)n);
    for (int i = 0; i < n; i++) {
        members[i] = (crew_member){work, ctx, i, &start, 0, 0};
        if (i > 0) pthread_create(&threads[i], NULL, crew_main, &members[i]);
    }
    crew_main(&members[0]);
    double begin = members[0].begin, end = members[0].end;
    for (int i = 1; i < n; i++) {
        pthread_join(threads[i], NULL);
        if (members[i].begin < begin) begin = members[i].begin;
        if (members[i].end > end) end = members[i].end;
    }
    pthread_barrier_destroy(&start);
    return end - begin;
}

/* The peak of float32 arithmetic: fused multiply-adds on registers, in 16 independent
 * chains, which hide a latency of 4 cycles at two instructions a cycle. Each returns
 * the operations it did. */
#define FMA_TURNS 500000
#define FMA_CHAINS 16

#define FMA_LOOP(vec, fma, set1)                                                         \
    vec sum[FMA_CHAINS], a = set1(1.0f), b = set1(1e-9f);                                \
    for (int i = 0; i < FMA_CHAINS; i++) sum[i] = b;                                     \
    for (int turn = 0; turn < FMA_TURNS; turn++) {                                       \
        _Pragma("GCC unroll 16") for (int i = 0; i < FMA_CHAINS; i++) sum[i] =           \
            fma(a, b, sum[i]);                                                           \
    }                                                                                    \
    for (int i = 0; i < FMA_CHAINS; i++) __asm__ volatile("" ::"m"(sum[i]));             \
    return 2.0 * FMA_CHAINS * FMA_TURNS * (double)(sizeof(vec) / sizeof(float))

#ifdef __x86_64__
__attribute__((target("avx512f"))) static inline double fma_avx512(void)
{
    FMA_LOOP(__m512, _mm512_fmadd_ps, _mm512_set1_ps);
}

__attribute__((target("avx2,fma"))) static inline double fma_avx2(void)
{
    FMA_LOOP(__m256, _mm256_fmadd_ps, _mm256_set1_ps);
}
#endif

typedef float float4 __attribute__((vector_size(16)));
#define MULTIPLY_ADD4(a, b, c) ((a) * (b) + (c))
#define SPLAT4(x) ((float4){x, x, x, x})

static inline double fma_portable(void)
{
    FMA_LOOP(float4, MULTIPLY_ADD4, SPLAT4);
}

static inline double fma_best(void)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f")) return fma_avx512();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return fma_avx2();
#endif
    return fma_portable();
}

static inline void fma_work(void *ctx, int i)
{
    ((double *)ctx)[i] = fma_best();
}

/* GFLOP/s of `threads` threads, the best of several runs. */
static inline double peak_gflops(int threads)
{
    double best = 0, done[MAX_CREW];
    for (int run = 0; run < 20; run++) {
        const double seconds = run_crew(threads, fma_work, done);
        double sum = 0;
        for (int i = 0; i < threads; i++) sum += done[i];
        if (sum / seconds > best) best = sum / seconds;
    }
    return 1e-9 * best;
}

#endif
