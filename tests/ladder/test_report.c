/* report.html of a run: a whole document that says what the run found. */
#include "support.h"

#include "ladder/report.h"
#include "report/markup.h"

static rung_runtime *rt;

static int make_runtime(void **state)
{
    (void)state;
    return rung_runtime_new(&rt, &(rung_runtime_config){.threads = 2}, NULL);
}

static int free_runtime(void **state)
{
    (void)state;
    rung_runtime_free(rt);
    return 0;
}

/* Runs the ladder on a file of such a name; the page is rung__free'd. */
static char *page_of(const void *folder, const char *name, const char *content,
                     const char *rungs, int kind, rung_ladder *ladder)
{
    rung_error err = {0};
    char data[512], out[512], *page;
    size_t size;
    snprintf(data, sizeof data, "%s/%s", (const char *)folder, name);
    snprintf(out, sizeof out, "%s/run", (const char *)folder);
    write_bytes(data, content, strlen(content));
    rung_ladder_config config = RUNG_LADDER_CONFIG_DEFAULT;
    config.corpus.data = data;
    config.corpus.kind = kind;
    config.out = out;
    config.rungs = rungs;
    config.budget = 1;
    config.context = 16;
    config.command = "rung ladder 'it is <here>'";
    assert_ok(rung_ladder_run(rt, &config, NULL, ladder, &err));
    assert_ok(rung_file_read(path_in(folder, "run/report.html"), &page, &size, &err));
    assert_well_formed(page);
    return page;
}

static const char *raw_text(void)
{
    static char text[40000];
    size_t n = 0;
    for (int i = 0; i < 600; i++)
        n += (size_t)sprintf(text + n, "Day %d: the cat saw %d birds; кот спал.\n", i,
                             i * 7 % 11);
    return text;
}

static const char *labelled_text(void)
{
    static char text[40000];
    size_t n = 0;
    for (int i = 0; i < 300; i++)
        n +=
            (size_t)sprintf(text + n, "%s\tmessage %d is %s today\n",
                            i % 3 ? "<ham>" : "спам & \"co\"", i, i % 3 ? "good" : "bad");
    return text;
}

static void a_run_on_raw_text_is_told(void **state)
{
    rung_ladder ladder;
    char text[200];
    char *page = page_of(*state, "a <b> & c.txt", raw_text(), "unigram,bigram,gpt",
                         RUNG_CORPUS_RAW, &ladder);
    assert_contains(page, "<h1>Which rung does a &lt;b&gt; &amp; c.txt need?</h1>");
    assert_contains(page, "<p class=\"lead\">Take ");
    assert_contains(page, "<pre><code>rung ladder &#39;it is &lt;here&gt;&#39;</code>");
    for (size_t i = 0; i < ladder.n_rows; i++) { // its line in the table
        snprintf(text, sizeof text,
                 "<tr%s><th scope=\"row\">%s</th><td class=\"n\">%.3f</td>",
                 i == ladder.recommended ? " class=\"marked\"" : "",
                 ladder.rows[i].type->name, ladder.rows[i].fit.test.bits_per_byte);
        assert_contains(page, text);
        snprintf(text, sizeof text, "--out again-%s", ladder.rows[i].type->name);
        assert_contains(page, text);
    }
    static const char *const titles[] = {"How much worse than the best",
                                         "Quality against training time",
                                         "Quality against size",
                                         "Loss by context",
                                         "Where gpt looks from the last token",
                                         "Layer 4 of gpt"};
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
        snprintf(text, sizeof text, "<figcaption><strong>%s</strong>", titles[i]);
        assert_contains(page, text);
    }
    assert_null(strstr(page, "A name, recalled")); // that is of tales
    assert_contains(page, "<th scope=\"row\">layer 4.4</th>");
    assert_contains(page, ladder.sha256);
    rung__free(page);
    rung_ladder_release(&ladder);
}

static void a_run_on_labelled_text_is_told(void **state)
{
    rung_ladder ladder;
    char text[200];
    char *page = page_of(*state, "labelled.tsv", labelled_text(), "lstm",
                         RUNG_CORPUS_LABELLED, &ladder);
    assert_contains(page, "What lstm takes for what");
    assert_contains(page, "<th scope=\"row\">спам &amp; &quot;co&quot;</th>");
    assert_contains(page, "<th scope=\"col\" class=\"n\">&lt;ham&gt;</th>");
    assert_contains(page, "Quality on test");
    assert_contains(page, "More figures of the test texts");
    assert_contains(page, "What probabilities are worth");
    assert_contains(page,
                    "the probability of спам &amp; &quot;co&quot;, the rarer label");
    assert_contains(page, "The labels by lstm");
    assert_contains(page, "Learning curves");
    assert_null(strstr(page, "Loss by context"));
    snprintf(text, sizeof text, "<th scope=\"row\">lstm</th><td class=\"n\">%.1f",
             100 * ladder.rows[0].fit.test_labels.accuracy);
    assert_contains(page, text);
    // The cells of the confusion are all test examples.
    const rung_label_score *s = &ladder.rows[0].fit.test_labels;
    const char *row = strstr(page, "<tr><th scope=\"row\">&lt;ham&gt;</th>");
    assert_non_null(row);
    size_t counts[4];
    rung_label_score_confusion(counts, s);
    snprintf(text, sizeof text, "<td class=\"n\">%zu</td><td class=\"n\">%zu</td>",
             counts[0], counts[1]);
    assert_contains(row, text);
    rung__free(page);
    rung_ladder_release(&ladder);
}

/* So many labels, of which a text has two. */
static const char *texts_of_several_labels(int n_labels)
{
    static char text[40000];
    size_t n = 0;
    for (int i = 0; i < 300; i++)
        n += (size_t)sprintf(
            text + n, "__label__l%d __label__l%d word%d and word%d, %d\n", i % n_labels,
            (i + 1) % n_labels, i % n_labels, (i + 1) % n_labels, i);
    return text;
}

static void several_labels_are_questions_of_their_own(void **state)
{
    rung_ladder ladder;
    char *page = page_of(*state, "several.txt", texts_of_several_labels(7),
                         "majority,logreg", RUNG_CORPUS_LABELLED, &ladder);
    assert_contains(page, "Every label of every test text by its probability");
    assert_contains(page, "P@k: how many of the k most probable labels are right.");
    assert_contains(page, "P@5");
    assert_contains(page, "The labels by logreg");
    assert_null(strstr(page, "takes for what")); // no label is taken for another
    assert_null(strstr(page, "Found and falsely found"));
    assert_null(strstr(page, "Each training")); // there is one of each
    rung__free(page);
    rung_ladder_release(&ladder);
}

/* Three labels have no first three that could be wrong. */
static void figures_at_k_need_more_labels(void **state)
{
    rung_ladder ladder;
    char *page = page_of(*state, "three.txt", texts_of_several_labels(3),
                         "majority,logreg", RUNG_CORPUS_LABELLED, &ladder);
    assert_contains(page, "P@1");
    assert_null(strstr(page, "P@3"));
    assert_null(strstr(page, "R@3"));
    rung__free(page);
    rung_ladder_release(&ladder);
}

/* A rung's folder as it may be found: with a torn metrics.jsonl, or without one. */
static void broken_metrics_are_passed_over(void **state)
{
    rung_error err = {0};
    char *page;
    size_t size;
    rung_ladder ladder = {.n_rows = 1, .kind = RUNG_RAW};
    ladder.rows[0].type = rung_class_find("gpt", &err);
    rung_ladder_config config = RUNG_LADDER_CONFIG_DEFAULT;
    config.out = *state;
    assert_ok(rung__ladder_report(&ladder, &config, &err)); // no folder at all
    assert_ok(rung_file_read(path_in(*state, "report.html"), &page, &size, &err));
    assert_well_formed(page);
    assert_contains(page, "Which rung do the built-in tales need?");
    assert_null(strstr(page, "Learning curves"));
    rung__free(page);

    assert_ok(rung_make_dirs(path_in(*state, "gpt"), &err));
    write_text(path_in(*state, "gpt/metrics.jsonl"),
               "{\"step\": 0, \"valid_loss\": 9.0, \"elapsed_seconds\": 0.0}\n"
               "{\"step\": 5, \"valid_loss\": null, \"elapsed_seconds\": 1.0}\n"
               "{\"step\": 6, \"valid_loss\": 2.5, \"elapsed_seconds\": 2.0}\n"
               "[]\nnonsense\n{\"step\": 7, \"event\": \"rollback\"}\n"
               "{\"step\": 9, \"valid_loss\": 1.5, \"elapsed_seconds\": 4.0}\n"
               "{\"step\": 12, \"valid_loss\": 1.2, \"elap");
    assert_ok(rung__ladder_report(&ladder, &config, &err));
    assert_ok(rung_file_read(path_in(*state, "report.html"), &page, &size, &err));
    assert_well_formed(page);
    assert_contains(page, "Learning curves");
    assert_contains(page, "<td class=\"n\">2.0s</td><td class=\"n\">2.50</td>");
    assert_contains(page, "<td class=\"n\">4.0s</td><td class=\"n\">1.50</td>");
    assert_int_equal(count_of(page, "<tr><th scope=\"row\">gpt</th><td class=\"n\">"), 2);
    rung__free(page);

    write_text(path_in(*state, "gpt/training.json"), "{\"same_again\": 5}");
    assert_fails(rung__ladder_report(&ladder, &config, &err), RUNG_INPUT,
                 "training.json: same_again is an integer: must be a text");
}

typedef struct run {
    rung_ladder *ladder;
    rung_ladder_config config;
} run;

static rung_status report_again(void *ctx, rung_error *err)
{
    run *r = ctx;
    return rung__ladder_report(r->ladder, &r->config, err);
}

static void memory_that_runs_out_is_told(void **state)
{
    rung_ladder ladder;
    char out[512];
    snprintf(out, sizeof out, "%s/run", (const char *)*state);
    rung__free(page_of(*state, "labelled.tsv", labelled_text(), "lstm",
                       RUNG_CORPUS_LABELLED, &ladder));
    run r = {&ladder, RUNG_LADDER_CONFIG_DEFAULT};
    r.config.out = out;
    write_text(
        path_in(*state, "run/lstm/metrics.jsonl"), // a line for each step took long
        "{\"step\": 6, \"valid_loss\": 2.5, \"elapsed_seconds\": 2.0}\n");
    assert_true(assert_survives_failed_allocations(report_again, &r) > 100);
    rung_ladder_release(&ladder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_in_folder(a_run_on_raw_text_is_told),
        test_in_folder(a_run_on_labelled_text_is_told),
        test_in_folder(several_labels_are_questions_of_their_own),
        test_in_folder(figures_at_k_need_more_labels),
        test_in_folder(broken_metrics_are_passed_over),
        test_in_folder(memory_that_runs_out_is_told),
    };
    return cmocka_run_group_tests_name("report", tests, make_runtime, free_runtime);
}
