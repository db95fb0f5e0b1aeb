/* UTF-8 and the properties of characters, over utf8proc. */
#ifndef RUNG_TEXT_UNICODE_H
#define RUNG_TEXT_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUNG_MAX_CODE_POINT 0x10FFFF

/* What a character is to those who look for words. */
typedef enum rung__char_class {
    RUNG__CHAR_OTHER = 'o', /* punctuation, symbols, controls, bytes that are not UTF-8 */
    RUNG__CHAR_WORD = 'w',  /* letters, marks, numbers: general categories L, M and N */
    RUNG__CHAR_SPACE = 's'  /* the property White_Space */
} rung__char_class;

/* A character at a place in a text. */
typedef struct rung__char {
    int32_t code; /* code point; -1 for a byte that is not part of valid UTF-8 */
    int size;     /* bytes; 1 for such a byte */
} rung__char;

/* The character at p < end that is not ASCII. */
rung__char rung__utf8_wide_at(const char *p, const char *end);

/* The character at p < end: shortest form only, no surrogates, none past 10FFFF. */
static inline rung__char rung__utf8_at(const char *p, const char *end)
{
    const unsigned char c = (unsigned char)*p;
    return c < 0x80 ? (rung__char){c, 1} : rung__utf8_wide_at(p, end);
}

/* The classes of the 128 ASCII characters. */
extern const char rung__ascii_classes[128 + 1];

/* The class of a character that is not ASCII, or of an invalid byte (-1). */
rung__char_class rung__wide_class_of(int32_t code);

static inline rung__char_class rung__char_class_of(int32_t code)
{
    return code >= 0 && code < 128 ? (rung__char_class)rung__ascii_classes[code]
                                   : rung__wide_class_of(code);
}

/* Punctuation of the kind that ends a clause: category Po. */
bool rung__char_is_mark(int32_t code);

/* Bytes of `text` that are not part of valid UTF-8. */
size_t rung__utf8_count_invalid(const char *text, size_t size);

/* `size` without the bytes of a last character that is cut off. */
size_t rung__utf8_whole(const char *text, size_t size);

/* The largest cut <= at that does not divide a valid character. */
size_t rung__utf8_boundary(const char *text, size_t size, size_t at);

#endif
