/* Texts that two sets of examples share: a table of the texts of one by their hashes. */
#include <string.h>

#include "base/alloc.h"
#include "base/runtime.h"
#include "rung/labelled.h"
#include "text/vocab.h"

/* Open addressing: a place in `texts`, plus 1; 0: free. At most half full. */
typedef struct text_table {
    const rung_span *texts; /* borrowed */
    size_t *slots;          /* [mask + 1], owned */
    size_t mask;
} text_table;

/* The slot of a text with that hash, or the free one where it would go. */
static size_t *slot_of(const text_table *t, rung_span text, uint64_t hash)
{
    for (size_t i = hash;; i++) {
        size_t *slot = &t->slots[i & t->mask];
        if (*slot == 0) return slot;
        const rung_span *other = &t->texts[*slot - 1];
        if (other->size != text.size) continue;
        if (text.size == 0 || memcmp(other->bytes, text.bytes, text.size) == 0)
            return slot;
    }
}

#define BLOCK_TEXTS 256

typedef struct hashing {
    const rung_examples *examples;
    uint64_t *hashes; /* [count] */
} hashing;

static void hash_block(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const hashing *h = ctx;
    const size_t begin = (size_t)task * BLOCK_TEXTS, end = begin + BLOCK_TEXTS;
    for (size_t i = begin; i < end && i < h->examples->count; i++)
        h->hashes[i] =
            rung__vocab_hash(h->examples->texts[i].bytes, h->examples->texts[i].size);
}

static void hash_texts(uint64_t *hashes, const rung_examples *examples, rung_pool *pool)
{
    hashing h = {examples, hashes};
    const size_t n_blocks = (examples->count + BLOCK_TEXTS - 1) / BLOCK_TEXTS;
    rung_pool_run(pool, (int64_t)n_blocks, hash_block, &h);
}

rung_status rung_count_duplicates(size_t *n, rung_runtime *rt, const rung_examples *a,
                                  const rung_examples *b, rung_error *err)
{
    *n = 0;
    if (a->count == 0 || b->count == 0) return RUNG_OK;
    text_table table = {.texts = a->texts, .mask = 1};
    while (table.mask < 2 * a->count) table.mask = 2 * table.mask + 1;
    table.slots = rung__alloc_array(table.mask + 1, sizeof *table.slots);
    uint64_t *of_a = rung__alloc_array(a->count + b->count, sizeof *of_a);
    const bool is_done = table.slots && of_a;
    if (is_done) {
        uint64_t *of_b = of_a + a->count;
        hash_texts(of_a, a, rt->pool);
        hash_texts(of_b, b, rt->pool);
        for (size_t i = 0; i < a->count; i++)
            *slot_of(&table, a->texts[i], of_a[i]) = i + 1;
        for (size_t i = 0; i < b->count; i++)
            *n += *slot_of(&table, b->texts[i], of_b[i]) != 0;
    }
    rung__free(table.slots), rung__free(of_a);
    if (is_done) return RUNG_OK;
    return rung__out_of_memory(err, (table.mask + 1) * sizeof *table.slots,
                               "a table of texts");
}
