/* What the commands share: one command, one file, over the public API. */
#ifndef RUNG_CLI_CLI_H
#define RUNG_CLI_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/progress.h"
#include "rung/ladder.h"

/* Exit codes. */
enum {
    CLI_DONE = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_DIVERGED = 3,
    CLI_INTERRUPTED = 130
};

typedef struct cli_command {
    const char *name;
    const char *words;                 /* "RUNG --data FILE" */
    const char *summary;               /* one line */
    int (*run)(int argc, char **argv); /* without "rung NAME"; returns the exit code */
    /* The options, a new string (rung_text_free); argv: the words behind "help NAME".
     * (optional) */
    rung_status (*help)(int argc, char **argv, char **text, rung_error *err);
} cli_command;

extern const cli_command cli_ladder, cli_train, cli_eval, cli_predict, cli_generate,
    cli_inspect, cli_nearest, cli_analogy, cli_similarity, cli_embed, cli_classes,
    cli_map, cli_export, cli_import, cli_weights, cli_select, cli_tales, cli_plan,
    cli_models, cli_version, cli_help;

/* All commands, in the order of the help. */
extern const cli_command *const cli_commands[];
extern const size_t cli_n_commands;

/* The command of that name; NULL after printing what it may have meant. */
const cli_command *cli_find(const char *name);

/* Prints "rung: MESSAGE" to stderr; returns the exit code that the status asks for. */
int cli_fail(const rung_error *err);

/* ---- Options that every computing command has ---- */
typedef struct cli_common {
    int64_t threads;
    int isa;
    bool quiet;
    bool json;
} cli_common;

rung_option_set cli_common_set(cli_common *common, bool has_json);
/* Which vectors of words a command uses, an index for rung_vectors_choose. */
rung_option_set cli_vectors_set(int *which);
/* The model of a folder, or of a file of word vectors that another program wrote. */
rung_status cli_load_words(rung_model **m, const char *path, rung_error *err);
/* The default runtime, made as the options say; NULL after filling err. */
rung_runtime *cli_runtime(const cli_common *common, rung_error *err);

/* ---- Command lines ---- */

enum { CLI_MAX_SETS = 5 };

/* At least `least` and at most `most` words; `what` names them: "MODEL DATA". */
rung_status cli_check_words(int n_words, char **argv, int least, int most,
                            const char *what, rung_error *err);

/* Defaults, then the command line. The words that remain, argv[0 ... *n_words - 1], are
 * checked. */
rung_status cli_parse(const rung_option_set *sets, size_t n_sets, int argc, char **argv,
                      int least, int most, const char *what, int *n_words,
                      rung_error *err);
void cli_release(const rung_option_set *sets, size_t n_sets);

/* The whole command line as one text, as it was typed; lives until the process ends. */
const char *cli_typed(void);
void cli_remember_typed(int argc, char **argv);

/* "test: 91.2 % right, macro-F1 0.911, log-loss 0.2310 of 872 texts"; nothing for an
 * empty score. */
void cli_print_labels(const char *part, const rung_label_score *score);

/* "test: R2 0.6112, RMSE 71000, MAE 49000 of 2047 rows"; nothing for an empty score. */
void cli_print_numbers(const char *part, const rung_number_score *score);

/* What the fit of a model of tables found; nothing where there is nothing to say. */
void cli_print_words(const rung_model *m);

/* Whether a stream may be written to in colours: it is a terminal, and the environment
 * does not say no (NO_COLOR, TERM=dumb). */
bool cli_has_color(FILE *out);
/* Prints a paragraph in lines of at most 80 columns. */
void cli_print_folded(const char *text);

/* A text as JSON: UTF-8, without a NUL. */
void cli_print_json_text(const char *text);
void cli_print_json_bytes(const char *text, size_t size);

/* Prints dir/name, which was just written, as it is. */
rung_status cli_print_file(const char *dir, const char *name, rung_error *err);

/* ---- Long work ---- */

/* Ctrl-C and SIGTERM: the first finishes the step, a second one ends at once. */
void cli_catch_interrupts(void);
bool cli_interrupted(void *self); /* fits rung_train_hooks */

/* Shows the reports of a training as progress lines. */
typedef struct cli_watch {
    cli_progress progress;
    const char *label;
    char name[RUNG_RUN_NAME_BYTES]; /* room for a label that changes */
    double valid_loss;
    bool quiet;
} cli_watch;

void cli_watch_init(cli_watch *watch, const char *label, bool quiet);
void cli_watch_report(void *watch,
                      const rung_train_report *report); /* fits rung_train_hooks */
void cli_watch_end(cli_watch *watch);

#endif
