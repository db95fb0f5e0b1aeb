/* Classifiers that are trained by steps: the order of samples, lengths, padding, the
 * model folder. Texts of very different length, whose label follows from their words. */
#include "support.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/files.h"
#include "learn/trainer.h"
#include "models/encoded.h"

enum { N = 300 };

static char storage[N][400];
static rung_span texts[N];
static int32_t labels[N];
static const rung_span names[] = {{"bad", 3}, {"good", 4}};

static void make_texts(void)
{
    for (int i = 0; i < N; i++) {
        labels[i] = i * 7 % 3 == 0;
        int n = 1 + i * i % 40, at = i % n;
        size_t used = 0;
        for (int w = 0; w < n; w++)
            used += (size_t)snprintf(storage[i] + used, sizeof storage[i] - used, "%s ",
                                     w == at ? labels[i] ? "fine" : "dull"
                                     : w % 2 ? "the"
                                             : "film");
        texts[i] = (rung_span){storage[i], used};
    }
}

static rung_model *new_model(const char *width)
{
    rung_error err = {0};
    rung_model *m = NULL;
    rung_tokenizer *tok = NULL;
    rung_labels *l = NULL;
    char all[N * 400];
    size_t used = 0;
    for (int i = 0; i < N; i++)
        memcpy(all + used, texts[i].bytes, texts[i].size), used += texts[i].size;
    assert_ok(rung_model_new(&m, rung_class_find("lstm", &err), RUNG_LABELLED, &err));
    rung_option_set set = rung_model_options(m);
    assert_ok(rung_option_set_text(&set, "width", width, &err));
    assert_ok(rung_tokenizer_train(&tok, m->type->labelled->tokenizer, NULL,
                                   (rung_span){all, used}, &err));
    assert_ok(rung_labels_ordered(&l, names, 2, &err));
    assert_ok(rung_model_build(m, tok, l, 3, &err));
    return m;
}

static rung_examples examples(size_t first, size_t n)
{
    return (rung_examples){.texts = texts + first, .labels = labels + first, .count = n};
}

static rung_train_config train_config(int64_t steps)
{
    rung_train_config config;
    rung_error err;
    size_t count;
    const rung_option *options = rung_train_options(&count);
    rung_option_set set = {.options = options, .count = count, .values = &config};
    assert_ok(rung_options_defaults(&set, &err));
    config.steps = steps;
    config.batch = 8;
    config.lr = 5e-3;
    return config;
}

static int setup(void **state)
{
    make_texts();
    return rung_runtime_new((rung_runtime **)state, &(rung_runtime_config){.threads = 2},
                            NULL);
}

static int teardown(void **state)
{
    rung_runtime_free(*state);
    return 0;
}

static void lengths_rise_to_the_longest_in_steps_of_eight(void **state)
{
    (void)state;
    int64_t b[RUNG_LENGTH_BUCKETS];
    static const int64_t longest[] = {1, 2, 7, 8, 9, 63, 100, 256, 512, 4095};
    for (size_t i = 0; i < sizeof longest / sizeof longest[0]; i++) {
        int n = rung__length_buckets(b, longest[i]);
        assert_true(n >= 1 && n <= RUNG_LENGTH_BUCKETS);
        assert_int_equal(b[n - 1], longest[i]);
        for (int k = 0; k + 1 < n; k++) assert_true(b[k] < b[k + 1] && b[k] % 8 == 0);
        assert_int_equal(rung__bucket_of(b, n, longest[i]), n - 1);
        assert_int_equal(rung__bucket_of(b, n, 1), 0);
    }
}

/* Which texts an epoch's samples are: ids are read back from what feed writes. */
static void an_epoch_visits_every_text_once_in_like_lengths(void **state)
{
    rung_error err;
    rung_task *task = NULL;
    rung_model *m = new_model("8");
    rung_examples train = examples(0, N), none = examples(0, 0);
    assert_ok(rung_classify_task_new(&task, m, &train, &none, &err));
    assert_int_equal(task->samples_per_epoch, N);
    rung_step_graph step = {.bucket = task->n_buckets - 1};
    assert_ok(rung_graph_new(&step.graph, *state, RUNG_F32, &err));
    task->ops->build(task, &step, 1, true);
    int64_t T = rung_tensor_dim(step.inputs[0], 1), ones = 0, length = 0, changes = 0;
    int32_t buffer[2 + 400];
    assert_true(T <= 400 && task->ops->buffer_bytes(task, 1) <= sizeof buffer);
    for (int64_t s = 0; s < N; s++) {
        task->ops->feed(task, &step, s, 1, 5, buffer);
        changes += buffer[0] != length;
        length = buffer[0];
        ones += buffer[1];
    }
    int64_t must = 0;
    for (int i = 0; i < N; i++) must += labels[i];
    assert_int_equal(ones, must);
    assert_true(changes < N / 2); // sorted within blocks
    rung_graph_free(step.graph);
    rung_classify_task_free(task);
    rung_model_free(m);
}

static void training_learns_and_a_folder_keeps_it(void **state)
{
    rung_error err;
    rung_task *task = NULL;
    rung_model *m = new_model("16"), *loaded = NULL;
    rung_examples train = examples(0, 240), valid = examples(240, 60);
    rung_train_config config = train_config(150);
    rung_train_result result;
    rung_label_score score, again;
    char dir[] = "/tmp/rung-classify-XXXXXX";
    assert_non_null(mkdtemp(dir));
    assert_ok(rung_classify_task_new(&task, m, &train, &valid, &err));
    assert_true(task->n_buckets > 1);
    assert_ok(rung_train(*state, task, &config, NULL, false, NULL, &result, &err));
    rung_classify_task_free(task);
    assert_ok(rung_classify_evaluate(m, *state, &valid, &score, &err));
    assert_true(score.accuracy > 0.95);
    assert_near(score.log_loss, result.valid_loss, 1e-5); // the trainer's own figure
    assert_ok(rung_model_save(m, dir, &err));
    assert_ok(rung_model_load(&loaded, dir, &err));
    assert_int_equal(loaded->kind, RUNG_LABELLED);
    assert_string_equal(rung_labels_name(loaded->labels, 1), "good");
    assert_ok(rung_classify_evaluate(loaded, *state, &valid, &again, &err));
    assert_memory_equal(score.nats, again.nats, 60 * sizeof *score.nats);
    rung_label_score_release(&score);
    rung_label_score_release(&again);
    rung_model_free(loaded);
    rung_model_free(m);
    rung_remove_tree(dir, NULL);
}

/* Steps of short texts take fewer operations; all of them are asked, and some timed. */
static void a_budget_is_timed_on_steps_of_all_lengths(void **state)
{
    rung_error err;
    rung_task *task;
    rung_trainer t;
    rung_model *m = new_model("32");
    const rung_examples train = examples(0, N), none = {0};
    const rung_train_hooks no_hooks = {0};
    rung_train_config config = train_config(1);
    assert_ok(rung_classify_task_new(&task, m, &train, &none, &err));
    assert_ok(rung__trainer_init(&t, *state, task, &config, NULL, &no_hooks, &err));
    const int64_t steps = task->samples_per_epoch / (t.micro_batches * config.batch);
    double least = INFINITY, most = 0;
    for (int64_t i = 0; i < steps; i++) {
        const double flops = rung__step_flops(&t, i);
        least = fmin(least, flops), most = fmax(most, flops);
        assert_true(rung__step_flops(&t, i + steps) > 0); // of the next epoch too
    }
    assert_true(steps > 3 && most > 2 * least);
    const size_t bytes = (size_t)rung_params_extent(m->params) * sizeof(float);
    void *before = test_malloc(bytes);
    memcpy(before, rung_params_values(m->params), bytes);
    const double start = rung__now_seconds();
    assert_ok(rung__time_steps(&t, 0.05, &err));
    const double spent = rung__now_seconds() - start;
    assert_true(t.step_seconds > 0 && t.step_seconds < spent);
    assert_memory_equal(rung_params_values(m->params), before, bytes);
    test_free(before);
    rung__trainer_release(&t);
    rung_classify_task_free(task);
    rung_model_free(m);
}

/* A text alone, and among longer ones: only the rounding of another tile may differ. */
static void padding_and_company_do_not_matter(void **state)
{
    rung_error err;
    rung_model *m = new_model("16");
    float *all, *one;
    assert_ok(rung_classify(&all, m, *state, &(rung_examples){.texts = texts, .count = N},
                            NULL, &err));
    for (int i = 0; i < N; i += 37) {
        assert_ok(rung_classify(&one, m, *state,
                                &(rung_examples){.texts = texts + i, .count = 1}, NULL,
                                &err));
        for (int l = 0; l < 2; l++)
            assert_near((double)one[l], (double)all[2 * i + l], 1e-5);
        assert_near(exp((double)one[0]) + exp((double)one[1]), 1, 1e-6);
        rung_logp_free(one);
    }
    rung_logp_free(all);
    rung_model_free(m);
}

static void texts_are_cut_to_the_context_and_empty_ones_are_read(void **state)
{
    rung_error err;
    rung_model *m = new_model("8");
    m->context = 5;
    static const rung_span odd[] = {{"", 0}, {"film", 4}};
    size_t cut = 99;
    float *logp;
    assert_ok(rung_classify(&logp, m, *state, &(rung_examples){.texts = odd, .count = 2},
                            &cut, &err));
    assert_int_equal(cut, 0);
    assert_true(isfinite(logp[0]) && isfinite(logp[1]));
    rung_logp_free(logp);
    assert_ok(rung_classify(&logp, m, *state,
                            &(rung_examples){.texts = texts, .count = N}, &cut, &err));
    assert_true(cut > N / 2 && cut < N);
    rung_logp_free(logp);
    rung_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_rise_to_the_longest_in_steps_of_eight),
        cmocka_unit_test(an_epoch_visits_every_text_once_in_like_lengths),
        cmocka_unit_test(training_learns_and_a_folder_keeps_it),
        cmocka_unit_test(a_budget_is_timed_on_steps_of_all_lengths),
        cmocka_unit_test(padding_and_company_do_not_matter),
        cmocka_unit_test(texts_are_cut_to_the_context_and_empty_ones_are_read),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
