/* Splits text into BERT's words. */
#include "text/bert_text.h"

#include <assert.h>
#include <string.h>
#include <utf8proc.h>

#include "text/unicode.h"

#define MOST_PARTS 4 /* a character decomposes into four at most */

/* The word being read. */
typedef struct reader {
    const rung__bert_rules *rules;
    rung__bert_word_fn tell;
    void *ctx;
    int n_chars;    /* of the word; what is over max_chars is counted, not kept */
    size_t size;    /* bytes of the word */
    size_t settled; /* bytes before which no mark may be moved */
    char word[4 * RUNG__BERT_WORD_MAX + 4];
} reader;

/* Ends the word, if there is one. */
static rung_status end_word(reader *r, rung_error *err)
{
    if (r->n_chars == 0) return RUNG_OK;
    const bool fits = r->n_chars <= r->rules->max_chars;
    const size_t size = r->size;
    r->n_chars = 0, r->size = 0;
    r->settled = 0;
    return r->tell(r->ctx, fits ? r->word : NULL, size, err);
}

static size_t put(char *out, int32_t code)
{
    return (size_t)utf8proc_encode_char(code, (utf8proc_uint8_t *)out);
}

static void append(reader *r, int32_t code)
{
    if (++r->n_chars <= r->rules->max_chars) r->size += put(r->word + r->size, code);
}

static rung_status tell_alone(reader *r, int32_t code, rung_error *err)
{
    RUNG_TRY(end_word(r, err));
    append(r, code);
    return end_word(r, err);
}

/* 0 of a character that marks do not pass. */
static int combining_class(int32_t code)
{
    if (rung__bert_class_of(code) == RUNG__BERT_WHOLE) return 0;
    return utf8proc_get_property(code)->combining_class;
}

/* Appends a mark that stays, before those of a higher combining class (the canonical
 * order; Unicode 3.11, D109). */
static void append_mark(reader *r, int32_t code, int combining)
{
    const size_t end = r->size;
    size_t at = end;
    while (at > r->settled) {
        size_t before = at - 1;
        while ((r->word[before] & 0xC0) == 0x80) before--;
        const rung__char c = rung__utf8_at(r->word + before, r->word + end);
        if (combining_class(c.code) <= combining) break;
        at = before;
    }
    append(r, code);
    char moved[4];
    const size_t size = r->size - end;
    memcpy(moved, r->word + end, size);
    memmove(r->word + at + size, r->word + at, end - at);
    memcpy(r->word + at, moved, size);
}

/* Takes a character that is neither dropped nor white space nor decomposed. */
static rung_status take_plain(reader *r, int32_t code, rung_error *err)
{
    int32_t out[2] = {code};
    const int n = r->rules->lower ? rung__bert_lower(code, out) : 1;
    for (int i = 0; i < n; i++) {
        if (rung__bert_class_of(out[i]) == RUNG__BERT_PUNCT) {
            RUNG_TRY(tell_alone(r, out[i], err));
        } else {
            append(r, out[i]);
        }
    }
    return RUNG_OK;
}

static rung_status take_decomposed(reader *r, int32_t code, rung_error *err)
{
    utf8proc_int32_t parts[MOST_PARTS];
    const utf8proc_ssize_t n =
        utf8proc_decompose_char(code, parts, MOST_PARTS, UTF8PROC_DECOMPOSE, NULL);
    assert(n >= 1 && n <= MOST_PARTS);
    for (int i = 0; i < n; i++) {
        const int combining = combining_class(parts[i]);
        const bool is_dropped = rung__bert_class_of(parts[i]) == RUNG__BERT_MARK;
        if (combining == 0) r->settled = r->size;
        if (is_dropped) continue;
        if (combining == 0) {
            RUNG_TRY(take_plain(r, parts[i], err));
        } else {
            append_mark(r, parts[i], combining);
        }
    }
    return RUNG_OK;
}

static bool is_blank(const rung__bert_rules *rules, int32_t code, rung__bert_class class)
{
    if (class != RUNG__BERT_DROP) return class == RUNG__BERT_BLANK;
    return !rules->clean && (code == '\v' || code == '\f' || code == 0x85);
}

/* Any character, by the rules one after another. */
static rung_status take(reader *r, int32_t code, rung_error *err)
{
    if (code < 0) code = 0xFFFD;
    const rung__bert_class class = rung__bert_class_of(code);
    if (is_blank(r->rules, code, class)) return end_word(r, err);
    if (class == RUNG__BERT_DROP && r->rules->clean) return RUNG_OK;
    const bool is_alone = class == RUNG__BERT_HAN && r->rules->han;
    if (is_alone) RUNG_TRY(end_word(r, err));
    RUNG_TRY(r->rules->strip_accents && class != RUNG__BERT_WHOLE
                 ? take_decomposed(r, code, err)
                 : take_plain(r, code, err));
    return is_alone ? end_word(r, err) : RUNG_OK;
}

/* ---- The characters of one and two bytes, by a table ---- */

/* Beyond the code points: what else may become of a character. */
enum { NEAR_BLANK = RUNG__BERT_NEAR, NEAR_DROP, NEAR_PUNCT, NEAR_ELSE };

/* Sees what the rules make of a single character. */
typedef struct trial {
    int n_words;
    int32_t code; /* of a word that is one character, else -1 */
} trial;

static rung_status note_word(void *ctx, const char *bytes, size_t size, rung_error *err)
{
    (void)err;
    trial *t = ctx;
    const rung__char c = rung__utf8_at(bytes, bytes + size);
    t->n_words++;
    t->code = (size_t)c.size == size ? c.code : -1;
    return RUNG_OK;
}

static uint16_t near_of(const rung__bert_rules *rules, int32_t code)
{
    const rung__bert_class class = rung__bert_class_of(code);
    trial t = {0};
    reader r = {.rules = rules, .tell = note_word, .ctx = &t};
    if (is_blank(rules, code, class)) return NEAR_BLANK;
    if (take(&r, code, NULL) != RUNG_OK || end_word(&r, NULL) != RUNG_OK)
        return NEAR_ELSE;
    const bool settles = class == RUNG__BERT_MARK && combining_class(code) == 0;
    if (t.n_words == 0) return settles ? NEAR_ELSE : NEAR_DROP;
    if (t.code < 0 || t.code >= RUNG__BERT_NEAR) return NEAR_ELSE;
    if (rung__bert_class_of(t.code) != RUNG__BERT_PUNCT) return (uint16_t)t.code;
    return t.code == code ? NEAR_PUNCT : NEAR_ELSE;
}

void rung__bert_prepare(rung__bert_rules *rules)
{
    assert(rules->max_chars >= 1 && rules->max_chars <= RUNG__BERT_WORD_MAX);
    for (int32_t code = 0; code < RUNG__BERT_NEAR; code++)
        rules->near[code] = near_of(rules, code);
}

/* The character at p < end: one or two bytes are most of the work. */
static inline rung__char char_at(const char *p, const char *end)
{
    const unsigned char c = (unsigned char)p[0];
    if (c < 0x80) return (rung__char){c, 1};
    if (c >= 0xC2 && c < 0xE0 && end - p >= 2 && (p[1] & 0xC0) == 0x80)
        return (rung__char){(c & 0x1F) << 6 | (p[1] & 0x3F), 2};
    return rung__utf8_wide_at(p, end);
}

/* Appends a code point of one or two bytes. */
static inline void append_near(reader *r, uint32_t code)
{
    if (++r->n_chars > r->rules->max_chars) return;
    char *out = r->word + r->size;
    if (code < 0x80) {
        out[0] = (char)code;
        r->size += 1;
    } else {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        r->size += 2;
    }
}

rung_status rung__bert_words(const rung__bert_rules *rules, rung_span text,
                             rung__bert_word_fn word, void *ctx, rung_error *err)
{
    reader r;
    r.rules = rules, r.tell = word, r.ctx = ctx;
    r.n_chars = 0, r.size = 0, r.settled = 0;
    const char *p = text.bytes, *end = p + text.size;
    for (rung__char c; p < end; p += c.size) {
        c = char_at(p, end);
        const int near =
            (uint32_t)c.code < RUNG__BERT_NEAR ? rules->near[c.code] : NEAR_ELSE;
        if (near < RUNG__BERT_NEAR) {
            append_near(&r, (uint32_t)near);
        } else if (near == NEAR_BLANK) {
            RUNG_TRY(end_word(&r, err));
        } else if (near == NEAR_PUNCT) {
            RUNG_TRY(tell_alone(&r, c.code, err));
        } else if (near == NEAR_ELSE) {
            RUNG_TRY(take(&r, c.code, err));
        }
    }
    return end_word(&r, err);
}
