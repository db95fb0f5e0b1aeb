/* Where text is cut into words, marks and white space. */
#include "support.h"

#include "base/rng.h"
#include "base/str.h"
#include "text/pieces.h"

static rung_span span_of(const char *text)
{
    return (rung_span){text, strlen(text)};
}

static rung__pieces walk_over(rung_span text, rung__cut cut)
{
    return (rung__pieces){.at = text.bytes, .end = text.bytes + text.size, .cut = cut};
}

/* The pieces of `text`, with '|' between them. */
static void assert_pieces(rung__cut cut, const char *text, const char *wanted)
{
    rung_str joined = {0};
    rung__pieces walk = walk_over(span_of(text), cut);
    for (rung_span piece; rung__pieces_next(&walk, &piece);) {
        if (joined.len > 0) rung_str_add(&joined, "|");
        rung_str_add_bytes(&joined, piece.bytes, piece.size);
    }
    assert_string_equal(joined.data ? joined.data : "", wanted);
    rung_str_release(&joined);
}

static void running_text_is_cut_between_words_and_marks(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"one", "one"},
        {"One two, three.", "One| two|,| three|."},
        {"\"No,\" he said -- twice (2nd).",
         "\"|No|,|\"| he| said| -|-| twice| (|2nd|)|."},
        {"the king's dogs' 'tis o'clock 90's",
         "the| king|'s| dogs|'| '|tis| o|'clock| 90|'s"},
        {"don’t", "don|’t"},
        {"rock 'n' roll", "rock| '|n|'| roll"},
        {"Всё ещё идёт дождь; йод.", "Всё| ещё| идёт| дождь|;| йод|."},
        {"cafe\u0301 nai\u0308ve", "cafe\u0301| nai\u0308ve"},
        {"a  b", "a| | b"},
        {"a   b", "a|  | b"},
        {"a\tb", "a|\t|b"},
        {"a \tb", "a| \t|b"},
        {"a\t b", "a|\t| b"},
        {"a ", "a| "},
        {"a  ", "a|  "},
        {"  a", " | a"},
        {" ", " "},
        {"a\nb", "a|\n|b"},
        {"a\r\nb", "a|\r\n|b"},
        {"a \n\n  b", "a| \n\n| | b"},
        {"if x:\n    return\n", "if| x|:|\n|   | return|\n"},
        {"a\u00A0b", "a|\u00A0|b"},
        {"a.\u2003 b", "a|.|\u2003| b"},
        {"x\xFFy \xFF", "x|\xFF|y| \xFF"},
        {"😀😀 😀", "😀|😀| 😀"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_pieces(RUNG__CUT_TEXT, cases[i][0], cases[i][1]);
}

static void tokenised_text_is_cut_at_white_space(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {" no it was n't \n the <unk> co. 's N-year \n",
         " no| it| was| n't| \n| the| <unk>| co.| 's| N-year| \n"},
        {"a b\nc\n", "a| b|\n|c|\n"},
        {" = Title = \n \n The end . \n", " =| Title| =| \n \n| The| end| .| \n"},
        {"a  b\t c", "a| | b|\t| c"},
        {"х,ё \xFF\xFE", "х,ё| \xFF\xFE"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_pieces(RUNG__CUT_BLANKS, cases[i][0], cases[i][1]);
}

static void the_cut_is_told_from_the_text(void **state)
{
    (void)state;
    static const char *const running[] = {
        "",
        "   \n",
        "The cat sat. The dog ran. They met, and that was all; was it not?",
        "Мороз и солнце; день чудесный! Ещё ты дремлешь, друг прелестный —",
        "他说,好。\n她说:不!\n",
    };
    static const char *const tokenised[] = {
        " mr. <unk> is chairman of <unk> n.v. the dutch publishing group \n"
        " rudolph <unk> N years old and former chairman of consolidated gold fields plc"
        " was named a nonexecutive director of this british industrial conglomerate \n"
        " a form of asbestos once used to make kent cigarette filters has caused a high"
        " percentage of cancer deaths among a group of workers exposed to it more than N"
        " years ago researchers reported \n",
        " = Robert Boulter = \n \n He was n't there , she said ; \" no \" . \n",
        "anarchism originated as a term of abuse first used against early working class",
    };
    for (size_t i = 0; i < sizeof running / sizeof running[0]; i++) {
        if (rung__cut_guess(span_of(running[i])) != RUNG__CUT_TEXT)
            fail_msg("taken for tokenised: %s", running[i]);
    }
    for (size_t i = 0; i < sizeof tokenised / sizeof tokenised[0]; i++) {
        if (rung__cut_guess(span_of(tokenised[i])) != RUNG__CUT_BLANKS)
            fail_msg("taken for running text: %s", tokenised[i]);
    }
}

/* Pieces are never empty, follow each other without a gap, and end where the text
 * ends. */
static void pieces_of_any_bytes_join_to_the_text(void **state)
{
    (void)state;
    static const char *const parts[] = {" ", " ",      "\n",   "\t",       "a", "Zz",
                                        "7", "'",      "’",    ".",        "ё", "й",
                                        "😀", "\u00A0", "\x80", "\xF0\x9F", "\r"};
    rung_rng rng = rung_rng_make(1);
    for (int round = 0; round < 4000; round++) {
        char text[64];
        size_t size = 0;
        while (size < sizeof text - 4) {
            const char *part =
                parts[rung_rng_below(&rng, sizeof parts / sizeof parts[0])];
            memcpy(text + size, part, strlen(part));
            size += strlen(part);
            if (rung_rng_below(&rng, 20) == 0) break;
        }
        for (int cut = RUNG__CUT_TEXT; cut <= RUNG__CUT_BLANKS; cut++) {
            rung__pieces walk = walk_over((rung_span){text, size}, (rung__cut)cut);
            const char *at = text;
            for (rung_span piece; rung__pieces_next(&walk, &piece);) {
                assert_ptr_equal(piece.bytes, at);
                assert_true(piece.size > 0);
                at += piece.size;
            }
            assert_ptr_equal(at, text + size);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(running_text_is_cut_between_words_and_marks),
        cmocka_unit_test(tokenised_text_is_cut_at_white_space),
        cmocka_unit_test(the_cut_is_told_from_the_text),
        cmocka_unit_test(pieces_of_any_bytes_join_to_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
