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

/* ---- The transpose ---- */

#define MAX_PARTS 16

/* A counting sort by columns. The rows are in parts, one a task, each of which knows
 * where its values go. */
typedef struct transposition {
    const rung_csr *m;
    rung_csr *out;
    int64_t n_parts;
    int64_t *next; /* [n_parts, n_columns]: how many values a part has in a column, then
                      where the next one goes; owned */
} transposition;

static int64_t part_begin(const transposition *t, int64_t part)
{
    return t->m->n_rows * part / t->n_parts;
}

static void count_part(void *ctx, int64_t part, int worker)
{
    (void)worker;
    const transposition *t = ctx;
    const rung_csr *m = t->m;
    int64_t *counts = t->next + part * m->n_columns;
    const int64_t end = m->first[part_begin(t, part + 1)];
    for (int64_t p = m->first[part_begin(t, part)]; p < end; p++) counts[m->columns[p]]++;
}

static void find_places(const transposition *t)
{
    const int64_t n_columns = t->m->n_columns;
    int64_t place = 0;
    for (int64_t j = 0; j < n_columns; j++) {
        for (int64_t k = 0; k < t->n_parts; k++) {
            int64_t *next = &t->next[k * n_columns + j];
            const int64_t count = *next;
            *next = place;
            place += count;
        }
        t->out->first[j + 1] = place;
    }
}

static void move_part(void *ctx, int64_t part, int worker)
{
    (void)worker;
    const transposition *t = ctx;
    const rung_csr *m = t->m;
    int64_t *next = t->next + part * m->n_columns;
    for (int64_t i = part_begin(t, part); i < part_begin(t, part + 1); i++) {
        for (int64_t p = m->first[i]; p < m->first[i + 1]; p++) {
            const int64_t to = next[m->columns[p]]++;
            t->out->columns[to] = (int32_t)i;
            t->out->values[to] = m->values[p];
        }
    }
}

rung_status rung__csr_transpose(rung_csr *out, const rung_csr *m, rung_pool *pool,
                                rung_error *err)
{
    const int64_t n = m->first[m->n_rows];
    transposition t = {m, out, .n_parts = rung_pool_threads(pool)};
    // No more places than values: these take memory enough.
    while (t.n_parts > 1 && (t.n_parts > MAX_PARTS || t.n_parts * m->n_columns > n))
        t.n_parts--;
    const size_t cells = (size_t)(t.n_parts * m->n_columns);
    RUNG_TRY(rung__csr_new(out, m->n_columns, m->n_rows, n, err));
    t.next = rung__alloc_array(cells, sizeof *t.next);
    if (!t.next) {
        rung__csr_release(out);
        return rung__out_of_memory(err, cells * 8, "a transposed matrix");
    }
    rung_pool_run(pool, t.n_parts, count_part, &t);
    find_places(&t);
    rung_pool_run(pool, t.n_parts, move_part, &t);
    rung__free(t.next);
    return RUNG_OK;
}
