/* rung export MODEL FILE: vectors of words for other programs, and what those lose. */
#include <stddef.h>
#include <string.h>

#include "cli/cli.h"
#include "rung/vectors.h"

typedef struct export_options {
    const char *to;
    int vectors;
} export_options;

static const rung_option options[] = {
    {"to", RUNG_OPTION_TEXT, offsetof(export_options, to), "word2vec-text", 0, 0, NULL,
     "word2vec-text, word2vec-binary, glove-text or fasttext-vec", NULL},
};

/* What is carried, and what of the vectors is not, by --vectors. */
static const char *const carried[][2] = {
    {"vectors of the centre", " vectors of the context,"},
    {"vectors of the context", " vectors of the centre,"},
    {"sums of both vectors", " either vector,"},
    {"both vectors as one", ""},
};

static rung_status export_to(const char *dir, const char *file, const export_options *own,
                             rung_error *err)
{
    rung_model *m;
    RUNG_TRY(cli_load_words(&m, dir, err));
    rung_status status = rung_vectors_choose(m, (rung_word_vectors)own->vectors, err);
    if (status == RUNG_OK) status = rung_export_words(m, own->to, file, err);
    if (status == RUNG_OK && rung_is_imported(m))
        printf("%s: words and vectors, exact; nothing is left behind\n", file);
    else if (status == RUNG_OK)
        printf("%s: words and %s, exact; not carried:%s%s%s counts, options\n", file,
               carried[own->vectors][0], carried[own->vectors][1],
               strcmp(m->type->name, "glove") == 0 ? " biases," : "",
               rung_vectors_ngrams(m) ? " vectors of n-grams and so of unseen words,"
                                      : "");
    rung_model_free(m);
    return status;
}

enum { N_SETS = 2 };

static void make_sets(rung_option_set sets[N_SETS], export_options *own)
{
    sets[0] = (rung_option_set){
        .title = "Export", .options = options, .count = 1, .values = own};
    sets[1] = cli_vectors_set(&own->vectors);
}

static int export_run(int argc, char **argv)
{
    export_options own;
    rung_option_set sets[N_SETS];
    rung_error err;
    int n;
    make_sets(sets, &own);
    rung_status status =
        cli_parse(sets, N_SETS, argc, argv, 2, 2, "MODEL FILE", &n, &err);
    if (status == RUNG_OK) status = export_to(argv[0], argv[1], &own, &err);
    cli_release(sets, N_SETS);
    return status == RUNG_OK ? CLI_DONE : cli_fail(&err);
}

static rung_status export_help(int argc, char **argv, char **text, rung_error *err)
{
    (void)argc, (void)argv, (void)err;
    export_options own;
    rung_option_set sets[N_SETS];
    make_sets(sets, &own);
    *text = rung_options_help(sets, N_SETS);
    return RUNG_OK;
}

const cli_command cli_export = {"export", "MODEL FILE",
                                "writes vectors of words for other programs", export_run,
                                export_help};
