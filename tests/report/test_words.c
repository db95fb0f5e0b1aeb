/* Texts on their way into markup. */
#include "support.h"

#include "report/words.h"

static char *words(const char *text)
{
    rung_str s = {0};
    rung__add_words(&s, text);
    assert_false(s.failed);
    return s.data;
}

static char *label(const char *text, double most, double *width)
{
    rung_str s = {0};
    *width = rung__add_label(&s, text, 10, most);
    assert_false(s.failed);
    return s.data;
}

#define assert_words(text, wanted)                                                       \
    do {                                                                                 \
        char *got_ = words(text);                                                        \
        assert_string_equal(got_, wanted);                                               \
        rung__free(got_);                                                                \
    } while (0)

static void markup_is_escaped(void **state)
{
    (void)state;
    assert_words("<b> & \"x\" 'y' >", "&lt;b&gt; &amp; &quot;x&quot; &#39;y&#39; &gt;");
    assert_words("плюс ёж 中 🙂", "плюс ёж 中 🙂");
    assert_words("a\n\tb", "a\n\tb");
}

static void what_no_document_may_hold_is_replaced(void **state)
{
    (void)state;
    assert_words("\x01|\x1F|\x7F", "\u2401|\u241F|\u2421");
    assert_words("\xFF|\xC3|\xE2\x82|x", "\uFFFD|\uFFFD|\uFFFD\uFFFD|x");
    assert_words("\xC0\xBC|\xED\xA0\x80",
                 "\uFFFD\uFFFD|\uFFFD\uFFFD\uFFFD"); // overlong <
    assert_words("\xC2\x85|\xEF\xBF\xBF|\xEF\xB7\x90|\xF0\x9F\xBF\xBE",
                 "\uFFFD|\uFFFD|\uFFFD|\uFFFD");
    assert_words("\u202Ea\u2066b", "\uFFFDa\uFFFDb"); // would turn what follows
}

static void labels_stand_on_one_line_within_their_width(void **state)
{
    (void)state;
    double width;
    char *s = label(" a\nb\tc ", 1000, &width);
    assert_string_equal(s, "\u2423a\u21B5b c\u2423");
    assert_near(width, rung__label_width(" a\nb\tc ", 10), 1e-9);
    rung__free(s);
    s = label("abcdefghij", 40, &width);
    assert_string_equal(s, "abcd\u2026");
    assert_true(width <= 40);
    rung__free(s);
    s = label("<<<<<<<<<<", 30, &width); // cut between characters, not escapes
    assert_string_equal(s, "&lt;&lt;\u2026");
    rung__free(s);
    s = label("anything", 0, &width);
    assert_string_equal(s, "\u2026");
    rung__free(s);
}

static void widths_are_those_of_broad_letters(void **state)
{
    (void)state;
    assert_near(rung__label_width("", 10), 0, 0);
    assert_true(rung__label_width("iiii", 10) < rung__label_width("mmmm", 10) / 2);
    assert_near(rung__label_width("M", 20), 2 * rung__label_width("M", 10), 1e-9);
    assert_true(rung__label_width("щ", 10) > rung__label_width("е", 10));
    assert_near(rung__label_width("中", 10), 10.5, 1e-9);
    assert_near(rung__label_width("e\u0301", 10), rung__label_width("e", 10), 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_is_escaped),
        cmocka_unit_test(what_no_document_may_hold_is_replaced),
        cmocka_unit_test(labels_stand_on_one_line_within_their_width),
        cmocka_unit_test(widths_are_those_of_broad_letters),
    };
    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
