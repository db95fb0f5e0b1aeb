/* Texts on their way into markup: what is shown of them, escaped, and how wide it is. */
#ifndef RUNG_REPORT_WORDS_H
#define RUNG_REPORT_WORDS_H

#include "base/str.h"

/* Appends text as HTML and XML take it, in content and in attributes: markup is escaped,
 * bytes that are not UTF-8 and code points that no document may hold become U+FFFD,
 * controls but newline and tab their pictures. */
void rung__add_words(rung_str *s, const char *text);

/* The same in a chart: on one line, blanks at the ends visible, and not wider than `most`
 * pixels at `size` pixels a letter: a longer text ends in "...". Returns its width. */
double rung__add_label(rung_str *s, const char *text, double size, double most);

/* The width of a label in pixels, estimated for the widest of the usual fonts. */
double rung__label_width(const char *text, double size);

#endif
