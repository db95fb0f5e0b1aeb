/* Weights as people read them, as text, and back. */
#include "support.h"

#include "base/files.h"
#include "models/classifier.h"
#include "rung/weights.h"

static rung_error err;

enum { N = 8 };

static const char *const lines[N] = {
    "good film",      "good plot", "bad film",     "bad film",
    "not bad at all", "not bad",   "strange film", "strange film",
};
static const int32_t labels[N] = {0, 0, 1, 1, 0, 0, 2, 2};
static const char *const three[] = {"good", "b\\a\td", "odd", NULL};
static const char *const two[] = {"bad", "good", NULL};
static rung_span texts[N];

static rung_model *fitted(void *rt, const char *const *names, const char *hash)
{
    int32_t ids[N];
    rung_model *m = new_classifier("logreg", names);
    set_option(m, "hash", hash);
    set_option(m, "min-df", "1");
    for (int i = 0; i < N; i++) ids[i] = names == two ? labels[i] == 0 : labels[i];
    const rung_examples train = {.texts = texts, .labels = ids, .count = N}, none = {0};
    assert_ok(m->type->labelled->fit(m, rt, &train, &none, &err));
    return m;
}

/* Of one label: "good film not". */
static void assert_strongest(const rung_model *m, int64_t label, size_t most,
                             const char *wanted)
{
    rung_weights w;
    char found[200] = "";
    assert_ok(rung_weights_strongest(&w, m, label, most, texts, N, &err));
    assert_true(w.count <= most);
    for (size_t i = 0; i < w.count; i++) {
        strcat(strcat(found, i ? "|" : ""), w.list[i].feature);
        assert_true(w.list[i].weight > 0);
        assert_true(i == 0 || w.list[i].weight <= w.list[i - 1].weight);
    }
    assert_string_equal(found, wanted);
    rung_weights_release(&w);
}

static void the_strongest_features_have_names(void **state)
{
    for (int i = 0; i < 2; i++) {
        rung_model *m = fitted(*state, two, i ? "0" : "22");
        assert_strongest(m, 1, 1, "good");
        assert_strongest(m, 0, 1, "bad film");
        assert_strongest(m, 0, 0, "");
        rung_model_free(m);
        m = fitted(*state, three, i ? "0" : "22");
        assert_strongest(m, 1, 1, "bad film");
        rung_model_free(m);
    }
}

static void without_texts_hashes_are_numbers(void **state)
{
    rung_model *m = fitted(*state, two, "22");
    rung_weights w;
    int64_t bits;
    assert_ok(rung_weights_strongest(&w, m, 0, 5, NULL, 0, &err));
    assert_int_equal(w.count, 5);
    for (int i = 0; i < 5; i++) assert_true(w.list[i].feature[0] == '#');
    assert_ok(rung_weights_hash_bits(&bits, m, &err));
    assert_int_equal(bits, 22);
    rung_weights_release(&w);
    assert_fails(rung_weights_strongest(&w, m, 2, 5, NULL, 0, &err), RUNG_USAGE,
                 "label 2 of 2");
    rung_model_free(m);
}

static void text_and_back_gives_the_same_bits(void **state)
{
    rung_runtime *rt = new_runtime(1);
    for (int i = 0; i < 4; i++) {
        rung_model *m = fitted(rt, i & 1 ? two : three, i & 2 ? "0" : "22");
        rung_model *other = NULL;
        assert_ok(rung_model_save(m, path_in(*state, "one"), &err));
        assert_ok(rung_weights_write(m, path_in(*state, "w.tsv"), &err));
        assert_ok(rung_model_load(&other, path_in(*state, "one"), &err));
        assert_ok(rung_weights_read(other, path_in(*state, "w.tsv"), &err));
        assert_ok(rung_model_save(other, path_in(*state, "two"), &err));
        assert_same_files(path_in(*state, "one/model.safetensors"),
                          path_in(*state, "two/model.safetensors"));
        assert_same_files(path_in(*state, "one/config.json"),
                          path_in(*state, "two/config.json"));
        rung_model_free(m), rung_model_free(other);
    }
    rung_runtime_free(rt);
}

/* A file as a person leaves it: fewer lines, other numbers, another order. */
static void what_was_changed_by_hand_is_taken(void **state)
{
    static const char *const files[] = {
        "feature\tidf\tgood\n(bias)\t1\t-0.5\nstrange\t1\t-4\r\ngood\t2\t3e0\n",
        "feature\tidf\tgood\n(bias)\t1\t-0.5\n#9\t2\t3\n#7\t1\t-4",
    };
    rung_runtime *rt = new_runtime(1);
    for (int i = 0; i < 2; i++) {
        rung_model *m = fitted(rt, two, i ? "22" : "0");
        rung_weights w;
        write_text(path_in(*state, "w.tsv"), files[i]);
        assert_ok(rung_weights_read(m, path_in(*state, "w.tsv"), &err));
        assert_ok(rung_weights_strongest(&w, m, 1, 9, NULL, 0, &err));
        assert_int_equal(w.count, 1);
        assert_string_equal(w.list[0].feature, i ? "#9" : "good");
        assert_near(w.list[0].weight, 6, 1e-9);
        rung_weights_release(&w);
        assert_ok(rung_weights_strongest(&w, m, 0, 9, NULL, 0, &err));
        assert_int_equal(w.count, 1);
        assert_string_equal(w.list[0].feature, i ? "#7" : "strange");
        rung_weights_release(&w);
        rung_model_free(m);
    }
    rung_runtime_free(rt);
}

static void refuse(rung_model *m, const char *folder, const char *text,
                   const char *message)
{
    write_text(path_in(folder, "w.tsv"), text);
    assert_fails_saying(rung_weights_read(m, path_in(folder, "w.tsv"), &err), RUNG_INPUT,
                        message);
}

#define HEAD "feature\tidf\tgood\n"

static void bad_files_are_refused_with_their_line(void **state)
{
    rung_runtime *rt = new_runtime(1);
    rung_model *named = fitted(rt, two, "0"), *hashed = fitted(rt, two, "22");
    refuse(named, *state, "feature\tidf\tbad\n(bias)\t1\t0\n",
           "w.tsv:1: must be 'feature?idf?good', feature, idf and the model's labels: "
           "'feature?idf?bad'");
    refuse(named, *state, HEAD, "w.tsv:2: the first feature must be (bias)");
    refuse(named, *state, HEAD "film\t1\t0\n",
           "w.tsv:2: the first feature must be (bias)");
    refuse(named, *state, HEAD "(bias)\t1\tx\n", "w.tsv:2: must be a number: 'x'");
    refuse(named, *state, HEAD "(bias)\t1\n", "w.tsv:2: must be a number: ''");
    refuse(named, *state, HEAD "(bias)\t1\tnan\n", "w.tsv:2: must be a number: 'nan'");
    refuse(named, *state, HEAD "(bias)\t1\t1e39\n", "w.tsv:2: must be a number: '1e39'");
    refuse(named, *state, HEAD "(bias)\t1\t0\t2\n",
           "w.tsv:2: more columns than labels: '2'");
    refuse(named, *state, HEAD "(bias)\t1\t0\n\nfilm\t1\t2\n",
           "w.tsv:3: must be a number: ''");
    refuse(named, *state, HEAD "(bias)\t1\t0\nfilm\t1\t2\nFilm\t1\t2\n",
           "w.tsv: line 2: 'Film' is no feature");
    refuse(named, *state, HEAD "(bias)\t1\t0\nfilm\t1\t2\nfilm\t1\t2\n",
           "w.tsv: line 2: 'film' is there already");
    refuse(named, *state, HEAD "(bias)\t1\t0\nfilm\t0\t2\n",
           "w.tsv: idf of column 0 is 0: must be 1 or more");
    refuse(hashed, *state, HEAD "(bias)\t1\t0\nfilm\t1\t2\n",
           "w.tsv:3: features of this model are hashes, such as #123: 'film'");
    refuse(hashed, *state, HEAD "(bias)\t1\t0\n#4194304\t1\t2\n",
           "w.tsv: column 0 has hash 4194304");
    refuse(hashed, *state, HEAD "(bias)\t1\t0\n#1\t1\t2\n#1\t1\t2\n",
           "w.tsv: column 1 has hash 1");
    assert_strongest(named, 1, 1, "good"); // as it was
    assert_strongest(hashed, 1, 1, "good");
    rung_model_free(named), rung_model_free(hashed);
    rung_runtime_free(rt);
}

static void other_rungs_say_that_they_have_none(void **state)
{
    (void)state;
    rung_weights w;
    rung_model *m = new_classifier("majority", two);
    assert_fails_saying(rung_weights_strongest(&w, m, 0, 3, NULL, 0, &err),
                        RUNG_UNSUPPORTED,
                        "majority has no weights of features: those that do: logreg");
    rung_model_free(m);
    m = new_classifier("logreg", two);
    assert_fails(rung_weights_strongest(&w, m, 0, 3, NULL, 0, &err), RUNG_INPUT,
                 "logreg: not trained yet");
    rung_model_free(m);
}

typedef struct work {
    const char *path;
    rung_model *m;
} work;

static rung_status there_and_back(void *ctx, rung_error *error)
{
    const work *k = ctx;
    rung_weights w;
    RUNG_TRY(rung_weights_strongest(&w, k->m, 1, 3, texts, N, error));
    rung_weights_release(&w);
    RUNG_TRY(rung_weights_write(k->m, k->path, error));
    return rung_weights_read(k->m, k->path, error);
}

static void failed_allocations_leave_no_trace(void **state)
{
    rung_runtime *rt = new_runtime(1);
    for (int i = 0; i < 2; i++) {
        work k = {path_in(*state, "w.tsv"), fitted(rt, three, i ? "12" : "0")};
        assert_true(assert_survives_failed_allocations(there_and_back, &k) > 20);
        rung_model_free(k.m);
    }
    rung_runtime_free(rt);
}

static int setup(void **state)
{
    for (int i = 0; i < N; i++) texts[i] = (rung_span){lines[i], strlen(lines[i])};
    return open_runtime(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_strongest_features_have_names),
        cmocka_unit_test(without_texts_hashes_are_numbers),
        test_in_folder(text_and_back_gives_the_same_bits),
        test_in_folder(what_was_changed_by_hand_is_taken),
        test_in_folder(bad_files_are_refused_with_their_line),
        cmocka_unit_test(other_rungs_say_that_they_have_none),
        test_in_folder(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, setup, close_runtime);
}
