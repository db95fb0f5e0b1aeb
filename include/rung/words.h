/* Running text as words, for vectors of words: read once, by parallel blocks, into ids.
 *
 * Words are what stands between ASCII white space, as in the programs of word2vec, GloVe
 * and fastText; text is used as it is, or in lower case. Bytes that are not UTF-8, and
 * NUL, become U+FFFD. A word of more than RUNG_WORD_BYTES is left out, and counted.
 * Blocks are cut by size alone, so any number of threads gives the same ids. */
#ifndef RUNG_WORDS_H
#define RUNG_WORDS_H

#include "rung/runtime.h"
#include "rung/text.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { RUNG_WORD_BYTES = 1000 };

/* Stands in the ids where a line ends. */
enum { RUNG_LINE_END = -1 };

typedef struct rung_words_config {
    int64_t min_count; /* occurrences that a word needs; rarer ones leave no gap */
    bool lower;        /* letters become lower case, one by one */
    bool lines;        /* ends of lines stand in the ids */
} rung_words_config;

#define RUNG_WORDS_CONFIG_DEFAULT                                                        \
    {                                                                                    \
        5, false, true                                                                   \
    }

typedef struct rung_words {
    char *name;                 /* owned: the path */
    rung_words_config config;   /* that it was read by */
    char sha256[65];            /* of the bytes, unpacked */
    rung_tokenizer *vocabulary; /* owned; kind wordlevel, frequent words first */
    const int64_t *counts; /* [words of the vocabulary]: occurrences; the vocabulary's */
    int32_t *ids;          /* [count], owned: words of the vocabulary and line ends */
    size_t count;
    int64_t n_words; /* of the vocabulary, in the text; line ends not counted */
    int64_t n_all;   /* words, rare ones too */
    int64_t n_long;  /* of these, left out because they are too long */
    int64_t bytes;   /* of text */
} rung_words;

/* Reads what rung_text_read reads. RUNG_INPUT when it is no text, has no word, or none
 * that is frequent enough. Release with rung_words_release. */
RUNG_API rung_status rung_words_read(rung_words *words, rung_runtime *rt,
                                     const char *path, const rung_words_config *config,
                                     rung_error *err);
/* The same from texts in memory, each of which ends a line. */
RUNG_API rung_status rung_words_from(rung_words *words, rung_runtime *rt,
                                     const rung_span *texts, size_t n,
                                     const rung_words_config *config, rung_error *err);
RUNG_API void rung_words_release(rung_words *words);
/* Frees the ids alone. */
RUNG_API void rung_words_forget_ids(rung_words *words);

#ifdef __cplusplus
}
#endif
#endif
