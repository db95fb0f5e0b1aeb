/* rung: learns from text on every rung of the ladder. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

const cli_command *const cli_commands[] = {
    &cli_ladder,  &cli_train,   &cli_eval,       &cli_predict, &cli_generate,
    &cli_nearest, &cli_analogy, &cli_similarity, &cli_embed,   &cli_classes,
    &cli_map,     &cli_export,  &cli_import,     &cli_inspect, &cli_weights,
    &cli_select,  &cli_tales,   &cli_plan,       &cli_models,  &cli_version,
    &cli_help,
};
const size_t cli_n_commands = sizeof cli_commands / sizeof cli_commands[0];

const cli_command *cli_find(const char *name)
{
    const char *names[sizeof cli_commands / sizeof cli_commands[0]];
    for (size_t i = 0; i < cli_n_commands; i++) {
        if (strcmp(cli_commands[i]->name, name) == 0) return cli_commands[i];
        names[i] = cli_commands[i]->name;
    }
    const char *near = rung_nearest_name(name, names, cli_n_commands);
    if (near)
        fprintf(stderr, "rung: unknown command '%s': did you mean '%s'?\n", name, near);
    else
        fprintf(stderr, "rung: unknown command '%s': `rung help` lists them\n", name);
    return NULL;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    signal(SIGXFSZ, SIG_IGN); // a file that grew too large is an error message
    signal(SIGPIPE, SIG_IGN); // so is a closed pipe
    const char *fail = getenv("RUNG_FAIL_ALLOC");
    if (fail) rung_fail_allocations(atoll(fail)); // for tests of memory that runs out
    cli_remember_typed(argc, argv);
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return cli_help.run(0, NULL);
    const cli_command *command =
        cli_find(strcmp(argv[1], "--version") ? argv[1] : "version");
    if (!command) return CLI_USAGE;
    if (asks_for_help(argc - 2, argv + 2)) {
        char *words[] = {argv[1], argc > 2 ? argv[2] : NULL};
        return cli_help.run(argc > 2 && argv[2][0] != '-' ? 2 : 1, words);
    }
    int code = command->run(argc - 2, argv + 2);
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == CLI_DONE) {
        fprintf(stderr, "rung: standard output could not be written\n");
        return CLI_FAILED;
    }
    return code;
}
