/* rung train RUNG: one rung on one corpus; and rung plan RUNG: what that would need. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/data.h"
#include "rung/units.h"

typedef struct train_options {
    const char *out, *config;
    bool resume, dump_config;
} train_options;

#define FIELD(name) offsetof(train_options, name)

static const rung_option options[] = {
    {"out", RUNG_OPTION_TEXT, FIELD(out), NULL, 0, 0, NULL, "the model folder", NULL},
    {"resume", RUNG_OPTION_FLAG, FIELD(resume), "false", 0, 0, NULL,
     "go on from the last checkpoint in --out", NULL},
    {"config", RUNG_OPTION_TEXT, FIELD(config), NULL, 0, 0, NULL,
     "options as JSON from a file; the command line goes before it", NULL},
    {"dump-config", RUNG_OPTION_FLAG, FIELD(dump_config), "false", 0, 0, NULL,
     "print all options as JSON, and train nothing", NULL},
};

/* Everything that the command line of a training says. */
typedef struct training {
    train_options own;
    cli_data data;
    rung_train_config train;
    cli_common common;
    rung_model *model; /* owned */
    rung_option_set sets[CLI_MAX_SETS];
    size_t n_sets;
    bool given[CLI_MAX_SETS][64];
} training;

/* The trainer's options; of them the seed alone for a class that learns without it. */
static rung_option_set train_set(training *t)
{
    rung_option_set set = {.title = "Optimization", .values = &t->train};
    set.options = rung_train_options(&set.count);
    if (!t->model || rung_class_is_trained(t->model->type, t->model->kind)) return set;
    while (strcmp(set.options->name, "seed") != 0) set.options++;
    set.count = 1;
    return set;
}

/* The place of the model's options, where there is a model, which owns them. */
enum { MODEL_SET = 1 };

static void make_sets(training *t)
{
    t->n_sets = 0;
    t->sets[t->n_sets++] = (rung_option_set){.title = "Training run",
                                             .options = options,
                                             .count = sizeof options / sizeof options[0],
                                             .values = &t->own};
    if (t->model) t->sets[t->n_sets++] = rung_model_options(t->model); // MODEL_SET
    t->sets[t->n_sets++] = cli_data_set(&t->data, true);
    t->sets[t->n_sets++] = train_set(t);
    t->sets[t->n_sets++] = cli_common_set(&t->common, true);
    for (size_t i = 0; i < t->n_sets; i++) t->sets[i].given = t->given[i];
}

static rung_status read_config(training *t, rung_error *err)
{
    rung_text text;
    RUNG_TRY(rung_text_read(&text, t->own.config, 1 << 20, err));
    rung_status status =
        rung_options_from_json(t->sets, t->n_sets, text.bytes, t->own.config, true, err);
    rung_text_release(&text);
    return status;
}

static rung_status new_model(training *t, const rung_class *type, rung_data_kind kind,
                             rung_error *err)
{
    RUNG_TRY(rung_model_new(&t->model, type, kind, err));
    make_sets(t);
    return RUNG_OK;
}

/* The first kind of data that a class learns from. */
static rung_data_kind first_kind(const rung_class *type)
{
    if (type->raw) return RUNG_RAW;
    if (type->words) return RUNG_WORDS;
    return type->labelled ? RUNG_LABELLED : RUNG_TABLE;
}

/* The data, as the options say, for the model. */
static rung_corpus_config corpus_config(const training *t)
{
    rung_corpus_config config = cli_corpus_config(&t->data, t->train.seed);
    const rung_class *type = t->model->type;
    config.labelled.number_columns = rung_number_columns(t->model);
    config.table.has_labels = type->table && type->table->has_labels;
    // What learns from nothing else takes any file for a table.
    if (config.kind == RUNG_CORPUS_AUTO && config.data && first_kind(type) == RUNG_TABLE)
        config.kind = RUNG_CORPUS_TABLE;
    return config;
}

/* The kind of the data, as the class reads them. */
static rung_status find_kind(rung_data_kind *kind, const training *t, rung_error *err)
{
    rung_corpus_config config = corpus_config(t);
    RUNG_TRY(rung_corpus_find_kind(kind, &config, err));
    *kind = rung_class_kind(t->model->type, *kind);
    return RUNG_OK;
}

static rung_status parse_words(training *t, int argc, char **argv, rung_error *err)
{
    int n_words;
    RUNG_TRY(
        cli_parse(t->sets, t->n_sets, argc, argv, 0, 0, "no more words", &n_words, err));
    return t->own.config ? read_config(t, err) : RUNG_OK;
}

/* Back to before the options were parsed. */
static void forget(training *t)
{
    for (size_t i = 0; i < t->n_sets; i++)
        if (!t->model || i != MODEL_SET) rung_options_release(&t->sets[i]);
    rung_model_free(t->model);
    *t = (training){0};
}

/* The first word is the rung; its options join the others. A rung has other defaults for
 * other data, and which data they are is an option: so a line may be parsed twice. */
static rung_status parse(training *t, int argc, char **argv, rung_error *err)
{
    rung_data_kind kind;
    if (argc < 1 || argv[0][0] == '-')
        return rung_fail(err, RUNG_USAGE,
                         "the first word must be a rung: `rung models` lists "
                         "them");
    const rung_class *type = rung_class_find(argv[0], err);
    if (!type) return RUNG_USAGE;
    RUNG_TRY(new_model(t, type, first_kind(type), err));
    RUNG_TRY(parse_words(t, argc - 1, argv + 1, err));
    RUNG_TRY(find_kind(&kind, t, err));
    RUNG_TRY(rung_class_check_kind(type, kind, err));
    if (kind != t->model->kind) {
        forget(t);
        RUNG_TRY(new_model(t, type, kind, err));
        RUNG_TRY(parse_words(t, argc - 1, argv + 1, err));
    }
    for (size_t i = 0; i < t->n_sets; i++)
        RUNG_TRY(rung_class_defaults(type, kind, &t->sets[i], err));
    return RUNG_OK;
}

enum { MOST_OPTIONS = 64, DEFAULT_BYTES = 40, SHOWN_BYTES = 3 * DEFAULT_BYTES };

/* Options as a rung has them: with its own defaults. */
typedef struct shown_options {
    rung_option options[MOST_OPTIONS];
    char fallbacks[MOST_OPTIONS][SHOWN_BYTES];
} shown_options;

static const char *default_of(char value[DEFAULT_BYTES], const rung_class *type,
                              rung_data_kind kind, const rung_option *option)
{
    if (rung_class_default(value, type, kind, option->name)) return value;
    return option->fallback ? option->fallback : "none";
}

/* "1e-3", or "1e-3 of raw, 3e-4 of labelled text" where they differ. */
static void show_default(char out[SHOWN_BYTES], const rung_class *type,
                         const rung_option *option)
{
    char one[DEFAULT_BYTES], other[DEFAULT_BYTES];
    const char *first = default_of(one, type, first_kind(type), option);
    const char *labelled =
        type->labelled ? default_of(other, type, RUNG_LABELLED, option) : first;
    if (strcmp(first, labelled) == 0)
        snprintf(out, SHOWN_BYTES, "%s", first);
    else
        snprintf(out, SHOWN_BYTES, "%s of raw, %s of labelled text", first, labelled);
}

static void show_defaults(rung_option_set *set, const rung_class *type,
                          shown_options *shown)
{
    for (size_t i = 0; i < set->count && i < MOST_OPTIONS; i++) {
        shown->options[i] = set->options[i];
        show_default(shown->fallbacks[i], type, &set->options[i]);
        if (strcmp(shown->fallbacks[i], "none") != 0)
            shown->options[i].fallback = shown->fallbacks[i];
    }
    set->options = shown->options;
}

/* With a rung's name its options and its defaults are shown too. */
static rung_status options_help(int argc, char **argv, char **text, rung_error *err)
{
    training t = {0};
    shown_options shown[CLI_MAX_SETS];
    if (argc > 0) {
        const rung_class *type = rung_class_find(argv[0], err);
        if (!type) return RUNG_USAGE;
        RUNG_TRY(rung_model_new(&t.model, type, first_kind(type), err));
    }
    make_sets(&t);
    for (size_t i = 0; t.model && i < t.n_sets; i++)
        show_defaults(&t.sets[i], t.model->type, &shown[i]);
    *text = rung_options_help(t.sets, t.n_sets);
    rung_model_free(t.model);
    return RUNG_OK;
}

/* ---- train ---- */

static rung_status check_lengths(const training *t, rung_error *err)
{
    int given = (t->train.steps > 0) + (t->train.epochs > 0) + (t->train.budget > 0);
    if (!rung_class_is_trained(t->model->type, t->model->kind)) return RUNG_OK;
    if (given == 0 && t->model->kind == RUNG_RAW)
        return rung_fail(err, RUNG_USAGE, "how long? give --steps, --epochs or --budget");
    if (given > 1)
        return rung_fail(err, RUNG_USAGE, "give one of --steps, --epochs and --budget");
    return RUNG_OK;
}

static void print_result(const training *t, const rung_fit_result *r)
{
    static const char *const units[] = {"tok", "texts", "words"};
    char params[40], seconds[40], rate[40];
    printf("%s: %s parameters", t->model->type->name,
           rung_format_count(params, (double)r->params));
    if (r->train.steps > 0)
        printf(", %lld steps in %s, %s %s/s", (long long)r->train.steps,
               rung_format_seconds(seconds, r->train.seconds),
               rung_format_count(rate, round(r->train.units_per_second)),
               units[t->model->kind]);
    printf("\n");
    if (r->train.steps > 0 && isfinite(r->train.valid_loss))
        printf("valid: loss %.4f nats a %s at step %lld\n", r->train.valid_loss,
               t->model->kind == RUNG_RAW ? "token" : "text",
               (long long)r->train.best_step);
    if (r->valid.tokens) printf("valid: %.4f bits a byte\n", r->valid.bits_per_byte);
    if (r->test.tokens) printf("test:  %.4f bits a byte\n", r->test.bits_per_byte);
    cli_print_labels("valid", &r->valid_labels);
    cli_print_labels("test", &r->test_labels);
    cli_print_words(t->model);
    cli_print_numbers("valid", &r->valid_numbers);
    cli_print_numbers("test", &r->test_numbers);
    printf("in %s\n", t->own.out);
}

static rung_status train(training *t, rung_corpus *corpus, rung_runtime *rt, int *code,
                         rung_error *err)
{
    cli_watch watch;
    rung_fit_result result;
    rung_fit_config config = {t->train, cli_typed(), t->own.resume};
    cli_watch_init(&watch, t->model->type->name, t->common.quiet);
    cli_catch_interrupts();
    rung_train_hooks hooks = {cli_watch_report, cli_interrupted, &watch};
    rung_status status =
        rung_fit(rt, &t->model, corpus, &config, 0, t->own.out, &hooks, &result, err);
    cli_watch_end(&watch);
    RUNG_TRY(status);
    if (result.train.end == RUNG_TRAIN_INTERRUPTED) {
        fprintf(stderr, "rung: interrupted at step %lld and saved; go on with: %s%s\n",
                (long long)result.train.steps, cli_typed(),
                t->own.resume ? "" : " --resume");
        *code = CLI_INTERRUPTED;
    } else if (t->common.json) {
        status = cli_print_file(t->own.out, "training.json", err);
    } else if (!t->common.quiet) {
        print_result(t, &result);
    }
    rung_fit_result_release(&result);
    return status;
}

static rung_status train_command(training *t, int argc, char **argv, int *code,
                                 rung_error *err)
{
    RUNG_TRY(parse(t, argc, argv, err));
    if (t->own.dump_config) {
        char *json = rung_options_to_json(t->sets + 1, t->n_sets - 2);
        if (!json) return rung_fail(err, RUNG_MEMORY, "out of memory");
        puts(json);
        rung_text_free(json);
        return RUNG_OK;
    }
    if (!t->own.out) return rung_fail(err, RUNG_USAGE, "where to? give --out DIR");
    RUNG_TRY(check_lengths(t, err));
    rung_runtime *rt = cli_runtime(&t->common, err);
    if (!rt) return err->code;
    rung_corpus corpus;
    rung_corpus_config config = corpus_config(t);
    if (t->model->kind == RUNG_WORDS) config.kind = RUNG_CORPUS_WORDS;
    RUNG_TRY(rung_corpus_open(&corpus, rt, &config, NULL, err));
    rung_status status = train(t, &corpus, rt, code, err);
    rung_corpus_release(&corpus);
    return status;
}

static int train_run(int argc, char **argv)
{
    training t = {0};
    rung_error err;
    int code = CLI_DONE;
    if (train_command(&t, argc, argv, &code, &err) != RUNG_OK) code = cli_fail(&err);
    forget(&t);
    return code;
}

const cli_command cli_train = {"train", "RUNG [OPTIONS]",
                               "trains one rung on one text, file of texts or table",
                               train_run, options_help};

/* ---- plan ---- */

static void print_plan(const training *t, const rung_train_plan *p)
{
    char text[40];
    const struct {
        const char *name;
        size_t bytes;
    } parts[] = {{"parameters", p->params_bytes}, {"gradients", p->grads_bytes},
                 {"moments", p->moments_bytes},   {"activations", p->block_bytes},
                 {"data", p->data_bytes},         {"evaluation", p->eval_bytes},
                 {"peak resident", p->peak_bytes}};
    if (t->common.json) {
        printf("{\"peak_bytes\": %zu, \"params_bytes\": %zu, \"grads_bytes\": %zu, "
               "\"moments_bytes\": %zu, \"block_bytes\": %zu, \"data_bytes\": %zu, "
               "\"flops_per_step\": %.0f, \"seconds_per_step\": %.6f, \"steps\": %lld, "
               "\"seconds\": %.3f}\n",
               p->peak_bytes, p->params_bytes, p->grads_bytes, p->moments_bytes,
               p->block_bytes, p->data_bytes, p->flops_per_step, p->seconds_per_step,
               (long long)p->steps, p->seconds);
        return;
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        printf("%-14s %10s\n", parts[i].name,
               rung_format_bytes(text, (double)parts[i].bytes));
    printf("%-14s %10.2f GFLOP, %s\n", "a step", 1e-9 * p->flops_per_step,
           rung_format_seconds(text, p->seconds_per_step));
    if (p->steps > 0)
        printf("%-14s %10s for %lld steps\n", "training",
               rung_format_seconds(text, p->seconds), (long long)p->steps);
}

static rung_status plan_on(training *t, rung_corpus *corpus, rung_runtime *rt,
                           rung_error *err)
{
    rung_train_plan plan;
    RUNG_TRY(rung_fit_plan(rt, t->model, corpus, &t->train, &plan, err));
    print_plan(t, &plan);
    return RUNG_OK;
}

static rung_status plan_command(training *t, int argc, char **argv, rung_error *err)
{
    RUNG_TRY(parse(t, argc, argv, err));
    if (!rung_class_is_trained(t->model->type, t->model->kind))
        return rung_fail(err, RUNG_UNSUPPORTED, "%s takes no steps that could be planned",
                         t->model->type->name);
    rung_runtime *rt = cli_runtime(&t->common, err);
    if (!rt) return err->code;
    rung_corpus corpus;
    rung_corpus_config config = corpus_config(t);
    RUNG_TRY(rung_corpus_open(&corpus, rt, &config, NULL, err));
    rung_status status = plan_on(t, &corpus, rt, err);
    rung_corpus_release(&corpus);
    return status;
}

static int plan_run(int argc, char **argv)
{
    training t = {0};
    rung_error err;
    int code = CLI_DONE;
    if (plan_command(&t, argc, argv, &err) != RUNG_OK) code = cli_fail(&err);
    forget(&t);
    return code;
}

const cli_command cli_plan = {"plan", "RUNG [OPTIONS]",
                              "says what a training would need: memory and time",
                              plan_run, options_help};
