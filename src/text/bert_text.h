/* BERT's text: what its tokenizer does to a text before it looks for pieces of words.
 *
 * These are BasicTokenizer of google-research/bert (Devlin et al. 2019) and, where the
 * two differ, BertNormalizer and BertPreTokenizer of Hugging Face's `tokenizers`:
 *
 *     clean          controls, NUL and U+FFFD are dropped
 *     han            each ideograph is a word of its own
 *     strip_accents  canonical decomposition (NFD), then nonspacing marks are dropped
 *     lower          lower case, character by character
 *     words          what stands between white space; each punctuation mark is one
 *
 * Bytes that are not UTF-8 are U+FFFD. */
#ifndef RUNG_TEXT_BERT_TEXT_H
#define RUNG_TEXT_BERT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rung/status.h"
#include "rung/text.h"

/* What a character is to BERT. */
typedef enum rung__bert_class {
    RUNG__BERT_LETTER, /* anything else */
    RUNG__BERT_BLANK,  /* the property White_Space, without the controls among it */
    RUNG__BERT_DROP,   /* categories Cc, Cf, Co; U+FFFD */
    RUNG__BERT_PUNCT,  /* category P, and what is neither letter nor digit in ASCII */
    RUNG__BERT_MARK,   /* category Mn */
    RUNG__BERT_HAN,    /* the blocks of ideographs that BERT knows */
    RUNG__BERT_WHOLE   /* younger than Unicode 9: neither decomposed nor moved */
} rung__bert_class;

/* The classes are those of Unicode 8, and decomposition that of Unicode 9, which
 * `tokenizers` has kept: a mark that is younger is a letter to it. */
rung__bert_class rung__bert_class_of(int32_t code);

/* One or two code points into `out`; returns how many. */
int rung__bert_lower(int32_t code, int32_t out[2]);

#define RUNG__BERT_NEAR 0x800    /* code points of at most two bytes */
#define RUNG__BERT_WORD_MAX 1000 /* the most that max_chars may be */

/* How a text is treated; {0} and the five choices, then rung__bert_prepare. */
typedef struct rung__bert_rules {
    bool clean, han, strip_accents, lower;
    int max_chars; /* words of more characters are not told, 1 ... RUNG__BERT_WORD_MAX */
    uint16_t near[RUNG__BERT_NEAR]; /* what becomes of a code point, or a number beyond */
} rung__bert_rules;

void rung__bert_prepare(rung__bert_rules *rules);

/* Told each word in its order; `bytes` is NULL for one of more than max_chars. */
typedef rung_status (*rung__bert_word_fn)(void *ctx, const char *bytes, size_t size,
                                          rung_error *err);

/* Calls `word` for each word of a text, until it fails. */
rung_status rung__bert_words(const rung__bert_rules *rules, rung_span text,
                             rung__bert_word_fn word, void *ctx, rung_error *err);

#endif
