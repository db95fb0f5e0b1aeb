/* Sparse matrices by rows. */
#include "base/sparse.h"

#include <assert.h>

#include "base/alloc.h"

rung_status rung__csr_new(rung_csr *m, int64_t n_rows, int64_t n_columns, int64_t n,
                          rung_error *err)
{
    assert(n_rows <= INT32_MAX && n_columns <= INT32_MAX);
    *m = (rung_csr){.n_rows = n_rows, .n_columns = n_columns};
    m->first = rung__alloc_array((size_t)n_rows + 1, sizeof *m->first);
    m->columns = rung__alloc_array((size_t)n, sizeof *m->columns);
    m->values = rung__alloc_array((size_t)n, sizeof *m->values);
    if (m->first && m->columns && m->values) return RUNG_OK;
    rung__csr_release(m);
    return rung__out_of_memory(err, (size_t)n * 8, "a sparse matrix");
}

void rung__csr_release(rung_csr *m)
{
    rung__free(m->first), rung__free(m->columns), rung__free(m->values);
    *m = (rung_csr){0};
}

rung_status rung__csr_transpose(rung_csr *out, const rung_csr *m, rung_error *err)
{
    const int64_t n = m->first[m->n_rows];
    RUNG_TRY(rung__csr_new(out, m->n_columns, m->n_rows, n, err));
    // Counting sort: first[j] is where column j begins, then where its next value goes,
    // which in the end is where column j + 1 begins.
    int64_t *first = out->first, begin = 0;
    for (int64_t p = 0; p < n; p++) first[m->columns[p]]++;
    for (int64_t j = 0; j <= m->n_columns; j++) {
        const int64_t count = first[j];
        first[j] = begin;
        begin += count;
    }
    for (int64_t i = 0; i < m->n_rows; i++) {
        for (int64_t p = m->first[i]; p < m->first[i + 1]; p++) {
            const int64_t to = first[m->columns[p]]++;
            out->columns[to] = (int32_t)i;
            out->values[to] = m->values[p];
        }
    }
    for (int64_t j = m->n_columns; j > 0; j--) first[j] = first[j - 1];
    first[0] = 0;
    return RUNG_OK;
}
