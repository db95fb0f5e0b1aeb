/* Characters: one token for each Unicode character seen often enough, bytes for the
 * rest. */
#include <assert.h>

#include "base/alloc.h"
#include "text/tokenizer.h"
#include "text/unicode.h"

typedef struct char_tokenizer {
    rung_tokenizer base;
    int32_t *ids;    /* [n_codes] id + 1 of each code point, 0 if it is no entry */
    int32_t n_codes; /* the greatest code point that is an entry, + 1 */
} char_tokenizer;

static const char_tokenizer *char_of(const rung_tokenizer *tok)
{
    assert(tok->class == &rung__tokenizer_char);
    return (const char_tokenizer *)tok;
}

static rung_status char_train(rung_tokenizer *tok, const rung_tokenizer_config *config,
                              rung_span text, rung_error *err)
{
    const size_t bytes = (RUNG_MAX_CODE_POINT + 1) * sizeof(int64_t);
    int64_t *counts = rung__alloc(bytes);
    if (!counts) return rung__out_of_memory(err, bytes, "counts of characters");
    rung_vocab seen = {0};
    rung_status status = RUNG_OK;
    const char *p = text.bytes, *end = p + text.size;
    for (rung__char c; p < end && status == RUNG_OK; p += c.size) {
        c = rung__utf8_at(p, end);
        if (c.code <= 0) continue; // not UTF-8, or NUL: spelled in bytes
        if (counts[c.code]++ == 0) {
            status = rung__vocab_add(&seen, p, (size_t)c.size, 0, err);
        }
    }
    for (size_t i = 0; i < seen.n; i++) {
        const rung_span s = rung__vocab_get(&seen, i);
        seen.counts[i] = counts[rung__utf8_at(s.bytes, s.bytes + s.size).code];
    }
    if (status == RUNG_OK) {
        const size_t most = config->vocab_size ? (size_t)config->vocab_size : seen.n;
        status = rung__vocab_rank(&seen, config->min_count, most, &tok->entries, err);
    }
    rung__vocab_release(&seen);
    rung__free(counts);
    return status;
}

/* A table from code points to ids: a few pages of it are ever touched. */
static rung_status char_prepare(rung_tokenizer *base, rung_error *err)
{
    char_tokenizer *tok = (char_tokenizer *)base;
    for (size_t i = 0; i < base->entries.n; i++) {
        const rung_span s = rung__vocab_get(&base->entries, i);
        const rung__char c = rung__utf8_at(s.bytes, s.bytes + s.size);
        if (c.code < 0 || (size_t)c.size != s.size) {
            return rung_fail(err, RUNG_INPUT,
                             "token %zu of a char tokenizer, '%.*s', is "
                             "not one character",
                             i, (int)s.size, s.bytes);
        }
        if (c.code >= tok->n_codes) tok->n_codes = c.code + 1;
    }
    tok->ids = rung__alloc_array((size_t)tok->n_codes, sizeof *tok->ids);
    if (!tok->ids) {
        return rung__out_of_memory(err, (size_t)tok->n_codes * sizeof *tok->ids,
                                   "a table of characters");
    }
    for (size_t i = 0; i < base->entries.n; i++) {
        const rung_span s = rung__vocab_get(&base->entries, i);
        tok->ids[rung__utf8_at(s.bytes, s.bytes + s.size).code] = (int32_t)i + 1;
    }
    return RUNG_OK;
}

#define STRETCH 4096 /* bytes for which room is made at a time */

static rung_status char_encode(const rung_tokenizer *base, rung_span text, rung__ids *out,
                               rung_error *err)
{
    const char_tokenizer *tok = char_of(base);
    const char *p = text.bytes, *end = p + text.size;
    while (p < end) {
        const char *stop = end - p > STRETCH ? p + STRETCH : end;
        RUNG_TRY(rung__ids_reserve(out, STRETCH + 4, err)); // a character may reach over
        int32_t *ids = out->ids + out->n;
        while (p < stop) {
            const rung__char c = rung__utf8_at(p, end);
            // A code of -1 is beyond the table as well: it is compared unsigned.
            const int32_t next =
                (uint32_t)c.code < (uint32_t)tok->n_codes ? tok->ids[c.code] : 0;
            if (next > 0)
                *ids++ = next - 1;
            else
                for (int i = 0; i < c.size; i++) *ids++ = rung__byte_id(base, p[i]);
            p += c.size;
        }
        out->n = (size_t)(ids - out->ids);
    }
    return RUNG_OK;
}

static void char_release(rung_tokenizer *tok)
{
    rung__free(((char_tokenizer *)tok)->ids);
}

const rung_tokenizer_class rung__tokenizer_char = {
    .kind = "char",
    .size = sizeof(char_tokenizer),
    .train = char_train,
    .encode = char_encode,
    .prepare = char_prepare,
    .release = char_release,
};
