/* A page with everything that a page can hold, friendly and hostile. */
#ifndef RUNG_TESTS_REPORT_SAMPLE_H
#define RUNG_TESTS_REPORT_SAMPLE_H

#include <math.h>
#include <string.h>

#include "rung/report.h"

#define HOSTILE "a<b>&\"c'\x01\xff\xE2\x80\xAE]]>--"

static inline const char *long_name(void)
{
    static char name[1001];
    for (int i = 0; i < 1000; i++) name[i] = (char)('A' + i % 26);
    return name;
}

static inline void add_text(rung_page *page)
{
    rung_page_subtitle(page, "книга.txt, 1.0 MB, 10 minutes on 2 cores");
    rung_page_lead(page,
                   "Take gpt: 0.759 bits a byte on text it has not seen. The rung below, "
                   "lstm, needs 0.604 bits a byte more, with 4.6 MB instead of 3.2 MB.");
    rung_page_heading(page, "The rungs");
    rung_page_text(page, "Quality is measured on the same bytes of the test text, each "
                         "scored once. Качество измеряется на одних и тех же байтах.");
    const rung_column columns[] = {
        {"rung", RUNG_UNIT_NONE, 0},          {"bits a byte", RUNG_UNIT_NUMBER, 3},
        {"parameters", RUNG_UNIT_COUNT, 0},   {"training", RUNG_UNIT_SECONDS, 0},
        {"prediction", RUNG_UNIT_SECONDS, 0}, {"file", RUNG_UNIT_BYTES, 0},
        {"accuracy", RUNG_UNIT_SHARE, 1},     {"stopped by", RUNG_UNIT_NONE, 0}};
    static const double rows[][6] = {{4.319, 312, 0.002, 26e-6, 1300, 0.21},
                                     {3.107, 1873, 0.159, 865e-6, 7885, 0.4},
                                     {1.363, 1212728, 50.7, 1, 4.6 * 0x1p20, 0.71},
                                     {0.759, 849664, 46.8, 0.716, 3.2 * 0x1p20, NAN}};
    static const char *const names[] = {"unigram", "bigram", "lstm", "gpt"};
    rung_page_table(page, "Rungs on the test text", columns, 8);
    for (int i = 0; i < 4; i++) {
        rung_page_row(page, i == 3);
        rung_page_cell(page, names[i]);
        for (int j = 0; j < 6; j++) rung_page_number(page, rows[i][j]);
        rung_page_cell(page, i < 2 ? "converged" : "budget");
    }
    rung_page_row(page, false);
    rung_page_cell(page, HOSTILE);
    rung_page_row(page, false);
    rung_page_cell(page, long_name());
    rung_page_number(page, -1.5e-9);
    rung_page_table_end(page);
    rung_page_code(page, "rung train gpt --data 'it'\\''s <here>.txt' --steps 1,500\n"
                         "rung eval gpt");
}

static inline void add_scatters(rung_page *page)
{
    rung_page_heading(page, "What quality costs");
    const rung_point points[] = {
        {0.002, 4.319, "unigram", 0, false}, {0.159, 3.107, "bigram", 1, false},
        {50.7, 1.363, "lstm", 2, false},     {46.8, 0.759, "gpt", 3, true},
        {49, 0.8, "bert", 4, false},         {2.5, 2.1, "logreg", 5, false}};
    rung_page_scatter(
        page, &(rung_scatter){.title = "Quality against training time",
                              .caption = "Lower is better, and left is faster; the "
                                         "ringed rung is the one to take.",
                              .x = {"training time", RUNG_UNIT_SECONDS, true, 0, 0},
                              .y = {"bits a byte", RUNG_UNIT_NUMBER, false, 0, 0},
                              .points = points,
                              .n_points = 6});
    rung_point sizes[6], words[60];
    static const double bytes[] = {1300,         7885,         4.6 * 0x1p20,
                                   3.2 * 0x1p20, 3.3 * 0x1p20, 2e9};
    for (int i = 0; i < 6; i++) sizes[i] = points[i], sizes[i].x = bytes[i];
    sizes[0].label = HOSTILE;
    sizes[1].label = long_name();
    sizes[5].y = NAN;
    rung_page_scatter(
        page, &(rung_scatter){.title = "Quality against size " HOSTILE,
                              .x = {"size of the file", RUNG_UNIT_BYTES, true, 0, 0},
                              .y = {"accuracy", RUNG_UNIT_SHARE, false, 0, 0},
                              .points = sizes,
                              .n_points = 6});
    static const char *const names[] = {"кот",    "собака", "mouse",     "queen",
                                        "король", "river",  "щелкунчик", "Жук"};
    for (int i = 0; i < 60; i++)
        words[i] = (rung_point){sin(i * 1.7) * (1 + i % 7), cos(i * 2.3) * (1 + i % 5),
                                names[i % 8], i % 4, i == 7};
    rung_page_scatter(page, &(rung_scatter){.title = "Words that stand together",
                                            .points = words,
                                            .x = {.label = "first"},
                                            .y = {.label = "second"},
                                            .n_points = 60,
                                            .is_map = true});
}

static inline void add_lines(rung_page *page)
{
    static double x[4][20], y[4][20], d[9], r[3][9], low[3][9], high[3][9];
    static const char *const names[] = {"unigram", "lstm", "gpt", "bert"};
    static const char *const recall_names[] = {"bigram", "lstm", "gpt"};
    rung_series curves[4], recall[3];
    rung_page_heading(page, "How they learn");
    for (int k = 0; k < 4; k++) {
        for (int i = 0; i < 20; i++) {
            x[k][i] = (i + 1) * (2.0 + k);
            y[k][i] = 3.2 / (1 + 0.12 * i * k) + 0.4 / (k + 1);
        }
        curves[k] = (rung_series){names[k], x[k], y[k], NULL, NULL, 20, k};
    }
    y[2][7] = NAN, y[2][9] = NAN;
    rung_page_lines(
        page, &(rung_lines){.title = "Learning curves",
                            .caption = "Loss on the valid text while training.",
                            .x = {"seconds of training", RUNG_UNIT_SECONDS, false, 0, 0},
                            .y = {"nats a token", RUNG_UNIT_NUMBER, false, 0, 0},
                            .series = curves,
                            .n_series = 4});
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < 7; i++) {
            d[i] = 4 << i;
            r[k][i] = k == 0 ? 0.06 : k == 1 ? 0.9 / (1 + 0.5 * i) : 0.97 - 0.02 * i;
            low[k][i] = r[k][i] - 0.04, high[k][i] = r[k][i] + 0.04;
        }
        recall[k] = (rung_series){recall_names[k], d, r[k], low[k], high[k], 7, k};
    }
    rung_page_lines(page, &(rung_lines){.title = "A name, recalled",
                                        .caption = "Share of names that were given this "
                                                   "many words before and are right.",
                                        .x = {"words since", RUNG_UNIT_COUNT, true, 0, 0},
                                        .y = {"recall", RUNG_UNIT_SHARE, false, 0, 1},
                                        .series = recall,
                                        .n_series = 3,
                                        .reference = {0.0625, "chance"}});
}

static inline void add_bars(rung_page *page)
{
    static const char *const labels[] = {"unigram", "bigram", "lstm", "gpt",
                                         "очень длинное имя"};
    static const double y[] = {0.5, 0.52, 0.81, 0.97, NAN},
                        low[] = {0.46, 0.48, 0.77, 0.95, 0},
                        high[] = {0.54, 0.56, 0.85, 0.99, INFINITY},
                        y2[] = {.3, .4, .5, .6, .7};
    const rung_series one = {NULL, NULL, y, low, high, 5, 0};
    const rung_series two[] = {{"by the word before", NULL, y, low, high, 5, 0},
                               {"by the sentence before", NULL, y2, NULL, NULL, 5, 1}};
    rung_page_heading(page, "Homonyms");
    rung_page_bars(page, &(rung_bars){.title = "Senses of homonyms",
                                      .value = {"right", RUNG_UNIT_SHARE, false, 0, 1},
                                      .category = "rung",
                                      .labels = labels,
                                      .n_labels = 5,
                                      .series = &one,
                                      .n_series = 1,
                                      .reference = {0.5, "chance"}});
    rung_page_bars(page, &(rung_bars){.title = "Senses by what decides them",
                                      .value = {"right", RUNG_UNIT_SHARE, false, 0, 0},
                                      .category = "rung",
                                      .labels = labels,
                                      .n_labels = 5,
                                      .series = two,
                                      .n_series = 2,
                                      .from_zero = true});
}

static inline void add_heats(rung_page *page)
{
    static const char *const labels[] = {"acq",      "crude",    "earn", "grain",
                                         "interest", "money-fx", "ship", "trade"};
    static const char *const tokens[] = {"Anna", " has",  " a",   " red",   " ball",
                                         ".",    "\n",    " Она", " взяла", " мяч",
                                         " и",   " ушла", " "};
    double counts[64], weights[13 * 13];
    for (int i = 0; i < 64; i++)
        counts[i] = i / 8 == i % 8 ? 1000 / (1 + i / 8) : i * 7 % 5;
    for (int i = 0; i < 169; i++) {
        const int q = i / 13, k = i % 13;
        weights[i] = k > q ? 0 : (1 + (q * k) % 5) / (3.0 * (q + 1));
    }
    rung_page_heading(page, "Errors and attention");
    rung_page_heat(page, &(rung_heat){.title = "Confusion of gpt",
                                      .caption = "Rows are the true labels.",
                                      .row_title = "label",
                                      .column_title = "predicted",
                                      .rows = labels,
                                      .columns = labels,
                                      .n_rows = 8,
                                      .n_columns = 8,
                                      .values = counts,
                                      .are_counts = true});
    static const double two[] = {11800, 700, 1100, 11400};
    static const char *const pair[] = {"negative", "positive"};
    rung_page_heat(page, &(rung_heat){.title = "Confusion of bert",
                                      .row_title = "label",
                                      .column_title = "predicted",
                                      .rows = pair,
                                      .columns = pair,
                                      .n_rows = 2,
                                      .n_columns = 2,
                                      .values = two,
                                      .are_counts = true});
    rung_page_heat(page, &(rung_heat){.title = "Attention of one head",
                                      .row_title = "reads",
                                      .column_title = "looks at",
                                      .rows = tokens,
                                      .columns = tokens,
                                      .n_rows = 13,
                                      .n_columns = 13,
                                      .values = weights});
}

static inline rung_status write_sample(const char *path, rung_error *err)
{
    rung_page *page;
    RUNG_TRY(rung_page_new(&page, "The ladder on «книга.txt» " HOSTILE, "en", err));
    add_text(page);
    add_scatters(page);
    add_lines(page);
    add_bars(page);
    add_heats(page);
    const rung_status status = rung_page_write(page, path, err);
    rung_page_free(page);
    return status;
}

#endif
