/* Logistic regression: gradient and curvature by finite differences, optima against
 * scikit-learn's. */
#include "support.h"

#include "base/rng.h"
#include "golden.h"
#include "learn/logistic.h"

static rung_error err;

typedef struct sample {
    rung_csr rows;
    int32_t *labels;
} sample;

static void sample_release(sample *s)
{
    rung__csr_release(&s->rows);
    rung__free(s->labels);
}

/* Rows of a dense matrix. */
static void from_dense(rung_csr *m, const float *x, int64_t n_rows, int64_t n_columns)
{
    int64_t n = 0;
    assert_ok(rung__csr_new(m, n_rows, n_columns, n_rows * n_columns, &err));
    for (int64_t i = 0; i < n_rows; i++) {
        for (int64_t j = 0; j < n_columns; j++) {
            if (x[i * n_columns + j] == 0) continue;
            m->columns[n] = (int32_t)j;
            m->values[n++] = x[i * n_columns + j];
        }
        m->first[i + 1] = n;
    }
}

static void random_sample(sample *s, int64_t n_rows, int64_t n_columns, int64_t n_labels)
{
    rung_rng rng = rung_rng_make(11);
    float *x = rung__alloc_array((size_t)(n_rows * n_columns), sizeof *x);
    s->labels = rung__alloc_array((size_t)n_rows, sizeof *s->labels);
    for (int64_t i = 0; i < n_rows * n_columns; i++)
        x[i] = rung_rng_below(&rng, 8) ? 0 : (float)rung_rng_normal(&rng);
    for (int64_t i = 0; i < n_rows; i++)
        s->labels[i] = (int32_t)rung_rng_below(&rng, (uint64_t)n_labels);
    from_dense(&s->rows, x, n_rows, n_columns);
    rung__free(x);
}

static rung_pool *new_pool(int threads)
{
    rung_pool *pool;
    assert_ok(rung_pool_new(&pool, threads, &err));
    return pool;
}

static void check_derivatives(int64_t n_labels)
{
    enum { ROWS = 300, COLUMNS = 12 };
    sample s;
    rung_logistic *l;
    rung_pool *pool = new_pool(2);
    random_sample(&s, ROWS, COLUMNS, n_labels);
    const rung_logistic_data data = {&s.rows, s.labels, n_labels};
    assert_ok(rung__logistic_new(&l, &data, pool, &err));
    const rung_objective f = rung__logistic_objective(l, 0.7);
    double w[100], g[100], d[100], up[100], down[100];
    rung_rng rng = rung_rng_make(3);
    for (int64_t i = 0; i < f.n; i++) w[i] = rung_rng_normal(&rng);
    f.value(f.self, w, g);
    f.diagonal(f.self, d);
    for (int64_t i = 0; i < f.n; i++) {
        const double h = 1e-4, at = w[i];
        w[i] = at + h;
        const double above = f.value(f.self, w, up);
        w[i] = at - h;
        const double below = f.value(f.self, w, down);
        w[i] = at;
        assert_near((above - below) / (2 * h), g[i], 1e-6 * fmax(1, fabs(g[i])));
        assert_near((up[i] - down[i]) / (2 * h), d[i], 1e-6 * fmax(1, d[i]));
    }
    rung__logistic_free(l);
    rung_pool_free(pool);
    sample_release(&s);
}

static void gradient_and_curvature_are_those_of_the_objective(void **state)
{
    (void)state;
    check_derivatives(2);
    check_derivatives(3);
    check_derivatives(6);
}

static void check_optimum(const rung_safetensors *file, const char *name, double lambda)
{
    const rung_stored *x = golden_find(file, "%s.x", name);
    const rung_stored *w_must = golden_find(file, "%s.%g.w", name, lambda);
    const rung_stored *b_must = golden_find(file, "%s.%g.b", name, lambda);
    const double *objective = golden_find(file, "%s.%g.objective", name, lambda)->data;
    const int64_t O = b_must->shape[0], D = x->shape[1];
    rung_csr rows;
    rung_logistic *l;
    rung_pool *pool = new_pool(2);
    from_dense(&rows, x->data, x->shape[0], D);
    const rung_logistic_data data = {&rows, golden_find(file, "%s.labels", name)->data,
                                     O == 1 ? 2 : O};
    const rung_csr none = {.n_columns = D};
    const rung_logistic_data valid = {&none, NULL, data.n_labels};
    rung_logistic_trial trial = {.lambda = lambda};
    rung_logistic_choice choice = {&trial, 1, 0, 0};
    float w[300];
    double mean = 0;
    assert_int_equal(rung__logistic_size(&data), (D + 1) * O);
    assert_ok(rung__logistic_new(&l, &data, pool, &err));
    assert_ok(rung__logistic_fit(l, &valid, 1e-6, &choice, w, &err));
    assert_true(trial.fit.evaluations < 400);
    assert_near(trial.fit.value, *objective, 1e-6 * *objective);
    const double *must = w_must->data;
    for (int64_t i = 0; i < D * O; i++)
        assert_near((double)w[i], must[i], 1e-3 * fmax(0.01, fabs(must[i])));
    must = b_must->data;
    for (int64_t o = 0; o < O && O > 1; o++) mean += (double)w[D * O + o] / (double)O;
    for (int64_t o = 0; o < O; o++)
        assert_near((double)w[D * O + o] - mean, must[o],
                    1e-3 * fmax(0.01, fabs(must[o])));
    rung__logistic_free(l);
    rung_pool_free(pool);
    rung__csr_release(&rows);
}

static void optima_are_those_of_scikit_learn(void **state)
{
    (void)state;
    static const char *const names[] = {"breast_cancer", "iris", "sparse2", "sparse5"};
    rung_safetensors *file = golden_open("logistic");
    for (int i = 0; i < 4; i++) {
        check_optimum(file, names[i], 1);
        check_optimum(file, names[i], 0.01);
    }
    rung_safetensors_close(file);
}

/* Scores of 1e4 and more, of either sign: nothing overflows, probabilities add up. */
static void large_scores_do_not_overflow(void **state)
{
    (void)state;
    const float x[] = {1e4f, -1e4f, 0, 3e4f};
    const float two[] = {1, 0}, three[] = {1, -1, 0, 0, 0, 0};
    const double at[] = {1, 0};
    double logp[12];
    rung_csr rows;
    rung_pool *pool = new_pool(1);
    from_dense(&rows, x, 4, 1);
    rung__logistic_predict(&rows, 2, two, pool, logp);
    assert_near(logp[0], -1e4, 1e-9);
    assert_near(logp[1], 0, 1e-9);
    assert_near(logp[2], 0, 1e-9);
    assert_near(logp[3], -1e4, 1e-9);
    assert_near(logp[4], -log(2), 1e-15);
    rung__logistic_predict(&rows, 3, three, pool, logp);
    assert_near(logp[1], -2e4, 1e-9);
    assert_near(logp[2], -1e4, 1e-9);
    for (int i = 0; i < 4; i++)
        assert_near(exp(logp[3 * i]) + exp(logp[3 * i + 1]) + exp(logp[3 * i + 2]), 1,
                    1e-12);
    const int32_t labels[] = {0, 0, 1, 1};
    double g[2];
    rung_logistic *l;
    const rung_logistic_data data = {&rows, labels, 2};
    assert_ok(rung__logistic_new(&l, &data, pool, &err));
    const rung_objective f = rung__logistic_objective(l, 0);
    assert_near(f.value(f.self, at, g), 1e4 + log(2), 1e-9);
    assert_near(g[0], 1e4, 1e-9);
    rung__logistic_free(l);
    rung_pool_free(pool);
    rung__csr_release(&rows);
}

enum { TRIALS = 5 };
static const double lambdas[TRIALS] = {100, 10, 1, 0.1, 0.01};

/* A choice on random labels (only strong regularisation helps) or on labels that the
 * columns tell; w [size] is the caller's. */
static rung_logistic_choice choose_among(rung_logistic_choice choice, bool is_random,
                                         int threads, float *w, rung_status *status)
{
    sample train, valid;
    rung_logistic *l = NULL;
    rung_pool *pool = new_pool(threads);
    random_sample(&train, 700, 20, 3);
    random_sample(&valid, 300, 20, 3);
    for (int64_t i = 0; !is_random && i < 700; i++)
        train.labels[i] = train.rows.first[i + 1] > train.rows.first[i]
                              ? train.rows.columns[train.rows.first[i]] % 3
                              : 0;
    for (int64_t i = 0; !is_random && i < 300; i++) valid.labels[i] = train.labels[i];
    const rung_logistic_data a = {&train.rows, train.labels, 3};
    const rung_logistic_data b = {&valid.rows, valid.labels, 3};
    *status = rung__logistic_new(&l, &a, pool, &err);
    if (*status == RUNG_OK) *status = rung__logistic_fit(l, &b, 0.01, &choice, w, &err);
    rung__logistic_free(l);
    rung_pool_free(pool);
    sample_release(&train);
    sample_release(&valid);
    return choice;
}

static rung_logistic_choice choose(rung_logistic_trial *trials, bool is_random,
                                   int threads, float *w, rung_status *status)
{
    for (int i = 0; i < TRIALS; i++)
        trials[i] = (rung_logistic_trial){.lambda = lambdas[i]};
    return choose_among((rung_logistic_choice){trials, TRIALS, 2, 0}, is_random, threads,
                        w, status);
}

static void lambda_is_looked_for_on_the_side_where_valid_loss_falls(void **state)
{
    (void)state;
    rung_status status;
    rung_logistic_trial t[TRIALS];
    float w[63];
    rung_logistic_choice c = choose(t, false, 2, w, &status);
    assert_true(status == RUNG_OK && c.best > 2 && t[3].is_tried);
    assert_true(!t[0].is_tried && !t[1].is_tried && t[c.best].loss < t[2].loss);
    rung_logistic_trial alone = {.lambda = t[c.best].lambda};
    float w_alone[63];
    choose_among((rung_logistic_choice){&alone, 1, 0, 0}, false, 2, w_alone, &status);
    assert_memory_equal(w, w_alone, sizeof w);
    c = choose(t, true, 2, w, &status);
    assert_true(status == RUNG_OK && c.best < 2);
    assert_true(t[3].is_tried && !t[4].is_tried && t[3].loss >= t[2].loss);
    assert_true(t[c.best].loss < t[2].loss);
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    rung_status status;
    rung_logistic_trial t[TRIALS];
    float w[3][63];
    for (int threads = 1; threads <= 3; threads++)
        choose(t, false, threads, w[threads - 1], &status);
    assert_memory_equal(w[0], w[1], sizeof w[0]);
    assert_memory_equal(w[0], w[2], sizeof w[0]);
}

typedef struct work {
    sample s;
    rung_pool *pool;
} work;

static rung_status fit_once(void *ctx, rung_error *error)
{
    const work *k = ctx;
    const rung_logistic_data data = {&k->s.rows, k->s.labels, 3};
    rung_logistic_trial trial = {.lambda = 1};
    rung_logistic_choice choice = {&trial, 1, 0, 0};
    float w[63];
    rung_logistic *l;
    RUNG_TRY(rung__logistic_new(&l, &data, k->pool, error));
    const rung_status status = rung__logistic_fit(l, &data, 0.1, &choice, w, error);
    rung__logistic_free(l);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    (void)state;
    work k = {.pool = new_pool(1)};
    random_sample(&k.s, 100, 20, 3);
    assert_true(assert_survives_failed_allocations(fit_once, &k) >= 9);
    sample_release(&k.s);
    rung_pool_free(k.pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradient_and_curvature_are_those_of_the_objective),
        cmocka_unit_test(optima_are_those_of_scikit_learn),
        cmocka_unit_test(large_scores_do_not_overflow),
        cmocka_unit_test(lambda_is_looked_for_on_the_side_where_valid_loss_falls),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
