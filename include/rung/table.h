/* Tables: files of rows of numbers with a target, a number or a label, for every row.
 *
 * Formats, packed or not where they are text:
 *   CSV     (RFC 4180; also cut at semicolons or tabs) with a header or without one
 *   LIBSVM  `TARGET INDEX:VALUE ...`, indices ascending from 1
 *   .npy    [rows, columns] of float or double, mapped, not copied
 * What config leaves open is found by the name and the first lines.
 *
 * Columns of CSV. The target is the column named, or the only one called target, label,
 * class or y (in any case), else the last. The first line is a header if it has a word
 * above numbers, or a column is asked for by name; scikit-learn's first line (counts,
 * then names of classes) is passed over. A column of numbers is one feature. A column of
 * words, as its first lines tell, is one feature of 0 or 1 for each of its words but the
 * first in bytewise order, from which the others are told apart. A cell that is empty,
 * NA, N/A, NaN, null or ?, and a word that training did not have, is missing: refused
 * with line and column, or, with RUNG_MISSING_MEAN, the mean of the training rows.
 *
 * Rows go to train, valid and test each by itself: a function of seed and place in the
 * file. Tables with numbers as targets are read some rows at a time and never held in
 * memory; those with labels are. */
#ifndef RUNG_TABLE_H
#define RUNG_TABLE_H

#include "rung/labelled.h"
#include "rung/rows.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, text): how a file holds rows. */
#define RUNG_TABLE_FORMAT_LIST(X)                                                        \
    X(AUTO, "auto")                                                                      \
    X(CSV, "csv")                                                                        \
    X(LIBSVM, "libsvm")                                                                  \
    X(NPY, "npy")

typedef enum rung_table_format {
#define X(name, text) RUNG_TABLE_##name,
    RUNG_TABLE_FORMAT_LIST(X)
#undef X
        RUNG_TABLE_FORMAT_COUNT
} rung_table_format;

typedef enum rung_missing { RUNG_MISSING_REFUSE, RUNG_MISSING_MEAN } rung_missing;

typedef struct rung_table_config {
    int format;            /* rung_table_format */
    const char *target;    /* column by name, or by number from 1; of .npy also a second
                              file of [rows] or [rows, 1]; NULL: found */
    const char *weight;    /* column of the rows' weights, likewise; NULL: 1 each */
    const char *drop;      /* columns that are no features: "id,7"; NULL: none */
    const char *delimiter; /* of CSV: one byte, or "\\t"; NULL: found */
    int missing;           /* rung_missing; a model's own goes before it */
    bool has_targets;      /* false: rows alone, as they are predicted */
    bool has_labels;       /* targets are labels, not numbers */
    bool known_labels;     /* rows whose label is not among those given are left out */
    /* Which rows: those of one part (0 train, 1 valid, 2 test) of a cut. */
    int part;
    double valid_share, test_share; /* both 0: all rows are train */
    uint64_t seed;
} rung_table_config;

#define RUNG_TABLE_CONFIG_DEFAULT                                                        \
    {                                                                                    \
        RUNG_TABLE_AUTO, 0, 0, 0, 0, RUNG_MISSING_REFUSE, true, false, false, 0, 0, 0, 1 \
    }

/* What the columns of a table mean: part of a model. Immutable; shared by reference
 * counting. */
typedef struct rung_schema rung_schema;
/* One more owner; an owner's farewell (NULL is fine). */
RUNG_API rung_schema *rung_schema_share(rung_schema *schema);
RUNG_API void rung_schema_free(rung_schema *schema);
RUNG_API int64_t rung_schema_features(const rung_schema *schema);
/* The feature's name in `out` (of `size` bytes), which is returned: that of its column,
 * "column=word", or its number from 1 where columns have no names. */
RUNG_API char *rung_schema_name(const rung_schema *schema, int64_t feature, char *out,
                                size_t size);

/* An open table. One thread at a time. */
typedef struct rung_table rung_table;

/* Opens a file; "-" is standard input, which can be read only once: where nothing has to
 * be learned from it first. Without a schema (NULL) the schema is learned from the rows
 * of the part; with one, and labels where they are asked for, the file is read as a
 * model's data, columns found by their names where both have names. RUNG_INPUT with
 * file, line, column and what to do. */
RUNG_API rung_status rung_table_open(rung_table **out, const char *path,
                                     const rung_table_config *config, rung_schema *schema,
                                     rung_labels *labels, rung_error *err);
RUNG_API void rung_table_close(rung_table *table); /* NULL is fine */

/* Borrowed from the table; labels are NULL where targets are numbers. */
RUNG_API rung_schema *rung_table_schema(const rung_table *table);
RUNG_API rung_labels *rung_table_labels(const rung_table *table);
/* In words: "csv, 10 columns with a header, target 'median_house_value'". */
RUNG_API const char *rung_table_words(const rung_table *table);

/* The next rows, `most` at most (exactly as many, unless they are the last), valid until
 * the next call; rows->n is 0 at the end. Tables with labels give all rows at once. */
RUNG_API rung_status rung_table_next(rung_table *table, int64_t most, rung_rows *rows,
                                     rung_error *err);
/* How many rows were given since the beginning. */
RUNG_API int64_t rung_table_seen(const rung_table *table);
/* How many rows of the file have a label that is not among those given. */
RUNG_API int64_t rung_table_unknown(const rung_table *table);
/* Back to the first row. */
RUNG_API rung_status rung_table_rewind(rung_table *table, rung_error *err);

/* Whether the file at path looks like a table rather than text. */
RUNG_API rung_status rung_table_detect(bool *is_table, const char *path, rung_error *err);

#ifdef __cplusplus
}
#endif
#endif
