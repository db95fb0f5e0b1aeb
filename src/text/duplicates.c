/* Texts that two sets of examples share: a table of the texts of one by their hashes. */
#include <string.h>

#include "base/alloc.h"
#include "rung/labelled.h"
#include "text/vocab.h"

/* Open addressing: a place in `texts`, plus 1; 0: free. At most half full. */
typedef struct text_table {
    const rung_span *texts; /* borrowed */
    size_t *slots;          /* [mask + 1], owned */
    size_t mask;
} text_table;

/* The slot of a text, or the free one where it would go. */
static size_t *slot_of(const text_table *t, rung_span text)
{
    for (size_t i = rung__vocab_hash(text.bytes, text.size);; i++) {
        size_t *slot = &t->slots[i & t->mask];
        if (*slot == 0) return slot;
        const rung_span *other = &t->texts[*slot - 1];
        if (other->size != text.size) continue;
        if (text.size == 0 || memcmp(other->bytes, text.bytes, text.size) == 0)
            return slot;
    }
}

rung_status rung_count_duplicates(size_t *n, const rung_examples *a,
                                  const rung_examples *b, rung_error *err)
{
    text_table table = {.texts = a->texts, .mask = 1};
    while (table.mask < 2 * a->count) table.mask = 2 * table.mask + 1;
    table.slots = rung__alloc_array(table.mask + 1, sizeof *table.slots);
    if (!table.slots)
        return rung__out_of_memory(err, (table.mask + 1) * sizeof *table.slots,
                                   "a table of texts");
    for (size_t i = 0; i < a->count; i++) *slot_of(&table, a->texts[i]) = i + 1;
    size_t count = 0;
    for (size_t i = 0; i < b->count; i++) count += *slot_of(&table, b->texts[i]) != 0;
    rung__free(table.slots);
    *n = count;
    return RUNG_OK;
}
