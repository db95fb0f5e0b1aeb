/* The Cholesky factorisation. */
#include "support.h"

#include "base/cholesky.h"
#include "base/rng.h"

enum { N = 37 };

static void a_system_is_solved(void **state)
{
    (void)state;
    double b[N][N], a[N][N], x[N], y[N];
    rung_rng rng = rung_rng_make(1);
    for (int i = 0; i < N; i++) {
        x[i] = rung_rng_normal(&rng);
        for (int j = 0; j < N; j++) b[i][j] = rung_rng_normal(&rng);
    }
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            a[i][j] = i == j;
            for (int k = 0; k < N; k++) a[i][j] += b[i][k] * b[j][k];
        }
    }
    for (int i = 0; i < N; i++) {
        y[i] = 0;
        for (int j = 0; j < N; j++) y[i] += a[i][j] * x[j];
        for (int j = i + 1; j < N; j++) a[i][j] = NAN; // not looked at
    }
    assert_true(rung__cholesky(a[0], N, 1e-14));
    rung__cholesky_solve(a[0], N, y);
    for (int i = 0; i < N; i++) assert_near(y[i], x[i], 1e-10);
}

/* The third row is the sum of the others; the last matrix is indefinite. */
static void what_is_not_positive_definite_is_told(void **state)
{
    (void)state;
    double good[] = {4, 0, 2, 3}, rest[] = {2, 0, 0, 1, 2, 0, 3, 3, 6};
    double bad[] = {1, 0, 2, 1}, nan[] = {NAN}, zero[] = {0};
    assert_true(rung__cholesky(good, 2, 1e-14));
    assert_near(good[3], sqrt(2), 1e-15);
    assert_false(rung__cholesky(rest, 3, 1e-14));
    assert_false(rung__cholesky(bad, 2, 1e-14));
    assert_false(rung__cholesky(nan, 1, 1e-14));
    assert_false(rung__cholesky(zero, 1, 1e-14));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_system_is_solved),
        cmocka_unit_test(what_is_not_positive_definite_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
