/* The options that say which text is learned from. */
#include "cli/data.h"

#include <stddef.h>

#define FIELD(name) offsetof(cli_data, name)
#define TOKENIZERS "byte|char|word"

static const rung_option data_options[] = {
    {"data", RUNG_OPTION_TEXT, FIELD(data), NULL, 0, 0, NULL,
     "text: a file, a folder or - (also .gz, .zst, .xz); without it: the built-in tales",
     NULL},
    {"valid", RUNG_OPTION_TEXT, FIELD(valid), NULL, 0, 0, NULL,
     "text to stop and choose on; else cut from the end of the data", NULL},
    {"test", RUNG_OPTION_TEXT, FIELD(test), NULL, 0, 0, NULL,
     "text to report on; else cut from the end of the data", NULL},
    {"valid-share", RUNG_OPTION_REAL, FIELD(valid_share), "0.05", 0, 0.5, NULL,
     "share of the data cut for valid, at most 512 KB", NULL},
    {"test-share", RUNG_OPTION_REAL, FIELD(test_share), "0.05", 0, 0.5, NULL,
     "share of the data cut for test, at most 512 KB", NULL},
    {"tokenizer", RUNG_OPTION_CHOICE, FIELD(tokenizer), "char", 0, 0, TOKENIZERS,
     "what a token is", NULL},
    {"vocab-size", RUNG_OPTION_INT, FIELD(vocab_size), "0", 0, 1 << 24, NULL,
     "most tokens kept, the others are spelled in bytes; 0: all", NULL},
};

rung_option_set cli_data_set(cli_data *data, bool has_data)
{
    size_t skip = has_data ? 0 : 1, n = sizeof data_options / sizeof data_options[0];
    return (rung_option_set){.title = "Data",
                             .options = data_options + skip,
                             .count = n - skip,
                             .values = data};
}

rung_corpus_config cli_corpus_config(const cli_data *data)
{
    static const char *const tokenizers[] = {"byte", "char", "word"};
    return (rung_corpus_config){.data = data->data,
                                .valid = data->valid,
                                .test = data->test,
                                .valid_share = data->valid_share,
                                .test_share = data->test_share,
                                .tokenizer = tokenizers[data->tokenizer],
                                .vocab_size = data->vocab_size};
}
