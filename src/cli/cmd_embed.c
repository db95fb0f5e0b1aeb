/* rung embed MODEL: each line of standard input as a vector, the mean of its words'. */
#include <stddef.h>

#include "cli/cli.h"
#include "rung/vectors.h"

typedef struct embed_options {
    double sif;
    int vectors;
} embed_options;

static const rung_option options[] = {
    {"sif", RUNG_OPTION_REAL, offsetof(embed_options, sif), "0", 0, 1, NULL,
     "weigh rare words more, and take away what all lines share: 1e-3; 0: do not", NULL},
};

enum { N_SETS = 3 };

static void make_sets(rung_option_set sets[N_SETS], embed_options *own,
                      cli_common *common)
{
    sets[0] = (rung_option_set){
        .title = "Texts", .options = options, .count = 1, .values = own};
    sets[1] = cli_vectors_set(&own->vectors);
    sets[2] = cli_common_set(common, true);
}

static void print_vector(const float *x, int64_t dim, bool json)
{
    if (json) printf("[");
    for (int64_t d = 0; d < dim; d++)
        printf("%s%.9g", d == 0 ? "" : json ? ", " : " ", (double)x[d]);
    printf(json ? "]\n" : "\n");
}

static rung_status embed_lines(const rung_model *m, const embed_options *own, bool json,
                               rung_error *err)
{
    rung_labelled_config config = RUNG_LABELLED_CONFIG_DEFAULT;
    rung_labelled lines;
    float *out = NULL;
    int64_t dim;
    config.format = RUNG_FORMAT_LINES;
    config.has_labels = false;
    RUNG_TRY(rung_labelled_read(&lines, "-", &config, err));
    const rung_status status =
        rung_embed_texts(&out, &dim, m, lines.texts, lines.count, own->sif, err);
    for (size_t i = 0; status == RUNG_OK && i < lines.count; i++)
        print_vector(out + (int64_t)i * dim, dim, json);
    rung_embedding_free(out);
    rung_labelled_release(&lines);
    return status;
}

static int embed_run(int argc, char **argv)
{
    embed_options own;
    cli_common common;
    rung_option_set sets[N_SETS];
    rung_model *m = NULL;
    rung_error err;
    int n;
    make_sets(sets, &own, &common);
    rung_status status = cli_parse(sets, N_SETS, argc, argv, 1, 1, "MODEL", &n, &err);
    if (status == RUNG_OK) status = cli_load_words(&m, argv[0], &err);
    if (status == RUNG_OK)
        status = rung_vectors_choose(m, (rung_word_vectors)own.vectors, &err);
    if (status == RUNG_OK) status = embed_lines(m, &own, common.json, &err);
    rung_model_free(m);
    cli_release(sets, N_SETS);
    return status == RUNG_OK ? CLI_DONE : cli_fail(&err);
}

static rung_status embed_help(int argc, char **argv, char **text, rung_error *err)
{
    (void)argc, (void)argv, (void)err;
    embed_options own;
    cli_common common;
    rung_option_set sets[N_SETS];
    make_sets(sets, &own, &common);
    *text = rung_options_help(sets, N_SETS);
    return RUNG_OK;
}

const cli_command cli_embed = {
    "embed", "MODEL", "each line of standard input as a vector", embed_run, embed_help};
