/* bow as a class: learning, its folder, what is refused. What it computes is tested under
 * text/ and learn/. */
#include "support.h"

static const char tested[] = "bow";
#include "models/hinted.h"

static void what_words_and_their_pairs_say_is_learned(void **state)
{
    rung_model *m = new_classifier("bow", two_names);
    assert_ok(fit(m, *state, two, &err));
    assert_true(accuracy(m, *state, two) == 1);
    rung_model_free(m);
    m = new_classifier("bow", three_names);
    assert_ok(fit(m, *state, three, &err));
    assert_true(accuracy(m, *state, three) == 1);
    rung_model_free(m);
}

/* Of several labels each is a question of its own: here one that "good" answers, one that
 * "not" does, and one for every other text. */
static void several_labels_are_learned_and_kept(void **state)
{
    static int32_t sets[3 * N];
    static int64_t first[N + 1];
    for (int i = 0; i < N; i++) {
        first[i + 1] = first[i];
        if (strstr(storage[i], "good")) sets[first[i + 1]++] = 0;
        if (strstr(storage[i], "not")) sets[first[i + 1]++] = 1;
        if (i % 2) sets[first[i + 1]++] = 2;
    }
    char dir[] = "/tmp/rung-bow-XXXXXX";
    const rung_examples none = {0}, train = several(sets, first, 0, N_TRAIN);
    const rung_examples test = several(sets, first, N_TRAIN, N - N_TRAIN);
    rung_model *m = new_classifier_of("bow", three_names, true), *loaded = NULL;
    rung_label_score score;
    assert_ok(m->type->labelled->fit(m, *state, &train, &none, &err));
    assert_non_null(mkdtemp(dir));
    assert_ok(rung_model_save(m, dir, &err));
    assert_ok(rung_model_load(&loaded, dir, &err));
    assert_true(loaded->has_several);
    assert_ok(rung_classify_evaluate(loaded, *state, &test, &score, &err));
    assert_true(score.has_several && score.of_label[0].f1 > 0.99 &&
                score.of_label[1].f1 > 0.99);
    assert_true(score.of_label[2].roc_auc > 0.35 && score.of_label[2].roc_auc < 0.65);
    rung_label_score_release(&score);
    assert_ok(rung_remove_tree(dir, &err));
    rung_model_free(m), rung_model_free(loaded);
}

static void one_of_several_labels_has_no_softmax(void **state)
{
    (void)state;
    rung_labels *labels;
    rung_model *m;
    const rung_span names[] = {{"a", 1}, {"b", 1}};
    assert_ok(rung_labels_ordered(&labels, names, 2, &err));
    assert_ok(rung_model_new(&m, rung_class_find("bow", &err), RUNG_LABELLED, &err));
    set_option(m, "loss", "softmax");
    m->has_several = true;
    assert_fails_saying(rung_model_build(m, NULL, labels, 1, &err), RUNG_USAGE,
                        "--loss softmax is for texts of one label each");
    rung_model_free(m);
}

static void one_label_against_all_others_sums_to_one(void **state)
{
    float *logp;
    rung_model *m = new_classifier("bow", three_names);
    set_option(m, "loss", "ova");
    assert_ok(fit(m, *state, three, &err));
    assert_true(accuracy(m, *state, three) == 1);
    assert_ok(rung_classify(&logp, m, *state,
                            &(rung_examples){.texts = texts, .count = 9}, NULL, &err));
    for (const float *row = logp; row < logp + 27; row += 3)
        assert_near(exp((double)row[0]) + exp((double)row[1]) + exp((double)row[2]), 1,
                    1e-6);
    rung_logp_free(logp);
    rung_model_free(m);
}

/* Few texts, no word twice: no column is kept, and the labels' shares remain. */
static void texts_without_common_words_leave_the_bias(void **state)
{
    const rung_span few[] = {{"one", 3}, {"two", 3}, {"three", 5}, {"four", 4}};
    const int32_t labels[] = {0, 1, 1, 1};
    const rung_examples train = {.texts = few, .labels = labels, .count = 4}, none = {0};
    float *logp;
    rung_model *m = new_classifier("bow", two_names), *loaded = NULL;
    char dir[] = "/tmp/rung-bow-XXXXXX";
    assert_ok(m->type->labelled->fit(m, *state, &train, &none, &err));
    assert_non_null(mkdtemp(dir));
    assert_ok(rung_model_save(m, dir, &err));
    assert_ok(rung_model_load(&loaded, dir, &err));
    assert_ok(rung_classify(&logp, loaded, *state,
                            &(rung_examples){.texts = few, .count = 1}, NULL, &err));
    assert_near(exp((double)logp[1]), 3.5 / 5, 1e-6); // 3 of 4, smoothed
    rung_logp_free(logp);
    assert_ok(rung_remove_tree(dir, &err));
    rung_model_free(loaded);
    rung_model_free(m);
}

static void tensors_that_lie_are_refused(void **state)
{
    rung_runtime *rt = new_runtime(1);
    save_fitted(path_in(*state, "good"), rt);
    copy_model(path_in(*state, "good"), path_in(*state, "bad"));
    rung_safetensors *file;
    assert_ok(
        rung_safetensors_open(&file, path_in(*state, "good/model.safetensors"), &err));
    static const char *const names[] = {"hashes", "idf", "embedding", "output", "bias"};
    rung_stored good[5];
    for (int i = 0; i < 5; i++) {
        char message[100];
        good[i] = *rung_safetensors_find(file, names[i]);
        snprintf(message, sizeof message, "tensor '%s' is missing", names[i]);
        refuse(*state, (rung_stored){.name = names[i]}, message);
        rung_stored bad = good[i]; // one row less
        bad.bytes -= bad.bytes / (size_t)bad.shape[0];
        bad.shape[0]--;
        snprintf(message, sizeof message, "tensor '%s' is missing or has another shape",
                 names[i > 0 ? i : 1]);
        refuse(*state, bad, message);
    }
    int32_t *ids = rung__alloc(good[0].bytes);
    memcpy(ids, good[0].data, good[0].bytes);
    ids[1] = ids[0];
    good[0].data = ids;
    refuse(*state, good[0], "column 1 has hash");
    ids[1] = 1 << 22;
    refuse(*state, good[0],
           "column 1 has hash 4194304: hashes ascend from 0 to 2^22 - 1");
    for (int i = 2; i < 5; i++) {
        char message[100];
        float *w = rung__alloc(good[i].bytes);
        memcpy(w, good[i].data, good[i].bytes);
        w[2] = NAN;
        good[i].data = w;
        snprintf(message, sizeof message, "%s 2 is nan: must be finite", names[i]);
        refuse(*state, good[i], message);
        rung__free(w);
    }
    good[1].data = ids; // hashes are no idf
    refuse(*state, good[1], "idf of column");
    refuse(*state, (rung_stored){"more", RUNG_STORED_F32, 1, {1}, ids, 4},
           "tensor 'more' has no place in the bow of config.json");
    rung__free(ids);
    rung_safetensors_close(file);
    rung_runtime_free(rt);
}

static void a_config_that_lies_is_refused(void **state)
{
    rung_runtime *rt = new_runtime(1);
    save_fitted(path_in(*state, "good"), rt);
    copy_model(path_in(*state, "good"), path_in(*state, "bad"));
    refuse_config(*state, "\"hash\": 22", "\"hash\": 8", "hashes ascend");
    refuse_config(*state, "\"hash\": 22", "\"hash\": 60",
                  "hash is 60: must be a whole number, 0 to 28");
    refuse_config(*state, "\"ngrams\": 2", "\"ngrams\": 0", "no features");
    refuse_config(*state, "\"0\": \"a\",\n    \"1\": \"b\",\n    \"2\": \"c\"",
                  "\"0\": \"a\"", "bow has at least two labels, not 1");
    refuse_config(*state, "\"0\": \"a\",\n    \"1\": \"b\",\n    \"2\": \"c\"",
                  "\"0\": \"a\",\n    \"1\": \"b\"",
                  "tensor 'output' is missing or has another shape");
    refuse_config(*state, "\"dim\": 16", "\"dim\": 8",
                  "tensor 'embedding' is missing or has another shape");
    refuse_config(*state, "\"dim\": 16", "\"dim\": 0", "dim is 0");
    rung_runtime_free(rt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_words_and_their_pairs_say_is_learned),
        cmocka_unit_test(several_labels_are_learned_and_kept),
        cmocka_unit_test(one_of_several_labels_has_no_softmax),
        cmocka_unit_test(one_label_against_all_others_sums_to_one),
        cmocka_unit_test(texts_without_known_words_get_the_bias),
        cmocka_unit_test(texts_without_common_words_leave_the_bias),
        cmocka_unit_test(one_label_is_nothing_to_learn),
        test_in_folder(a_folder_gives_the_same_bits),
        test_in_folder(threads_do_not_change_a_bit),
        test_in_folder(tensors_that_lie_are_refused),
        test_in_folder(a_config_that_lies_is_refused),
        test_in_folder(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, setup, close_runtime);
}
