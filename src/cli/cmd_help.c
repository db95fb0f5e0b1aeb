/* rung help, rung version, rung models. */
#include <string.h>

#include "cli/cli.h"

/* ---- help ---- */

static int list_commands(void)
{
    printf("rung learns from text on every rung of one ladder, and says which one you "
           "need.\n\n");
    printf("usage: rung COMMAND ...\n\n");
    for (size_t i = 0; i < cli_n_commands; i++)
        printf("  %-10s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
    printf("\n`rung help COMMAND` shows its options; `rung help train RUNG` those of a "
           "rung.\n");
    printf("Exit codes: 0 done, 1 failed, 2 wrong usage or input, 3 diverged.\n");
    return CLI_DONE;
}

static int help_run(int argc, char **argv)
{
    if (argc < 1) return list_commands();
    const cli_command *command = cli_find(argv[0]);
    if (!command) return CLI_USAGE;
    char *options = NULL;
    rung_error err;
    if (command->help && command->help(argc - 1, argv + 1, &options, &err) != RUNG_OK)
        return cli_fail(&err);
    printf("usage: rung %s%s%s\n%s\n", command->name, *command->words ? " " : "",
           command->words, command->summary);
    if (options) printf("\n%s", options);
    rung_text_free(options);
    return CLI_DONE;
}

const cli_command cli_help = {"help", "[COMMAND]", "shows commands and their options",
                              help_run, NULL};

/* ---- version ---- */

static int version_run(int argc, char **argv)
{
    rung_error err;
    if (cli_check_words(argc, argv, 0, 0, "", &err)) return cli_fail(&err);
    rung_runtime *rt = rung_runtime_default();
    printf("rung %s\n", rung_version());
    if (rt)
        printf("instruction set %s, %d threads\n", rung_isa_name(rung_runtime_isa(rt)),
               rung_runtime_threads(rt));
    return CLI_DONE;
}

const cli_command cli_version = {"version", "", "prints version and instruction set",
                                 version_run, NULL};

/* ---- models ---- */

static int models_run(int argc, char **argv)
{
    rung_error err;
    if (cli_check_words(argc, argv, 0, 0, "", &err)) return cli_fail(&err);
    for (size_t i = 0; i < rung_class_count(); i++) {
        const rung_class *c = rung_class_at(i);
        printf("%-10s %s\n", c->name, c->summary);
        if (c->raw)
            printf("%-10s   raw text: %s%s\n", "",
                   c->raw->fit ? "counts" : "trains by steps",
                   c->raw->stream ? "; generates" : "");
        if (c->words) printf("%-10s   running words: learns their vectors\n", "");
        if (c->labelled)
            printf("%-10s   labelled text: %s; predicts\n", "",
                   c->labelled->fit ? "fits at once" : "trains by steps");
        if (c->table)
            printf("%-10s   tables: fits at once; predicts %s\n", "",
                   c->table->has_labels ? "labels" : "numbers");
    }
    return CLI_DONE;
}

const cli_command cli_models = {"models", "", "lists the rungs, lowest first", models_run,
                                NULL};
