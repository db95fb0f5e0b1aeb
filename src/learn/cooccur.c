/* Counting co-occurrences, row by row.
 *
 * A row of X is counted over the places where its word stands, into an array over the
 * vocabulary: one that fits a second-level cache, with no hashing and no sorting. With
 * both sides counted only words at least as frequent as the row's are, so each pair is
 * counted once, and most sums lie in the frequent words' few cache lines.
 *
 * A text whose lists of places do not fit memory is counted in parts. */
#include "learn/cooccur.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "learn/cooccur_parts.h"
#include "rung/units.h"

/* Groups enough to keep many threads at work, few enough for their square to be small. */
#define LEAST_GROUPS 32
#define MOST_GROUPS 256
#define MOST_GROUP_SIZE 65536 /* numbers of uint16_t */

/* 1/d for d up to here is a whole number of units of 1 / lcm(1 ... 16). */
#define EXACT_WINDOW 16

/* Each slice of a part is listed by a task of its own. */
#define MOST_SLICES 16

/* ---- The grid ---- */

static int64_t ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static int64_t clamp(int64_t x, int64_t least, int64_t most)
{
    return x < least ? least : x > most ? most : x;
}

rung_word_grid rung__word_grid(int64_t V, size_t word_bytes, size_t group_bytes)
{
    const int64_t fitting = clamp((int64_t)(group_bytes / word_bytes), 1, V);
    int64_t groups = clamp(ceil_div(V, fitting), LEAST_GROUPS, MOST_GROUPS);
    if (groups > V) groups = V;
    if (ceil_div(V, groups) > MOST_GROUP_SIZE) groups = ceil_div(V, MOST_GROUP_SIZE);
    return (rung_word_grid){V, groups, ceil_div(V, groups)};
}

/* ---- Places ---- */

/* The words of a part by slices: how often each stands in one, then where it lists its
 * next place. */
typedef struct slicing {
    rung_cooccur_counter *c;
    int64_t n;        /* slices */
    uint32_t *counts; /* [n, V], owned */
} slicing;

static int64_t slice_begin(const slicing *s, int64_t i)
{
    return s->c->begin + (s->c->end - s->c->begin) * i / s->n;
}

static void count_slice(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const slicing *s = ctx;
    const int32_t *ids = s->c->ids;
    const int64_t end = slice_begin(s, task + 1);
    uint32_t *counts = s->counts + task * s->c->out->grid.V;
    for (int64_t p = slice_begin(s, task); p < end; p++)
        if (ids[p] >= 0) counts[ids[p]]++;
}

static void list_slice(void *ctx, int64_t task, int worker)
{
    (void)worker;
    const slicing *s = ctx;
    const rung_cooccur_counter *c = s->c;
    const int64_t end = slice_begin(s, task + 1);
    uint32_t *next = s->counts + task * c->out->grid.V;
    for (int64_t p = slice_begin(s, task); p < end; p++)
        if (c->ids[p] >= 0) c->places[next[c->ids[p]]++] = (uint32_t)(p - c->begin);
}

/* Lists the places of every word of the part: a counting sort. */
static rung_status list_places(rung_cooccur_counter *c, rung_pool *pool, rung_error *err)
{
    const int64_t V = c->out->grid.V;
    slicing s = {c, clamp((c->end - c->begin) / (4 * V), 1, MOST_SLICES), NULL};
    const size_t bytes = (size_t)(s.n * V) * sizeof *s.counts;
    s.counts = rung__alloc(bytes);
    if (!s.counts) return rung__out_of_memory(err, bytes, "co-occurrences");
    rung_pool_run(pool, s.n, count_slice, &s);
    uint32_t at = 0;
    for (int64_t w = 0; w < V; w++) {
        c->first[w] = at;
        for (int64_t i = 0; i < s.n; i++) {
            const uint32_t n = s.counts[i * V + w];
            s.counts[i * V + w] = at;
            at += n;
        }
    }
    c->first[V] = at;
    rung_pool_run(pool, s.n, list_slice, &s);
    rung__free(s.counts);
    return RUNG_OK;
}

/* ---- Rows ---- */

/* Adds the words from ids[p + step] on, `step` apart, until a line ends. */
static inline void count_side(const rung_cooccur_counter *c, rung_cooccur_worker *w,
                              int32_t word, int64_t p, int64_t step, int64_t reach)
{
    const int32_t most = c->config->symmetric ? word : INT32_MAX;
    const int32_t *ids = c->ids + p;
    int64_t n = w->n_touched;
    for (int64_t d = 1; d <= reach; d++) {
        const int32_t v = ids[d * step];
        if (v < 0) break;
        if (v > most) continue;
        w->touched[n] = v; // stays if it is new: a branch would be guessed wrongly
        n += w->row[v] == 0;
        w->row[v] += c->weights[d];
    }
    w->n_touched = n;
}

static void count_row(const rung_cooccur_counter *c, rung_cooccur_worker *w, int32_t word)
{
    const int64_t window = c->config->window;
    const uint32_t end = c->first[word + 1];
    for (uint32_t i = c->first[word]; i < end; i++) {
        const int64_t p = c->begin + c->places[i], behind = c->count - 1 - p;
        count_side(c, w, word, p, -1, p < window ? p : window);
        if (c->config->symmetric)
            count_side(c, w, word, p, 1, behind < window ? behind : window);
    }
}

/* The lowest bit that is set, cleared. */
static inline int64_t take_bit(uint64_t *bits)
{
    const int bit = __builtin_ctzll(*bits);
    *bits &= *bits - 1;
    return bit;
}

/* Marks what the row has: a bit for each word, and a bit for each 64 of those. */
static void mark_touched(rung_cooccur_worker *w)
{
    for (int64_t i = 0; i < w->n_touched; i++) {
        const int32_t v = w->touched[i];
        w->marks[v >> 6] |= (uint64_t)1 << (v & 63);
        w->above[v >> 12] |= (uint64_t)1 << (v >> 6 & 63);
    }
    w->n_touched = 0;
}

/* Moves the sums of the row to those of the group, columns ascending. */
static rung_status drain_row(const rung_cooccur_counter *c, rung_cooccur_worker *w,
                             int32_t word, rung_error *err)
{
    const int64_t groups = c->out->grid.groups, V = c->out->grid.V;
    const uint64_t row = (uint64_t)(word / groups) << 16;
    RUNG_TRY(rung__sums_reserve(&w->sums, w->n_touched, err));
    mark_touched(w);
    for (int64_t a = 0; a <= (V - 1) >> 12; a++) {
        while (w->above[a]) {
            const int64_t m = a << 6 | take_bit(&w->above[a]);
            while (w->marks[m]) {
                const int64_t v = m << 6 | take_bit(&w->marks[m]);
                const uint64_t group = (uint64_t)(v % groups) << 32;
                w->sums.list[w->sums.n++] =
                    (rung_cooccur_sum){group | row | (uint64_t)(v / groups), w->row[v]};
                w->row[v] = 0;
            }
        }
    }
    return RUNG_OK;
}

static bool is_full(const rung_cooccur_counter *c, const rung_cooccur_worker *w)
{
    return c->most_sums && w->sums.n + c->out->grid.V > c->most_sums;
}

static rung_status count_group(rung_cooccur_counter *c, rung_cooccur_worker *w,
                               int64_t group, rung_error *err)
{
    const rung_word_grid *g = &c->out->grid;
    for (int64_t word = group; word < g->V; word += g->groups) {
        if (is_full(c, w)) RUNG_TRY(rung__cooccur_put_aside(c, w, group, err));
        count_row(c, w, (int32_t)word);
        RUNG_TRY(drain_row(c, w, (int32_t)word, err));
    }
    if (c->in_parts || c->newest[group] >= 0)
        return rung__cooccur_put_aside(c, w, group, err);
    return rung__cooccur_finish(c, w, group, err);
}

/* ---- Groups on all threads ---- */

typedef rung_status (*group_fn)(rung_cooccur_counter *c, rung_cooccur_worker *w,
                                int64_t group, rung_error *err);

typedef struct group_run {
    rung_cooccur_counter *c;
    group_fn fn;
    rung_meter *meter;
    double base, share; /* of the meter: before this run, of a group */
    atomic_llong done;
} group_run;

static void do_group(void *ctx, int64_t group, int worker)
{
    group_run *r = ctx;
    rung_cooccur_worker *w = &r->c->workers[worker];
    if (atomic_load(&r->c->has_failed)) return;
    w->status = r->fn(r->c, w, group, &w->error);
    if (w->status != RUNG_OK) atomic_store(&r->c->has_failed, true);
    const double done = (double)(atomic_fetch_add(&r->done, 1) + 1);
    if (worker == 0) rung_meter_update(r->meter, r->base + done * r->share, NAN);
}

/* Does fn for all groups; the meter goes from `from` to `to`. */
static rung_status run_groups(rung_cooccur_counter *c, rung_pool *pool, group_fn fn,
                              rung_meter *meter, int64_t from, int64_t to,
                              rung_error *err)
{
    const int64_t groups = c->out->grid.groups;
    group_run r = {c, fn, meter, (double)from, (double)(to - from) / (double)groups, 0};
    rung_pool_run(pool, groups, do_group, &r);
    for (int i = 0; i < c->threads; i++) {
        if (c->workers[i].status == RUNG_OK) continue;
        if (err) *err = c->workers[i].error;
        return c->workers[i].status;
    }
    return RUNG_OK;
}

static rung_status count_parts(rung_cooccur_counter *c, rung_pool *pool, int64_t part,
                               rung_meter *meter, rung_error *err)
{
    c->in_parts = part < c->count;
    for (c->begin = 0; c->begin < c->count; c->begin = c->end) {
        c->end = c->count - c->begin < part ? c->count : c->begin + part;
        RUNG_TRY(list_places(c, pool, err));
        RUNG_TRY(run_groups(c, pool, count_group, meter, c->begin, c->end, err));
    }
    if (c->n_segments == 0) return RUNG_OK;
    rung__free(c->places);
    c->places = NULL;
    return run_groups(c, pool, rung__cooccur_merge, meter, c->count, c->count, err);
}

/* ---- The counter ---- */

/* Units of 1 / unit that a word d places away counts. */
static rung_status set_weights(rung_cooccur_counter *c, rung_error *err)
{
    const int64_t window = c->config->window;
    int64_t unit = 1;
    for (int64_t d = 2; c->config->by_distance && d <= window && d <= EXACT_WINDOW; d++) {
        int64_t a = unit, b = d; // lcm(unit, d) = unit d / gcd(unit, d)
        while (b) {
            const int64_t rest = a % b;
            a = b, b = rest;
        }
        unit *= d / a;
    }
    const size_t n = (size_t)window + 1;
    c->weights = rung__alloc_array(n, sizeof *c->weights);
    if (!c->weights) return rung__out_of_memory(err, n * 8, "weights of distances");
    for (int64_t d = 1; d <= window; d++)
        c->weights[d] = c->config->by_distance ? (uint64_t)((2 * unit + d) / (2 * d)) : 1;
    c->unit = (double)unit;
    return RUNG_OK;
}

static size_t worker_bytes(int64_t V, int64_t groups)
{
    return (size_t)V * 12 + (size_t)V / 8 + (size_t)V / 512 + (size_t)groups * 8 + 4096;
}

/* Shares the memory: half for the lists of places, half for the workers' sums. */
static rung_status plan_memory(rung_cooccur_counter *c, int64_t *part, rung_error *err)
{
    const int64_t V = c->out->grid.V;
    const size_t fixed =
        (size_t)V * 4 * 2 + (size_t)c->threads * worker_bytes(V, c->out->grid.groups);
    const size_t least_sums = (size_t)(4 * V + 4096) * 2 * sizeof(rung_cooccur_sum);
    const size_t least = fixed + c->config->kept + 2 * (size_t)c->threads * least_sums;
    *part = c->count < UINT32_MAX ? c->count : UINT32_MAX;
    if (!c->config->memory) return RUNG_OK;
    if (c->config->memory < least) {
        char given[40], needed[40];
        return rung_fail(err, RUNG_USAGE,
                         "%s of memory to count %lld words in: must be %s or more",
                         rung_format_bytes(given, (double)c->config->memory),
                         (long long)V, rung_format_bytes(needed, (double)least));
    }
    const size_t half = (c->config->memory - fixed - c->config->kept) / 2;
    if ((size_t)*part * sizeof *c->places > half)
        *part = (int64_t)(half / sizeof *c->places);
    c->most_sums = (int64_t)(half / (size_t)c->threads / 2 / sizeof(rung_cooccur_sum));
    return RUNG_OK;
}

static rung_status make_worker(rung_cooccur_worker *w, int64_t V, int64_t groups,
                               rung_error *err)
{
    w->row = rung__alloc_array((size_t)V, sizeof *w->row);
    w->touched = rung__alloc_array((size_t)V + 1, sizeof *w->touched);
    w->marks = rung__alloc_array((size_t)((V - 1) >> 6) + 1, sizeof *w->marks);
    w->above = rung__alloc_array((size_t)((V - 1) >> 12) + 1, sizeof *w->above);
    w->first = rung__alloc_array((size_t)groups + 1, sizeof *w->first);
    const bool has_all = w->row && w->touched && w->marks && w->above && w->first;
    return has_all ? RUNG_OK
                   : rung__out_of_memory(err, worker_bytes(V, groups), "co-occurrences");
}

static rung_status make_counter(rung_cooccur_counter *c, int64_t part, rung_error *err)
{
    const rung_word_grid *g = &c->out->grid;
    c->first = rung__alloc_array((size_t)g->V + 1, sizeof *c->first);
    c->places = rung__alloc_array((size_t)part, sizeof *c->places);
    c->newest = rung__alloc_array((size_t)g->groups, sizeof *c->newest);
    c->workers = rung__alloc_array((size_t)c->threads, sizeof *c->workers);
    if (!c->first || !c->places || !c->newest || !c->workers)
        return rung__out_of_memory(err, (size_t)part * sizeof *c->places,
                                   "places of words");
    for (int64_t i = 0; i < g->groups; i++) c->newest[i] = -1;
    for (int i = 0; i < c->threads; i++)
        RUNG_TRY(make_worker(&c->workers[i], g->V, g->groups, err));
    return RUNG_OK;
}

static void counter_release(rung_cooccur_counter *c)
{
    for (int i = 0; c->workers && i < c->threads; i++) {
        rung_cooccur_worker *w = &c->workers[i];
        rung__free(w->row), rung__free(w->touched), rung__free(w->marks);
        rung__free(w->above);
        rung__free(w->sums.list), rung__free(w->sorted.list);
        rung__free(w->first), rung__free(w->records);
    }
    rung__free(c->weights), rung__free(c->first), rung__free(c->places);
    rung__free(c->workers), rung__free(c->segments), rung__free(c->newest);
    rung_scratch_release(&c->aside);
    pthread_mutex_destroy(&c->lock);
}

/* ---- The records ---- */

static rung_status make_blocks(rung_cooccur *c, const char *dir, rung_error *err)
{
    const size_t n = (size_t)(c->grid.groups * c->grid.groups);
    c->blocks = rung__alloc_array(n, sizeof *c->blocks);
    if (!c->blocks)
        return rung__out_of_memory(err, n * sizeof *c->blocks, "co-occurrences");
    return rung_scratch_init(&c->file, dir ? dir : ".", err);
}

static rung_status count_all(rung_cooccur_counter *c, rung_pool *pool, rung_error *err)
{
    int64_t part;
    rung_meter meter;
    RUNG_TRY(make_blocks(c->out, c->config->dir, err));
    RUNG_TRY(rung_scratch_init(&c->aside, c->out->file.dir, err));
    RUNG_TRY(set_weights(c, err));
    RUNG_TRY(plan_memory(c, &part, err));
    RUNG_TRY(make_counter(c, part, err));
    rung_meter_start(&meter, c->config->progress, "co-occurrence", "words", 0,
                     (double)c->count);
    const rung_status status = count_parts(c, pool, part, &meter, err);
    rung_meter_end(&meter);
    return status;
}

rung_status rung__cooccur_count(rung_cooccur *out, rung_pool *pool, const int32_t *ids,
                                size_t count, const rung_word_grid *grid,
                                const rung_cooccur_config *config, rung_error *err)
{
    assert(grid->V > 0 && config->window > 0 && (config->dir || !config->memory));
    *out = (rung_cooccur){.grid = *grid, .symmetric = config->symmetric};
    rung_cooccur_counter c = {.out = out,
                              .config = config,
                              .ids = ids,
                              .count = (int64_t)count,
                              .threads = rung_pool_threads(pool)};
    pthread_mutex_init(&c.lock, NULL);
    const rung_status status = count_all(&c, pool, err);
    for (int64_t i = 0; status == RUNG_OK && i < grid->groups * grid->groups; i++) {
        out->n_records += out->blocks[i].n;
        if (out->blocks[i].n > out->most) out->most = out->blocks[i].n;
    }
    out->n_pairs = atomic_load(&c.n_pairs);
    counter_release(&c);
    RUNG_TRY(status);
    return out->n_records > 0
               ? RUNG_OK
               : rung_fail(err, RUNG_INPUT, "no two words stand in one window");
}

void rung__cooccur_release(rung_cooccur *c)
{
    for (int64_t i = 0; c->blocks && i < c->grid.groups * c->grid.groups; i++)
        rung__free(c->blocks[i].records);
    rung__free(c->blocks);
    rung_scratch_release(&c->file);
    *c = (rung_cooccur){0};
}

rung_status rung__cooccur_read(const rung_cooccur *c, int64_t row, int64_t column,
                               rung_glove_record *buffer,
                               const rung_glove_record **records, int64_t *n,
                               rung_error *err)
{
    const rung_cooccur_block *block = &c->blocks[row * c->grid.groups + column];
    *n = block->n;
    *records = block->records ? block->records : buffer;
    if (block->records || block->n == 0) return RUNG_OK;
    return rung_scratch_read(&c->file, block->at, buffer,
                             (size_t)block->n * sizeof *buffer, err);
}
