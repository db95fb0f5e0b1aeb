/* The n-grams of a text and their keys.
 *
 * The key of the words w1 ... wn is join(... join(h(w1), h(w2)) ..., h(wn)), that of the
 * characters c1 ... cn is mix(join(... join(CHARS, c1) ..., cn)). Keys are part of every
 * saved model: they never change. */
#include "text/ngrams.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "text/unicode.h"
#include "text/words.h"

#define CHARS 0x5851F42D4C957F2Du /* where runs of characters begin */

/* ---- Hashes ---- */

/* The hash of the word at *p, eight bytes at a time; moves *p behind its NUL. The bytes
 * after the NUL do not count. */
static uint64_t hash_word(const char **p)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t hash = 0, word;
    for (;; *p += sizeof word) {
        memcpy(&word, *p, sizeof word);
        // The lowest high bit that this leaves set is in the first NUL (Mycroft 1987).
        const uint64_t nul = (word - ones) & ~word & highs;
        if (!nul) {
            hash = rung__hash_mix(hash ^ word);
            continue;
        }
        const int n_bits = __builtin_ctzll(nul) - 7; // before the NUL
        *p += n_bits / 8 + 1;
        hash = rung__hash_mix(hash ^ (word & (((uint64_t)1 << n_bits) - 1)));
        return rung__hash_mix(hash); // once more: numbers alike would cluster otherwise
    }
}

/* The hash of one run followed by another; their order matters. */
static uint64_t join(uint64_t a, uint64_t b)
{
    return rung__hash_mix((a << 23 | a >> 41) ^ b);
}

/* ---- Finding them ---- */

/* Keys of runs of words alone: the usual case, and a short loop. */
static size_t word_keys(const char *words, size_t size, int64_t most, uint64_t *keys)
{
    uint64_t last[RUNG_MAX_NGRAMS] = {0}; // last[k]: of the k + 1 words that end here
    size_t n = 0;
    int64_t n_words = 0;
    for (const char *p = words; p < words + size; n_words++) {
        const uint64_t word = hash_word(&p);
        for (int64_t k = n_words < most - 1 ? n_words : most - 1; k > 0; k--) {
            last[k] = join(last[k - 1], word);
            keys[n++] = last[k];
        }
        last[0] = word;
        keys[n++] = word;
    }
    return n;
}

static void add(rung_ngrams_scratch *s, uint64_t key, size_t begin, size_t end,
                bool is_chars)
{
    if (s->is_listing) s->list[s->n] = (rung_ngram){key, begin, end, is_chars};
    s->keys[s->n++] = key;
}

/* The same with their places. */
static void list_words(rung_ngrams_scratch *s, size_t size, int64_t most)
{
    uint64_t last[RUNG_MAX_NGRAMS] = {0};
    size_t begins[RUNG_MAX_NGRAMS] = {0}; // begins[k]: of the run of k + 1 words
    int64_t n_words = 0;
    for (const char *p = s->bytes + 1; p < s->bytes + 1 + size; n_words++) {
        const size_t begin = (size_t)(p - s->bytes);
        const uint64_t word = hash_word(&p);
        const size_t end = (size_t)(p - s->bytes) - 1;
        for (int64_t k = n_words < most - 1 ? n_words : most - 1; k > 0; k--) {
            last[k] = join(last[k - 1], word);
            begins[k] = begins[k - 1];
            add(s, last[k], begins[k], end, false);
        }
        last[0] = word, begins[0] = begin;
        add(s, word, begin, end, false);
    }
}

/* The runs of characters in bytes[begin ... end), a word with a NUL at both ends. */
static void list_chars(rung_ngrams_scratch *s, size_t begin, size_t end,
                       const rung_ngrams *which)
{
    const char *bytes = s->bytes;
    for (size_t from = begin; from < end;
         from += (size_t)rung__utf8_at(bytes + from, bytes + end).size) {
        uint64_t hash = CHARS;
        size_t to = from;
        int64_t n = 0;
        while (n < which->chars_to && to < end) {
            const rung__char c = rung__utf8_at(bytes + to, bytes + end);
            hash = join(hash, (uint32_t)c.code);
            to += (size_t)c.size;
            if (++n >= which->chars_from) add(s, rung__hash_mix(hash), from, to, true);
        }
        if (from == begin && n < which->chars_from)
            add(s, rung__hash_mix(hash), from, to, true);
    }
}

bool rung__ngrams_of(rung_ngrams_scratch *s, const rung_ngrams *which, rung_span text,
                     bool with_list)
{
    s->n = 0;
    s->is_listing = with_list;
    if (!rung__grow(&s->bytes, &s->bytes_cap, 1 + RUNG__WORDS_ROOM(text.size), 1))
        return false;
    s->bytes[0] = '\0';
    const size_t size = rung__words_fold(text, s->bytes + 1);
    // A word has two bytes at least, its NUL included; with both ends, at most twice as
    // many characters as bytes.
    const size_t widths =
        which->chars_to ? (size_t)(which->chars_to - which->chars_from) + 1 : 0;
    const size_t most = size / 2 * (size_t)which->words + 2 * size * widths;
    if (!rung__grow(&s->keys, &s->keys_cap, most, sizeof *s->keys)) return false;
    if (with_list && !rung__grow(&s->list, &s->list_cap, most, sizeof *s->list))
        return false;
    if (which->words > 0 && with_list)
        list_words(s, size, which->words);
    else if (which->words > 0)
        s->n = word_keys(s->bytes + 1, size, which->words, s->keys);
    for (size_t begin = 0; widths > 0 && begin < size;) {
        const size_t end = begin + 2 + strlen(s->bytes + begin + 1);
        list_chars(s, begin, end, which);
        begin = end - 1;
    }
    return true;
}

void rung__ngrams_release(rung_ngrams_scratch *s)
{
    rung__free(s->bytes), rung__free(s->keys), rung__free(s->list);
    rung_str_release(&s->text), rung_str_release(&s->name);
    *s = (rung_ngrams_scratch){0};
}

/* ---- Names ---- */

void rung__ngram_name(rung_str *out, const rung_ngrams_scratch *s, const rung_ngram *g)
{
    if (g->is_chars) rung_str_add(out, "~");
    for (size_t begin = g->begin, end; begin < g->end; begin = end) {
        for (end = begin; end < g->end && s->bytes[end];) end++;
        rung_str_add_bytes(out, s->bytes + begin, end - begin);
        if (end == g->end) return;
        rung_str_add(out, g->is_chars ? "_" : " ");
        end++;
    }
}

static rung_status refuse(rung_error *err, rung_span name, const char *why)
{
    return rung_fail(err, RUNG_INPUT, "'%.*s' is no feature: %s",
                     (int)(name.size < 80 ? name.size : 80), name.bytes, why);
}

/* A text that has the n-gram, if there is one: its words, or a word with its characters,
 * which may stand within. */
static rung_status text_with(rung_str *text, rung_span name, rung_error *err)
{
    const bool is_chars = name.bytes[0] == '~';
    text->len = 0;
    for (size_t i = is_chars; i < name.size; i++) {
        const bool is_end = is_chars && name.bytes[i] == '_';
        rung_str_add_bytes(text, is_end ? " " : name.bytes + i, 1);
    }
    return text->failed ? rung__out_of_memory(err, name.size, "a name") : RUNG_OK;
}

/* Later ones are longer, so the name itself is among the last. */
rung_status rung__ngram_key(uint64_t *key, rung_ngrams_scratch *s,
                            const rung_ngrams *which, rung_span name, rung_error *err)
{
    if (name.size == 0) return refuse(err, name, "it is empty");
    RUNG_TRY(text_with(&s->text, name, err));
    const rung_span text = {s->text.data ? s->text.data : "", s->text.len};
    if (!rung__ngrams_of(s, which, text, true))
        return rung__out_of_memory(err, name.size, "the name of a feature");
    for (size_t i = s->n; i-- > 0;) {
        s->name.len = 0;
        rung__ngram_name(&s->name, s, &s->list[i]);
        if (s->name.failed) return rung__out_of_memory(err, name.size, "a name");
        if (s->name.len != name.size) continue;
        if (memcmp(s->name.data, name.bytes, name.size) != 0) continue;
        *key = s->list[i].key;
        return RUNG_OK;
    }
    return refuse(err, name,
                  name.bytes[0] == '~'
                      ? "behind ~ stand as many characters as --chars says, in lower "
                        "case, and _ at the ends of a word"
                      : "it must be at most --ngrams words in lower case, of letters and "
                        "numbers, with single blanks between them");
}

rung_status rung__ngrams_parse_chars(rung_ngrams *which, const char *range,
                                     rung_error *err)
{
    int from = 0, to = 0, end = 0;
    which->chars_from = which->chars_to = 0;
    if (!range) return RUNG_OK;
    if (sscanf(range, "%3d-%3d%n", &from, &to, &end) < 2 || range[end] != '\0' ||
        from < 1 || to < from || to > RUNG_MAX_CHARS)
        return rung_fail(err, RUNG_USAGE,
                         "--chars '%.40s': must be two lengths from 1 to %d, such as 3-5",
                         range, RUNG_MAX_CHARS);
    which->chars_from = from, which->chars_to = to;
    return RUNG_OK;
}
