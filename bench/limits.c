/* The limits of this machine: the peak of float32 arithmetic, and the speed of reading
 * from each level of memory, at one thread and at all. The best of several runs each;
 * compare figures of one run only, since machines are shared. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "measure.h"

#define HUGE_PAGE (2 << 20)
#define READ_BYTES (256 << 20) /* read in one timing, from memory of any size */
#define READ_RUNS 9
/* What a token of compare's gpt-generate reads: the weights of its 24 products. */
#define GPT_BYTES (6 * 12 * 384 * 384 * 4)

typedef struct reader {
    const char *memory; /* [threads * bytes] */
    size_t bytes;       /* of each thread */
} reader;

/* Four vectors a turn; the sums keep the compiler from leaving the reading out. */
#define READ_LOOP(vec)                                                                   \
    vec s0 = {0}, s1 = s0, s2 = s0, s3 = s0;                                             \
    for (size_t done = 0; done < READ_BYTES; done += bytes) {                            \
        const vec *p = (const vec *)memory, *end = (const vec *)(memory + bytes);        \
        for (; p < end; p += 4) s0 |= p[0], s1 |= p[1], s2 |= p[2], s3 |= p[3];          \
    }                                                                                    \
    s0 |= s1 | s2 | s3;                                                                  \
    __asm__ volatile("" ::"m"(s0))

typedef uint64_t bits128 __attribute__((vector_size(16)));
typedef uint64_t bits256 __attribute__((vector_size(32)));
typedef uint64_t bits512 __attribute__((vector_size(64)));

#ifdef __x86_64__
__attribute__((target("avx512f"))) static void read_avx512(const char *memory,
                                                           size_t bytes)
{
    READ_LOOP(bits512);
}

__attribute__((target("avx2"))) static void read_avx2(const char *memory, size_t bytes)
{
    READ_LOOP(bits256);
}
#endif

static void read_portable(const char *memory, size_t bytes)
{
    READ_LOOP(bits128);
}

static void read_work(void *ctx, int i)
{
    const reader *r = ctx;
    const char *memory = r->memory + (size_t)i * r->bytes;
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f")) {
        read_avx512(memory, r->bytes);
        return;
    }
    if (__builtin_cpu_supports("avx2")) {
        read_avx2(memory, r->bytes);
        return;
    }
#endif
    read_portable(memory, r->bytes);
}

/* GB/s, the best of several runs. */
static double read_speed(int threads, const char *memory, size_t bytes)
{
    reader r = {memory, bytes};
    const size_t passes = (READ_BYTES + bytes - 1) / bytes;
    double best = 0;
    for (int i = 0; i < READ_RUNS; i++) {
        const double seconds = run_crew(threads, read_work, &r);
        const double speed = 1e-9 * (double)(passes * bytes) * threads / seconds;
        if (speed > best) best = speed;
    }
    return best;
}

/* The size that Linux gives for a cache of this processor, or `otherwise`. */
static size_t cache_bytes(int index, size_t otherwise)
{
    char path[80];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/size", index);
    FILE *file = fopen(path, "r");
    if (!file) return otherwise;
    size_t number = 0;
    char unit = 'K';
    const int read = fscanf(file, "%zu%c", &number, &unit);
    fclose(file);
    return read < 1 || number == 0 ? otherwise : number << (unit == 'M' ? 20 : 10);
}

int main(void)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const int all = processors > MAX_CREW ? MAX_CREW
                    : processors < 1      ? 1
                                          : (int)processors;
    const struct {
        const char *name;
        size_t bytes; // half of a private cache, a thread's part of half the shared one
    } levels[] = {
        {"L1", cache_bytes(0, 32 << 10) / 2},
        {"L2", cache_bytes(2, 1 << 20) / 2},
        {"L3", cache_bytes(3, 16 << 20) / 2 / (size_t)all},
        {"GPT", GPT_BYTES / (size_t)all},
        {"DRAM", 256 << 20},
    };
    enum { LEVELS = sizeof levels / sizeof levels[0] };
    const size_t total = (size_t)all * levels[LEVELS - 1].bytes;
    char *memory = aligned_alloc(HUGE_PAGE, total);
    if (!memory) {
        fprintf(stderr, "limits: no %zu bytes of memory\n", total);
        return 1;
    }
    madvise(memory, total, MADV_HUGEPAGE); // as the library asks for its own
    memset(memory, 1, total);
    printf("%-22s %10s %9d threads\n", "", "1 thread", all);
    printf("%-22s %10.1f %10.1f GFLOP/s\n", "float32 multiply-add", peak_gflops(1),
           peak_gflops(all));
    for (int i = 0; i < LEVELS; i++) {
        const size_t bytes = levels[i].bytes / 256 * 256;
        printf("read %-4s %9zu KiB %10.1f %10.1f GB/s\n", levels[i].name, bytes >> 10,
               read_speed(1, memory, bytes), read_speed(all, memory, bytes));
    }
    free(memory);
    return 0;
}
