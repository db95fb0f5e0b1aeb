#include "support.h"

#include "base/str.h"

static void pieces_are_joined(void **state)
{
    (void)state;
    rung_str s = {0};
    rung_str_add(&s, "a");
    rung_str_addf(&s, " %d %s", 12, "b");
    rung_str_add_bytes(&s, "\0c", 2);
    rung_str_add(&s, "");
    rung_str_addf(&s, "%s", "");
    assert_false(s.failed);
    assert_int_equal(s.len, 8);
    assert_memory_equal(s.data, "a 12 b\0c", 9);
    rung_str_release(&s);
    assert_null(s.data);
    assert_int_equal(s.len, 0);
}

/* Every length up to several doublings, by every way to add. */
static void it_grows_as_needed(void **state)
{
    (void)state;
    rung_str s = {0};
    for (int i = 0; i < 3000; i++) {
        if (i % 3 == 0) rung_str_add(&s, "x");
        if (i % 3 == 1) rung_str_add_bytes(&s, "x", 1);
        if (i % 3 == 2) rung_str_addf(&s, "%c", 'x');
        assert_int_equal(s.len, i + 1);
        assert_int_equal(s.data[i + 1], 0);
        assert_true(s.cap > s.len);
    }
    char *text = rung__alloc(100001);
    memset(text, 'y', 100000);
    rung_str_addf(&s, "%s", text); // far more than it holds
    assert_int_equal(s.len, 103000);
    assert_int_equal(strspn(s.data, "x"), 3000);
    assert_int_equal(strspn(s.data + 3000, "y"), 100000);
    rung__free(text);
    rung_str_release(&s);
}

static void a_failure_is_kept_and_the_text_too(void **state)
{
    (void)state;
    rung_str s = {0};
    rung_str_add(&s, "kept");
    rung__alloc_fail_at(1);
    for (int i = 0; i < 100; i++) rung_str_add(&s, "0123456789");
    rung__alloc_fail_at(0);
    rung_str_addf(&s, "%d", 1);
    assert_true(s.failed);
    assert_int_equal(strncmp(s.data, "kept0123456789", 14), 0);
    assert_int_equal(s.data[s.len], 0);
    rung_str_release(&s);
    rung_str_add_bytes(&s, "x", SIZE_MAX / 2); // no such size
    assert_true(s.failed);
    assert_null(s.data);
}

static void the_nearest_name_is_found(void **state)
{
    (void)state;
    static const char *const rungs[] = {"unigram", "bigram", "lstm", "gpt", "bert"};
    static const struct {
        const char *word, *nearest;
    } cases[] = {
        {"gtp", "gpt"},          // swapped
        {"ltsm", "lstm"},        // swapped
        {"gp", "gpt"},           // one missing
        {"gptt", "gpt"},         // one too many
        {"bigrma", "bigram"},    // swapped at the end
        {"unigrams", "unigram"}, // one too many
        {"trigram", "unigram"},  // two of seven; as near as bigram, and before it
        {"gpt", "gpt"},          // itself
        {"lstm", "lstm"},        // itself
        {"transformer", NULL},   // far from all
        {"x", NULL},             // too short to be near
        {"", NULL},              // nothing
        {"bgmari", NULL},        // the same letters, elsewhere
        {"a-name-of-more-than-sixty-three-bytes-which-is-longer-than-all-others", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *nearest = rung_nearest_name(cases[i].word, rungs, 5);
        if (cases[i].nearest) {
            assert_non_null(nearest);
            assert_string_equal(nearest, cases[i].nearest);
        } else {
            assert_null(nearest);
        }
    }
    assert_null(rung_nearest_name("gpt", NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_joined),
        cmocka_unit_test(it_grows_as_needed),
        cmocka_unit_test(a_failure_is_kept_and_the_text_too),
        cmocka_unit_test(the_nearest_name_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
