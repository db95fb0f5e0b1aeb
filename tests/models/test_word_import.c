/* Vectors of words from files: what becomes of words, the model's folder, and what such a
 * model cannot do. */
#include "support.h"

#include "models/rungs.h"
#include "models/vectors.h"
#include "rung/vectors.h"

static rung_error err;
static const rung_import_config defaults;
static rung_import_report report;

static rung_model *import(const char *path, const rung_import_config *config)
{
    rung_model *m;
    assert_ok(rung_import_words(&m, path, config, &report, &err));
    assert_int_equal(m->kind, RUNG_WORDS);
    assert_true(rung_is_imported(m));
    return m;
}

static void assert_word(const rung_model *m, int32_t id, const char *word, float x)
{
    const rung_span name = rung_tokenizer_bytes(m->tokenizer, id);
    assert_int_equal(name.size, strlen(word));
    assert_memory_equal(name.bytes, word, name.size);
    assert_true(rung__vectors_of(m)->centre[id * rung__vectors_of(m)->dim] == x);
}

static void words_keep_their_order_and_stand_once(void **state)
{
    static const char bytes[] = "the 1\ncut\xD0 2\nof 3\nthe 4\n. . 5\n 6\ncut\xD1 7\n"
                                "x\0y 8\nЁж 9\n";
    const char *path = path_in(*state, "file");
    write_bytes(path, bytes, sizeof bytes - 1);
    rung_model *m = import(path, &defaults);
    assert_string_equal(report.format, "glove-text");
    assert_int_equal(m->vocab, 5);
    assert_int_equal(report.n_words, 5);
    assert_int_equal(report.n_again, 2);
    assert_int_equal(report.n_unfit, 2);
    assert_int_equal(report.n_invalid, 2);
    assert_word(m, 0, "the", 1);
    assert_word(m, 1, "cut\xEF\xBF\xBD", 2);
    assert_word(m, 2, "of", 3);
    assert_word(m, 3, "x\xEF\xBF\xBDy", 8);
    assert_word(m, 4, "Ёж", 9);
    rung_model_free(m);
    const rung_import_config first = {.most = 3};
    m = import(path, &first);
    assert_int_equal(m->vocab, 3);
    rung_model_free(m);
    char *grown = rung__alloc(500); // 334 bytes, of which each becomes three
    memset(grown, 0xFF, 334);
    strcpy(grown + 334, " 1\nthe 2\n");
    write_text(path, grown);
    rung__free(grown);
    m = import(path, &defaults);
    assert_int_equal(report.n_unfit, 1);
    assert_word(m, 0, "the", 2);
    rung_model_free(m);
    write_text(path, "a b 1\n");
    assert_fails_saying(rung_import_words(&m, path, &defaults, &report, &err), RUNG_INPUT,
                        "file: has no word that a text can have");
}

static void texts_can_be_made_lower_case(void **state)
{
    const char *path = path_in(*state, "file");
    const rung_span text = {"ЁЖ The", 8};
    write_text(path, "the 1\nёж 2\n");
    for (int lower = 0; lower < 2; lower++) {
        const rung_import_config config = {.lower = lower};
        rung_model *m = import(path, &config);
        float *out;
        int64_t dim;
        assert_ok(rung_embed_texts(&out, &dim, m, &text, 1, 0, &err));
        assert_near((double)out[0], lower ? 1.5 : 0, 0);
        rung_embedding_free(out);
        rung_model_free(m);
    }
}

/* Every format, through a model and its folder and back, byte for byte. */
static void what_is_exported_is_imported(void **state)
{
    static const char *const formats[] = {"word2vec-text", "word2vec-binary",
                                          "glove-text", "fasttext-vec"};
    const char *path = path_in(*state, "file"), *again = path_in(*state, "again"),
               *dir = path_in(*state, "model");
    write_text(path, "the 0.1 -0 1e-45\nof 3.40282347e+38 -1.17549435e-38 0.333333343\n");
    rung_model *m = import(path, &defaults), *loaded;
    for (int f = 0; f < 4; f++) {
        const rung_import_config config = {.format = formats[f]};
        assert_ok(rung_export_words(m, formats[f], path, &err));
        rung_model *other = import(path, &config);
        assert_string_equal(report.format, formats[f]);
        assert_ok(rung_model_save(other, dir, &err));
        rung_model_free(other);
        assert_ok(rung_model_load(&loaded, dir, &err));
        assert_memory_equal(rung__vectors_of(loaded)->centre, rung__vectors_of(m)->centre,
                            6 * sizeof(float));
        assert_ok(rung_export_words(loaded, formats[f], again, &err));
        assert_same_files(path, again);
        rung_model_free(loaded);
    }
    rung_model_free(m);
}

static void what_is_not_in_the_file_is_said(void **state)
{
    const char *path = path_in(*state, "file");
    const rung_span text = {"the", 3};
    float *out;
    int64_t dim;
    write_text(path, "the 1 2\nof 3 4\n");
    rung_model *m = import(path, &defaults);
    for (int w = RUNG_VECTORS_CONTEXT; w <= RUNG_VECTORS_BOTH; w++)
        assert_fails(rung_vectors_choose(m, (rung_word_vectors)w, &err), RUNG_UNSUPPORTED,
                     "imported words have one vector each: none of the context");
    assert_ok(rung_vectors_choose(m, RUNG_VECTORS_CENTRE, &err));
    assert_fails_saying(rung_embed_texts(&out, &dim, m, &text, 1, 1e-3, &err),
                        RUNG_UNSUPPORTED, "need the counts of the words");
    rung_model_free(m);
    assert_fails_saying(rung_class_check_kind(&rung__imported, RUNG_WORDS, &err),
                        RUNG_USAGE, "vectors does not learn from running text: word2vec");
    assert_fails_saying(rung_model_new(&m, &rung__imported, RUNG_LABELLED, &err),
                        RUNG_USAGE, "vectors does not learn from labelled text");
}

static void a_damaged_folder_is_refused(void **state)
{
    const char *path = path_in(*state, "file"), *dir = path_in(*state, "model");
    char config[300];
    write_text(path, "the 1 2\nof 3 4\n");
    rung_model *m = import(path, &defaults);
    assert_ok(rung_model_save(m, dir, &err));
    rung_model_free(m);
    snprintf(config, sizeof config, "%s/config.json", dir);
    write_text(config,
               "{\"model_type\": \"word-vectors\", \"vocab_size\": 2, \"dim\": 3}");
    assert_fails_saying(rung_model_load(&m, dir, &err), RUNG_INPUT,
                        "tensor 'centre.weight' is missing or has another shape");
    write_text(config, "{\"model_type\": \"word2vec\", \"vocab_size\": 2, \"dim\": 2}");
    assert_fails_saying(rung_model_load(&m, dir, &err), RUNG_INPUT,
                        "tensor 'context.weight' is missing");
}

static rung_status try_import(void *path, rung_error *e)
{
    rung_model *m = NULL;
    const rung_status status = rung_import_words(&m, path, &defaults, &report, e);
    rung_model_free(m);
    return status;
}

static void failed_allocations_leave_nothing(void **state)
{
    char path[200];
    snprintf(path, sizeof path, "%s/file", (char *)*state);
    write_bytes(path, "the 1 2\nx\xFFy 3 4\n", 16);
    assert_true(assert_survives_failed_allocations(try_import, path) > 10);
}

static void formats_are_named(void **state)
{
    const char *path = path_in(*state, "file");
    rung_import_config config = {.format = "glove-tex"};
    rung_model *m;
    write_text(path, "the 1 2\n");
    assert_fails(rung_import_words(&m, path, &config, &report, &err), RUNG_USAGE,
                 "unknown format 'glove-tex': did you mean 'glove-text'?");
    config.format = "sqlite";
    assert_fails_saying(rung_import_words(&m, path, &config, &report, &err), RUNG_USAGE,
                        "known are word2vec-text, word2vec-binary, glove-text, fasttext");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_in_folder(words_keep_their_order_and_stand_once),
        test_in_folder(texts_can_be_made_lower_case),
        test_in_folder(what_is_exported_is_imported),
        test_in_folder(what_is_not_in_the_file_is_said),
        test_in_folder(a_damaged_folder_is_refused),
        test_in_folder(failed_allocations_leave_nothing),
        test_in_folder(formats_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
