#include "support.h"

#include <math.h>

#include "rung/learn.h"

static rung_train_config config_of(rung_schedule_kind kind, int64_t warmup, double min_lr)
{
    return (rung_train_config){
        .schedule = kind, .lr = 2, .warmup = warmup, .min_lr = min_lr};
}

static void assert_rate(const rung_train_config *config, int64_t step, int64_t steps,
                        double wanted)
{
    const double lr = rung_schedule_lr(config, step, steps);
    if (fabs(lr - wanted) > 1e-12)
        fail_msg("schedule %d, step %d of %d: %.17g, wanted %.17g", config->schedule,
                 (int)step, (int)steps, lr, wanted);
}

static void every_schedule_warms_up_linearly_to_the_full_rate(void **state)
{
    (void)state;
    for (int kind = RUNG_SCHEDULE_CONSTANT; kind <= RUNG_SCHEDULE_STEP; kind++) {
        const rung_train_config config = config_of(kind, 3, 0.1);
        assert_rate(&config, 0, 40, 0.5);
        assert_rate(&config, 1, 40, 1);
        assert_rate(&config, 2, 40, 1.5);
        assert_rate(&config, 3, 40, 2);
    }
}

static void rates_follow_their_formulas(void **state)
{
    (void)state;
    const rung_train_config constant = config_of(RUNG_SCHEDULE_CONSTANT, 0, 0.1);
    assert_rate(&constant, 99, 100, 2);
    const rung_train_config linear = config_of(RUNG_SCHEDULE_LINEAR, 20, 0.1);
    assert_rate(&linear, 60, 100, 2 * (1 - 0.9 * 0.5));
    const rung_train_config cosine = config_of(RUNG_SCHEDULE_COSINE, 20, 0.1);
    assert_rate(&cosine, 60, 100, 2 * (0.1 + 0.9 * 0.5));
    assert_rate(&cosine, 40, 100, 2 * (0.1 + 0.9 * (1 + cos(acos(-1) / 4)) / 2));
    assert_rate(&cosine, 100, 100, 0.2);
    const rung_train_config root = config_of(RUNG_SCHEDULE_INVERSE_SQRT, 3, 0);
    assert_rate(&root, 15, 100, 1);
    const rung_train_config stairs = config_of(RUNG_SCHEDULE_STEP, 0, 0);
    assert_rate(&stairs, 49, 100, 2);
    assert_rate(&stairs, 50, 100, 0.2);
    assert_rate(&stairs, 74, 100, 0.2);
    assert_rate(&stairs, 75, 100, 0.02);
}

static void warmup_of_its_own_choice_is_a_twentieth(void **state)
{
    (void)state;
    const rung_train_config config = config_of(RUNG_SCHEDULE_COSINE, -1, 0);
    assert_rate(&config, 4, 100, 2 * 5 / 6.0);
    assert_rate(&config, 5, 100, 2);
    assert_rate(&config, 0, 10, 2);
}

static void rates_stay_finite_where_warmup_outlasts_the_run(void **state)
{
    (void)state;
    for (int kind = RUNG_SCHEDULE_CONSTANT; kind <= RUNG_SCHEDULE_STEP; kind++) {
        const rung_train_config config = config_of(kind, 10, 0.1);
        for (int64_t step = 0; step < 30; step++) {
            const double lr = rung_schedule_lr(&config, step, 10);
            assert_true(lr > 0 && lr <= 2);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_schedule_warms_up_linearly_to_the_full_rate),
        cmocka_unit_test(rates_follow_their_formulas),
        cmocka_unit_test(warmup_of_its_own_choice_is_a_twentieth),
        cmocka_unit_test(rates_stay_finite_where_warmup_outlasts_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
