/* rung weights MODEL: what a linear classifier looks for; its weights as text, and back.
 */
#include <stddef.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/data.h"
#include "rung/weights.h"

typedef struct weights_options {
    int64_t top;
    const char *names_from, *write, *read, *out;
} weights_options;

#define FIELD(name) offsetof(weights_options, name)

static const rung_option options[] = {
    {"top", RUNG_OPTION_INT, FIELD(top), "20", 1, 10000, NULL,
     "how many features of each label are shown", NULL},
    {"names-from", RUNG_OPTION_TEXT, FIELD(names_from), NULL, 0, 0, NULL,
     "labelled text in which the names of hashed features are looked up", NULL},
    {"write", RUNG_OPTION_TEXT, FIELD(write), NULL, 0, 0, NULL,
     "file for all weights, tab-separated; nothing is shown", NULL},
    {"read", RUNG_OPTION_TEXT, FIELD(read), NULL, 0, 0, NULL,
     "such a file, whose weights replace the model's; then --out", NULL},
    {"out", RUNG_OPTION_TEXT, FIELD(out), NULL, 0, 0, NULL,
     "folder for the model with those weights", NULL},
};

enum { N_SETS = 2 };

static void make_sets(rung_option_set sets[N_SETS], weights_options *own,
                      rung_labelled_config *columns)
{
    sets[0] = (rung_option_set){.title = "Weights",
                                .options = options,
                                .count = sizeof options / sizeof options[0],
                                .values = own};
    sets[1] = cli_columns_set(columns);
}

/* Columns of numbers: what one deviation above the mean adds. */
static void show_numbers(const rung_model *m, int64_t label)
{
    rung_number_weight c;
    for (size_t k = 0; rung_weights_number(&c, m, label, k); k++)
        printf("%10.4f  (%.*s), for each %.6g above %.6g\n", c.weight, (int)c.name.size,
               c.name.bytes, c.deviation, c.mean);
}

static rung_status show(const rung_model *m, const weights_options *own,
                        const rung_labelled *data, rung_error *err)
{
    for (int64_t l = 0; l < m->n_labels; l++) {
        rung_weights weights;
        RUNG_TRY(rung_weights_strongest(&weights, m, l, (size_t)own->top, data->texts,
                                        data->count, err));
        printf("%s%s\n", l ? "\n" : "", rung_labels_name(m->labels, l));
        show_numbers(m, l);
        for (size_t i = 0; i < weights.count; i++)
            printf("%10.4f  %s\n", weights.list[i].weight, weights.list[i].feature);
        rung_weights_release(&weights);
    }
    return RUNG_OK;
}

static rung_status work(rung_model *m, const weights_options *own,
                        rung_labelled_config *columns, rung_error *err)
{
    rung_labelled data = {0};
    if (own->read) {
        RUNG_TRY(rung_weights_read(m, own->read, err));
        return rung_model_save(m, own->out, err);
    }
    if (own->write) return rung_weights_write(m, own->write, err);
    columns->has_labels = false;
    if (own->names_from)
        RUNG_TRY(rung_labelled_read(&data, own->names_from, columns, err));
    const rung_status status = show(m, own, &data, err);
    rung_labelled_release(&data);
    return status;
}

static rung_status weights(int argc, char **argv, weights_options *own,
                           rung_labelled_config *columns, rung_error *err)
{
    rung_option_set sets[N_SETS];
    rung_model *m;
    int n_words;
    make_sets(sets, own, columns);
    RUNG_TRY(cli_parse(sets, N_SETS, argc, argv, 1, 1, "MODEL", &n_words, err));
    if (!own->read != !own->out)
        return rung_fail(err, RUNG_USAGE, "--read and --out need each other");
    struct stat info;
    if (own->out && stat(own->out, &info) == 0)
        return rung_fail(err, RUNG_USAGE, "'%s' is there: take another --out", own->out);
    RUNG_TRY(rung_model_load(&m, argv[0], err));
    const rung_status status = work(m, own, columns, err);
    rung_model_free(m);
    return status;
}

static int weights_run(int argc, char **argv)
{
    weights_options own = {0};
    rung_labelled_config columns = {0};
    rung_option_set sets[N_SETS];
    rung_error err;
    const rung_status status = weights(argc, argv, &own, &columns, &err);
    make_sets(sets, &own, &columns);
    cli_release(sets, N_SETS);
    return status == RUNG_OK ? CLI_DONE : cli_fail(&err);
}

static rung_status weights_help(int argc, char **argv, char **text, rung_error *err)
{
    weights_options own;
    rung_labelled_config columns;
    rung_option_set sets[N_SETS];
    (void)argc, (void)argv, (void)err;
    make_sets(sets, &own, &columns);
    *text = rung_options_help(sets, N_SETS);
    return RUNG_OK;
}

const cli_command cli_weights = {
    "weights", "MODEL [OPTIONS]",
    "shows what a linear classifier looks for; weights as text and back", weights_run,
    weights_help};
