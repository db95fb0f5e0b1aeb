#include "learn/toy.h"

#include "rung/learn.h"

/* A toy, how it is to be trained, and what came of it. */
typedef struct trial {
    rung_runtime *rt;
    toy toy;
    rung_train_config config;
    rung_train_result result;
} trial;

static trial trial_new(int threads, int64_t steps)
{
    trial x = {.rt = toy_runtime(threads), .config = toy_config(steps)};
    toy_init(&x.toy, 0);
    return x;
}

static void trial_run(trial *x, const rung_train_hooks *hooks)
{
    rung_error err;
    assert_ok(rung_train(x->rt, &x->toy.base, &x->config, NULL, false, hooks, &x->result,
                         &err));
}

static void trial_release(trial *x)
{
    toy_release(&x->toy);
    rung_runtime_free(x->rt);
}

/* ---- Learning ---- */

static void training_learns_and_keeps_the_best(void **state)
{
    (void)state;
    rung_error err;
    trial x = trial_new(2, 400);
    trial_run(&x, NULL);
    assert_int_equal(x.result.end, RUNG_TRAIN_DONE);
    assert_int_equal(x.result.steps, 400);
    assert_int_equal(x.result.config.steps, 400);
    assert_true(x.result.first_valid_loss > 0.4 && x.result.valid_loss < 0.05);
    assert_true(x.result.train_loss < 0.1 && x.result.best_step > 200);
    assert_true(x.result.seconds > 0 && x.result.units_per_second > 0);
    double loss, weight;
    assert_ok(rung_evaluate(x.rt, &x.toy.base, &loss, &weight, &err));
    assert_true(loss == x.result.valid_loss); // the very values that were evaluated
    assert_int_equal(weight, 2 * TOY_EVAL);
    trial_release(&x);
}

static void every_optimizer_and_schedule_learns(void **state)
{
    (void)state;
    rung_error err;
    rung_train_result result;
    rung_runtime *rt = toy_runtime(1);
    for (int optimizer = RUNG_OPTIMIZER_SGD; optimizer <= RUNG_OPTIMIZER_ADAMW;
         optimizer++) {
        for (int schedule = 0; schedule <= RUNG_SCHEDULE_STEP; schedule++) {
            toy t;
            toy_init(&t, 0);
            rung_train_config config = toy_config(150);
            config.optimizer = optimizer;
            config.schedule = schedule;
            config.weight_decay = 0.001;
            if (optimizer == RUNG_OPTIMIZER_ADAGRAD) config.lr = 0.05;
            assert_ok(rung_train(rt, &t.base, &config, NULL, false, NULL, &result, &err));
            if (!(result.valid_loss < 0.8 * result.first_valid_loss))
                fail_msg("optimizer %d, schedule %d: %g after %g", optimizer, schedule,
                         result.valid_loss, result.first_valid_loss);
            toy_release(&t);
        }
    }
    rung_runtime_free(rt);
}

static void without_valid_data_the_last_values_stay(void **state)
{
    (void)state;
    rung_error err;
    trial x = trial_new(1, 0);
    x.toy.base.n_eval = 0;
    x.config.epochs = 1.5; // 768 samples of 8
    trial_run(&x, NULL);
    assert_int_equal(x.result.steps, 96);
    assert_int_equal(x.result.best_step, 96);
    assert_true(isnan(x.result.valid_loss) && !x.result.converged);
    double loss;
    assert_fails(rung_evaluate(x.rt, &x.toy.base, &loss, NULL, &err), RUNG_USAGE,
                 "there is no data to evaluate");
    trial_release(&x);
}

/* ---- Bits ---- */

typedef struct split {
    int threads;
    int64_t ranks, accumulate;
} split;

static void train_split(toy *t, const split *s, double *valid_loss)
{
    rung_error err;
    rung_train_result result;
    rung_runtime *rt = toy_runtime(s->threads);
    rung_train_config config = toy_config(25);
    config.ranks = s->ranks;
    config.accumulate = s->accumulate;
    assert_ok(rung_train(rt, &t->base, &config, NULL, false, NULL, &result, &err));
    *valid_loss = result.valid_loss;
    rung_runtime_free(rt);
}

static void assert_same_bits(const split *splits, size_t n, int64_t lanes)
{
    char *wanted = NULL;
    double wanted_loss = 0;
    for (size_t i = 0; i < n; i++) {
        toy t;
        double loss;
        char what[60];
        size_t bytes;
        toy_init(&t, lanes);
        train_split(&t, &splits[i], &loss);
        snprintf(what, sizeof what, "%d threads, %d ranks x %d", splits[i].threads,
                 (int)splits[i].ranks, (int)splits[i].accumulate);
        if (!wanted) {
            wanted = toy_values(&t, &bytes);
            wanted_loss = loss;
        }
        assert_toy_values(&t, wanted, what);
        assert_true(loss == wanted_loss);
        toy_release(&t);
    }
    test_free(wanted);
}

static void threads_ranks_and_accumulation_do_not_change_the_bits(void **state)
{
    (void)state;
    static const split fours[] = {{1, 1, 4}, {3, 1, 4}, {2, 2, 2}, {5, 2, 2}, {4, 4, 1}};
    static const split sixes[] = {{2, 1, 6}, {1, 2, 3}, {3, 3, 2}, {1, 6, 1}};
    assert_same_bits(fours, sizeof fours / sizeof *fours, 0);
    assert_same_bits(sixes, sizeof sixes / sizeof *sixes, 0);
}

static void carried_states_do_not_depend_on_the_split(void **state)
{
    (void)state;
    static const split fours[] = {{1, 1, 4}, {2, 2, 2}, {1, 4, 1}};
    assert_same_bits(fours, sizeof fours / sizeof *fours, 8);
}

/* The gradient of the first step, from the change of the values. */
static double *first_gradient(int64_t batch, int64_t accumulate, size_t *n)
{
    rung_error err;
    rung_train_result result;
    rung_runtime *rt = toy_runtime(2);
    toy t;
    toy_init(&t, 0);
    t.is_classifier = true;
    rung_train_config config = toy_config(1);
    config.batch = batch;
    config.accumulate = accumulate;
    config.optimizer = RUNG_OPTIMIZER_SGD;
    config.schedule = RUNG_SCHEDULE_CONSTANT;
    config.momentum = config.weight_decay = config.clip = 0;
    config.lr = 1;
    t.base.n_eval = 0;
    size_t bytes;
    float *before = (float *)toy_values(&t, &bytes);
    assert_ok(rung_train(rt, &t.base, &config, NULL, false, NULL, &result, &err));
    const float *after = rung_params_values(t.base.params);
    *n = bytes / sizeof(float);
    double *gradient = test_malloc(*n * sizeof *gradient);
    for (size_t i = 0; i < *n; i++) gradient[i] = (double)before[i] - (double)after[i];
    test_free(before);
    toy_release(&t);
    rung_runtime_free(rt);
    return gradient;
}

/* Micro-batches of unequal weight: a mean of their means would be wrong. */
static void one_large_batch_has_the_gradient_of_its_parts(void **state)
{
    (void)state;
    size_t n;
    double *whole = first_gradient(32, 1, &n), *parts = first_gradient(8, 4, &n);
    double squares = 0, error = 0;
    for (size_t i = 0; i < n; i++) {
        squares += whole[i] * whole[i];
        error += (whole[i] - parts[i]) * (whole[i] - parts[i]);
    }
    if (!(squares > 0 && sqrt(error / squares) < 1e-6))
        fail_msg("relative error %g of a gradient of %g", sqrt(error / squares), squares);
    test_free(whole);
    test_free(parts);
}

/* ---- What the caller sees ---- */

typedef struct watch {
    int64_t reports, evaluations;
    int64_t last_step;
    double last_loss, best;
    int64_t stop_at; /* 0: never */
} watch;

static void watch_report(void *self, const rung_train_report *r)
{
    watch *w = self;
    assert_int_equal(r->step, w->reports); // one before the first step, then one a step
    assert_true(w->reports == 0 || (isfinite(r->loss) && r->grad_norm > 0 && r->lr > 0));
    assert_true(r->eta_seconds >= 0);
    w->reports++;
    w->last_step = r->step;
    w->last_loss = r->loss;
    if (isnan(r->valid_loss)) {
        assert_false(r->best);
        return;
    }
    if (w->evaluations == 0 || r->valid_loss < w->best) {
        assert_true(r->best);
        w->best = r->valid_loss;
    }
    w->evaluations++;
}

static bool watch_stop(void *self)
{
    const watch *w = self;
    return w->stop_at && w->last_step >= w->stop_at;
}

static void each_step_is_reported_and_twenty_evaluations(void **state)
{
    (void)state;
    trial x = trial_new(1, 60);
    watch w = {0};
    const rung_train_hooks hooks = {watch_report, watch_stop, &w};
    trial_run(&x, &hooks);
    assert_int_equal(w.reports, 61);
    assert_int_equal(w.evaluations, 21);
    assert_true(x.result.valid_loss == w.best);
    trial_release(&x);
}

static void an_interruption_ends_after_its_step(void **state)
{
    (void)state;
    trial x = trial_new(2, 100);
    watch w = {.stop_at = 17};
    const rung_train_hooks hooks = {watch_report, watch_stop, &w};
    x.config.ranks = 2;
    trial_run(&x, &hooks);
    assert_int_equal(x.result.end, RUNG_TRAIN_INTERRUPTED);
    assert_int_equal(x.result.steps, 17);
    assert_int_equal(x.result.config.steps, 100);
    trial_release(&x);
}

static void patience_ends_a_run_that_gets_no_better(void **state)
{
    (void)state;
    trial x = trial_new(1, 1000);
    x.config.lr = 0; // nothing changes: the first evaluation stays the best
    x.config.eval_every = 5;
    x.config.patience = 3;
    trial_run(&x, NULL);
    assert_int_equal(x.result.end, RUNG_TRAIN_EARLY_STOP);
    assert_int_equal(x.result.steps, 15);
    assert_int_equal(x.result.best_step, 0);
    assert_true(x.result.valid_loss == x.result.first_valid_loss);
    assert_true(x.result.converged);
    trial_release(&x);
}

static void a_run_converges_when_its_last_quarter_brings_little(void **state)
{
    (void)state;
    trial x = trial_new(1, 64); // all of the data, once
    x.config.schedule = RUNG_SCHEDULE_CONSTANT;
    x.config.lr = 0.001;
    trial_run(&x, NULL);
    assert_false(x.result.converged);
    x.config.lr = 0;
    trial_run(&x, NULL);
    assert_int_equal(x.result.end, RUNG_TRAIN_DONE);
    assert_true(x.result.converged);
    x.config.steps = 63; // a part of it has never been seen
    trial_run(&x, NULL);
    assert_false(x.result.converged);
    trial_release(&x);
}

/* ---- Divergence ---- */

static void a_loss_that_overflows_goes_back_once_and_then_fails(void **state)
{
    (void)state;
    rung_error err = {0};
    rung_train_result result;
    rung_runtime *rt = toy_runtime(2);
    for (int64_t ranks = 1; ranks <= 2; ranks++) {
        toy t;
        toy_init(&t, 0);
        t.poison = 1e30;            // its square is no float
        t.poison_at = 10 * 16 + 11; // step 11, micro-batch 1
        rung_train_config config = toy_config(40);
        config.ranks = ranks;
        config.accumulate = 2 / ranks;
        assert_int_equal(
            rung_train(rt, &t.base, &config, NULL, false, NULL, &result, &err),
            RUNG_DIVERGED);
        assert_contains(err.message, "step 11: the loss is inf");
        assert_contains(err.message, "first not finite: toy: mse");
        assert_contains(err.message, "toys 168 to 175");
        double loss;
        assert_ok(rung_evaluate(rt, &t.base, &loss, NULL, &err));
        assert_true(isfinite(loss)); // the best values were put back
        toy_release(&t);
    }
    rung_runtime_free(rt);
}

static void a_rate_that_is_too_large_is_halved_once(void **state)
{
    (void)state;
    trial x = trial_new(1, 300);
    x.toy.is_quadratic = true;
    x.config.optimizer = RUNG_OPTIMIZER_SGD;
    x.config.schedule = RUNG_SCHEDULE_CONSTANT;
    x.config.momentum = x.config.clip = x.config.weight_decay = 0;
    x.config.lr = 1.2;
    trial_run(&x, NULL);
    assert_int_equal(x.result.rollbacks, 1);
    assert_int_equal(x.result.steps, 300);
    assert_true(x.result.valid_loss < x.result.first_valid_loss);
    trial_release(&x);
}

/* ---- Budget ---- */

static void a_budget_becomes_a_number_of_steps(void **state)
{
    (void)state;
    rung_error err;
    rung_train_result result, again;
    rung_runtime *rt = toy_runtime(1);
    toy t;
    size_t bytes;
    toy_init(&t, 0);
    rung_train_config config = toy_config(0);
    config.budget = 0.2;
    assert_ok(rung_train(rt, &t.base, &config, NULL, false, NULL, &result, &err));
    // How many depends on the machine, and on what else it does: one step, or 30,000.
    assert_true(result.steps >= 1 && result.steps == result.config.steps);
    assert_true(result.steps < 1000000 && result.config.eval_every <= result.steps);
    char *values = toy_values(&t, &bytes);
    toy_release(&t);

    toy_init(&t, 0); // timing has left no trace: the steps alone give the same bits
    config.budget = 0;
    config.steps = result.config.steps;
    config.eval_every = result.config.eval_every;
    assert_ok(rung_train(rt, &t.base, &config, NULL, false, NULL, &again, &err));
    assert_toy_values(&t, values, "the same number of steps");
    test_free(values);
    toy_release(&t);
    rung_runtime_free(rt);
}

static void a_budget_is_not_used_up_when_less_is_enough(void **state)
{
    (void)state;
    trial x = trial_new(1, 0); // 8 samples a step
    x.toy.base.enough_samples = 1000;
    x.config.budget = 60;
    trial_run(&x, NULL);
    assert_int_equal(x.result.steps, 125);
    assert_true(x.result.converged);
    x.config.budget = 0; // nor is a length needed
    trial_run(&x, NULL);
    assert_int_equal(x.result.steps, 125);
    trial_release(&x);
}

/* ---- Memory ---- */

typedef struct count_calls {
    int64_t calls[200]; /* allocations so far, at each report */
} count_calls;

static void note_calls(void *self, const rung_train_report *r)
{
    ((count_calls *)self)->calls[r->step] = rung__alloc_stats().calls;
}

static void a_step_allocates_nothing(void **state)
{
    rung_error err;
    rung_train_result result;
    rung_runtime *rt = toy_runtime(2);
    for (int64_t ranks = 1; ranks <= 2; ranks++) {
        toy t;
        toy_init(&t, 8);
        count_calls count;
        const rung_train_hooks hooks = {note_calls, NULL, &count};
        rung_train_config config = toy_config(100);
        config.ranks = ranks;
        config.accumulate = 3;
        config.eval_every = 40;
        const char *dir = path_in(*state, ranks == 1 ? "one" : "two");
        assert_ok(rung_train(rt, &t.base, &config, dir, false, &hooks, &result, &err));
        for (int64_t step = 2; step <= 100; step++) {
            if (step % 40 == 1) continue; // a checkpoint was written before
            assert_int_equal(count.calls[step], count.calls[step - 1]);
        }
        toy_release(&t);
    }
    rung_runtime_free(rt);
}

static rung_status train_shortly(void *ctx, rung_error *err)
{
    toy *t = ctx;
    rung_train_result result;
    rung_train_config config = toy_config(4);
    config.ranks = 2;
    config.eval_every = 2;
    // The runtime is made outside, but those of the ranks are the trainer's own.
    rung_runtime rt = {.isa = RUNG_ISA_PORTABLE};
    RUNG_TRY(rung_pool_new(&rt.pool, 1, err));
    const rung_status status =
        rung_train(&rt, &t->base, &config, NULL, false, NULL, &result, err);
    rung_pool_free(rt.pool);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    toy t;
    toy_init(&t, 8);
    assert_true(assert_survives_failed_allocations(train_shortly, &t) > 50);
    toy_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_learns_and_keeps_the_best),
        cmocka_unit_test(every_optimizer_and_schedule_learns),
        cmocka_unit_test(without_valid_data_the_last_values_stay),
        cmocka_unit_test(threads_ranks_and_accumulation_do_not_change_the_bits),
        cmocka_unit_test(carried_states_do_not_depend_on_the_split),
        cmocka_unit_test(one_large_batch_has_the_gradient_of_its_parts),
        cmocka_unit_test(each_step_is_reported_and_twenty_evaluations),
        cmocka_unit_test(an_interruption_ends_after_its_step),
        cmocka_unit_test(patience_ends_a_run_that_gets_no_better),
        cmocka_unit_test(a_run_converges_when_its_last_quarter_brings_little),
        cmocka_unit_test(a_loss_that_overflows_goes_back_once_and_then_fails),
        cmocka_unit_test(a_rate_that_is_too_large_is_halved_once),
        cmocka_unit_test(a_budget_becomes_a_number_of_steps),
        cmocka_unit_test(a_budget_is_not_used_up_when_less_is_enough),
        test_in_folder(a_step_allocates_nothing),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
