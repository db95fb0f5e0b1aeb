/* Cuts text into words, white space and punctuation, losing nothing: the pieces of a
 * text, joined, are the text.
 *
 * A blank before a word or a mark belongs to it, as in GPT-2 (Radford et al. 2019), so
 * that running text has about one piece a word and a model need not predict each blank.
 * White space up to a line's end is one piece. So a corpus that is tokenised already,
 * such as Penn Treebank's " no it was n't \n", has one piece a word and one a line. */
#ifndef RUNG_TEXT_PIECES_H
#define RUNG_TEXT_PIECES_H

#include <stdbool.h>

#include "rung/text.h"

/* Where a text may be cut. */
typedef enum rung__cut {
    RUNG__CUT_TEXT,  /* between words and punctuation: "word", ",", " 7th", "n", "'t" */
    RUNG__CUT_BLANKS /* at white space only, the text being tokenised already */
} rung__cut;

/* The same rules as regular expressions, as tokenizer.json carries them for others:
 *
 *     white space up to a line's end     \s*\n
 *     an apostrophe and what follows     's after a word
 *     a word, a mark                     each with one blank before it
 *     other white space                  but for the blank of what follows */
extern const char *const rung__cut_patterns[2];

/* The names of the cuts: "text", "blanks". */
extern const char *const rung__cut_names[2];

/* RUNG__CUT_BLANKS for text that is tokenised already: white space separates punctuation
 * from words. Told by its marks (category Po): in running text about one word in six has
 * one at its end, in tokenised text hardly any but the full stops of abbreviations; these
 * do not count where every line ends in a blank. */
rung__cut rung__cut_guess(rung_span text);

/* Walks over the pieces of a text: start with {text.bytes, text.bytes + text.size,
 * cut}. */
typedef struct rung__pieces {
    const char *at, *end; /* what is left */
    rung__cut cut;
    bool after_word; /* the piece before ended in a letter, mark or number */
} rung__pieces;

/* The next piece, false at the end. */
bool rung__pieces_next(rung__pieces *p, rung_span *piece);

#endif
