/* logreg as a class: learning, its folder, what is refused. What it computes is tested
 * under text/ and learn/. */
#include "support.h"

static const char tested[] = "logreg";
#include "models/hinted.h"

/* The value of an option, as JSON. */
static double option_of(rung_model *m, const char *name)
{
    const rung_option_set set = rung_model_options(m);
    char *json = rung_options_to_json(&set, 1), key[40];
    snprintf(key, sizeof key, "\"%s\": ", name);
    const char *at = strstr(json, key);
    assert_non_null(at);
    const double value = strtod(at + strlen(key), NULL);
    rung_text_free(json);
    return value;
}

static void what_words_and_their_pairs_say_is_learned(void **state)
{
    rung_model *m = new_classifier("logreg", two_names);
    assert_ok(fit(m, *state, two, &err));
    assert_true(accuracy(m, *state, two) == 1);
    assert_true(option_of(m, "l2") < 0.03);
    rung_model_free(m);
    m = new_classifier("logreg", three_names);
    assert_ok(fit(m, *state, three, &err));
    assert_true(accuracy(m, *state, three) == 1);
    rung_model_free(m);
}

static void without_valid_examples_lambda_is_the_usual_one(void **state)
{
    const rung_examples train = examples(two, 0, N_TRAIN), none = {0};
    rung_model *m = new_classifier("logreg", two_names);
    assert_ok(m->type->labelled->fit(m, *state, &train, &none, &err));
    assert_true(option_of(m, "l2") == 0.03);
    assert_true(accuracy(m, *state, two) > 0.95);
    rung_model_free(m);
}

/* Of several labels each is a question of its own. */
static void several_labels_are_learned(void **state)
{
    static int32_t sets[2 * N];
    static int64_t first[N + 1];
    for (int i = 0; i < N; i++) {
        first[i + 1] = first[i];
        if (strstr(storage[i], "good")) sets[first[i + 1]++] = 0;
        if (strstr(storage[i], "not")) sets[first[i + 1]++] = 1;
    }
    const rung_examples none = {0}, train = several(sets, first, 0, N_TRAIN);
    const rung_examples test = several(sets, first, N_TRAIN, N - N_TRAIN);
    rung_model *m = new_classifier_of("logreg", two_names, true);
    rung_label_score score;
    assert_ok(m->type->labelled->fit(m, *state, &train, &none, &err));
    assert_ok(rung_classify_evaluate(m, *state, &test, &score, &err));
    assert_true(score.has_several);
    assert_true(score.of_label[0].f1 == 1 && score.of_label[1].f1 == 1);
    rung_label_score_release(&score);
    rung_model_free(m);
}

/* Few texts, no word twice: no column is kept, and the labels' shares remain. */
static void texts_without_common_words_leave_the_bias(void **state)
{
    const rung_span few[] = {{"one", 3}, {"two", 3}, {"three", 5}, {"four", 4}};
    const int32_t labels[] = {0, 1, 1, 1};
    const rung_examples train = {.texts = few, .labels = labels, .count = 4}, none = {0};
    float *logp;
    rung_model *m = new_classifier("logreg", two_names), *loaded = NULL;
    char dir[] = "/tmp/rung-logreg-XXXXXX";
    assert_ok(m->type->labelled->fit(m, *state, &train, &none, &err));
    assert_non_null(mkdtemp(dir));
    assert_ok(rung_model_save(m, dir, &err));
    assert_ok(rung_model_load(&loaded, dir, &err));
    assert_ok(rung_classify(&logp, loaded, *state,
                            &(rung_examples){.texts = few, .count = 1}, NULL, &err));
    assert_near(exp((double)logp[1]), 0.75, 0.01);
    rung_logp_free(logp);
    assert_ok(rung_remove_tree(dir, &err));
    rung_model_free(loaded);
    rung_model_free(m);
}

static void tensors_that_lie_are_refused(void **state)
{
    enum { D = 4 };
    rung_runtime *rt = new_runtime(1);
    save_fitted(path_in(*state, "good"), rt);
    copy_model(path_in(*state, "good"), path_in(*state, "bad"));
    rung_safetensors *file;
    assert_ok(
        rung_safetensors_open(&file, path_in(*state, "good/model.safetensors"), &err));
    rung_stored hashes = *rung_safetensors_find(file, "hashes");
    rung_stored weight = *rung_safetensors_find(file, "weight");
    rung_stored bias = *rung_safetensors_find(file, "bias");
    rung_stored idf = *rung_safetensors_find(file, "idf");
    int32_t *ids = rung__alloc(hashes.bytes);
    float *w = rung__alloc(weight.bytes);
    memcpy(ids, hashes.data, hashes.bytes);
    memcpy(w, weight.data, weight.bytes);
    static const char *const names[] = {"hashes", "idf", "weight", "bias"};
    for (int i = 0; i < 4; i++) {
        char message[100];
        snprintf(message, sizeof message, "tensor '%s' is missing", names[i]);
        refuse(*state, (rung_stored){.name = names[i]}, message);
    }
    ids[1] = ids[0];
    hashes.data = ids;
    refuse(*state, hashes, "column 1 has hash");
    ids[1] = 1 << 22;
    refuse(*state, hashes, "column 1 has hash 4194304: hashes ascend from 0 to 2^22 - 1");
    w[7] = NAN;
    weight.data = w;
    refuse(*state, weight, "weight 7 is nan: must be finite");
    idf.data = w; // weights are no idf
    refuse(*state, idf, "idf of column");
    const float infinite[] = {0, INFINITY, 0};
    bias.data = infinite;
    refuse(*state, bias, "bias 1 is inf: must be finite");
    bias.shape[0] = 2, bias.bytes = 8;
    refuse(*state, bias, "tensor 'bias' is missing or has another shape");
    weight.shape[0]--, weight.bytes -= 12;
    refuse(*state, weight, "tensor 'weight' is missing or has another shape");
    hashes.shape[0]--, hashes.bytes -= 4;
    refuse(*state, hashes, "tensor 'idf' is missing or has another shape");
    refuse(*state, (rung_stored){"more", RUNG_STORED_F32, 1, {1}, infinite, 4},
           "tensor 'more' has no place in the logreg of config.json");
    rung__free(ids), rung__free(w);
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
    refuse_config(*state, "\"hash\": 22", "\"hash\": 0",
                  "tensor 'names' is missing or has another shape");
    refuse_config(*state, "\"hash\": 22", "\"hash\": 5", "--hash 5: must be 6 to 28");
    refuse_config(*state, "\"0\": \"a\",\n    \"1\": \"b\",\n    \"2\": \"c\"",
                  "\"0\": \"a\"", "logreg has at least two labels, not 1");
    refuse_config(*state, "\"0\": \"a\",\n    \"1\": \"b\",\n    \"2\": \"c\"",
                  "\"0\": \"a\",\n    \"1\": \"b\"",
                  "tensor 'weight' is missing or has another shape");
    rung_runtime_free(rt);
}

/* ---- The options of logistic regression ---- */

/* A model of three labels with these options, "name=value name=value", fitted. */
static rung_model *fitted(rung_runtime *rt, const int32_t *labels,
                          const char *const *names, const char *options)
{
    rung_model *m = new_classifier("logreg", names);
    char name[40], value[400];
    for (int n = 0; sscanf(options, "%39[^= ]=%399[^ ] %n", name, value, &n) == 2;
         options += n)
        set_option(m, name, value);
    assert_ok(fit(m, rt, labels, &err));
    return m;
}

/* Given as it was chosen, the penalty leads to the same weights. */
static void a_chosen_lambda_may_be_given(void **state)
{
    char options[60];
    rung_runtime *rt = new_runtime(2);
    rung_model *m = fitted(rt, three, three_names, "l2=auto");
    snprintf(options, sizeof options, "l2=%.17g", option_of(m, "l2"));
    rung_model *given = fitted(rt, three, three_names, options);
    assert_ok(rung_model_save(m, path_in(*state, "chosen"), &err));
    assert_ok(rung_model_save(given, path_in(*state, "given"), &err));
    assert_same_files(path_in(*state, "chosen/model.safetensors"),
                      path_in(*state, "given/model.safetensors"));
    rung_model_free(given), rung_model_free(m);
    rung_runtime_free(rt);
}

static void options_reach_the_solver(void **state)
{
    static const char *const options[] = {
        "l2=0.1",
        "l2=0.1 solver=newton",
        "l2=0.1 solver=lbfgs",
        "folds=3",
        "l2=0.1 classes=ovr",
        "l2=0.1 calibrate=temperature",
        "l1=0.1",
        "l1=0.1 l2=0.1",
        "l1=auto",
        "l2=0.1 solver=sgd passes=4",
        "l2=0.1 bias=no",
        "l2=0.1 class-weight=a=5",
        "l2=0.1 class-weight=balanced",
    };
    float *logp, *first = NULL;
    const int n = sizeof options / sizeof *options;
    for (int i = 0; i < n; i++) {
        rung_model *m = fitted(*state, three, three_names, options[i]);
        assert_true(accuracy(m, *state, three) >= 0.97);
        assert_true(!strstr(options[i], "l2") || option_of(m, "l2") == 0.1);
        assert_ok(rung_classify(
            &logp, m, *state, &(rung_examples){.texts = texts, .count = 9}, NULL, &err));
        if (i == 0) {
            first = logp;
        } else {
            double most = 0;
            for (int k = 0; k < 27; k++)
                most = fmax(most, fabs(exp((double)logp[k]) - exp((double)first[k])));
            // Solvers agree; everything else is another model.
            if (i < 3 ? most > 0.02 : most < 0.005)
                fail_msg("%s: differs by %g", options[i], most);
            rung_logp_free(logp);
        }
        rung_model_free(m);
    }
    rung_logp_free(first);
}

static void platt_is_for_two_labels(void **state)
{
    rung_model *m = fitted(*state, two, two_names, "calibrate=platt");
    assert_true(accuracy(m, *state, two) >= 0.99);
    rung_model_free(m);
}

/* A model goes on from another one: with a strong penalty it stays the same, although
 * the new labels say the opposite; labels are known by name, in whatever order. */
static void a_model_goes_on_from_another(void **state)
{
    static const char *const swapped[] = {"fine", "dull", NULL};
    char options[600];
    const char *folder = path_in(*state, "old");
    rung_runtime *rt = new_runtime(1);
    float *a, *b;
    rung_model *old = fitted(rt, two, two_names, "l2=0.1 hash=16");
    assert_ok(rung_model_save(old, folder, &err));
    snprintf(options, sizeof options, "l2=1e9 from=%s bias=no", folder);
    rung_model *m = fitted(rt, two, swapped, options);
    assert_true(option_of(m, "hash") == 16);
    assert_ok(rung_classify(&a, old, rt, &(rung_examples){.texts = texts, .count = N},
                            NULL, &err));
    assert_ok(rung_classify(&b, m, rt, &(rung_examples){.texts = texts, .count = N}, NULL,
                            &err));
    for (int i = 0; i < N; i++) assert_near((double)a[2 * i], (double)b[2 * i + 1], 1e-5);
    rung_logp_free(a), rung_logp_free(b);
    rung_model_free(m);
    // With a weak one the new labels win.
    snprintf(options, sizeof options, "l2=0.001 from=%s", folder);
    m = fitted(rt, two, swapped, options);
    assert_true(accuracy(m, rt, two) >= 0.99);
    rung_model_free(m);
    rung_model_free(old);
    rung_runtime_free(rt);
}

static void refuse_options(const char *const *names, const char *name, const char *value,
                           rung_status code, const char *message)
{
    rung_error error = {0};
    rung_labels *labels;
    rung_model *m;
    rung_span spans[3];
    size_t n = 0;
    for (; names[n]; n++) spans[n] = (rung_span){names[n], strlen(names[n])};
    assert_ok(rung_labels_ordered(&labels, spans, n, &err));
    assert_ok(rung_model_new(&m, rung_class_find("logreg", &err), RUNG_LABELLED, &err));
    set_option(m, name, value);
    assert_int_equal(rung_model_build(m, NULL, labels, 1, &error), code);
    assert_string_equal(error.message, message);
    rung_model_free(m);
}

static void options_that_do_not_fit_are_refused(void **state)
{
    rung_runtime *rt = new_runtime(1);
    refuse_options(three_names, "folds", "1", RUNG_USAGE,
                   "--folds 1: must be 0, or at least 2");
    refuse_options(three_names, "calibrate", "platt", RUNG_USAGE,
                   "--calibrate platt with 3 labels: it is for two; temperature is for "
                   "any number");
    refuse_options(three_names, "class-weight", "a=2,d=1", RUNG_USAGE,
                   "--class-weight: no label 'd'");
    refuse_options(
        three_names, "class-weight", "a=2,b", RUNG_USAGE,
        "--class-weight 'b': must be balanced, or LABEL=W,LABEL=W with W >= 0");
    refuse_options(three_names, "class-weight", "a=-1", RUNG_USAGE,
                   "--class-weight 'a=-1': must be balanced, or LABEL=W,LABEL=W with W "
                   ">= 0");
    rung_model *m = new_classifier("logreg", three_names);
    set_option(m, "from", path_in(*state, "nowhere"));
    assert_int_not_equal(fit(m, rt, three, &err), RUNG_OK);
    rung_model_free(m);
    m = fitted(rt, two, two_names, "l2=1");
    assert_ok(rung_model_save(m, path_in(*state, "two"), &err));
    rung_model_free(m);
    m = new_classifier("logreg", three_names);
    set_option(m, "from", path_in(*state, "two"));
    assert_fails_saying(fit(m, rt, three, &err), RUNG_INPUT, "has 2 labels, the data 3");
    rung_model_free(m);
    rung_runtime_free(rt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_words_and_their_pairs_say_is_learned),
        cmocka_unit_test(without_valid_examples_lambda_is_the_usual_one),
        cmocka_unit_test(several_labels_are_learned),
        cmocka_unit_test(texts_without_known_words_get_the_bias),
        cmocka_unit_test(texts_without_common_words_leave_the_bias),
        cmocka_unit_test(one_label_is_nothing_to_learn),
        test_in_folder(a_folder_gives_the_same_bits),
        test_in_folder(a_chosen_lambda_may_be_given),
        test_in_folder(threads_do_not_change_a_bit),
        test_in_folder(tensors_that_lie_are_refused),
        test_in_folder(a_config_that_lies_is_refused),
        cmocka_unit_test(options_reach_the_solver),
        cmocka_unit_test(platt_is_for_two_labels),
        test_in_folder(a_model_goes_on_from_another),
        test_in_folder(options_that_do_not_fit_are_refused),
        test_in_folder(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, setup, close_runtime);
}
