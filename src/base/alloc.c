/* The only door to the heap. A block is a header and the bytes that the caller sees:
 *
 *     base            data - 24      data (multiple of 64)
 *     | padding       | header       | size bytes, zeroed |
 *
 * Small blocks come from calloc, which knows when fresh memory is zero already. Large
 * ones are mapped on their own: their pages are zero without being touched, so a block
 * costs resident memory only as it is used, and they start where huge pages fit, which
 * saves the TLB of a long product. */
#include "base/alloc.h"

#include <stdatomic.h>
#include <stdlib.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#include <string.h>
#include <sys/mman.h>

#define PAGE_BYTES ((size_t)64 << 10) /* a multiple of every page size in use */
#define HUGE_PAGE_BYTES ((size_t)2 << 20)

/* The address sanitizer neither guards mapped blocks nor looks for pointers in them. */
#if defined(__has_feature) // clang
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define LARGE_BYTES SIZE_MAX
#else
#define LARGE_BYTES HUGE_PAGE_BYTES
#endif

typedef struct block_header {
    size_t size;       /* what was asked for */
    void *base;        /* what calloc or mmap gave */
    size_t base_bytes; /* length of the mapping; 0: calloc */
} block_header;

/* The heap is one for the process, and so are its counters: the exception to "no mutable
 * globals". */
static struct {
    atomic_int_fast64_t calls, live, live_bytes, peak_bytes;
    atomic_int_fast64_t fail_from; /* the first call that fails; 0: none */
} heap;

static block_header *header_of(void *data)
{
    return (block_header *)data - 1;
}

/* Counts a call; false when it is one that must fail. */
static bool may_allocate(void)
{
    const int64_t call = atomic_fetch_add(&heap.calls, 1) + 1;
    const int64_t fail_from = atomic_load_explicit(&heap.fail_from, memory_order_relaxed);
    return fail_from == 0 || call < fail_from;
}

static void count_bytes(int64_t blocks, int64_t bytes)
{
    atomic_fetch_add(&heap.live, blocks);
    const int64_t live = atomic_fetch_add(&heap.live_bytes, bytes) + bytes;
    int_fast64_t peak = atomic_load(&heap.peak_bytes);
    while (live > peak && !atomic_compare_exchange_weak(&heap.peak_bytes, &peak, live)) {
    }
}

static size_t round_up(size_t size, size_t unit)
{
    return (size + unit - 1) / unit * unit;
}

static void *place(char *base, size_t base_bytes, size_t size)
{
    const uintptr_t first = (uintptr_t)base + sizeof(block_header);
    char *data = base + (round_up(first, RUNG_ALIGN) - (uintptr_t)base);
    *header_of(data) = (block_header){size, base, base_bytes};
    return data;
}

/* Maps one huge page more than needed and gives back what lies before the first huge
 * page's start and after the block's end. */
static void *map_block(size_t size)
{
    const size_t bytes = round_up(size + RUNG_ALIGN, PAGE_BYTES);
    char *raw = mmap(NULL, bytes + HUGE_PAGE_BYTES, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (raw == MAP_FAILED) return NULL;
    char *base = raw + (round_up((uintptr_t)raw, HUGE_PAGE_BYTES) - (uintptr_t)raw);
    const size_t before = base - raw, after = HUGE_PAGE_BYTES - before;
    if (before) munmap(raw, before);
    if (after) munmap(base + bytes, after);
    madvise(base, bytes, MADV_HUGEPAGE); // advice only: without huge pages it still works
    return place(base, bytes, size);
}

static void *new_block(size_t size)
{
    if (size > SIZE_MAX / 2) return NULL;
    if (size >= LARGE_BYTES) return map_block(size);
    char *base = calloc(1, size + sizeof(block_header) + RUNG_ALIGN);
    return base ? place(base, 0, size) : NULL;
}

static void drop_block(void *data)
{
    const block_header header = *header_of(data);
    if (header.base_bytes)
        munmap(header.base, header.base_bytes);
    else
        free(header.base);
}

/* A mapping grows by moving its pages, not their bytes: the old and the new block are
 * never resident together. NULL when there is no room. */
static void *remap_block(void *data, size_t size)
{
    block_header *header = header_of(data);
    const size_t bytes = round_up(size + RUNG_ALIGN, PAGE_BYTES);
    char *base = mremap(header->base, header->base_bytes, bytes, MREMAP_MAYMOVE);
    if (base == MAP_FAILED) return NULL;
    return place(base, bytes, size);
}

/* Another block with the old bytes, as far as they fit; the old one is gone unless NULL
 * is returned. */
static void *resize_block(void *data, size_t size)
{
    const block_header old = *header_of(data);
    if (old.base_bytes && size >= old.size && size <= SIZE_MAX / 2)
        return remap_block(data, size);
    void *copy = new_block(size);
    if (!copy) return NULL;
    memcpy(copy, data, old.size < size ? old.size : size);
    drop_block(data);
    return copy;
}

void *rung__alloc(size_t size)
{
    void *data = may_allocate() ? new_block(size) : NULL;
    if (data) count_bytes(1, (int64_t)size);
    return data;
}

void *rung__alloc_array(size_t count, size_t size)
{
    size_t bytes;
    return rung_mul_size(count, size, &bytes) ? rung__alloc(bytes) : NULL;
}

void *rung__realloc(void *block, size_t size)
{
    if (!block) return rung__alloc(size);
    if (!may_allocate()) return NULL;
    const size_t old_size = header_of(block)->size;
    void *data = resize_block(block, size);
    if (data) count_bytes(0, (int64_t)size - (int64_t)old_size);
    return data;
}

void rung__free(void *block)
{
    if (!block) return;
    count_bytes(-1, -(int64_t)header_of(block)->size);
    drop_block(block);
}

char *rung__strdup(const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = rung__alloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

bool rung_mul_size(size_t a, size_t b, size_t *out)
{
    size_t product;
    if (__builtin_mul_overflow(a, b, &product)) return false;
    *out = product;
    return true;
}

bool rung__grow(void *array, size_t *cap, size_t n, size_t size)
{
    if (n <= *cap) return true;
    void *old, *more;
    size_t bytes;
    n += n / 2;
    memcpy(&old, array, sizeof old);
    more = rung_mul_size(n, size, &bytes) ? rung__realloc(old, bytes) : NULL;
    if (!more) return false;
    memcpy(array, &more, sizeof more);
    *cap = n;
    return true;
}

rung_status rung__out_of_memory(rung_error *err, size_t size, const char *what)
{
    return rung_fail(err, RUNG_MEMORY, "out of memory: %zu bytes for %s", size, what);
}

rung_alloc_stats rung__alloc_stats(void)
{
    return (rung_alloc_stats){
        .calls = atomic_load(&heap.calls),
        .live = atomic_load(&heap.live),
        .live_bytes = atomic_load(&heap.live_bytes),
        .peak_bytes = atomic_load(&heap.peak_bytes),
    };
}

void rung__alloc_trim(void)
{
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}

void rung__alloc_fail_at(int64_t n)
{
    atomic_store(&heap.fail_from, n > 0 ? atomic_load(&heap.calls) + n : 0);
}
