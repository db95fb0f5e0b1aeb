/* word2vec: what is drawn, the tree, and that a planted structure is found with the same
 * bits by any number of threads and after an interruption. */
#include "support.h"

#include "base/rng.h"
#include "base/runtime.h"
#include "base/str.h"
#include "learn/huffman.h"
#include "learn/noise.h"
#include "learn/word2vec.h"

static rung_error err;

/* ---- Noise ---- */

static void noise_is_drawn_by_the_power_of_its_count(void **state)
{
    (void)state;
    static const int64_t counts[] = {100000, 3000, 3000, 200, 1, 1, 77};
    enum { N = 7, DRAWS = 2000000 };
    for (int p = 0; p < 3; p++) {
        const double power = p * 0.75;
        rung__noise noise;
        int64_t seen[N] = {0};
        double sum = 0;
        assert_ok(rung__noise_new(&noise, counts, N, power, &err));
        for (int i = 0; i < DRAWS; i++)
            seen[rung__noise_at(&noise, rung__draw(99, (uint64_t)i))]++;
        for (int i = 0; i < N; i++) sum += pow((double)counts[i], power);
        for (int i = 0; i < N; i++) {
            const double share = pow((double)counts[i], power) / sum;
            const double error = sqrt(share * (1 - share) / DRAWS);
            assert_near((double)seen[i] / DRAWS, share, 4.5 * error);
        }
        rung__noise_release(&noise);
    }
}

/* Neighbouring places, in every bit: half of them are 1, and pairs are as frequent as
 * they should be. */
static void numbers_drawn_at_neighbouring_places_are_independent(void **state)
{
    (void)state;
    enum { N = 400000 };
    for (int bit = 0; bit < 64; bit++) {
        int64_t ones = 0, same = 0;
        bool last = false;
        for (uint64_t i = 0; i < N; i++) {
            const bool is = rung__draw(1234567, i * 64) >> bit & 1;
            ones += is, same += is == last;
            last = is;
        }
        assert_near((double)ones, N / 2.0, 5 * sqrt(N) / 2);
        assert_near((double)same, N / 2.0, 5 * sqrt(N) / 2);
    }
}

/* ---- The tree ---- */

/* The counts times the lengths of the paths: the sum of what is joined when the two
 * lightest are joined again and again. */
static int64_t least_total(const int64_t *counts, int n)
{
    int64_t left[20], total = 0;
    memcpy(left, counts, (size_t)n * sizeof *left);
    for (; n > 1; n--) {
        for (int i = 0; i < 2; i++) { // the lightest to the end, then the next before it
            for (int j = 0; j < n - 1 - i; j++) {
                if (left[j] >= left[n - 1 - i]) continue;
                const int64_t swap = left[j];
                left[j] = left[n - 1 - i], left[n - 1 - i] = swap;
            }
        }
        left[n - 2] += left[n - 1];
        total += left[n - 2];
    }
    return total;
}

/* The mean length of a path is the least there is, no path begins another, and equal
 * decisions lead to equal nodes. */
static void the_tree_is_a_shortest_prefix_code(void **state)
{
    (void)state;
    static const int64_t counts[] = {41, 37, 31, 29, 23, 19, 17, 13, 11, 7, 5, 3, 2};
    enum { N = 13 };
    rung__huffman tree;
    assert_ok(rung__huffman_new(&tree, counts, N, &err));
    int64_t total = 0;
    double kraft = 0;
    for (int i = 0; i < N; i++) {
        const int64_t n = tree.first[i + 1] - tree.first[i];
        total += counts[i] * n;
        kraft += pow(0.5, (double)n);
        assert_int_equal(tree.nodes[tree.first[i]], N - 2);
        for (int j = 0; j < i; j++) {
            const int64_t a = tree.first[i], b = tree.first[j];
            int64_t same = 0;
            while (tree.nodes[a + same] == tree.nodes[b + same] &&
                   tree.labels[a + same] == tree.labels[b + same])
                same++;
            assert_int_equal(tree.nodes[a + same], tree.nodes[b + same]); // they part
            assert_true(same < n && same < tree.first[j + 1] - b);
        }
    }
    assert_int_equal(total, least_total(counts, N));
    assert_near(kraft, 1, 0);
    rung__huffman_release(&tree);
}

/* ---- Learning ---- */

enum { TOPICS = 6, PER_TOPIC = 8, LINES = 3000, LINE = 9 };

/* Lines whose words are all of one topic: word w of topic t is "t.w". */
static char *planted_text(void)
{
    rung_rng rng = rung_rng_make(3);
    rung_str text = {0};
    for (int i = 0; i < LINES * LINE; i++) {
        static uint64_t topic;
        if (i % LINE == 0) topic = rung_rng_below(&rng, TOPICS);
        rung_str_addf(&text, "%d.%d%s", (int)topic, (int)rung_rng_below(&rng, PER_TOPIC),
                      i % LINE == LINE - 1 ? "\n" : " ");
    }
    return text.data;
}

typedef struct fixture {
    rung_words words;
    rung__word2vec_config config;
    rung__word2vec_task task;
    rung_train_result result;
    rung_train_hooks hooks;
    rung_train_report last;
    int64_t stop_at; /* step; 0: never */
    bool is_one_line;
} fixture;

static void note(void *self, const rung_train_report *report)
{
    ((fixture *)self)->last = *report;
}

static bool should_stop(void *self)
{
    const fixture *f = self;
    return f->stop_at && f->last.step >= f->stop_at;
}

static rung_status train(fixture *f, const char *text, int threads, const char *dir,
                         bool resume, rung_error *error)
{
    rung_runtime *rt = NULL;
    rung_runtime_config config = RUNG_RUNTIME_CONFIG_DEFAULT;
    const rung_words_config reading = {1, false, !f->is_one_line};
    const rung_span span = {text, strlen(text)};
    config.threads = threads;
    f->hooks = (rung_train_hooks){note, should_stop, f};
    rung_status status = rung_runtime_new(&rt, &config, error);
    if (status == RUNG_OK)
        status = rung_words_from(&f->words, rt, &span, 1, &reading, error);
    if (status == RUNG_OK) {
        f->task = (rung__word2vec_task){.config = &f->config,
                                        .words = &f->words,
                                        .width = rung__word2vec_width(f->config.dim)};
        const size_t n = (size_t)rung_tokenizer_size(f->words.vocabulary);
        f->task.in = rung__alloc_array(n * (size_t)f->task.width, sizeof(float));
        f->task.out = rung__alloc_array(n * (size_t)f->task.width, sizeof(float));
        status = f->task.in && f->task.out
                     ? rung__word2vec_train(&f->task, rt, 5, dir, resume, &f->hooks,
                                            &f->result, error)
                     : rung__out_of_memory(error, n, "vectors");
    }
    rung_runtime_free(rt);
    return status;
}

static void release(fixture *f)
{
    rung_words_release(&f->words);
    rung__free(f->task.in);
    rung__free(f->task.out);
}

static fixture usual(bool cbow, int64_t negative)
{
    return (fixture){.config = {.dim = 20,
                                .window = 3,
                                .negative = negative,
                                .cbow = cbow,
                                .sample = 0,
                                .power = 0.75,
                                .epochs = 12,
                                .lr = 0.025}};
}

static double cosine(const rung__word2vec_task *t, int64_t a, int64_t b)
{
    double ab = 0, aa = 0, bb = 0;
    for (int64_t d = 0; d < t->config->dim; d++) {
        const double x = (double)t->in[a * t->width + d],
                     y = (double)t->in[b * t->width + d];
        ab += x * y, aa += x * x, bb += y * y;
    }
    return ab / sqrt(aa * bb);
}

/* Every word is nearer to all of its topic than to any of another. */
static void check_topics(const fixture *f)
{
    const int64_t n = rung_tokenizer_size(f->words.vocabulary);
    assert_int_equal(n, TOPICS * PER_TOPIC);
    for (int64_t a = 0; a < n; a++) {
        double inside = 1, outside = -1;
        for (int64_t b = 0; b < n; b++) {
            const char x = rung_tokenizer_bytes(f->words.vocabulary, (int32_t)a).bytes[0];
            const char y = rung_tokenizer_bytes(f->words.vocabulary, (int32_t)b).bytes[0];
            if (a == b) continue;
            if (x == y) inside = fmin(inside, cosine(&f->task, a, b));
            if (x != y) outside = fmax(outside, cosine(&f->task, a, b));
        }
        if (inside <= outside) fail_msg("%.3f inside, %.3f outside", inside, outside);
    }
}

static void check_model(bool cbow, int64_t negative, double first_loss)
{
    char *text = planted_text();
    fixture one = usual(cbow, negative);
    assert_ok(train(&one, text, 1, NULL, false, &err));
    check_topics(&one);
    assert_true(one.result.train_loss < 0.9 * first_loss);
    assert_int_equal(one.result.end, RUNG_TRAIN_DONE);
    assert_string_equal(one.last.unit, "words");
    for (int threads = 2; threads <= 3; threads++) {
        fixture more = usual(cbow, negative);
        const size_t n = (size_t)rung_tokenizer_size(one.words.vocabulary);
        assert_ok(train(&more, text, threads, NULL, false, &err));
        assert_memory_equal(more.task.in, one.task.in, n * 32 * sizeof(float));
        assert_memory_equal(more.task.out, one.task.out, n * 32 * sizeof(float));
        assert_true(more.result.train_loss == one.result.train_loss);
        release(&more);
    }
    release(&one);
    rung__free(text);
}

static void skip_gram_finds_topics_with_the_same_bits_by_any_threads(void **state)
{
    (void)state;
    check_model(false, 5, 6 * log(2));
}

static void cbow_finds_topics_with_the_same_bits_by_any_threads(void **state)
{
    (void)state;
    check_model(true, 5, 6 * log(2));
}

static void hierarchical_softmax_finds_topics_in_both_models(void **state)
{
    (void)state;
    check_model(false, 0, log(TOPICS * PER_TOPIC));
    check_model(true, 0, log(TOPICS * PER_TOPIC));
}

/* Stopped, gone on with, and stopped and gone on with by other threads. */
static void an_interrupted_training_ends_with_the_same_bits(void **state)
{
    char *text = planted_text();
    fixture whole = usual(false, 5), part = usual(false, 5);
    assert_ok(train(&whole, text, 2, path_in(*state, "whole"), false, &err));
    part.stop_at = 100;
    const char *dir = path_in(*state, "part");
    assert_ok(train(&part, text, 1, dir, false, &err));
    assert_int_equal(part.result.end, RUNG_TRAIN_INTERRUPTED);
    assert_true(part.result.steps >= 100 && part.result.steps < whole.result.steps);
    release(&part);
    part.stop_at = 0;
    assert_fails_saying(train(&part, text, 1, dir, false, &err), RUNG_USAGE,
                        "holds checkpoints: take another --out, or --resume");
    release(&part);
    part.config.lr = 0.06;
    assert_fails_saying(train(&part, text, 1, dir, true, &err), RUNG_USAGE,
                        "is of another training");
    release(&part);
    part.config.lr = whole.config.lr;
    part.is_one_line = true;
    assert_fails_saying(train(&part, text, 1, dir, true, &err), RUNG_USAGE,
                        "lines 1, dim 20");
    release(&part);
    part.is_one_line = false;
    assert_ok(train(&part, text, 3, dir, true, &err));
    const size_t n = (size_t)rung_tokenizer_size(whole.words.vocabulary);
    assert_int_equal(part.result.end, RUNG_TRAIN_DONE);
    assert_memory_equal(part.task.in, whole.task.in, n * 32 * sizeof(float));
    assert_memory_equal(part.task.out, whole.task.out, n * 32 * sizeof(float));
    assert_true(part.result.train_loss == whole.result.train_loss);
    release(&part), release(&whole);
    rung__free(text);
}

static void texts_that_teach_nothing_are_refused(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"one one one one", "only one word is frequent enough"},
        {"one\ntwo\nthree\n", "no two words stand in one line"},
    };
    for (int i = 0; i < 2; i++) {
        fixture f = usual(false, 5);
        assert_fails_saying(train(&f, texts[i][0], 1, NULL, false, &err), RUNG_INPUT,
                            texts[i][1]);
        release(&f);
    }
    fixture f = usual(false, 5); // a text shorter than a window teaches what it can
    assert_ok(train(&f, "one two", 1, NULL, false, &err));
    release(&f);
}

static void a_rate_too_high_is_told(void **state)
{
    (void)state;
    char *text = planted_text();
    fixture f = usual(false, 5);
    f.config.lr = 1e30;
    assert_fails_saying(train(&f, text, 1, NULL, false, &err), RUNG_DIVERGED,
                        "lower --lr, which is 1e+30");
    release(&f);
    rung__free(text);
}

static rung_status train_little(void *ctx, rung_error *error)
{
    fixture f = usual(false, *(int64_t *)ctx);
    const rung_status status = train(&f, "a b c d a b\n", 1, NULL, false, error);
    release(&f);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    (void)state;
    for (int64_t negative = 0; negative < 2; negative++)
        assert_true(assert_survives_failed_allocations(train_little, &negative) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_is_drawn_by_the_power_of_its_count),
        cmocka_unit_test(numbers_drawn_at_neighbouring_places_are_independent),
        cmocka_unit_test(the_tree_is_a_shortest_prefix_code),
        cmocka_unit_test(skip_gram_finds_topics_with_the_same_bits_by_any_threads),
        cmocka_unit_test(cbow_finds_topics_with_the_same_bits_by_any_threads),
        cmocka_unit_test(hierarchical_softmax_finds_topics_in_both_models),
        test_in_folder(an_interrupted_training_ends_with_the_same_bits),
        cmocka_unit_test(texts_that_teach_nothing_are_refused),
        cmocka_unit_test(a_rate_too_high_is_told),
        cmocka_unit_test(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
