/* bow as a class: learning, its folder, what is refused. What it computes is tested under
 * text/ and learn/. */
#include "support.h"

#include "base/rng.h"
#include "models/classifier.h"

static rung_error err;

enum { N = 900, N_TRAIN = 600, N_VALID = 150 };

static char storage[N][200];
static rung_span texts[N];
static int32_t two[N], three[N];
static const char *const two_names[] = {"dull", "fine", NULL};
static const char *const three_names[] = {"a", "b", "c", NULL};

/* Words of no meaning, and one that says the label; of three, only its pair does. */
static void make_texts(void)
{
    static const char *const hints[] = {"not good", "good", "not bad"};
    rung_rng rng = rung_rng_make(4);
    for (int i = 0; i < N; i++) {
        three[i] = (int32_t)rung_rng_below(&rng, 3);
        two[i] = three[i] > 0;
        const uint64_t n = rung_rng_below(&rng, 12), at = rung_rng_below(&rng, n + 1);
        size_t used = 0;
        for (uint64_t w = 0; w <= n; w++) {
            char *to = storage[i] + used;
            const size_t room = sizeof storage[i] - used;
            used += (size_t)(w == at ? snprintf(to, room, "%s, ", hints[three[i]])
                                     : snprintf(to, room, "w%d ",
                                                (int)rung_rng_below(&rng, 40)));
        }
        texts[i] = (rung_span){storage[i], used};
    }
}

static rung_examples examples(const int32_t *labels, size_t first, size_t n)
{
    return (rung_examples){texts + first, labels + first, n, NULL};
}

static rung_status fit(rung_model *m, rung_runtime *rt, const int32_t *labels,
                       rung_error *error)
{
    const rung_examples train = examples(labels, 0, N_TRAIN);
    const rung_examples valid = examples(labels, N_TRAIN, N_VALID);
    return m->type->labelled->fit(m, rt, &train, &valid, error);
}

static double accuracy(const rung_model *m, rung_runtime *rt, const int32_t *labels)
{
    const rung_examples test = examples(labels, N_TRAIN + N_VALID, N - N_TRAIN - N_VALID);
    rung_label_score score;
    assert_ok(rung_classify_evaluate(m, rt, &test, &score, &err));
    const double share = score.accuracy;
    rung_label_score_release(&score);
    return share;
}

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
    const rung_examples train = {texts, sets, N_TRAIN, first}, none = {0};
    const rung_examples test = {texts + N_TRAIN, sets, N - N_TRAIN, first + N_TRAIN};
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
    assert_ok(rung_classify(&logp, m, *state, texts, 9, NULL, &err));
    for (const float *row = logp; row < logp + 27; row += 3)
        assert_near(exp((double)row[0]) + exp((double)row[1]) + exp((double)row[2]), 1,
                    1e-6);
    rung_logp_free(logp);
    rung_model_free(m);
}

/* Nothing to read, nothing known: the shares of the labels, nearly. */
static void texts_without_known_words_get_the_bias(void **state)
{
    const rung_span strange[] = {{"", 0}, {"?!", 2}, {"unheard of", 10}, {"\xFF\0", 2}};
    float *logp;
    rung_model *m = new_classifier("bow", three_names);
    assert_ok(fit(m, *state, three, &err));
    assert_ok(rung_classify(&logp, m, *state, strange, 4, NULL, &err));
    for (int i = 0; i < 12; i += 3) {
        assert_memory_equal(logp, logp + i, 3 * sizeof *logp);
        double sum = 0;
        for (int l = 0; l < 3; l++) sum += exp((double)logp[i + l]);
        assert_near(sum, 1, 1e-6);
    }
    rung_logp_free(logp);
    rung_model_free(m);
}

/* Few texts, no word twice: no column is kept, and the labels' shares remain. */
static void texts_without_common_words_leave_the_bias(void **state)
{
    const rung_span few[] = {{"one", 3}, {"two", 3}, {"three", 5}, {"four", 4}};
    const int32_t labels[] = {0, 1, 1, 1};
    const rung_examples train = {few, labels, 4, NULL}, none = {0};
    float *logp;
    rung_model *m = new_classifier("bow", two_names), *loaded = NULL;
    char dir[] = "/tmp/rung-bow-XXXXXX";
    assert_ok(m->type->labelled->fit(m, *state, &train, &none, &err));
    assert_non_null(mkdtemp(dir));
    assert_ok(rung_model_save(m, dir, &err));
    assert_ok(rung_model_load(&loaded, dir, &err));
    assert_ok(rung_classify(&logp, loaded, *state, few, 1, NULL, &err));
    assert_near(exp((double)logp[1]), 3.5 / 5, 1e-6); // 3 of 4, smoothed
    rung_logp_free(logp);
    assert_ok(rung_remove_tree(dir, &err));
    rung_model_free(loaded);
    rung_model_free(m);
}

/* ---- The folder ---- */

static void save_fitted(const char *dir, rung_runtime *rt)
{
    rung_model *m = new_classifier("bow", three_names);
    assert_ok(fit(m, rt, three, &err));
    assert_ok(rung_model_save(m, dir, &err));
    rung_model_free(m);
}

static void a_folder_gives_the_same_bits(void **state)
{
    rung_runtime *rt = new_runtime(2);
    rung_model *m = new_classifier("bow", three_names), *loaded = NULL;
    float *a, *b;
    assert_ok(fit(m, rt, three, &err));
    assert_ok(rung_model_save(m, path_in(*state, "one"), &err));
    assert_ok(rung_model_load(&loaded, path_in(*state, "one"), &err));
    assert_ok(rung_classify(&a, m, rt, texts, N, NULL, &err));
    assert_ok(rung_classify(&b, loaded, rt, texts, N, NULL, &err));
    assert_memory_equal(a, b, 3 * N * sizeof *a);
    assert_ok(rung_model_save(loaded, path_in(*state, "two"), &err));
    assert_same_files(path_in(*state, "one/model.safetensors"),
                      path_in(*state, "two/model.safetensors"));
    assert_same_files(path_in(*state, "one/config.json"),
                      path_in(*state, "two/config.json"));
    rung_logp_free(a), rung_logp_free(b);
    rung_model_free(loaded), rung_model_free(m);
    rung_runtime_free(rt);
}

static void threads_do_not_change_a_bit(void **state)
{
    char name[20];
    for (int threads = 1; threads <= 3; threads++) {
        rung_runtime *rt = new_runtime(threads);
        snprintf(name, sizeof name, "%d", threads);
        save_fitted(path_in(*state, name), rt);
        rung_runtime_free(rt);
    }
    assert_same_files(path_in(*state, "1/model.safetensors"),
                      path_in(*state, "2/model.safetensors"));
    assert_same_files(path_in(*state, "1/model.safetensors"),
                      path_in(*state, "3/model.safetensors"));
}

static void refuse(const char *folder, rung_stored tensor, const char *message)
{
    rung_model *m = NULL;
    char good[400], bad[400];
    snprintf(good, sizeof good, "%s/good", folder);
    snprintf(bad, sizeof bad, "%s/bad", folder);
    replace_tensor(good, bad, &tensor);
    assert_fails_saying(rung_model_load(&m, bad, &err), RUNG_INPUT, message);
    assert_null(m);
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

static void refuse_config(const char *folder, const char *from, const char *to,
                          const char *message)
{
    rung_model *m = NULL;
    char *text, *at, changed[2000];
    size_t size;
    assert_ok(rung_file_read(path_in(folder, "good/config.json"), &text, &size, &err));
    at = strstr(text, from);
    assert_non_null(at);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to,
             at + strlen(from));
    write_text(path_in(folder, "bad/config.json"), changed);
    assert_fails_saying(rung_model_load(&m, path_in(folder, "bad"), &err), RUNG_INPUT,
                        message);
    rung__free(text);
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

/* ---- Refusals and failures ---- */

static void one_label_is_nothing_to_learn(void **state)
{
    static const char *const one[] = {"only", NULL};
    static const int32_t zeros[N];
    rung_model *m = new_classifier("bow", one);
    assert_fails(fit(m, *state, zeros, &err), RUNG_INPUT,
                 "600 examples of 1 labels: bow needs two labels");
    rung_model_free(m);
}

typedef struct work {
    const char *folder;
    rung_runtime *rt;
} work;

static rung_status whole_life(void *ctx, rung_error *error)
{
    const work *k = ctx;
    rung_labels *labels = NULL;
    rung_model *m = NULL, *loaded = NULL;
    float *logp = NULL;
    const rung_span names[] = {{"a", 1}, {"b", 1}, {"c", 1}};
    RUNG_TRY(rung_labels_ordered(&labels, names, 3, error));
    rung_status status =
        rung_model_new(&m, rung_class_find("bow", error), RUNG_LABELLED, error);
    if (status != RUNG_OK)
        rung_labels_free(labels);
    else
        status = rung_model_build(m, NULL, labels, 1, error);
    if (status == RUNG_OK) {
        const rung_option_set set = rung_model_options(m);
        status = rung_option_set_text(&set, "hash", "12", error);
    }
    const rung_examples train = examples(three, 0, 60), valid = examples(three, 60, 20);
    if (status == RUNG_OK)
        status = m->type->labelled->fit(m, k->rt, &train, &valid, error);
    if (status == RUNG_OK) status = rung_model_save(m, k->folder, error);
    if (status == RUNG_OK) status = rung_model_load(&loaded, k->folder, error);
    if (status == RUNG_OK)
        status = rung_classify(&logp, loaded, k->rt, texts, 9, NULL, error);
    rung_logp_free(logp);
    rung_model_free(loaded);
    rung_model_free(m);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    work k = {path_in(*state, "model"), new_runtime(1)};
    assert_true(assert_survives_failed_allocations(whole_life, &k) > 60);
    rung_runtime_free(k.rt);
}

static int setup(void **state)
{
    make_texts();
    return open_runtime(state);
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
