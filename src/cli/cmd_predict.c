/* rung predict MODEL [DATA]: the label of each text or row, or its labels, and how sure
 * the model is; or the number that a row predicts. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/data.h"
#include "rung/units.h"

typedef struct predict_options {
    int64_t top;
    double threshold;
} predict_options;

#define FIELD(name) offsetof(predict_options, name)

static const rung_option options[] = {
    {"top", RUNG_OPTION_INT, FIELD(top), "0", 0, 1e9, NULL,
     "so many labels, the most probable first; 0: the best one, or all above --threshold "
     "where a text may have several",
     NULL},
    {"threshold", RUNG_OPTION_REAL, FIELD(threshold), "0.5", 0, 1, NULL,
     "least probability of one of several labels", NULL},
};

/* What the command line says. */
typedef struct prediction {
    predict_options own;
    rung_labelled_config columns;
    rung_table_config table;
    cli_common common;
} prediction;

enum { N_SETS = 4 };

static void make_sets(rung_option_set sets[N_SETS], prediction *p)
{
    sets[0] = (rung_option_set){
        .title = "Predictions", .options = options, .count = 2, .values = &p->own};
    sets[1] = cli_columns_set(&p->columns);
    sets[2] = cli_table_set(&p->table);
    sets[3] = cli_common_set(&p->common, true);
}

/* Calls `print` for the labels that are predicted, the most probable first. */
typedef void (*print_fn)(const rung_model *m, int64_t label, double p, bool is_first);

static void for_predicted(const rung_model *m, const float *logp,
                          const predict_options *own, print_fn print)
{
    const int64_t most = own->top ? own->top : m->has_several ? m->n_labels : 1;
    const bool is_cut = m->has_several && !own->top;
    int64_t last = -1;
    for (int64_t k = 0; k < most; k++) {
        int64_t best = -1; // the next one in the order of probability, then of ids
        for (int64_t l = 0; l < m->n_labels; l++) {
            const bool was_printed = last >= 0 && (logp[l] > logp[last] ||
                                                   (logp[l] == logp[last] && l <= last));
            if (!was_printed && (best < 0 || logp[l] > logp[best])) best = l;
        }
        if (best < 0) return;
        const double p = exp((double)logp[best]);
        if (is_cut && p < own->threshold) return;
        print(m, best, p, k == 0);
        last = best;
    }
}

static void print_json_label(const rung_model *m, int64_t label, double p, bool is_first)
{
    (void)p;
    if (!is_first) printf(", ");
    cli_print_json_text(rung_labels_name(m->labels, label));
}

static void print_json_line(const rung_model *m, const float *logp,
                            const predict_options *own)
{
    const bool is_list = m->has_several || own->top;
    printf(is_list ? "{\"labels\": [" : "{\"label\": ");
    for_predicted(m, logp, own, print_json_label);
    printf(is_list ? "], \"probabilities\": {" : ", \"probabilities\": {");
    for (int64_t l = 0; l < m->n_labels; l++) {
        if (l) printf(", ");
        cli_print_json_text(rung_labels_name(m->labels, l));
        printf(": %.9g", exp((double)logp[l]));
    }
    printf("}}\n");
}

static void print_label(const rung_model *m, int64_t label, double p, bool is_first)
{
    printf("%s%s\t%.6f", is_first ? "" : "\t", rung_labels_name(m->labels, label), p);
}

/* LABEL TAB PROBABILITY, and so on */
static void print_line(const rung_model *m, const float *logp, const predict_options *own)
{
    for_predicted(m, logp, own, print_label);
    printf("\n");
}

/* In pieces: the first answers come while the rest is still at work. */
static rung_status predict_file(const rung_model *m, const rung_labelled *file,
                                const prediction *p, rung_error *err)
{
    enum { PIECE = 4096 };
    rung_runtime *rt = cli_runtime(&p->common, err);
    if (!rt) return err->code;
    for (size_t i = 0; i < file->count; i += PIECE) {
        size_t n = file->count - i < PIECE ? file->count - i : PIECE;
        rung_examples piece = {
            .texts = file->texts + i, .count = n, .n_numbers = file->n_numbers};
        if (file->numbers) piece.numbers = file->numbers + i * file->n_numbers;
        float *logp;
        RUNG_TRY(rung_classify(&logp, m, rt, &piece, NULL, err));
        for (size_t k = 0; k < n; k++)
            (p->common.json ? print_json_line
                            : print_line)(m, logp + k * (size_t)m->n_labels, &p->own);
        rung_logp_free(logp);
    }
    return RUNG_OK;
}

/* ---- Tables ---- */

enum { ROWS = 4096 }; /* of a table, at a time */

static rung_status print_numbers(const rung_model *m, rung_runtime *rt,
                                 const rung_rows *rows, const prediction *p,
                                 rung_error *err)
{
    double out[ROWS];
    char number[RUNG_UNITS_BYTES];
    RUNG_TRY(rung_table_predict(m, rt, rows, out, err));
    for (int64_t i = 0; i < rows->n; i++)
        printf(p->common.json ? "{\"value\": %s}\n" : "%s\n",
               rung_format_real(number, out[i]));
    return RUNG_OK;
}

static rung_status print_labels(const rung_model *m, rung_runtime *rt,
                                const rung_rows *rows, const prediction *p,
                                rung_error *err)
{
    float *logp;
    RUNG_TRY(rung_table_classify(&logp, m, rt, rows, err));
    for (int64_t i = 0; i < rows->n; i++)
        (p->common.json ? print_json_line : print_line)(m, logp + i * m->n_labels,
                                                        &p->own);
    rung_logp_free(logp);
    return RUNG_OK;
}

static rung_status predict_rows(const rung_model *m, rung_table *table,
                                const prediction *p, rung_error *err)
{
    rung_rows rows;
    rung_runtime *rt = cli_runtime(&p->common, err);
    if (!rt) return err->code;
    do {
        RUNG_TRY(rung_table_next(table, ROWS, &rows, err));
        RUNG_TRY((m->labels ? print_labels : print_numbers)(m, rt, &rows, p, err));
    } while (rows.n > 0);
    return RUNG_OK;
}

static rung_status predict_table(const rung_model *m, const char *path, prediction *p,
                                 rung_error *err)
{
    rung_table *table;
    rung_table_config *config = &p->table;
    if (!config->delimiter) config->delimiter = p->columns.delimiter;
    config->has_targets = false;
    config->has_labels = m->labels != NULL;
    RUNG_TRY(rung_table_open(&table, path, config, m->schema, m->labels, err));
    rung_status status = predict_rows(m, table, p, err);
    rung_table_close(table);
    return status;
}

/* ---- Either ---- */

static rung_status predict_texts(const rung_model *m, const char *path, prediction *p,
                                 rung_error *err)
{
    rung_labelled file;
    rung_labelled_config *columns = &p->columns;
    columns->has_labels = false;
    columns->number_columns = rung_number_columns(m);
    if (columns->format == RUNG_FORMAT_AUTO && !columns->text_column &&
        !columns->number_columns)
        columns->format = RUNG_FORMAT_LINES;
    float *none;
    if (m->kind != RUNG_LABELLED) // says why not
        return rung_classify(&none, m, NULL, &(rung_examples){0}, NULL, err);
    RUNG_TRY(rung_labelled_read(&file, path, columns, err));
    rung_status status = predict_file(m, &file, p, err);
    rung_labelled_release(&file);
    return status;
}

static rung_status predict(int n_words, char **words, prediction *p, rung_error *err)
{
    rung_model *m;
    const char *path = n_words > 1 ? words[1] : "-";
    RUNG_TRY(rung_model_load(&m, words[0], err));
    rung_status status = m->kind == RUNG_TABLE ? predict_table(m, path, p, err)
                                               : predict_texts(m, path, p, err);
    rung_model_free(m);
    return status;
}

static int predict_run(int argc, char **argv)
{
    prediction p;
    rung_option_set sets[N_SETS];
    rung_error err;
    int n_words;
    make_sets(sets, &p);
    rung_status status =
        cli_parse(sets, N_SETS, argc, argv, 1, 2, "MODEL [DATA]", &n_words, &err);
    if (status == RUNG_OK) status = predict(n_words, argv, &p, &err);
    cli_release(sets, N_SETS);
    return status == RUNG_OK ? CLI_DONE : cli_fail(&err);
}

static rung_status predict_help(int argc, char **argv, char **text, rung_error *err)
{
    (void)argc, (void)argv, (void)err;
    prediction p;
    rung_option_set sets[N_SETS];
    make_sets(sets, &p);
    *text = rung_options_help(sets, N_SETS);
    return RUNG_OK;
}

const cli_command cli_predict = {
    "predict", "MODEL [DATA] [OPTIONS]",
    "labels texts, or a table's rows, of DATA or standard input", predict_run,
    predict_help};
