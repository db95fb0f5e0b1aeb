/* Running text as ids: what stands where, whatever the blocks and the threads. */
#include "support.h"

#include "base/rng.h"
#include "rung/words.h"
#include "text/wordlevel.h"

static rung_error err;

static rung_runtime *runtime(int threads)
{
    rung_runtime *rt;
    rung_runtime_config config = RUNG_RUNTIME_CONFIG_DEFAULT;
    config.threads = threads;
    assert_ok(rung_runtime_new(&rt, &config, &err));
    return rt;
}

/* The ids as text: words between blanks, "/" for a line end. */
static char *spell(const rung_words *w)
{
    rung_str s = {0};
    for (size_t i = 0; i < w->count; i++) {
        const rung_span word = w->ids[i] < 0
                                   ? (rung_span){"/", 1}
                                   : rung_tokenizer_bytes(w->vocabulary, w->ids[i]);
        if (i) rung_str_add(&s, " ");
        rung_str_add_bytes(&s, word.bytes, word.size);
    }
    return s.data;
}

static rung_status read_text(rung_words *w, const char *text,
                             const rung_words_config *config)
{
    rung_runtime *rt = runtime(1);
    const rung_span span = {text, strlen(text)};
    const rung_status status = rung_words_from(w, rt, &span, 1, config, &err);
    rung_runtime_free(rt);
    return status;
}

static void expect(const char *text, rung_words_config config, const char *wanted)
{
    rung_words w;
    assert_ok(read_text(&w, text, &config));
    char *got = spell(&w);
    assert_string_equal(got, wanted);
    rung__free(got);
    rung_words_release(&w);
}

static void words_are_what_stands_between_white_space(void **state)
{
    (void)state;
    expect(" a\tb  c\v\fd\r\ne.\n", (rung_words_config){1, false, true},
           "a b c d / e. /");
    expect("a\n\n  \n b", (rung_words_config){1, false, true}, "a / b /");
    expect("a\n\nb\n", (rung_words_config){1, false, false}, "a b");
}

static void rare_words_leave_neither_gap_nor_empty_line(void **state)
{
    (void)state;
    expect("q\na b r a\ns\nb b\n", (rung_words_config){2, false, true}, "a b a / b b /");
}

static void ids_go_by_count_then_bytes(void **state)
{
    (void)state;
    rung_words w;
    const rung_words_config config = {1, false, true};
    assert_ok(read_text(&w, "z y x z y z b a", &config));
    static const char *const order[] = {"z", "y", "a", "b", "x"};
    static const int64_t counts[] = {3, 2, 1, 1, 1};
    assert_int_equal(rung_tokenizer_size(w.vocabulary), 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(rung_tokenizer_bytes(w.vocabulary, (int32_t)i).bytes[0],
                         order[i][0]);
        assert_int_equal(w.counts[i], counts[i]);
    }
    assert_int_equal(w.n_words, 8);
    rung_words_release(&w);
}

static void letters_are_lowered_and_kept(void **state)
{
    (void)state;
    expect("Ёлка ёлка ЙОД Straße Ağaç", (rung_words_config){1, true, true},
           "ёлка ёлка йод straße ağaç /");
    expect("Ёлка ёлка", (rung_words_config){1, false, true}, "Ёлка ёлка /");
}

static void bytes_that_are_no_utf8_are_replaced(void **state)
{
    (void)state;
    expect("a\xFF \xC3 b", (rung_words_config){1, false, true},
           "a\xEF\xBF\xBD \xEF\xBF\xBD b /");
}

/* A word of 1,000 bytes is one, of 1,001 none, of more than a block none either, and what
 * follows is read. */
static void words_too_long_are_left_out_and_counted(void **state)
{
    (void)state;
    static const size_t sizes[] = {1000, 1001, 1 << 20, 3000000};
    const rung_words_config config = {1, false, true};
    for (int i = 0; i < 4; i++) {
        char *text = rung__alloc(sizes[i] + 10);
        memset(text, 'x', sizes[i] + 8);
        memcpy(text, "a ", 2);
        memcpy(text + 2 + sizes[i], " b c", 5);
        rung_words w;
        assert_ok(read_text(&w, text, &config));
        assert_int_equal(rung_tokenizer_size(w.vocabulary), i == 0 ? 4 : 3);
        assert_int_equal(w.n_long, i == 0 ? 0 : 1);
        assert_int_equal(w.n_all, 4);
        assert_int_equal(w.count, i == 0 ? 5 : 4);
        rung_words_release(&w);
        rung__free(text);
    }
}

/* Five blocks of random words against a plain count, by one to three threads, from memory
 * and from a file. */
static void threads_and_blocks_change_nothing(void **state)
{
    enum { N = 700000, WORDS = 5000 };
    const char *path = path_in(*state, "text");
    rung_rng rng = rung_rng_make(7);
    rung_str text = {0};
    int32_t *drawn = rung__alloc_array(N, sizeof *drawn);
    int64_t count[WORDS] = {0};
    for (int i = 0; i < N; i++) {
        drawn[i] =
            (int32_t)(rung_rng_below(&rng, WORDS) * rung_rng_below(&rng, WORDS) / WORDS);
        count[drawn[i]]++;
        rung_str_addf(&text, "w%d%s", (int)drawn[i], i % 11 && i < N - 1 ? " " : "\n");
    }
    write_bytes(path, text.data, text.len);
    for (int threads = 1; threads <= 3; threads++) {
        rung_runtime *rt = runtime(threads);
        rung_words w, from;
        const rung_words_config config = {3, false, false};
        const rung_span span = {text.data, text.len - 1};
        assert_ok(rung_words_read(&w, rt, path, &config, &err));
        assert_ok(rung_words_from(&from, rt, &span, 1, &config, &err));
        assert_int_equal(w.bytes, text.len);
        assert_int_equal(w.n_all, N);
        assert_int_equal(from.count, w.count);
        assert_memory_equal(from.ids, w.ids, w.count * sizeof *w.ids);
        size_t n = 0;
        for (int i = 0; i < N; i++) {
            char word[20];
            if (count[drawn[i]] < 3) continue;
            snprintf(word, sizeof word, "w%d", (int)drawn[i]);
            const int32_t id =
                rung__vocab_find(rung__wordlevel_words(w.vocabulary), word, strlen(word));
            assert_int_equal(w.ids[n++], id);
            assert_int_equal(w.counts[id], count[drawn[i]]);
        }
        assert_int_equal(n, w.count);
        rung_words_release(&w);
        rung_words_release(&from);
        rung_runtime_free(rt);
    }
    rung__free(drawn);
    rung_str_release(&text);
}

/* "\r" is the last byte of a block, "\n" the first of the next. */
static void a_line_may_end_where_a_block_does(void **state)
{
    (void)state;
    enum { BLOCK = 1 << 20, N = BLOCK / 2 };
    char *text = rung__alloc(BLOCK + 3);
    for (int i = 0; i < N; i++) memcpy(text + 2 * i, "a ", 2);
    memcpy(text + BLOCK - 1, "\r\nb", 4);
    rung_words w;
    assert_ok(read_text(&w, text, &(rung_words_config){1, false, true}));
    assert_int_equal(w.count, N + 3);
    assert_int_equal(w.ids[N], RUNG_LINE_END);
    rung_words_release(&w);
    rung__free(text);
}

static void what_cannot_be_read_is_said(void **state)
{
    rung_words w;
    const rung_words_config config = {5, false, true};
    rung_runtime *rt = runtime(1);
    const char *path = path_in(*state, "bin");
    write_bytes(path, "a\0b c d e f", 11);
    assert_fails_saying(read_text(&w, " \n ", &config), RUNG_INPUT, "no words");
    assert_fails_saying(read_text(&w, "a b a", &config), RUNG_INPUT,
                        "of 2 different words none occurs 5 times");
    assert_fails_saying(rung_words_read(&w, rt, "no-such-file", &config, &err),
                        RUNG_INPUT, "no-such-file");
    assert_fails_saying(rung_words_read(&w, rt, path, &config, &err), RUNG_INPUT,
                        "byte 1 is NUL");
    assert_fails_saying(rung_words_read(&w, rt, *state, &config, &err), RUNG_INPUT,
                        "has no text among its 1 files");
    rung_runtime_free(rt);
}

static void a_folder_is_its_text_files(void **state)
{
    rung_words w;
    const rung_words_config config = {1, false, true};
    rung_runtime *rt = runtime(2);
    write_bytes(path_in(*state, "b"), "three four", 10);
    write_bytes(path_in(*state, "a"), "one two", 7);
    write_bytes(path_in(*state, "c"), "\0\0", 2);
    assert_ok(rung_words_read(&w, rt, *state, &config, &err));
    char *got = spell(&w);
    assert_string_equal(got, "one two / three four /");
    rung__free(got);
    rung_words_release(&w);
    rung_runtime_free(rt);
}

/* A block has one byte left when the second file begins, half a letter of it. */
static void a_file_may_begin_where_a_block_ends(void **state)
{
    enum { BLOCK = 1 << 20 };
    rung_words w;
    rung_runtime *rt = runtime(1);
    char *text = rung__alloc(BLOCK);
    memset(text, ' ', BLOCK);
    memcpy(text, "a", 1);
    memcpy(text + BLOCK - 3, "\n", 1);
    write_bytes(path_in(*state, "a"), text, BLOCK - 2);
    write_bytes(path_in(*state, "b"), "ё", 2);
    assert_ok(
        rung_words_read(&w, rt, *state, &(rung_words_config){1, false, true}, &err));
    char *got = spell(&w);
    assert_string_equal(got, "a / ё /");
    rung__free(got), rung__free(text);
    rung_words_release(&w);
    rung_runtime_free(rt);
}

static rung_status read_all(void *rt, rung_error *e)
{
    rung_words w;
    const rung_words_config config = {1, true, true};
    const rung_span span = {"a B c\nd", 7};
    RUNG_TRY(rung_words_from(&w, rt, &span, 1, &config, e));
    rung_words_release(&w);
    return RUNG_OK;
}

static void lack_of_memory_is_an_error(void **state)
{
    (void)state;
    rung_runtime *rt = runtime(1);
    assert_true(assert_survives_failed_allocations(read_all, rt) > 10);
    rung_runtime_free(rt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_what_stands_between_white_space),
        cmocka_unit_test(rare_words_leave_neither_gap_nor_empty_line),
        cmocka_unit_test(ids_go_by_count_then_bytes),
        cmocka_unit_test(letters_are_lowered_and_kept),
        cmocka_unit_test(bytes_that_are_no_utf8_are_replaced),
        cmocka_unit_test(words_too_long_are_left_out_and_counted),
        test_in_folder(threads_and_blocks_change_nothing),
        cmocka_unit_test(a_line_may_end_where_a_block_does),
        test_in_folder(what_cannot_be_read_is_said),
        test_in_folder(a_folder_is_its_text_files),
        test_in_folder(a_file_may_begin_where_a_block_ends),
        cmocka_unit_test(lack_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
