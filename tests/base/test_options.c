#include "support.h"

#include "rung/options.h"

typedef struct train_values {
    bool shuffle, quiet;
    int64_t steps, seed;
    double lr, budget, memory;
    const char *data, *out;
    int schedule;
} train_values;

static const rung_option train_options[] = {
    {"shuffle", RUNG_OPTION_FLAG, offsetof(train_values, shuffle), "true",
     .help = "mix the order of the texts"},
    {"quiet", RUNG_OPTION_FLAG, offsetof(train_values, quiet), .help = "no progress"},
    {"steps", RUNG_OPTION_INT, offsetof(train_values, steps), "100", 1, 1000000,
     .help = "steps of training"},
    {"seed", RUNG_OPTION_INT, offsetof(train_values, seed), .help = "of all randomness"},
    {"lr", RUNG_OPTION_REAL, offsetof(train_values, lr), "3e-4", 0, 10,
     .help = "rate at its highest"},
    {"budget", RUNG_OPTION_SECONDS, offsetof(train_values, budget), "10m", 1, 1e6,
     .help = "time that training may take, evaluations included, from the first step "
             "to the last one"},
    {"max-memory", RUNG_OPTION_BYTES, offsetof(train_values, memory), NULL, 0, 1e12,
     .help = "at most"},
    {"data", RUNG_OPTION_TEXT, offsetof(train_values, data), .help = "file or folder"},
    {"out", RUNG_OPTION_TEXT, offsetof(train_values, out), "run", .help = "folder"},
    {"schedule", RUNG_OPTION_CHOICE, offsetof(train_values, schedule), "linear",
     .choices = "constant|linear|cosine", .help = "how the rate changes"},
};

typedef struct model_values {
    int64_t layers;
} model_values;

static const rung_option model_options[] = {
    {"layers", RUNG_OPTION_INT, offsetof(model_values, layers), "4", 1, 96,
     .help = "blocks", .json = "n_layer"},
};

#define N_TRAIN (sizeof train_options / sizeof *train_options)

static train_values train;
static model_values model;
static bool given[N_TRAIN];
static const rung_option_set sets[] = {
    {"Training", train_options, N_TRAIN, &train, given},
    {"gpt", model_options, 1, &model, NULL},
};

static int set_defaults(void **state)
{
    (void)state;
    rung_error err;
    memset(given, 0, sizeof given);
    assert_ok(rung_options_defaults(&sets[0], &err));
    assert_ok(rung_options_defaults(&sets[1], &err));
    return 0;
}

static int release(void **state)
{
    (void)state;
    rung_options_release(&sets[0]);
    return 0;
}

static void defaults_are_what_would_be_typed(void **state)
{
    (void)state;
    assert_true(train.shuffle);
    assert_false(train.quiet);
    assert_int_equal(train.steps, 100);
    assert_int_equal(train.seed, 0);
    assert_true(train.lr == 3e-4);
    assert_true(train.budget == 600);
    assert_true(train.memory == 0);
    assert_null(train.data);
    assert_string_equal(train.out, "run");
    assert_int_equal(train.schedule, 1);
    assert_int_equal(model.layers, 4);
}

/* Parses words up to NULL; the words that are no options are joined with spaces. */
static rung_status parse(char *words, rung_error *err, ...)
{
    char *argv[20];
    int argc = 0, n_words = -1;
    va_list args;
    va_start(args, err);
    while ((argv[argc] = va_arg(args, char *))) argc++;
    va_end(args);
    const rung_status status = rung_options_parse(sets, 2, argc, argv, &n_words, err);
    words[0] = '\0';
    for (int i = 0; i < n_words; i++) {
        if (i > 0) strcat(words, " ");
        strcat(words, argv[i]);
    }
    return status;
}

static void a_command_line_sets_values_and_leaves_words(void **state)
{
    (void)state;
    rung_error err;
    char words[100];
    assert_ok(parse(words, &err, "gpt", "--steps", "20", "--lr=-0.0", "book.txt",
                    "--no-shuffle", "-", "--quiet", "--data", "my file", "--budget=1h30m",
                    "--max-memory", "2G", "--schedule=cosine", "--layers", "12", "--",
                    "--steps", NULL));
    assert_string_equal(words, "gpt book.txt - --steps");
    assert_int_equal(train.steps, 20);
    assert_true(train.lr == 0);
    assert_false(train.shuffle);
    assert_true(train.quiet);
    assert_string_equal(train.data, "my file");
    assert_true(train.budget == 5400);
    assert_true(train.memory == 2147483648.0);
    assert_int_equal(train.schedule, 2);
    assert_int_equal(model.layers, 12);
    assert_true(given[2]);
    assert_false(given[3]);
}

static void the_last_value_counts(void **state)
{
    (void)state;
    rung_error err;
    char words[100];
    assert_ok(parse(words, &err, "--out", "a", "--out", "b", "--quiet", "--quiet=no",
                    "--seed", "-7", NULL));
    assert_string_equal(train.out, "b");
    assert_false(train.quiet);
    assert_int_equal(train.seed, -7);
}

static void wrong_values_are_named_with_their_range(void **state)
{
    (void)state;
    static const struct {
        const char *argument, *message;
    } cases[] = {
        {"--steps=0", "--steps is 0: must be a whole number, 1 to 1000000"},
        {"--steps=1000001", "--steps is 1000001: must be a whole number, 1 to 1000000"},
        {"--steps=ten", "--steps is 'ten': must be a whole number, 1 to 1000000"},
        {"--steps=1.5", "--steps is '1.5': must be a whole number, 1 to 1000000"},
        {"--steps=", "--steps is '': must be a whole number, 1 to 1000000"},
        {"--seed=9223372036854775808",
         "--seed is '9223372036854775808': must be a whole number"},
        {"--lr=11", "--lr is 11: must be a number, 0 to 10"},
        {"--lr=0.1x", "--lr is '0.1x': must be a number, 0 to 10"},
        {"--lr=nan", "--lr is 'nan': must be a number, 0 to 10"},
        {"--budget=10x", "--budget is '10x': must be a time such as 90s, 10m or 1h30m, 1 "
                         "to 1000000 seconds"},
        {"--budget=0", "--budget is 0: must be a time such as 90s, 10m or 1h30m, 1 to "
                       "1000000 seconds"},
        {"--max-memory=3Q",
         "--max-memory is '3Q': must be a size such as 64K, 256M or 2G, "
         "0 to 1000000000000 bytes"},
        {"--schedule=cos", "--schedule is 'cos': must be one of constant|linear|cosine"},
        {"--quiet=maybe", "--quiet is 'maybe': must be true or false"},
        {"--stpes=3", "unknown option '--stpes': did you mean '--steps'?"},
        {"--no-shufle", "unknown option '--no-shufle'"},
        {"--no-steps", "unknown option '--no-steps'"},
        {"--colour", "unknown option '--colour'"},
        {"-x", "unknown option '-x'"},
        {"--", NULL},
    };
    for (size_t i = 0; cases[i].message; i++) {
        rung_error err;
        char words[100];
        assert_fails(parse(words, &err, cases[i].argument, NULL), RUNG_USAGE,
                     cases[i].message);
    }
    assert_int_equal(train.steps, 100);
    assert_true(train.lr == 3e-4);
    assert_int_equal(train.schedule, 1);
}

static void a_missing_value_is_said(void **state)
{
    (void)state;
    rung_error err;
    char words[100];
    assert_fails(parse(words, &err, "--data", "--steps", "3", NULL), RUNG_USAGE,
                 "--data needs a value: a text");
    assert_fails(parse(words, &err, "--steps", NULL), RUNG_USAGE,
                 "--steps needs a value: a whole number, 1 to 1000000");
    assert_ok(parse(words, &err, "--data=--odd", NULL));
    assert_string_equal(train.data, "--odd");
}

static void one_option_is_set_by_name(void **state)
{
    (void)state;
    rung_error err;
    assert_ok(rung_option_set_text(&sets[0], "lr", "0.5", &err));
    assert_true(train.lr == 0.5);
    assert_true(given[4]);
    assert_fails(rung_option_set_text(&sets[0], "lrr", "0.5", &err), RUNG_USAGE,
                 "unknown option 'lrr': did you mean '--lr'?");
}

static void help_is_aligned_and_folded(void **state)
{
    (void)state;
    char *help = rung_options_help(sets, 2);
    assert_string_equal(
        help,
        "Training:\n"
        "  --[no-]shuffle          mix the order of the texts (default on)\n"
        "  --quiet                 no progress\n"
        "  --steps N               steps of training (1 to 1000000; default 100)\n"
        "  --seed N                of all randomness\n"
        "  --lr X                  rate at its highest (0 to 10; default 3e-4)\n"
        "  --budget TIME           time that training may take, evaluations included,\n"
        "                          from the first step to the last one (1 to 1000000;\n"
        "                          default 10m)\n"
        "  --max-memory SIZE       at most (0 to 1000000000000)\n"
        "  --data TEXT             file or folder\n"
        "  --out TEXT              folder (default run)\n"
        "  --schedule constant|linear|cosine\n"
        "                          how the rate changes (default linear)\n"
        "\n"
        "gpt:\n"
        "  --layers N              blocks (1 to 96; default 4)\n");
    rung_text_free(help);
}

static void json_holds_all_values_and_reads_back(void **state)
{
    (void)state;
    rung_error err;
    train.lr = 0.1;
    assert_ok(rung_option_set_text(&sets[0], "data", "a \"b\" Ж\n", &err));
    char *json = rung_options_to_json(sets, 2);
    assert_string_equal(json, "{\n"
                              "  \"shuffle\": true,\n"
                              "  \"quiet\": false,\n"
                              "  \"steps\": 100,\n"
                              "  \"seed\": 0,\n"
                              "  \"lr\": 0.1,\n"
                              "  \"budget\": 600.0,\n"
                              "  \"max_memory\": 0.0,\n"
                              "  \"data\": \"a \\\"b\\\" Ж\\n\",\n"
                              "  \"out\": \"run\",\n"
                              "  \"schedule\": \"linear\",\n"
                              "  \"n_layer\": 4\n"
                              "}");
    rung_options_release(&sets[0]);
    set_defaults(NULL);
    assert_ok(rung_options_from_json(sets, 2, json, "config.json", true, &err));
    assert_true(train.lr == 0.1);
    assert_string_equal(train.data, "a \"b\" Ж\n");
    char *again = rung_options_to_json(sets, 2);
    assert_string_equal(again, json);
    rung_text_free(again);
    rung_text_free(json);
}

static void json_does_not_replace_what_was_given(void **state)
{
    (void)state;
    rung_error err;
    char words[100];
    assert_ok(parse(words, &err, "--steps", "7", NULL));
    assert_ok(rung_options_from_json(sets, 2,
                                     "{\"steps\": 8, \"lr\": 1, \"budget\": \"2m\", "
                                     "\"quiet\": true, \"data\": null, \"other\": [1]}",
                                     "first.json", false, &err));
    assert_ok(rung_options_from_json(sets, 2, "{\"lr\": 2, \"seed\": 3}", "second.json",
                                     true, &err));
    assert_int_equal(train.steps, 7);
    assert_true(train.lr == 1);
    assert_true(train.budget == 120);
    assert_true(train.quiet);
    assert_null(train.data);
    assert_int_equal(train.seed, 3);
}

static void wrong_json_is_named_with_place_and_range(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        rung_status status;
        const char *message;
    } cases[] = {
        {"{\"steps\": 0}", RUNG_USAGE,
         "c.json: steps is 0: must be a whole number, 1 to 1000000"},
        {"{\"steps\": 2.5}", RUNG_USAGE,
         "c.json: steps is 2.5: must be a whole number, 1 to 1000000"},
        {"{\"steps\": \"5\"}", RUNG_USAGE,
         "c.json: steps is a text: must be a whole number, 1 to 1000000"},
        {"{\"lr\": [1]}", RUNG_USAGE, "c.json: lr is a list: must be a number, 0 to 10"},
        {"{\"quiet\": 1}", RUNG_USAGE,
         "c.json: quiet is an integer: must be true or false"},
        {"{\"out\": {}}", RUNG_USAGE, "c.json: out is an object: must be a text"},
        {"{\"schedule\": \"no\"}", RUNG_USAGE,
         "c.json: schedule is 'no': must be one of constant|linear|cosine"},
        {"{\"n_layers\": 2}", RUNG_USAGE,
         "c.json: unknown key 'n_layers': did you mean 'n_layer'?"},
        {"{\"max_memori\": 2}", RUNG_USAGE,
         "c.json: unknown key 'max_memori': did you mean 'max_memory'?"},
        {"{\"colour\": 2}", RUNG_USAGE, "c.json: unknown key 'colour'"},
        {"[1]", RUNG_INPUT, "c.json: must be an object"},
        {"{\"lr\":\n\n 1", RUNG_INPUT, "c.json:3: '}' expected near end of file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rung_error err;
        assert_fails(rung_options_from_json(sets, 2, cases[i].json, "c.json", true, &err),
                     cases[i].status, cases[i].message);
    }
}

static void a_wrong_default_is_an_error(void **state)
{
    (void)state;
    static const rung_option options[] = {
        {"name", RUNG_OPTION_TEXT, offsetof(train_values, data), "x", .help = ""},
        {"steps", RUNG_OPTION_INT, offsetof(train_values, steps), "0", 1, 9, .help = ""}};
    train_values values;
    const rung_option_set set = {"", options, 2, &values, NULL};
    rung_error err;
    assert_fails(rung_options_defaults(&set, &err), RUNG_USAGE,
                 "steps is 0: must be a whole number, 1 to 9");
}

static rung_status use_everything(void *ctx, rung_error *err)
{
    (void)ctx;
    char data[] = "--data=x", steps[] = "--steps=5";
    char *argv[] = {data, steps};
    int n_words;
    rung_status status = rung_options_defaults(&sets[0], err);
    if (status != RUNG_OK) return status;
    status = rung_options_parse(sets, 2, 2, argv, &n_words, err);
    char *help = status == RUNG_OK ? rung_options_help(sets, 2) : NULL;
    char *json = help ? rung_options_to_json(sets, 2) : NULL;
    if (status == RUNG_OK && !json) status = rung__out_of_memory(err, 1, "text");
    if (json) status = rung_options_from_json(sets, 2, json, "c.json", true, err);
    rung_text_free(json);
    rung_text_free(help);
    rung_options_release(&sets[0]);
    memset(given, 0, sizeof given);
    return status;
}

static void failed_allocations_are_reported(void **state)
{
    (void)state;
    assert_true(assert_survives_failed_allocations(use_everything, NULL) > 20);
}

/* A number that may also be a word: NaN in the field, the word in JSON and in help. */
static void a_word_may_stand_for_a_number(void **state)
{
    (void)state;
    rung_error err;
    double value;
    const rung_option options[] = {
        {"l2", RUNG_OPTION_REAL, 0, "auto", 0, 10, .choices = "auto", .help = "weight"}};
    const rung_option_set set = {"logreg", options, 1, &value, NULL};
    assert_ok(rung_options_defaults(&set, &err));
    assert_true(isnan(value));
    char *json = rung_options_to_json(&set, 1);
    assert_contains(json, "\"l2\": \"auto\"");
    assert_ok(rung_option_set_text(&set, "l2", "0.5", &err));
    assert_true(value == 0.5);
    assert_ok(rung_options_from_json(&set, 1, json, "config", true, &err));
    assert_true(isnan(value));
    rung_text_free(json);
    char *help = rung_options_help(&set, 1);
    assert_contains(help, "--l2 X|auto ");
    rung_text_free(help);
    assert_fails(rung_option_set_text(&set, "l2", "11", &err), RUNG_USAGE,
                 "--l2 is 11: must be a number, 0 to 10, or auto");
    assert_fails(rung_option_set_text(&set, "l2", "some", &err), RUNG_USAGE,
                 "--l2 is 'some': must be a number, 0 to 10, or auto");
}

int main(void)
{
#define with_defaults(name) cmocka_unit_test_setup_teardown(name, set_defaults, release)
    const struct CMUnitTest tests[] = {
        with_defaults(defaults_are_what_would_be_typed),
        with_defaults(a_command_line_sets_values_and_leaves_words),
        with_defaults(the_last_value_counts),
        with_defaults(wrong_values_are_named_with_their_range),
        with_defaults(a_missing_value_is_said),
        with_defaults(one_option_is_set_by_name),
        with_defaults(help_is_aligned_and_folded),
        with_defaults(json_holds_all_values_and_reads_back),
        with_defaults(json_does_not_replace_what_was_given),
        with_defaults(wrong_json_is_named_with_place_and_range),
        cmocka_unit_test(a_wrong_default_is_an_error),
        cmocka_unit_test(failed_allocations_are_reported),
        cmocka_unit_test(a_word_may_stand_for_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
