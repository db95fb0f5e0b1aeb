#include "support.h"

#include "learn/config.h"

static rung_option_set set_of(rung_train_config *config)
{
    size_t count;
    const rung_option *options = rung_train_options(&count);
    return (rung_option_set){"training", options, count, config, NULL};
}

static rung_train_config defaults(void)
{
    rung_error err;
    rung_train_config config = {0};
    const rung_option_set set = set_of(&config);
    assert_ok(rung_options_defaults(&set, &err));
    return config;
}

static void the_defaults_need_only_a_length(void **state)
{
    (void)state;
    rung_error err;
    rung_train_config config = defaults();
    config.steps = 10;
    assert_ok(rung__train_config_check(&config, &err));
    config.budget = 60;
    assert_fails(rung__train_config_check(&config, &err), RUNG_USAGE,
                 "give one of steps, epochs and budget");
    config.steps = 0;
    assert_ok(rung__train_config_check(&config, &err));
    assert_int_equal(config.optimizer, RUNG_OPTIMIZER_ADAMW);
    assert_int_equal(config.schedule, RUNG_SCHEDULE_COSINE);
}

static void choices_are_those_of_the_lists(void **state)
{
    (void)state;
    rung_error err;
    rung_train_config config = defaults();
    const rung_option_set set = set_of(&config);
#define X(name, text)                                                                    \
    assert_ok(rung_option_set_text(&set, "optimizer", text, &err));                      \
    assert_int_equal(config.optimizer, RUNG_OPTIMIZER_##name);
    RUNG_OPTIMIZER_LIST(X)
#undef X
#define X(name, text)                                                                    \
    assert_ok(rung_option_set_text(&set, "schedule", text, &err));                       \
    assert_int_equal(config.schedule, RUNG_SCHEDULE_##name);
    RUNG_SCHEDULE_LIST(X)
#undef X
}

static void values_out_of_range_are_named(void **state)
{
    (void)state;
    rung_error err;
    rung_train_config config = defaults();
    config.steps = 10;
    config.batch = 0;
    assert_fails_saying(rung__train_config_check(&config, &err), RUNG_USAGE,
                        "batch is 0");
    config.batch = 1;
    config.beta2 = 1;
    assert_fails_saying(rung__train_config_check(&config, &err), RUNG_USAGE,
                        "beta2 is 1");
    config.beta2 = 0.0 / 0.0;
    assert_fails_saying(rung__train_config_check(&config, &err), RUNG_USAGE, "beta2 is");
    config.beta2 = 0.9;
    config.optimizer = 3;
    assert_fails_saying(rung__train_config_check(&config, &err), RUNG_USAGE,
                        "optimizer is 3: must be one of sgd|adagrad|adamw");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_need_only_a_length),
        cmocka_unit_test(choices_are_those_of_the_lists),
        cmocka_unit_test(values_out_of_range_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
