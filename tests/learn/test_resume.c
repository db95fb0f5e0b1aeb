#include "learn/toy.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "rung/learn.h"

/* ---- A run in a process of its own ---- */

typedef struct run {
    rung_train_config config;
    const char *dir;
    int64_t lanes;
    bool is_quadratic;
    int64_t kill_at, stop_at; /* after the report of a step; 0: never */
} run;

static void maybe_kill(void *self, const rung_train_report *r)
{
    const run *job = self;
    if (job->kill_at && r->step >= job->kill_at) kill(getpid(), SIGKILL);
}

static bool maybe_stop(void *self)
{
    run *job = self;
    return job->stop_at && job->stop_at-- == 1;
}

static rung_status train(toy *t, run *job, rung_train_result *result, rung_error *err)
{
    rung_runtime *rt = toy_runtime(2);
    const rung_train_hooks hooks = {maybe_kill, maybe_stop, job};
    toy_init(t, job->lanes);
    t->is_quadratic = job->is_quadratic;
    const rung_status status =
        rung_train(rt, &t->base, &job->config, job->dir, true, &hooks, result, err);
    rung_runtime_free(rt);
    return status;
}

/* Returns whether the child was killed. */
static bool train_in_child(run *job)
{
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        toy t;
        rung_train_result result;
        rung_error err;
        _exit(train(&t, job, &result, &err) == RUNG_OK ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) return true;
    assert_int_equal(WEXITSTATUS(status), 0);
    return false;
}

/* ---- What must be the same ---- */

static bool is_clock(const char *key)
{
    return strcmp(key, "units_per_second") == 0 || strcmp(key, "elapsed_seconds") == 0;
}

static char *line_without_clocks(char **text)
{
    rung_error err;
    json_t *line = NULL;
    char *end = strchr(*text, '\n');
    assert_non_null(end);
    assert_ok(rung_json_parse(&line, *text, (size_t)(end - *text), "metrics", &err));
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(line, next, key, value)
    {
        if (is_clock(key)) json_object_del(line, key);
    }
    rung_str s = {0};
    rung_json_add_text(&s, line, 0);
    json_decref(line);
    *text = end + 1;
    return s.data;
}

static void assert_same_metrics(const char *a_dir, const char *b_dir)
{
    rung_error err;
    char *a, *b;
    size_t size;
    assert_ok(rung_file_read(path_in(a_dir, "metrics.jsonl"), &a, &size, &err));
    assert_ok(rung_file_read(path_in(b_dir, "metrics.jsonl"), &b, &size, &err));
    char *a_line = a, *b_line = b;
    while (*a_line && *b_line) {
        char *x = line_without_clocks(&a_line), *y = line_without_clocks(&b_line);
        assert_string_equal(x, y);
        rung__free(x);
        rung__free(y);
    }
    assert_string_equal(a_line, b_line);
    rung__free(a);
    rung__free(b);
}

static void assert_same_results(const rung_train_result *a, const rung_train_result *b)
{
    assert_int_equal(a->end, b->end);
    assert_int_equal(a->steps, b->steps);
    assert_int_equal(a->best_step, b->best_step);
    assert_int_equal(a->rollbacks, b->rollbacks);
    assert_int_equal(a->converged, b->converged);
    assert_true(a->train_loss == b->train_loss);
    assert_true(a->valid_loss == b->valid_loss);
    assert_true(a->first_valid_loss == b->first_valid_loss);
}

/* A run killed at random steps, again and again, ends like one that was left alone. */
static void assert_survives_kills(void *folder, run job, uint64_t seed)
{
    rung_error err;
    rung_train_result whole_result, result;
    toy whole, resumed;
    char whole_dir[200], dir[200];
    snprintf(whole_dir, sizeof whole_dir, "%s/whole-%d", (char *)folder, (int)seed);
    snprintf(dir, sizeof dir, "%s/killed-%d", (char *)folder, (int)seed);
    job.dir = whole_dir;
    assert_ok(train(&whole, &job, &whole_result, &err));

    rung_rng rng = rung_rng_make(seed);
    job.dir = dir;
    for (int kills = 0; kills < 4; kills++) {
        job.kill_at = 1 + (int64_t)rung_rng_below(&rng, (uint64_t)job.config.steps);
        if (!train_in_child(&job)) break; // it was beyond that step already
    }
    job.kill_at = 0;
    assert_ok(train(&resumed, &job, &result, &err));
    size_t bytes;
    char *values = toy_values(&whole, &bytes);
    assert_toy_values(&resumed, values, "killed and resumed");
    assert_same_results(&result, &whole_result);
    assert_same_metrics(dir, whole_dir);
    test_free(values);
    toy_release(&whole);
    toy_release(&resumed);
}

static void a_killed_run_goes_on_to_the_same_bits(void **state)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        run job = {.config = toy_config(60)};
        job.config.eval_every = 10;
        job.config.save_every = seed == 1 ? 10 : 7;
        job.config.patience = seed == 3 ? 5 : 0;
        job.config.accumulate = 3;
        assert_survives_kills(*state, job, seed);
    }
}

static void carried_states_go_on_where_they_were(void **state)
{
    run job = {.config = toy_config(60), .lanes = 8};
    job.config.save_every = 9;
    job.config.accumulate = 2;
    job.config.ranks = 2;
    assert_survives_kills(*state, job, 4);
}

static run diverging_run(void)
{
    run job = {.config = toy_config(250), .is_quadratic = true};
    job.config.optimizer = RUNG_OPTIMIZER_SGD;
    job.config.schedule = RUNG_SCHEDULE_CONSTANT;
    job.config.momentum = job.config.clip = job.config.weight_decay = 0;
    job.config.lr = 1.2;
    return job;
}

static void a_rollback_is_repeated_or_remembered(void **state)
{
    for (uint64_t seed = 5; seed <= 7; seed++)
        assert_survives_kills(*state, diverging_run(), seed);
}

static void a_rollback_needs_no_folder(void **state)
{
    rung_error err;
    rung_train_result on_disk, in_memory;
    toy a, b;
    run job = diverging_run();
    job.dir = path_in(*state, "run");
    assert_ok(train(&a, &job, &on_disk, &err));
    job.dir = NULL;
    assert_ok(train(&b, &job, &in_memory, &err));
    size_t bytes;
    char *values = toy_values(&a, &bytes);
    assert_toy_values(&b, values, "in memory");
    assert_same_results(&on_disk, &in_memory);
    assert_int_equal(on_disk.rollbacks, 1);
    test_free(values);
    toy_release(&a);
    toy_release(&b);
}

/* ---- Interruption ---- */

static void an_interrupted_run_goes_on_to_the_same_bits(void **state)
{
    rung_error err;
    rung_train_result whole_result, result;
    toy whole, part;
    run job = {.config = toy_config(40), .dir = path_in(*state, "whole")};
    assert_ok(train(&whole, &job, &whole_result, &err));
    size_t bytes;
    char *values = toy_values(&whole, &bytes);
    toy_release(&whole);

    job.dir = path_in(*state, "part");
    job.stop_at = 13;
    assert_ok(train(&part, &job, &result, &err));
    assert_int_equal(result.end, RUNG_TRAIN_INTERRUPTED);
    assert_int_equal(result.steps, 13);
    toy_release(&part);
    job.stop_at = 0;
    assert_ok(train(&part, &job, &result, &err));
    assert_toy_values(&part, values, "interrupted and resumed");
    assert_same_results(&result, &whole_result);
    toy_release(&part);

    assert_ok(train(&part, &job, &result, &err)); // nothing is left to do
    assert_toy_values(&part, values, "resumed after its end");
    assert_same_results(&result, &whole_result);
    toy_release(&part);
    test_free(values);
}

static void other_ranks_may_go_on(void **state)
{
    rung_error err;
    rung_train_result result;
    toy whole, part;
    run job = {.config = toy_config(30), .lanes = 8, .dir = path_in(*state, "whole")};
    job.config.accumulate = 4;
    assert_ok(train(&whole, &job, &result, &err));
    job.dir = path_in(*state, "part");
    job.stop_at = 11;
    assert_ok(train(&part, &job, &result, &err));
    toy_release(&part);
    job.config.ranks = job.config.accumulate = 2;
    assert_ok(train(&part, &job, &result, &err));
    size_t bytes;
    char *values = toy_values(&whole, &bytes);
    assert_toy_values(&part, values, "resumed with other ranks");
    test_free(values);
    toy_release(&part);
    toy_release(&whole);
}

static void the_recorded_configuration_is_kept(void **state)
{
    rung_error err;
    rung_train_result result;
    toy t;
    run job = {.config = toy_config(0), .dir = path_in(*state, "run")};
    job.config.budget = 0.1;
    job.stop_at = 1;
    assert_ok(train(&t, &job, &result, &err));
    toy_release(&t);
    const int64_t planned = result.config.steps;
    job.config.budget = 50; // what is fixed once stays
    job.config.lr = 123;
    job.stop_at = 0;
    assert_ok(train(&t, &job, &result, &err));
    assert_int_equal(result.config.steps, planned);
    assert_int_equal(result.steps, planned);
    assert_int_equal(result.rollbacks, 0);
    toy_release(&t);

    job.config.batch = 4;
    assert_fails_saying(
        train(&t, &job, &result, &err), RUNG_USAGE,
        "was begun with 1 micro-batches of 8 samples, which 1 of 4 cannot");
    toy_release(&t);
}

static void a_new_run_does_not_overwrite_another(void **state)
{
    rung_error err;
    rung_train_result result;
    toy t;
    run job = {.config = toy_config(5), .dir = path_in(*state, "run")};
    assert_ok(train(&t, &job, &result, &err));
    rung_runtime *rt = toy_runtime(1);
    assert_fails_saying(
        rung_train(rt, &t.base, &job.config, job.dir, false, NULL, &result, &err),
        RUNG_USAGE, "holds a run, saved at step 5");
    rung_runtime_free(rt);
    toy_release(&t);
}

/* ---- Broken checkpoints ---- */

static void a_checkpoint_of_another_model_is_named(void **state)
{
    rung_error err;
    rung_train_result result;
    toy t;
    run job = {.config = toy_config(5), .dir = path_in(*state, "run")};
    assert_ok(train(&t, &job, &result, &err));
    toy_release(&t);
    job.lanes = 8; // a model with one more matrix
    assert_fails_saying(train(&t, &job, &result, &err), RUNG_INPUT,
                        "model.safetensors: tensor 'ws' is missing");
    toy_release(&t);
}

static void a_full_disk_leaves_the_last_checkpoint(void **state)
{
    rung_error err;
    rung_train_result result;
    toy t;
    run job = {.config = toy_config(20), .dir = path_in(*state, "run")};
    job.stop_at = 5;
    job.config.save_every = 100; // so that only the interruption is saved
    assert_ok(train(&t, &job, &result, &err));
    toy_release(&t);
    job.stop_at = 0;

    struct rlimit old, none = {.rlim_cur = 2000};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    none.rlim_max = old.rlim_max;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &none);
    const rung_status status = train(&t, &job, &result, &err);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, handler);
    assert_int_equal(status, RUNG_IO);
    assert_contains(err.message, "cannot write");
    toy_release(&t);

    assert_ok(train(&t, &job, &result, &err)); // with room it goes on from step 5
    assert_int_equal(result.steps, 20);
    toy_release(&t);
}

/* ---- Memory ---- */

typedef struct starving {
    run job;
    toy toy;
    int n_folders; /* a new one each time; 0: always the same */
} starving;

static rung_status train_starving(void *ctx, rung_error *err)
{
    starving *s = ctx;
    rung_train_result result;
    rung_runtime rt = {.isa = RUNG_ISA_PORTABLE};
    char dir[300];
    snprintf(dir, sizeof dir, "%s-%d", s->job.dir, s->n_folders ? s->n_folders++ : 0);
    RUNG_TRY(rung_pool_new(&rt.pool, 1, err));
    const rung_status status =
        rung_train(&rt, &s->toy.base, &s->job.config, dir, true, NULL, &result, err);
    rung_pool_free(rt.pool);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    rung_error err;
    starving s = {.job = {.config = toy_config(1), .dir = path_in(*state, "run")}};
    toy_init(&s.toy, 0);
    s.toy.is_quadratic = true; // the smallest graph
    s.toy.base.n_eval = 0;
    s.n_folders = 1;
    assert_true(assert_survives_failed_allocations(train_starving, &s) > 100);
    s.n_folders = 0; // a finished run, resumed
    assert_ok(train_starving(&s, &err));
    assert_true(assert_survives_failed_allocations(train_starving, &s) > 100);
    toy_release(&s.toy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_in_folder(a_killed_run_goes_on_to_the_same_bits),
        test_in_folder(carried_states_go_on_where_they_were),
        test_in_folder(a_rollback_is_repeated_or_remembered),
        test_in_folder(a_rollback_needs_no_folder),
        test_in_folder(an_interrupted_run_goes_on_to_the_same_bits),
        test_in_folder(other_ranks_may_go_on),
        test_in_folder(the_recorded_configuration_is_kept),
        test_in_folder(a_new_run_does_not_overwrite_another),
        test_in_folder(a_checkpoint_of_another_model_is_named),
        test_in_folder(a_full_disk_leaves_the_last_checkpoint),
        test_in_folder(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
