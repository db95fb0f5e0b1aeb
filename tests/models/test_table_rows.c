/* Rows of tables as sparse matrices. */
#include "support.h"

#include "models/table_rows.h"

static rung_error err;

static void dense_rows_lose_their_zeros(void **state)
{
    (void)state;
    const double x[] = {1, 0, 2, -1, 0, 3, 0, -1}; // a stride of 4
    const rung_rows rows = {.n = 2, .n_features = 3, .x = x, .stride = 4};
    rung_csr m;
    assert_ok(rung__csr_of_rows(&m, &rows, 3, &err));
    assert_true(m.n_rows == 2 && m.n_columns == 3 && m.first[1] == 2 && m.first[2] == 3);
    assert_true(m.columns[0] == 0 && m.columns[1] == 2 && m.columns[2] == 1);
    assert_true(m.values[0] == 1 && m.values[1] == 2 && m.values[2] == 3);
    rung__csr_release(&m);
}

/* The model has two columns; the third is none of its. */
static void sparse_rows_lose_columns_that_the_model_lacks(void **state)
{
    (void)state;
    const int64_t first[] = {0, 2, 2, 3};
    const int32_t features[] = {1, 2, 0};
    const float values[] = {5, 6, 7};
    const rung_rows rows = {
        .n = 3, .n_features = 3, .first = first, .features = features, .values = values};
    rung_csr m;
    assert_ok(rung__csr_of_rows(&m, &rows, 2, &err));
    assert_true(m.first[1] == 1 && m.first[2] == 1 && m.first[3] == 2);
    assert_true(m.columns[0] == 1 && m.values[0] == 5 && m.columns[1] == 0);
    rung__csr_release(&m);
}

static void what_is_not_finite_is_refused(void **state)
{
    (void)state;
    const float x[] = {1, 2, NAN, 4};
    const rung_rows rows = {
        .n = 2, .n_features = 2, .number = 7, .x = x, .is_float = true, .stride = 2};
    rung_csr m;
    assert_fails(rung__csr_of_rows(&m, &rows, 2, &err), RUNG_INPUT,
                 "row 9: feature 1 is nan: must be finite");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dense_rows_lose_their_zeros),
        cmocka_unit_test(sparse_rows_lose_columns_that_the_model_lacks),
        cmocka_unit_test(what_is_not_finite_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
