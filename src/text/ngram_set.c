/* Vocabularies of n-grams.
 *
 * Collecting goes through the texts twice: once for keys and in how many texts they
 * occur, once for the names of those that are kept. The first pass takes CHUNK texts at a
 * time: tasks find the keys of a few texts each; then each of PARTS tasks counts the keys
 * of its part of all keys, in the order of the texts. So every count has one writer, and
 * chunks, threads and parts do not show. */
#include "text/ngram_set.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { CHUNK = 4096, TASK_TEXTS = 128, PARTS = 16 };

/* ---- Tables of keys ---- */

static uint64_t not_zero(uint64_t key)
{
    return key ? key : 1;
}

/* The slot of a key, or the free one where it would go. */
static size_t slot_of(const uint64_t *keys, size_t mask, uint64_t key)
{
    size_t i = key & mask;
    while (keys[i] && keys[i] != key) i = (i + 1) & mask;
    return i;
}

int32_t rung__ngram_set_find(const rung_ngram_set *set, uint64_t key)
{
    if (!set->keys) return -1;
    const size_t slot = slot_of(set->keys, set->mask, not_zero(key));
    return set->keys[slot] ? set->ids[slot] : -1;
}

static rung_status new_table(rung_ngram_set *set, size_t n, rung_error *err)
{
    for (set->mask = 1; set->mask < 2 * n;) set->mask = 2 * set->mask + 1;
    set->keys = rung__alloc_array(set->mask + 1, sizeof *set->keys);
    set->ids = rung__alloc_array(set->mask + 1, sizeof *set->ids);
    return set->keys && set->ids ? RUNG_OK
                                 : rung__out_of_memory(err, 24 * n, "a vocabulary");
}

/* Enters a key; false if it is there. */
static bool enter(rung_ngram_set *set, uint64_t key, int32_t id)
{
    const size_t slot = slot_of(set->keys, set->mask, not_zero(key));
    if (set->keys[slot]) return false;
    set->keys[slot] = not_zero(key);
    set->ids[slot] = id;
    return true;
}

/* ---- Counting keys ---- */

/* In how many texts the keys of one part occur. */
typedef struct part {
    uint64_t *keys; /* [mask + 1]: 0: free; owned */
    struct {
        uint32_t df, last; /* last: the text that was counted last, plus 1 */
    } * counts;            /* [mask + 1], owned */
    size_t n, mask;
    rung_status status;
} part;

typedef struct collecting {
    const rung_ngrams *which;
    const rung_span *texts;
    size_t begin, end; /* of the chunk */
    part parts[PARTS];
    rung_ngrams_scratch found[CHUNK / TASK_TEXTS]; /* one text after another */
    size_t n_keys[CHUNK];                          /* of each text */
    struct task_keys {
        uint64_t *keys; /* of the task's texts, owned */
        size_t n, cap;
        rung_status status;
    } tasks[CHUNK / TASK_TEXTS];
} collecting;

static void find_keys(void *ctx, int64_t task, int worker)
{
    (void)worker;
    collecting *c = ctx;
    rung_ngrams_scratch *s = &c->found[task];
    struct task_keys *t = &c->tasks[task];
    const size_t begin = c->begin + (size_t)task * TASK_TEXTS;
    t->n = 0;
    for (size_t i = begin; i < begin + TASK_TEXTS && i < c->end; i++) {
        if (!rung__ngrams_of(s, c->which, c->texts[i], false) ||
            !rung__grow(&t->keys, &t->cap, t->n + s->n, sizeof *t->keys)) {
            t->status = RUNG_MEMORY;
            return;
        }
        if (s->n > 0) memcpy(t->keys + t->n, s->keys, s->n * sizeof *t->keys);
        t->n += s->n;
        c->n_keys[i - c->begin] = s->n;
    }
}

static bool double_part(part *p)
{
    const part old = *p;
    p->mask = old.keys ? 2 * old.mask + 1 : 1023;
    p->keys = rung__alloc_array(p->mask + 1, sizeof *p->keys);
    p->counts = rung__alloc_array(p->mask + 1, sizeof *p->counts);
    if (!p->keys || !p->counts) {
        rung__free(p->keys), rung__free(p->counts);
        *p = old;
        return false;
    }
    for (size_t i = 0; old.keys && i <= old.mask; i++) {
        if (!old.keys[i]) continue;
        const size_t slot = slot_of(p->keys, p->mask, old.keys[i]);
        p->keys[slot] = old.keys[i];
        p->counts[slot] = old.counts[i];
    }
    rung__free(old.keys), rung__free(old.counts);
    return true;
}

static bool count_key(part *p, uint64_t key, uint32_t text)
{
    if (2 * p->n >= p->mask && !double_part(p)) return false;
    const size_t slot = slot_of(p->keys, p->mask, key);
    p->n += !p->keys[slot];
    p->keys[slot] = key;
    p->counts[slot].df += p->counts[slot].last != text;
    p->counts[slot].last = text;
    return true;
}

static void count_part(void *ctx, int64_t task, int worker)
{
    (void)worker;
    collecting *c = ctx;
    part *p = &c->parts[task];
    for (size_t i = c->begin, at = 0; i < c->end; i++) {
        const struct task_keys *t = &c->tasks[(i - c->begin) / TASK_TEXTS];
        if ((i - c->begin) % TASK_TEXTS == 0) at = 0;
        for (const size_t end = at + c->n_keys[i - c->begin]; at < end; at++) {
            const uint64_t key = not_zero(t->keys[at]);
            if ((int64_t)(key >> 60) != task) continue;
            if (!count_key(p, key, (uint32_t)i + 1)) {
                p->status = RUNG_MEMORY;
                return;
            }
        }
    }
}

static rung_status count_keys(collecting *c, size_t n, rung_pool *pool, rung_error *err)
{
    for (c->begin = 0; c->begin < n; c->begin = c->end) {
        c->end = n - c->begin < CHUNK ? n : c->begin + CHUNK;
        const size_t n_tasks = (c->end - c->begin + TASK_TEXTS - 1) / TASK_TEXTS;
        rung_pool_run(pool, (int64_t)n_tasks, find_keys, c);
        for (size_t t = 0; t < n_tasks; t++) {
            if (c->tasks[t].status != RUNG_OK)
                return rung__out_of_memory(err, 8 * c->tasks[t].cap, "keys of n-grams");
        }
        rung_pool_run(pool, PARTS, count_part, c);
        for (int p = 0; p < PARTS; p++) {
            if (c->parts[p].status != RUNG_OK)
                return rung__out_of_memory(err, 32 * c->parts[p].mask, "n-grams");
        }
    }
    return RUNG_OK;
}

/* ---- Names ---- */

/* Numbers the kept keys in any order; their names are then empty. */
static rung_status keep(rung_ngram_set *set, const collecting *c, double least,
                        double most, rung_error *err)
{
    int64_t n = 0;
    for (int pass = 0; pass < 2; pass++) {
        if (pass == 1) RUNG_TRY(new_table(set, (size_t)n, err));
        n = 0;
        for (int p = 0; p < PARTS; p++) {
            const part *x = &c->parts[p];
            for (size_t i = 0; x->keys && i <= x->mask; i++) {
                if (!x->keys[i] || x->counts[i].df < least || x->counts[i].df > most)
                    continue;
                if (pass == 1) enter(set, x->keys[i], (int32_t)n);
                n++;
            }
        }
    }
    set->n = n;
    return RUNG_OK;
}

/* A name and its place in the bytes that hold all of them. */
typedef struct named {
    const rung_str *names; /* borrowed */
    size_t begin, size;
    int32_t id; /* before it was sorted */
} named;

static int by_name(const void *a, const void *b)
{
    const named *x = a, *y = b;
    const size_t least = x->size < y->size ? x->size : y->size;
    const int order = memcmp(x->names->data + x->begin, y->names->data + y->begin, least);
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

/* Finds the names of all numbers in the texts. */
static rung_status find_names(named *list, rung_str *names, const rung_ngram_set *set,
                              const collecting *c, size_t n_texts, rung_error *err)
{
    rung_ngrams_scratch s = {0};
    int64_t n_found = 0;
    bool has_room = true;
    for (size_t i = 0; i < n_texts && n_found < set->n && has_room; i++) {
        has_room = rung__ngrams_of(&s, c->which, c->texts[i], true);
        for (size_t k = 0; has_room && k < s.n; k++) {
            const int32_t id = rung__ngram_set_find(set, s.list[k].key);
            if (id < 0 || list[id].names) continue;
            list[id] = (named){names, names->len, 0, id};
            rung__ngram_name(names, &s, &s.list[k]);
            list[id].size = names->len - list[id].begin;
            n_found++;
        }
        has_room = has_room && !names->failed;
    }
    rung__ngrams_release(&s);
    return has_room ? RUNG_OK : rung__out_of_memory(err, names->len, "names of n-grams");
}

/* The names in the order of the list, and the numbers that go with it. */
static rung_status take_names(rung_ngram_set *set, const named *list, rung_error *err)
{
    int32_t *order = rung__alloc_array((size_t)set->n, sizeof *order);
    set->size = 0;
    for (int64_t j = 0; j < set->n; j++) set->size += list[j].size + 1;
    set->bytes = rung__alloc(set->size);
    set->begins = rung__alloc_array((size_t)set->n + 1, sizeof *set->begins);
    if (!order || !set->bytes || !set->begins) {
        rung__free(order);
        return rung__out_of_memory(err, set->size, "names of n-grams");
    }
    char *p = set->bytes;
    for (int64_t j = 0; j < set->n; j++) {
        set->begins[j] = (size_t)(p - set->bytes);
        memcpy(p, list[j].names->data + list[j].begin, list[j].size);
        p += list[j].size;
        *p++ = '\n';
        order[list[j].id] = (int32_t)j;
    }
    set->begins[set->n] = set->size;
    for (size_t i = 0; i <= set->mask; i++) {
        if (set->keys[i]) set->ids[i] = order[set->ids[i]];
    }
    rung__free(order);
    return RUNG_OK;
}

static rung_status name_keys(rung_ngram_set *set, const collecting *c, size_t n_texts,
                             rung_error *err)
{
    rung_str names = {0};
    named *list = rung__alloc_array((size_t)set->n, sizeof *list);
    rung_status status =
        list ? find_names(list, &names, set, c, n_texts, err)
             : rung__out_of_memory(err, (size_t)set->n * sizeof *list, "n-grams");
    if (status == RUNG_OK && set->n > 0)
        qsort(list, (size_t)set->n, sizeof *list, by_name);
    if (status == RUNG_OK) status = take_names(set, list, err);
    rung_str_release(&names);
    rung__free(list);
    return status;
}

static void collecting_free(collecting *c)
{
    for (int p = 0; p < PARTS; p++)
        rung__free(c->parts[p].keys), rung__free(c->parts[p].counts);
    for (int t = 0; t < CHUNK / TASK_TEXTS; t++) {
        rung__ngrams_release(&c->found[t]);
        rung__free(c->tasks[t].keys);
    }
    rung__free(c);
}

rung_status rung__ngram_set_collect(rung_ngram_set *set, const rung_ngrams *which,
                                    double least, double most, const rung_span *texts,
                                    size_t n, rung_pool *pool, rung_error *err)
{
    *set = (rung_ngram_set){0};
    collecting *c = rung__alloc(sizeof *c);
    if (!c) return rung__out_of_memory(err, sizeof *c, "n-grams");
    c->which = which, c->texts = texts;
    rung_status status = count_keys(c, n, pool, err);
    if (status == RUNG_OK) status = keep(set, c, least, most, err);
    if (status == RUNG_OK) status = name_keys(set, c, n, err);
    collecting_free(c);
    if (status != RUNG_OK) rung__ngram_set_release(set);
    return status;
}

/* ---- From names ---- */

static rung_status parse_lines(rung_ngram_set *set, const rung_ngrams *which,
                               rung_ngrams_scratch *s, rung_error *err)
{
    for (int64_t j = 0; j < set->n; j++) {
        uint64_t key;
        const rung_span name = rung__ngram_set_name(set, j);
        rung_status status = rung__ngram_key(&key, s, which, name, err);
        if (status == RUNG_OK && !enter(set, key, (int32_t)j))
            status = rung_fail(err, RUNG_INPUT, "'%.*s' is there already",
                               (int)(name.size < 80 ? name.size : 80), name.bytes);
        if (status != RUNG_OK) {
            rung_fail_within(err, "line %lld", (long long)j + 1);
            return status;
        }
    }
    return RUNG_OK;
}

static rung_status take_lines(rung_ngram_set *set, rung_span lines, rung_error *err)
{
    set->size = lines.size + (lines.size > 0 && lines.bytes[lines.size - 1] != '\n');
    set->bytes = rung__alloc(set->size);
    if (!set->bytes) return rung__out_of_memory(err, set->size, "a vocabulary");
    if (set->size > 0) memcpy(set->bytes, lines.bytes, lines.size);
    if (set->size > lines.size) set->bytes[lines.size] = '\n';
    size_t n = 0;
    for (size_t i = 0; i < set->size; i++) n += set->bytes[i] == '\n';
    if (n > INT32_MAX) return rung_fail(err, RUNG_INPUT, "%zu names: too many", n);
    set->begins = rung__alloc_array(n + 1, sizeof *set->begins);
    if (!set->begins) return rung__out_of_memory(err, 8 * n, "a vocabulary");
    for (size_t i = 0; i < set->size; i++) {
        if (set->bytes[i] == '\n') set->begins[++set->n] = i + 1;
    }
    return new_table(set, n, err);
}

rung_status rung__ngram_set_parse(rung_ngram_set *set, const rung_ngrams *which,
                                  rung_span lines, rung_error *err)
{
    rung_ngrams_scratch s = {0};
    *set = (rung_ngram_set){0};
    rung_status status = take_lines(set, lines, err);
    if (status == RUNG_OK) status = parse_lines(set, which, &s, err);
    rung__ngrams_release(&s);
    if (status != RUNG_OK) rung__ngram_set_release(set);
    return status;
}

rung_span rung__ngram_set_name(const rung_ngram_set *set, int64_t id)
{
    assert(id >= 0 && id < set->n);
    const size_t begin = set->begins[id];
    return (rung_span){set->bytes + begin, set->begins[id + 1] - 1 - begin};
}

void rung__ngram_set_release(rung_ngram_set *set)
{
    rung__free(set->bytes), rung__free(set->begins);
    rung__free(set->keys), rung__free(set->ids);
    *set = (rung_ngram_set){0};
}
