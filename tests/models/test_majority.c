/* majority: the shares of the labels. */
#include "support.h"

#include "models/classifier.h"

static rung_error err;
static const char *const names[] = {"no", "yes", "perhaps", NULL};
static const int32_t labels[] = {1, 1, 0, 2, 1, 1, 0, 1};

static rung_model *fitted(rung_runtime *rt)
{
    static const rung_span none[8];
    const rung_examples train = {.texts = none, .labels = labels, .count = 8},
                        valid = {0};
    rung_model *m = new_classifier("majority", names);
    assert_ok(m->type->labelled->fit(m, rt, &train, &valid, &err));
    return m;
}

static void probabilities_are_the_shares_of_the_labels(void **state)
{
    const rung_span texts[] = {{"anything", 8}, {"", 0}};
    float *logp;
    rung_model *m = fitted(*state);
    assert_ok(rung_classify(&logp, m, *state,
                            &(rung_examples){.texts = texts, .count = 2}, NULL, &err));
    for (int i = 0; i < 6; i += 3) {
        assert_near((double)logp[i], log(2.0 / 8), 1e-6);
        assert_near((double)logp[i + 1], log(5.0 / 8), 1e-6);
        assert_near((double)logp[i + 2], log(1.0 / 8), 1e-6);
    }
    rung_logp_free(logp);
    rung_model_free(m);
}

/* Of several labels each has its own share: they do not add up to one. */
static void several_labels_have_a_share_each(void **state)
{
    static const rung_span none[4];
    static const int32_t sets[] = {0, 1, 1, 0, 1, 2};
    static const int64_t first[] = {0, 2, 3, 6, 6};
    const rung_examples train = {.texts = none,
                                 .labels = sets,
                                 .count = 4,
                                 .first = first},
                        valid = {0};
    char dir[] = "/tmp/rung-majority-XXXXXX";
    rung_model *m = new_classifier_of("majority", names, true), *loaded = NULL;
    float *logp;
    assert_ok(m->type->labelled->fit(m, *state, &train, &valid, &err));
    assert_non_null(mkdtemp(dir));
    assert_ok(rung_model_save(m, dir, &err));
    assert_ok(rung_model_load(&loaded, dir, &err));
    assert_true(loaded->has_several);
    assert_ok(rung_classify(&logp, loaded, *state,
                            &(rung_examples){.texts = none, .count = 1}, NULL, &err));
    assert_near((double)logp[0], log(2.0 / 4), 1e-6);
    assert_near((double)logp[1], log(3.0 / 4), 1e-6);
    assert_near((double)logp[2], log(1.0 / 4), 1e-6);
    rung_logp_free(logp);
    rung_model_free(m), rung_model_free(loaded);
    assert_ok(rung_remove_tree(dir, &err));
}

static void a_label_without_examples_is_refused(void **state)
{
    static const rung_span none[2];
    const rung_examples train = {.texts = none, .labels = labels, .count = 2},
                        valid = {0};
    rung_model *m = new_classifier("majority", names);
    assert_fails(m->type->labelled->fit(m, *state, &train, &valid, &err), RUNG_INPUT,
                 "label 'no' has 0 examples");
    rung_model_free(m);
}

static void a_folder_gives_the_same_model_and_lies_are_refused(void **state)
{
    char good[] = "/tmp/rung-majority-XXXXXX", bad[60];
    assert_non_null(mkdtemp(good));
    snprintf(bad, sizeof bad, "%s/bad", good);
    rung_model *m = fitted(*state), *loaded = NULL;
    assert_ok(rung_model_save(m, good, &err));
    assert_ok(rung_model_load(&loaded, good, &err));
    const rung_span text = {"x", 1};
    float *a, *b;
    assert_ok(rung_classify(&a, m, *state, &(rung_examples){.texts = &text, .count = 1},
                            NULL, &err));
    assert_ok(rung_classify(&b, loaded, *state,
                            &(rung_examples){.texts = &text, .count = 1}, NULL, &err));
    assert_memory_equal(a, b, 3 * sizeof *a);
    rung_logp_free(a), rung_logp_free(b);
    rung_model_free(m), rung_model_free(loaded);

    const int64_t zero[] = {1, 0, 5}, huge[] = {1, 1, INT64_MAX};
    const rung_stored shape = {"counts", RUNG_STORED_I64, 1, {2}, zero, 16};
    const rung_stored none = {"counts", RUNG_STORED_I64, 1, {3}, zero, 24};
    const rung_stored many = {"counts", RUNG_STORED_I64, 1, {3}, huge, 24};
    copy_model(good, bad);
    replace_tensor(good, bad, &shape);
    assert_fails_saying(rung_model_load(&loaded, bad, &err), RUNG_INPUT,
                        "tensor 'counts' is missing or has another shape");
    replace_tensor(good, bad, &none);
    assert_fails_saying(rung_model_load(&loaded, bad, &err), RUNG_INPUT,
                        "label 'yes' has 0 examples");
    replace_tensor(good, bad, &many);
    assert_fails_saying(rung_model_load(&loaded, bad, &err), RUNG_INPUT,
                        "label 'perhaps' has 9223372036854775807 examples");
    assert_ok(rung_remove_tree(good, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probabilities_are_the_shares_of_the_labels),
        cmocka_unit_test(several_labels_have_a_share_each),
        cmocka_unit_test(a_label_without_examples_is_refused),
        cmocka_unit_test(a_folder_gives_the_same_model_and_lies_are_refused),
    };
    return cmocka_run_group_tests(tests, open_runtime, close_runtime);
}
