/* A numbered set of byte strings: one block of bytes and a hash table of ids. */
#include "text/vocab.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"

#define FIRST_SLOTS 1024
#define MAX_STRINGS ((size_t)1 << 30) /* ids and the 256 bytes beyond them fit an int32 */

/* One to eight bytes as a number; with the size beside it, different for different
 * bytes. */
static uint64_t load_tail(const char *bytes, size_t size)
{
    const unsigned char *b = (const unsigned char *)bytes;
    if (size < 4) {
        return size == 0
                   ? 0
                   : b[0] | (uint64_t)b[size / 2] << 8 | (uint64_t)b[size - 1] << 16;
    }
    uint32_t first, last; // they may overlap
    memcpy(&first, bytes, sizeof first);
    memcpy(&last, bytes + size - sizeof last, sizeof last);
    return first | (uint64_t)last << 32;
}

uint64_t rung__vocab_hash(const char *bytes, size_t size)
{
    uint64_t hash = size, word;
    for (; size > sizeof word; bytes += sizeof word, size -= sizeof word) {
        memcpy(&word, bytes, sizeof word);
        hash = rung__hash_mix(hash ^ word);
    }
    return rung__hash_mix(hash ^ load_tail(bytes, size));
}

void rung__vocab_release(rung_vocab *v)
{
    rung__free(v->bytes);
    rung__free(v->ends);
    rung__free(v->counts);
    rung__free(v->slots);
    *v = (rung_vocab){0};
}

rung_span rung__vocab_get(const rung_vocab *v, size_t id)
{
    assert(id < v->n);
    const size_t begin = id > 0 ? v->ends[id - 1] : 0;
    return (rung_span){v->bytes + begin, v->ends[id] - begin};
}

/* The slot of a string, or the free one where it would go. */
static rung_vocab_slot *slot_of(const rung_vocab *v, const char *bytes, size_t size,
                                uint64_t hash)
{
    const size_t mask = v->n_slots - 1;
    const uint32_t high = (uint32_t)(hash >> 32);
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        rung_vocab_slot *slot = &v->slots[i];
        if (slot->next == 0) return slot;
        if (slot->hash != high) continue;
        const rung_span s = rung__vocab_get(v, (size_t)slot->next - 1);
        if (s.size == size && memcmp(s.bytes, bytes, size) == 0) return slot;
    }
}

int32_t rung__vocab_find(const rung_vocab *v, const char *bytes, size_t size)
{
    if (v->n == 0) return -1;
    return slot_of(v, bytes, size, rung__vocab_hash(bytes, size))->next - 1;
}

/* A block resized to `count` elements; after a failure NULL, and the old block stays. */
static void *resize(void *block, size_t count, size_t size, rung_error *err)
{
    size_t n_bytes;
    void *more =
        rung_mul_size(count, size, &n_bytes) ? rung__realloc(block, n_bytes) : NULL;
    if (!more) rung__out_of_memory(err, count * size, "a vocabulary");
    return more;
}

static rung_status reserve_bytes(rung_vocab *v, size_t size, rung_error *err)
{
    const size_t needed = size + (v->n > 0 ? v->ends[v->n - 1] : 0);
    if (needed <= v->bytes_cap) return RUNG_OK;
    const size_t cap = 2 * needed + 4096;
    char *bytes = resize(v->bytes, cap, 1, err);
    if (!bytes) return RUNG_MEMORY;
    v->bytes = bytes;
    v->bytes_cap = cap;
    return RUNG_OK;
}

static rung_status reserve_string(rung_vocab *v, rung_error *err)
{
    if (v->n < v->cap) return RUNG_OK;
    const size_t cap = 2 * v->cap + FIRST_SLOTS / 2;
    size_t *ends = resize(v->ends, cap, sizeof *ends, err);
    if (!ends) return RUNG_MEMORY;
    v->ends = ends;
    int64_t *counts = resize(v->counts, cap, sizeof *counts, err);
    if (!counts) return RUNG_MEMORY;
    v->counts = counts;
    v->cap = cap;
    return RUNG_OK;
}

/* A table of `n_slots` in place of the old one, which may be NULL. */
static rung_status rehash(rung_vocab *v, size_t n_slots, rung_error *err)
{
    rung_vocab_slot *slots = rung__alloc_array(n_slots, sizeof *slots);
    if (!slots) {
        return rung__out_of_memory(err, n_slots * sizeof *slots, "a vocabulary");
    }
    rung__free(v->slots);
    v->slots = slots;
    v->n_slots = n_slots;
    for (size_t i = 0; i < v->n; i++) {
        const rung_span s = rung__vocab_get(v, i);
        const uint64_t hash = rung__vocab_hash(s.bytes, s.size);
        size_t at = hash & (n_slots - 1);
        while (slots[at].next) at = (at + 1) & (n_slots - 1);
        slots[at] = (rung_vocab_slot){(uint32_t)(hash >> 32), (int32_t)i + 1};
    }
    return RUNG_OK;
}

static rung_status append(rung_vocab *v, const char *bytes, size_t size, uint64_t hash,
                          rung_vocab_slot *slot, rung_error *err)
{
    if (v->n == MAX_STRINGS) {
        return rung_fail(err, RUNG_INPUT, "more than %zu different tokens", MAX_STRINGS);
    }
    RUNG_TRY(reserve_bytes(v, size, err));
    RUNG_TRY(reserve_string(v, err));
    const size_t begin = v->n > 0 ? v->ends[v->n - 1] : 0;
    memcpy(v->bytes + begin, bytes, size);
    v->ends[v->n] = begin + size;
    v->counts[v->n] = 0;
    v->n++;
    *slot = (rung_vocab_slot){(uint32_t)(hash >> 32), (int32_t)v->n};
    return RUNG_OK;
}

rung_status rung__vocab_enter(rung_vocab *v, const char *bytes, size_t size,
                              int64_t count, int32_t *id, rung_error *err)
{
    if (2 * (v->n + 1) > v->n_slots) {
        RUNG_TRY(rehash(v, v->n_slots ? 2 * v->n_slots : FIRST_SLOTS, err));
    }
    const uint64_t hash = rung__vocab_hash(bytes, size);
    rung_vocab_slot *slot = slot_of(v, bytes, size, hash);
    if (!slot->next) RUNG_TRY(append(v, bytes, size, hash, slot, err));
    *id = slot->next - 1;
    v->counts[*id] += count;
    return RUNG_OK;
}

rung_status rung__vocab_add(rung_vocab *v, const char *bytes, size_t size, int64_t count,
                            rung_error *err)
{
    int32_t id;
    return rung__vocab_enter(v, bytes, size, count, &id, err);
}

typedef struct ranked {
    rung_span string;
    int64_t count;
} ranked;

static int by_rank(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    const size_t common =
        x->string.size < y->string.size ? x->string.size : y->string.size;
    const int order = memcmp(x->string.bytes, y->string.bytes, common);
    if (order) return order;
    return x->string.size < y->string.size ? -1 : x->string.size > y->string.size;
}

rung_status rung__vocab_rank(const rung_vocab *v, int64_t min_count, size_t most,
                             rung_vocab *out, rung_error *err)
{
    ranked *list = rung__alloc_array(v->n, sizeof *list);
    if (!list) return rung__out_of_memory(err, v->n * sizeof *list, "a vocabulary");
    size_t n = 0;
    for (size_t i = 0; i < v->n; i++) {
        if (v->counts[i] < min_count) continue;
        list[n++] = (ranked){rung__vocab_get(v, i), v->counts[i]};
    }
    if (n > 0) qsort(list, n, sizeof *list, by_rank);
    rung_status status = RUNG_OK;
    for (size_t i = 0; i < n && i < most && status == RUNG_OK; i++) {
        status = rung__vocab_add(out, list[i].string.bytes, list[i].string.size,
                                 list[i].count, err);
    }
    rung__free(list);
    return status;
}
