/* The options that say which text is learned from: of train, ladder and plan. */
#ifndef RUNG_CLI_DATA_H
#define RUNG_CLI_DATA_H

#include "cli/cli.h"

typedef struct cli_data {
    int kind;
    const char *data, *valid, *test;
    double valid_share, test_share;
    int tokenizer;
    int64_t vocab_size;
    rung_labelled_config labelled;
} cli_data;

/* `has_data`: with --data (ladder has it as a word). */
rung_option_set cli_data_set(cli_data *data, bool has_data);
rung_corpus_config cli_corpus_config(const cli_data *data, int64_t seed);

/* How labelled text lies in a file: of eval and predict. */
rung_option_set cli_columns_set(rung_labelled_config *config);

#endif
