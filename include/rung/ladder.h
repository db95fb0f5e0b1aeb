/* The ladder: rungs trained side by side on one corpus under one budget, with one split,
 * one metric and one clock; and which is the lowest that is good enough. */
#ifndef RUNG_LADDER_H
#define RUNG_LADDER_H

#include "rung/classify.h"
#include "rung/language.h"
#include "rung/sight.h"
#include "rung/tabular.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- A corpus in three parts: raw text and its tokens, labelled text, or a table; or
 * running words, which are one part ---- */

/* What the data are: found, or forced. */
typedef enum rung_corpus_kind {
    RUNG_CORPUS_AUTO,
    RUNG_CORPUS_RAW,
    RUNG_CORPUS_LABELLED,
    RUNG_CORPUS_TABLE,
    RUNG_CORPUS_WORDS /* raw text, read as words */
} rung_corpus_kind;

typedef struct rung_corpus_config {
    int kind;          /* rung_corpus_kind */
    const char *data;  /* file, folder, "-", or NULL: tales */
    const char *valid; /* NULL: cut from data */
    const char *test;  /* NULL: cut from data */
    /* Of data, where they are cut from it: raw text from its end, at most 512 KB of it;
     * labelled text stratified by label, tables row by row. 0: no such part; -1: a share
     * of 0.05 of raw text, else of 0.1. */
    double valid_share, test_share;
    const char *tokenizer; /* of raw text: "byte", "char", "word" */
    int64_t vocab_size;    /* 0: all tokens */
    rung_labelled_config labelled;
    rung_table_config table; /* parts, shares and seed are those of the corpus; so are
                                target (label_column) and delimiter where it has none */
    uint64_t seed;           /* of the cut of labelled text and tables */
} rung_corpus_config;

#define RUNG_CORPUS_CONFIG_DEFAULT                                                       \
    {                                                                                    \
        0, 0, 0, 0, -1, -1, "char", 0, RUNG_LABELLED_CONFIG_DEFAULT,                     \
            RUNG_TABLE_CONFIG_DEFAULT, 1                                                 \
    }

typedef enum rung_part { RUNG_TRAIN, RUNG_VALID, RUNG_TEST, RUNG_PARTS } rung_part;

typedef struct rung_corpus {
    rung_data_kind kind;
    const char *names[RUNG_PARTS];  /* of the files; NULL: cut from data */
    const char *sha256[RUNG_PARTS]; /* likewise, of their bytes, unpacked */
    size_t bytes[RUNG_PARTS];       /* of text */
    rung_tokenizer
        *tokenizer; /* owned; of raw text always, else the last one asked for */
    rung_corpus_config config; /* as it was opened; its texts are borrowed */

    /* Raw text: files as read (valid and test empty when cut from data), parts of them,
     * and their ids, which are owned. */
    rung_text texts[RUNG_PARTS];
    rung_span parts[RUNG_PARTS];
    rung_tokens tokens[RUNG_PARTS];

    rung_words words; /* running words, once they are asked for */

    /* Labelled text: files as read, and the examples of each part (owned arrays). */
    rung_labelled files[RUNG_PARTS];
    rung_examples examples[RUNG_PARTS];
    rung_labels *labels;           /* owned: those of the training part */
    bool has_several;              /* a text has any number of labels */
    size_t n_unknown[RUNG_PARTS];  /* examples whose label is not among them */
    size_t n_repeated[RUNG_PARTS]; /* whose text stands in the training part too */

    /* Tables: the rows of each part, owned; NULL where there is no such part. */
    rung_table *tables[RUNG_PARTS];
    char table_sha256[RUNG_PARTS][65];
} rung_corpus;

/* The kind of the data, as given or by name and content. */
RUNG_API rung_status rung_corpus_find_kind(rung_data_kind *kind,
                                           const rung_corpus_config *config,
                                           rung_error *err);
/* Reads, cuts, and tokenizes raw text; files of labelled text are read side by side by
 * the runtime's threads. `tok` (NULL: one is trained) is taken, also on failure. Examples
 * of labels that do not occur in training are left out of valid, and count as wrong in
 * test. */
RUNG_API rung_status rung_corpus_open(rung_corpus *corpus, rung_runtime *rt,
                                      const rung_corpus_config *config,
                                      rung_tokenizer *tok, rung_error *err);
RUNG_API void rung_corpus_release(rung_corpus *corpus);
/* The tokenizer that a class needs for this corpus, with one more owner; NULL in *out for
 * a class that reads texts itself. For labelled text it is trained when it is asked for
 * the first time. */
RUNG_API rung_status rung_corpus_tokenizer(rung_tokenizer **out, rung_corpus *corpus,
                                           const rung_class *type, rung_error *err);

/* Reads the words of a corpus of that kind, or those of labelled training texts, if it
 * was not done. */
RUNG_API rung_status rung_corpus_words(rung_corpus *corpus, rung_runtime *rt,
                                       const rung_words_config *config, rung_error *err);

/* ---- One rung on one corpus: a model folder ---- */

typedef struct rung_fit_config {
    rung_train_config train;
    const char *command; /* as it was typed, for training.json; may be NULL */
    bool resume;
} rung_fit_config;

typedef struct rung_fit_result {
    rung_train_result train; /* of a rung that counts: only end, converged and seconds */
    rung_lm_score valid, test; /* of the best weights; zero where there is no such part */
    rung_label_score valid_labels, test_labels;    /* likewise, of labels */
    rung_number_score valid_numbers, test_numbers; /* of numbers */
    int64_t params;                                /* numbers that the model holds */
    int64_t file_bytes;                            /* of model.safetensors */
} rung_fit_result;

/* Builds *m (new, its options set) on the corpus, trains it and saves it to `dir` with
 * training.json; checkpoints/ and metrics.jsonl lie there too. `context`: of the scoring,
 * 0: the model's. With `resume` the training goes on from its last checkpoint; when it
 * had ended, *m becomes the model in the folder. Release the result with
 * rung_fit_result_release. */
RUNG_API rung_status rung_fit(rung_runtime *rt, rung_model **m, rung_corpus *corpus,
                              const rung_fit_config *config, int64_t context,
                              const char *dir, const rung_train_hooks *hooks,
                              rung_fit_result *result, rung_error *err);
/* What that training would need; builds the model, changes nothing else. */
RUNG_API rung_status rung_fit_plan(rung_runtime *rt, rung_model *m, rung_corpus *corpus,
                                   const rung_train_config *config, rung_train_plan *plan,
                                   rung_error *err);
/* Frees what a result holds. */
RUNG_API void rung_fit_result_release(rung_fit_result *result);

/* ---- The ladder ---- */

typedef struct rung_ladder_config {
    rung_corpus_config corpus;
    const char *rungs; /* "unigram,bigram,lstm,gpt"; NULL: all */
    double budget; /* seconds of training, shared equally by the rungs that are trained */
    int64_t
        context; /* tokens that each rung sees at most, in training and scoring; 0: 128
                        of raw text, of labelled text each rung's own */
    int64_t seed;
    const char *out;     /* the run folder */
    const char *command; /* as it was typed */
    bool resume;
    int64_t repeats; /* trainings of each rung with a seed, from `seed` up, each with the
                        rung's share of the budget; 0: one */
} rung_ladder_config;

#define RUNG_LADDER_CONFIG_DEFAULT                                                       \
    {                                                                                    \
        RUNG_CORPUS_CONFIG_DEFAULT, 0, 600, 0, 1, "rung-run", 0, false, 1                \
    }

/* Figures of a training on one part of the data; those of another kind are 0. */
typedef struct rung_run_figures {
    double bits_per_byte;                /* raw text */
    double accuracy, macro_f1, log_loss; /* labelled text */
    double train_seconds, use_seconds;   /* of training, and of scoring that part */
} rung_run_figures;

/* Over trainings with different seeds: mean and standard deviation (0 for one). */
typedef struct rung_run_summary {
    rung_run_figures mean, spread;
} rung_run_summary;

typedef struct rung_ladder_row {
    const rung_class *type;
    rung_fit_result fit;          /* of the first training */
    rung_fit_result *more;        /* [n_runs - 1], owned: of those with the next seeds */
    size_t n_runs;                /* trainings; 0 counts as 1 */
    size_t best_run;              /* the best on valid */
    bool converged;               /* all of them */
    rung_run_summary valid, test; /* over all of them */
    rung_sight sight; /* raw text, of the first training: on test; on tales as well if
                         they are the data */
    struct rung__gaze *gaze; /* owned: a picture of attention for the report; or NULL */
    struct rung__word_map *map; /* owned: one of the words it has learned; or NULL */
    /* On valid, how much worse than the best: bits a byte, or accuracy. The interval is
     * one of 95 %, paired; the error a standard error. */
    double gap, gap_error;
    rung_interval gap_interval;
} rung_ladder_row;

/* Training `run` of a row, and the name of its folder: "lstm", "lstm-2", ... */
RUNG_API const rung_fit_result *rung_ladder_fit(const rung_ladder_row *row, size_t run);
enum { RUNG_RUN_NAME_BYTES = 80 };
RUNG_API const char *rung_ladder_folder(char out[RUNG_RUN_NAME_BYTES],
                                        const rung_class *type, size_t run);

enum { RUNG_LADDER_MAX = 16, RUNG_REPEATS_MAX = 100 };

typedef struct rung_ladder {
    rung_ladder_row rows[RUNG_LADDER_MAX]; /* lowest rung first */
    size_t n_rows;
    size_t best, recommended; /* rows, chosen on valid */
    char advice[1000];        /* the recommendation in words */
    rung_data_kind kind;
    size_t bytes[RUNG_PARTS];
    size_t tokens[RUNG_PARTS];   /* of raw text */
    size_t examples[RUNG_PARTS]; /* of labelled text */
    size_t n_repeated[RUNG_PARTS];
    int64_t vocab;       /* of raw text */
    rung_labels *labels; /* owned; NULL for raw text */
    char sha256[65];     /* of the data */
    bool interrupted;
} rung_ladder;

typedef struct rung_ladder_hooks {
    /* Before training i of n begins, in a folder of that name. */
    void (*begin)(void *self, const char *name, size_t i, size_t n);
    rung_train_hooks train;
    void *self;
} rung_ladder_hooks;

/* Runs it and writes the run folder: report.html, results.json, metrics.jsonl and a model
 * folder for each rung. With `resume`, rungs that are finished in the folder are read,
 * not done. */
RUNG_API rung_status rung_ladder_run(rung_runtime *rt, const rung_ladder_config *config,
                                     const rung_ladder_hooks *hooks, rung_ladder *ladder,
                                     rung_error *err);
RUNG_API void rung_ladder_release(rung_ladder *ladder);

#ifdef __cplusplus
}
#endif
#endif
