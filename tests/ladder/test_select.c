/* rung_select: what is chosen and written, the same at any number of threads. */
#include "support.h"

#include "base/files.h"
#include "base/rng.h"
#include "engine.h"
#include "rung/select.h"

static rung_error err;

/* 400 texts of 30 words of no meaning each out of 300, and one of two that tells the
 * label. */
static void write_data(const char *path)
{
    rung_rng rng = rung_rng_make(5);
    rung_writer w;
    char line[600];
    assert_ok(rung_writer_open(&w, path, &err));
    for (int i = 0; i < 400; i++) {
        size_t n = (size_t)sprintf(line, "%s", i % 2 ? "fine" : "dull");
        for (int k = 0; k < 30; k++)
            n += (size_t)sprintf(line + n, " w%d", (int)rung_rng_below(&rng, 300));
        n += (size_t)sprintf(line + n, "\t%s\n", i % 2 ? "good" : "bad");
        rung_writer_write(&w, line, n);
    }
    assert_ok(rung_writer_commit(&w, &err));
}

typedef struct trial {
    int threads, selector;
    int64_t features;
    double valid_share;
    const char *data, *out;
} trial;

static rung_status select_as(const trial *t, rung_selection *out, rung_error *error)
{
    rung_runtime *rt = new_runtime(t->threads);
    rung_corpus corpus;
    rung_corpus_config config = RUNG_CORPUS_CONFIG_DEFAULT;
    rung_model *m;
    size_t count;
    rung_select_config select = {
        .selector = t->selector, .features = t->features, .out = t->out};
    const rung_option_set usual = {.options = rung_train_options(&count),
                                   .values = &select.fit.train};
    rung_option_set all = usual;
    all.count = count;
    assert_ok(rung_options_defaults(&all, &err));
    config.data = t->data;
    config.kind = RUNG_CORPUS_LABELLED;
    config.valid_share = t->valid_share;
    assert_ok(rung_corpus_open(&corpus, rt, &config, NULL, &err));
    assert_ok(rung_model_new(&m, rung_class_find("logreg", &err), RUNG_LABELLED, &err));
    const rung_status status = rung_select(rt, &m, &corpus, &select, out, error);
    rung_model_free(m);
    rung_options_release(&all);
    rung_corpus_release(&corpus);
    rung_runtime_free(rt);
    return status;
}

static void the_fewest_that_are_enough_are_taken(void **state)
{
    rung_selection s;
    char *names;
    size_t size;
    write_data(path_in(*state, "data.tsv"));
    const trial t = {
        1, RUNG_SELECTORS, 0, -1, path_in(*state, "data.tsv"), path_in(*state, "out")};
    assert_ok(select_as(&t, &s, &err));
    const rung_select_point *p = &s.points[s.chosen];
    assert_int_equal(p->features, 10);
    assert_true(p->accuracy == 1);
    assert_true(p->selector == RUNG_SELECT_CHI2 || p->selector == RUNG_SELECT_MUTUAL ||
                p->selector == RUNG_SELECT_LOG_ODDS || p->selector == RUNG_SELECT_L1);
    assert_int_equal(s.points[s.n_points - 1].selector, RUNG_SELECTORS);
    assert_true(s.fit.test_labels.accuracy == 1);
    assert_ok(rung_file_read(path_in(*state, "out/vocabulary.txt"), &names, &size, &err));
    assert_true(strncmp(names, "dull\nfine\n", 10) == 0);
    rung__free(names);
    assert_true(rung_file_size(path_in(*state, "out/report.html")) > 5000);
    rung_fit_result_release(&s.fit);
    rung_model *m;
    assert_ok(rung_model_load(&m, path_in(*state, "out/model"), &err));
    rung_model_free(m);
}

static void threads_do_not_change_a_bit(void **state)
{
    static const char *const files[] = {"vocabulary.txt", "select.tsv", "report.html",
                                        "model/model.safetensors"};
    rung_selection s;
    write_data(path_in(*state, "data.tsv"));
    for (int threads = 1; threads <= 3; threads += 2) {
        const trial t = {threads,
                         RUNG_SELECTORS,
                         0,
                         -1,
                         path_in(*state, "data.tsv"),
                         path_in(*state, threads == 1 ? "one" : "three")};
        assert_ok(select_as(&t, &s, &err));
        rung_fit_result_release(&s.fit);
    }
    for (int i = 0; i < 4; i++) {
        char one[40], three[40];
        snprintf(one, sizeof one, "one/%s", files[i]);
        snprintf(three, sizeof three, "three/%s", files[i]);
        assert_same_files(path_in(*state, one), path_in(*state, three));
    }
}

static void what_is_asked_for_is_kept(void **state)
{
    rung_selection s;
    write_data(path_in(*state, "data.tsv"));
    trial t = {
        1, RUNG_SELECT_DF, 7, -1, path_in(*state, "data.tsv"), path_in(*state, "out")};
    assert_ok(select_as(&t, &s, &err));
    assert_int_equal(s.n_points, 2);
    assert_int_equal(s.points[s.chosen].features, 7);
    assert_int_equal(s.points[s.chosen].selector, RUNG_SELECT_DF);
    rung_fit_result_release(&s.fit);
    char *report;
    size_t size;
    assert_ok(rung_file_read(path_in(*state, "out/report.html"), &report, &size, &err));
    assert_contains(report, "features, 7 by document frequency");
    assert_null(strstr(report, "the fewest"));
    rung__free(report);
    t.features = 1000000;
    assert_fails_saying(select_as(&t, &s, &err), RUNG_INPUT,
                        "features to choose from, 1000000 asked for");
    t.features = 0, t.valid_share = 0;
    assert_fails(select_as(&t, &s, &err), RUNG_USAGE,
                 "no valid part: features are chosen on it");
}

static void what_cannot_be_reported_leaves_no_result(void **state)
{
    rung_selection s;
    write_data(path_in(*state, "data.tsv"));
    const trial t = {
        1, RUNG_SELECT_DF, 7, -1, path_in(*state, "data.tsv"), path_in(*state, "out")};
    assert_ok(rung_make_dirs(path_in(*state, "out/report.html"), &err));
    assert_fails_saying(select_as(&t, &s, &err), RUNG_IO, "report.html");
    assert_null(s.fit.valid_labels.of_label);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_in_folder(the_fewest_that_are_enough_are_taken),
        test_in_folder(threads_do_not_change_a_bit),
        test_in_folder(what_is_asked_for_is_kept),
        test_in_folder(what_cannot_be_reported_leaves_no_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
