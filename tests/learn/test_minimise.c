/* The methods of minimising, on functions whose minima are known. */
#include "support.h"

#include "base/rng.h"
#include "learn/minimise.h"

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

static rung_minimise_result minimise_by(rung_minimise_fn *method, rung_objective f,
                                        double *w, double tolerance, int threads)
{
    rung_pool *pool = new_pool(threads);
    const rung_minimise_config config = {tolerance, 1, 500};
    rung_minimise_result r;
    assert_ok(method(w, &r, &f, &config, pool, &err));
    rung_pool_free(pool);
    return r;
}

static rung_minimise_result minimise(rung_objective f, double *w, double tolerance)
{
    return minimise_by(rung__lbfgs, f, w, tolerance, 2);
}

static const rung_objective crooked = {.value = valley, .n = 10, .n_parts = 1};
static const rung_objective round_bowl = {.value = bowl, .n = N, .n_parts = 1};
static const rung_objective even_bowl = {
    .value = bowl, .diagonal = bowl_diagonal, .n = N, .n_parts = 1};

static void a_crooked_valley_is_followed_to_its_end(void **state)
{
    (void)state;
    double w[10];
    for (int i = 0; i < 10; i++) w[i] = i % 2 ? 1 : -1.2;
    const rung_minimise_result r = minimise(crooked, w, 1e-9);
    assert_true(r.converged);
    assert_true(r.evaluations < 60);
    for (int i = 0; i < 10; i++) assert_near(w[i], 1, 1e-8);
}

static void the_diagonal_evens_out_curvatures(void **state)
{
    (void)state;
    double *w = rung__alloc_array(N, sizeof *w);
    rung_minimise_result r = minimise(even_bowl, w, 1e-9);
    assert_true(r.converged);
    assert_true(r.evaluations <= 3);
    memset(w, 0, N * sizeof *w);
    r = minimise(round_bowl, w, 1e-5);
    assert_true(r.evaluations > 50);
    rung__free(w);
}

/* sum of i (w[i] - 1)^2 / 2, i from 1 to 20. */
static double dish(void *self, const double *w, double *g)
{
    double value = 0;
    (void)self;
    for (int i = 0; i < 20; i++) {
        g[i] = (i + 1) * (w[i] - 1);
        value += 0.5 * g[i] * (w[i] - 1);
    }
    return value;
}

/* A step of length 1 is good, also after the scale was found anew. */
static void few_steps_need_a_second_trial(void **state)
{
    (void)state;
    double w[20] = {0};
    const rung_objective f = {.value = dish, .n = 20, .n_parts = 1};
    const rung_minimise_result r = minimise(f, w, 1e-9);
    assert_true(r.converged && r.iterations > 30);
    if (r.evaluations > r.iterations + 6)
        fail_msg("%d evaluations in %d steps", r.evaluations, r.iterations);
}

static void values_that_are_not_finite_shorten_the_step(void **state)
{
    (void)state;
    double w = -100;
    const rung_objective f = {.value = wall, .n = 1, .n_parts = 1};
    const rung_minimise_result r = minimise(f, &w, 1e-9);
    assert_true(r.converged);
    assert_near(w, 1, 1e-8);
}

static void what_has_no_minimum_ends_without_converging(void **state)
{
    (void)state;
    double w = 0;
    const rung_objective f = {.value = slope, .n = 1, .n_parts = 1};
    const rung_minimise_result r = minimise(f, &w, 1e-9);
    assert_true(w > 1e5);
    assert_true(r.gradient_norm == 1);
}

/* At the minimum already; and three steps allowed. */
static void it_stops_when_told(void **state)
{
    (void)state;
    double w[10];
    for (int i = 0; i < 10; i++) w[i] = 1;
    rung_minimise_result r = minimise(crooked, w, 1e-9);
    assert_true(r.converged && r.iterations == 0 && r.evaluations == 1);
    rung_pool *pool = new_pool(1);
    const rung_minimise_config config = {1e-12, 1, 3};
    w[0] = 4;
    assert_ok(rung__lbfgs(w, &r, &crooked, &config, pool, &err));
    assert_true(!r.converged && r.iterations == 3);
    rung_pool_free(pool);
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    rung_pool *pools[] = {new_pool(1), new_pool(2), new_pool(3)};
    const rung_minimise_config config = {1e-9, 1, 40};
    double *w = rung__alloc_array(3 * N, sizeof *w);
    rung_minimise_result r;
    for (int l1 = 0; l1 < 2; l1++) {
        rung_objective f = round_bowl;
        if (l1) f.l1 = 0.1, f.n_l1 = N;
        memset(w, 0, 3 * N * sizeof *w);
        for (int i = 0; i < 3; i++)
            assert_ok(rung__lbfgs(w + i * N, &r, &f, &config, pools[i], &err));
        assert_memory_equal(w, w + N, N * sizeof *w);
        assert_memory_equal(w, w + 2 * N, N * sizeof *w);
    }
    rung__free(w);
    for (int i = 0; i < 3; i++) rung_pool_free(pools[i]);
}

/* ---- l1 ---- */

/* Of c (w - 1)^2 / 2 + l1 |w|: 1 - l1 / c, or 0. The last ones are not penalised. */
static void l1_makes_zeros_and_shrinks_the_rest(void **state)
{
    (void)state;
    double *w = rung__alloc_array(N, sizeof *w);
    rung_objective f = even_bowl;
    f.l1 = 0.1, f.n_l1 = N - 5;
    const rung_minimise_result r = minimise(f, w, 1e-9);
    double value = 0;
    assert_true(r.converged);
    for (int64_t i = 0; i < N; i++) {
        const double c = curvature(i), l1 = i < N - 5 ? 0.1 : 0;
        const double must = fmax(0, 1 - l1 / c);
        assert_near(w[i], must, 1e-6);
        assert_true((w[i] == 0) == (must == 0));
        value += 0.5 * c * (w[i] - 1) * (w[i] - 1) + l1 * fabs(w[i]);
    }
    assert_near(r.value, value, 1e-9 * value);
    rung__free(w);
}

/* ---- Curvature ---- */

/* sum of ln cosh(w[i]) + (A w - 1)^2 / 2 with a random symmetric A: convex, and w[i] and
 * w[j] curve together only in pairs of equal parity. */
enum { SMALL = 8 };
typedef struct cosh_bowl {
    double a[SMALL][SMALL], w[SMALL];
} cosh_bowl;

static double cosh_value(void *self, const double *w, double *g)
{
    cosh_bowl *c = self;
    double value = 0;
    memcpy(c->w, w, sizeof c->w);
    for (int i = 0; i < SMALL; i++) {
        value += log(cosh(w[i]));
        g[i] = tanh(w[i]);
    }
    for (int i = 0; i < SMALL; i++) {
        double sum = -1;
        for (int j = 0; j < SMALL; j++) sum += c->a[i][j] * w[j];
        value += 0.5 * sum * sum;
        for (int j = 0; j < SMALL; j++) g[j] += sum * c->a[i][j];
    }
    return value;
}

static double cosh_curvature(const cosh_bowl *c, int i, int j)
{
    double h = i == j ? 1 - tanh(c->w[i]) * tanh(c->w[i]) : 0;
    for (int k = 0; k < SMALL; k++) h += c->a[k][i] * c->a[k][j];
    return h;
}

static void cosh_product(void *self, const double *v, double *hv)
{
    for (int i = 0; i < SMALL; i++) {
        hv[i] = 0;
        for (int j = 0; j < SMALL; j++) hv[i] += cosh_curvature(self, i, j) * v[j];
    }
}

static void cosh_diagonal(void *self, double *d)
{
    for (int i = 0; i < SMALL; i++) d[i] = cosh_curvature(self, i, i);
}

static void cosh_hessian(void *self, int64_t part, double *h)
{
    const int m = SMALL / 2;
    for (int i = 0; i < m; i++)
        for (int j = 0; j < m; j++)
            h[i * m + j] = cosh_curvature(self, 2 * i + (int)part, 2 * j + (int)part);
}

static void newtons_methods_take_few_steps(void **state)
{
    (void)state;
    cosh_bowl c = {0};
    double w[3][SMALL];
    rung_rng rng = rung_rng_make(5);
    const rung_objective f = {.value = cosh_value,
                              .diagonal = cosh_diagonal,
                              .product = cosh_product,
                              .hessian = cosh_hessian,
                              .self = &c,
                              .n = SMALL,
                              .n_parts = 2};
    for (int i = 0; i < SMALL; i++)
        for (int j = i % 2; j <= i; j += 2) c.a[i][j] = c.a[j][i] = rung_rng_normal(&rng);
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < SMALL; i++) w[k][i] = i % 2 ? 30 : -20; // far away
    const rung_minimise_result newton = minimise_by(rung__newton, f, w[0], 1e-12, 1);
    const rung_minimise_result region =
        minimise_by(rung__trust_region, f, w[1], 1e-12, 1);
    const rung_minimise_result lbfgs = minimise_by(rung__lbfgs, f, w[2], 1e-8, 1);
    assert_true(newton.converged && newton.iterations <= 12);
    assert_true(region.converged && region.iterations <= 20);
    assert_true(lbfgs.converged);
    for (int i = 0; i < SMALL; i++) {
        assert_near(w[0][i], w[2][i], 1e-7);
        assert_near(w[1][i], w[2][i], 1e-7);
    }
}

/* With l1 Newton's coordinates and the orthants end at the same place. */
static void both_ways_of_l1_agree(void **state)
{
    (void)state;
    cosh_bowl c = {0};
    double w[2][SMALL];
    rung_rng rng = rung_rng_make(5);
    const rung_objective f = {.value = cosh_value,
                              .diagonal = cosh_diagonal,
                              .hessian = cosh_hessian,
                              .self = &c,
                              .n = SMALL,
                              .n_parts = 2,
                              .l1 = 0.8,
                              .n_l1 = SMALL - 2};
    for (int i = 0; i < SMALL; i++)
        for (int j = i % 2; j <= i; j += 2) c.a[i][j] = c.a[j][i] = rung_rng_normal(&rng);
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < SMALL; i++) w[k][i] = i % 2 ? 3 : -2;
    const rung_minimise_result newton = minimise_by(rung__newton, f, w[0], 1e-9, 1);
    const rung_minimise_result lbfgs = minimise_by(rung__lbfgs, f, w[1], 1e-9, 1);
    int zeros = 0;
    assert_true(newton.converged && newton.iterations <= 12 && lbfgs.converged);
    assert_near(newton.value, lbfgs.value, 1e-9);
    for (int i = 0; i < SMALL; i++) {
        assert_near(w[0][i], w[1][i], 1e-6);
        assert_true((w[0][i] == 0) == (w[1][i] == 0));
        zeros += w[0][i] == 0;
    }
    assert_true(zeros > 0 && zeros < SMALL - 2);
}

/* No curvature at all in the second variable, and no slope: it stays where it is. */
static double trough(void *self, const double *w, double *g)
{
    (void)self;
    g[0] = w[0] - 1, g[1] = 0;
    return 0.5 * g[0] * g[0];
}

static void trough_hessian(void *self, int64_t part, double *h)
{
    (void)self, (void)part;
    h[0] = 1, h[2] = h[3] = 0;
}

static void newton_stays_where_nothing_curves(void **state)
{
    (void)state;
    double w[2] = {5, 3};
    const rung_objective f = {
        .value = trough, .hessian = trough_hessian, .n = 2, .n_parts = 1};
    const rung_minimise_result r = minimise_by(rung__newton, f, w, 1e-9, 1);
    assert_true(r.converged);
    assert_near(w[0], 1, 1e-8);
    assert_true(w[1] == 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crooked_valley_is_followed_to_its_end),
        cmocka_unit_test(the_diagonal_evens_out_curvatures),
        cmocka_unit_test(few_steps_need_a_second_trial),
        cmocka_unit_test(values_that_are_not_finite_shorten_the_step),
        cmocka_unit_test(what_has_no_minimum_ends_without_converging),
        cmocka_unit_test(it_stops_when_told),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(l1_makes_zeros_and_shrinks_the_rest),
        cmocka_unit_test(newtons_methods_take_few_steps),
        cmocka_unit_test(both_ways_of_l1_agree),
        cmocka_unit_test(newton_stays_where_nothing_curves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
