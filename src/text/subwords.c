/* n-grams of characters in buckets. */
#include "text/subwords.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "text/ngrams.h"

rung_status rung__subwords_init(rung__subwords *s, const char *range, int64_t buckets,
                                rung_error *err)
{
    rung_ngrams which = {0};
    RUNG_TRY(rung__ngrams_parse_chars(&which, range, err));
    rung__subwords_release(s);
    *s = (rung__subwords){
        .from = which.chars_from, .to = which.chars_to, .buckets = buckets};
    return RUNG_OK;
}

void rung__subwords_release(rung__subwords *s)
{
    rung__free(s->used);
    s->used = NULL;
    s->n = 0;
}

void rung__subword_lists_release(rung__subword_lists *lists)
{
    rung__free(lists->first);
    rung__free(lists->rows);
}

/* ---- One word ---- */

/* Byte i of "<word>". */
static char byte_at(rung_span word, size_t i)
{
    return i == 0 ? '<' : i <= word.size ? word.bytes[i - 1] : '>';
}

/* The n-gram grows by a character. FNV-1a of 32 bits, but over signed bytes: those above
 * 127 change the high bits, too, as in fastText. */
static void grow(rung__subword_walk *w)
{
    do {
        w->hash ^= (uint32_t)(int8_t)byte_at(w->word, w->end++);
        w->hash *= 16777619u;
    } while (w->end <= w->word.size && (byte_at(w->word, w->end) & 0xC0) == 0x80);
    w->length++;
}

/* Begins the n-grams of the next character. */
static void turn(rung__subword_walk *w)
{
    if (w->length) {
        do {
            w->begin++;
        } while (w->begin <= w->word.size && (byte_at(w->word, w->begin) & 0xC0) == 0x80);
    }
    w->end = w->begin;
    w->length = 0;
    w->hash = 2166136261u;
}

int32_t rung__subword_next(const rung__subwords *s, rung__subword_walk *w)
{
    const size_t size = w->word.size + 2;
    for (;;) {
        if (w->length == 0 || w->length == s->to || w->end == size) turn(w);
        if (w->begin == size) return -1;
        grow(w);
        const bool is_mark = w->length == 1 && (w->begin == 0 || w->end == size);
        if (w->length >= s->from && !is_mark)
            return (int32_t)(w->hash % (uint32_t)s->buckets);
    }
}

static int by_number(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

int32_t rung__subword_row(const rung__subwords *s, int32_t bucket)
{
    const int32_t *found = NULL;
    if (s->n > 0)
        found = bsearch(&bucket, s->used, (size_t)s->n, sizeof bucket, by_number);
    return found ? (int32_t)(found - s->used) : -1;
}

/* ---- A vocabulary ---- */

/* Writes the buckets of all words one after another to `out` (NULL: none), and where each
 * begins; returns how many there are. */
static int64_t list_buckets(const rung__subwords *s, const rung_tokenizer *words,
                            rung__subword_lists *lists, int32_t *out)
{
    const int64_t n_words = rung_tokenizer_size(words);
    int64_t n = 0;
    for (int64_t i = 0; i < n_words; i++) {
        rung__subword_walk walk = {.word = rung_tokenizer_bytes(words, (int32_t)i)};
        lists->first[i] = n;
        for (int32_t b; (b = rung__subword_next(s, &walk)) >= 0; n++)
            if (out) out[n] = b;
        if (n - lists->first[i] > lists->longest) lists->longest = n - lists->first[i];
    }
    lists->first[n_words] = n;
    return n;
}

/* Keeps one of equal numbers in succession; returns how many are left. */
static int64_t drop_repeats(int32_t *x, int64_t n)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (kept == 0 || x[kept - 1] != x[i]) x[kept++] = x[i];
    return kept;
}

rung_status rung__subwords_learn(rung__subwords *s, rung__subword_lists *lists,
                                 const rung_tokenizer *words, rung_error *err)
{
    rung__subwords_release(s);
    *lists = (rung__subword_lists){0};
    lists->first =
        rung__alloc_array((size_t)rung_tokenizer_size(words) + 1, sizeof *lists->first);
    if (!lists->first) return rung__out_of_memory(err, 0, "n-grams of words");
    const int64_t n = list_buckets(s, words, lists, NULL);
    lists->rows = rung__alloc_array((size_t)n, sizeof *lists->rows);
    s->used = rung__alloc_array((size_t)n, sizeof *s->used);
    if (!lists->rows || !s->used)
        return rung__out_of_memory(err, (size_t)n * sizeof *s->used, "n-grams of words");
    list_buckets(s, words, lists, lists->rows);
    memcpy(s->used, lists->rows, (size_t)n * sizeof *s->used);
    if (n > 0) qsort(s->used, (size_t)n, sizeof *s->used, by_number);
    s->n = drop_repeats(s->used, n);
    int32_t *less = rung__realloc(s->used, (size_t)s->n * sizeof *s->used);
    if (less) s->used = less;
    for (int64_t i = 0; i < n; i++) lists->rows[i] = rung__subword_row(s, lists->rows[i]);
    return RUNG_OK;
}

rung_status rung__subwords_take(rung__subwords *s, int32_t *used, int64_t n,
                                rung_error *err)
{
    rung__subwords_release(s);
    s->used = used, s->n = n;
    for (int64_t i = 0; i < n; i++) {
        if (used[i] < 0 || (i > 0 && used[i] <= used[i - 1]) || used[i] >= s->buckets)
            return rung_fail(err, RUNG_INPUT,
                             "n-gram %lld has bucket %d: buckets ascend from 0 to %lld",
                             (long long)i, used[i], (long long)s->buckets - 1);
    }
    return RUNG_OK;
}
