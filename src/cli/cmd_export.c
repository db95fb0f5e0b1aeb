/* rung export MODEL FILE: vectors of words for other programs, and what those lose. */
#include <stddef.h>

#include "cli/cli.h"
#include "rung/vectors.h"

typedef struct export_options {
    const char *to;
} export_options;

static const rung_option options[] = {
    {"to", RUNG_OPTION_TEXT, offsetof(export_options, to), "word2vec-text", 0, 0, NULL,
     "word2vec-text, word2vec-binary, glove-text or fasttext-vec", NULL},
};

static rung_status export_to(const char *dir, const char *file, const char *format,
                             rung_error *err)
{
    rung_model *m;
    RUNG_TRY(rung_model_load(&m, dir, err));
    const rung_status status = rung_export_words(m, format, file, err);
    rung_model_free(m);
    if (status != RUNG_OK) return status;
    printf("%s: words and vectors of the centre, exact; not carried: vectors of the "
           "context, counts, options\n",
           file);
    return RUNG_OK;
}

static rung_option_set make_set(export_options *own)
{
    return (rung_option_set){
        .title = "Export", .options = options, .count = 1, .values = own};
}

static int export_run(int argc, char **argv)
{
    export_options own;
    const rung_option_set set = make_set(&own);
    rung_error err;
    int n;
    rung_status status = cli_parse(&set, 1, argc, argv, 2, 2, "MODEL FILE", &n, &err);
    if (status == RUNG_OK) status = export_to(argv[0], argv[1], own.to, &err);
    cli_release(&set, 1);
    return status == RUNG_OK ? CLI_DONE : cli_fail(&err);
}

static rung_status export_help(int argc, char **argv, char **text, rung_error *err)
{
    (void)argc, (void)argv, (void)err;
    export_options own;
    const rung_option_set set = make_set(&own);
    *text = rung_options_help(&set, 1);
    return RUNG_OK;
}

const cli_command cli_export = {"export", "MODEL FILE",
                                "writes vectors of words for other programs", export_run,
                                export_help};
