/* Learns pieces of words by joining the most frequent pair of neighbours again and again
 * (byte-pair encoding; Sennrich et al. 2016, algorithm 1), as WordPieceTrainer of Hugging
 * Face's `tokenizers` does; Google has not published the training of BERT's vocabulary.
 *
 * The counts of pairs are kept up to date. Each pair knows the words where it stands. A
 * heap holds the pairs by counts that may be out of date, which is seen when one comes to
 * the top. Equal counts go by the ids of the parts, so the order of the text does not
 * matter. */
#include "text/wordpiece_learn.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "text/unicode.h"

/* The rarest characters of a text in many scripts would fill the vocabulary. */
#define MOST_CHARACTERS 1000

typedef struct word {
    size_t begin; /* of its pieces */
    int32_t n;    /* pieces */
    int64_t count;
} word;

typedef struct pair {
    int32_t a, b; /* ids of entries */
    int64_t count;
    int32_t places; /* the newest of its places, -1: none */
    bool is_changed;
} pair;

/* One word where a pair stands. */
typedef struct place {
    int32_t word, next;
} place;

typedef struct candidate {
    int64_t count; /* of the pair when it was put here */
    int32_t pair;
} candidate;

/* A growing array; items are its elements. */
typedef struct list {
    void *items;
    size_t n, cap;
} list;

typedef struct learner {
    rung_vocab *entries;
    word *words; /* [n_words] */
    size_t n_words;
    int32_t *pieces;                   /* ids of entries, word after word */
    list pairs, places, changed, heap; /* of pair, place, int32_t, candidate */
    int32_t *slots;                    /* [n_slots] pair + 1 by hash; 0: free */
    size_t n_slots;
    rung_error *err;
} learner;

static rung_status reserve(list *l, size_t item_size, rung_error *err)
{
    if (l->n < l->cap) return RUNG_OK;
    const size_t cap = 2 * l->cap + 256;
    void *items = cap < INT32_MAX ? rung__realloc(l->items, cap * item_size) : NULL;
    if (!items) return rung__out_of_memory(err, cap * item_size, "pieces of words");
    l->items = items;
    l->cap = cap;
    return RUNG_OK;
}

/* ---- Characters ---- */

/* Counts the characters of all words. */
static rung_status count_chars(const rung_vocab *words, rung_vocab *chars,
                               rung_error *err)
{
    for (size_t i = 0; i < words->n; i++) {
        const rung_span s = rung__vocab_get(words, i);
        const char *p = s.bytes, *end = p + s.size;
        for (rung__char c; p < end; p += c.size) {
            c = rung__utf8_at(p, end);
            RUNG_TRY(rung__vocab_add(chars, p, (size_t)c.size, words->counts[i], err));
        }
    }
    return RUNG_OK;
}

/* The `most` characters that are most frequent, in order of their code points. */
static rung_status choose_chars(const rung_vocab *words, size_t most, rung_vocab *chosen,
                                rung_error *err)
{
    rung_vocab all = {0}, kept = {0};
    rung_status status = count_chars(words, &all, err);
    if (status == RUNG_OK) status = rung__vocab_rank(&all, 0, most, &kept, err);
    for (size_t i = 0; i < kept.n; i++) kept.counts[i] = 0; // equal: bytewise order
    if (status == RUNG_OK) status = rung__vocab_rank(&kept, 0, most, chosen, err);
    rung__vocab_release(&kept);
    rung__vocab_release(&all);
    return status;
}

/* "##c" into `out`, which has room; returns its size. */
static size_t continued(char *out, const char *bytes, size_t size)
{
    memcpy(out, RUNG__WORDPIECE_PREFIX, RUNG__WORDPIECE_PREFIX_SIZE);
    memcpy(out + RUNG__WORDPIECE_PREFIX_SIZE, bytes, size);
    return RUNG__WORDPIECE_PREFIX_SIZE + size;
}

/* Counts the characters that stand in a word after its first. */
static rung_status count_inner(const rung_vocab *words, rung_vocab *chars,
                               rung_error *err)
{
    for (size_t i = 0; i < words->n; i++) {
        const rung_span s = rung__vocab_get(words, i);
        const char *p = s.bytes, *end = p + s.size;
        p += rung__utf8_at(p, end).size;
        for (rung__char c; p < end; p += c.size) {
            c = rung__utf8_at(p, end);
            RUNG_TRY(rung__vocab_add(chars, p, (size_t)c.size, 1, err));
        }
    }
    return RUNG_OK;
}

static rung_status add_chars(learner *l, const rung_vocab *chars, const rung_vocab *inner)
{
    for (size_t i = 0; i < chars->n; i++) {
        const rung_span s = rung__vocab_get(chars, i);
        RUNG_TRY(rung__vocab_add(l->entries, s.bytes, s.size, 0, l->err));
    }
    for (size_t i = 0; i < chars->n; i++) {
        const rung_span s = rung__vocab_get(chars, i);
        if (rung__vocab_find(inner, s.bytes, s.size) < 0) continue;
        char name[RUNG__WORDPIECE_PREFIX_SIZE + 4];
        const size_t size = continued(name, s.bytes, s.size);
        RUNG_TRY(rung__vocab_add(l->entries, name, size, 0, l->err));
    }
    return RUNG_OK;
}

/* The alphabet: at most half of the room, as each character may need two entries. */
static rung_status learn_chars(learner *l, const rung_vocab *words, size_t most)
{
    const size_t room = most > l->entries->n ? (most - l->entries->n) / 2 : 0;
    rung_vocab chars = {0}, inner = {0};
    rung_status status = choose_chars(
        words, room < MOST_CHARACTERS ? room : MOST_CHARACTERS, &chars, l->err);
    if (status == RUNG_OK) status = count_inner(words, &inner, l->err);
    if (status == RUNG_OK) status = add_chars(l, &chars, &inner);
    rung__vocab_release(&inner);
    rung__vocab_release(&chars);
    return status;
}

/* ---- Pairs ---- */

static pair *pair_at(const learner *l, int32_t i)
{
    return (pair *)l->pairs.items + i;
}

static size_t hash_of(int32_t a, int32_t b)
{
    const uint64_t key = (uint64_t)a << 32 | (uint32_t)b;
    return (size_t)((key * 0x9E3779B97F4A7C15u) >> 24);
}

static int32_t *slot_of(const learner *l, int32_t a, int32_t b)
{
    for (size_t i = hash_of(a, b);; i++) {
        int32_t *slot = &l->slots[i & (l->n_slots - 1)];
        if (*slot == 0) return slot;
        const pair *p = pair_at(l, *slot - 1);
        if (p->a == a && p->b == b) return slot;
    }
}

/* At most half of the slots are taken. */
static rung_status reserve_slot(learner *l)
{
    if (2 * (l->pairs.n + 1) <= l->n_slots) return RUNG_OK;
    const size_t n = l->n_slots ? 2 * l->n_slots : 4096;
    int32_t *slots = rung__alloc_array(n, sizeof *slots);
    if (!slots) return rung__out_of_memory(l->err, n * sizeof *slots, "pairs of pieces");
    rung__free(l->slots);
    l->slots = slots;
    l->n_slots = n;
    for (int32_t i = 0; i < (int32_t)l->pairs.n; i++)
        *slot_of(l, pair_at(l, i)->a, pair_at(l, i)->b) = i + 1;
    return RUNG_OK;
}

/* *out = the pair's number, a new one if it was not seen before. */
static rung_status find_pair(learner *l, int32_t a, int32_t b, int32_t *out)
{
    RUNG_TRY(reserve_slot(l));
    RUNG_TRY(reserve(&l->pairs, sizeof(pair), l->err));
    int32_t *slot = slot_of(l, a, b);
    if (*slot == 0) {
        *pair_at(l, (int32_t)l->pairs.n) = (pair){.a = a, .b = b, .places = -1};
        *slot = (int32_t)++l->pairs.n;
    }
    *out = *slot - 1;
    return RUNG_OK;
}

/* One more pair (a, b) in a word. */
static rung_status gain(learner *l, int32_t a, int32_t b, int32_t in_word)
{
    int32_t number;
    RUNG_TRY(find_pair(l, a, b, &number));
    RUNG_TRY(reserve(&l->places, sizeof(place), l->err));
    RUNG_TRY(reserve(&l->changed, sizeof(int32_t), l->err));
    pair *p = pair_at(l, number);
    place *places = l->places.items;
    p->count += l->words[in_word].count;
    if (p->places < 0 || places[p->places].word != in_word) {
        places[l->places.n] = (place){in_word, p->places};
        p->places = (int32_t)l->places.n++;
    }
    if (!p->is_changed) ((int32_t *)l->changed.items)[l->changed.n++] = number;
    p->is_changed = true;
    return RUNG_OK;
}

/* One pair (a, b) less. */
static void lose(learner *l, int32_t a, int32_t b, int32_t in_word)
{
    const int32_t *slot = slot_of(l, a, b);
    assert(*slot > 0);
    pair_at(l, *slot - 1)->count -= l->words[in_word].count;
}

/* ---- The heap of candidates ---- */

/* Whether x is joined before y. */
static bool precedes(const learner *l, candidate x, candidate y)
{
    if (x.count != y.count) return x.count > y.count;
    const pair *p = pair_at(l, x.pair), *q = pair_at(l, y.pair);
    return p->a != q->a ? p->a < q->a : p->b < q->b;
}

static rung_status push(learner *l, candidate c)
{
    RUNG_TRY(reserve(&l->heap, sizeof c, l->err));
    candidate *heap = l->heap.items;
    size_t at = l->heap.n++;
    for (; at > 0 && precedes(l, c, heap[(at - 1) / 2]); at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = c;
    return RUNG_OK;
}

static candidate pop(learner *l)
{
    candidate *heap = l->heap.items;
    const candidate top = heap[0], last = heap[--l->heap.n];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < l->heap.n; at = child) {
        if (child + 1 < l->heap.n && precedes(l, heap[child + 1], heap[child])) child++;
        if (!precedes(l, heap[child], last)) break;
        heap[at] = heap[child];
    }
    heap[at] = last;
    return top;
}

/* The counts that grew become candidates. */
static rung_status push_changed(learner *l)
{
    for (size_t i = 0; i < l->changed.n; i++) {
        const int32_t number = ((int32_t *)l->changed.items)[i];
        pair *p = pair_at(l, number);
        p->is_changed = false;
        if (p->count > 0) RUNG_TRY(push(l, (candidate){p->count, number}));
    }
    l->changed.n = 0;
    return RUNG_OK;
}

/* The most frequent pair, -1 if there is none of min_count. */
static rung_status best_pair(learner *l, int64_t min_count, int32_t *out)
{
    *out = -1;
    while (l->heap.n > 0) {
        const candidate top = pop(l);
        const int64_t count = pair_at(l, top.pair)->count;
        if (count < min_count) continue;
        if (count == top.count) {
            *out = top.pair;
            return RUNG_OK;
        }
        RUNG_TRY(push(l, (candidate){count, top.pair}));
    }
    return RUNG_OK;
}

/* ---- Words in pieces ---- */

/* The entry of a character of a word, -1 if there is none. */
static int32_t char_entry(const learner *l, const char *p, int size, bool is_first)
{
    char name[RUNG__WORDPIECE_PREFIX_SIZE + 4];
    if (is_first) return rung__vocab_find(l->entries, p, (size_t)size);
    return rung__vocab_find(l->entries, name, continued(name, p, (size_t)size));
}

/* Spells a word in characters; one with a character that is no entry will be unknown, and
 * teaches nothing. */
static void spell(learner *l, word *w, rung_span s)
{
    const char *p = s.bytes, *end = p + s.size;
    for (rung__char c; p < end; p += c.size) {
        c = rung__utf8_at(p, end);
        const int32_t id = char_entry(l, p, c.size, p == s.bytes);
        if (id < 0) {
            w->n = 0;
            return;
        }
        l->pieces[w->begin + (size_t)w->n++] = id;
    }
}

static rung_status spell_words(learner *l, const rung_vocab *words)
{
    const size_t n_bytes = words->n > 0 ? words->ends[words->n - 1] : 0;
    l->words = rung__alloc_array(words->n, sizeof *l->words);
    l->pieces = rung__alloc_array(n_bytes, sizeof *l->pieces); // one a byte at most
    if (!l->words || !l->pieces)
        return rung__out_of_memory(l->err, n_bytes * sizeof *l->pieces, "words");
    size_t begin = 0;
    for (; l->n_words < words->n; l->n_words++) {
        word *w = &l->words[l->n_words];
        *w = (word){.begin = begin, .count = words->counts[l->n_words]};
        spell(l, w, rung__vocab_get(words, l->n_words));
        begin += (size_t)w->n;
        const int32_t *x = l->pieces + w->begin;
        for (int32_t i = 1; i < w->n; i++)
            RUNG_TRY(gain(l, x[i - 1], x[i], (int32_t)l->n_words));
    }
    return RUNG_OK;
}

/* Joins a and b to c wherever they stand side by side in a word. */
static rung_status join_in_word(learner *l, int32_t number, int32_t a, int32_t b,
                                int32_t c)
{
    word *w = &l->words[number];
    int32_t *x = l->pieces + w->begin, n = 0;
    for (int32_t i = 0; i < w->n; i++) {
        const bool is_joined = x[i] == a && i + 1 < w->n && x[i + 1] == b;
        if (!is_joined) {
            x[n++] = x[i];
            continue;
        }
        lose(l, a, b, number);
        if (n > 0) {
            lose(l, x[n - 1], a, number);
            RUNG_TRY(gain(l, x[n - 1], c, number));
        }
        if (i + 2 < w->n) {
            lose(l, b, x[i + 2], number);
            RUNG_TRY(gain(l, c, x[i + 2], number));
        }
        x[n++] = c;
        i++;
    }
    w->n = n;
    return RUNG_OK;
}

/* *id = the entry of a and b joined. Different parts may give the same piece. */
static rung_status add_joined(learner *l, int32_t a, int32_t b, int32_t *id)
{
    const rung_span x = rung__vocab_get(l->entries, (size_t)a);
    const rung_span y = rung__vocab_get(l->entries, (size_t)b);
    const size_t tail = y.size - RUNG__WORDPIECE_PREFIX_SIZE, size = x.size + tail;
    char *name = rung__alloc(size);
    if (!name) return rung__out_of_memory(l->err, size, "a piece of a word");
    memcpy(name, x.bytes, x.size);
    memcpy(name + x.size, y.bytes + RUNG__WORDPIECE_PREFIX_SIZE, tail);
    const rung_status status = rung__vocab_add(l->entries, name, size, 0, l->err);
    *id = rung__vocab_find(l->entries, name, size);
    rung__free(name);
    return status;
}

static rung_status join(learner *l, int32_t number)
{
    const pair p = *pair_at(l, number);
    int32_t c = -1;
    RUNG_TRY(add_joined(l, p.a, p.b, &c));
    pair_at(l, number)->places = -1;
    for (int32_t at = p.places; at >= 0;) {
        const place here = ((place *)l->places.items)[at];
        RUNG_TRY(join_in_word(l, here.word, p.a, p.b, c));
        at = here.next;
    }
    assert(pair_at(l, number)->count == 0);
    return push_changed(l);
}

static rung_status learn(learner *l, const rung_vocab *words, size_t most,
                         int64_t min_count)
{
    RUNG_TRY(learn_chars(l, words, most));
    RUNG_TRY(spell_words(l, words));
    RUNG_TRY(push_changed(l));
    while (l->entries->n < most) {
        int32_t best;
        RUNG_TRY(best_pair(l, min_count, &best));
        if (best < 0) break;
        RUNG_TRY(join(l, best));
    }
    return RUNG_OK;
}

rung_status rung__wordpiece_learn(const rung_vocab *words, size_t most, int64_t min_count,
                                  rung_vocab *entries, rung_error *err)
{
    learner l = {.entries = entries, .err = err};
    const rung_status status = learn(&l, words, most, min_count);
    rung__free(l.words);
    rung__free(l.pieces);
    rung__free(l.pairs.items);
    rung__free(l.places.items);
    rung__free(l.changed.items);
    rung__free(l.heap.items);
    rung__free(l.slots);
    return status;
}
