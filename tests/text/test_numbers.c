/* Numbers beside texts. */
#include "support.h"

#include <float.h>

#include "text/numbers.h"

static rung_error err;

static void names_are_told_apart_by_commas(void **state)
{
    (void)state;
    static const char *const lists[] = {"price,stars", "3", "", "a,,b", NULL};
    static const size_t counts[] = {2, 1, 0, 3};
    for (int i = 0; i < 4; i++)
        assert_int_equal(rung__numbers_count(lists[i]), counts[i]);
    assert_int_equal(rung__numbers_count(NULL), 0);
    rung_span name;
    const char *at = lists[0];
    assert_true(rung__numbers_name(&name, &at));
    assert_int_equal(name.size, 5);
    assert_true(rung__numbers_name(&name, &at));
    assert_ptr_equal(name.bytes, lists[0] + 6);
    assert_int_equal(name.size, 5);
    assert_false(rung__numbers_name(&name, &at));
}

static void scales_are_mean_and_deviation(void **state)
{
    (void)state;
    const double values[] = {1, 7, 2, 7, 4, 7, 9, 7}; // columns 1 2 4 9 and 7 7 7 7
    rung_numbers n;
    assert_ok(rung__numbers_fit(&n, values, 4, 2, &err));
    assert_near(n.scales[0].mean, 4, 0);
    assert_near(n.scales[0].deviation, sqrt(9.5), 1e-15);
    assert_near(n.scales[1].mean, 7, 0);
    assert_true(n.scales[1].deviation == 0);
    rung__numbers_release(&n);
}

/* The sum of a thousand times 0.1 is not 100. */
static void equal_values_have_no_deviation(void **state)
{
    (void)state;
    double values[1000];
    rung_numbers n;
    for (int i = 0; i < 1000; i++) values[i] = 0.1;
    assert_ok(rung__numbers_fit(&n, values, 1000, 1, &err));
    assert_true(n.scales[0].deviation == 0 && n.scales[0].mean == 0.1);
    rung__numbers_release(&n);
}

/* Rows [0 0 5], [], [1 0 2] of three columns. */
static rung_status make_rows(rung_csr *rows, rung_error *error)
{
    RUNG_TRY(rung__csr_new(rows, 3, 3, 3, error));
    memcpy(rows->first, (int64_t[]){0, 1, 1, 3}, 4 * sizeof(int64_t));
    memcpy(rows->columns, (int32_t[]){2, 0, 2}, 3 * sizeof(int32_t));
    memcpy(rows->values, (float[]){5, 1, 2}, 3 * sizeof(float));
    return RUNG_OK;
}

static void columns_are_appended_to_rows(void **state)
{
    (void)state;
    rung_csr rows;
    // The second column is constant in training, the third next to it.
    rung_number_scale scales[] = {{4, 2}, {7, 0}, {0, 1e-300}};
    const rung_numbers n = {3, scales};
    const double values[] = {6, 1, 0, 4, 7, 1, 1, 9, -1};
    const int64_t first[] = {0, 2, 3, 7};
    const int32_t columns[] = {2, 3, 5, 0, 2, 3, 5};
    const float wanted[] = {5, 1, FLT_MAX, 1, 2, -1.5f, -FLT_MAX};
    assert_ok(make_rows(&rows, &err));
    assert_ok(rung__numbers_append(&rows, &n, values, &err));
    assert_int_equal(rows.n_rows, 3);
    assert_int_equal(rows.n_columns, 6);
    assert_memory_equal(rows.first, first, sizeof first);
    assert_memory_equal(rows.columns, columns, sizeof columns);
    assert_memory_equal(rows.values, wanted, sizeof wanted);
    rung__csr_release(&rows);
}

static void without_columns_rows_stay(void **state)
{
    (void)state;
    rung_csr rows;
    const rung_numbers none = {0};
    assert_ok(make_rows(&rows, &err));
    const float *values = rows.values;
    assert_ok(rung__numbers_append(&rows, &none, NULL, &err));
    assert_ptr_equal(rows.values, values);
    assert_int_equal(rows.n_columns, 3);
    rung__csr_release(&rows);
}

static rung_status fit_and_append(void *ctx, rung_error *error)
{
    const double *values = ctx;
    rung_csr rows;
    rung_numbers n;
    RUNG_TRY(rung__numbers_fit(&n, values, 3, 2, error));
    rung_status status = make_rows(&rows, error);
    if (status == RUNG_OK) {
        status = rung__numbers_append(&rows, &n, values, error);
        rung__csr_release(&rows);
    }
    rung__numbers_release(&n);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    (void)state;
    double values[] = {1, 2, 3, 4, 5, 6};
    assert_int_equal(assert_survives_failed_allocations(fit_and_append, values), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_told_apart_by_commas),
        cmocka_unit_test(scales_are_mean_and_deviation),
        cmocka_unit_test(equal_values_have_no_deviation),
        cmocka_unit_test(columns_are_appended_to_rows),
        cmocka_unit_test(without_columns_rows_stay),
        cmocka_unit_test(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
