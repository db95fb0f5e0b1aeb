/* Labels from vectors of words: what is averaged, what the weights are of, the folder.
 * Whole trainings are tests of the ladder. */
#include "support.h"

#include "models/classifier.h"
#include "base/rng.h"
#include "base/str.h"
#include "models/vectors.h"
#include "text/words.h"

static rung_error err;

/* "Good!" and "good" are one word, and "mill" is rarer than the others. */
static const char *const lines[] = {
    "Good! A good mill.", "bad, a bad mill", "a good wind", "Bad wind? A bad wind!",
    "a good good wind",   "the bad",         "a good",      "the wind is BAD",
};
static const int32_t labels[] = {1, 0, 1, 0, 1, 0, 1, 0};
static const char *const names[] = {"minus", "plus", NULL};
enum { TEXTS = 8, DIM = 3 };

static rung_span texts[TEXTS];
static const rung_examples train = {.texts = texts, .labels = labels, .count = TEXTS},
                           none = {0};

static int setup(void **state)
{
    for (int i = 0; i < TEXTS; i++) texts[i] = (rung_span){lines[i], strlen(lines[i])};
    return rung_runtime_new((rung_runtime **)state, &(rung_runtime_config){.threads = 2},
                            &err);
}

static int teardown(void **state)
{
    rung_runtime_free(*state);
    return 0;
}

/* A number for a word and a place of its vector, the same for the same word. */
static float number(rung_span word, int d)
{
    uint64_t key = rung_rng_key(1, "number", (uint64_t)d);
    for (size_t i = 0; i < word.size; i++)
        key = rung_rng_key(key, "byte", (unsigned char)word.bytes[i]);
    return (float)(key >> 40) / (1 << 24) - 0.5f;
}

/* A model of labelled text with vectors that are scaled, and moved along d = 0. */
static rung_model *make_model(rung_runtime *rt, const char *vectors, const char *sif,
                              float scale, float shift, bool has_several)
{
    static const rung_words_config reading = {1, false, true};
    rung_str all = {0};
    rung_words words;
    for (int i = 0; i < TEXTS; i++) assert_ok(rung__words_add(&all, texts[i], &err));
    const rung_span span = {all.data, all.len};
    assert_ok(rung_words_from(&words, rt, &span, 1, &reading, &err));
    rung_str_release(&all);
    rung_model *m = new_classifier_of("glove", names, has_several);
    set_option(m, "dim", "3");
    set_option(m, "text-vectors", vectors);
    set_option(m, "sif", sif);
    set_option(m, "l2", "0.1");
    m->tokenizer = rung_tokenizer_share(words.vocabulary);
    m->vocab = rung_tokenizer_size(m->tokenizer);
    assert_ok(m->type->declare(m, &err));
    rung__vectors *v = rung__vectors_of(m);
    assert_ok(rung__vectors_count(v, &words, &err));
    v->centre = rung__alloc((size_t)m->vocab * DIM * 4);
    v->context = rung__alloc((size_t)m->vocab * DIM * 4);
    for (int64_t i = 0; i < m->vocab; i++)
        for (int d = 0; d < DIM; d++) {
            const rung_span word = rung_tokenizer_bytes(m->tokenizer, (int32_t)i);
            v->centre[i * DIM + d] = scale * number(word, d) + (d ? 0 : shift);
            v->context[i * DIM + d] = scale * number(word, d + 10) + (d ? 0 : shift);
        }
    rung_words_release(&words);
    return m;
}

static void predict(double p[TEXTS], const rung_model *m, rung_runtime *rt)
{
    float *logp;
    assert_ok(rung_classify(&logp, m, rt, &train, NULL, &err));
    for (int i = 0; i < TEXTS; i++) p[i] = exp((double)logp[2 * i + 1]);
    rung_logp_free(logp);
}

static int64_t id_of(const rung_model *m, const char *word)
{
    for (int32_t i = 0; i < m->vocab; i++) {
        const rung_span s = rung_tokenizer_bytes(m->tokenizer, i);
        if (s.size == strlen(word) && !memcmp(s.bytes, word, s.size)) return i;
    }
    fail_msg("no word '%s'", word);
    return -1;
}

/* By hand: "the bad" with both vectors, and words weighed by their share. */
static void labels_are_told_from_the_mean_of_a_texts_vectors(void **state)
{
    const double sif = 0.1;
    double p[TEXTS], z = 0;
    rung_model *m = make_model(*state, "both", "0.1", 1, 0, false);
    assert_ok(m->type->labelled->fit(m, *state, &train, &none, &err));
    predict(p, m, *state);
    for (int i = 0; i < TEXTS; i++) assert_true((p[i] > 0.5) == (labels[i] == 1));
    const rung__vectors *v = rung__vectors_of(m);
    const float *w = v->labels.weights;
    double n_words = 0;
    for (int64_t i = 0; i < m->vocab; i++) n_words += (double)v->counts[i];
    assert_int_equal(v->labels.dim, 2 * DIM);
    for (int k = 0; k < 2; k++) {
        const int64_t id = id_of(m, k ? "bad" : "the");
        const double weight = sif / (sif + (double)v->counts[id] / n_words) / 2;
        assert_int_equal(v->counts[id], k ? 6 : 2);
        for (int d = 0; d < DIM; d++)
            z += weight * ((double)w[d] * (double)v->centre[id * DIM + d] +
                           (double)w[DIM + d] * (double)v->context[id * DIM + d]);
    }
    assert_near(p[5], 1 / (1 + exp(-z - (double)w[2 * DIM])), 1e-6);
    rung_model_free(m);
}

/* The penalty is one of what is told from, not of its units. */
static void the_scale_of_vectors_and_their_middle_do_not_matter(void **state)
{
    static const char *const which[] = {"centre", "context", "sum", "both"};
    double last[TEXTS] = {0};
    for (int k = 0; k < 4; k++) {
        double p[TEXTS], q[TEXTS];
        rung_model *m = make_model(*state, which[k], "0", 1, 0, false),
                   *moved = make_model(*state, which[k], "0", 64, 5, false);
        assert_ok(m->type->labelled->fit(m, *state, &train, &none, &err));
        assert_ok(moved->type->labelled->fit(moved, *state, &train, &none, &err));
        predict(p, m, *state);
        predict(q, moved, *state);
        for (int i = 0; i < TEXTS; i++) assert_near(p[i], q[i], 1e-4);
        double difference = 0; // other vectors, other weights
        for (int i = 0; i < TEXTS; i++) difference += fabs(p[i] - last[i]);
        assert_true(difference > 1e-2);
        memcpy(last, p, sizeof last);
        rung_model_free(m), rung_model_free(moved);
    }
}

static void a_folder_gives_the_same_labels(void **state)
{
    double p[TEXTS], q[TEXTS];
    char dir[] = "/tmp/rung-labels-XXXXXX";
    rung_model *m = make_model(*state, "sum", "0", 1, 0, false), *loaded;
    assert_ok(m->type->labelled->fit(m, *state, &train, &none, &err));
    assert_non_null(mkdtemp(dir));
    assert_ok(rung_model_save(m, dir, &err));
    assert_ok(rung_model_load(&loaded, dir, &err));
    assert_int_equal(loaded->kind, RUNG_LABELLED);
    predict(p, m, *state);
    predict(q, loaded, *state);
    assert_memory_equal(p, q, sizeof p);
    // Its words are there to be looked at, too; a text of its kind is embedded likewise.
    float *a;
    int64_t dim;
    assert_ok(rung_embed_texts(&a, &dim, loaded, texts, 2, 0, &err));
    const float *good = rung__vectors_of(m)->centre + id_of(m, "good") * DIM,
                *a_word = rung__vectors_of(m)->centre + id_of(m, "a") * DIM,
                *mill = rung__vectors_of(m)->centre + id_of(m, "mill") * DIM;
    for (int d = 0; d < DIM; d++)
        assert_near((double)a[d], (double)(2 * good[d] + a_word[d] + mill[d]) / 4, 1e-6);
    rung_embedding_free(a);
    rung_model_free(loaded), rung_model_free(m);
    rung_safetensors *file;
    assert_ok(rung_safetensors_open(&file, path_in(dir, "model.safetensors"), &err));
    const rung_stored *weight = rung_safetensors_find(file, "weight");
    rung_stored bad = *weight;
    float broken[DIM] = {1, NAN, 1};
    bad.data = broken;
    assert_int_equal(weight->shape[0], DIM);
    replace_tensor(dir, dir, &bad);
    assert_fails_saying(rung_model_load(&loaded, dir, &err), RUNG_INPUT,
                        "weight 1 is nan: must be finite");
    rung_safetensors_close(file);
    assert_ok(rung_remove_tree(dir, &err));
}

/* Each label by itself: "plus" where good is said, "minus" where a wind is. */
static void several_labels_are_told_one_by_one(void **state)
{
    static int32_t sets[2 * TEXTS];
    static int64_t first[TEXTS + 1];
    for (int i = 0; i < TEXTS; i++) {
        first[i + 1] = first[i];
        if (strstr(lines[i], "wind")) sets[first[i + 1]++] = 0;
        if (strstr(lines[i], "ood")) sets[first[i + 1]++] = 1;
    }
    const rung_examples data = {
        .texts = texts, .labels = sets, .count = TEXTS, .first = first};
    rung_label_score score;
    rung_model *m = make_model(*state, "both", "0", 1, 0, true);
    assert_ok(m->type->labelled->fit(m, *state, &data, &none, &err));
    assert_ok(rung_classify_evaluate(m, *state, &data, &score, &err));
    assert_true(score.has_several);
    assert_near(score.of_label[0].roc_auc, 1, 1e-9);
    assert_near(score.of_label[1].roc_auc, 1, 1e-9);
    rung_label_score_release(&score);
    rung_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_told_from_the_mean_of_a_texts_vectors),
        cmocka_unit_test(the_scale_of_vectors_and_their_middle_do_not_matter),
        cmocka_unit_test(a_folder_gives_the_same_labels),
        cmocka_unit_test(several_labels_are_told_one_by_one),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
