/* The options that say which data are learned from. */
#include "cli/data.h"

#include <stddef.h>

#define FIELD(name) offsetof(cli_data, name)
#define TOKENIZERS "byte|char|word"

#define X(name, text) "|" text
static const char formats[] = RUNG_FORMAT_LIST(X);
static const char table_formats[] = RUNG_TABLE_FORMAT_LIST(X);
#undef X

/* The options of a rung_table_config that lies at `at`, but for --missing. */
#define TABLE(at)                                                                        \
    {"table-format",                                                                     \
     RUNG_OPTION_CHOICE,                                                                 \
     (at) + offsetof(rung_table_config, format),                                         \
     "auto",                                                                             \
     0,                                                                                  \
     0,                                                                                  \
     table_formats + 1,                                                                  \
     "of a table",                                                                       \
     NULL},                                                                              \
    {                                                                                    \
        "target", RUNG_OPTION_TEXT, (at) + offsetof(rung_table_config, target), NULL, 0, \
            0, NULL,                                                                     \
            "what a table's rows predict: a column's name or number from 1, or a "       \
            "second "                                                                    \
            ".npy; else found",                                                          \
            NULL                                                                         \
    }

/* The options of a rung_labelled_config that lies at `at`. */
#define COLUMNS(at)                                                                      \
    {"format",                                                                           \
     RUNG_OPTION_CHOICE,                                                                 \
     (at) + offsetof(rung_labelled_config, format),                                      \
     "auto",                                                                             \
     0,                                                                                  \
     0,                                                                                  \
     formats + 1,                                                                        \
     "of labelled text",                                                                 \
     NULL},                                                                              \
        {"text-column",                                                                  \
         RUNG_OPTION_TEXT,                                                               \
         (at) + offsetof(rung_labelled_config, text_column),                             \
         NULL,                                                                           \
         0,                                                                              \
         0,                                                                              \
         NULL,                                                                           \
         "where the text stands: a name, or a number from 1; else found",                \
         NULL},                                                                          \
        {"label-column",                                                                 \
         RUNG_OPTION_TEXT,                                                               \
         (at) + offsetof(rung_labelled_config, label_column),                            \
         NULL,                                                                           \
         0,                                                                              \
         0,                                                                              \
         NULL,                                                                           \
         "where the label stands, likewise",                                             \
         NULL},                                                                          \
        {"delimiter",                                                                    \
         RUNG_OPTION_TEXT,                                                               \
         (at) + offsetof(rung_labelled_config, delimiter),                               \
         NULL,                                                                           \
         0,                                                                              \
         0,                                                                              \
         NULL,                                                                           \
         "between columns: one character, or \\t",                                       \
         NULL},                                                                          \
        {"label-separator",                                                              \
         RUNG_OPTION_TEXT,                                                               \
         (at) + offsetof(rung_labelled_config, separator),                               \
         NULL,                                                                           \
         0,                                                                              \
         0,                                                                              \
         NULL,                                                                           \
         "between the labels of a cell, if it may hold several: one character, or \\t",  \
         NULL},                                                                          \
    {                                                                                    \
        "most-bad", RUNG_OPTION_REAL, (at) + offsetof(rung_labelled_config, most_bad),   \
            "0.01", 0, 1, NULL, "share of lines that may be unreadable", NULL            \
    }

static const rung_option data_options[] = {
    {"data", RUNG_OPTION_TEXT, FIELD(data), NULL, 0, 0, NULL,
     "a file, a folder or - (also .gz, .zst, .xz); without it: the built-in tales", NULL},
    {"kind", RUNG_OPTION_CHOICE, FIELD(kind), "auto", 0, 0, "auto|raw|labelled|table",
     "raw text, texts with labels, or rows of numbers; auto: by name and content", NULL},
    {"valid", RUNG_OPTION_TEXT, FIELD(valid), NULL, 0, 0, NULL,
     "data to stop and choose on; else cut from the data", NULL},
    {"test", RUNG_OPTION_TEXT, FIELD(test), NULL, 0, 0, NULL,
     "data to report on; else cut from the data", NULL},
    {"valid-share", RUNG_OPTION_REAL, FIELD(valid_share), "-1", -1, 0.5, NULL,
     "share cut for valid; -1: 0.05 of raw text (at most 512 KB), else 0.1", NULL},
    {"test-share", RUNG_OPTION_REAL, FIELD(test_share), "-1", -1, 0.5, NULL,
     "share cut for test; -1: likewise", NULL},
    {"split-seed", RUNG_OPTION_INT, FIELD(split_seed), "0", 0, 1e15, NULL,
     "of the cut of labelled text and of tables; 0: as --seed", NULL},
    {"tokenizer", RUNG_OPTION_CHOICE, FIELD(tokenizer), "char", 0, 0, TOKENIZERS,
     "what a token of raw text is", NULL},
    {"vocab-size", RUNG_OPTION_INT, FIELD(vocab_size), "0", 0, 1 << 24, NULL,
     "most tokens kept, the others are spelled in parts; 0: all of raw text, a usual "
     "number of labelled text",
     NULL},
    COLUMNS(offsetof(cli_data, labelled)),
    TABLE(offsetof(cli_data, table)),
    {"weight-column", RUNG_OPTION_TEXT, FIELD(table.weight), NULL, 0, 0, NULL,
     "of a table: how much each row counts, a name or a number from 1", NULL},
    {"drop", RUNG_OPTION_TEXT, FIELD(table.drop), NULL, 0, 0, NULL,
     "of a table: columns that are no features: id,7", NULL},
    {"missing", RUNG_OPTION_CHOICE, FIELD(table.missing), "refuse", 0, 0, "refuse|mean",
     "of a table: cells without a value stop the reading, or become the column's mean",
     NULL},
};

enum { N_TABLE_OPTIONS = 5 }; // the last ones

static const rung_option column_options[] = {COLUMNS(0)};
static const rung_option table_options[] = {TABLE(0)};

rung_option_set cli_data_set(cli_data *data, bool has_data)
{
    const size_t n = sizeof data_options / sizeof data_options[0];
    const size_t first = has_data ? 0 : 1, end = has_data ? n : n - N_TABLE_OPTIONS;
    return (rung_option_set){.title = "Data",
                             .options = data_options + first,
                             .count = end - first,
                             .values = data};
}

rung_option_set cli_columns_set(rung_labelled_config *config)
{
    return (rung_option_set){.title = "Labelled text",
                             .options = column_options,
                             .count = sizeof column_options / sizeof column_options[0],
                             .values = config};
}

rung_option_set cli_table_set(rung_table_config *config)
{
    *config = (rung_table_config)RUNG_TABLE_CONFIG_DEFAULT;
    return (rung_option_set){.title = "Tables",
                             .options = table_options,
                             .count = sizeof table_options / sizeof table_options[0],
                             .values = config};
}

rung_corpus_config cli_corpus_config(const cli_data *data, int64_t seed)
{
    static const char *const tokenizers[] = {"byte", "char", "word"};
    rung_labelled_config labelled = data->labelled;
    labelled.has_labels = true;
    labelled.number_columns = NULL; // an option of the rungs that take them
    if (data->split_seed) seed = data->split_seed;
    return (rung_corpus_config){.kind = data->kind,
                                .labelled = labelled,
                                .table = data->table,
                                .seed = (uint64_t)seed,
                                .data = data->data,
                                .valid = data->valid,
                                .test = data->test,
                                .valid_share = data->valid_share,
                                .test_share = data->test_share,
                                .tokenizer = tokenizers[data->tokenizer],
                                .vocab_size = data->vocab_size};
}
