/* rung select DATA: which features a linear classifier keeps. */
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/data.h"
#include "rung/select.h"

typedef struct select_options {
    int ranking;
    int64_t features, seed;
    const char *out;
} select_options;

#define FIELD(name) offsetof(select_options, name)
#define X(name, text, what) text "|"
static const char rankings[] = RUNG_SELECTOR_LIST(X) "all";
#undef X

static const rung_option options[] = {
    {"out", RUNG_OPTION_TEXT, FIELD(out), "rung-select", 0, 0, NULL,
     "folder for vocabulary, table, report and model", NULL},
    {"ranking", RUNG_OPTION_CHOICE, FIELD(ranking), "all", 0, 0, rankings,
     "what features are ranked by", NULL},
    {"features", RUNG_OPTION_INT, FIELD(features), "0", 0, 1e9, NULL,
     "how many are kept; 0: the fewest within the noise of the best", NULL},
    {"seed", RUNG_OPTION_INT, FIELD(seed), "1", 0, 1e15, NULL,
     "of the cut into train, valid and test", NULL},
};

typedef struct selecting {
    select_options own;
    cli_data data;
    cli_common common;
    rung_train_config train;
    rung_model *model; /* owned */
    rung_option_set sets[CLI_MAX_SETS];
    size_t n_sets;
} selecting;

static rung_status make_sets(selecting *s, rung_error *err)
{
    size_t count;
    const rung_class *type = rung_class_find("logreg", err);
    const rung_option *train = rung_train_options(&count);
    if (!type) return err->code;
    RUNG_TRY(rung_model_new(&s->model, type, RUNG_LABELLED, err));
    const rung_option_set usual = {.options = train, .count = count, .values = &s->train};
    RUNG_TRY(rung_options_defaults(&usual, err));
    s->sets[s->n_sets++] = (rung_option_set){.title = "Selection",
                                             .options = options,
                                             .count = sizeof options / sizeof options[0],
                                             .values = &s->own};
    s->sets[s->n_sets++] = rung_model_options(s->model);
    s->sets[s->n_sets++] = cli_data_set(&s->data, false);
    s->sets[s->n_sets++] = cli_common_set(&s->common, false);
    return RUNG_OK;
}

static void print_point(void *self, const rung_select_point *p)
{
    (void)self;
    printf("%-10s %10lld  %6.2f %%  %.4f\n",
           rung_selector_name((rung_selector)p->selector), (long long)p->features,
           100 * p->accuracy, p->log_loss);
    fflush(stdout);
}

static rung_status run_on(selecting *s, rung_corpus *corpus, rung_runtime *rt,
                          rung_error *err)
{
    rung_selection result;
    s->train.seed = s->own.seed;
    const rung_select_config config = {.selector = s->own.ranking,
                                       .features = s->own.features,
                                       .out = s->own.out,
                                       .fit = {.train = s->train, .command = cli_typed()},
                                       .report = s->common.quiet ? NULL : print_point};
    if (!s->common.quiet)
        printf("%-10s %10s  %8s  %s\n", "ranking", "features", "valid", "log-loss");
    RUNG_TRY(rung_select(rt, &s->model, corpus, &config, &result, err));
    const rung_select_point *p = &result.points[result.chosen];
    printf("%lld features by %s\n", (long long)p->features,
           rung_selector_name((rung_selector)p->selector));
    cli_print_labels("valid", &result.fit.valid_labels);
    cli_print_labels("test", &result.fit.test_labels);
    printf("in %s\n", s->own.out);
    rung_fit_result_release(&result.fit);
    return RUNG_OK;
}

static rung_status select_command(selecting *s, int argc, char **argv, rung_error *err)
{
    int n_words;
    struct stat info;
    rung_corpus corpus;
    RUNG_TRY(make_sets(s, err));
    RUNG_TRY(cli_parse(s->sets, s->n_sets, argc, argv, 1, 1, "DATA", &n_words, err));
    if (stat(s->own.out, &info) == 0)
        return rung_fail(err, RUNG_USAGE, "'%s' is there: take another --out",
                         s->own.out);
    rung_runtime *rt = cli_runtime(&s->common, err);
    if (!rt) return err->code;
    rung_corpus_config config = cli_corpus_config(&s->data, s->own.seed);
    config.data = argv[0];
    config.labelled.number_columns = rung_number_columns(s->model);
    config.kind = RUNG_CORPUS_LABELLED;
    RUNG_TRY(rung_corpus_open(&corpus, rt, &config, NULL, err));
    const rung_status status = run_on(s, &corpus, rt, err);
    rung_corpus_release(&corpus);
    return status;
}

static void forget(selecting *s)
{
    for (size_t i = 0; i < s->n_sets; i++) {
        if (i != 1) rung_options_release(&s->sets[i]); // the model frees its own
    }
    rung_model_free(s->model);
}

static int select_run(int argc, char **argv)
{
    selecting s = {0};
    rung_error err;
    const rung_status status = select_command(&s, argc, argv, &err);
    forget(&s);
    return status == RUNG_OK ? CLI_DONE : cli_fail(&err);
}

static rung_status select_help(int argc, char **argv, char **text, rung_error *err)
{
    selecting s = {0};
    (void)argc, (void)argv;
    RUNG_TRY(make_sets(&s, err));
    *text = rung_options_help(s.sets, s.n_sets);
    rung_model_free(s.model);
    return RUNG_OK;
}

const cli_command cli_select = {"select", "DATA [OPTIONS]",
                                "says which features a linear classifier should keep",
                                select_run, select_help};
