/* UTF-8: what is a character, what is not, and of which class it is. */
#include "support.h"

#include "text/unicode.h"

static rung__char first(const char *text, size_t size)
{
    return rung__utf8_at(text, text + size);
}

static void assert_char(const char *text, int32_t code)
{
    const rung__char c = first(text, strlen(text));
    assert_int_equal(c.code, code);
    assert_int_equal(c.size, strlen(text));
}

static void characters_of_each_length_are_decoded(void **state)
{
    (void)state;
    assert_char("a", 'a');
    assert_char("\x7F", 0x7F);
    assert_char("\xC2\x80", 0x80);
    assert_char("ё", 0x451);
    assert_char("\u07FF", 0x7FF);
    assert_char("\u0800", 0x800);
    assert_char("€", 0x20AC);
    assert_char("\uFFFF", 0xFFFF);
    assert_char("😀", 0x1F600);
    assert_char("\U0010FFFF", RUNG_MAX_CODE_POINT);
}

static void bytes_that_are_no_character_are_taken_one_by_one(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "\x80",             // a continuation alone
        "\xC3",             // cut off
        "\xE2\x82",         // cut off
        "\xF0\x9F\x98",     // cut off
        "\xC0\xAF",         // '/' in two bytes
        "\xE0\x80\xAF",     // '/' in three
        "\xED\xA0\x80",     // a surrogate
        "\xF4\x90\x80\x80", // past 10FFFF
        "\xF8\x88\x80\x80", // a fifth length that there is not
        "\xFF",
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        const size_t size = strlen(broken[i]);
        const rung__char c = first(broken[i], size);
        if (c.code != -1 || c.size != 1) fail_msg("case %zu: code %d", i, c.code);
        assert_int_equal(rung__utf8_count_invalid(broken[i], size), size);
    }
}

/* Every sequence of up to 3 bytes, and a part of those of 4: what is taken for valid is
 * what encodes the code point in the shortest form. */
static void decoding_agrees_with_encoding(void **state)
{
    (void)state;
    size_t n_valid = 0;
    for (int32_t code = 0; code <= RUNG_MAX_CODE_POINT; code++) {
        char text[4];
        size_t size = 1;
        if (code < 0x80) {
            text[0] = (char)code;
        } else {
            size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
            static const int lead[5] = {0, 0, 0xC0, 0xE0, 0xF0};
            for (size_t i = 0; i < size; i++)
                text[size - 1 - i] = (char)(0x80 | (code >> 6 * i & 0x3F));
            text[0] = (char)(lead[size] | code >> 6 * (size - 1));
        }
        const rung__char c = first(text, size);
        const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
        if (c.code != (is_surrogate ? -1 : code)) fail_msg("%06x: %d", code, c.code);
        n_valid += c.code >= 0;
    }
    assert_int_equal(n_valid, 0x110000 - 0x800);
}

static void classes_follow_unicode_categories(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        char class;
    } cases[] = {
        {"aZ09", 'w'},
        {"ёйЁЙщ", 'w'},
        {"é\u0301ñß", 'w'}, // a combining accent is part of a word
        {"漢字かなカナ한글", 'w'},
        {"٣४Ⅷ½", 'w'},
        {" \t\n\v\f\r", 's'},
        {"\xC2\x85\u00A0\u2003\u2028\u2029\u3000", 's'},
        {".,;:!?'\"-_()[]{}", 'o'},
        {"«»—…’“”№€+<=>", 'o'},
        {"😀\x01\x1B\x7F", 'o'},
        {"\u200B\uFEFF", 'o'},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *p = cases[i].text, *end = p + strlen(p);
        for (rung__char c; p < end; p += c.size) {
            c = rung__utf8_at(p, end);
            const rung__char_class class = rung__char_class_of(c.code);
            if ((char)class != cases[i].class)
                fail_msg("U+%04X is '%c', not '%c'", c.code, class, cases[i].class);
        }
    }
    assert_int_equal(rung__char_class_of(-1), RUNG__CHAR_OTHER);
}

static void invalid_bytes_are_counted_at_any_place(void **state)
{
    (void)state;
    const char *text = "0123456789abcdef ё\xFF 01234567\xC3 89";
    assert_int_equal(rung__utf8_count_invalid(text, strlen(text)), 2);
    assert_int_equal(rung__utf8_count_invalid(text, 19), 0);
    assert_int_equal(rung__utf8_count_invalid(text, 18), 1); // ё is cut
    assert_int_equal(rung__utf8_count_invalid("", 0), 0);
}

static void cuts_keep_characters_whole(void **state)
{
    (void)state;
    const char *text = "aё€😀\x80\x80\x80\x80";
    static const size_t boundary[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 12, 13, 14};
    for (size_t at = 0; at < sizeof boundary / sizeof boundary[0]; at++)
        assert_int_equal(rung__utf8_boundary(text, 14, at), boundary[at]);
    static const size_t whole[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 12, 13, 14};
    for (size_t size = 0; size < sizeof whole / sizeof whole[0]; size++)
        assert_int_equal(rung__utf8_whole(text, size), whole[size]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_of_each_length_are_decoded),
        cmocka_unit_test(bytes_that_are_no_character_are_taken_one_by_one),
        cmocka_unit_test(decoding_agrees_with_encoding),
        cmocka_unit_test(classes_follow_unicode_categories),
        cmocka_unit_test(invalid_bytes_are_counted_at_any_place),
        cmocka_unit_test(cuts_keep_characters_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
