/* The rows of a table as a sparse matrix. */
#ifndef RUNG_MODELS_TABLE_ROWS_H
#define RUNG_MODELS_TABLE_ROWS_H

#include "base/sparse.h"
#include "rung/rows.h"

/* A matrix [rows->n, n_columns] of them, rounded to float; features from n_columns on do
 * not occur, and zeros are left out. RUNG_INPUT with the row for what is not finite. */
rung_status rung__csr_of_rows(rung_csr *m, const rung_rows *rows, int64_t n_columns,
                              rung_error *err);

#endif
