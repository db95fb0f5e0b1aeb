/* Logistic regression: derivatives by finite differences, losses of large scores,
 * weights, the choice of a penalty. Its optima: test_logistic_data.c. */
#include "support.h"

#include "base/rng.h"
#include "learn/logistic_fit.h"

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

/* Several labels a row, from the one that it has: none, or it and the next one. */
static void several_of(int64_t **first, int32_t **ids, const sample *s, int64_t K)
{
    *first = rung__alloc_array((size_t)s->rows.n_rows + 1, sizeof **first);
    *ids = rung__alloc_array(2 * (size_t)s->rows.n_rows, sizeof **ids);
    int64_t n = 0;
    for (int64_t i = 0; i < s->rows.n_rows; i++) {
        if (s->labels[i] < K - 1) {
            (*ids)[n++] = s->labels[i];
            (*ids)[n++] = s->labels[i] + 1;
        }
        (*first)[i + 1] = n;
    }
}

/* Gradient, diagonal, products and the matrix itself are the differences of values and
 * gradients; `D` decides which of the two ways of summing is taken. */
static void check_derivatives(int64_t D, int64_t K, rung_logistic_kind kind, bool bias)
{
    enum { ROWS = 300 };
    sample s;
    rung_logistic *l;
    rung_pool *pool = new_pool(2);
    int64_t *first = NULL;
    int32_t *ids = NULL;
    double weights[ROWS], *offsets;
    random_sample(&s, ROWS, D, K);
    rung_rng rng = rung_rng_make(3);
    rung_logistic_data data = {
        .rows = &s.rows, .kind = kind, .n_labels = K, .labels = s.labels};
    if (kind == RUNG_LOGISTIC_SEVERAL) {
        several_of(&first, &ids, &s, K);
        data.labels = ids, data.first = first;
    }
    const int64_t O = rung__logistic_outputs(&data);
    offsets = rung__alloc_array((size_t)(ROWS * O), sizeof *offsets);
    for (int64_t i = 0; i < ROWS * O; i++) offsets[i] = rung_rng_normal(&rng);
    for (int64_t i = 0; i < ROWS; i++) weights[i] = (double)(i % 5) / 2;
    data.weights = weights, data.offsets = offsets;
    assert_ok(rung__logistic_new(&l, &data, pool, &err));
    const rung_penalty penalty = {0, 0.7, !bias};
    const rung_objective f = rung__logistic_objective(l, &penalty);
    const size_t n = (size_t)f.n;
    assert_int_equal(f.n, (D + bias) * O);
    double *w = rung__alloc_array(7 * n, sizeof *w), *g = w + n, *d = g + n, *up = d + n;
    double *down = up + n, *v = down + n, *hv = v + n;
    for (size_t i = 0; i < n; i++) w[i] = rung_rng_normal(&rng);
    for (size_t i = 0; i < n; i++) v[i] = rung_rng_normal(&rng);
    const double h = 1e-5;
    f.value(f.self, w, g);
    f.diagonal(f.self, d);
    f.product(f.self, v, hv);
    const int64_t m = f.n / f.n_parts;
    double *hessian = n < 200 ? rung__alloc_array((size_t)(m * m), 8) : NULL;
    if (hessian) f.hessian(f.self, f.n_parts - 1, hessian);
    const size_t stride = n < 200 ? 1 : 997;
    for (size_t i = 0; i < n; i += stride) {
        const double at = w[i];
        w[i] = at + h;
        const double above = f.value(f.self, w, up);
        w[i] = at - h;
        const double below = f.value(f.self, w, down);
        w[i] = at;
        assert_near((above - below) / (2 * h), g[i], 1e-6 * fmax(1, fabs(g[i])));
        assert_near((up[i] - down[i]) / (2 * h), d[i], 1e-6 * fmax(1, d[i]));
        if (!hessian || (int64_t)i % f.n_parts != f.n_parts - 1) continue;
        for (int64_t j = 0; j <= (int64_t)i / f.n_parts; j++) {
            const int64_t other = j * f.n_parts + f.n_parts - 1;
            assert_near((up[other] - down[other]) / (2 * h),
                        hessian[(int64_t)i / f.n_parts * m + j], 1e-6 * fmax(1, d[i]));
        }
    }
    for (size_t i = 0; i < n; i++) w[i] += h * v[i];
    f.value(f.self, w, up);
    for (size_t i = 0; i < n; i++) w[i] -= 2 * h * v[i];
    f.value(f.self, w, down);
    for (size_t i = 0; i < n; i++)
        assert_near((up[i] - down[i]) / (2 * h), hv[i], 1e-5 * fmax(1, fabs(hv[i])));
    rung__free(hessian), rung__free(w), rung__free(offsets);
    rung__free(first), rung__free(ids);
    rung__logistic_free(l);
    rung_pool_free(pool);
    sample_release(&s);
}

static void derivatives_are_those_of_the_objective(void **state)
{
    (void)state;
    for (int bias = 0; bias < 2; bias++) {
        check_derivatives(12, 2, RUNG_LOGISTIC_SOFTMAX, bias);
        check_derivatives(12, 3, RUNG_LOGISTIC_SOFTMAX, bias);
        check_derivatives(12, 6, RUNG_LOGISTIC_ONE_VS_REST, bias);
        check_derivatives(12, 2, RUNG_LOGISTIC_SEVERAL, bias);
        check_derivatives(12, 5, RUNG_LOGISTIC_SEVERAL, bias);
        check_derivatives(2500, 3, RUNG_LOGISTIC_SOFTMAX, bias);
        check_derivatives(2500, 3, RUNG_LOGISTIC_ONE_VS_REST, bias);
    }
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
    rung_logistic_data data = {.rows = &rows, .n_labels = 2};
    rung__logistic_predict(&data, two, pool, logp);
    assert_near(logp[0], -1e4, 1e-9);
    assert_near(logp[1], 0, 1e-9);
    assert_near(logp[2], 0, 1e-9);
    assert_near(logp[3], -1e4, 1e-9);
    assert_near(logp[4], -log(2), 1e-15);
    data.n_labels = 3;
    rung__logistic_predict(&data, three, pool, logp);
    assert_near(logp[1], -2e4, 1e-9);
    assert_near(logp[2], -1e4, 1e-9);
    for (int i = 0; i < 4; i++)
        assert_near(exp(logp[3 * i]) + exp(logp[3 * i + 1]) + exp(logp[3 * i + 2]), 1,
                    1e-12);
    const int32_t labels[] = {0, 0, 1, 1};
    double g[2];
    rung_logistic *l;
    data.n_labels = 2, data.labels = labels;
    assert_ok(rung__logistic_new(&l, &data, pool, &err));
    const rung_penalty none = {0};
    const rung_objective f = rung__logistic_objective(l, &none);
    assert_near(f.value(f.self, at, g), 1e4 + log(2), 1e-9);
    assert_near(g[0], 1e4, 1e-9);
    rung__logistic_free(l);
    rung_pool_free(pool);
    rung__csr_release(&rows);
}

/* Losses of scores of 1e4, softmax, one against the rest and several labels: exact. */
static void losses_of_large_scores_are_exact(void **state)
{
    (void)state;
    const int32_t first = 0, ends[] = {0, 2};
    double p[3];
    double z[] = {1e4, -1e4, 0};
    assert_true(rung__softmax_loss(z, p, 3, 1) == 2e4);
    assert_true(p[0] == 1 && z[0] == 1 && z[1] == -1 && z[2] == 0);
    double y[] = {1e4, -1e4, 0};
    assert_near(rung__sigmoid_loss(y, p, 3, (rung_label_set){&first, 1}), log(2), 1e-15);
    assert_true(y[0] == 0 && y[1] == 0 && y[2] == 0.5);
    double x[] = {-1e4, -1e4, 40};
    assert_true(rung__sigmoid_loss(x, p, 3, (rung_label_set){ends, 2}) == 1e4 + exp(-40));
    assert_true(x[0] == -1 && x[1] == 0 && x[2] < 0 && x[2] > -1e-17);
    double logp[] = {1e4, -1e4, 0};
    rung__log_sigmoid(logp, 3);
    assert_true(logp[0] == 0 && logp[1] == -1e4);
}

/* One-vs-rest probabilities add up to 1; those of several labels are each their own. */
static void kinds_of_probabilities(void **state)
{
    (void)state;
    const float x[] = {1}, w[] = {0, 0, 0, 1, -1, 0.5f}; // D = 1: w, then b
    double logp[3], each[3];
    rung_csr rows;
    rung_pool *pool = new_pool(1);
    from_dense(&rows, x, 1, 1);
    rung_logistic_data data = {
        .rows = &rows, .kind = RUNG_LOGISTIC_SEVERAL, .n_labels = 3};
    rung__logistic_predict(&data, w, pool, each);
    assert_near(exp(each[0]), 1 / (1 + exp(-1)), 1e-15);
    data.kind = RUNG_LOGISTIC_ONE_VS_REST;
    rung__logistic_predict(&data, w, pool, logp);
    assert_near(exp(logp[0]) + exp(logp[1]) + exp(logp[2]), 1, 1e-14);
    for (int k = 0; k < 3; k++) assert_near(logp[k] - logp[0], each[k] - each[0], 1e-14);
    // The losses are the means of -ln p, of several labels over all of them.
    const int32_t labels[] = {0, 2};
    const int64_t first[] = {0, 2};
    data.labels = labels;
    assert_near(rung__logistic_mean_loss(&data, logp, NULL), -logp[0], 1e-15);
    data.kind = RUNG_LOGISTIC_SEVERAL, data.first = first;
    assert_near(rung__logistic_mean_loss(&data, each, NULL),
                -each[0] - each[2] - log(1 - exp(each[1])), 1e-14);
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
    const rung_logistic_data a = {
        .rows = &train.rows, .n_labels = 3, .labels = train.labels};
    const rung_logistic_data b = {
        .rows = &valid.rows, .n_labels = 3, .labels = valid.labels};
    choice.method.tolerance = 0.01, choice.valid = &b;
    *status = rung__logistic_new(&l, &a, pool, &err);
    if (*status == RUNG_OK) *status = rung__logistic_fit(l, &choice, w, &err);
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
        trials[i] = (rung_logistic_trial){.penalty.l2 = lambdas[i]};
    return choose_among((rung_logistic_choice){.trials = trials, .n = TRIALS, .first = 2},
                        is_random, threads, w, status);
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
    rung_logistic_trial alone = {.penalty = t[c.best].penalty};
    float w_alone[63];
    choose_among((rung_logistic_choice){.trials = &alone, .n = 1}, false, 2, w_alone,
                 &status);
    assert_memory_equal(w, w_alone, sizeof w);
    c = choose(t, true, 2, w, &status);
    assert_true(status == RUNG_OK && c.best < 2);
    assert_true(t[3].is_tried && !t[4].is_tried && t[3].loss >= t[2].loss);
    assert_true(t[c.best].loss < t[2].loss);
}

/* Whatever the solver, the number of columns and the penalty. */
static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    rung_pool *pools[] = {new_pool(1), new_pool(2), new_pool(3)};
    const rung_penalty penalties[] = {{0, 0.5, false}, {0.2, 0.1, false}};
    for (int64_t D = 40; D <= 2500; D += 2460) {
        sample s;
        random_sample(&s, 300, D, 3);
        const rung_logistic_data data = {
            .rows = &s.rows, .n_labels = 3, .labels = s.labels};
        const size_t size = (size_t)rung__logistic_size(&data);
        double *w = rung__alloc_array(3 * size, sizeof *w);
        for (int k = 0; k < 2 * RUNG_SOLVER_COUNT; k++) {
            memset(w, 0, 3 * size * sizeof *w);
            for (int i = 0; i < 3; i++) {
                rung_logistic *l;
                rung_minimise_result r;
                assert_ok(rung__logistic_new(&l, &data, pools[i], &err));
                const rung_logistic_method how = {(rung_solver)(k / 2), 0.3, .passes = 2};
                assert_ok(rung__logistic_solve(l, &how, &penalties[k % 2],
                                               w + i * (int64_t)size, &r, &err));
                rung__logistic_free(l);
            }
            assert_true(w[0] != 0 || k % 2 == 1);
            assert_memory_equal(w, w + size, size * sizeof *w);
            assert_memory_equal(w, w + 2 * size, size * sizeof *w);
        }
        rung__free(w);
        sample_release(&s);
    }
    for (int i = 0; i < 3; i++) rung_pool_free(pools[i]);
}

/* Many passes of sgd come near the optimum, whatever the penalty and the kind, and l1
 * makes zeros where the optimum has them; the judge ends it early. */
static double tired_judge(void *self, const double *w)
{
    (void)w;
    return ++*(int *)self > 3 ? 2 : 1.0 / *(int *)self;
}

static void sgd_comes_near_the_optimum(void **state)
{
    (void)state;
    enum { D = 30, SIZE = (D + 1) * 3 };
    static const rung_penalty penalties[] = {
        {0, 1, false}, {0, 50, true}, {3, 0, false}, {2, 1, false}};
    rung_pool *pool = new_pool(1);
    sample s;
    random_sample(&s, 400, D, 3);
    for (int i = 0; i < 4; i++) {
        rung_logistic *l;
        rung_minimise_result exact, near;
        double w[2][SIZE] = {{0}}, g[SIZE];
        int judged = 0, zeros = 0, same = 0;
        const rung_logistic_data data = {.rows = &s.rows,
                                         .kind = i % 2 ? RUNG_LOGISTIC_ONE_VS_REST
                                                       : RUNG_LOGISTIC_SOFTMAX,
                                         .n_labels = 3,
                                         .labels = s.labels};
        rung_logistic_method how = {.solver = RUNG_SOLVER_NEWTON, .tolerance = 1e-6};
        assert_ok(rung__logistic_new(&l, &data, pool, &err));
        assert_ok(rung__logistic_solve(l, &how, &penalties[i], w[0], &exact, &err));
        how.solver = RUNG_SOLVER_SGD, how.passes = 200;
        assert_ok(rung__logistic_solve(l, &how, &penalties[i], w[1], &near, &err));
        const rung_objective f = rung__logistic_objective(l, &penalties[i]);
        double value = f.value(f.self, w[1], g);
        for (int j = 0; j < D * 3; j++) {
            value += penalties[i].l1 * fabs(w[1][j]);
            zeros += w[0][j] == 0;
            same += w[0][j] == 0 && w[1][j] == 0;
        }
        assert_near(value, exact.value, 3e-3 * exact.value);
        if (penalties[i].l1 > 0 ? zeros < 6 || 2 * same < zeros : zeros > 0)
            fail_msg("%d of %d zeros", same, zeros);
        how.judge = tired_judge, how.judge_self = &judged;
        assert_ok(rung__logistic_solve(l, &how, &penalties[i], w[1], &near, &err));
        assert_int_equal(near.iterations, 5);
        rung__logistic_free(l);
    }
    sample_release(&s);
    rung_pool_free(pool);
}

/* A row of weight 2 is two rows, one of weight 0 none; folds rely on it. */
static void weights_of_rows_count_rows(void **state)
{
    (void)state;
    enum { ROWS = 60, D = 7, OUTPUTS = 3, SIZE = (D + 1) * OUTPUTS };
    sample s, twice;
    double weights[ROWS], w[2][SIZE] = {{0}};
    rung_pool *pool = new_pool(1);
    random_sample(&s, ROWS, D, 3);
    assert_ok(rung__csr_new(&twice.rows, ROWS, D, 2 * ROWS * D, &err));
    twice.labels = rung__alloc_array(ROWS, sizeof *twice.labels);
    int64_t n = 0, row = 0;
    for (int i = 0; i < ROWS; i++) {
        weights[i] = i % 3;
        for (int copy = 0; copy < i % 3; copy++) {
            for (int64_t p = s.rows.first[i]; p < s.rows.first[i + 1]; p++) {
                twice.rows.columns[n] = s.rows.columns[p];
                twice.rows.values[n++] = s.rows.values[p];
            }
            twice.labels[row++] = s.labels[i];
            twice.rows.first[row] = n;
        }
    }
    twice.rows.n_rows = row;
    const sample *const samples[] = {&s, &twice};
    for (int k = 0; k < 2; k++) {
        const rung_logistic_data data = {.rows = &samples[k]->rows,
                                         .n_labels = 3,
                                         .labels = samples[k]->labels,
                                         .weights = k == 0 ? weights : NULL};
        const rung_penalty penalty = {0, 0.3, false};
        rung_logistic *l;
        rung_minimise_result r;
        assert_ok(rung__logistic_new(&l, &data, pool, &err));
        const rung_logistic_method how = {.solver = RUNG_SOLVER_NEWTON,
                                          .tolerance = 1e-8};
        assert_ok(rung__logistic_solve(l, &how, &penalty, w[k], &r, &err));
        assert_true(r.converged);
        rung__logistic_free(l);
    }
    for (int i = 0; i < D * OUTPUTS; i++) assert_near(w[0][i], w[1][i], 1e-9);
    rung_pool_free(pool);
    sample_release(&s);
    sample_release(&twice);
}

/* The loss of a choice by folds is that of models that have not seen the fold: on random
 * labels it cannot be less than ln 3, where one on seen rows is. */
static void folds_judge_by_rows_that_were_not_seen(void **state)
{
    (void)state;
    sample s;
    float w[303];
    rung_logistic *l;
    rung_logistic_trial trials[] = {{.penalty.l2 = 0.01}, {.penalty.l2 = 10}};
    rung_pool *pool = new_pool(1);
    random_sample(&s, 300, 100, 3);
    const rung_logistic_data data = {.rows = &s.rows, .n_labels = 3, .labels = s.labels};
    rung_logistic_choice choice = {
        .method.tolerance = 0.01, .trials = trials, .n = 2, .valid = &data, .n_folds = 5};
    assert_ok(rung__logistic_new(&l, &data, pool, &err));
    assert_ok(rung__logistic_fit(l, &choice, w, &err));
    assert_int_equal(choice.best, 1);
    assert_true(trials[0].loss > log(3) + 0.1);
    assert_true(trials[1].loss < trials[0].loss);
    choice.n_folds = 0; // valid is what was learned from
    assert_ok(rung__logistic_fit(l, &choice, w, &err));
    assert_int_equal(choice.best, 0);
    assert_true(trials[0].loss < log(3) - 0.3);
    rung__logistic_free(l);
    rung_pool_free(pool);
    sample_release(&s);
}

static void weights_of_labels_become_those_of_rows(void **state)
{
    (void)state;
    const rung_csr rows = {.n_rows = 6};
    const int32_t one[] = {0, 0, 0, 1, 1, 1}, several[] = {0, 2, 2, 2};
    const int64_t first[] = {0, 2, 3, 3, 4, 4, 4};
    double of_labels[3], w[6] = {1, 1, 1, 2, 1, 1};
    rung_logistic_data data = {.rows = &rows, .n_labels = 2, .labels = one};
    rung__balanced_weights(of_labels, &data);
    assert_true(of_labels[0] == 1 && of_labels[1] == 1);
    data.n_labels = 3;
    rung__balanced_weights(of_labels, &data);
    assert_near(of_labels[0], 2.0 / 3, 1e-15);
    assert_true(of_labels[2] == 1);
    rung__weigh_labels(w, &data, (const double[]){1, 5, 0});
    assert_true(w[0] == 1 && w[3] == 10 && w[4] == 5);
    data.kind = RUNG_LOGISTIC_SEVERAL, data.labels = several, data.first = first;
    double v[6] = {1, 1, 1, 1, 1, 1};
    rung__weigh_labels(v, &data, (const double[]){1, 5, 4});
    assert_true(v[0] == 2.5 && v[1] == 4 && v[2] == 1 && v[3] == 4);
    rung__balanced_weights(of_labels, &data);
    assert_near(of_labels[0], 2, 1e-15);
    assert_near(of_labels[2], 2.0 / 3, 1e-15);
}

typedef struct work {
    sample s;
    rung_pool *pool;
    rung_solver solver;
    int64_t n_folds;
} work;

static rung_status fit_once(void *ctx, rung_error *error)
{
    const work *k = ctx;
    const rung_logistic_data data = {
        .rows = &k->s.rows, .n_labels = 3, .labels = k->s.labels};
    rung_logistic_trial trials[] = {{.penalty.l2 = 1}, {.penalty.l2 = 0.1}};
    rung_logistic_choice choice = {.method = {k->solver, 0.1, .passes = 2},
                                   .trials = trials,
                                   .n = 2,
                                   .valid = &data,
                                   .n_folds = k->n_folds};
    float w[63];
    rung_logistic *l;
    RUNG_TRY(rung__logistic_new(&l, &data, k->pool, error));
    const rung_status status = rung__logistic_fit(l, &choice, w, error);
    rung__logistic_free(l);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    (void)state;
    work k = {.pool = new_pool(1)};
    random_sample(&k.s, 100, 20, 3);
    for (k.solver = 0; k.solver < RUNG_SOLVER_COUNT; k.solver++) {
        k.n_folds = k.solver == RUNG_SOLVER_LBFGS ? 3 : 0;
        assert_true(assert_survives_failed_allocations(fit_once, &k) >= 9);
    }
    sample_release(&k.s);
    rung_pool_free(k.pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derivatives_are_those_of_the_objective),
        cmocka_unit_test(large_scores_do_not_overflow),
        cmocka_unit_test(losses_of_large_scores_are_exact),
        cmocka_unit_test(kinds_of_probabilities),
        cmocka_unit_test(sgd_comes_near_the_optimum),
        cmocka_unit_test(weights_of_rows_count_rows),
        cmocka_unit_test(folds_judge_by_rows_that_were_not_seen),
        cmocka_unit_test(weights_of_labels_become_those_of_rows),
        cmocka_unit_test(lambda_is_looked_for_on_the_side_where_valid_loss_falls),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
