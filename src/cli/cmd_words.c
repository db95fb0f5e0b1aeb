/* rung nearest, analogy, similarity: vectors of words in use. */
#include <stddef.h>
#include <string.h>

#include "cli/cli.h"
#include "rung/vectors.h"

typedef struct words_options {
    int64_t count, most;
} words_options;

static const rung_option options[] = {
    {"count", RUNG_OPTION_INT, offsetof(words_options, count), "10", 1, 1000, NULL,
     "words to show", NULL},
    {"most", RUNG_OPTION_INT, offsetof(words_options, most), "0", 0, 1e9, NULL,
     "of the so many most frequent words; 0: of all", NULL},
};

enum { N_SETS = 3 };

typedef struct words_command {
    words_options own;
    int vectors;
    cli_common common;
    rung_option_set sets[N_SETS];
    rung_model *model;
    rung_space *space;
} words_command;

static void make_sets(words_command *c)
{
    c->sets[0] = (rung_option_set){
        .title = "Words", .options = options, .count = 2, .values = &c->own};
    c->sets[1] = cli_vectors_set(&c->vectors);
    c->sets[2] = cli_common_set(&c->common, true);
}

static rung_status open_space(words_command *c, const char *dir, rung_error *err)
{
    RUNG_TRY(cli_load_words(&c->model, dir, err));
    RUNG_TRY(rung_vectors_choose(c->model, (rung_word_vectors)c->vectors, err));
    rung_runtime *rt = cli_runtime(&c->common, err);
    if (!rt) return err->code;
    return rung_space_new(&c->space, c->model, rt, c->own.most, err);
}

static rung_status find(const words_command *c, const char *word, int32_t *id,
                        rung_error *err)
{
    return rung_space_enter(c->space, (rung_span){word, strlen(word)}, id, err);
}

static void print_neighbours(const words_command *c, const rung_neighbour *list)
{
    for (int64_t i = 0; i < c->own.count && list[i].id >= 0; i++) {
        const rung_span name = rung_space_name(c->space, list[i].id);
        if (c->common.json) {
            printf("{\"word\": ");
            cli_print_json_bytes(name.bytes, name.size);
            printf(", \"similarity\": %.6f}\n", (double)list[i].similarity);
        } else {
            printf("%.*s\t%.4f\n", (int)name.size, name.bytes,
                   (double)list[i].similarity);
        }
    }
}

static rung_status show_nearest(const words_command *c, const float *query,
                                const int32_t without[RUNG_ANALOGY_WORDS],
                                rung_error *err)
{
    rung_neighbour list[1000];
    RUNG_TRY(rung_space_nearest(c->space, query, without, 1, c->own.count, list, err));
    print_neighbours(c, list);
    return RUNG_OK;
}

/* Of each word in turn. */
static rung_status nearest(words_command *c, int n, char **words, rung_error *err)
{
    for (int i = 0; i < n; i++) {
        int32_t without[RUNG_ANALOGY_WORDS] = {-1, -1, -1};
        RUNG_TRY(find(c, words[i], &without[0], err));
        if (n > 1 && !c->common.json) printf("%s%s:\n", i ? "\n" : "", words[i]);
        RUNG_TRY(show_nearest(c, rung_space_vector(c->space, without[0]), without, err));
    }
    return RUNG_OK;
}

static rung_status analogy(words_command *c, int n, char **words, rung_error *err)
{
    enum { MOST_DIM = 10000 };
    float query[MOST_DIM];
    int32_t abc[RUNG_ANALOGY_WORDS];
    (void)n;
    for (int i = 0; i < RUNG_ANALOGY_WORDS; i++)
        RUNG_TRY(find(c, words[i], &abc[i], err));
    if (rung_space_dim(c->space) > MOST_DIM)
        return rung_fail(err, RUNG_UNSUPPORTED, "vectors of more than %d numbers",
                         MOST_DIM);
    rung_space_analogy(c->space, abc, query);
    return show_nearest(c, query, abc, err);
}

static rung_status similarity(words_command *c, int n, char **words, rung_error *err)
{
    int32_t ids[2];
    (void)n;
    for (int i = 0; i < 2; i++) RUNG_TRY(find(c, words[i], &ids[i], err));
    printf(c->common.json ? "{\"similarity\": %.6f}\n" : "%.4f\n",
           rung_space_similarity(c->space, ids[0], ids[1]));
    return RUNG_OK;
}

typedef rung_status (*words_fn)(words_command *c, int n, char **words, rung_error *err);

static int run(int argc, char **argv, int least, int most, const char *what, words_fn fn)
{
    words_command c = {0};
    rung_error err;
    int n;
    make_sets(&c);
    rung_status status =
        cli_parse(c.sets, N_SETS, argc, argv, least, most, what, &n, &err);
    if (status == RUNG_OK) status = open_space(&c, argv[0], &err);
    if (status == RUNG_OK) status = fn(&c, n - 1, argv + 1, &err);
    rung_space_free(c.space);
    rung_model_free(c.model);
    cli_release(c.sets, N_SETS);
    return status == RUNG_OK ? CLI_DONE : cli_fail(&err);
}

static rung_status help(int argc, char **argv, char **text, rung_error *err)
{
    (void)argc, (void)argv, (void)err;
    words_command c = {0};
    make_sets(&c);
    *text = rung_options_help(c.sets, N_SETS);
    return RUNG_OK;
}

static int nearest_run(int argc, char **argv)
{
    return run(argc, argv, 2, 1000, "MODEL WORD...", nearest);
}

static int analogy_run(int argc, char **argv)
{
    return run(argc, argv, 4, 4, "MODEL A B C", analogy);
}

static int similarity_run(int argc, char **argv)
{
    return run(argc, argv, 3, 3, "MODEL A B", similarity);
}

const cli_command cli_nearest = {"nearest", "MODEL WORD...",
                                 "shows the words most similar to a word", nearest_run,
                                 help};
const cli_command cli_analogy = {"analogy", "MODEL A B C",
                                 "says what is to C as B is to A", analogy_run, help};
const cli_command cli_similarity = {
    "similarity", "MODEL A B", "the cosine of two words' vectors", similarity_run, help};
