/* Texts whose words say their label, and what every class must do that learns from their
 * features. Include it after saying which class is tested:
 *
 *     static const char tested[] = "bow"; */
#ifndef RUNG_TESTS_MODELS_HINTED_H
#define RUNG_TESTS_MODELS_HINTED_H

#include "base/rng.h"
#include "models/classifier.h"

static rung_error err;

enum { N = 900, N_TRAIN = 600, N_VALID = 150 };

static char storage[N][200];
static rung_span texts[N];
static int32_t two[N], three[N];
static const char *const two_names[] = {"dull", "fine", NULL};
static const char *const three_names[] = {"a", "b", "c", NULL};

/* Words of no meaning, and one that says the label; of three, only its pair does. */
static void make_texts(void)
{
    static const char *const hints[] = {"not good", "good", "not bad"};
    rung_rng rng = rung_rng_make(4);
    for (int i = 0; i < N; i++) {
        three[i] = (int32_t)rung_rng_below(&rng, 3);
        two[i] = three[i] > 0;
        const uint64_t n = rung_rng_below(&rng, 12), at = rung_rng_below(&rng, n + 1);
        size_t used = 0;
        for (uint64_t w = 0; w <= n; w++) {
            char *to = storage[i] + used;
            const size_t room = sizeof storage[i] - used;
            used += (size_t)(w == at ? snprintf(to, room, "%s, ", hints[three[i]])
                                     : snprintf(to, room, "w%d ",
                                                (int)rung_rng_below(&rng, 40)));
        }
        texts[i] = (rung_span){storage[i], used};
    }
}

static rung_examples examples(const int32_t *labels, size_t first, size_t n)
{
    return (rung_examples){.texts = texts + first, .labels = labels + first, .count = n};
}

/* n texts from the given one on, of several labels each: text i's are
 * sets[first[i] ... first[i + 1] - 1]. */
static rung_examples several(const int32_t *sets, const int64_t *first, size_t from,
                             size_t n)
{
    return (rung_examples){
        .texts = texts + from, .labels = sets, .count = n, .first = first + from};
}

static rung_status fit(rung_model *m, rung_runtime *rt, const int32_t *labels,
                       rung_error *error)
{
    const rung_examples train = examples(labels, 0, N_TRAIN);
    const rung_examples valid = examples(labels, N_TRAIN, N_VALID);
    return m->type->labelled->fit(m, rt, &train, &valid, error);
}

static double accuracy(const rung_model *m, rung_runtime *rt, const int32_t *labels)
{
    const rung_examples test = examples(labels, N_TRAIN + N_VALID, N - N_TRAIN - N_VALID);
    rung_label_score score;
    assert_ok(rung_classify_evaluate(m, rt, &test, &score, &err));
    const double share = score.accuracy;
    rung_label_score_release(&score);
    return share;
}

/* Nothing to read, nothing known: the shares of the labels, nearly. */
static void texts_without_known_words_get_the_bias(void **state)
{
    const rung_span strange[] = {{"", 0}, {"?!", 2}, {"unheard of", 10}, {"\xFF\0", 2}};
    float *logp;
    rung_model *m = new_classifier(tested, three_names);
    assert_ok(fit(m, *state, three, &err));
    assert_ok(rung_classify(&logp, m, *state,
                            &(rung_examples){.texts = strange, .count = 4}, NULL, &err));
    for (int i = 0; i < 12; i += 3) {
        assert_memory_equal(logp, logp + i, 3 * sizeof *logp);
        double sum = 0;
        for (int l = 0; l < 3; l++) sum += exp((double)logp[i + l]);
        assert_near(sum, 1, 1e-6);
    }
    rung_logp_free(logp);
    rung_model_free(m);
}

/* ---- The folder ---- */

static void save_fitted(const char *dir, rung_runtime *rt)
{
    rung_model *m = new_classifier(tested, three_names);
    assert_ok(fit(m, rt, three, &err));
    assert_ok(rung_model_save(m, dir, &err));
    rung_model_free(m);
}

static void a_folder_gives_the_same_bits(void **state)
{
    rung_runtime *rt = new_runtime(2);
    rung_model *m = new_classifier(tested, three_names), *loaded = NULL;
    float *a, *b;
    assert_ok(fit(m, rt, three, &err));
    assert_ok(rung_model_save(m, path_in(*state, "one"), &err));
    assert_ok(rung_model_load(&loaded, path_in(*state, "one"), &err));
    assert_ok(rung_classify(&a, m, rt, &(rung_examples){.texts = texts, .count = N}, NULL,
                            &err));
    assert_ok(rung_classify(&b, loaded, rt, &(rung_examples){.texts = texts, .count = N},
                            NULL, &err));
    assert_memory_equal(a, b, 3 * N * sizeof *a);
    assert_ok(rung_model_save(loaded, path_in(*state, "two"), &err));
    assert_same_files(path_in(*state, "one/model.safetensors"),
                      path_in(*state, "two/model.safetensors"));
    assert_same_files(path_in(*state, "one/config.json"),
                      path_in(*state, "two/config.json"));
    rung_logp_free(a), rung_logp_free(b);
    rung_model_free(loaded), rung_model_free(m);
    rung_runtime_free(rt);
}

static void threads_do_not_change_a_bit(void **state)
{
    char name[20];
    for (int threads = 1; threads <= 3; threads++) {
        rung_runtime *rt = new_runtime(threads);
        snprintf(name, sizeof name, "%d", threads);
        save_fitted(path_in(*state, name), rt);
        rung_runtime_free(rt);
    }
    assert_same_files(path_in(*state, "1/model.safetensors"),
                      path_in(*state, "2/model.safetensors"));
    assert_same_files(path_in(*state, "1/model.safetensors"),
                      path_in(*state, "3/model.safetensors"));
}

static void refuse(const char *folder, rung_stored tensor, const char *message)
{
    rung_model *m = NULL;
    char good[400], bad[400];
    snprintf(good, sizeof good, "%s/good", folder);
    snprintf(bad, sizeof bad, "%s/bad", folder);
    replace_tensor(good, bad, &tensor);
    assert_fails_saying(rung_model_load(&m, bad, &err), RUNG_INPUT, message);
    assert_null(m);
}

static void refuse_config(const char *folder, const char *from, const char *to,
                          const char *message)
{
    rung_model *m = NULL;
    char *text, *at, changed[2000];
    size_t size;
    assert_ok(rung_file_read(path_in(folder, "good/config.json"), &text, &size, &err));
    at = strstr(text, from);
    assert_non_null(at);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to,
             at + strlen(from));
    write_text(path_in(folder, "bad/config.json"), changed);
    assert_fails_saying(rung_model_load(&m, path_in(folder, "bad"), &err), RUNG_INPUT,
                        message);
    rung__free(text);
}

/* ---- Refusals and failures ---- */

static void one_label_is_nothing_to_learn(void **state)
{
    static const char *const one[] = {"only", NULL};
    static const int32_t zeros[N];
    char message[100];
    rung_model *m = new_classifier(tested, one);
    snprintf(message, sizeof message, "600 examples of 1 labels: %s needs two labels",
             tested);
    assert_fails(fit(m, *state, zeros, &err), RUNG_INPUT, message);
    rung_model_free(m);
}

typedef struct work {
    const char *folder;
    rung_runtime *rt;
} work;

static rung_status whole_life(void *ctx, rung_error *error)
{
    const work *k = ctx;
    rung_labels *labels = NULL;
    rung_model *m = NULL, *loaded = NULL;
    float *logp = NULL;
    const rung_span names[] = {{"a", 1}, {"b", 1}, {"c", 1}};
    RUNG_TRY(rung_labels_ordered(&labels, names, 3, error));
    rung_status status =
        rung_model_new(&m, rung_class_find(tested, error), RUNG_LABELLED, error);
    if (status != RUNG_OK)
        rung_labels_free(labels);
    else
        status = rung_model_build(m, NULL, labels, 1, error);
    if (status == RUNG_OK) {
        const rung_option_set set = rung_model_options(m);
        status = rung_option_set_text(&set, "hash", "12", error);
    }
    const rung_examples train = examples(three, 0, 60), valid = examples(three, 60, 20);
    if (status == RUNG_OK)
        status = m->type->labelled->fit(m, k->rt, &train, &valid, error);
    if (status == RUNG_OK) status = rung_model_save(m, k->folder, error);
    if (status == RUNG_OK) status = rung_model_load(&loaded, k->folder, error);
    if (status == RUNG_OK)
        status = rung_classify(&logp, loaded, k->rt,
                               &(rung_examples){.texts = texts, .count = 9}, NULL, error);
    rung_logp_free(logp);
    rung_model_free(loaded);
    rung_model_free(m);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    work k = {path_in(*state, "model"), new_runtime(1)};
    assert_true(assert_survives_failed_allocations(whole_life, &k) > 60);
    rung_runtime_free(k.rt);
}

static int setup(void **state)
{
    make_texts();
    return open_runtime(state);
}

#endif
