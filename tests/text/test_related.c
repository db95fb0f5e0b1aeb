/* Texts that must not be parted. */
#include "support.h"

#include "base/rng.h"

#include "rung/labelled.h"

static rung_error err;

static void assert_groups(const char *const *texts, const size_t *expected, size_t n)
{
    rung_span spans[40];
    size_t group[40];
    for (size_t i = 0; i < n; i++) spans[i] = (rung_span){texts[i], strlen(texts[i])};
    assert_ok(rung_group_related(group, spans, n, &err));
    for (size_t i = 0; i < n; i++) {
        if (group[i] != expected[i])
            fail_msg("'%s' is of group %zu, must be %zu", texts[i], group[i],
                     expected[i]);
    }
}

static void equal_texts_and_texts_within_others(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "it is a good film",                // 0
        "good film",                        // 1: three words and less are chance
        "she said it is a good film , too", // 2: around 0
        "good film",                        // 3: equal
        "it is a good filmed play",         // 4: not at the end of a word
        "  she said it is  ",               // 5: begins 2
        "",                                 // 6
        "a good film , too\n",              // 7: ends 2
        " ",                                // 8: no words, as 6
        "on it is a good film",             // 9: around 0
        "it is a good  film",               // 10: other white space is another text
    };
    static const size_t expected[] = {0, 1, 0, 1, 4, 0, 6, 0, 6, 0, 10};
    assert_groups(texts, expected, sizeof texts / sizeof *texts);
}

static void chains_of_beginnings(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "a b c d e f", "x a b c d e g", "a b c d e",     "a b c d",
        "a b c",       "a b c d e",     "a b c d e f h", "z a b c d",
    };
    static const size_t expected[] = {0, 0, 0, 0, 4, 0, 0, 0};
    assert_groups(texts, expected, sizeof texts / sizeof *texts);
}

/* ---- Against the definition, on texts of few words ---- */

enum { N_TEXTS = 300 };

static size_t find(const size_t *group, size_t i)
{
    while (group[i] != i) i = group[i];
    return i;
}

static bool stands_within(const char *a, const char *b)
{
    size_t words = 1, size = strlen(a);
    for (const char *c = a; *c; c++) words += *c == ' ';
    if (strcmp(a, b) == 0) return true;
    if (words < 4) return false;
    for (const char *at = strstr(b, a); at; at = strstr(at + 1, a)) {
        if ((at == b || at[-1] == ' ') && (at[size] == ' ' || !at[size])) return true;
    }
    return false;
}

static void the_definition_holds(void **state)
{
    (void)state;
    static char texts[N_TEXTS][64];
    rung_span spans[N_TEXTS];
    size_t group[N_TEXTS], naive[N_TEXTS];
    for (size_t i = 0; i < N_TEXTS; i++) {
        const size_t words = 1 + rung_rng_key(7, "words", i) % 12;
        for (size_t w = 0; w < words; w++) {
            const uint64_t r = rung_rng_key(i, "word", w);
            const char word[] = {w ? ' ' : 0, (char)('a' + r % 4), 0};
            strcat(texts[i], w ? word : word + 1);
            if (r / 4 % 8 == 0) strcat(texts[i], "a");
        }
        spans[i] = (rung_span){texts[i], strlen(texts[i])};
        naive[i] = i;
    }
    for (size_t i = 0; i < N_TEXTS; i++) {
        for (size_t j = 0; j < N_TEXTS; j++) {
            if (!stands_within(texts[i], texts[j])) continue;
            size_t a = find(naive, i), b = find(naive, j);
            naive[a > b ? a : b] = a < b ? a : b;
        }
    }
    assert_ok(rung_group_related(group, spans, N_TEXTS, &err));
    size_t joined = 0;
    for (size_t i = 0; i < N_TEXTS; i++) {
        assert_int_equal(group[i], find(naive, i));
        joined += group[i] != i;
    }
    assert_in_range(joined, 50, 250);
}

static void no_memory(void **state)
{
    (void)state;
    const rung_span text = {"a", 1};
    size_t group;
    for (int i = 1; i <= 2; i++) {
        rung__alloc_fail_at(i);
        assert_int_equal(rung_group_related(&group, &text, 1, &err), RUNG_MEMORY);
    }
    rung__alloc_fail_at(0);
    assert_ok(rung_group_related(&group, &text, 0, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_texts_and_texts_within_others),
        cmocka_unit_test(chains_of_beginnings),
        cmocka_unit_test(the_definition_holds),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
