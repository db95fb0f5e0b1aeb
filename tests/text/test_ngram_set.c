/* Vocabularies: which n-grams are kept, in which order, at any number of threads. */
#include "support.h"

#include "pool.h"
#include "base/rng.h"
#include "text/ngram_set.h"

static rung_error err;
static const rung_ngrams words = {1, 0, 0}, pairs = {2, 2, 3};

static rung_span span(const char *text)
{
    return (rung_span){text, strlen(text)};
}

static void assert_names(const rung_ngram_set *set, const char *wanted)
{
    assert_int_equal(set->size, strlen(wanted));
    assert_memory_equal(set->bytes, wanted, set->size);
    rung_ngrams_scratch s = {0};
    for (int64_t j = 0; j < set->n; j++) {
        uint64_t key;
        assert_ok(rung__ngram_key(&key, &s, &pairs, rung__ngram_set_name(set, j), &err));
        assert_int_equal(rung__ngram_set_find(set, key), j);
    }
    rung__ngrams_release(&s);
    assert_int_equal(rung__ngram_set_find(set, 12345), -1);
}

static void ngrams_of_enough_texts_are_kept(void **state)
{
    (void)state;
    const rung_span texts[] = {span("b a a"), span("b, ab"), span("B c a"), span("")};
    static const struct {
        double least, most;
        const char *names;
    } cases[] = {{0, INFINITY, "a\nab\nb\nc\n"},
                 {2, INFINITY, "a\nb\n"},
                 {2, 2, "a\n"},
                 {1, 2, "a\nab\nc\n"},
                 {4, INFINITY, ""}};
    rung_ngram_set set;
    for (int i = 0; i < 5; i++) {
        assert_ok(rung__ngram_set_collect(&set, &words, cases[i].least, cases[i].most,
                                          texts, 4, pool, &err));
        assert_names(&set, cases[i].names);
        rung__ngram_set_release(&set);
    }
    assert_ok(rung__ngram_set_collect(&set, &pairs, 2, INFINITY, texts, 4, pool, &err));
    assert_names(&set, "a\nb\n~_a\n~_a_\n~_b\n~_b_\n~a_\n~b_\n");
    rung__ngram_set_release(&set);
    assert_ok(rung__ngram_set_collect(&set, &words, 1, INFINITY, texts, 0, pool, &err));
    assert_names(&set, "");
    rung__ngram_set_release(&set);
}

enum { TEXTS = 9001 }; // three chunks, the last of them with a task of its own

static void threads_and_chunks_do_not_show(void **state)
{
    (void)state;
    static char storage[TEXTS * 160];
    static rung_span texts[TEXTS];
    rung_rng rng = rung_rng_make(3);
    char *p = storage;
    for (int i = 0; i < TEXTS; i++) {
        char *begin = p;
        for (uint64_t k = rung_rng_below(&rng, 20); k > 0; k--)
            p += sprintf(p, "w%d ", (int)rung_rng_below(&rng, 3000));
        texts[i] = (rung_span){begin, (size_t)(p - begin)};
    }
    rung_ngram_set one, other;
    assert_ok(
        rung__ngram_set_collect(&one, &pairs, 3, INFINITY, texts, TEXTS, pool, &err));
    assert_true(one.n > 3000);
    for (int threads = 1; threads <= 3; threads += 2) {
        rung_pool *few;
        assert_ok(rung_pool_new(&few, threads, &err));
        assert_ok(rung__ngram_set_collect(&other, &pairs, 3, INFINITY, texts, TEXTS, few,
                                          &err));
        assert_int_equal(other.size, one.size);
        assert_memory_equal(other.bytes, one.bytes, one.size);
        rung__ngram_set_release(&other);
        rung_pool_free(few);
    }
    assert_ok(
        rung__ngram_set_parse(&other, &pairs, (rung_span){one.bytes, one.size}, &err));
    assert_int_equal(other.n, one.n);
    assert_memory_equal(other.bytes, one.bytes, one.size);
    rung__ngram_set_release(&other), rung__ngram_set_release(&one);
}

static void names_keep_their_order(void **state)
{
    (void)state;
    rung_ngram_set set;
    assert_ok(rung__ngram_set_parse(&set, &pairs, span("new york\n~ew_\na"), &err));
    assert_names(&set, "new york\n~ew_\na\n");
    rung__ngram_set_release(&set);
    assert_ok(rung__ngram_set_parse(&set, &pairs, span(""), &err));
    assert_names(&set, "");
    rung__ngram_set_release(&set);
}

static void bad_names_are_told_with_their_line(void **state)
{
    (void)state;
    rung_ngram_set set;
    assert_fails(rung__ngram_set_parse(&set, &pairs, span("a\nb\na\n"), &err), RUNG_INPUT,
                 "line 3: 'a' is there already");
    assert_fails(rung__ngram_set_parse(&set, &pairs, span("a\n\nb"), &err), RUNG_INPUT,
                 "line 2: '' is no feature: it is empty");
    assert_fails_saying(rung__ngram_set_parse(&set, &words, span("a b"), &err),
                        RUNG_INPUT,
                        "line 1: 'a b' is no feature: it must be at most --ngrams words");
    assert_null(set.bytes);
}

static rung_status collect_and_parse(void *ctx, rung_error *error)
{
    const rung_span *texts = ctx;
    rung_ngram_set set, again;
    RUNG_TRY(rung__ngram_set_collect(&set, &pairs, 1, INFINITY, texts, 3, pool, error));
    const rung_status status =
        rung__ngram_set_parse(&again, &pairs, (rung_span){set.bytes, set.size}, error);
    if (status == RUNG_OK) rung__ngram_set_release(&again);
    rung__ngram_set_release(&set);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    (void)state;
    rung_span texts[] = {span("one two three"), span("two three four"), span("five")};
    assert_true(assert_survives_failed_allocations(collect_and_parse, texts) > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ngrams_of_enough_texts_are_kept),
        cmocka_unit_test(threads_and_chunks_do_not_show),
        cmocka_unit_test(names_keep_their_order),
        cmocka_unit_test(bad_names_are_told_with_their_line),
        cmocka_unit_test(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, open_pool, close_pool);
}
