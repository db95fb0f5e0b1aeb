/* The rung glove: from words to a folder, with and without files on disk. */
#include "support.h"

#include "models/vectors.h"

static rung_error err;

/* A hundred lines of two kinds of words. */
static void read_words(rung_words *words, rung_runtime *rt)
{
    static const char *const kinds[2][5] = {{"sun", "moon", "star", "sky", "night"},
                                            {"bread", "salt", "soup", "knife", "cup"}};
    static char text[20000];
    const rung_words_config config = RUNG_WORDS_CONFIG_DEFAULT;
    size_t n = 0;
    for (int line = 0; line < 400; line++) {
        for (int w = 0; w < 6; w++)
            n += (size_t)sprintf(text + n, "%s ",
                                 kinds[line % 2][(line * 7 + w * w * 3 + line / 5) % 5]);
        text[n - 1] = '\n';
    }
    const rung_span span = {text, n};
    assert_ok(rung_words_from(words, rt, &span, 1, &config, &err));
    assert_int_equal(rung_tokenizer_size(words->vocabulary), 10);
}

static rung_model *new_glove(const char *options)
{
    rung_model *m;
    const rung_class *type = rung_class_find("glove", &err);
    assert_non_null(type);
    assert_ok(rung_model_new(&m, type, RUNG_WORDS, &err));
    rung_option_set set = rung_model_options(m);
    assert_ok(rung_option_set_text(&set, "dim", "8", &err));
    assert_ok(rung_option_set_text(&set, "epochs", "40", &err));
    if (options) assert_ok(rung_option_set_text(&set, "max-mem", options, &err));
    return m;
}

static rung_status fit(rung_model *m, rung_runtime *rt, const rung_words *words,
                       const char *dir, rung_error *error)
{
    const rung_train_config train = {.seed = 1};
    const rung_words_run run = {words, &train, dir, false, NULL};
    rung_train_result result;
    return m->type->words->fit(m, rt, &run, &result, error);
}

static void build(rung_model *m, const rung_words *words)
{
    assert_ok(
        rung_model_build(m, rung_tokenizer_share(words->vocabulary), NULL, 1, &err));
}

static void a_folder_gives_the_same_vectors(void **state)
{
    rung_runtime *rt;
    rung_words words;
    rung_model *m = new_glove(NULL), *loaded;
    assert_ok(rung_runtime_new(&rt, NULL, &err));
    read_words(&words, rt);
    build(m, &words);
    assert_ok(fit(m, rt, &words, *state, &err));
    assert_ok(rung_model_save(m, *state, &err));
    assert_ok(rung_model_load(&loaded, *state, &err));
    const rung__vectors *a = rung__vectors_of(m), *b = rung__vectors_of(loaded);
    assert_int_equal(b->dim, 8);
    assert_memory_equal(a->centre, b->centre, 80 * sizeof(float));
    assert_memory_equal(a->context, b->context, 80 * sizeof(float));
    assert_memory_equal(a->centre_bias, b->centre_bias, 10 * sizeof(float));
    assert_memory_equal(a->context_bias, b->context_bias, 10 * sizeof(float));
    assert_memory_equal(a->counts, words.counts, 10 * sizeof(int64_t));
    for (int i = 0; i < 80; i++) assert_true(fabs((double)a->centre[i]) > 0);
    rung_model_free(m), rung_model_free(loaded);
    rung_words_release(&words);
    rung_runtime_free(rt);
}

static void little_memory_gives_the_same_vectors(void **state)
{
    rung_runtime *rt;
    rung_words words;
    rung_model *m = new_glove(NULL), *small = new_glove("26M"), *none = new_glove("1M");
    assert_ok(rung_runtime_new(&rt, NULL, &err));
    read_words(&words, rt);
    build(m, &words), build(small, &words), build(none, &words);
    assert_ok(fit(m, rt, &words, NULL, &err));
    assert_ok(fit(small, rt, &words, *state, &err));
    const rung__vectors *a = rung__vectors_of(m), *b = rung__vectors_of(small);
    assert_memory_equal(a->centre, b->centre, 80 * sizeof(float));
    assert_memory_equal(a->context, b->context, 80 * sizeof(float));
    assert_fails_saying(fit(none, rt, &words, *state, &err), RUNG_USAGE,
                        "--max-mem 1.0 MB: the text and the vectors of 10 words alone");
    rung_model_free(m), rung_model_free(small), rung_model_free(none);
    rung_words_release(&words);
    rung_runtime_free(rt);
}

static void one_word_has_nothing_to_stand_near(void **state)
{
    static const rung_span span = {"no no no no no no", 17};
    const rung_words_config config = RUNG_WORDS_CONFIG_DEFAULT;
    rung_runtime *rt;
    rung_words words;
    rung_model *m = new_glove(NULL);
    assert_ok(rung_runtime_new(&rt, NULL, &err));
    assert_ok(rung_words_from(&words, rt, &span, 1, &config, &err));
    build(m, &words);
    assert_fails_saying(fit(m, rt, &words, *state, &err), RUNG_INPUT,
                        "one word alone occurs 5 times or more");
    rung_model_free(m);
    rung_words_release(&words);
    rung_runtime_free(rt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_in_folder(a_folder_gives_the_same_vectors),
        test_in_folder(little_memory_gives_the_same_vectors),
        test_in_folder(one_word_has_nothing_to_stand_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
