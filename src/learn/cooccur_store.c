/* Sums become records, or lie on disk until they do. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "learn/cooccur_parts.h"

rung_status rung__sums_reserve(rung_sums *s, int64_t more, rung_error *err)
{
    if (s->n + more <= s->cap) return RUNG_OK;
    const int64_t cap = s->n + more > 2 * s->cap ? s->n + more : 2 * s->cap;
    rung_cooccur_sum *list = rung__realloc(s->list, (size_t)cap * sizeof *list);
    if (!list)
        return rung__out_of_memory(err, (size_t)cap * sizeof *list, "co-occurrences");
    s->list = list, s->cap = cap;
    return RUNG_OK;
}

/* ---- Blocks ---- */

static rung_glove_record record_of(const rung_cooccur_counter *c, rung_cooccur_sum sum)
{
    const double x = (double)sum.units / c->unit, share = x / c->config->x_max;
    return (rung_glove_record){
        .row = (uint16_t)(sum.key >> 16),
        .column = (uint16_t)sum.key,
        .log_x = (float)log(x),
        .weight = share < 1 ? (float)pow(share, c->config->alpha) : 1,
    };
}

/* Durstenfeld 1964, algorithm 235. */
static void shuffle(rung_glove_record *records, int64_t n, uint64_t key)
{
    rung_rng rng = rung_rng_make(key);
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t j = (int64_t)rung_rng_below(&rng, (uint64_t)i + 1);
        const rung_glove_record r = records[i];
        records[i] = records[j];
        records[j] = r;
    }
}

/* Keeps the worker's records as a block: in memory while there is room. */
static rung_status keep(rung_cooccur_counter *c, const rung_cooccur_worker *w,
                        rung_cooccur_block *block, rung_error *err)
{
    const size_t bytes = (size_t)block->n * sizeof *block->records;
    if (c->config->memory && atomic_fetch_add(&c->kept, bytes) + bytes > c->config->kept)
        return rung_scratch_append(&c->out->file, w->records, bytes, &block->at, err);
    block->records = rung__alloc(bytes);
    if (!block->records) return rung__out_of_memory(err, bytes, "co-occurrences");
    memcpy(block->records, w->records, bytes);
    return RUNG_OK;
}

/* n > 0 sums, ascending by key, all of one block. */
static rung_status make_block(rung_cooccur_counter *c, rung_cooccur_worker *w,
                              int64_t group, const rung_cooccur_sum *sums, int64_t n,
                              rung_error *err)
{
    const int64_t at = group * c->out->grid.groups + (int64_t)(sums[0].key >> 32);
    if (n > w->n_records) {
        const size_t bytes = (size_t)n * sizeof *w->records;
        rung_glove_record *records = rung__realloc(w->records, bytes);
        if (!records) return rung__out_of_memory(err, bytes, "co-occurrences");
        w->records = records, w->n_records = n;
    }
    int64_t n_pairs = 0;
    for (int64_t i = 0; i < n; i++) {
        const rung_glove_record r = w->records[i] = record_of(c, sums[i]);
        const bool is_self = at % (c->out->grid.groups + 1) == 0 && r.row == r.column;
        n_pairs += c->config->symmetric && !is_self ? 2 : 1;
    }
    atomic_fetch_add(&c->n_pairs, n_pairs);
    shuffle(w->records, n, rung_rng_key(c->config->seed, "co-occurrences", (uint64_t)at));
    c->out->blocks[at].n = n;
    return keep(c, w, &c->out->blocks[at], err);
}

/* Sorts by the column's group; the order within one stays, so keys ascend. */
static rung_status sort_sums(const rung_cooccur_counter *c, rung_cooccur_worker *w,
                             rung_error *err)
{
    const int64_t groups = c->out->grid.groups;
    w->sorted.n = 0;
    RUNG_TRY(rung__sums_reserve(&w->sorted, w->sums.n, err));
    memset(w->first, 0, (size_t)(groups + 1) * sizeof *w->first);
    for (int64_t i = 0; i < w->sums.n; i++) w->first[(w->sums.list[i].key >> 32) + 1]++;
    for (int64_t g = 0; g < groups; g++) w->first[g + 1] += w->first[g];
    for (int64_t i = 0; i < w->sums.n; i++)
        w->sorted.list[w->first[w->sums.list[i].key >> 32]++] = w->sums.list[i];
    for (int64_t g = groups; g > 0; g--) w->first[g] = w->first[g - 1];
    w->first[0] = 0;
    w->sorted.n = w->sums.n;
    w->sums.n = 0;
    return RUNG_OK;
}

rung_status rung__cooccur_finish(rung_cooccur_counter *c, rung_cooccur_worker *w,
                                 int64_t group, rung_error *err)
{
    RUNG_TRY(sort_sums(c, w, err));
    for (int64_t g = 0; g < c->out->grid.groups; g++) {
        const int64_t n = w->first[g + 1] - w->first[g];
        if (n > 0)
            RUNG_TRY(make_block(c, w, group, w->sorted.list + w->first[g], n, err));
    }
    return RUNG_OK;
}

/* ---- On disk ---- */

static rung_status add_segment(rung_cooccur_counter *c, int64_t group, int64_t at,
                               int64_t n, rung_error *err)
{
    if (c->n_segments == c->cap_segments) {
        const int64_t cap = c->cap_segments ? 2 * c->cap_segments : 256;
        const size_t bytes = (size_t)cap * sizeof *c->segments;
        rung_sums_segment *segments = rung__realloc(c->segments, bytes);
        if (!segments) return rung__out_of_memory(err, bytes, "co-occurrences");
        c->segments = segments, c->cap_segments = cap;
    }
    c->segments[c->n_segments] = (rung_sums_segment){at, n, c->newest[group]};
    c->newest[group] = c->n_segments++;
    return RUNG_OK;
}

rung_status rung__cooccur_put_aside(rung_cooccur_counter *c, rung_cooccur_worker *w,
                                    int64_t group, rung_error *err)
{
    int64_t at;
    RUNG_TRY(sort_sums(c, w, err));
    if (w->sorted.n == 0) return RUNG_OK;
    const size_t bytes = (size_t)w->sorted.n * sizeof *w->sorted.list;
    RUNG_TRY(rung_scratch_append(&c->aside, w->sorted.list, bytes, &at, err));
    pthread_mutex_lock(&c->lock);
    const rung_status status = add_segment(c, group, at, w->sorted.n, err);
    pthread_mutex_unlock(&c->lock);
    return status;
}

/* A segment that is being read. */
typedef struct cursor {
    int64_t at, left;                    /* bytes into the file, sums not read yet */
    rung_cooccur_sum *sums, *next, *end; /* [room], borrowed */
} cursor;

/* Reads on when all is used up; at the end next stays end. */
static rung_status refill(const rung_cooccur_counter *c, cursor *s, int64_t room,
                          rung_error *err)
{
    const int64_t n = s->left < room ? s->left : room;
    const size_t bytes = (size_t)n * sizeof *s->sums;
    if (s->next < s->end || n == 0) return RUNG_OK;
    RUNG_TRY(rung_scratch_read(&c->aside, s->at, s->sums, bytes, err));
    s->at += (int64_t)bytes, s->left -= n;
    s->next = s->sums, s->end = s->sums + n;
    return RUNG_OK;
}

/* Lets heap[i] sink to its place: the smallest key is on top. */
static void sift_down(cursor *heap, int64_t n, int64_t i)
{
    for (int64_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && heap[child + 1].next->key < heap[child].next->key) child++;
        if (heap[i].next->key <= heap[child].next->key) return;
        const cursor s = heap[i];
        heap[i] = heap[child];
        heap[child] = s;
    }
}

/* Takes the smallest sum off the heap. */
static rung_status pop(const rung_cooccur_counter *c, cursor *heap, int64_t *n,
                       int64_t room, rung_cooccur_sum *sum, rung_error *err)
{
    *sum = *heap->next++;
    RUNG_TRY(refill(c, heap, room, err));
    if (heap->next == heap->end) heap[0] = heap[--*n];
    sift_down(heap, *n, 0);
    return RUNG_OK;
}

/* Adds a sum to those of the block; a block is made when the first of the next comes. */
static rung_status add_merged(rung_cooccur_counter *c, rung_cooccur_worker *w,
                              int64_t group, rung_cooccur_sum sum, rung_error *err)
{
    rung_sums *s = &w->sums;
    if (s->n > 0 && s->list[s->n - 1].key == sum.key) {
        s->list[s->n - 1].units += sum.units;
        return RUNG_OK;
    }
    if (s->n > 0 && s->list[0].key >> 32 != sum.key >> 32) {
        RUNG_TRY(make_block(c, w, group, s->list, s->n, err));
        s->n = 0;
    }
    RUNG_TRY(rung__sums_reserve(s, 1, err));
    s->list[s->n++] = sum;
    return RUNG_OK;
}

static rung_status merge(rung_cooccur_counter *c, rung_cooccur_worker *w, int64_t group,
                         cursor *heap, int64_t n, int64_t room, rung_error *err)
{
    rung_cooccur_sum sum;
    for (int64_t i = n / 2; i-- > 0;) sift_down(heap, n, i);
    while (n > 0) {
        RUNG_TRY(pop(c, heap, &n, room, &sum, err));
        RUNG_TRY(add_merged(c, w, group, sum, err));
    }
    const rung_status status = make_block(c, w, group, w->sums.list, w->sums.n, err);
    w->sums.n = 0;
    return status;
}

/* The segments share the worker's memory for sorting as their buffers. */
rung_status rung__cooccur_merge(rung_cooccur_counter *c, rung_cooccur_worker *w,
                                int64_t group, rung_error *err)
{
    int64_t n = 0;
    for (int64_t s = c->newest[group]; s >= 0; s = c->segments[s].next) n++;
    if (n == 0) return RUNG_OK;
    w->sums.n = w->sorted.n = 0;
    RUNG_TRY(rung__sums_reserve(&w->sorted, n, err));
    cursor *heap = rung__alloc_array((size_t)n, sizeof *heap);
    if (!heap) return rung__out_of_memory(err, (size_t)n * sizeof *heap, "a merge");
    const int64_t room = w->sorted.cap / n;
    rung_status status = RUNG_OK;
    int64_t i = 0;
    for (int64_t s = c->newest[group]; s >= 0 && status == RUNG_OK; i++) {
        rung_cooccur_sum *sums = w->sorted.list + i * room;
        heap[i] = (cursor){c->segments[s].at, c->segments[s].n, sums, sums, sums};
        status = refill(c, &heap[i], room, err);
        s = c->segments[s].next;
    }
    if (status == RUNG_OK) status = merge(c, w, group, heap, n, room, err);
    rung__free(heap);
    return status;
}
