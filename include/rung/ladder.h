/* The ladder: rungs trained side by side on one text under one budget, with one split,
 * one metric and one clock; and which is the lowest that is good enough. */
#ifndef RUNG_LADDER_H
#define RUNG_LADDER_H

#include "rung/language.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- A corpus: raw text in three parts, and its tokens ---- */

typedef struct rung_corpus_config {
    const char *data;  /* file, folder, "-", or NULL: tales */
    const char *valid; /* NULL: cut from the end of data, before test */
    const char *test;  /* NULL: cut from the end of data */
    double valid_share,
        test_share; /* of data, where they are cut from it; test_share 0: no test */
    const char *tokenizer; /* "byte", "char", "word" */
    int64_t vocab_size;    /* 0: all tokens */
} rung_corpus_config;

#define RUNG_CORPUS_CONFIG_DEFAULT                                                       \
    {                                                                                    \
        0, 0, 0, 0.05, 0.05, "char", 0                                                   \
    }

typedef enum rung_part { RUNG_TRAIN, RUNG_VALID, RUNG_TEST, RUNG_PARTS } rung_part;

typedef struct rung_corpus {
    rung_text
        texts[RUNG_PARTS]; /* as read; valid and test are empty when cut from data */
    rung_span parts[RUNG_PARTS];    /* borrowed from texts */
    rung_tokens tokens[RUNG_PARTS]; /* ids are owned */
    rung_tokenizer *tokenizer; /* owned, trained on the train part, or the one given */
    rung_corpus_config config; /* as it was opened; its texts are borrowed */
} rung_corpus;

/* Reads, cuts, tokenizes. `tok` (NULL: one is trained) is taken, also on failure. */
RUNG_API rung_status rung_corpus_open(rung_corpus *corpus,
                                      const rung_corpus_config *config,
                                      rung_tokenizer *tok, rung_error *err);
RUNG_API void rung_corpus_release(rung_corpus *corpus);

/* ---- One rung on one corpus: a model folder ---- */

typedef struct rung_fit_config {
    rung_train_config train;
    const char *command; /* as it was typed, for training.json; may be NULL */
    bool resume;
} rung_fit_config;

typedef struct rung_fit_result {
    rung_train_result train; /* of a rung that counts: only end, converged and seconds */
    rung_lm_score valid, test; /* of the best weights; zero where there is no such part */
    int64_t params;            /* numbers that the model holds */
    int64_t file_bytes;        /* of model.safetensors */
} rung_fit_result;

/* Builds *m (new, its options set) on the corpus, trains it and saves it to `dir` with
 * training.json; checkpoints/ and metrics.jsonl lie there too. `context`: of the scoring,
 * 0: the model's. With `resume` the training goes on from its last checkpoint; when it
 * had ended, *m becomes the model in the folder. Release the result with
 * rung_fit_result_release. */
RUNG_API rung_status rung_fit(rung_runtime *rt, rung_model **m, const rung_corpus *corpus,
                              const rung_fit_config *config, int64_t context,
                              const char *dir, const rung_train_hooks *hooks,
                              rung_fit_result *result, rung_error *err);
RUNG_API void rung_fit_result_release(rung_fit_result *result);

/* ---- The ladder ---- */

typedef struct rung_ladder_config {
    rung_corpus_config corpus;
    const char *rungs; /* "unigram,bigram,lstm,gpt"; NULL: all */
    double budget; /* seconds of training, shared equally by the rungs that are trained */
    int64_t context; /* tokens that each rung sees at most, in training and scoring */
    int64_t seed;
    const char *out;     /* the run folder */
    const char *command; /* as it was typed */
    bool resume;
} rung_ladder_config;

#define RUNG_LADDER_CONFIG_DEFAULT                                                       \
    {                                                                                    \
        RUNG_CORPUS_CONFIG_DEFAULT, 0, 600, 128, 1, "rung-run", 0, false                 \
    }

typedef struct rung_ladder_row {
    const rung_class *type;
    rung_fit_result fit;
    double gap,
        gap_error; /* bits a byte above the best on valid; standard error, paired */
} rung_ladder_row;

enum { RUNG_LADDER_MAX = 16 };

typedef struct rung_ladder {
    rung_ladder_row rows[RUNG_LADDER_MAX]; /* lowest rung first */
    size_t n_rows;
    size_t best, recommended; /* rows, chosen on valid */
    char advice[1000];        /* the recommendation in words */
    size_t bytes[RUNG_PARTS];
    size_t tokens[RUNG_PARTS];
    int64_t vocab;
    char sha256[65]; /* of the data */
    bool interrupted;
} rung_ladder;

typedef struct rung_ladder_hooks {
    /* Before a rung begins. */
    void (*begin)(void *self, const rung_class *type, size_t i, size_t n);
    rung_train_hooks train;
    void *self;
} rung_ladder_hooks;

/* Runs it and writes the run folder: results.json, metrics.jsonl and a model folder for
 * each rung. With `resume`, rungs that are finished in the folder are read, not done. */
RUNG_API rung_status rung_ladder_run(rung_runtime *rt, const rung_ladder_config *config,
                                     const rung_ladder_hooks *hooks, rung_ladder *ladder,
                                     rung_error *err);
RUNG_API void rung_ladder_release(rung_ladder *ladder);

#ifdef __cplusplus
}
#endif
#endif
