/* Texts on their way into markup.
 *
 * No font can be asked here, so widths are estimates, on the safe side for the fonts that
 * a page may meet: those of DejaVu Sans, the widest among them. */
#include "report/words.h"

#include <math.h>
#include <string.h>
#include <utf8proc.h>

enum { REPLACEMENT = 0xFFFD, ELLIPSIS = 0x2026, RETURN_SIGN = 0x21B5, OPEN_BOX = 0x2423 };

/* Code points that XML or HTML forbid, and those that turn the direction of what stands
 * around them. */
static bool is_unfit(int32_t c)
{
    return (c >= 0x80 && c < 0xA0) || (c >= 0xFDD0 && c < 0xFDF0) ||
           (c & 0xFFFE) == 0xFFFE || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

/* The character at *p as it is shown; *p moves on. */
static int32_t next_shown(const char **p)
{
    int32_t c;
    const utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)*p, strnlen(*p, 4), &c);
    *p += n > 0 ? n : 1;
    if (n <= 0 || is_unfit(c)) return REPLACEMENT;
    if (c == 0x7F) return 0x2421;
    return c < 0x20 && c != '\n' && c != '\t' ? 0x2400 + c : c;
}

static void add_char(rung_str *s, int32_t c)
{
    static const char *const escapes[] = {['<'] = "&lt;",
                                          ['>'] = "&gt;",
                                          ['&'] = "&amp;",
                                          ['"'] = "&quot;",
                                          ['\''] = "&#39;"};
    if (c < (int32_t)(sizeof escapes / sizeof *escapes) && escapes[c]) {
        rung_str_add(s, escapes[c]);
        return;
    }
    utf8proc_uint8_t bytes[4];
    rung_str_add_bytes(s, bytes, (size_t)utf8proc_encode_char(c, bytes));
}

void rung__add_words(rung_str *s, const char *text)
{
    while (*text) add_char(s, next_shown(&text));
}

/* ---- Labels ---- */

/* Widths of the characters from blank to tilde in twentieths of the letters' size: 'A' +
 * n stands for n. */
static const char ascii_widths[] = "HJKRNUQGIIKRHIHHNNNNNNNNNNHHRRRLU" // blank ... @
                                   "OOOQNMQQGGOMSPQNQONNPOUONOIHIRKK"  // A ... `
                                   "NNLNNINNGGMGUNNNNJLINMRMMLNHNR";   // a ... ~

/* In sizes of the letters. */
static double char_width(int32_t c)
{
    static const int32_t broad[] = {0x436, 0x43C, 0x444, 0x448, 0x449, 0x44B, 0x44E};
    if (c >= ' ' && c < 0x7F) return (ascii_widths[c - ' '] - 'A') / 20.0;
    const utf8proc_property_t *about = utf8proc_get_property(c);
    if (about->category == UTF8PROC_CATEGORY_MN) return 0;
    const bool is_upper = about->category == UTF8PROC_CATEGORY_LU;
    for (size_t i = 0; i < sizeof broad / sizeof *broad; i++) {
        if (utf8proc_tolower(c) == broad[i]) return is_upper ? 1.1 : 0.95;
    }
    const bool is_small = about->category == UTF8PROC_CATEGORY_LL;
    return is_small ? 0.7 : is_upper ? 0.85 : 1.05;
}

/* A character of a label: what separates lines or stands at an end is made visible. */
static int32_t next_of_label(const char **p, bool is_first)
{
    const int32_t c = next_shown(p);
    if (c == '\n') return RETURN_SIGN;
    if (c == '\t') return ' ';
    return c == ' ' && (is_first || !**p) ? OPEN_BOX : c;
}

static double width_of(const char *text, double size, double most)
{
    double width = 0;
    for (const char *p = text; *p && width <= most;)
        width += size * char_width(next_of_label(&p, p == text));
    return width;
}

double rung__label_width(const char *text, double size)
{
    return width_of(text, size, INFINITY);
}

double rung__add_label(rung_str *s, const char *text, double size, double most)
{
    const bool fits = width_of(text, size, most) <= most;
    const double dots = fits ? 0 : size * 1.0;
    double width = 0;
    for (const char *p = text; *p;) {
        const int32_t c = next_of_label(&p, p == text);
        const double more = size * char_width(c);
        if (width + more + dots > most && !fits) break;
        add_char(s, c);
        width += more;
    }
    if (!fits) add_char(s, ELLIPSIS);
    return width + dots;
}
