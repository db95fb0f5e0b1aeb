/* rung classes and rung map: all words of a model at a glance. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "rung/vectors.h"

typedef struct map_options {
    int64_t most, seed, classes;
    const char *out;
} map_options;

#define FIELD(name) offsetof(map_options, name)
#define SEED                                                                             \
    {                                                                                    \
        "seed", RUNG_OPTION_INT, FIELD(seed), "1", 0, 1e15, NULL,                        \
            "of the first centres of the classes", NULL                                  \
    }

static const rung_option classes_options[] = {
    {"most", RUNG_OPTION_INT, FIELD(most), "0", 0, 1e9, NULL,
     "of the so many most frequent words; 0: of all", NULL},
    SEED,
};

static const rung_option page_options[] = {
    {"out", RUNG_OPTION_TEXT, FIELD(out), NULL, 0, 0, NULL, "the page: words.html", NULL},
    {"most", RUNG_OPTION_INT, FIELD(most), "200", 1, 1000, NULL,
     "of the so many most frequent words", NULL},
    {"classes", RUNG_OPTION_INT, FIELD(classes), "7", 1, 1000, NULL,
     "classes that have colours and shapes", NULL},
    SEED,
};

enum { N_SETS = 3 };

typedef struct map_command {
    map_options own;
    int vectors;
    cli_common common;
    rung_option_set sets[N_SETS];
    rung_model *model;
    rung_space *space;
} map_command;

static void make_sets(map_command *c, bool is_map)
{
    const size_t n = is_map ? sizeof page_options / sizeof *page_options
                            : sizeof classes_options / sizeof *classes_options;
    c->sets[0] = (rung_option_set){.title = "Words",
                                   .options = is_map ? page_options : classes_options,
                                   .count = n,
                                   .values = &c->own};
    c->sets[1] = cli_vectors_set(&c->vectors);
    c->sets[2] = cli_common_set(&c->common, !is_map);
}

static rung_status open_space(map_command *c, const char *dir, rung_error *err)
{
    RUNG_TRY(cli_load_words(&c->model, dir, err));
    RUNG_TRY(rung_vectors_choose(c->model, (rung_word_vectors)c->vectors, err));
    rung_runtime *rt = cli_runtime(&c->common, err);
    if (!rt) return err->code;
    return rung_space_new(&c->space, c->model, rt, c->own.most, err);
}

/* A word, a tab and its class a line, as word2vec's program writes them. */
static void print_classes(const map_command *c, const int32_t *classes)
{
    for (int32_t i = 0; i < rung_space_words(c->space); i++) {
        const rung_span name = rung_space_name(c->space, i);
        if (c->common.json) {
            printf("{\"word\": ");
            cli_print_json_bytes(name.bytes, name.size);
            printf(", \"class\": %d}\n", classes[i]);
        } else {
            printf("%.*s\t%d\n", (int)name.size, name.bytes, classes[i]);
        }
    }
}

static rung_status classify(map_command *c, char **words, rung_error *err)
{
    char *end;
    errno = 0;
    const long long k = strtoll(words[1], &end, 10);
    if (errno || *end || end == words[1])
        return rung_fail(err, RUNG_USAGE, "'%s' classes: must be a whole number",
                         words[1]);
    RUNG_TRY(open_space(c, words[0], err));
    int32_t *classes;
    RUNG_TRY(rung_space_classes(&classes, c->space, k, (uint64_t)c->own.seed, err));
    print_classes(c, classes);
    rung_ids_free(classes);
    return RUNG_OK;
}

static rung_status map(map_command *c, char **words, rung_error *err)
{
    if (!c->own.out) return rung_fail(err, RUNG_USAGE, "where to? give --out FILE");
    RUNG_TRY(open_space(c, words[0], err));
    const int64_t n = rung_space_words(c->space);
    const int64_t k = c->own.classes < n ? c->own.classes : n;
    return rung_space_map(c->space, k, (uint64_t)c->own.seed, words[0], c->own.out, err);
}

static int run(int argc, char **argv, bool is_map)
{
    map_command c = {0};
    rung_error err;
    int n;
    const int n_words = is_map ? 1 : 2;
    make_sets(&c, is_map);
    rung_status status = cli_parse(c.sets, N_SETS, argc, argv, n_words, n_words,
                                   is_map ? "MODEL" : "MODEL K", &n, &err);
    if (status == RUNG_OK)
        status = is_map ? map(&c, argv, &err) : classify(&c, argv, &err);
    rung_space_free(c.space);
    rung_model_free(c.model);
    cli_release(c.sets, N_SETS);
    return status == RUNG_OK ? CLI_DONE : cli_fail(&err);
}

static rung_status help(char **text, bool is_map)
{
    map_command c = {0};
    make_sets(&c, is_map);
    *text = rung_options_help(c.sets, N_SETS);
    return RUNG_OK;
}

static int classes_run(int argc, char **argv)
{
    return run(argc, argv, false);
}

static int map_run(int argc, char **argv)
{
    return run(argc, argv, true);
}

static rung_status classes_help(int argc, char **argv, char **text, rung_error *err)
{
    (void)argc, (void)argv, (void)err;
    return help(text, false);
}

static rung_status map_help(int argc, char **argv, char **text, rung_error *err)
{
    (void)argc, (void)argv, (void)err;
    return help(text, true);
}

const cli_command cli_classes = {"classes", "MODEL K", "each word and its class, of K",
                                 classes_run, classes_help};
const cli_command cli_map = {"map", "MODEL --out FILE",
                             "a page with the words as points of a plane", map_run,
                             map_help};
