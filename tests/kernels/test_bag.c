#include "support.h"

#include "kernels/compare.h"

enum { ROWS = 40 };

/* n different rows of the table, in some order; weights as arrays have them. */
static int32_t *pick_rows(int64_t n, uint64_t key)
{
    int32_t *rows = rung__alloc_array((size_t)n + 1, sizeof *rows);
    for (int64_t p = 0; p < n; p++)
        rows[p] = (int32_t)rung_permute(key, ROWS, (uint64_t)p);
    return rows;
}

static const int64_t counts[] = {0, 1, 2, 3, 4, 5, 8, 9, 12, 31, ROWS};
enum { N_COUNTS = sizeof counts / sizeof *counts };

static void a_bag_is_the_weighted_sum_of_its_rows(void **state)
{
    (void)state;
    const rung_kernels *d = rung_kernels_double();
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        for (int s = 0; s < N_TEST_SIZES; s++)
            for (int c = 0; c < N_COUNTS; c++) {
                const int64_t dim = test_sizes[s], n = counts[c];
                array table = array_random(ROWS * dim, -1, 1, 1);
                array weights = array_random(n, -1, 1, 2), y = array_random(dim, 5, 6, 3);
                int32_t *rows = pick_rows(n, 4);
                k->bag(n, rows, weights.f, dim, table.f, y.f);
                d->bag(n, rows, weights.f, dim, table.d, y.d);
                for (int64_t i = 0; i < dim; i++) {
                    double wanted = 0;
                    for (int64_t p = 0; p < n; p++)
                        wanted += weights.d[p] * table.d[rows[p] * dim + i];
                    check_value(d, "bag", dim, y.d[i], wanted, 1e-13);
                }
                check_array(k, "bag", y, 2e-6);
                rung__free(rows);
                array_free(table), array_free(weights), array_free(y);
            }
    }
}

static void its_gradient_is_added_to_its_rows_and_to_no_other(void **state)
{
    (void)state;
    const rung_kernels *d = rung_kernels_double();
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        for (int s = 0; s < N_TEST_SIZES; s++)
            for (int c = 0; c < N_COUNTS; c++) {
                const int64_t dim = test_sizes[s], n = counts[c];
                array table = array_random(ROWS * dim, -1, 1, 1),
                      wanted = array_dup(table);
                array weights = array_random(n, -1, 1, 2);
                array dy = array_random(dim, -1, 1, 3);
                int32_t *rows = pick_rows(n, 5);
                for (int64_t p = 0; p < n; p++)
                    for (int64_t i = 0; i < dim; i++)
                        wanted.d[rows[p] * dim + i] += -0.7 * weights.d[p] * dy.d[i];
                k->bag_grad(n, rows, weights.f, dim, -0.7, dy.f, table.f);
                d->bag_grad(n, rows, weights.f, dim, -0.7, dy.d, table.d);
                for (int64_t i = 0; i < ROWS * dim; i++)
                    check_value(d, "bag_grad", dim, table.d[i], wanted.d[i], 1e-13);
                check_array(k, "bag_grad", table, 1e-6);
                rung__free(rows);
                array_free(table), array_free(wanted), array_free(weights);
                array_free(dy);
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bag_is_the_weighted_sum_of_its_rows),
        cmocka_unit_test(its_gradient_is_added_to_its_rows_and_to_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
