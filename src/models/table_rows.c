/* Dense or sparse rows to sparse ones. */
#include "models/table_rows.h"

#include <math.h>

#include "base/rows.h"

static rung_status fail_row(const rung_rows *rows, int64_t i, int64_t j, float value,
                            rung_error *err)
{
    return rung_fail(err, RUNG_INPUT, "row %lld: feature %lld is %g: must be finite",
                     (long long)(rows->number + i + 1), (long long)j + 1, (double)value);
}

/* Adds a value to the row that ends at m->first[i + 1]. */
static void add_value(rung_csr *m, int64_t i, int64_t j, float value)
{
    const int64_t at = m->first[i + 1]++;
    m->columns[at] = (int32_t)j;
    m->values[at] = value;
}

rung_status rung__csr_of_rows(rung_csr *m, const rung_rows *rows, int64_t n_columns,
                              rung_error *err)
{
    const int64_t cells = rows->x ? rows->n * rows->n_features : rows->first[rows->n];
    rung_status status = RUNG_OK;
    RUNG_TRY(rung__csr_new(m, rows->n, n_columns, cells, err));
    for (int64_t i = 0; i < rows->n; i++) {
        const int64_t begin = rows->x ? 0 : rows->first[i];
        const int64_t end = rows->x ? rows->n_features : rows->first[i + 1];
        m->first[i + 1] = m->first[i];
        for (int64_t p = begin; status == RUNG_OK && p < end; p++) {
            const int64_t j = rows->x ? p : rows->features[p];
            const float value =
                rows->x ? (float)rung__rows_value(rows, i, p) : rows->values[p];
            if (!isfinite(value)) status = fail_row(rows, i, j, value, err);
            if (value != 0 && j < n_columns) add_value(m, i, j, value);
        }
    }
    if (status != RUNG_OK) rung__csr_release(m);
    return status;
}
