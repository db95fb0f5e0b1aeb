/* rung import FILE MODEL: vectors of words from another program's file as a model
 * folder. */
#include <stddef.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "rung/vectors.h"

static const rung_option options[] = {
    {"format", RUNG_OPTION_TEXT, offsetof(rung_import_config, format), NULL, 0, 0, NULL,
     "word2vec-text, word2vec-binary, glove-text or fasttext-vec; none: as the file "
     "looks",
     NULL},
    {"most", RUNG_OPTION_INT, offsetof(rung_import_config, most), "0", 0, 1e9, NULL,
     "only so many words, the first ones; 0: all", NULL},
    {"lower", RUNG_OPTION_FLAG, offsetof(rung_import_config, lower), "false", 0, 0, NULL,
     "texts are made lower case before their words are looked up", NULL},
};

static rung_option_set import_set(rung_import_config *config)
{
    return (rung_option_set){.title = "Import",
                             .options = options,
                             .count = sizeof options / sizeof options[0],
                             .values = config};
}

rung_status cli_load_words(rung_model **m, const char *path, rung_error *err)
{
    struct stat info;
    rung_import_report report;
    const rung_import_config config = {0};
    if (stat(path, &info) != 0 || S_ISDIR(info.st_mode))
        return rung_model_load(m, path, err);
    const rung_status status = rung_import_words(m, path, &config, &report, err);
    if (status != RUNG_OK)
        rung_fail_within(err, "not a model folder; as a file of word vectors");
    return status;
}

static void print_report(const char *file, const rung_import_report *r)
{
    printf("%s: %s, %lld words and their vectors, exact; not in such a file: vectors of "
           "the context, counts, options\n",
           file, r->format, (long long)r->n_words);
    if (r->n_again)
        printf("%lld left out: they stand in the file before\n", (long long)r->n_again);
    if (r->n_unfit)
        printf("%lld left out: no text has words with white space within, of no letters, "
               "or of over 1,000 bytes\n",
               (long long)r->n_unfit);
    if (r->n_invalid)
        printf("%lld are not UTF-8: U+FFFD stands for what is wrong\n",
               (long long)r->n_invalid);
}

static rung_status import_to(const char *file, const char *dir,
                             const rung_import_config *config, rung_error *err)
{
    struct stat info;
    rung_import_report report;
    rung_model *m;
    if (stat(dir, &info) == 0)
        return rung_fail(err, RUNG_USAGE, "'%s' is there: take another folder", dir);
    RUNG_TRY(rung_import_words(&m, file, config, &report, err));
    const rung_status status = rung_model_save(m, dir, err);
    rung_model_free(m);
    if (status == RUNG_OK) print_report(file, &report);
    return status;
}

static int import_run(int argc, char **argv)
{
    rung_import_config config;
    const rung_option_set set = import_set(&config);
    rung_error err;
    int n;
    rung_status status = cli_parse(&set, 1, argc, argv, 2, 2, "FILE MODEL", &n, &err);
    if (status == RUNG_OK) status = import_to(argv[0], argv[1], &config, &err);
    cli_release(&set, 1);
    return status == RUNG_OK ? CLI_DONE : cli_fail(&err);
}

static rung_status import_help(int argc, char **argv, char **text, rung_error *err)
{
    (void)argc, (void)argv, (void)err;
    rung_import_config config;
    const rung_option_set set = import_set(&config);
    *text = rung_options_help(&set, 1);
    return RUNG_OK;
}

const cli_command cli_import = {"import", "FILE MODEL",
                                "reads vectors of words that another program wrote",
                                import_run, import_help};
