/* The ladder on a small text through the library: rows, files, resuming, refusals. */
#include "support.h"

#include <sys/stat.h>

#include "base/json.h"
#include "rung/ladder.h"

static char dir[200], data[250], out[250];

static int setup(void **state)
{
    snprintf(dir, sizeof dir, "/tmp/rung-ladder-XXXXXX");
    if (!mkdtemp(dir)) return 1;
    snprintf(data, sizeof data, "%s/text", dir);
    snprintf(out, sizeof out, "%s/run", dir);
    FILE *f = fopen(data, "w");
    for (int i = 0; i < 600; i++)
        fprintf(f, "Day %d: the cat saw %d birds, and the dog saw none.\n", i,
                i * 7 % 11);
    fclose(f);
    return rung_runtime_new((rung_runtime **)state, &(rung_runtime_config){.threads = 2},
                            NULL);
}

static int teardown(void **state)
{
    rung_runtime_free(*state);
    return rung_remove_tree(dir, NULL);
}

static rung_ladder_config small_config(void)
{
    rung_ladder_config config = RUNG_LADDER_CONFIG_DEFAULT;
    config.corpus.data = data;
    config.out = out;
    config.budget = 1;
    config.context = 16;
    return config;
}

static void a_run_is_written_and_gone_on_with(void **state)
{
    rung_error err;
    rung_ladder first, again;
    rung_ladder_config config = small_config();
    config.rungs = "unigram,bigram";
    assert_ok(rung_ladder_run(*state, &config, NULL, &first, &err));
    assert_int_equal(first.n_rows, 2);
    assert_int_equal(first.recommended, 1);
    assert_true(first.rows[1].fit.test.bits_per_byte <
                first.rows[0].fit.test.bits_per_byte);
    assert_true(first.rows[0].fit.file_bytes > 0);

    assert_fails_saying(rung_ladder_run(*state, &config, NULL, &again, &err), RUNG_USAGE,
                        "holds a finished run");
    config.resume = true;
    config.rungs = "unigram,bigram,gpt"; // the first two are read, not counted again
    assert_ok(rung_ladder_run(*state, &config, NULL, &again, &err));
    assert_int_equal(again.n_rows, 3);
    assert_true(again.rows[1].fit.test.nats == first.rows[1].fit.test.nats);
    assert_true(again.rows[1].fit.train.seconds == first.rows[1].fit.train.seconds);
    // So is how far back they see: also the time it took is that of the first run.
    assert_true(first.rows[1].sight.n_losses == 5 && first.rows[1].sight.seconds > 0);
    for (int i = 0; i < 2; i++)
        assert_memory_equal(&again.rows[i].sight, &first.rows[i].sight,
                            sizeof first.rows[i].sight);

    char path[300];
    json_t *results;
    const char *recommended = NULL;
    snprintf(path, sizeof path, "%s/results.json", out);
    assert_ok(rung_json_read(&results, path, &err));
    assert_ok(rung_json_get_text(results, "recommended", &recommended, path, &err));
    assert_string_equal(recommended, again.rows[again.recommended].type->name);
    assert_int_equal(json_array_size(json_object_get(results, "rungs")), 3);
    assert_int_equal(json_integer_value(json_object_get(results, "version")), 1);
    json_decref(results);
    rung_ladder_release(&first);
    rung_ladder_release(&again);
}

/* Whether the file of a training is the same as when its time was asked for. */
static int64_t time_of(const char *name)
{
    char path[400];
    struct stat info;
    snprintf(path, sizeof path, "%s/%s/model.safetensors", out, name);
    assert_int_equal(stat(path, &info), 0);
    return (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec;
}

static void trainings_are_repeated_with_other_seeds(void **state)
{
    rung_error err;
    rung_ladder l, more;
    char path[300];
    json_t *results;
    rung_ladder_config config = small_config();
    snprintf(out, sizeof out, "%s/repeated", dir);
    config.out = out;
    config.rungs = "unigram,lstm";
    config.repeats = 2;
    assert_ok(rung_ladder_run(*state, &config, NULL, &l, &err));
    const rung_ladder_row *row = &l.rows[1];
    assert_int_equal(l.rows[0].n_runs, 1); // counting has no seed
    assert_int_equal(row->n_runs, 2);
    const double a = rung_ladder_fit(row, 0)->test.bits_per_byte,
                 b = rung_ladder_fit(row, 1)->test.bits_per_byte;
    assert_true(a != b);
    assert_near(row->test.mean.bits_per_byte, (a + b) / 2, 1e-12);
    assert_near(row->test.spread.bits_per_byte, fabs(a - b) / sqrt(2), 1e-12);
    const int64_t times[] = {time_of("lstm"), time_of("lstm-2")};

    config.resume = true;
    config.repeats = 3; // one is added
    assert_ok(rung_ladder_run(*state, &config, NULL, &more, &err));
    assert_int_equal(more.rows[1].n_runs, 3);
    assert_true(time_of("lstm") == times[0] && time_of("lstm-2") == times[1]);
    assert_true(rung_ladder_fit(&more.rows[1], 1)->test.bits_per_byte == b);
    snprintf(path, sizeof path, "%s/results.json", out);
    assert_ok(rung_json_read(&results, path, &err));
    const json_t *lstm = json_array_get(json_object_get(results, "rungs"), 1);
    const json_t *runs = json_object_get(lstm, "runs");
    assert_int_equal(json_array_size(runs), 3);
    for (int r = 0; r < 3; r++) {
        const json_t *test = json_object_get(json_array_get(runs, r), "test");
        assert_int_equal(
            json_integer_value(json_object_get(json_array_get(runs, r), "seed")), r + 1);
        assert_true(json_real_value(json_object_get(test, "bits_per_byte")) ==
                    rung_ladder_fit(&more.rows[1], r)->test.bits_per_byte);
    }
    json_decref(results);
    rung_ladder_release(&l);
    rung_ladder_release(&more);
    config.repeats = 1000;
    assert_fails_saying(rung_ladder_run(*state, &config, NULL, &l, &err), RUNG_USAGE,
                        "1000 trainings of each rung: at most 100");
}

/* bow learns without the trainer, and has a seed all the same. */
static void what_has_a_seed_is_repeated(void **state)
{
    rung_error err;
    rung_ladder l;
    char path[300], folder[300];
    rung_ladder_config config = small_config();
    snprintf(path, sizeof path, "%s/labelled.tsv", dir);
    snprintf(folder, sizeof folder, "%s/seeds", dir);
    FILE *f = fopen(path, "w");
    for (int i = 0; i < 300; i++)
        fprintf(f, "%s\tday %d was %s\n", i % 3 ? "ham" : "spam", i,
                i % 3 ? "good" : "bad");
    fclose(f);
    config.corpus.data = path;
    config.corpus.kind = RUNG_CORPUS_LABELLED;
    config.out = folder;
    config.rungs = "majority,logreg,bow";
    config.repeats = 2;
    assert_ok(rung_ladder_run(*state, &config, NULL, &l, &err));
    assert_int_equal(l.rows[0].n_runs, 1);
    assert_int_equal(l.rows[1].n_runs, 1);
    assert_int_equal(l.rows[2].n_runs, 2);
    assert_true(l.rows[2].test.spread.log_loss > 0);
    rung_ladder_release(&l);
}

/* Texts whose label follows from their words, of which some are rare. */
static void write_reviews(const char *path, int n)
{
    static const char *const good[] = {"fine", "lovely", "great", "warm"};
    static const char *const bad[] = {"dull", "awful", "poor", "cold"};
    static const char *const things[] = {"film", "song", "book", "play", "day"};
    FILE *f = fopen(path, "w");
    for (int i = 0; i < n; i++) {
        const char *const *words = i % 2 ? good : bad;
        fprintf(f, "%s\tThe %s was %s, and the %s number %d %s too!\n",
                i % 2 ? "plus" : "minus", things[i % 5], words[i / 2 % 4],
                things[i / 5 % 5], i, words[i / 8 % 4]);
    }
    fclose(f);
}

static void vectors_of_words_tell_labels(void **state)
{
    rung_error err;
    rung_ladder l, again;
    char path[300], folder[300];
    rung_ladder_config config = small_config();
    snprintf(path, sizeof path, "%s/reviews.tsv", dir);
    snprintf(folder, sizeof folder, "%s/vectors", dir);
    write_reviews(path, 600);
    config.corpus.data = path;
    config.out = folder;
    config.rungs = "majority,logreg,word2vec,glove";
    config.repeats = 2;
    assert_ok(rung_ladder_run(*state, &config, NULL, &l, &err));
    for (size_t i = 2; i < 4; i++) {
        const rung_ladder_row *row = &l.rows[i];
        assert_int_equal(row->n_runs, 2);
        assert_true(row->fit.test_labels.accuracy > 0.99);
        assert_true(row->more[0].test_labels.log_loss != row->fit.test_labels.log_loss);
        assert_true(row->converged && row->fit.train.seconds > 0);
        assert_true(row->fit.params > 2 * 100 * 15 && row->fit.file_bytes > 0);
    }
    config.resume = true; // nothing is trained again
    assert_ok(rung_ladder_run(*state, &config, NULL, &again, &err));
    for (size_t i = 2; i < 4; i++) {
        assert_true(again.rows[i].fit.train.seconds == l.rows[i].fit.train.seconds);
        assert_true(again.rows[i].fit.test_labels.log_loss ==
                    l.rows[i].fit.test_labels.log_loss);
    }
    rung_ladder_release(&l);
    rung_ladder_release(&again);
}

/* Texts of one word each have no neighbours to learn from. */
static void what_finds_too_few_words_is_left_out(void **state)
{
    rung_error err;
    rung_ladder l;
    char path[300], folder[300];
    rung_ladder_config config = small_config();
    snprintf(path, sizeof path, "%s/names.tsv", dir);
    snprintf(folder, sizeof folder, "%s/names", dir);
    FILE *f = fopen(path, "w");
    for (int i = 0; i < 60; i++) fprintf(f, "%s\tn%d\n", i % 2 ? "even" : "odd", i);
    fclose(f);
    config.corpus.data = path;
    config.corpus.kind = RUNG_CORPUS_LABELLED;
    config.out = folder;
    config.rungs = "majority,word2vec"; // it was asked for
    assert_fails_saying(rung_ladder_run(*state, &config, NULL, &l, &err), RUNG_INPUT,
                        "word2vec: ");
    config.rungs = NULL;
    config.resume = true;
    assert_ok(rung_ladder_run(*state, &config, NULL, &l, &err));
    for (size_t i = 0; i < l.n_rows; i++) assert_null(l.rows[i].type->words);
    assert_true(l.n_rows >= 4);
    rung_ladder_release(&l);
    // What fails with a folder is not for want of words.
    char model[400];
    snprintf(model, sizeof model, "%s/word2vec", folder);
    assert_ok(rung_make_dirs(model, &err));
    assert_fails_saying(rung_ladder_run(*state, &config, NULL, &l, &err), RUNG_INPUT,
                        "word2vec: ");
}

static void another_text_is_not_resumed(void **state)
{
    rung_error err;
    rung_ladder ladder;
    rung_ladder_config config = small_config();
    config.rungs = "unigram";
    config.resume = true;
    config.corpus.data = NULL; // tales, not the text of the run in the folder
    assert_fails_saying(rung_ladder_run(*state, &config, NULL, &ladder, &err), RUNG_USAGE,
                        "made with another data");
}

static void rungs_are_checked_first(void **state)
{
    rung_error err;
    rung_ladder ladder;
    rung_ladder_config config = small_config();
    config.rungs = "unigram,gtp";
    assert_fails(rung_ladder_run(*state, &config, NULL, &ladder, &err), RUNG_USAGE,
                 "unknown rung 'gtp': did you mean 'gpt'?");
    config.rungs = "gpt,gpt";
    assert_fails(rung_ladder_run(*state, &config, NULL, &ladder, &err), RUNG_USAGE,
                 "rung 'gpt' is named twice");
    config.rungs = ",gpt";
    assert_fails_saying(rung_ladder_run(*state, &config, NULL, &ladder, &err), RUNG_USAGE,
                        "a name is empty");
}

static void held_out_parts_are_capped(void **state)
{
    rung_error err;
    rung_corpus corpus;
    rung_corpus_config config = RUNG_CORPUS_CONFIG_DEFAULT;
    config.data = data;
    config.tokenizer = "byte";
    assert_ok(rung_corpus_open(&corpus, *state, &config, NULL, &err));
    size_t total = 0;
    for (int p = 0; p < RUNG_PARTS; p++) {
        total += corpus.tokens[p].bytes;
        assert_int_equal(corpus.tokens[p].count, corpus.tokens[p].bytes);
    }
    assert_int_equal(total, corpus.texts[RUNG_TRAIN].size);
    rung_corpus_release(&corpus);
    config.tokenizer = "chars";
    assert_fails_saying(rung_corpus_open(&corpus, *state, &config, NULL, &err),
                        RUNG_USAGE, "char");
    config.tokenizer = "wordpiece";
    assert_fails(rung_corpus_open(&corpus, *state, &config, NULL, &err), RUNG_USAGE,
                 "a wordpiece tokenizer does not keep every byte of a text: raw text "
                 "needs byte, char or word");
}

/* Files are read side by side; what is said does not depend on which was slower. */
static void the_first_file_that_fails_is_told(void **state)
{
    rung_error err;
    rung_corpus corpus;
    rung_corpus_config config = RUNG_CORPUS_CONFIG_DEFAULT;
    config.kind = RUNG_CORPUS_LABELLED;
    config.data = "none.tsv", config.valid = "no.tsv", config.test = "not.tsv";
    assert_fails_saying(rung_corpus_open(&corpus, *state, &config, NULL, &err),
                        RUNG_INPUT, "'none.tsv'");
    config.valid = config.test = "-";
    assert_fails(rung_corpus_open(&corpus, *state, &config, NULL, &err), RUNG_USAGE,
                 "standard input can be one file, not 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_written_and_gone_on_with),
        cmocka_unit_test(another_text_is_not_resumed),
        cmocka_unit_test(rungs_are_checked_first),
        cmocka_unit_test(trainings_are_repeated_with_other_seeds),
        cmocka_unit_test(what_has_a_seed_is_repeated),
        cmocka_unit_test(vectors_of_words_tell_labels),
        cmocka_unit_test(what_finds_too_few_words_is_left_out),
        cmocka_unit_test(held_out_parts_are_capped),
        cmocka_unit_test(the_first_file_that_fails_is_told),
    };
    return cmocka_run_group_tests_name("ladder", tests, setup, teardown);
}
