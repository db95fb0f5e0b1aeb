/* Labelled text: examples that each have a text and a label, or any number of labels.
 *
 * Read from TSV, CSV (RFC 4180), JSON Lines and fastText's lines, packed or not, or from
 * plain lines without labels. What config leaves open is found:
 *
 * Format: by the name (.tsv, .csv, .jsonl, before .gz, .zst or .xz), else by the first
 * lines: an object; __label__; as many tabs in nine of ten lines; a line that names a
 * text and a label between commas or semicolons. TSV has no quotes, unless all cells that
 * begin with one end with one and some cell needs them, or all of the first line have
 * them.
 *
 * Columns: by known names (text, sentence, review, content, body, message, ...; label,
 * class, category, target, sentiment, ...; in any case), else by content. A column may
 * hold labels if its cells are of 255 bytes at most and have few different values: at
 * most half as many as lines, or four. The text is in the column of the longest cells
 * that cannot hold labels, or, where all can, of the longest; no other column that cannot
 * may have cells half as long on average, none that can cells twice as long. The label is
 * in the only other column that can hold labels; those of one value count if there are no
 * others. All else is refused with the columns shown.
 *
 * Numbers: columns of them may be asked for beside a text. A cell of theirs that is no
 * finite number, empty ones too, stops the reading.
 *
 * Header: the first line is one if it has a known name, or a column is asked for by name.
 * Else it is one if its cells differ, are of 63 bytes at most, and either one of them is
 * no number where all others of its column are, or its label is on no other line, all
 * other labels, two at least, are on several, and its text is at most half as long as the
 * average text.
 *
 * Several labels: fastText's lines begin with them, JSON Lines have a list; in a cell
 * they stand between the separator that config names. A file where they occur is one of
 * several labels, and there a list or cell without any is no bad line.
 *
 * Bad lines are counted, the first few are told with their numbers, and too many of them
 * fail the reading. Empty lines are passed over, except among plain ones. */
#ifndef RUNG_LABELLED_H
#define RUNG_LABELLED_H

#include "rung/runtime.h"
#include "rung/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, text): how a file holds examples. */
#define RUNG_FORMAT_LIST(X)                                                              \
    X(AUTO, "auto")                                                                      \
    X(TSV, "tsv")                                                                        \
    X(CSV, "csv")                                                                        \
    X(JSONL, "jsonl")       /* an object a line */                                       \
    X(FASTTEXT, "fasttext") /* __label__NAME text */                                     \
    X(LINES, "lines")       /* a text a line, no labels */

typedef enum rung_format {
#define X(name, text) RUNG_FORMAT_##name,
    RUNG_FORMAT_LIST(X)
#undef X
        RUNG_FORMAT_COUNT
} rung_format;

typedef struct rung_labelled_config {
    int format;                 /* rung_format */
    const char *text_column;    /* by name, or by number from 1; NULL: found */
    const char *label_column;   /* likewise */
    const char *number_columns; /* names or numbers from 1: "price,5"; NULL: none */
    const char *delimiter;      /* one byte, or "\\t"; NULL: the format's */
    const char *separator;      /* likewise, between labels; NULL: a cell is one label */
    double most_bad;            /* share of lines that may be bad */
    bool has_labels;            /* false: texts alone are read, labels stay NULL */
} rung_labelled_config;

#define RUNG_LABELLED_CONFIG_DEFAULT                                                     \
    {                                                                                    \
        RUNG_FORMAT_AUTO, 0, 0, 0, 0, 0, 0.01, true                                      \
    }

/* Names of labels; ids are their places. Immutable; shared by reference counting. */
typedef struct rung_labels rung_labels;
/* In the order of numbers if all are numbers, else bytewise; duplicates are joined.
 * RUNG_INPUT when one is empty or holds a NUL byte. */
RUNG_API rung_status rung_labels_new(rung_labels **out, const rung_span *names, size_t n,
                                     rung_error *err);
/* In the order given, as a model was trained with; RUNG_INPUT also when one stands
 * twice. */
RUNG_API rung_status rung_labels_ordered(rung_labels **out, const rung_span *names,
                                         size_t n, rung_error *err);
/* One more owner; an owner's farewell (NULL is fine); how many names; the name of an id,
 * borrowed; the id of a name, -1 if there is none. */
RUNG_API rung_labels *rung_labels_share(rung_labels *labels);
RUNG_API void rung_labels_free(rung_labels *labels);
RUNG_API int64_t rung_labels_count(const rung_labels *labels);
RUNG_API const char *rung_labels_name(const rung_labels *labels, int64_t id);
RUNG_API int32_t rung_labels_find(const rung_labels *labels, rung_span name);

/* Examples: texts, and the ids of their labels; -1: a label that the names lack. */
typedef struct rung_examples {
    const rung_span *texts; /* [count] */
    const int32_t *labels;  /* [count], or NULL */
    size_t count;
    /* Several labels: example i has labels[first[i]] up to labels[first[i + 1]],
     * ascending. [count + 1]; NULL: each has one. */
    const int64_t *first;
    const double *numbers; /* [count, n_numbers] beside the texts, or NULL */
    size_t n_numbers;
} rung_examples;

/* A file of examples in memory. */
typedef struct rung_labelled {
    char *name;        /* owned: the path */
    char sha256[65];   /* of the bytes as read, unpacked */
    int format;        /* as found */
    rung_span *texts;  /* [count], owned; they point into what this owns */
    rung_span *labels; /* [count], owned; NULL without labels */
    int64_t *first;    /* of several labels, as in rung_examples, owned; or NULL */
    double *numbers;   /* [count, n_numbers], owned; or NULL */
    size_t n_numbers;
    size_t count;
    size_t n_bad;      /* lines left out: no label, too few columns, broken JSON */
    size_t n_empty;    /* examples with an empty text, which are kept */
    char bad[300];     /* the first few bad lines, in words: "line 7: 1 column, ..." */
    char columns[200]; /* what was read, in words: "text from 'review', label from ..." */
    void *storage;     /* owned */
} rung_labelled;

/* Reads path ("-": standard input). RUNG_INPUT with file, line, reason and what to do:
 * no such column, no number where one is asked for, a header that names a column twice,
 * quotes that never close, too many bad lines, no example. */
RUNG_API rung_status rung_labelled_read(rung_labelled *out, const char *path,
                                        const rung_labelled_config *config,
                                        rung_error *err);
RUNG_API void rung_labelled_release(rung_labelled *data);

/* Whether the file at path looks like labelled text rather than raw text, by its name
 * (.tsv, .csv, .jsonl) and its first lines. */
RUNG_API rung_status rung_labelled_detect(bool *is_labelled, const char *path,
                                          rung_error *err);

/* The ids of all labels of `data`, a new array (rung_ids_free), as in rung_examples.
 * *n_unknown counts those that are not among the names, which get -1. */
RUNG_API rung_status rung_labelled_ids(int32_t **ids, size_t *n_unknown,
                                       const rung_labelled *data,
                                       const rung_labels *labels, rung_error *err);

/* Finds texts that must not be parted, since a model that has learned one knows the
 * other: equal texts, and texts of four words or more that stand within another one.
 * group[i] is the first of those that text i belongs with, or i if it stands alone. */
RUNG_API rung_status rung_group_related(size_t *group, const rung_span *texts, size_t n,
                                        rung_error *err);

/* Cuts n examples into train, valid and test (0, 1, 2), each with the same share of every
 * label as far as counts allow: part[i] for each example. Examples of one group
 * (rung_group_related; NULL: each stands alone) stay together, in train if there is no
 * room for all of them elsewhere. Pure function of labels, groups, shares and seed.
 * RUNG_INPUT when a part that was asked for would be empty. */
RUNG_API rung_status rung_split_stratified(unsigned char *part, const int32_t *labels,
                                           const size_t *group, size_t n,
                                           int64_t n_labels, double valid_share,
                                           double test_share, uint64_t seed,
                                           rung_error *err);

/* How many texts of b stand, byte for byte, among those of a. */
RUNG_API rung_status rung_count_duplicates(size_t *n, rung_runtime *rt,
                                           const rung_examples *a, const rung_examples *b,
                                           rung_error *err);

#ifdef __cplusplus
}
#endif
#endif
