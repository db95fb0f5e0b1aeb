#include "support.h"

#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rng.h"
#include "rung/learn.h"
#include "rung/language.h"

/* A model of the ladder with random tokens to learn from. */
typedef struct sized {
    const char *name;
    const char *options[8][2];
    rung_train_config config;
} sized;

typedef struct work {
    rung_runtime *rt;
    rung_model *model;
    rung_task *task;
    int32_t *ids;
} work;

enum { TOKENS = 60000 };

static void make_work(work *w, const sized *s)
{
    rung_error err;
    rung_tokenizer *tokenizer = NULL;
    const rung_runtime_config config = {.threads = 2, .isa = RUNG_ISA_BEST};
    assert_ok(rung_runtime_new(&w->rt, &config, &err));
    assert_ok(rung_tokenizer_train(&tokenizer, "byte", NULL, (rung_span){"", 0}, &err));
    assert_ok(rung_model_new(&w->model, rung_class_find(s->name, &err), RUNG_RAW, &err));
    const rung_option_set set = rung_model_options(w->model);
    for (int i = 0; s->options[i][0]; i++)
        assert_ok(rung_option_set_text(&set, s->options[i][0], s->options[i][1], &err));
    assert_ok(rung_model_build(w->model, tokenizer, NULL, 1, &err));
    w->ids = rung__alloc(TOKENS * sizeof *w->ids);
    rung_rng rng = rung_rng_make(1);
    for (int i = 0; i < TOKENS; i++) w->ids[i] = (int32_t)rung_rng_below(&rng, 256);
    const rung_tokens train = {w->ids, TOKENS - 5000, TOKENS - 5000};
    const rung_tokens valid = {w->ids + TOKENS - 5000, 5000, 5000};
    assert_ok(rung_lm_task_new(&w->task, w->model, &train, &valid, &s->config, &err));
}

static void release_work(work *w)
{
    rung_lm_task_free(w->task);
    rung_model_free(w->model);
    rung__free(w->ids);
    rung_runtime_free(w->rt);
}

static rung_train_config config_of(int64_t batch, int64_t accumulate, int64_t ranks)
{
    rung_train_config config;
    size_t count;
    const rung_option *options = rung_train_options(&count);
    const rung_option_set set = {NULL, options, count, &config, NULL};
    rung_options_defaults(&set, NULL);
    config.steps = 3;
    config.batch = batch;
    config.accumulate = accumulate;
    config.ranks = ranks;
    return config;
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define COUNTS_RESIDENT 1 /* the sanitizers' own memory is resident too */

/* The most that this process has had in memory. */
static size_t peak_bytes(void)
{
    char line[200];
    unsigned long kilobytes = 0;
    FILE *file = fopen("/proc/self/status", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) sscanf(line, "VmHWM: %lu kB", &kilobytes);
    fclose(file);
    return (size_t)kilobytes << 10;
}

static size_t planned_bytes(const sized *s)
{
    rung_error err;
    rung_train_plan plan;
    work w;
    make_work(&w, s);
    assert_ok(rung_plan(w.rt, w.task, &s->config, &plan, &err));
    release_work(&w);
    return plan.peak_bytes;
}

static size_t trained_bytes(const sized *s)
{
    rung_error err;
    rung_train_result result;
    void *dir;
    work w;
    assert_int_equal(make_folder(&dir), 0);
    make_work(&w, s);
    assert_ok(rung_train(w.rt, w.task, &s->config, dir, false, NULL, &result, &err));
    release_work(&w);
    const size_t peak = peak_bytes();
    assert_int_equal(remove_folder(&dir), 0);
    return peak;
}

/* In a process of its own, which no earlier work has made larger. */
static size_t in_child(size_t (*fn)(const sized *s), const sized *s)
{
    int ends[2];
    size_t bytes = 0;
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        bytes = fn(s);
        _exit(write(ends[1], &bytes, sizeof bytes) == sizeof bytes ? 0 : 1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &bytes, sizeof bytes), sizeof bytes);
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    return bytes;
}

static void the_planned_peak_is_that_of_the_training(void **state)
{
    (void)state;
    const sized sizes[] = {
        {"gpt",
         {{"layers", "2"}, {"width", "64"}, {"context", "64"}},
         config_of(4, 1, 1)},
        {"gpt",
         {{"layers", "1"}, {"width", "256"}, {"context", "32"}},
         config_of(2, 2, 2)},
        {"lstm", {{"width", "160"}}, config_of(8, 3, 1)},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const double planned = (double)in_child(planned_bytes, &sizes[i]);
        const double measured = (double)in_child(trained_bytes, &sizes[i]);
        if (fabs(planned / measured - 1) > 0.05)
            fail_msg("size %d: planned %.0f, measured %.0f", (int)i, planned, measured);
    }
}

#endif

static void planning_changes_nothing(void **state)
{
    (void)state;
    rung_error err;
    rung_train_plan plan;
    sized s = {
        "gpt", {{"layers", "1"}, {"width", "32"}, {"context", "32"}}, config_of(4, 2, 1)};
    work w;
    make_work(&w, &s);
    const size_t bytes = (size_t)rung_params_extent(w.model->params) * sizeof(float);
    void *before = test_malloc(bytes);
    memcpy(before, rung_params_values(w.model->params), bytes);
    const int64_t live = rung__alloc_stats().live;
    assert_ok(rung_plan(w.rt, w.task, &s.config, &plan, &err));
    assert_int_equal(rung__alloc_stats().live, live);
    assert_memory_equal(rung_params_values(w.model->params), before, bytes);
    assert_int_equal(plan.steps, 3);
    assert_true(plan.seconds_per_step > 0 && plan.seconds > 3 * plan.seconds_per_step);
    assert_true(plan.flops_per_step >
                6 * 8 * 32 * (double)rung_params_size(w.model->params));
    assert_int_equal(plan.moments_bytes, 2 * plan.params_bytes);
    assert_int_equal(plan.grads_bytes, 2 * plan.params_bytes);

    s.config.steps = 0;
    s.config.epochs = 2; // windows of 32 tokens, 8 in a step
    assert_ok(rung_plan(w.rt, w.task, &s.config, &plan, &err));
    assert_int_equal(plan.steps, (2 * w.task->samples_per_epoch + 7) / 8);
    s.config.epochs = 0;
    s.config.budget = 1;
    assert_ok(rung_plan(w.rt, w.task, &s.config, &plan, &err));
    assert_true(plan.steps > 1 && plan.seconds < 2);
    test_free(before);
    release_work(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#if defined(COUNTS_RESIDENT)
        cmocka_unit_test(the_planned_peak_is_that_of_the_training),
#endif
        cmocka_unit_test(planning_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
