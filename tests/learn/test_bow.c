/* The bag of words: its step against finite differences in double, and the promises of
 * its order. */
#include "support.h"

#include "base/rng.h"
#include "learn/bow.h"

static rung_error err;

enum { COLUMNS = 40, DIM = 6 };

typedef struct sample {
    rung_csr rows;
    int32_t *labels;
    int64_t *first; /* of several labels a row, or NULL */
} sample;

/* Rows of a few columns each, some of none. The label is drawn, or the one l for which
 * the columns l, l + n_labels, ... have the largest sum. */
static sample random_sample(int64_t n_rows, int64_t n_labels, bool is_random)
{
    sample s = {0};
    rung_rng rng = rung_rng_make(11);
    int64_t n = 0;
    assert_ok(rung__csr_new(&s.rows, n_rows, COLUMNS, n_rows * COLUMNS, &err));
    s.labels = rung__alloc_array((size_t)n_rows, sizeof *s.labels);
    for (int64_t i = 0; i < n_rows; i++) {
        double sums[COLUMNS] = {0};
        for (int32_t j = 0; j < COLUMNS; j++) {
            if (rung_rng_below(&rng, 8)) continue;
            s.rows.columns[n] = j;
            s.rows.values[n] = (float)(0.1 + rung_rng_double(&rng));
            sums[j % n_labels] += (double)s.rows.values[n++];
        }
        s.rows.first[i + 1] = n;
        for (int32_t l = 1; l < n_labels; l++)
            s.labels[i] = sums[l] > sums[s.labels[i]] ? l : s.labels[i];
        if (is_random) s.labels[i] = (int32_t)rung_rng_below(&rng, (uint64_t)n_labels);
    }
    return s;
}

static void sample_release(sample *s)
{
    rung__csr_release(&s->rows);
    rung__free(s->labels), rung__free(s->first);
}

/* Rows of 0, 1, ... labels in turn. */
static sample random_sets(int64_t n_rows, int64_t n_labels)
{
    sample s = random_sample(n_rows, n_labels, true);
    int64_t n = 0;
    rung__free(s.labels);
    s.labels = rung__alloc_array((size_t)(n_rows * n_labels), sizeof *s.labels);
    s.first = rung__alloc_array((size_t)n_rows + 1, sizeof *s.first);
    for (int64_t i = 0; i < n_rows; i++) {
        for (int64_t l = 0; l < i % (n_labels + 1); l++) s.labels[n++] = (int32_t)l;
        s.first[i + 1] = n;
    }
    return s;
}

static rung_pool *new_pool(int threads)
{
    rung_pool *pool;
    assert_ok(rung_pool_new(&pool, threads, &err));
    return pool;
}

static rung_status fit(rung_bow *m, const sample *s, int64_t epochs, double lr,
                       int threads)
{
    const rung_bow_data data = {&s->rows, s->labels, s->first};
    const rung_bow_config config = {epochs, lr, 7};
    rung_pool *pool = new_pool(threads);
    const rung_status status = rung__bow_fit(m, &data, &config, pool, NULL, NULL, &err);
    rung_pool_free(pool);
    return status;
}

/* ---- The gradient ---- */

/* Minus the sum of ln p(label), or of ln p(answer) for all labels, in double. */
static double loss_of(const rung_bow *m, const sample *s)
{
    double sum = 0;
    rung_pool *pool = new_pool(1);
    double *logp = rung__alloc_array((size_t)(s->rows.n_rows * m->L), sizeof *logp);
    assert_ok(rung__bow_predict(m, &s->rows, pool, logp, &err));
    for (int64_t i = 0; i < s->rows.n_rows; i++) {
        const double *row = logp + i * m->L;
        const int64_t begin = s->first ? s->first[i] : i;
        const int64_t end = s->first ? s->first[i + 1] : i + 1;
        for (int64_t l = 0; m->is_ova && l < m->L; l++) sum -= log1p(-exp(row[l]));
        for (int64_t k = begin; k < end; k++) {
            const double p = row[s->labels[k]];
            sum -= p - (m->is_ova ? log1p(-exp(p)) : 0);
        }
    }
    rung__free(logp);
    rung_pool_free(pool);
    return sum;
}

/* (before - after) / rate is the derivative of the loss by each of n weights. */
static void check_change(const rung_bow *m, const sample *s, double *w,
                         const double *after, int64_t n, double rate)
{
    const double h = 1e-5;
    for (int64_t i = 0; i < n; i++) {
        const double before = w[i];
        w[i] = before + h;
        const double above = loss_of(m, s);
        w[i] = before - h;
        const double below = loss_of(m, s);
        w[i] = before;
        assert_near((before - after[i]) / rate, (above - below) / (2 * h), 1e-7);
    }
}

static void check_step(sample s, int64_t labels, bool is_ova)
{
    rung_bow m, stepped;
    rung_pool *pool = new_pool(1);
    const rung_bow_data data = {&s.rows, s.labels, s.first};
    const rung_kernels *k = rung_kernels_double();
    assert_ok(rung__bow_new(&m, k, COLUMNS, DIM, labels, &err));
    assert_ok(rung__bow_new(&stepped, k, COLUMNS, DIM, labels, &err));
    m.is_ova = stepped.is_ova = is_ova;
    rung__bow_init(&m, &data, 3, pool);
    rung_rng rng = rung_rng_make(5);
    for (int64_t i = 0; i < DIM * labels; i++) ((double *)m.U)[i] = rung_rng_normal(&rng);
    memcpy(stepped.E, m.E, COLUMNS * DIM * sizeof(double));
    memcpy(stepped.U, m.U, (size_t)(DIM * labels) * sizeof(double));
    memcpy(stepped.b, m.b, (size_t)labels * sizeof(double));
    assert_ok(fit(&stepped, &s, 1, 0.01, 1));
    check_change(&m, &s, m.E, stepped.E, COLUMNS * DIM, 0.01);
    check_change(&m, &s, m.U, stepped.U, DIM * labels, 0.01);
    assert_memory_equal(m.b, stepped.b, (size_t)labels * sizeof(double));
    rung__bow_release(&m), rung__bow_release(&stepped);
    sample_release(&s);
    rung_pool_free(pool);
}

static void one_batch_is_one_step_down_the_gradient(void **state)
{
    (void)state;
    check_step(random_sample(27, 2, true), 2, false);
    check_step(random_sample(27, 5, true), 5, false);
    check_step(random_sample(27, 3, true), 3, true);
    check_step(random_sets(27, 4), 4, true);
}

/* ---- Learning ---- */

static rung_bow new_fitted(const sample *s, int64_t labels, int threads)
{
    rung_bow m;
    rung_pool *pool = new_pool(threads);
    const rung_bow_data data = {&s->rows, s->labels, s->first};
    assert_ok(
        rung__bow_new(&m, rung_kernels_get(RUNG_ISA_BEST), COLUMNS, DIM, labels, &err));
    rung__bow_init(&m, &data, 7, pool);
    assert_ok(fit(&m, s, 30, 0.2, threads));
    rung_pool_free(pool);
    return m;
}

static void what_columns_say_is_learned(void **state)
{
    (void)state;
    rung_pool *pool = new_pool(2);
    sample s = random_sample(500, 3, false);
    rung_bow m = new_fitted(&s, 3, 2);
    float logp[1500];
    int right = 0;
    assert_ok(rung__bow_predict(&m, &s.rows, pool, logp, &err));
    for (int i = 0; i < 500; i++) {
        double sum = 0, best = -INFINITY;
        for (int l = 0; l < 3; l++) {
            sum += exp((double)logp[3 * i + l]);
            best = fmax(best, (double)logp[3 * i + l]);
        }
        right += (double)logp[3 * i + s.labels[i]] == best;
        assert_near(sum, 1, 1e-6);
    }
    if (right < 475) fail_msg("%d of 500 are right", right);
    rung__bow_release(&m);
    sample_release(&s);
    rung_pool_free(pool);
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    sample s = random_sample(700, 4, true);
    rung_bow one = new_fitted(&s, 4, 1);
    for (int threads = 2; threads <= 3; threads++) {
        rung_bow more = new_fitted(&s, 4, threads);
        assert_memory_equal(one.E, more.E, COLUMNS * DIM * sizeof(float));
        assert_memory_equal(one.U, more.U, DIM * 4 * sizeof(float));
        rung__bow_release(&more);
    }
    rung__bow_release(&one);
    sample_release(&s);
}

/* Before the first step: E uniform in +-1/dim, all labels as probable as they are. */
static void it_begins_with_the_shares_of_the_labels(void **state)
{
    (void)state;
    rung_bow m;
    rung_pool *pool = new_pool(1);
    sample s = random_sample(300, 2, true);
    const rung_bow_data data = {&s.rows, s.labels, s.first};
    float logp[600];
    double n = 0, sum = 0, squares = 0;
    for (int i = 0; i < 300; i++) n += s.labels[i];
    assert_ok(
        rung__bow_new(&m, rung_kernels_get(RUNG_ISA_PORTABLE), COLUMNS, DIM, 2, &err));
    rung__bow_init(&m, &data, 7, pool);
    assert_ok(rung__bow_predict(&m, &s.rows, pool, logp, &err));
    for (int i = 0; i < 300; i++)
        assert_near(exp((double)logp[2 * i + 1]), (n + 0.5) / 301, 1e-6);
    for (int i = 0; i < COLUMNS * DIM; i++) {
        const double e = (double)((const float *)m.E)[i];
        assert_true(fabs(e) <= 1.0 / DIM);
        sum += e, squares += e * e;
    }
    assert_near(sum / (COLUMNS * DIM), 0, 0.02);
    assert_near(squares / (COLUMNS * DIM), 1.0 / (3 * DIM * DIM), 0.002);
    rung__bow_release(&m);
    sample_release(&s);
    rung_pool_free(pool);
}

/* Scores of 1e4 and -1e4: softmax and sigmoid stay finite, and probabilities add up. */
static void large_scores_do_not_overflow(void **state)
{
    (void)state;
    const rung_isa isas[] = {RUNG_ISA_PORTABLE, RUNG_ISA_BEST};
    rung_pool *pool = new_pool(1);
    rung_csr rows;
    assert_ok(rung__csr_new(&rows, 1, 1, 1, &err));
    rows.values[0] = 1, rows.first[1] = 1;
    for (int i = 0; i < 4; i++) {
        rung_bow m;
        float logp[3];
        assert_ok(rung__bow_new(&m, rung_kernels_get(isas[i / 2]), 1, 1, 3, &err));
        m.is_ova = i % 2;
        *(float *)m.E = 100;
        memcpy(m.U, (float[]){100, -100, 0}, 3 * sizeof(float));
        assert_ok(rung__bow_predict(&m, &rows, pool, logp, &err));
        assert_near((double)logp[0], 0, 0);
        assert_near((double)logp[1], m.is_ova ? -1e4 : -2e4, 0);
        assert_near((double)logp[2], m.is_ova ? -log(2) : -1e4, 1e-7);
        const int32_t label = 1; // the improbable one: a step from there is finite
        const rung_bow_data data = {&rows, &label, NULL};
        const rung_bow_config config = {1, 1e-6, 1};
        assert_ok(rung__bow_fit(&m, &data, &config, pool, NULL, NULL, &err));
        assert_true(isfinite(*(float *)m.E) && *(float *)m.E < 100);
        rung__bow_release(&m);
    }
    rung__csr_release(&rows);
    rung_pool_free(pool);
}

static void a_rate_that_is_too_large_is_told(void **state)
{
    (void)state;
    rung_bow m;
    rung_pool *pool = new_pool(1);
    sample s = random_sample(300, 2, true);
    const rung_bow_data data = {&s.rows, s.labels, s.first};
    assert_ok(rung__bow_new(&m, rung_kernels_get(RUNG_ISA_BEST), COLUMNS, DIM, 2, &err));
    rung__bow_init(&m, &data, 7, pool);
    assert_fails_saying(fit(&m, &s, 3, 1e9, 1), RUNG_DIVERGED,
                        "at a rate of 1e+09: take a smaller --lr");
    rung__bow_release(&m);
    sample_release(&s);
    rung_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_batch_is_one_step_down_the_gradient),
        cmocka_unit_test(what_columns_say_is_learned),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(it_begins_with_the_shares_of_the_labels),
        cmocka_unit_test(large_scores_do_not_overflow),
        cmocka_unit_test(a_rate_that_is_too_large_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
