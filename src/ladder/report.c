/* report.html: the advice, what it rests on, and how to do it again. */
#include "ladder/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"

static bool is_raw(const rung__report *r)
{
    return r->ladder->kind == RUNG_RAW;
}

static const char *name_of_data(const rung__report *r)
{
    return r->config->corpus.data ? r->config->corpus.data : "tales";
}

rung_status rung__report_read(const rung__report *r, size_t row, size_t run,
                              const char *name, char **text, size_t *size,
                              rung_error *err)
{
    *text = NULL;
    char folder[RUNG_RUN_NAME_BYTES];
    rung_ladder_folder(folder, r->ladder->rows[row].type, run);
    char *dir = rung_path_join(r->config->out, folder);
    char *path = dir ? rung_path_join(dir, name) : NULL;
    rung_status status = RUNG_OK;
    if (!path)
        status = rung__out_of_memory(err, 0, "a path");
    else if (rung_path_exists(path))
        status = rung_file_read(path, text, size, err);
    rung__free(path);
    rung__free(dir);
    return status;
}

/* ---- The table ---- */

static void explain_table(const rung__report *r)
{
    rung_page_text(
        r->page,
        is_raw(r)
            ? "Bits a byte: how many bits a rung needs to write down the test text, "
              "divided "
              "by its bytes; every byte is scored once, and lower is better. Worse: on "
              "the valid text, than the best rung there."
            : "Accuracy is the share of test texts whose label is right. Macro-F1 is the "
              "mean of the labels' F1, so that rare labels count as much as frequent "
              "ones. Log-loss is the mean of minus log p(label) in nats; it punishes "
              "confident mistakes. Cut: texts longer than what the rung reads of them.");
    rung_page_text(
        r->page, "The marked rung is the one to take. Converged: the last quarter of the "
                 "training hardly improved it any more. Budget: it was still getting "
                 "better when its time was up.");
}

static void add_costs_of_row(rung_page *page, const rung_ladder_row *row)
{
    rung_page_number(page, (double)row->fit.params);
    rung_page_number(page, row->test.mean.train_seconds);
    rung_page_number(page, row->test.mean.use_seconds);
    rung_page_number(page, (double)row->fit.file_bytes);
    rung_page_cell(page, row->converged ? "converged" : "budget");
}

static void add_raw_table(const rung__report *r)
{
    static const rung_column columns[] = {
        {"rung", RUNG_UNIT_NONE, 0},        {"bits a byte", RUNG_UNIT_NUMBER, 3},
        {"worse", RUNG_UNIT_NUMBER, 3},     {"parameters", RUNG_UNIT_COUNT, 0},
        {"training", RUNG_UNIT_SECONDS, 0}, {"scoring", RUNG_UNIT_SECONDS, 0},
        {"file", RUNG_UNIT_BYTES, 0},       {"stopped by", RUNG_UNIT_NONE, 0}};
    const rung_ladder *l = r->ladder;
    rung_page_table(r->page, "The rungs on the test text", columns, 8);
    for (size_t i = 0; i < l->n_rows; i++) {
        rung_page_row(r->page, i == l->recommended);
        rung_page_cell(r->page, l->rows[i].type->name);
        rung_page_number(r->page, l->rows[i].test.mean.bits_per_byte);
        rung_page_number(r->page, l->rows[i].gap);
        add_costs_of_row(r->page, &l->rows[i]);
    }
    rung_page_table_end(r->page);
}

static void add_label_table(const rung__report *r)
{
    static const rung_column columns[] = {
        {"rung", RUNG_UNIT_NONE, 0},        {"accuracy", RUNG_UNIT_SHARE, 1},
        {"macro-F1", RUNG_UNIT_NUMBER, 3},  {"log-loss", RUNG_UNIT_NUMBER, 3},
        {"cut", RUNG_UNIT_SHARE, 1},        {"parameters", RUNG_UNIT_COUNT, 0},
        {"training", RUNG_UNIT_SECONDS, 0}, {"predicting", RUNG_UNIT_SECONDS, 0},
        {"file", RUNG_UNIT_BYTES, 0},       {"stopped by", RUNG_UNIT_NONE, 0}};
    const rung_ladder *l = r->ladder;
    rung_page_table(r->page, "The rungs on the test texts", columns, 10);
    for (size_t i = 0; i < l->n_rows; i++) {
        const rung_label_score *s = &l->rows[i].fit.test_labels;
        const rung_run_figures *mean = &l->rows[i].test.mean;
        rung_page_row(r->page, i == l->recommended);
        rung_page_cell(r->page, l->rows[i].type->name);
        rung_page_number(r->page, mean->accuracy);
        rung_page_number(r->page, mean->macro_f1);
        rung_page_number(r->page, mean->log_loss);
        rung_page_number(r->page, (double)s->n_cut / (double)s->count);
        add_costs_of_row(r->page, &l->rows[i]);
    }
    rung_page_table_end(r->page);
}

/* ---- Several trainings ---- */

/* The figure that rungs are compared by. */
static double figure_of(const rung_run_figures *f, const rung__report *r)
{
    return is_raw(r) ? f->bits_per_byte : f->accuracy;
}

static void add_run(const rung__report *r, const rung_ladder_row *row, size_t run)
{
    char folder[RUNG_RUN_NAME_BYTES];
    const rung_fit_result *fit = rung_ladder_fit(row, run);
    rung_page_row(r->page, run == row->best_run);
    rung_page_cell(r->page, rung_ladder_folder(folder, row->type, run));
    rung_page_number(r->page,
                     is_raw(r) ? fit->valid.bits_per_byte : fit->valid_labels.accuracy);
    rung_page_number(r->page,
                     is_raw(r) ? fit->test.bits_per_byte : fit->test_labels.accuracy);
    rung_page_number(r->page, fit->train.seconds);
    rung_page_cell(r->page, fit->train.converged ? "converged" : "budget");
}

static void add_summary(const rung__report *r, const char *name,
                        const rung_run_figures *valid, const rung_run_figures *test)
{
    rung_page_row(r->page, false);
    rung_page_cell(r->page, name);
    rung_page_number(r->page, figure_of(valid, r));
    rung_page_number(r->page, figure_of(test, r));
    rung_page_number(r->page, test->train_seconds);
}

static bool has_repeats(const rung_ladder *l)
{
    for (size_t i = 0; i < l->n_rows; i++)
        if (l->rows[i].n_runs > 1) return true;
    return false;
}

/* Each of them, and what they come to. */
static void add_runs(const rung__report *r)
{
    const rung_unit unit = is_raw(r) ? RUNG_UNIT_NUMBER : RUNG_UNIT_SHARE;
    const int decimals = is_raw(r) ? 3 : 1;
    const rung_column columns[] = {
        {"training", RUNG_UNIT_NONE, 0},
        {is_raw(r) ? "bits a byte on valid" : "accuracy on valid", unit, decimals},
        {"on test", unit, decimals},
        {"training time", RUNG_UNIT_SECONDS, 0},
        {"stopped by", RUNG_UNIT_NONE, 0}};
    if (!has_repeats(r->ladder)) return;
    rung_page_text(
        r->page,
        "Rungs with a seed were trained several times, from other first values and "
        "in another order; other tables and charts show the mean. The marked "
        "training is the best on valid. Spread: the standard deviation.");
    rung_page_table(r->page, "Each training", columns, 5);
    for (size_t i = 0; i < r->ladder->n_rows; i++) {
        const rung_ladder_row *row = &r->ladder->rows[i];
        if (row->n_runs < 2) continue;
        for (size_t run = 0; run < row->n_runs; run++) add_run(r, row, run);
        add_summary(r, "mean", &row->valid.mean, &row->test.mean);
        add_summary(r, "spread", &row->valid.spread, &row->test.spread);
    }
    rung_page_table_end(r->page);
}

/* What the advice rests on. */
static void add_gaps(const rung__report *r)
{
    const rung_ladder *l = r->ladder;
    const char *labels[RUNG_LADDER_MAX];
    double gap[RUNG_LADDER_MAX], low[RUNG_LADDER_MAX], high[RUNG_LADDER_MAX];
    for (size_t i = 0; i < l->n_rows; i++) {
        labels[i] = l->rows[i].type->name;
        gap[i] = l->rows[i].gap;
        low[i] = l->rows[i].gap_interval.low;
        high[i] = l->rows[i].gap_interval.high;
    }
    const rung_series series = {NULL, NULL, gap, low, high, l->n_rows, 0};
    rung_page_bars(
        r->page,
        &(rung_bars){
            .title = "How much worse than the best",
            .caption = is_raw(r)
                           ? "Bits a byte more on the valid text, with intervals of "
                             "95 % over pieces of it, scored in pairs. The lowest "
                             "rung whose interval reaches 0 is good enough."
                           : "Accuracy lost on the valid texts, with intervals of "
                             "95 %, resampled in pairs. The lowest rung whose "
                             "interval reaches 0 is good enough.",
            .value = {is_raw(r) ? "bits a byte more" : "accuracy lost",
                      is_raw(r) ? RUNG_UNIT_NUMBER : RUNG_UNIT_SHARE, false, 0, 0},
            .category = "rung",
            .labels = labels,
            .n_labels = l->n_rows,
            .series = &series,
            .n_series = 1,
            .reference = {0, "the best"}});
}

static rung_status add_rungs(const rung__report *r, rung_error *err)
{
    (void)err;
    rung_page_heading(r->page, "The rungs");
    explain_table(r);
    if (is_raw(r))
        add_raw_table(r);
    else
        add_label_table(r);
    add_runs(r);
    if (r->ladder->n_rows > 1) add_gaps(r);
    return RUNG_OK;
}

/* ---- Quality and its price ---- */

static void add_scatter(const rung__report *r, const char *title, const char *label,
                        rung_unit unit, const double *cost)
{
    const rung_ladder *l = r->ladder;
    rung_point points[RUNG_LADDER_MAX];
    for (size_t i = 0; i < l->n_rows; i++) {
        points[i] = (rung_point){cost[i], figure_of(&l->rows[i].test.mean, r),
                                 l->rows[i].type->name, (int)i, i == l->recommended};
    }
    rung_page_scatter(
        r->page, &(rung_scatter){.title = title,
                                 .caption = is_raw(r) ? "Lower is better, left is "
                                                        "cheaper."
                                                      : "Higher is better, left is "
                                                        "cheaper.",
                                 .x = {label, unit, true, 0, 0},
                                 .y = {is_raw(r) ? "bits a byte" : "accuracy",
                                       is_raw(r) ? RUNG_UNIT_NUMBER : RUNG_UNIT_SHARE,
                                       false, 0, 0},
                                 .points = points,
                                 .n_points = l->n_rows});
}

static rung_status add_prices(const rung__report *r, rung_error *err)
{
    (void)err;
    double seconds[RUNG_LADDER_MAX], bytes[RUNG_LADDER_MAX], predict[RUNG_LADDER_MAX];
    for (size_t i = 0; i < r->ladder->n_rows; i++) {
        const rung_ladder_row *row = &r->ladder->rows[i];
        seconds[i] = row->test.mean.train_seconds;
        bytes[i] = (double)row->fit.file_bytes;
        predict[i] = row->test.mean.use_seconds;
    }
    rung_page_heading(r->page, "What quality costs");
    add_scatter(r, "Quality against training time", "training time", RUNG_UNIT_SECONDS,
                seconds);
    add_scatter(r, "Quality against size", "size of the model's file", RUNG_UNIT_BYTES,
                bytes);
    add_scatter(r, "Quality against the time to use it",
                is_raw(r) ? "time to score the test text"
                          : "time to label the test texts",
                RUNG_UNIT_SECONDS, predict);
    return RUNG_OK;
}

/* ---- The data ---- */

static void add_parts(const rung__report *r)
{
    static const char *const names[] = {"train", "valid", "test"};
    static const rung_column raw[] = {{"part", RUNG_UNIT_NONE, 0},
                                      {"size", RUNG_UNIT_BYTES, 0},
                                      {"bytes", RUNG_UNIT_COUNT, 0},
                                      {"tokens", RUNG_UNIT_COUNT, 0}};
    static const rung_column labelled[] = {{"part", RUNG_UNIT_NONE, 0},
                                           {"size", RUNG_UNIT_BYTES, 0},
                                           {"texts", RUNG_UNIT_COUNT, 0},
                                           {"also in train", RUNG_UNIT_COUNT, 0}};
    const rung_ladder *l = r->ladder;
    rung_page_table(r->page, "The three parts", is_raw(r) ? raw : labelled, 4);
    for (int p = 0; p < RUNG_PARTS; p++) {
        rung_page_row(r->page, false);
        rung_page_cell(r->page, names[p]);
        rung_page_number(r->page, (double)l->bytes[p]);
        rung_page_number(r->page, (double)(is_raw(r) ? l->bytes[p] : l->examples[p]));
        rung_page_number(r->page, is_raw(r)         ? (double)l->tokens[p]
                                  : p == RUNG_TRAIN ? NAN
                                                    : (double)l->n_repeated[p]);
    }
    rung_page_table_end(r->page);
}

static rung_status add_data(const rung__report *r, rung_error *err)
{
    (void)err;
    const rung_ladder *l = r->ladder;
    rung_page_heading(r->page, "The data");
    rung_page_text(r->page,
                   "Rungs learn from train, stop and are chosen on valid; test is "
                   "only for the figures on this page.");
    add_parts(r);
    if (is_raw(r))
        rung_page_textf(r->page, "Tokenizer: %s, with %lld tokens in its vocabulary.",
                        r->config->corpus.tokenizer, (long long)l->vocab);
    else
        rung_page_textf(r->page,
                        "%lld labels. Also in train: texts that stand there too, "
                        "word for word.",
                        (long long)rung_labels_count(l->labels));
    rung_page_textf(r->page, "SHA-256 of %s:", name_of_data(r));
    rung_page_code(r->page, l->sha256);
    return RUNG_OK;
}

/* ---- The same again ---- */

/* The command of a training in the same steps again. */
static rung_status add_command(const rung__report *r, size_t row, size_t run,
                               rung_str *commands, rung_error *err)
{
    char *text, name[RUNG_RUN_NAME_BYTES];
    size_t size;
    json_t *record = NULL;
    const char *command = NULL;
    rung_ladder_folder(name, r->ladder->rows[row].type, run);
    RUNG_TRY(rung__report_read(r, row, run, "training.json", &text, &size, err));
    if (!text) return RUNG_OK;
    rung_status status = rung_json_parse(&record, text, size, "training.json", err);
    if (status == RUNG_OK)
        status = rung_json_get_text(record, "same_again", &command, "training.json", err);
    if (command)
        rung_str_addf(commands, "%s%s --out again-%s", commands->len ? "\n" : "", command,
                      name);
    json_decref(record);
    rung__free(text);
    return status;
}

static rung_status add_again(const rung__report *r, rung_error *err)
{
    rung_str commands = {0};
    rung_status status = RUNG_OK;
    for (size_t i = 0; i < r->ladder->n_rows; i++)
        for (size_t run = 0; status == RUNG_OK && run < rung__n_runs(&r->ladder->rows[i]);
             run++)
            status = add_command(r, i, run, &commands, err);
    if (status == RUNG_OK && commands.failed)
        status = rung__out_of_memory(err, commands.len, "commands");
    if (status == RUNG_OK) {
        rung_page_heading(r->page, "The same again");
        if (r->config->command) {
            rung_page_text(r->page, "This page was made by");
            rung_page_code(r->page, r->config->command);
        }
        rung_page_text(r->page, "Each rung by its number of steps instead of a clock, to "
                                "the same bits:");
        rung_page_code(r->page, commands.data ? commands.data : "");
    }
    rung_str_release(&commands);
    return status;
}

/* ---- The page ---- */

/* In this order. */
static rung_status (*const sections[])(const rung__report *, rung_error *) = {
    add_rungs,         add_prices,         rung__report_curves,   rung__report_sight,
    rung__report_gaze, rung__report_words, rung__report_mistakes, add_data,
    add_again,
};

static void add_top(const rung__report *r)
{
    char line[200], size[RUNG_UNITS_BYTES], budget[RUNG_UNITS_BYTES];
    const rung_ladder *l = r->ladder;
    snprintf(
        line, sizeof line, "%s, %s; budget %s; seed %lld; rung %s",
        is_raw(r) ? "Raw text" : "Labelled text",
        rung_format_bytes(size, (double)(l->bytes[RUNG_TRAIN] + l->bytes[RUNG_VALID] +
                                         l->bytes[RUNG_TEST])),
        rung_format_seconds(budget, r->config->budget), (long long)r->config->seed,
        rung_version());
    rung_page_subtitle(r->page, line);
    rung_page_lead(r->page, l->advice);
}

static rung_status add_all(const rung__report *r, rung_error *err)
{
    add_top(r);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        RUNG_TRY(sections[i](r, err));
    char *path = rung_path_join(r->config->out, "report.html");
    if (!path) return rung__out_of_memory(err, 0, "a path");
    rung_status status = rung_page_write(r->page, path, err);
    rung__free(path);
    return status;
}

/* A file is called by the last part of its path. */
static void add_title(rung_str *title, const char *data)
{
    size_t n = data ? strlen(data) : 0;
    while (n > 1 && data[n - 1] == '/') n--;
    size_t begin = n;
    while (begin > 0 && data[begin - 1] != '/') begin--;
    if (!data)
        rung_str_add(title, "Which rung do the built-in tales need?");
    else if (strcmp(data, "-") == 0)
        rung_str_add(title, "Which rung does this text need?");
    else
        rung_str_addf(title, "Which rung does %.*s need?", (int)(n - begin),
                      data + begin);
}

rung_status rung__ladder_report(const rung_ladder *ladder,
                                const rung_ladder_config *config, rung_error *err)
{
    rung__report r = {NULL, ladder, config};
    rung_str title = {0};
    add_title(&title, config->corpus.data);
    rung_status status = title.failed ? rung__out_of_memory(err, 0, "a title")
                                      : rung_page_new(&r.page, title.data, "en", err);
    rung_str_release(&title);
    if (status == RUNG_OK) status = add_all(&r, err);
    rung_page_free(r.page);
    return status;
}
