/* rung predict MODEL [DATA]: the label of each text or row, and how sure the model is; or
 * the number that a row predicts. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/data.h"
#include "rung/units.h"

enum { N_SETS = 3 };

static void make_sets(rung_option_set sets[N_SETS], rung_labelled_config *columns,
                      rung_table_config *table, cli_common *common)
{
    sets[0] = cli_columns_set(columns);
    sets[1] = cli_table_set(table);
    sets[2] = cli_common_set(common, true);
}

static int32_t best_of(const float *logp, int64_t n)
{
    int32_t best = 0;
    for (int32_t l = 1; l < n; l++) best = logp[l] > logp[best] ? l : best;
    return best;
}

/* A name as JSON; labels are UTF-8 or stand escaped. */
static void print_json_text(const char *text)
{
    putchar('"');
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            printf("\\%c", *c);
        else if (*c < 0x20)
            printf("\\u%04x", *c);
        else
            putchar(*c);
    }
    putchar('"');
}

static void print_json_line(const rung_model *m, const float *logp)
{
    printf("{\"label\": ");
    print_json_text(rung_labels_name(m->labels, best_of(logp, m->n_labels)));
    printf(", \"probabilities\": {");
    for (int64_t l = 0; l < m->n_labels; l++) {
        if (l) printf(", ");
        print_json_text(rung_labels_name(m->labels, l));
        printf(": %.9g", exp((double)logp[l]));
    }
    printf("}}\n");
}

/* LABEL TAB PROBABILITY */
static void print_line(const rung_model *m, const float *logp)
{
    int32_t best = best_of(logp, m->n_labels);
    printf("%s\t%.6f\n", rung_labels_name(m->labels, best), exp((double)logp[best]));
}

/* In pieces: the first answers come while the rest is still at work. */
static rung_status predict_file(const rung_model *m, const rung_labelled *file,
                                const cli_common *common, rung_error *err)
{
    enum { PIECE = 4096 };
    rung_runtime *rt = cli_runtime(common, err);
    if (!rt) return err->code;
    for (size_t i = 0; i < file->count; i += PIECE) {
        size_t n = file->count - i < PIECE ? file->count - i : PIECE;
        float *logp;
        RUNG_TRY(rung_classify(&logp, m, rt, file->texts + i, n, NULL, err));
        for (size_t k = 0; k < n; k++)
            (common->json ? print_json_line : print_line)(m,
                                                          logp + k * (size_t)m->n_labels);
        rung_logp_free(logp);
    }
    return RUNG_OK;
}

/* ---- Tables ---- */

enum { ROWS = 4096 }; /* of a table, at a time */

static rung_status print_numbers(const rung_model *m, rung_runtime *rt,
                                 const rung_rows *rows, bool json, rung_error *err)
{
    double out[ROWS];
    char number[RUNG_UNITS_BYTES];
    RUNG_TRY(rung_table_predict(m, rt, rows, out, err));
    for (int64_t i = 0; i < rows->n; i++)
        printf(json ? "{\"value\": %s}\n" : "%s\n", rung_format_real(number, out[i]));
    return RUNG_OK;
}

static rung_status print_labels(const rung_model *m, rung_runtime *rt,
                                const rung_rows *rows, bool json, rung_error *err)
{
    float *logp;
    RUNG_TRY(rung_table_classify(&logp, m, rt, rows, err));
    for (int64_t i = 0; i < rows->n; i++)
        (json ? print_json_line : print_line)(m, logp + i * m->n_labels);
    rung_logp_free(logp);
    return RUNG_OK;
}

static rung_status predict_rows(const rung_model *m, rung_table *table,
                                const cli_common *common, rung_error *err)
{
    rung_rows rows;
    rung_runtime *rt = cli_runtime(common, err);
    if (!rt) return err->code;
    do {
        RUNG_TRY(rung_table_next(table, ROWS, &rows, err));
        RUNG_TRY(
            (m->labels ? print_labels : print_numbers)(m, rt, &rows, common->json, err));
    } while (rows.n > 0);
    return RUNG_OK;
}

static rung_status predict_table(const rung_model *m, const char *path,
                                 const rung_labelled_config *columns,
                                 rung_table_config *config, const cli_common *common,
                                 rung_error *err)
{
    rung_table *table;
    if (!config->delimiter) config->delimiter = columns->delimiter;
    config->has_targets = false;
    config->has_labels = m->labels != NULL;
    RUNG_TRY(rung_table_open(&table, path, config, m->schema, m->labels, err));
    rung_status status = predict_rows(m, table, common, err);
    rung_table_close(table);
    return status;
}

/* ---- Either ---- */

static rung_status predict_texts(const rung_model *m, const char *path,
                                 rung_labelled_config *columns, const cli_common *common,
                                 rung_error *err)
{
    rung_labelled file;
    columns->has_labels = false;
    if (columns->format == RUNG_FORMAT_AUTO && !columns->text_column)
        columns->format = RUNG_FORMAT_LINES;
    float *none;
    if (m->kind != RUNG_LABELLED) // says why not
        return rung_classify(&none, m, NULL, NULL, 0, NULL, err);
    RUNG_TRY(rung_labelled_read(&file, path, columns, err));
    rung_status status = predict_file(m, &file, common, err);
    rung_labelled_release(&file);
    return status;
}

static rung_status predict(int n_words, char **words, rung_labelled_config *columns,
                           rung_table_config *table, const cli_common *common,
                           rung_error *err)
{
    rung_model *m;
    const char *path = n_words > 1 ? words[1] : "-";
    RUNG_TRY(rung_model_load(&m, words[0], err));
    rung_status status = m->kind == RUNG_TABLE
                             ? predict_table(m, path, columns, table, common, err)
                             : predict_texts(m, path, columns, common, err);
    rung_model_free(m);
    return status;
}

static int predict_run(int argc, char **argv)
{
    rung_labelled_config columns;
    rung_table_config table;
    cli_common common;
    rung_option_set sets[N_SETS];
    rung_error err;
    int n_words;
    make_sets(sets, &columns, &table, &common);
    rung_status status =
        cli_parse(sets, N_SETS, argc, argv, 1, 2, "MODEL [DATA]", &n_words, &err);
    if (status == RUNG_OK)
        status = predict(n_words, argv, &columns, &table, &common, &err);
    cli_release(sets, N_SETS);
    return status == RUNG_OK ? CLI_DONE : cli_fail(&err);
}

static rung_status predict_help(int argc, char **argv, char **text, rung_error *err)
{
    (void)argc, (void)argv, (void)err;
    rung_labelled_config columns;
    rung_table_config table;
    cli_common common;
    rung_option_set sets[N_SETS];
    make_sets(sets, &columns, &table, &common);
    *text = rung_options_help(sets, N_SETS);
    return RUNG_OK;
}

const cli_command cli_predict = {
    "predict", "MODEL [DATA] [OPTIONS]",
    "labels texts, or a table's rows, of DATA or standard input", predict_run,
    predict_help};
