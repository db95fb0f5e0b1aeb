/* Words as features see them: folded, and without what separates them. */
#ifndef RUNG_TEXT_WORDS_H
#define RUNG_TEXT_WORDS_H

#include "base/str.h"
#include "rung/text.h"

/* Room that rung__words_fold needs for a text of `size` bytes. No character grows to more
 * than three times its bytes (a test tries all), and each may be a word of its own. */
#define RUNG__WORDS_ROOM(size) (4 * (size) + 16)

/* Writes the words of a text to `out`, each with a NUL behind it, eight NULs at the end,
 * and returns the bytes without those eight.
 *
 * A word is a longest run of letters, marks and numbers (categories L, M, N); all else
 * separates, apostrophes too: "Don't" is "don" and "t", which meet again in a 2-gram.
 * Han characters and kana, which are written without blanks, are words of their own.
 * Case is folded (Unicode 15, section 3.13: "STRASSE" is "straße") and characters are
 * decomposed canonically, so that é is the same in one code point or two. */
size_t rung__words_fold(rung_span text, char *out);

/* Appends the words of a text, each with a blank behind it. */
rung_status rung__words_add(rung_str *out, rung_span text, rung_error *err);

#endif
