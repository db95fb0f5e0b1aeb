/* N-grams: which there are, what they are called, and that a name leads back to its
 * key. */
#include "support.h"

#include "text/ngrams.h"

static rung_error err;

/* The names of a text's n-grams, each with '|' behind it. */
static const char *names_of(const char *text, rung_ngrams which)
{
    static rung_str all;
    rung_ngrams_scratch s = {0};
    all.len = 0;
    rung_str_add(&all, "");
    assert_true(rung__ngrams_of(&s, &which, (rung_span){text, strlen(text)}, true));
    for (size_t i = 0; i < s.n; i++) {
        assert_true(s.keys[i] == s.list[i].key);
        rung__ngram_name(&all, &s, &s.list[i]);
        rung_str_add(&all, "|");
    }
    rung__ngrams_release(&s);
    static char kept[1000];
    snprintf(kept, sizeof kept, "%s", all.data);
    rung_str_release(&all);
    return kept;
}

static void words_and_their_runs_have_names(void **state)
{
    (void)state;
    assert_string_equal(names_of("New York, NEW!", (rung_ngrams){1, 0, 0}),
                        "new|york|new|");
    assert_string_equal(names_of("New York, NEW!", (rung_ngrams){2, 0, 0}),
                        "new|new york|york|york new|new|");
    assert_string_equal(names_of("a b c", (rung_ngrams){3, 0, 0}),
                        "a|a b|b|a b c|b c|c|");
    assert_string_equal(names_of("", (rung_ngrams){3, 1, 3}), "");
    assert_string_equal(names_of("?!", (rung_ngrams){0, 1, 3}), "");
}

static void characters_stay_within_words(void **state)
{
    (void)state;
    assert_string_equal(names_of("New, a", (rung_ngrams){0, 3, 3}),
                        "~_ne|~new|~ew_|~_a_|");
    assert_string_equal(names_of("ab", (rung_ngrams){0, 2, 4}),
                        "~_a|~_ab|~_ab_|~ab|~ab_|~b_|");
    assert_string_equal(names_of("ab a", (rung_ngrams){0, 5, 6}), "~_ab_|~_a_|");
    assert_string_equal(names_of("Ёж", (rung_ngrams){1, 3, 3}),
                        "е\u0308ж|~_е\u0308|~е\u0308ж|~\u0308ж_|");
}

/* Keys do not depend on whether places were asked for, and names give them back. */
static void a_name_leads_to_its_key(void **state)
{
    (void)state;
    const char *text = "It was the BEST of times, ёлка и 我爱 x2; it was the worst 한국";
    const rung_span span = {text, strlen(text)};
    const rung_ngrams which = {3, 2, 5};
    rung_ngrams_scratch s = {0}, t = {0};
    rung_str name = {0};
    assert_true(rung__ngrams_of(&s, &which, span, true));
    assert_true(rung__ngrams_of(&t, &which, span, false));
    assert_true(s.n > 150);
    uint64_t sum = 0;
    for (size_t i = 0; i < s.n; i++) sum += s.keys[i] - t.keys[i];
    assert_true(s.n == t.n && sum == 0);
    for (size_t i = 0; i < s.n; i++) {
        uint64_t key;
        name.len = 0;
        rung__ngram_name(&name, &s, &s.list[i]);
        assert_ok(
            rung__ngram_key(&key, &t, &which, (rung_span){name.data, name.len}, &err));
        assert_true(key == s.list[i].key);
    }
    rung_str_release(&name);
    rung__ngrams_release(&s), rung__ngrams_release(&t);
}

static void refuse(const char *name, const char *message)
{
    uint64_t key;
    rung_ngrams_scratch s = {0};
    const rung_ngrams which = {2, 3, 4};
    assert_fails_saying(
        rung__ngram_key(&key, &s, &which, (rung_span){name, strlen(name)}, &err),
        RUNG_INPUT, message);
    rung__ngrams_release(&s);
}

static void other_names_are_refused(void **state)
{
    (void)state;
    refuse("", "'' is no feature: it is empty");
    refuse("New", "'New' is no feature: it must be at most --ngrams words in lower case");
    refuse("a b c", "at most --ngrams words");
    refuse("a  b", "single blanks");
    refuse(" a", "single blanks");
    refuse("don't", "of letters and numbers");
    refuse("~", "behind ~ stand as many characters");
    refuse("~ne", "as many characters");
    refuse("~_New", "in lower case");
    refuse("~ew_new", "at the ends");
    refuse("\xFF", "of letters");
}

static void ranges_of_characters_are_checked(void **state)
{
    (void)state;
    rung_ngrams which = {2, 0, 0};
    assert_ok(rung__ngrams_parse_chars(&which, "3-5", &err));
    assert_true(which.words == 2 && which.chars_from == 3 && which.chars_to == 5);
    assert_ok(rung__ngrams_parse_chars(&which, NULL, &err));
    assert_true(which.chars_from == 0 && which.chars_to == 0);
    static const char *const bad[] = {"",     "3",    "0-3",  "5-3",
                                      "3-17", "3-5x", "-3-5", "a-b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fails_saying(rung__ngrams_parse_chars(&which, bad[i], &err), RUNG_USAGE,
                            "must be two lengths from 1 to 16, such as 3-5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_their_runs_have_names),
        cmocka_unit_test(characters_stay_within_words),
        cmocka_unit_test(a_name_leads_to_its_key),
        cmocka_unit_test(other_names_are_refused),
        cmocka_unit_test(ranges_of_characters_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
