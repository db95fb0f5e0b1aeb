/* rung ladder [DATA]: all rungs on one corpus under one budget, one table, one advice. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/data.h"
#include "rung/units.h"

typedef struct ladder_options {
    const char *rungs, *out;
    double budget;
    int64_t context, seed, repeats;
    bool resume;
} ladder_options;

#define FIELD(name) offsetof(ladder_options, name)

static const rung_option options[] = {
    {"rungs", RUNG_OPTION_TEXT, FIELD(rungs), NULL, 0, 0, NULL,
     "which, separated by commas; else all", NULL},
    {"budget", RUNG_OPTION_SECONDS, FIELD(budget), "10m", 1, 1e7, NULL,
     "training time, shared equally by the rungs that are trained", NULL},
    {"context", RUNG_OPTION_INT, FIELD(context), "0", 0, 65536, NULL,
     "tokens that each rung sees at most; 0: 128 of raw text, of labelled text each "
     "rung's own",
     NULL},
    {"out", RUNG_OPTION_TEXT, FIELD(out), "rung-run", 0, 0, NULL, "the run folder", NULL},
    {"repeats", RUNG_OPTION_INT, FIELD(repeats), "1", 1, RUNG_REPEATS_MAX, NULL,
     "trainings of each rung with a seed, one seed after another; each has the rung's "
     "share of the budget",
     NULL},
    {"seed", RUNG_OPTION_INT, FIELD(seed), "1", 0, 1e15, NULL, "of all random choices",
     NULL},
    {"resume", RUNG_OPTION_FLAG, FIELD(resume), "false", 0, 0, NULL,
     "go on with a broken run, or add rungs to a finished one", NULL},
};

enum { N_SETS = 3 };

static void make_sets(rung_option_set sets[N_SETS], ladder_options *own, cli_data *data,
                      cli_common *common)
{
    sets[0] = (rung_option_set){.title = "Ladder",
                                .options = options,
                                .count = sizeof options / sizeof options[0],
                                .values = own};
    sets[1] = cli_data_set(data, false);
    sets[2] = cli_common_set(common, true);
}

/* ---- The table ---- */

static void print_row(const rung_ladder *l, size_t i)
{
    const rung_ladder_row *row = &l->rows[i];
    char params[40], seconds[40], rate[40], predict[40], bytes[40];
    printf("%c %-8s %7.3f %11s %9s %9s %8s %9s  %s\n", i == l->recommended ? '*' : ' ',
           row->type->name, row->test.mean.bits_per_byte,
           rung_format_count(params, (double)row->fit.params),
           rung_format_seconds(seconds, row->test.mean.train_seconds),
           rung_class_is_trained(row->type, l->kind)
               ? rung_format_count(rate, round(row->fit.train.units_per_second))
               : "counted",
           rung_format_seconds(predict, row->test.mean.use_seconds),
           rung_format_bytes(bytes, (double)row->fit.file_bytes),
           row->converged ? "converged" : "budget");
    if (row->n_runs > 1) printf("  %-8s %7.3f\n", "  +-", row->test.spread.bits_per_byte);
}

static void print_label_row(const rung_ladder *l, size_t i)
{
    const rung_ladder_row *row = &l->rows[i];
    const rung_run_figures *mean = &row->test.mean, *spread = &row->test.spread;
    char params[40], seconds[40], predict[40], bytes[40];
    printf("%c %-8s %6.1f %8.3f %8.4f %11s %8s %8s %9s%s\n",
           i == l->recommended ? '*' : ' ', row->type->name, 100 * mean->accuracy,
           mean->macro_f1, mean->log_loss,
           rung_format_count(params, (double)row->fit.params),
           rung_format_seconds(seconds, mean->train_seconds),
           rung_format_seconds(predict, mean->use_seconds),
           rung_format_bytes(bytes, (double)row->fit.file_bytes),
           row->converged ? "" : " b");
    if (row->n_runs > 1)
        printf("  %-8s %6.1f %8.3f %8.4f\n", "  +-", 100 * spread->accuracy,
               spread->macro_f1, spread->log_loss);
}

/* The row to take stands out, where there are colours. */
static void print_rows(const rung_ladder *l, void (*print)(const rung_ladder *, size_t))
{
    const bool has_color = cli_has_color(stdout);
    for (size_t i = 0; i < l->n_rows; i++) {
        const bool is_marked = has_color && i == l->recommended;
        if (is_marked) fputs("\033[1;32m", stdout); // bold, green
        print(l, i);
        if (is_marked) fputs("\033[0m", stdout);
    }
}

static void print_label_table(const rung_ladder *l)
{
    printf("\ntrain %zu, valid %zu, test %zu texts; %lld labels\n",
           l->examples[RUNG_TRAIN], l->examples[RUNG_VALID], l->examples[RUNG_TEST],
           (long long)rung_labels_count(l->labels));
    if (l->n_repeated[RUNG_TEST])
        printf("%zu of the test texts stand in train too, word for word\n",
               l->n_repeated[RUNG_TEST]);
    printf("\n  %-8s %6s %8s %8s %11s %8s %8s %9s\n", "rung", "% right", "macro-F1",
           "log-loss", "parameters", "training", "predict", "file");
    print_rows(l, print_label_row);
    bool all_converged = true;
    for (size_t i = 0; i < l->n_rows; i++) all_converged &= l->rows[i].converged;
    if (!all_converged) printf("  b: stopped by the budget\n");
}

static void print_raw_table(const rung_ladder *l)
{
    char train[40], valid[40], test[40];
    printf("\ntrain %s, valid %s, test %s; %lld tokens in the vocabulary\n\n",
           rung_format_bytes(train, (double)l->bytes[RUNG_TRAIN]),
           rung_format_bytes(valid, (double)l->bytes[RUNG_VALID]),
           rung_format_bytes(test, (double)l->bytes[RUNG_TEST]), (long long)l->vocab);
    printf("  %-8s %7s %11s %9s %9s %8s %9s  %s\n", "rung", "bits/B", "parameters",
           "training", "tok/s", "predict", "file", "stopped");
    print_rows(l, print_row);
}

static void print_table(const rung_ladder *l, const ladder_options *own)
{
    if (l->kind == RUNG_RAW)
        print_raw_table(l);
    else
        print_label_table(l);
    if (own->repeats > 1)
        printf("  means of %lld trainings, and their spread (+-)\n",
               (long long)own->repeats);
    printf("\n");
    cli_print_folded(l->advice);
    printf("\nIn %s: report.html, results.json, metrics.jsonl,\n"
           "a model folder for each rung.\n",
           own->out);
}

/* ---- Running ---- */

static void begin_rung(void *self, const char *name, size_t i, size_t n)
{
    cli_watch *watch = self;
    snprintf(watch->name, sizeof watch->name, "%s", name);
    watch->label = watch->name;
    if (watch->quiet) return;
    cli_progress_wipe(&watch->progress);
    fprintf(stderr, "%s (%zu of %zu)\n", name, i + 1, n);
}

static int run_ladder(const ladder_options *own, const cli_data *data,
                      const cli_common *common)
{
    rung_error err;
    rung_ladder ladder;
    cli_watch watch;
    rung_runtime *rt = cli_runtime(common, &err);
    if (!rt) return cli_fail(&err);
    cli_watch_init(&watch, "", common->quiet);
    cli_catch_interrupts();
    rung_ladder_config config = {.corpus = cli_corpus_config(data, own->seed),
                                 .rungs = own->rungs,
                                 .budget = own->budget,
                                 .context = own->context,
                                 .seed = own->seed,
                                 .out = own->out,
                                 .command = cli_typed(),
                                 .resume = own->resume,
                                 .repeats = own->repeats};
    rung_ladder_hooks hooks = {.begin = begin_rung,
                               .train = {cli_watch_report, cli_interrupted, &watch},
                               .self = &watch};
    rung_status status = rung_ladder_run(rt, &config, &hooks, &ladder, &err);
    cli_watch_end(&watch);
    if (status != RUNG_OK) return cli_fail(&err);
    int code = CLI_DONE;
    if (ladder.interrupted) {
        fprintf(stderr, "rung: interrupted; go on with: %s%s\n", cli_typed(),
                own->resume ? "" : " --resume");
        code = CLI_INTERRUPTED;
    } else if (common->json) {
        if (cli_print_file(own->out, "results.json", &err)) code = cli_fail(&err);
    } else {
        print_table(&ladder, own);
    }
    rung_ladder_release(&ladder);
    return code;
}

static int ladder_run(int argc, char **argv)
{
    ladder_options own;
    cli_data data = {0};
    cli_common common;
    rung_option_set sets[N_SETS];
    rung_error err;
    int n_words, code;
    make_sets(sets, &own, &data, &common);
    if (cli_parse(sets, N_SETS, argc, argv, 0, 1, "DATA", &n_words, &err) != RUNG_OK) {
        code = cli_fail(&err);
    } else {
        if (n_words == 1) data.data = argv[0];
        code = run_ladder(&own, &data, &common);
        data.data = NULL; // a word, not owned by the options
    }
    cli_release(sets, N_SETS);
    return code;
}

static rung_status ladder_help(int argc, char **argv, char **text, rung_error *err)
{
    (void)argc, (void)argv, (void)err;
    ladder_options own;
    cli_data data;
    cli_common common;
    rung_option_set sets[N_SETS];
    make_sets(sets, &own, &data, &common);
    *text = rung_options_help(sets, N_SETS);
    return RUNG_OK;
}

const cli_command cli_ladder = {
    "ladder", "[DATA] [OPTIONS]",
    "trains all rungs on one text and says which is the lowest that is good enough",
    ladder_run, ladder_help};
