/* Folds a text to its words. */
#include "text/words.h"

#include <string.h>
#include <utf8proc.h>

#include "base/alloc.h"
#include "text/unicode.h"

/* Lower case for ASCII letters and digits, 0 for what separates words. */
static const char ascii_folds[128 + 1] = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                         "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                         "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                         "0123456789\0\0\0\0\0\0"
                                         "\0abcdefghijklmnopqrstuvwxyz\0\0\0\0\0"
                                         "\0abcdefghijklmnopqrstuvwxyz\0\0\0\0\0";

/* The scripts whose words are not separated: kana, and Han with its extensions. */
static bool stands_alone(int32_t code)
{
    return (code >= 0x3041 && code <= 0x30FF) || (code >= 0x3400 && code <= 0x4DBF) ||
           (code >= 0x4E00 && code <= 0x9FFF) || (code >= 0xF900 && code <= 0xFAFF) ||
           (code >= 0x20000 && code <= 0x3FFFF);
}

/* A character that is not ASCII, folded and decomposed; returns the new end of out. */
static char *fold_wide(int32_t code, char *out)
{
    enum { MOST = 8 }; // code points of one decomposition; four is what occurs
    utf8proc_int32_t codes[MOST];
    int boundary = 0;
    const utf8proc_ssize_t n = utf8proc_decompose_char(
        code, codes, MOST, UTF8PROC_CASEFOLD | UTF8PROC_DECOMPOSE, &boundary);
    for (utf8proc_ssize_t i = 0; i < n && i < MOST; i++)
        out += utf8proc_encode_char(codes[i], (utf8proc_uint8_t *)out);
    return out;
}

size_t rung__words_fold(rung_span text, char *out)
{
    const char *p = text.bytes, *end = p + text.size;
    char *o = out, last = 0; // the byte before o; what would be a second NUL is not kept
    while (p < end) {
        const unsigned char c = (unsigned char)*p;
        if (c < 0x80) {
            *o = ascii_folds[c];
            o += (*o | last) != 0;
            last = ascii_folds[c];
            p++;
            continue;
        }
        const rung__char wide = rung__utf8_wide_at(p, end);
        p += wide.size;
        const bool is_word = rung__wide_class_of(wide.code) == RUNG__CHAR_WORD;
        const bool is_alone = is_word && stands_alone(wide.code);
        if (last && (!is_word || is_alone)) *o++ = 0;
        if (is_word) o = fold_wide(wide.code, o);
        if (is_alone) *o++ = 0;
        last = is_word && !is_alone;
    }
    if (last) *o++ = 0;
    memset(o, 0, sizeof(uint64_t));
    return (size_t)(o - out);
}

rung_status rung__words_add(rung_str *out, rung_span text, rung_error *err)
{
    char *words = rung__alloc(RUNG__WORDS_ROOM(text.size));
    if (!words) return rung__out_of_memory(err, text.size, "words of a text");
    const size_t n = rung__words_fold(text, words);
    for (size_t i = 0; i < n; i++) words[i] = words[i] ? words[i] : ' ';
    rung_str_add_bytes(out, words, n);
    rung__free(words);
    return out->failed ? rung__out_of_memory(err, n, "words of a text") : RUNG_OK;
}
