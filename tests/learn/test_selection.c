/* Scores of features against scikit-learn, SciPy and the paper's equations. */
#include "support.h"

#include "golden.h"
#include "pool.h"
#include "learn/selection.h"

static rung_error err;

enum { N = 300, D = 24, K = 3 };

/* The golden rows, sparse. */
static rung_csr golden_rows(const rung_safetensors *file)
{
    const int32_t *has = golden_find(file, "rows")->data;
    rung_csr x;
    int64_t n = 0;
    for (int64_t i = 0; i < N * D; i++) n += has[i];
    assert_ok(rung__csr_new(&x, N, D, n, &err));
    n = 0;
    for (int32_t i = 0; i < N; i++) {
        for (int32_t j = 0; j < D; j++) {
            if (!has[i * D + j]) continue;
            x.columns[n] = j;
            x.values[n++] = 0.25f; // only whether it is there counts
        }
        x.first[i + 1] = n;
    }
    return x;
}

static void assert_scores(const rung_safetensors *file, const char *name,
                          void (*score)(double *, const rung_label_counts *),
                          const rung_label_counts *c)
{
    double scores[D];
    const double *wanted = golden_find(file, "%s", name)->data;
    score(scores, c);
    for (int j = 0; j < D; j++) assert_near(scores[j], wanted[j], 1e-9 * (1 + wanted[j]));
}

static void scores_are_those_of_scikit_learn(void **state)
{
    (void)state;
    rung_safetensors *file = golden_open("selection");
    rung_csr rows = golden_rows(file);
    const rung_logistic_data data = {
        .rows = &rows, .n_labels = K, .labels = golden_find(file, "labels")->data};
    rung_label_counts c;
    assert_ok(rung__label_counts(&c, &data, &err));
    assert_scores(file, "df", rung__score_df, &c);
    assert_scores(file, "chi2", rung__score_chi2, &c);
    assert_scores(file, "mutual", rung__score_mutual, &c);
    assert_scores(file, "log_odds", rung__score_log_odds, &c);
    rung__label_counts_release(&c);
    rung__csr_release(&rows);
    rung_safetensors_close(file);
}

/* Three columns: one tells the label of many rows, one of few, one of none. */
static rung_csr three_columns(int32_t *labels)
{
    rung_csr x;
    assert_ok(rung__csr_new(&x, 40, 3, 40 + 16 + 5, &err));
    int64_t n = 0;
    for (int32_t i = 0; i < 40; i++) {
        labels[i] = i % 2;
        if (i % 2 && i % 10 != 1) x.columns[n] = 0, x.values[n++] = 1;
        if (i % 8 == 0) x.columns[n] = 1, x.values[n++] = 1;
        x.columns[n] = 2, x.values[n++] = 1;
        x.first[i + 1] = n;
    }
    return x;
}

static void the_path_begins_with_what_tells_most(void **state)
{
    (void)state;
    int32_t labels[40], order[3];
    double scores[3];
    rung_csr rows = three_columns(labels);
    const rung_logistic_data data = {.rows = &rows, .n_labels = 2, .labels = labels};
    assert_ok(rung__score_l1(scores, &data, 2, pool, &err));
    assert_true(scores[0] > scores[1] && scores[1] > 0);
    // The first l1 is 16 rows times 1/2; in halves from there.
    assert_true(scores[0] >= 4 && scores[0] < 8);
    assert_ok(rung__rank_columns(order, scores, 3, &err));
    assert_int_equal(order[0], 0);
    assert_int_equal(order[1], 1);
    rung__csr_release(&rows);
}

static void nothing_to_count_is_zero(void **state)
{
    (void)state;
    int32_t labels[] = {0, 1};
    double scores[2];
    rung_csr rows;
    rung_label_counts c;
    assert_ok(rung__csr_new(&rows, 2, 2, 2, &err));
    rows.first[1] = 1, rows.first[2] = 2; // column 0 in both rows, column 1 in none
    rows.values[0] = rows.values[1] = 1;
    const rung_logistic_data data = {.rows = &rows, .n_labels = 2, .labels = labels};
    assert_ok(rung__label_counts(&c, &data, &err));
    void (*const all[])(double *, const rung_label_counts *) = {
        rung__score_chi2, rung__score_mutual, rung__score_log_odds};
    for (int i = 0; i < 3; i++) {
        all[i](scores, &c);
        assert_true(scores[0] == 0 && scores[1] == 0);
    }
    rung__label_counts_release(&c);
    rung__csr_release(&rows);
}

static void equal_scores_keep_their_order(void **state)
{
    (void)state;
    const double scores[] = {1, 3, 1, 0, 3};
    const int32_t wanted[] = {1, 4, 0, 2, 3};
    int32_t order[5];
    assert_ok(rung__rank_columns(order, scores, 5, &err));
    assert_memory_equal(order, wanted, sizeof wanted);
}

static rung_status score_all(void *ctx, rung_error *error)
{
    const rung_logistic_data *data = ctx;
    rung_label_counts c;
    double scores[3];
    int32_t order[3];
    RUNG_TRY(rung__label_counts(&c, data, error));
    rung__score_chi2(scores, &c);
    rung__label_counts_release(&c);
    RUNG_TRY(rung__score_l1(scores, data, 3, pool, error));
    return rung__rank_columns(order, scores, 3, error);
}

static void failed_allocations_leave_no_trace(void **state)
{
    (void)state;
    int32_t labels[40];
    rung_csr rows = three_columns(labels);
    rung_logistic_data data = {.rows = &rows, .n_labels = 2, .labels = labels};
    assert_true(assert_survives_failed_allocations(score_all, &data) > 8);
    rung__csr_release(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_of_scikit_learn),
        cmocka_unit_test(the_path_begins_with_what_tells_most),
        cmocka_unit_test(nothing_to_count_is_zero),
        cmocka_unit_test(equal_scores_keep_their_order),
        cmocka_unit_test(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, open_pool, close_pool);
}
