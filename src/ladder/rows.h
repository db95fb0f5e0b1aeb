/* Rows: pieces of text of which a language model says how probable their ends are. */
#ifndef RUNG_LADDER_ROWS_H
#define RUNG_LADDER_ROWS_H

#include "rung/language.h"

typedef struct rung__row {
    const int32_t *ids; /* [n], borrowed */
    size_t from, n;     /* ids[from ... n - 1] are asked for; 1 <= from < n */
} rung__row;

/* nats[i] = minus the sum of log p(ids[j] | ids[0 ... j - 1]) over the end of row i.
 * Rows are at most one token longer than what the model can see. */
rung_status rung__rows_score(const rung_model *m, rung_runtime *rt, const rung__row *rows,
                             size_t n, double *nats, rung_error *err);

#endif
