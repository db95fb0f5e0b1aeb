/* What the columns of a CSV table are for, told by its first lines. */
#ifndef RUNG_TEXT_CSV_COLUMNS_H
#define RUNG_TEXT_CSV_COLUMNS_H

#include "rung/table.h"
#include "text/records.h"
#include "text/schema.h"

#define RUNG_NO_COLUMN SIZE_MAX

/* The first lines of a file, cut into records. */
typedef struct rung__csv_head {
    const char *path; /* borrowed */
    rung__records records;
    bool has_header; /* the first record is no row: names, or scikit-learn's counts, */
    bool has_names;  /* which are not names */
} rung__csv_head;

/* Release it also after a failure. It borrows the bytes, which stay where they are. */
rung_status rung__csv_head_open(rung__csv_head *h, const char *path, char *bytes,
                                size_t size, const rung_table_config *config,
                                rung_error *err);
void rung__csv_head_release(rung__csv_head *h);

/* A new schema with names and roles; columns of words have no levels yet. A target of
 * words has *target_has_words. */
rung_status rung__csv_columns(rung_schema **out, const rung__csv_head *h,
                              const rung_table_config *config, bool *target_has_words,
                              rung_error *err);

/* Where in the file the columns of a model's schema stand: places [n_columns];
 * RUNG_NO_COLUMN for a target that is not asked for, and for what is not needed. */
rung_status rung__csv_places(size_t *places, const rung_schema *schema,
                             const rung__csv_head *h, const rung_table_config *config,
                             rung_error *err);

/* A cell that holds nothing: empty, NA, ... */
bool rung__cell_is_missing(rung_span cell);
/* The whole cell, which ends before a delimiter or a NUL, as a number. */
bool rung__cell_is_number(rung_span cell, double *x);

#endif
