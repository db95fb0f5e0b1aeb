#include "support.h"

#include "kernels/compare.h"

static void sums_agree_with_double(void **state)
{
    (void)state;
    const rung_kernels *d = rung_kernels_double();
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        for (int s = 0; s < N_TEST_SIZES; s++) {
            const int64_t n = test_sizes[s];
            array x = array_random(n, -1, 1, 1), y = array_random(n, -1, 1, 2);
            check_value(k, "sum", n, k->sum(n, x.f), d->sum(n, x.d), 1e-13);
            check_value(k, "sum_squares", n, k->sum_squares(n, x.f),
                        d->sum_squares(n, x.d), 1e-13);
            check_value(k, "dot", n, k->dot(n, x.f, y.f), d->dot(n, x.d, y.d), 1e-13);
            check_value(k, "squared_error", n, k->squared_error(n, x.f, y.f),
                        d->squared_error(n, x.d, y.d), 1e-13);
            array_free(x), array_free(y);
        }
    }
}

static void sums_are_the_definitions(void **state)
{
    (void)state;
    const rung_kernels *d = rung_kernels_double();
    array x = array_random(1000, -1, 1, 1), y = array_random(1000, -1, 1, 2);
    double sum = 0, squares = 0, dot = 0, error = 0;
    for (int i = 0; i < 1000; i++) {
        sum += x.d[i], squares += x.d[i] * x.d[i], dot += x.d[i] * y.d[i];
        error += (x.d[i] - y.d[i]) * (x.d[i] - y.d[i]);
    }
    check_value(d, "sum", 1000, d->sum(1000, x.d), sum, 1e-12);
    check_value(d, "sum_squares", 1000, d->sum_squares(1000, x.d), squares, 1e-12);
    check_value(d, "dot", 1000, d->dot(1000, x.d, y.d), dot, 1e-12);
    check_value(d, "squared_error", 1000, d->squared_error(1000, x.d, y.d), error, 1e-12);
    array_free(x), array_free(y);
}

/* A million numbers of size 1000: sums in float would lose the fourth digit. */
static void long_sums_keep_double_precision(void **state)
{
    (void)state;
    enum { LONG = 1000003 };
    array x = array_random(LONG, 999, 1001, 3);
    double wanted = 0;
    for (int i = 0; i < LONG; i++) wanted += x.d[i];
    for (const rung_kernels *k = first_set(); k; k = next_set(k))
        check_value(k, "sum", LONG, k->sum(LONG, x.f), wanted, 1e-13);
    array_free(x);
}

static void add_rows_adds_every_row_once(void **state)
{
    (void)state;
    const rung_kernels *d = rung_kernels_double();
    static const int64_t rows[] = {0, 1, 2, 7, 8, 9, 16, 21};
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
            for (int s = 0; s < N_TEST_SIZES; s++) {
                const int64_t n = test_sizes[s], ld = n + 3;
                array x = array_random(rows[r] * ld, -1, 1, 4);
                array acc = array_random(n, -1, 1, 5), wanted = array_dup(acc);
                for (int64_t i = 0; i < rows[r]; i++)
                    for (int64_t c = 0; c < n; c++) wanted.d[c] += x.d[i * ld + c];
                d->add_rows(rows[r], n, x.d, ld, acc.d);
                k->add_rows(rows[r], n, x.f, ld, acc.f);
                for (int64_t c = 0; c < n; c++)
                    check_value(d, "add_rows", n, acc.d[c], wanted.d[c], 1e-13);
                check_array(k, "add_rows", acc, 1e-6);
                array_free(x), array_free(acc), array_free(wanted);
            }
    }
}

static void max_rows_finds_the_first_of_the_largest(void **state)
{
    (void)state;
    enum { rows = 9 };
    const rung_kernels *d = rung_kernels_double();
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        for (int s = 0; s < N_TEST_SIZES; s++) {
            const int64_t n = test_sizes[s], ld = n + 3;
            array x = array_random(rows * ld, -1, 1, 6), y = array_new(n);
            int32_t *row = rung__alloc_array((size_t)n + 1, sizeof *row);
            for (int64_t c = 0; c < n; c++) /* the largest stands in rows c and c + 2 */
                for (int64_t r = c % 7; r < rows; r += 2) put(x, r * ld + c, 1);
            d->max_rows(rows, n, x.d, ld, y.d, NULL),
                k->max_rows(rows, n, x.f, ld, y.f, row);
            check_array(k, "max_rows", y, 0);
            for (int64_t c = 0; c < n; c++) {
                check_value(d, "max_rows", n, y.d[c], 1, 0);
                assert_int_equal(row[c], c % 7);
            }
            k->max_rows(1, n, x.f + ld, ld, y.f, row);
            for (int64_t c = 0; c < n; c++) {
                check_value(k, "one row", n, (double)y.f[c], (double)x.f[ld + c], 0);
                assert_int_equal(row[c], 0);
            }
            rung__free(row);
            array_free(x), array_free(y);
        }
    }
}

static void max_rows_keeps_the_first_nan(void **state)
{
    (void)state;
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        const float x[5] = {1, NAN, 3, NAN, 5};
        float y;
        int32_t row;
        k->max_rows(5, 1, x, 1, &y, &row);
        assert_true(isnan(y));
        assert_int_equal(row, 1);
    }
}

static void softmax_agrees_with_double_and_sums_to_one(void **state)
{
    (void)state;
    const rung_kernels *d = rung_kernels_double();
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        for (int s = 0; s < N_TEST_SIZES; s++) {
            const int64_t n = test_sizes[s];
            array x = array_random(n, -20, 20, 6), y = array_new(n);
            double sum = 0, lse = 0;
            for (int64_t i = 0; i < n; i++) lse += exp(x.d[i]);
            lse = log(lse);
            d->softmax_row(n, x.d, y.d), k->softmax_row(n, x.f, y.f);
            check_array(k, "softmax", y, 5e-7);
            for (int64_t i = 0; i < n; i++) {
                check_value(d, "softmax", n, y.d[i], exp(x.d[i] - lse), 1e-13);
                sum += (double)y.f[i];
            }
            if (n > 0) check_value(k, "softmax sum", n, sum, 1, 1e-6);
            check_value(d, "log_sum_exp", n, d->log_sum_exp(n, x.d), lse, 1e-13);
            check_value(k, "log_sum_exp", n, k->log_sum_exp(n, x.f), lse, 2e-7);
            k->softmax_row(n, x.f, x.f), d->softmax_row(n, x.d, x.d); /* in place */
            for (int64_t i = 0; i < n; i++)
                check_value(k, "softmax in place", n, (double)x.f[i], (double)y.f[i], 0);
            array dy = array_random(n, -1, 1, 7), dx = array_new(n);
            d->softmax_grad_row(n, y.d, dy.d, dx.d);
            k->softmax_grad_row(n, y.f, dy.f, dx.f);
            check_array(k, "softmax_grad", dx, 1e-6);
            array_free(x), array_free(y), array_free(dy), array_free(dx);
        }
    }
}

/* Five parts of 1000: nothing, small, large (the others vanish beside it), and so on. */
static void log_sum_exp_of_rows_whose_largest_grows(void **state)
{
    (void)state;
    enum { PART = 1000, PARTS = 5, n = PART * PARTS };
    const double parts[PARTS] = {-(double)INFINITY, -900, -899, 800, 799};
    const double ends[PARTS] = {-(double)INFINITY, -900 + log(PART),
                                -899 + log(PART * (1 + exp(-1))), 800 + log(PART),
                                800 + log(PART * (1 + exp(-1)))};
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        array x = array_new(n);
        for (int i = 0; i < n; i++) put(x, i, parts[i / PART]);
        for (int i = 0; i < PARTS; i++)
            check_value(k, "log_sum_exp", n, k->log_sum_exp((i + 1) * PART, x.f), ends[i],
                        1e-7);
        put(x, 1500, (double)INFINITY);
        assert_true(k->log_sum_exp(n, x.f) == (double)INFINITY);
        put(x, 4500, (double)NAN);
        assert_true(isnan(k->log_sum_exp(n, x.f)));
        array_free(x);
    }
}

static void softmax_rows_with_special_values(void **state)
{
    (void)state;
    enum { n = 21 };
    const double inf = (double)INFINITY;
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        array x = array_new(n), y = array_new(n);
        for (int i = 0; i < n; i++) put(x, i, -inf);
        assert_true(k->log_sum_exp(n, x.f) == -inf);
        put(x, 20, 3); /* one finite element takes all */
        k->softmax_row(n, x.f, y.f);
        for (int i = 0; i < n; i++)
            check_value(k, "softmax", n, (double)y.f[i], i == 20, 0);
        check_value(k, "log_sum_exp", n, k->log_sum_exp(n, x.f), 3, 0);
        put(x, 4, inf);
        assert_true(k->log_sum_exp(n, x.f) == inf);
        for (int i = 0; i < n; i++) put(x, i, i % 2 ? 3e38 : -3e38); /* near overflow */
        k->softmax_row(n, x.f, y.f);
        for (int i = 0; i < n; i++)
            check_value(k, "softmax", n, (double)y.f[i], i % 2 ? 0.1 : 0, 1e-7);
        for (int at = 0; at < n; at++) { /* NaN anywhere spoils the row */
            for (int i = 0; i < n; i++) put(x, i, i == at ? (double)NAN : i);
            k->softmax_row(n, x.f, y.f);
            for (int i = 0; i < n; i++) assert_true(isnan(y.f[i]));
            assert_true(isnan(k->log_sum_exp(n, x.f)));
            put(x, (at + 1) % n, inf);
            assert_true(isnan(k->log_sum_exp(n, x.f)));
        }
        array_free(x), array_free(y);
    }
}

static void layernorm_agrees_with_double(void **state)
{
    (void)state;
    enum { rows = 3 };
    const rung_kernels *d = rung_kernels_double();
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        for (int s = 1; s < N_TEST_SIZES; s++) {
            const int64_t n = test_sizes[s];
            for (int affine = 0; affine < 2; affine++) {
                array x = array_random(rows * n, 4, 8, 8), y = array_new(rows * n);
                array gamma = array_random(n, 0.5, 2, 9),
                      beta = array_random(n, -1, 1, 10);
                array mean = array_new(rows), rstd = array_new(rows);
                const array none = {NULL, NULL, 0};
                const array g = affine ? gamma : none, b = affine ? beta : none;
                d->layernorm(rows, n, 1e-3, x.d, g.d, b.d, y.d, mean.d, rstd.d);
                k->layernorm(rows, n, 1e-3, x.f, g.f, b.f, y.f, mean.f, rstd.f);
                check_array(k, "layernorm", y, 5e-6);
                check_array(k, "layernorm mean", mean, 1e-6);
                check_array(k, "layernorm rstd", rstd, 2e-6);
                array dy = array_random(rows * n, -1, 1, 11), dx = array_new(rows * n);
                array dgamma = array_random(n, -1, 1, 12), dbeta = array_dup(gamma);
                for (int64_t r = 0; r < rows; r++) /* the same statistics for both */
                    mean.f[r] = (float)mean.d[r], rstd.f[r] = (float)rstd.d[r];
                d->layernorm_grad(rows, n, x.d, g.d, mean.d, rstd.d, dy.d, dx.d, dgamma.d,
                                  dbeta.d);
                k->layernorm_grad(rows, n, x.f, g.f, mean.f, rstd.f, dy.f, dx.f, dgamma.f,
                                  dbeta.f);
                check_array(k, "layernorm_grad dx", dx, 2e-5);
                check_array(k, "layernorm_grad dgamma", dgamma, 5e-6);
                check_array(k, "layernorm_grad dbeta", dbeta, 2e-6);
                k->layernorm(rows, n, 1e-3, x.f, g.f, b.f, x.f, mean.f, rstd.f);
                for (int64_t i = 0; i < rows * n; i++)
                    check_value(k, "layernorm in place", n, (double)x.f[i],
                                (double)y.f[i], 0);
                array_free(x), array_free(y), array_free(gamma), array_free(beta);
                array_free(mean), array_free(rstd), array_free(dy), array_free(dx);
                array_free(dgamma), array_free(dbeta);
            }
        }
    }
}

/* A row far from zero, where E[x^2] - E[x]^2 would lose everything. */
static void layernorm_keeps_a_small_variance_beside_a_large_mean(void **state)
{
    (void)state;
    enum { n = 64 };
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        array x = array_new(n), y = array_new(n);
        for (int i = 0; i < n; i++) put(x, i, 10000 + (i % 2 ? 0.5 : -0.5));
        float mean, rstd;
        k->layernorm(1, n, 0, x.f, NULL, NULL, y.f, &mean, &rstd);
        for (int i = 0; i < n; i++)
            check_value(k, "layernorm", n, (double)y.f[i], i % 2 ? 1 : -1, 1e-6);
        array_free(x), array_free(y);
    }
}

static void losses_agree_with_double(void **state)
{
    (void)state;
    const rung_kernels *d = rung_kernels_double();
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        for (int s = 1; s < N_TEST_SIZES; s++) {
            const int64_t n = test_sizes[s], target = n / 2;
            for (int smooth = 0; smooth < 2; smooth++) {
                array x = array_random(n, -9, 9, 13), lse = array_new(1);
                array dx = array_new(n);
                const double share = 0.1 * smooth;
                const double wanted = d->cross_entropy_row(n, x.d, target, share, lse.d);
                const double loss = k->cross_entropy_row(n, x.f, target, share, lse.f);
                check_value(k, "cross_entropy", n, loss, wanted, 3e-7);
                check_array(k, "cross_entropy lse", lse, 3e-7);
                d->cross_entropy_grad_row(n, x.d, lse.d, target, share, 0.5, dx.d);
                k->cross_entropy_grad_row(n, x.f, lse.f, target, share, 0.5, dx.f);
                check_array(k, "cross_entropy_grad", dx, 1e-6);
                array_free(x), array_free(lse), array_free(dx);
            }
        }
        for (int s = 0; s < N_TEST_SIZES; s++) {
            const int64_t n = test_sizes[s];
            array x = array_random(n, -30, 30, 14), t = array_random(n, 0, 1, 15);
            array dx = array_new(n);
            check_value(k, "bce", n, k->bce(n, x.f, t.f), d->bce(n, x.d, t.d), 1e-6);
            d->bce_grad(n, 0.25, x.d, t.d, dx.d), k->bce_grad(n, 0.25, x.f, t.f, dx.f);
            check_array(k, "bce_grad", dx, 3e-7);
            array_free(x), array_free(t), array_free(dx);
        }
    }
}

static void the_double_set_computes_the_losses(void **state)
{
    (void)state;
    const rung_kernels *d = rung_kernels_double();
    const double x[3] = {0.5, -1, 2}, t[3] = {1, 0, 0.25}, s = 0.2;
    const double lse = log(exp(0.5) + exp(-1) + exp(2));
    double saved, bce = 0;
    check_value(d, "cross_entropy", 3, d->cross_entropy_row(3, x, 1, s, &saved),
                lse + (1 - s) * 1 - s * 1.5 / 3, 1e-14);
    check_value(d, "lse", 3, saved, lse, 1e-14);
    for (int i = 0; i < 3; i++) {
        const double p = 1 / (1 + exp(-x[i]));
        bce -= t[i] * log(p) + (1 - t[i]) * log(1 - p);
    }
    check_value(d, "bce", 3, d->bce(3, x, t), bce, 1e-14);
}

static void losses_with_special_values(void **state)
{
    (void)state;
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        const float x[3] = {1, -INFINITY, 1}, large[3] = {-1e30f, 1e30f, 0};
        float lse;
        check_value(k, "forbidden class", 3, k->cross_entropy_row(3, x, 0, 0, &lse),
                    log(2), 1e-7);
        check_value(k, "forbidden target", 3, k->cross_entropy_row(3, x, 1, 0, &lse),
                    (double)INFINITY, 0);
        check_value(k, "certain", 3, k->cross_entropy_row(3, large, 1, 0, &lse), 0, 0);
        const float t[3] = {0, 1, 0};
        check_value(k, "bce", 3, k->bce(3, large, t), log(2), 1e-7);
        const float nan[2] = {0, NAN};
        assert_true(isnan(k->bce(2, nan, t)));
        assert_true(isnan(k->cross_entropy_row(2, nan, 0, 0, &lse)));
    }
}

/* ---- gradients are derivatives, by differences in double ---- */

typedef struct row_case {
    array x, y, weights, gamma, beta, mean, rstd;
    int64_t rows, n, target;
} row_case;

static double softmax_loss(void *ctx)
{
    const row_case *c = ctx;
    rung_kernels_double()->softmax_row(c->n, c->x.d, c->y.d);
    return weighted(c->weights, c->y);
}

static void softmax_gradient_is_the_derivative(void **state)
{
    (void)state;
    enum { n = 23 };
    row_case c = {.x = array_random(n, -2, 2, 16),
                  .y = array_new(n),
                  .weights = array_random(n, -1, 1, 17),
                  .n = n};
    array dx = array_new(n);
    softmax_loss(&c);
    rung_kernels_double()->softmax_grad_row(n, c.y.d, c.weights.d, dx.d);
    check_gradient("softmax", c.x, dx, softmax_loss, &c);
    array_free(c.x), array_free(c.y), array_free(c.weights), array_free(dx);
}

static double layernorm_loss(void *ctx)
{
    const row_case *c = ctx;
    rung_kernels_double()->layernorm(c->rows, c->n, 1e-5, c->x.d, c->gamma.d, c->beta.d,
                                     c->y.d, c->mean.d, c->rstd.d);
    return weighted(c->weights, c->y);
}

static void layernorm_gradients_are_derivatives(void **state)
{
    (void)state;
    enum { rows = 3, n = 19 };
    row_case c = {.x = array_random(rows * n, -2, 2, 18),
                  .y = array_new(rows * n),
                  .weights = array_random(rows * n, -1, 1, 19),
                  .gamma = array_random(n, 0.5, 2, 20),
                  .beta = array_random(n, -1, 1, 21),
                  .mean = array_new(rows),
                  .rstd = array_new(rows),
                  .rows = rows,
                  .n = n};
    array dx = array_new(rows * n), dgamma = array_new(n), dbeta = array_new(n);
    layernorm_loss(&c);
    rung_kernels_double()->layernorm_grad(rows, n, c.x.d, c.gamma.d, c.mean.d, c.rstd.d,
                                          c.weights.d, dx.d, dgamma.d, dbeta.d);
    check_gradient("layernorm x", c.x, dx, layernorm_loss, &c);
    check_gradient("layernorm gamma", c.gamma, dgamma, layernorm_loss, &c);
    check_gradient("layernorm beta", c.beta, dbeta, layernorm_loss, &c);
    array_free(c.x), array_free(c.y), array_free(c.weights), array_free(c.gamma);
    array_free(c.beta), array_free(c.mean), array_free(c.rstd);
    array_free(dx), array_free(dgamma), array_free(dbeta);
}

static double cross_entropy_loss(void *ctx)
{
    const row_case *c = ctx;
    double lse;
    return 0.7 *
           rung_kernels_double()->cross_entropy_row(c->n, c->x.d, c->target, 0.1, &lse);
}

static double bce_loss(void *ctx)
{
    const row_case *c = ctx;
    return 0.7 * rung_kernels_double()->bce(c->n, c->x.d, c->y.d);
}

static void loss_gradients_are_derivatives(void **state)
{
    (void)state;
    enum { n = 29 };
    const rung_kernels *d = rung_kernels_double();
    row_case c = {.x = array_random(n, -3, 3, 22),
                  .y = array_random(n, 0, 1, 23),
                  .n = n,
                  .target = 11};
    array dx = array_new(n);
    double lse;
    d->cross_entropy_row(n, c.x.d, c.target, 0.1, &lse);
    d->cross_entropy_grad_row(n, c.x.d, &lse, c.target, 0.1, 0.7, dx.d);
    check_gradient("cross_entropy", c.x, dx, cross_entropy_loss, &c);
    d->bce_grad(n, 0.7, c.x.d, c.y.d, dx.d);
    check_gradient("bce", c.x, dx, bce_loss, &c);
    array_free(c.x), array_free(c.y), array_free(dx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_agree_with_double),
        cmocka_unit_test(sums_are_the_definitions),
        cmocka_unit_test(long_sums_keep_double_precision),
        cmocka_unit_test(add_rows_adds_every_row_once),
        cmocka_unit_test(max_rows_finds_the_first_of_the_largest),
        cmocka_unit_test(max_rows_keeps_the_first_nan),
        cmocka_unit_test(softmax_agrees_with_double_and_sums_to_one),
        cmocka_unit_test(log_sum_exp_of_rows_whose_largest_grows),
        cmocka_unit_test(softmax_rows_with_special_values),
        cmocka_unit_test(layernorm_agrees_with_double),
        cmocka_unit_test(layernorm_keeps_a_small_variance_beside_a_large_mean),
        cmocka_unit_test(losses_agree_with_double),
        cmocka_unit_test(the_double_set_computes_the_losses),
        cmocka_unit_test(losses_with_special_values),
        cmocka_unit_test(softmax_gradient_is_the_derivative),
        cmocka_unit_test(layernorm_gradients_are_derivatives),
        cmocka_unit_test(loss_gradients_are_derivatives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
