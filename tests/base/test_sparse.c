/* Sparse matrices: the transpose against a dense one. */
#include "support.h"

#include "base/rng.h"
#include "base/sparse.h"

static rung_error err;

enum { ROWS = 37, COLUMNS = 23 };

/* Random, with empty rows and columns. */
static void fill(rung_csr *m, float dense[ROWS][COLUMNS])
{
    rung_rng rng = rung_rng_make(5);
    int64_t n = 0;
    assert_ok(rung__csr_new(m, ROWS, COLUMNS, ROWS * COLUMNS, &err));
    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < COLUMNS; j++) {
            const bool is_zero = i % 10 == 9 || j == 4 || rung_rng_below(&rng, 3) > 0;
            dense[i][j] = is_zero ? 0 : (float)(1 + i * COLUMNS + j);
            if (is_zero) continue;
            m->columns[n] = j;
            m->values[n++] = dense[i][j];
        }
        m->first[i + 1] = n;
    }
    assert_true(n > 100);
}

static rung_pool *new_pool(int threads)
{
    rung_pool *pool;
    assert_ok(rung_pool_new(&pool, threads, &err));
    return pool;
}

static void check_transpose(int threads)
{
    static float dense[ROWS][COLUMNS];
    rung_csr m, t;
    rung_pool *pool = new_pool(threads);
    fill(&m, dense);
    assert_ok(rung__csr_transpose(&t, &m, pool, &err));
    assert_int_equal(t.n_rows, COLUMNS);
    assert_int_equal(t.n_columns, ROWS);
    assert_int_equal(t.first[COLUMNS], m.first[ROWS]);
    for (int64_t j = 0; j < COLUMNS; j++) {
        for (int64_t p = t.first[j]; p < t.first[j + 1]; p++) {
            assert_true(p == t.first[j] || t.columns[p] > t.columns[p - 1]);
            assert_true(t.values[p] == dense[t.columns[p]][j]);
        }
    }
    rung__csr_release(&t);
    rung__csr_release(&m);
    rung_pool_free(pool);
}

static void transposing_swaps_rows_and_columns(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 20; threads += 6) check_transpose(threads);
}

static void empty_matrices_are_fine(void **state)
{
    (void)state;
    rung_csr m, t;
    rung_pool *pool = new_pool(2);
    assert_ok(rung__csr_new(&m, 0, 3, 0, &err));
    assert_ok(rung__csr_transpose(&t, &m, pool, &err));
    assert_int_equal(t.first[3], 0);
    rung__csr_release(&t);
    rung__csr_release(&m);
    rung_pool_free(pool);
}

typedef struct transposing {
    rung_csr m;
    rung_pool *pool;
} transposing;

static rung_status transpose_once(void *ctx, rung_error *error)
{
    const transposing *k = ctx;
    rung_csr t;
    RUNG_TRY(rung__csr_transpose(&t, &k->m, k->pool, error));
    rung__csr_release(&t);
    return RUNG_OK;
}

static void failed_allocations_leave_no_trace(void **state)
{
    (void)state;
    static float dense[ROWS][COLUMNS];
    transposing k = {.pool = new_pool(2)};
    fill(&k.m, dense);
    assert_int_equal(assert_survives_failed_allocations(transpose_once, &k), 4);
    rung__csr_release(&k.m);
    rung_pool_free(k.pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transposing_swaps_rows_and_columns),
        cmocka_unit_test(empty_matrices_are_fine),
        cmocka_unit_test(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
