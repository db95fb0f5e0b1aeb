/* Texts that must not be parted: those that are equal, and those that stand within
 * another one.
 *
 * All texts are sorted; what a text begins with lies before it, and each knows the
 * longest other text that it begins with. Of the texts that stand in a text from some
 * word on, the longest is then found by one binary search for all that follows the word,
 * and a walk down that chain; the shorter ones are kin of the longest already. A bit for
 * the hash of its first words tells of nearly every place that no text begins so. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "rung/labelled.h"
#include "text/vocab.h"

/* Shorter texts stand in others by chance. */
enum { LEAST_WORDS = 4 };

typedef struct entry {
    rung_span text; /* without white space around it */
    size_t index;   /* of the example */
    size_t begin;   /* place of the longest other entry that it begins with; else NONE */
} entry;

#define NONE SIZE_MAX

typedef struct kin {
    entry *sorted; /* [n], owned */
    size_t n;
    uint64_t *starts; /* [mask / 64 + 1] bit h: a text begins with words of that hash */
    uint64_t mask;
    size_t *group; /* [n], borrowed: a forest; the root is the smallest of its tree */
} kin;

static bool is_space(char c)
{
    return (unsigned char)c <= ' ';
}

static rung_span trimmed(rung_span s)
{
    while (s.size && is_space(s.bytes[s.size - 1])) s.size--;
    while (s.size && is_space(*s.bytes)) s.bytes++, s.size--;
    return s;
}

/* ---- Words ---- */

/* Takes the next word off the front of *rest, and the white space behind it. */
static rung_span next_word(rung_span *rest)
{
    rung_span word = {rest->bytes, 0};
    while (word.size < rest->size && !is_space(word.bytes[word.size])) word.size++;
    rest->bytes += word.size, rest->size -= word.size;
    while (rest->size && is_space(*rest->bytes)) rest->bytes++, rest->size--;
    return word;
}

/* The last LEAST_WORDS words that were read of a text. */
typedef struct window {
    rung_span begins[LEAST_WORDS]; /* what stands from each word on */
    uint64_t hashes[LEAST_WORDS];
    size_t seen; /* words */
} window;

/* Reads one word more. Whether the window is full then; *from is what stands from its
 * first word on, *hash that of its words. */
static bool read_word(window *w, rung_span *rest, rung_span *from, uint64_t *hash)
{
    const size_t at = w->seen++ % LEAST_WORDS;
    w->begins[at] = *rest;
    const rung_span word = next_word(rest);
    w->hashes[at] = rung__vocab_hash(word.bytes, word.size);
    if (w->seen < LEAST_WORDS) return false;
    *hash = 0;
    for (size_t i = 0; i < LEAST_WORDS; i++)
        *hash = *hash * 0x9e3779b97f4a7c15u + w->hashes[(w->seen + i) % LEAST_WORDS];
    *hash ^= *hash >> 32;
    *from = w->begins[w->seen % LEAST_WORDS];
    return true;
}

/* ---- The forest of groups (Galler, Fischer 1964) ---- */

static size_t root_of(size_t *group, size_t i)
{
    while (group[i] != i) i = group[i] = group[group[i]];
    return i;
}

static void join(size_t *group, size_t a, size_t b)
{
    a = root_of(group, a), b = root_of(group, b);
    if (a < b)
        group[b] = a;
    else
        group[a] = b;
}

/* ---- Beginnings ---- */

static int compare(rung_span a, rung_span b)
{
    const size_t size = a.size < b.size ? a.size : b.size;
    const int order = size ? memcmp(a.bytes, b.bytes, size) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int by_text(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    const int order = compare(x->text, y->text);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static bool begins_with(rung_span text, rung_span begin)
{
    return begin.size <= text.size &&
           (begin.size == 0 || memcmp(text.bytes, begin.bytes, begin.size) == 0);
}

/* Sorts the texts, joins equal ones and finds what each begins with. */
static void sort(kin *k)
{
    qsort(k->sorted, k->n, sizeof *k->sorted, by_text);
    for (size_t i = 0; i < k->n; i++) {
        entry *e = &k->sorted[i];
        size_t begin = i ? i - 1 : NONE;
        while (begin != NONE && !begins_with(e->text, k->sorted[begin].text))
            begin = k->sorted[begin].begin;
        e->begin = begin;
        if (begin != NONE && k->sorted[begin].text.size == e->text.size)
            join(k->group, k->sorted[begin].index, e->index);
    }
}

static void mark_starts(kin *k)
{
    for (size_t i = 0; i < k->n; i++) {
        rung_span rest = k->sorted[i].text, from;
        window w = {.seen = 0};
        uint64_t hash;
        while (rest.size) {
            if (!read_word(&w, &rest, &from, &hash)) continue;
            hash &= k->mask;
            k->starts[hash / 64] |= (uint64_t)1 << hash % 64;
            break;
        }
    }
}

/* ---- Within others ---- */

/* The place of the last entry that is not behind s; NONE: all are. */
static size_t last_before(const kin *k, rung_span s)
{
    size_t low = 0, high = k->n;
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (compare(k->sorted[mid].text, s) <= 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low - 1; // NONE if low is 0
}

static bool has_words(rung_span text)
{
    size_t words = 0;
    while (text.size && words < LEAST_WORDS) next_word(&text), words++;
    return words == LEAST_WORDS;
}

/* Joins an example with the longest other text that stands at the front of s, which is
 * its text from some word on. */
static void join_front(kin *k, const entry *e, rung_span s)
{
    for (size_t i = last_before(k, s); i != NONE; i = k->sorted[i].begin) {
        const rung_span text = k->sorted[i].text;
        if (text.size == e->text.size || !begins_with(s, text)) continue;
        if (text.size < s.size && !is_space(s.bytes[text.size])) continue;
        if (has_words(text)) join(k->group, e->index, k->sorted[i].index);
        return;
    }
}

static void join_within(kin *k, const entry *e)
{
    rung_span rest = e->text, from;
    window w = {.seen = 0};
    uint64_t hash;
    while (rest.size) {
        if (!read_word(&w, &rest, &from, &hash)) continue;
        hash &= k->mask;
        if (k->starts[hash / 64] >> hash % 64 & 1) join_front(k, e, from);
    }
}

rung_status rung_group_related(size_t *group, const rung_span *texts, size_t n,
                               rung_error *err)
{
    kin k = {.n = n, .mask = 1023, .group = group};
    while (k.mask < 16 * n) k.mask = 2 * k.mask + 1;
    k.sorted = rung__alloc_array(n, sizeof *k.sorted);
    k.starts = rung__alloc_array(k.mask / 64 + 1, sizeof *k.starts);
    if (k.sorted && k.starts) {
        for (size_t i = 0; i < n; i++) {
            group[i] = i;
            k.sorted[i] = (entry){trimmed(texts[i]), i, NONE};
        }
        sort(&k);
        mark_starts(&k);
        for (size_t i = 0; i < n; i++) join_within(&k, &k.sorted[i]);
        for (size_t i = 0; i < n; i++) group[i] = root_of(group, i);
    }
    const bool is_done = k.sorted && k.starts;
    rung__free(k.sorted), rung__free(k.starts);
    return is_done ? RUNG_OK
                   : rung__out_of_memory(err, n * sizeof *k.sorted, "texts in order");
}
