/* word2vec: what is drawn, the tree, and that a planted structure is found with the same
 * bits by any number of threads and after an interruption. */
#include "support.h"

#include "base/rng.h"
#include "base/runtime.h"
#include "base/str.h"
#include "learn/huffman.h"
#include "learn/noise.h"
#include "learn/word2vec_run.h"

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
    rung__subwords subwords;
    rung__subword_lists lists;
    const char *chars; /* NULL: no n-grams */
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

static rung_status make_ngrams(fixture *f, rung_error *error)
{
    RUNG_TRY(rung__subwords_init(&f->subwords, f->chars, 1000, error));
    RUNG_TRY(rung__subwords_learn(&f->subwords, &f->lists, f->words.vocabulary, error));
    const size_t n = (size_t)(f->subwords.n * f->task.width);
    f->task.ngrams = rung__alloc_array(n, sizeof(float));
    if (!f->task.ngrams) return rung__out_of_memory(error, n, "n-grams");
    f->task.subwords = &f->subwords;
    f->task.lists = &f->lists;
    return RUNG_OK;
}

/* Words, and rows for them. */
static rung_status make_task(fixture *f, rung_runtime *rt, const char *text,
                             rung_error *error)
{
    const rung_words_config reading = {1, false, !f->is_one_line};
    const rung_span span = {text, strlen(text)};
    RUNG_TRY(rung_words_from(&f->words, rt, &span, 1, &reading, error));
    f->task = (rung__word2vec_task){.config = &f->config,
                                    .words = &f->words,
                                    .width = rung__word2vec_width(f->config.dim)};
    const size_t n = (size_t)rung_tokenizer_size(f->words.vocabulary);
    f->task.in = rung__alloc_array(n * (size_t)f->task.width, sizeof(float));
    f->task.out = rung__alloc_array(n * (size_t)f->task.width, sizeof(float));
    if (!f->task.in || !f->task.out) return rung__out_of_memory(error, n, "vectors");
    return f->chars ? make_ngrams(f, error) : RUNG_OK;
}

static rung_status train(fixture *f, const char *text, int threads, const char *dir,
                         bool resume, rung_error *error)
{
    rung_runtime *rt = NULL;
    rung_runtime_config config = RUNG_RUNTIME_CONFIG_DEFAULT;
    config.threads = threads;
    f->hooks = (rung_train_hooks){note, should_stop, f};
    rung_status status = rung_runtime_new(&rt, &config, error);
    if (status == RUNG_OK) status = make_task(f, rt, text, error);
    if (status == RUNG_OK)
        status = rung__word2vec_train(&f->task, rt, 5, dir, resume, &f->hooks, &f->result,
                                      error);
    rung_runtime_free(rt);
    return status;
}

static void release(fixture *f)
{
    rung_words_release(&f->words);
    rung__subwords_release(&f->subwords);
    rung__subword_lists_release(&f->lists);
    rung__free(f->task.in);
    rung__free(f->task.out);
    rung__free(f->task.ngrams);
    f->task = (rung__word2vec_task){0};
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
                                .lr = cbow ? 0.1 : 0.025}};
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

static void assert_same_rows(const fixture *a, const fixture *b)
{
    const size_t n = (size_t)rung_tokenizer_size(a->words.vocabulary);
    const size_t row = (size_t)a->task.width * sizeof(float);
    assert_memory_equal(a->task.in, b->task.in, n * row);
    assert_memory_equal(a->task.out, b->task.out, n * row);
    assert_int_equal(a->subwords.n, b->subwords.n);
    if (a->chars)
        assert_memory_equal(a->task.ngrams, b->task.ngrams, (size_t)a->subwords.n * row);
    assert_true(a->result.train_loss == b->result.train_loss);
}

static void check_model(bool cbow, int64_t negative, const char *chars, double first_loss)
{
    char *text = planted_text();
    fixture one = usual(cbow, negative);
    one.chars = chars;
    assert_ok(train(&one, text, 1, NULL, false, &err));
    check_topics(&one);
    assert_true(one.result.train_loss < 0.9 * first_loss);
    assert_int_equal(one.result.end, RUNG_TRAIN_DONE);
    assert_string_equal(one.last.unit, "words");
    for (int threads = 2; threads <= 3; threads++) {
        fixture more = usual(cbow, negative);
        more.chars = chars;
        assert_ok(train(&more, text, threads, NULL, false, &err));
        assert_same_rows(&more, &one);
        release(&more);
    }
    release(&one);
    rung__free(text);
}

static void skip_gram_finds_topics_with_the_same_bits_by_any_threads(void **state)
{
    (void)state;
    check_model(false, 5, NULL, 6 * log(2));
}

static void cbow_finds_topics_with_the_same_bits_by_any_threads(void **state)
{
    (void)state;
    check_model(true, 5, NULL, 6 * log(2));
}

static void hierarchical_softmax_finds_topics_in_both_models(void **state)
{
    (void)state;
    check_model(false, 0, NULL, log(TOPICS * PER_TOPIC));
    check_model(true, 0, NULL, log(TOPICS * PER_TOPIC));
}

static void ngrams_find_topics_with_the_same_bits_by_any_threads(void **state)
{
    (void)state;
    check_model(false, 5, "1-3", 6 * log(2));
    check_model(true, 5, "1-3", 6 * log(2));
    check_model(false, 0, "3-5", log(TOPICS * PER_TOPIC));
    check_model(true, 0, "3-5", log(TOPICS * PER_TOPIC));
}

/* Each word of three characters has one n-gram of five, and no other word has it: its row
 * goes the way of the word's, and the input, their mean, too. */
static void an_ngram_learns_what_its_words_do(void **state)
{
    (void)state;
    char *text = planted_text();
    for (int cbow = 0; cbow < 2; cbow++) {
        fixture before = usual(cbow, 5), after = usual(cbow, 5);
        before.chars = after.chars = "5-5";
        before.config.epochs = after.config.epochs = 2;
        before.config.lr = 0;
        assert_ok(train(&before, text, 1, NULL, false, &err));
        assert_ok(train(&after, text, 3, NULL, false, &err));
        const int64_t n = rung_tokenizer_size(after.words.vocabulary),
                      width = after.task.width;
        assert_int_equal(after.subwords.n, n);
        for (int64_t w = 0; w < n; w++) {
            const int64_t row = after.lists.rows[w] * width;
            double most = 0;
            for (int64_t d = 0; d < width; d++) {
                const float *a = after.task.in + w * width,
                            *b = before.task.in + w * width;
                const double moved = (double)a[d] - (double)b[d];
                assert_near((double)after.task.ngrams[row + d] -
                                (double)before.task.ngrams[row + d],
                            moved, 1e-5);
                most = fmax(most, fabs(moved));
            }
            assert_true(most > 0.01);
        }
        release(&before), release(&after);
    }
    rung__free(text);
}

/* ---- Gradients ---- */

/* A run and what it needs, without a trainer. */
typedef struct bench {
    fixture f;
    rung__word2vec_step step;
    rung__word2vec_run run;
} bench;

/* Where an objective is taken: element d of row `row` of a matrix is moved by e. An input
 * that a row is part of moves by e, too, and the mean of n inputs by e / sqrt(n): so much
 * of the gradient goes to each row. */
typedef struct moved {
    const float *matrix;
    int64_t row, d;
    double e;
} moved;

/* Times that a row is part of a word's input. */
static double times_of(const bench *b, int32_t word, const moved *at)
{
    const rung__word2vec_task *t = &b->f.task;
    double n = 0;
    if (at->matrix == t->in) return word == at->row;
    if (at->matrix != t->ngrams) return 0;
    for (int64_t i = t->lists->first[word]; i < t->lists->first[word + 1]; i++)
        n += t->lists->rows[i] == at->row;
    return n;
}

static double input_at(const bench *b, int32_t word, int64_t d)
{
    const rung__word2vec_task *t = &b->f.task;
    double sum = (double)t->in[word * t->width + d], n = 1;
    for (int64_t i = t->lists->first[word]; i < t->lists->first[word + 1]; i++, n++)
        sum += (double)t->ngrams[t->lists->rows[i] * t->width + d];
    return sum / n;
}

/* -ln sigmoid(+-<v, u>) on the outputs of a window, v the mean of n inputs. */
static double loss_of(const bench *b, int64_t w, const int32_t *inputs, int64_t n,
                      const moved *at)
{
    const rung__word2vec_task *t = &b->f.task;
    const rung__word2vec_run *r = &b->run;
    const float *labels = b->step.labels;
    double loss = 0;
    if (!labels) labels = b->step.tree.labels + b->step.tree.first[r->ins[r->centre[w]]];
    for (int64_t k = r->first_out[w]; k < r->first_out[w + 1]; k++) {
        double score = 0;
        for (int64_t d = 0; d < t->width; d++) {
            double v = 0, u = (double)t->out[r->outs[k] * t->width + d];
            for (int64_t i = 0; i < n; i++) {
                v += input_at(b, inputs[i], d) / (double)n;
                if (d == at->d) v += times_of(b, inputs[i], at) * at->e / sqrt((double)n);
            }
            if (d == at->d && at->matrix == t->out && r->outs[k] == at->row) u += at->e;
            score += v * u;
        }
        loss += log1p(exp(labels[k - r->first_out[w]] > 0 ? -score : score));
    }
    return loss;
}

/* The objective of the run's windows, in double. */
static double objective(const bench *b, const moved *at)
{
    const rung__word2vec_run *r = &b->run;
    double loss = 0;
    for (int64_t w = 0; w < r->n_windows; w++) {
        int32_t inputs[2 * RUNG__WORD2VEC_MAX_WINDOW];
        int64_t n = 0;
        for (int64_t side = -1; side <= 1; side += 2)
            for (int64_t i = r->centre[w] + side, k = 0;
                 i >= 0 && i < r->n_ins && r->ins[i] >= 0 && k < r->reach[w];
                 i += side, k++)
                inputs[n++] = r->ins[i];
        if (b->f.config.cbow)
            loss += loss_of(b, w, inputs, n, at);
        else
            for (int64_t i = 0; i < n; i++) loss += loss_of(b, w, inputs + i, 1, at);
    }
    return loss;
}

/* What the run adds to the element, at a rate of 1. */
static double step_of(const bench *b, const moved *at)
{
    const rung__word2vec_run *r = &b->run;
    const int64_t width = b->f.task.width;
    double sum = 0;
    for (int64_t i = 0; i < r->n_outs && at->matrix == b->f.task.out; i++)
        if (r->outs[i] == at->row) sum += (double)r->d_out[i * width + at->d];
    for (int64_t i = 0; i < r->n_ins; i++)
        if (r->ins[i] >= 0)
            sum += times_of(b, r->ins[i], at) * (double)r->d_in[i * width + at->d];
    return sum;
}

static void randomise(float *x, int64_t rows, const fixture *f, uint64_t seed)
{
    rung_rng rng = rung_rng_make(seed);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t d = 0; d < f->config.dim; d++)
            x[i * f->task.width + d] = (float)rung_rng_normal(&rng) * 0.7f;
}

static void make_bench(bench *b, bool cbow, int64_t negative, rung_runtime *rt)
{
    *b = (bench){.f = usual(cbow, negative)};
    b->f.chars = "2-4";
    b->f.config.dim = 5;
    assert_ok(make_task(&b->f, rt, "кот и кит\nно кот кит тот кот а и тот кто то", &err));
    const rung_words *words = &b->f.words;
    const int64_t n = rung_tokenizer_size(words->vocabulary);
    randomise(b->f.task.in, n, &b->f, 1);
    randomise(b->f.task.out, n, &b->f, 2);
    randomise(b->f.task.ngrams, b->f.subwords.n, &b->f, 3);
    rung__word2vec_step *s = &b->step;
    s->model = &b->f.task;
    s->kernels = rung_kernels_get(rt->isa);
    s->keep = rung__alloc_array((size_t)n, sizeof *s->keep);
    memset(s->keep, 0xff, (size_t)n * sizeof *s->keep);
    s->ones = rung__alloc_array((size_t)b->f.lists.longest, sizeof *s->ones);
    for (int64_t i = 0; i < b->f.lists.longest; i++) s->ones[i] = 1;
    s->key = 7, s->rate = 1, s->most_outs = negative + 1;
    if (negative) {
        s->labels = rung__alloc_array((size_t)negative + 1, sizeof *s->labels);
        s->labels[0] = 1;
        assert_ok(rung__noise_new(&s->noise, words->counts, n, 0.75, &err));
    } else {
        assert_ok(rung__huffman_new(&s->tree, words->counts, n, &err));
        s->most_outs = s->tree.longest;
    }
    assert_ok(rung__word2vec_run_new(&b->run, s, &err));
    b->run.end = (int64_t)words->count;
}

static void check_gradients(bench *b)
{
    const struct {
        const float *matrix;
        int64_t rows;
    } each[] = {{b->f.task.in, rung_tokenizer_size(b->f.words.vocabulary)},
                {b->f.task.out, rung_tokenizer_size(b->f.words.vocabulary)},
                {b->f.task.ngrams, b->f.subwords.n}};
    const double e = 1e-5;
    int n_moving = 0;
    for (int m = 0; m < 3; m++) {
        for (moved at = {each[m].matrix, 0, 0, 0}; at.row < each[m].rows; at.row++) {
            for (at.d = 0; at.d < b->f.config.dim; at.d++) {
                at.e = e;
                const double above = objective(b, &at);
                at.e = -e;
                const double below = objective(b, &at), step = step_of(b, &at);
                assert_near(step, -(above - below) / (2 * e), 2e-5 * (1 + fabs(step)));
                n_moving += fabs(step) > 1e-3;
            }
        }
    }
    assert_true(n_moving > 100);
}

static void gradients_with_ngrams_are_those_of_the_objective(void **state)
{
    (void)state;
    rung_runtime *rt;
    assert_ok(rung_runtime_new(&rt, NULL, &err));
    for (int i = 0; i < 4; i++) {
        bench b;
        make_bench(&b, i & 1, i & 2 ? 3 : 0, rt);
        rung__word2vec_compute(&b.step, &b.run);
        assert_true(b.run.n_windows > 8);
        const moved nowhere = {NULL, -1, -1, 0};
        assert_near(b.run.loss, objective(&b, &nowhere), 1e-5 * b.run.loss);
        check_gradients(&b);
        rung__word2vec_run_release(&b.run);
        rung__free(b.step.keep), rung__free(b.step.ones), rung__free(b.step.labels);
        rung__noise_release(&b.step.noise);
        rung__huffman_release(&b.step.tree);
        release(&b.f);
    }
    rung_runtime_free(rt);
}

/* Stopped, gone on with, and stopped and gone on with by other threads. */
static void check_interrupted(const char *folder, const char *chars)
{
    char *text = planted_text();
    fixture whole = usual(false, 5), part = usual(false, 5);
    whole.chars = part.chars = chars;
    assert_ok(train(&whole, text, 2, path_in(folder, "whole"), false, &err));
    part.stop_at = 100;
    const char *dir = path_in(folder, "part");
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
    assert_int_equal(part.result.end, RUNG_TRAIN_DONE);
    assert_same_rows(&part, &whole);
    release(&part), release(&whole);
    rung__free(text);
}

static void an_interrupted_training_ends_with_the_same_bits(void **state)
{
    check_interrupted(*state, NULL);
}

static void with_ngrams_too_and_others_are_refused(void **state)
{
    check_interrupted(*state, "3-5");
    fixture other = usual(false, 5);
    other.chars = "3-4";
    char *text = planted_text();
    assert_fails_saying(train(&other, text, 1, path_in(*state, "part"), true, &err),
                        RUNG_USAGE, "chars 3-5, buckets 1000");
    release(&other);
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
    const int64_t how = *(int64_t *)ctx;
    fixture f = usual(false, how & 1);
    f.chars = how & 2 ? "3-6" : NULL;
    const rung_status status = train(&f, "a b c d a b\n", 1, NULL, false, error);
    release(&f);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    (void)state;
    for (int64_t how = 0; how < 4; how++)
        assert_true(assert_survives_failed_allocations(train_little, &how) > 20);
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
        cmocka_unit_test(ngrams_find_topics_with_the_same_bits_by_any_threads),
        cmocka_unit_test(an_ngram_learns_what_its_words_do),
        cmocka_unit_test(gradients_with_ngrams_are_those_of_the_objective),
        test_in_folder(an_interrupted_training_ends_with_the_same_bits),
        test_in_folder(with_ngrams_too_and_others_are_refused),
        cmocka_unit_test(texts_that_teach_nothing_are_refused),
        cmocka_unit_test(a_rate_too_high_is_told),
        cmocka_unit_test(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
