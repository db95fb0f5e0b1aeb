/* The options that say which data are learned from: of train, ladder and plan. */
#ifndef RUNG_CLI_DATA_H
#define RUNG_CLI_DATA_H

#include "cli/cli.h"

typedef struct cli_data {
    int kind;
    const char *data, *valid, *test;
    double valid_share, test_share;
    int tokenizer;
    int64_t vocab_size, split_seed;
    rung_labelled_config labelled;
    rung_table_config table;
} cli_data;

/* `has_data`: with --data and tables; the ladder has a word, and texts only. */
rung_option_set cli_data_set(cli_data *data, bool has_data);
rung_corpus_config cli_corpus_config(const cli_data *data, int64_t seed);

/* How labelled text, or a table, lies in a file: of eval and predict. */
rung_option_set cli_columns_set(rung_labelled_config *config);
rung_option_set cli_table_set(rung_table_config *config);

#endif
