/* A set of byte strings, numbered 0, 1, ... in the order in which they were added, each
 * with a count. Serves training (counting what occurs) and encoding (finding ids). */
#ifndef RUNG_TEXT_VOCAB_H
#define RUNG_TEXT_VOCAB_H

#include <stddef.h>
#include <stdint.h>

#include "rung/status.h"
#include "rung/text.h"

typedef struct rung_vocab_slot {
    uint32_t hash; /* high half of the string's hash */
    int32_t next;  /* id + 1; 0: free */
} rung_vocab_slot;

/* {0} is an empty set. */
typedef struct rung_vocab {
    char *bytes;     /* the strings one after another */
    size_t *ends;    /* [n] string i is bytes[ends[i - 1] ... ends[i]) */
    int64_t *counts; /* [n] */
    size_t n, cap, bytes_cap;
    rung_vocab_slot *slots; /* [n_slots], open addressing, at most half full */
    size_t n_slots;         /* 0 or a power of two */
} rung_vocab;

/* The hash of a string; the low bits are as good as the high ones. */
uint64_t rung__vocab_hash(const char *bytes, size_t size);

void rung__vocab_release(rung_vocab *v);

/* The string of id < n, borrowed until the next addition. */
rung_span rung__vocab_get(const rung_vocab *v, size_t id);

/* The id of a string, -1 if it is not in the set. */
int32_t rung__vocab_find(const rung_vocab *v, const char *bytes, size_t size);

/* Adds `count` to the count of a string, which enters the set if it is new. */
rung_status rung__vocab_add(rung_vocab *v, const char *bytes, size_t size, int64_t count,
                            rung_error *err);
/* The same, and *id is the string's. */
rung_status rung__vocab_enter(rung_vocab *v, const char *bytes, size_t size,
                              int64_t count, int32_t *id, rung_error *err);

/* *out, empty before, becomes the strings with a count of at least `min_count`, most
 * frequent first, equal counts in bytewise order, `most` of them at most. */
rung_status rung__vocab_rank(const rung_vocab *v, int64_t min_count, size_t most,
                             rung_vocab *out, rung_error *err);

#endif
