/* n-grams of characters: fastText's buckets, and rows for those that words use. */
#include "support.h"

#include "rung/words.h"
#include "text/subwords.h"

static rung_error err;

static rung_span span_of(const char *text)
{
    return (rung_span){text, strlen(text)};
}

/* tests/golden/subwords.tsv: word, n-gram and bucket a line, in fastText's order. */
static void buckets_and_their_order_are_those_of_fasttext(void **state)
{
    (void)state;
    rung__subwords s = {0};
    char *text, word[40], ngram[40], last[40] = "", whole[44] = "";
    size_t size;
    int bucket, n = 0, lines = 0;
    rung__subword_walk walk = {.word = {word, 0}};
    assert_ok(rung__subwords_init(&s, "1-6", 2000000, &err));
    assert_ok(rung_file_read("tests/golden/subwords.tsv", &text, &size, &err));
    for (const char *p = text; p < text + size; p += n, lines++) {
        assert_int_equal(
            sscanf(p, "%39[^\t]\t%39[^\t]\t%d\n%n", word, ngram, &bucket, &n), 3);
        if (strcmp(word, last) != 0) {
            if (*last) assert_int_equal(rung__subword_next(&s, &walk), -1);
            walk = (rung__subword_walk){.word = span_of(word)};
            snprintf(whole, sizeof whole, "<%s>", word);
            strcpy(last, word);
        }
        assert_int_equal(rung__subword_next(&s, &walk), bucket);
        assert_int_equal(walk.end - walk.begin, strlen(ngram));
        assert_memory_equal(whole + walk.begin, ngram, strlen(ngram));
    }
    assert_int_equal(rung__subword_next(&s, &walk), -1);
    assert_int_equal(rung__subword_next(&s, &walk), -1);
    assert_true(lines > 150);
    rung__free(text);
}

/* The n-grams of a word as one text: "<ca cat at>". */
static void check_ngrams(const char *range, const char *word, const char *wanted)
{
    char out[200] = "", whole[40];
    rung__subwords s = {0};
    rung__subword_walk walk = {.word = span_of(word)};
    assert_ok(rung__subwords_init(&s, range, 1000, &err));
    snprintf(whole, sizeof whole, "<%s>", word);
    while (rung__subword_next(&s, &walk) >= 0) {
        if (*out) strcat(out, " ");
        strncat(out, whole + walk.begin, walk.end - walk.begin);
    }
    assert_string_equal(out, wanted);
}

static void ngrams_have_the_lengths_asked_for_in_characters(void **state)
{
    (void)state;
    check_ngrams("3-3", "cat", "<ca cat at>");
    check_ngrams("3-6", "ёж", "<ёж <ёж> ёж>");
    check_ngrams("1-1", "йод", "й о д");
    check_ngrams("2-2", "", "<>");
    check_ngrams("6-6", "cat", "");
    check_ngrams("5-16", "cat", "<cat>");
}

static void ranges_that_are_none_are_refused(void **state)
{
    (void)state;
    rung__subwords s = {0};
    static const char *const ranges[] = {"3", "0-3", "4-3", "3-17", "3-6x", ""};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        assert_fails_saying(rung__subwords_init(&s, ranges[i], 10, &err), RUNG_USAGE,
                            "must be two lengths from 1 to 16");
    assert_ok(rung__subwords_init(&s, NULL, 10, &err));
    assert_int_equal(s.to, 0);
}

static rung_status read_words(rung_words *words, const char *text, rung_error *error)
{
    rung_runtime *rt = NULL;
    const rung_span span = span_of(text);
    const rung_words_config reading = {1, false, true};
    rung_status status = rung_runtime_new(&rt, NULL, error);
    if (status == RUNG_OK) status = rung_words_from(words, rt, &span, 1, &reading, error);
    rung_runtime_free(rt);
    return status;
}

/* Seven buckets for more n-grams than that: rows are shared, and every list is its word's
 * buckets. */
static void a_vocabulary_has_rows_for_the_buckets_it_uses(void **state)
{
    (void)state;
    static const int64_t buckets[] = {7, 2000000};
    rung_words words;
    assert_ok(read_words(&words, "the cat кот и ёж йод", &err));
    for (int b = 0; b < 2; b++) {
        rung__subwords s = {0};
        rung__subword_lists lists;
        int64_t n = 0, longest = 0;
        assert_ok(rung__subwords_init(&s, "3-6", buckets[b], &err));
        assert_ok(rung__subwords_learn(&s, &lists, words.vocabulary, &err));
        bool is_used[64] = {false};
        for (int32_t w = 0; w < rung_tokenizer_size(words.vocabulary); w++) {
            rung__subword_walk walk = {.word = rung_tokenizer_bytes(words.vocabulary, w)};
            const int64_t first = n;
            assert_int_equal(lists.first[w], n);
            for (int32_t k; (k = rung__subword_next(&s, &walk)) >= 0; n++) {
                assert_int_equal(s.used[lists.rows[n]], k);
                assert_int_equal(rung__subword_row(&s, k), lists.rows[n]);
                is_used[lists.rows[n]] = true;
            }
            if (n - first > longest) longest = n - first;
            assert_int_equal(lists.first[w + 1], n);
        }
        assert_int_equal(lists.longest, longest);
        for (int64_t i = 0; i < s.n; i++)
            assert_true(is_used[i] && (i == 0 || s.used[i] > s.used[i - 1]));
        assert_int_equal(s.n, b ? n : 7); // more than 7 n-grams, none of them twice
        assert_int_equal(rung__subword_row(&s, 1999999), -1);
        rung__subwords_release(&s);
        rung__subword_lists_release(&lists);
    }
    rung_words_release(&words);
}

static void buckets_of_a_file_must_ascend_within_range(void **state)
{
    (void)state;
    static const int32_t wrong[][3] = {
        {-1, 2, 3}, {3, 3, 4}, {1, 5, 4}, {1, 2, 10}, {INT32_MAX, INT32_MIN, 0}};
    rung__subwords s = {0};
    assert_ok(rung__subwords_init(&s, "3-6", 10, &err));
    for (int i = 0; i <= 5; i++) {
        int32_t *used = rung__alloc(sizeof wrong[0]);
        if (i < 5) {
            memcpy(used, wrong[i], sizeof wrong[i]);
            assert_fails_saying(rung__subwords_take(&s, used, 3, &err), RUNG_INPUT,
                                "buckets ascend from 0 to 9");
        } else {
            used[1] = 4, used[2] = 9;
            assert_ok(rung__subwords_take(&s, used, 3, &err));
            assert_int_equal(rung__subword_row(&s, 9), 2);
            assert_int_equal(rung__subword_row(&s, 5), -1);
        }
    }
    rung__subwords_release(&s);
}

static rung_status learn_some(void *ctx, rung_error *error)
{
    rung__subwords s = {0};
    rung__subword_lists lists = {0};
    rung_status status = rung__subwords_init(&s, "3-6", 100, error);
    if (status == RUNG_OK) status = rung__subwords_learn(&s, &lists, ctx, error);
    rung__subwords_release(&s);
    rung__subword_lists_release(&lists);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    (void)state;
    rung_words words;
    assert_ok(read_words(&words, "the cat", &err));
    assert_true(assert_survives_failed_allocations(learn_some, words.vocabulary) >= 3);
    rung_words_release(&words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_and_their_order_are_those_of_fasttext),
        cmocka_unit_test(ngrams_have_the_lengths_asked_for_in_characters),
        cmocka_unit_test(ranges_that_are_none_are_refused),
        cmocka_unit_test(a_vocabulary_has_rows_for_the_buckets_it_uses),
        cmocka_unit_test(buckets_of_a_file_must_ascend_within_range),
        cmocka_unit_test(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
