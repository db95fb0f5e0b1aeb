/* Words between white space, from within. */
#ifndef RUNG_TEXT_WORDLEVEL_H
#define RUNG_TEXT_WORDLEVEL_H

#include "base/str.h"
#include "rung/text.h"
#include "text/vocab.h"

/* ASCII white space, which separates words. */
static inline bool rung__is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next word at *p, which is moved behind it; size 0 at the end. */
rung_span rung__word_next(const char **p, const char *end);

/* Appends a word as a vocabulary holds it: in lower case if `lower`, with U+FFFD for
 * bytes that are not UTF-8 and for NUL. */
void rung__word_add(rung_str *out, rung_span word, bool lower);

/* A tokenizer of kind wordlevel with the words of `v` that occur min_count times, most
 * frequent first, equal counts in bytewise order. */
rung_status rung__wordlevel_new(rung_tokenizer **out, const rung_vocab *v,
                                int64_t min_count, bool lower, rung_error *err);
/* One with all the words of `v`, which it takes, in their order. They must be as
 * rung__word_add makes them. */
rung_status rung__wordlevel_take(rung_tokenizer **out, rung_vocab *v, bool lower,
                                 rung_error *err);

/* The id of a word in such a tokenizer, -1: it has none. *taken becomes the word as the
 * vocabulary would hold it; test whether it failed. */
int32_t rung__wordlevel_find(const rung_tokenizer *tok, rung_span word, rung_str *taken);

/* The vocabulary of such a tokenizer. */
const rung_vocab *rung__wordlevel_words(const rung_tokenizer *tok);

#endif
