/* Sources of rows in text files: CSV and LIBSVM. */
#ifndef RUNG_TEXT_ROWS_TEXT_H
#define RUNG_TEXT_ROWS_TEXT_H

#include "base/source.h"
#include "rung/table.h"

/* Each begins at the first row. `schema` is that of a model, or NULL: then it is learned
 * and *learned gets a new one (of LIBSVM: without features, as the rows will tell), for
 * which standard input cannot be read twice. `words` [size] tells what was found. */
rung_status rung__csv_open(rung__source **out, const char *path,
                           const rung_table_config *config, const rung__row_cut *cut,
                           rung_schema *schema, rung_schema **learned, char *words,
                           size_t size, rung_error *err);

/* Features from n_features on are left out; 0: none are. */
rung_status rung__libsvm_open(rung__source **out, const char *path,
                              const rung__row_cut *cut, int64_t n_features,
                              rung_error *err);

/* Whether the beginning of a file looks like a table. */
bool rung__looks_like_csv_table(const char *path, char *bytes, size_t size);
bool rung__looks_like_libsvm(const char *bytes, size_t size);

#endif
