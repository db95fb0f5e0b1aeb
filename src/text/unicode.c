/* UTF-8 and the properties of characters, over utf8proc. */
#include "text/unicode.h"

#include <string.h>
#include <utf8proc.h>

#define MAX_CHAR_BYTES 4

rung__char rung__utf8_wide_at(const char *p, const char *end)
{
    const size_t left = (size_t)(end - p);
    utf8proc_int32_t code;
    const utf8proc_ssize_t size =
        utf8proc_iterate((const utf8proc_uint8_t *)p,
                         left < MAX_CHAR_BYTES ? left : MAX_CHAR_BYTES, &code);
    return size > 0 ? (rung__char){code, (int)size} : (rung__char){-1, 1};
}

const char rung__ascii_classes[128 + 1] = "ooooooooosssssoooooooooooooooooo"  // controls
                                          "sooooooooooooooowwwwwwwwwwoooooo"  //  !"#$%&'
                                          "owwwwwwwwwwwwwwwwwwwwwwwwwwooooo"  // @ABC
                                          "owwwwwwwwwwwwwwwwwwwwwwwwwwooooo"; // `abc

rung__char_class rung__wide_class_of(int32_t code)
{
    if (code < 0) return RUNG__CHAR_OTHER;
    if (code == 0x85) return RUNG__CHAR_SPACE; // NEXT LINE, a control by category
    switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return RUNG__CHAR_WORD;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return RUNG__CHAR_SPACE;
    default:
        return RUNG__CHAR_OTHER;
    }
}

bool rung__char_is_mark(int32_t code)
{
    return code >= 0 && utf8proc_category(code) == UTF8PROC_CATEGORY_PO;
}

size_t rung__utf8_count_invalid(const char *text, size_t size)
{
    const char *p = text, *end = text + size;
    size_t n_invalid = 0;
    while (p < end) {
        uint64_t eight;
        if (end - p >= (ptrdiff_t)sizeof eight) { // eight ASCII bytes at once
            memcpy(&eight, p, sizeof eight);
            if ((eight & 0x8080808080808080u) == 0) {
                p += sizeof eight;
                continue;
            }
        }
        const rung__char c = rung__utf8_at(p, end);
        n_invalid += c.code < 0;
        p += c.size;
    }
    return n_invalid;
}

size_t rung__utf8_whole(const char *text, size_t size)
{
    for (size_t back = 1; back < MAX_CHAR_BYTES && back <= size; back++) {
        const unsigned char c = (unsigned char)text[size - back];
        if ((c & 0xC0) == 0x80) continue; // not the first byte of a character
        const size_t wanted = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
        return wanted > back ? size - back : size;
    }
    return size;
}

size_t rung__utf8_boundary(const char *text, size_t size, size_t at)
{
    if (at >= size) return size;
    for (size_t back = 1; back < MAX_CHAR_BYTES && back <= at; back++) {
        const rung__char c = rung__utf8_at(text + at - back, text + size);
        if ((size_t)c.size > back) return at - back; // a character reaches across the cut
    }
    return at;
}
