/* logreg on texts with columns of numbers beside them: text/numbers.h as a part of the
 * model. */
#include "support.h"

#include "base/files.h"
#include "golden.h"
#include "models/classifier.h"
#include "models/linear.h"
#include "rung/weights.h"

static rung_error err;

enum { N = 120, N_TRAIN = 90, COLUMNS = 2 };

static const char *const two[] = {"no", "yes", NULL};
static const char *const three[] = {"low", "middle", "high", NULL};

static rung_safetensors *golden;
static char storage[N][40];
static rung_span texts[N];

static const void *golden_data(const char *format, const char *name)
{
    const rung_stored *t = golden_find(golden, format, name);
    assert_non_null(t);
    return t->data;
}

static rung_examples examples(size_t first, size_t n, const char *name)
{
    const double *numbers = golden_data("numbers%s", "");
    const int32_t *labels = golden_data("%s.labels", name);
    return (rung_examples){.texts = texts + first,
                           .labels = labels + first,
                           .count = n,
                           .numbers = numbers + COLUMNS * first,
                           .n_numbers = COLUMNS};
}

static rung_model *unfitted(const char *const *names)
{
    rung_model *m = new_classifier("logreg", names);
    set_option(m, "number-columns", "price,stars");
    set_option(m, "ngrams", "1");
    set_option(m, "hash", "0");
    set_option(m, "min-df", "1");
    set_option(m, "l2", "0.5");
    return m;
}

static rung_status fit_on(rung_model *m, void *rt, rung_examples train, rung_error *error)
{
    const rung_examples none = {0};
    return m->type->labelled->fit(m, rt, &train, &none, error);
}

static rung_model *fitted(void *rt, const char *const *names)
{
    rung_model *m = unfitted(names);
    assert_ok(fit_on(m, rt, examples(0, N_TRAIN, names == two ? "two" : "three"), &err));
    return m;
}

static void assert_doubles(const char *what, const float *x, const double *wanted,
                           int64_t n, double tolerance)
{
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)x[i] - wanted[i]) <= tolerance))
            fail_msg("%s: element %lld is %.9g, not %.9g", what, (long long)i,
                     (double)x[i], wanted[i]);
}

/* What is minimised: the training texts' losses and the penalty. */
static double objective_of(const rung_model *m, void *rt, const rung_examples *train)
{
    const rung_linear_ops *ops = m->type->linear;
    const int64_t L = m->n_labels, D = ops->features(m)->n_columns + COLUMNS;
    double sum = 0;
    float *logp;
    assert_ok(rung_classify(&logp, m, rt, train, NULL, &err));
    for (size_t i = 0; i < train->count; i++)
        sum -= (double)logp[(int64_t)i * L + train->labels[i]];
    for (int64_t k = 0; k < D * ops->outputs(m); k++)
        sum += 0.25 * pow((double)ops->weights(m)[k], 2); // l2 / 2
    rung_logp_free(logp);
    return sum;
}

/* Training stops when the objective is right to six digits, the weights to two. */
static void weights_are_those_of_scikit_learn(void **state)
{
    for (int i = 0; i < 2; i++) {
        const char *name = i ? "three" : "two";
        const int64_t L = i ? 3 : 2, O = i ? 3 : 1;
        rung_model *m = fitted(*state, i ? three : two);
        const rung_linear_ops *ops = m->type->linear;
        const int64_t D = ops->features(m)->n_columns + COLUMNS;
        const rung_examples test = examples(N_TRAIN, N - N_TRAIN, name);
        const double *scales = golden_data("scales%s", "");
        float *logp;
        const rung_examples train = examples(0, N_TRAIN, name);
        const double wanted = *(const double *)golden_data("%s.objective", name);
        assert_near(objective_of(m, *state, &train), wanted, 1e-5 * wanted);
        assert_int_equal(D * O * 8, golden_find(golden, "%s.w", name)->bytes);
        assert_doubles(name, ops->weights(m), golden_data("%s.w", name), D * O, 6e-3);
        assert_doubles(name, ops->weights(m) + D * O, golden_data("%s.b", name), O, 6e-3);
        for (int k = 0; k < COLUMNS; k++) {
            assert_near(ops->numbers(m)->scales[k].mean, scales[2 * k], 1e-9);
            assert_near(ops->numbers(m)->scales[k].deviation, scales[2 * k + 1], 1e-9);
        }
        assert_ok(rung_classify(&logp, m, *state, &test, NULL, &err));
        for (size_t k = 0; k < test.count * (size_t)L; k++) logp[k] = expf(logp[k]);
        assert_doubles(name, logp, golden_data("%s.p", name), (int64_t)test.count * L,
                       2e-3);
        rung_logp_free(logp);
        rung_model_free(m);
    }
}

static void a_folder_gives_the_same_bits_at_any_threads(void **state)
{
    float *a[2];
    const rung_examples all = examples(0, N, "three");
    for (int i = 0; i < 2; i++) {
        rung_runtime *rt = new_runtime(1 + 2 * i);
        rung_model *m = fitted(rt, three), *loaded;
        const char *folder = path_in(*state, i ? "one" : "three");
        assert_ok(rung_model_save(m, folder, &err));
        assert_ok(rung_model_load(&loaded, folder, &err));
        assert_string_equal(rung_number_columns(loaded), "price,stars");
        assert_ok(rung_classify(&a[i], i ? loaded : m, rt, &all, NULL, &err));
        rung_model_free(m), rung_model_free(loaded);
        rung_runtime_free(rt);
    }
    assert_memory_equal(a[0], a[1], 3 * N * sizeof *a[0]);
    rung_logp_free(a[0]), rung_logp_free(a[1]);
    assert_same_files(path_in(*state, "one/model.safetensors"),
                      path_in(*state, "three/model.safetensors"));
}

static void numbers_and_columns_must_agree(void **state)
{
    float *logp;
    rung_examples data = examples(0, N_TRAIN, "two");
    rung_model *m = fitted(*state, two);
    data.n_numbers = 1;
    assert_fails(rung_classify(&logp, m, *state, &data, NULL, &err), RUNG_INPUT,
                 "1 numbers beside each text, but the model takes 2: price,stars");
    data.numbers = NULL, data.n_numbers = 0;
    assert_fails(rung_classify(&logp, m, *state, &data, NULL, &err), RUNG_INPUT,
                 "0 numbers beside each text, but the model takes 2: price,stars");
    assert_fails(fit_on(m, *state, data, &err), RUNG_INPUT,
                 "0 numbers beside each text, but the model takes 2: price,stars");
    rung_model_free(m);
    m = new_classifier("logreg", two);
    assert_null(rung_number_columns(m));
    assert_fails(fit_on(m, *state, examples(0, N_TRAIN, "two"), &err), RUNG_INPUT,
                 "2 numbers beside each text, but the model takes 0");
    rung_model_free(m);
    m = new_classifier("majority", two);
    assert_null(rung_number_columns(m));
    rung_model_free(m);
}

/* Nothing is learned from it, and no later value makes a difference. */
static void a_constant_column_says_nothing(void **state)
{
    double numbers[COLUMNS * N];
    float *a, *b;
    rung_examples data = examples(0, N, "two");
    memcpy(numbers, data.numbers, sizeof numbers);
    for (int i = 0; i < N_TRAIN; i++) numbers[2 * i] = 0.1;
    data.numbers = numbers, data.count = N_TRAIN;
    rung_model *m = unfitted(two);
    assert_ok(fit_on(m, *state, data, &err));
    const rung_linear_ops *ops = m->type->linear;
    assert_true(ops->numbers(m)->scales[0].deviation == 0);
    assert_true(ops->weights(m)[ops->features(m)->n_columns] == 0);
    data.count = N;
    assert_ok(rung_classify(&a, m, *state, &data, NULL, &err));
    for (int i = 0; i < N; i++) numbers[2 * i] = 1e30 * i;
    assert_ok(rung_classify(&b, m, *state, &data, NULL, &err));
    assert_memory_equal(a, b, 2 * N * sizeof *a);
    rung_logp_free(a), rung_logp_free(b);
    rung_model_free(m);
}

static void a_training_goes_on_with_the_same_columns(void **state)
{
    rung_runtime *rt = new_runtime(1);
    const char *folder = path_in(*state, "old");
    rung_model *old = fitted(rt, two), *m = unfitted(two);
    assert_ok(rung_model_save(old, folder, &err));
    set_option(m, "from", folder);
    set_option(m, "l2", "1e9");
    set_option(m, "bias", "no");
    rung_examples other = examples(30, N - 30, "two");
    assert_ok(fit_on(m, rt, other, &err)); // other means: the old ones stay
    const rung_linear_ops *ops = m->type->linear;
    const int64_t D = ops->features(m)->n_columns + COLUMNS;
    assert_memory_equal(ops->numbers(m)->scales, ops->numbers(old)->scales,
                        COLUMNS * sizeof(rung_number_scale));
    for (int64_t j = 0; j < D; j++)
        assert_near((double)ops->weights(m)[j], (double)ops->weights(old)[j], 1e-5);
    set_option(m, "number-columns", "price");
    other.n_numbers = 1;
    assert_fails_saying(fit_on(m, rt, other, &err), RUNG_USAGE,
                        "has --number-columns 'price,stars', not 'price'");
    rung_model_free(m), rung_model_free(old);
    rung_runtime_free(rt);
}

/* ---- Weights ---- */

static void weights_have_the_columns_names(void **state)
{
    rung_number_weight a, b;
    rung_model *m = fitted(*state, two);
    assert_true(rung_weights_number(&a, m, 1, 1));
    assert_int_equal(a.name.size, 5);
    assert_memory_equal(a.name.bytes, "stars", 5);
    assert_true(a.weight < -0.5); // the golden score has -0.7
    assert_true(rung_weights_number(&b, m, 0, 1));
    assert_true(b.weight == -a.weight && b.mean == a.mean);
    assert_false(rung_weights_number(&a, m, 1, 2));
    assert_false(rung_weights_number(&a, m, 2, 0));
    rung_model_free(m);
    m = new_classifier("logreg", two);
    assert_false(rung_weights_number(&a, m, 0, 0));
    rung_model_free(m);
}

static void weights_as_text_and_back_are_the_same_bits(void **state)
{
    rung_runtime *rt = new_runtime(1);
    const char *tsv = path_in(*state, "w.tsv");
    for (int i = 0; i < 2; i++) {
        rung_model *m = unfitted(three), *other;
        if (i) set_option(m, "hash", "12");
        assert_ok(fit_on(m, rt, examples(0, N_TRAIN, "three"), &err));
        assert_ok(rung_model_save(m, path_in(*state, "a"), &err));
        assert_ok(rung_weights_write(m, tsv, &err));
        assert_ok(rung_model_load(&other, path_in(*state, "a"), &err));
        assert_ok(rung_weights_read(other, tsv, &err));
        assert_ok(rung_model_save(other, path_in(*state, "b"), &err));
        assert_same_files(path_in(*state, "a/model.safetensors"),
                          path_in(*state, "b/model.safetensors"));
        rung_model_free(m), rung_model_free(other);
    }
    rung_runtime_free(rt);
}

static void weights_by_hand_need_the_columns(void **state)
{
#define HEAD "feature\tidf\tyes\n(bias)\t1\t0\n"
    static const char *const bad[][2] = {
        {HEAD, "w.tsv:3: a column of numbers is missing"},
        {HEAD "(price)\t1\t2\n", "w.tsv:4: a column of numbers is missing"},
        {HEAD "x\t1\t2\n(stars)\t1\t2\n", "w.tsv:3: must be (price): 'x'"},
        {HEAD "(price)\t1\t2\n(stars)\t1\tmany\n", "w.tsv:4: must be a number: 'many'"},
    };
    rung_number_weight c;
    rung_runtime *rt = new_runtime(1);
    rung_model *m = fitted(rt, two);
    const char *tsv = path_in(*state, "w.tsv");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_text(tsv, bad[i][0]);
        assert_fails_saying(rung_weights_read(m, tsv, &err), RUNG_INPUT, bad[i][1]);
    }
    write_text(tsv, HEAD "(price)\t1\t2\n(stars)\t1\t-3\nx\t1\t1\n");
    assert_ok(rung_weights_read(m, tsv, &err));
    assert_int_equal(m->type->linear->features(m)->n_columns, 1);
    assert_true(rung_weights_number(&c, m, 1, 0) && c.weight == 2);
    assert_true(rung_weights_number(&c, m, 1, 1) && c.weight == -3);
    rung_model_free(m);
    rung_runtime_free(rt);
}

/* ---- The folder, failures ---- */

static void scales_that_lie_are_refused(void **state)
{
    static const double scales[][4] = {
        {0, 1, NAN, 1}, {0, 1, 0, -1}, {0, INFINITY, 0, 1}};
    rung_runtime *rt = new_runtime(1);
    rung_model *m = fitted(rt, two), *loaded = NULL;
    char good[400], bad[400]; // path_in's results do not last
    snprintf(good, sizeof good, "%s/good", (const char *)*state);
    snprintf(bad, sizeof bad, "%s/bad", (const char *)*state);
    assert_ok(rung_model_save(m, good, &err));
    copy_model(good, bad);
    rung_stored tensor = {.name = "numbers",
                          .type = RUNG_STORED_F64,
                          .rank = 2,
                          .shape = {2, 2},
                          .bytes = sizeof scales[0]};
    for (int i = 0; i < 3; i++) {
        tensor.data = scales[i];
        replace_tensor(good, bad, &tensor);
        assert_fails_saying(rung_model_load(&loaded, bad, &err), RUNG_INPUT,
                            i < 2 ? "number 1 has the mean" : "number 0 has the mean");
    }
    tensor.shape[0] = 1, tensor.bytes = 16;
    replace_tensor(good, bad, &tensor);
    assert_fails_saying(rung_model_load(&loaded, bad, &err), RUNG_INPUT,
                        "tensor 'numbers' is missing or has another shape");
    tensor.data = NULL;
    replace_tensor(good, bad, &tensor);
    assert_fails_saying(rung_model_load(&loaded, bad, &err), RUNG_INPUT,
                        "tensor 'numbers' is missing or has another shape");
    assert_null(loaded);
    rung_model_free(m);
    rung_runtime_free(rt);
}

typedef struct work {
    const char *folder, *tsv;
    rung_runtime *rt;
} work;

static rung_status whole_life(void *ctx, rung_error *error)
{
    const work *k = ctx;
    const rung_examples train = examples(0, 30, "two"), none = {0};
    rung_labels *labels;
    rung_model *m = NULL, *loaded = NULL;
    float *logp = NULL;
    const rung_span names[] = {{"no", 2}, {"yes", 3}};
    RUNG_TRY(rung_labels_ordered(&labels, names, 2, error));
    rung_status status =
        rung_model_new(&m, rung_class_find("logreg", error), RUNG_LABELLED, error);
    if (status != RUNG_OK)
        rung_labels_free(labels);
    else
        status = rung_model_build(m, NULL, labels, 1, error);
    if (status == RUNG_OK) {
        const rung_option_set set = rung_model_options(m);
        status = rung_option_set_text(&set, "hash", "0", error);
        if (status == RUNG_OK)
            status = rung_option_set_text(&set, "number-columns", "a,b", error);
    }
    if (status == RUNG_OK)
        status = m->type->labelled->fit(m, k->rt, &train, &none, error);
    if (status == RUNG_OK) status = rung_model_save(m, k->folder, error);
    if (status == RUNG_OK) status = rung_model_load(&loaded, k->folder, error);
    if (status == RUNG_OK) status = rung_weights_write(loaded, k->tsv, error);
    if (status == RUNG_OK) status = rung_weights_read(loaded, k->tsv, error);
    if (status == RUNG_OK)
        status = rung_classify(&logp, loaded, k->rt, &train, NULL, error);
    rung_logp_free(logp);
    rung_model_free(loaded);
    rung_model_free(m);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    work k = {path_in(*state, "model"), path_in(*state, "w.tsv"), new_runtime(1)};
    assert_true(assert_survives_failed_allocations(whole_life, &k) > 60);
    rung_runtime_free(k.rt);
}

static int setup(void **state)
{
    golden = golden_open("standardised");
    for (int i = 0; i < N; i++) {
        const int n = snprintf(storage[i], sizeof storage[i], "a%d b%d%s", i * 7 % 13,
                               i * i % 11, i % 3 ? i % 3 == 1 ? " x" : " x x" : "");
        texts[i] = (rung_span){storage[i], (size_t)n};
    }
    return open_runtime(state);
}

static int teardown(void **state)
{
    rung_safetensors_close(golden);
    return close_runtime(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_those_of_scikit_learn),
        test_in_folder(a_folder_gives_the_same_bits_at_any_threads),
        cmocka_unit_test(numbers_and_columns_must_agree),
        cmocka_unit_test(a_constant_column_says_nothing),
        test_in_folder(a_training_goes_on_with_the_same_columns),
        cmocka_unit_test(weights_have_the_columns_names),
        test_in_folder(weights_as_text_and_back_are_the_same_bits),
        test_in_folder(weights_by_hand_need_the_columns),
        test_in_folder(scales_that_lie_are_refused),
        test_in_folder(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
