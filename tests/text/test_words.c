/* Words: what separates them, and what is the same word. */
#include "support.h"

#include <utf8proc.h>

#include "text/unicode.h"
#include "text/words.h"

/* The words of a text with '|' behind each. */
static const char *words_of(const char *text, size_t size)
{
    static char out[1000];
    assert_true(RUNG__WORDS_ROOM(size) <= sizeof out);
    const size_t n = rung__words_fold((rung_span){text, size}, out);
    for (size_t i = 0; i < 8; i++) assert_int_equal(out[n + i], 0);
    for (size_t i = 0; i < n; i++) {
        if (!out[i]) out[i] = '|';
    }
    return out;
}

#define assert_words(text, wanted)                                                       \
    assert_string_equal(words_of(text, sizeof(text) - 1), wanted)

static void words_are_runs_of_letters_marks_and_numbers(void **state)
{
    (void)state;
    assert_words("", "");
    assert_words(" .,- \n", "");
    assert_words("one", "one|");
    assert_words("  one,two--three\n", "one|two|three|");
    assert_words("a1 2b 3.14 x_y", "a1|2b|3|14|x|y|");
    assert_words("don't I\u2019ll 'quoted'", "don|t|i|ll|quoted|");
    assert_words("naïve café №5 x²", "nai\u0308ve|cafe\u0301|5|x²|");
    assert_words("a\0b", "a|b|");
}

static void case_is_folded_and_characters_decomposed(void **state)
{
    (void)state;
    assert_words("HELLO Hello", "hello|hello|");
    assert_words("ПРИВЕТ Привет", "привет|привет|");
    assert_words("Ёж ёж", "е\u0308ж|е\u0308ж|");
    assert_words("STRASSE straße", "strasse|strasse|");
    assert_words("ΣΊΣΥΦΟΣ σίσυφος", "σι\u0301συφοσ|σι\u0301συφοσ|");
    assert_words("\u00C9t\u00E9 E\u0301te\u0301", "e\u0301te\u0301|e\u0301te\u0301|");
    assert_words("İ", "i\u0307|");
}

static void scripts_without_blanks_give_a_word_a_character(void **state)
{
    (void)state;
    assert_words("我爱abc你2カナ", "我|爱|abc|你|2|カ|ナ|");
    assert_words("ab\U00020000c", "ab|\U00020000|c|");
    assert_words("한국어", "\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165|");
}

static void bytes_that_are_no_text_separate(void **state)
{
    (void)state;
    assert_words("a\xFF"
                 "b\xC3",
                 "a|b|");
    assert_words("\xE2\x82", "");
    assert_words("x\xF0\x9F\x98\x80y", "x|y|"); // an emoji is no letter
}

/* Every character, alone: the room suffices, and nothing is cut. */
static void no_character_outgrows_its_room(void **state)
{
    (void)state;
    char text[4], out[RUNG__WORDS_ROOM(sizeof text) + 64];
    for (int32_t code = 1; code <= RUNG_MAX_CODE_POINT; code++) {
        if (!utf8proc_codepoint_valid(code)) continue;
        const size_t size = (size_t)utf8proc_encode_char(code, (utf8proc_uint8_t *)text);
        const size_t n = rung__words_fold((rung_span){text, size}, out);
        const bool is_word = rung__char_class_of(code) == RUNG__CHAR_WORD;
        if (n > 3 * size + 1 || (n > 0) != is_word)
            fail_msg("U+%04X: %zu bytes became %zu", (unsigned)code, size, n);
        assert_int_equal(rung__utf8_count_invalid(out, n), 0);
        for (size_t i = 0; i < n; i++) assert_true((out[i] == 0) == (i == n - 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_runs_of_letters_marks_and_numbers),
        cmocka_unit_test(case_is_folded_and_characters_decomposed),
        cmocka_unit_test(scripts_without_blanks_give_a_word_a_character),
        cmocka_unit_test(bytes_that_are_no_text_separate),
        cmocka_unit_test(no_character_outgrows_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
