/* The minimiser, on functions whose minima are known. */
#include "support.h"

#include "learn/lbfgs.h"

static rung_error err;

enum { N = 20000 }; // several blocks

/* Rosenbrock's valley in many dimensions, minimum 0 at (1, 1, ...). */
static double valley(void *self, const double *w, double *g)
{
    double value = 0;
    (void)self;
    for (int i = 0; i < 10; i += 2) {
        const double a = w[i + 1] - w[i] * w[i], b = 1 - w[i];
        value += 100 * a * a + b * b;
        g[i] = -400 * a * w[i] - 2 * b;
        g[i + 1] = 200 * a;
    }
    return value;
}

/* sum of c (w - 1)^2 / 2 with curvatures c from 1e-3 to 1e3. */
static double curvature(int64_t i)
{
    return pow(10, 6.0 * (double)i / (N - 1) - 3);
}

static double bowl(void *self, const double *w, double *g)
{
    double value = 0;
    (void)self;
    for (int64_t i = 0; i < N; i++) {
        g[i] = curvature(i) * (w[i] - 1);
        value += 0.5 * g[i] * (w[i] - 1);
    }
    return value;
}

static void bowl_diagonal(void *self, double *d)
{
    (void)self;
    for (int64_t i = 0; i < N; i++) d[i] = curvature(i);
}

/* Infinite beyond 2: steps must be shortened. */
static double wall(void *self, const double *w, double *g)
{
    (void)self;
    g[0] = -1 + 1 / (2 - w[0]);
    return w[0] < 2 ? -w[0] - log(2 - w[0]) : NAN;
}

/* Never ends falling. */
static double slope(void *self, const double *w, double *g)
{
    (void)self;
    g[0] = -1;
    return -w[0];
}

static rung_pool *new_pool(int threads)
{
    rung_pool *pool;
    assert_ok(rung_pool_new(&pool, threads, &err));
    return pool;
}

static rung_lbfgs_result minimise(rung_objective f, double *w, double tolerance)
{
    rung_pool *pool = new_pool(2);
    const rung_lbfgs_config config = {5, 500, tolerance};
    rung_lbfgs_result r;
    assert_ok(rung__lbfgs(w, &r, &f, &config, pool, &err));
    rung_pool_free(pool);
    return r;
}

static void a_crooked_valley_is_followed_to_its_end(void **state)
{
    (void)state;
    double w[10];
    for (int i = 0; i < 10; i++) w[i] = i % 2 ? 1 : -1.2;
    const rung_lbfgs_result r =
        minimise((rung_objective){valley, NULL, NULL, 10}, w, 1e-9);
    assert_true(r.converged);
    assert_true(r.evaluations < 60);
    for (int i = 0; i < 10; i++) assert_near(w[i], 1, 1e-8);
}

static void the_diagonal_evens_out_curvatures(void **state)
{
    (void)state;
    double *w = rung__alloc_array(N, sizeof *w);
    rung_lbfgs_result r =
        minimise((rung_objective){bowl, bowl_diagonal, NULL, N}, w, 1e-9);
    assert_true(r.converged);
    assert_true(r.evaluations <= 3);
    memset(w, 0, N * sizeof *w);
    r = minimise((rung_objective){bowl, NULL, NULL, N}, w, 1e-5);
    assert_true(r.evaluations > 100);
    rung__free(w);
}

static void values_that_are_not_finite_shorten_the_step(void **state)
{
    (void)state;
    double w = -100;
    const rung_lbfgs_result r = minimise((rung_objective){wall, NULL, NULL, 1}, &w, 1e-9);
    assert_true(r.converged);
    assert_near(w, 1, 1e-8);
}

static void what_has_no_minimum_ends_without_converging(void **state)
{
    (void)state;
    double w = 0;
    const rung_lbfgs_result r =
        minimise((rung_objective){slope, NULL, NULL, 1}, &w, 1e-9);
    assert_true(w > 1e5);
    assert_true(r.gradient_norm == 1);
}

/* At the minimum already; and one step allowed. */
static void it_stops_when_told(void **state)
{
    (void)state;
    double w[10];
    for (int i = 0; i < 10; i++) w[i] = 1;
    const rung_objective f = {valley, NULL, NULL, 10};
    rung_lbfgs_result r = minimise(f, w, 1e-9);
    assert_true(r.converged && r.iterations == 0 && r.evaluations == 1);
    rung_pool *pool = new_pool(1);
    const rung_lbfgs_config config = {5, 3, 1e-12};
    w[0] = 4;
    assert_ok(rung__lbfgs(w, &r, &f, &config, pool, &err));
    assert_true(!r.converged && r.iterations == 3);
    rung_pool_free(pool);
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    const rung_objective f = {bowl, NULL, NULL, N};
    const rung_lbfgs_config config = {5, 40, 1e-9};
    double *w = rung__alloc_array(3 * N, sizeof *w);
    rung_lbfgs_result r;
    for (int threads = 1; threads <= 3; threads++) {
        rung_pool *pool = new_pool(threads);
        assert_ok(rung__lbfgs(w + (threads - 1) * N, &r, &f, &config, pool, &err));
        rung_pool_free(pool);
    }
    assert_memory_equal(w, w + N, N * sizeof *w);
    assert_memory_equal(w, w + 2 * N, N * sizeof *w);
    rung__free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crooked_valley_is_followed_to_its_end),
        cmocka_unit_test(the_diagonal_evens_out_curvatures),
        cmocka_unit_test(values_that_are_not_finite_shorten_the_step),
        cmocka_unit_test(what_has_no_minimum_ends_without_converging),
        cmocka_unit_test(it_stops_when_told),
        cmocka_unit_test(threads_do_not_change_a_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
