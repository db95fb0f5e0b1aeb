/* What logreg and bow reach with their defaults on data that people compare on: the test
 * part is looked at once, after everything was chosen on valid. RUNG_DATA names the
 * folder with the data (../shared/data if unset); a set that is not there is skipped. */
#include "support.h"

#include "engine.h"
#include "rung/ladder.h"

static rung_error err;

static const char *data(const char *name)
{
    const char *folder = getenv("RUNG_DATA");
    return path_in(folder ? folder : "../shared/data", name);
}

/* The share of the test part that is right. */
static double accuracy(const char *rung, const char *train, const char *test,
                       const char *text_column, const char *label_column)
{
    rung_corpus corpus;
    rung_label_score score;
    rung_model *m = NULL;
    rung_corpus_config config = RUNG_CORPUS_CONFIG_DEFAULT;
    config.kind = RUNG_CORPUS_LABELLED;
    config.data = train, config.test = test;
    config.labelled.text_column = text_column;
    config.labelled.label_column = label_column;
    rung_runtime *rt = new_runtime(0);
    assert_ok(rung_corpus_open(&corpus, rt, &config, NULL, &err));
    assert_ok(rung_model_new(&m, rung_class_find(rung, &err), RUNG_LABELLED, &err));
    assert_ok(rung_model_build(m, NULL, rung_labels_share(corpus.labels), 1, &err));
    assert_ok(m->type->labelled->fit(m, rt, &corpus.examples[RUNG_TRAIN],
                                     &corpus.examples[RUNG_VALID], &err));
    assert_ok(rung_classify_evaluate(m, rt, &corpus.examples[RUNG_TEST], &score, &err));
    const double share = score.accuracy;
    print_message("# %s: %.4f of %zu right, log-loss %.4f\n", rung, share, score.count,
                  score.log_loss);
    rung_label_score_release(&score);
    rung_model_free(m);
    rung_corpus_release(&corpus);
    rung_runtime_free(rt);
    return share;
}

static void reviews_of_films(void **state)
{
    (void)state;
    char train[512], test[512];
    snprintf(train, sizeof train, "%s", data("textcls/imdb.train.tsv.xz"));
    snprintf(test, sizeof test, "%s", data("textcls/imdb.test.tsv.xz"));
    if (!rung_path_exists(train)) skip();
    assert_true(accuracy("logreg", train, test, "3", "1") >= 0.905);
    assert_true(accuracy("bow", train, test, "3", "1") >= 0.897);
}

static void sentences_of_reviews(void **state)
{
    (void)state;
    char train[512], test[512];
    snprintf(train, sizeof train, "%s", data("textcls/sst2/train.tsv.gz"));
    snprintf(test, sizeof test, "%s", data("textcls/sst2/dev.tsv"));
    if (!rung_path_exists(train)) skip();
    assert_true(accuracy("logreg", train, test, "2", "1") >= 0.81);
    assert_true(accuracy("bow", train, test, "2", "1") >= 0.81);
}

static void short_messages(void **state)
{
    (void)state;
    const char *path = data("textcls/SMSSpamCollection.tsv");
    if (!rung_path_exists(path)) skip();
    assert_true(accuracy("logreg", path, NULL, "2", "1") >= 0.98);
    assert_true(accuracy("bow", path, NULL, "2", "1") >= 0.98);
}

/* The documents stand in one file, a line each, and "name part label" in another: joined
 * here to two files of labelled text. */
static void split_reuters(const char *train, const char *test)
{
    rung_text documents, index;
    FILE *out[] = {fopen(train, "w"), fopen(test, "w")};
    assert_ok(rung_text_read(&documents, data("textcls/R8.clean.txt.gz"), 0, &err));
    assert_ok(rung_text_read(&index, data("textcls/R8.index.txt"), 0, &err));
    const char *line = documents.bytes, *entry = index.bytes;
    while (*line) {
        const char *end = strchrnul(line, '\n');
        char part[20], label[40];
        assert_int_equal(sscanf(entry, "%*s %19s %39s", part, label), 2);
        fprintf(out[strcmp(part, "test") == 0], "%s\t%.*s\n", label, (int)(end - line),
                line);
        entry = strchrnul(entry, '\n');
        entry += *entry == '\n';
        line = end + (*end == '\n');
    }
    assert_int_equal(*entry, '\0');
    fclose(out[0]), fclose(out[1]);
    rung_text_release(&documents), rung_text_release(&index);
}

static void news(void **state)
{
    char train[512], test[512];
    snprintf(train, sizeof train, "%s", path_in(*state, "train.tsv"));
    snprintf(test, sizeof test, "%s", path_in(*state, "test.tsv"));
    if (!rung_path_exists(data("textcls/R8.clean.txt.gz"))) skip();
    split_reuters(train, test);
    assert_true(accuracy("logreg", train, test, "2", "1") >= 0.96);
    assert_true(accuracy("bow", train, test, "2", "1") >= 0.96);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reviews_of_films),
        cmocka_unit_test(sentences_of_reviews),
        cmocka_unit_test(short_messages),
        test_in_folder(news),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
