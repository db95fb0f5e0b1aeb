/* A window of word vectors: every set against the formulas, the double set's gradients
 * against differences of its loss. */
#include "support.h"

#include "kernels/compare.h"

enum { MOST = 13 };

typedef struct window {
    int64_t D, M, N;
    array v, u, dv, du, labels;
} window;

static window window_new(int64_t D, int64_t M, int64_t N)
{
    window w = {D,
                M,
                N,
                array_random(M * D, -0.6, 0.6, 1),
                array_random(N * D, -1, 1, 2),
                array_random(M * D, -1, 1, 3),
                array_new(N * D),
                array_new(N)};
    for (int64_t n = 0; n < N; n++) put(w.labels, n, n == 0 || n == 5);
    return w;
}

static void window_free(window w)
{
    array_free(w.v), array_free(w.u), array_free(w.dv), array_free(w.du);
    array_free(w.labels);
}

static void *row(const rung_kernels *k, array a, int64_t i, int64_t D)
{
    return (char *)of(k, a) + i * D * (int64_t)k->real_bytes;
}

static double run(const rung_kernels *k, const window *w, double rate)
{
    const void *v[MOST], *u[MOST];
    void *dv[MOST];
    for (int64_t m = 0; m < w->M; m++)
        v[m] = row(k, w->v, m, w->D), dv[m] = row(k, w->dv, m, w->D);
    for (int64_t n = 0; n < w->N; n++) u[n] = row(k, w->u, n, w->D);
    void *scratch = rung__alloc(k->word_window_scratch(w->M, w->N));
    const rung_word_window work = {w->D, w->M, w->N,         v,      u, of(k, w->labels),
                                   rate, dv,   of(k, w->du), scratch};
    const double loss = k->word_window(&work);
    rung__free(scratch);
    return loss;
}

/* The formulas, in double, one pair at a time; gradients into dv and du. */
static double formulas(const window *w, double rate, double *dv, double *du)
{
    double loss = 0;
    for (int64_t m = 0; m < w->M; m++) {
        for (int64_t n = 0; n < w->N; n++) {
            const double *x = w->v.d + m * w->D, *y = w->u.d + n * w->D;
            double s = 0;
            for (int64_t d = 0; d < w->D; d++) s += x[d] * y[d];
            const double label = w->labels.d[n], p = 1 / (1 + exp(-s));
            loss -= log(label > 0 ? p : 1 - p);
            for (int64_t d = 0; d < w->D; d++) {
                dv[m * w->D + d] += rate * (label - p) * y[d];
                du[n * w->D + d] += rate * (label - p) * x[d];
            }
        }
    }
    return loss;
}

static void check(int64_t D, int64_t M, int64_t N)
{
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        window w = window_new(D, M, N);
        double *dv = rung__alloc_array((size_t)(M * D), sizeof *dv);
        double *du = rung__alloc_array((size_t)(N * D), sizeof *du);
        memcpy(dv, w.dv.d, (size_t)(M * D) * sizeof *dv); // it is added to
        const double wanted = formulas(&w, 0.1, dv, du);
        check_value(k, "loss", M * N, run(k, &w, 0.1), wanted, 1e-5);
        check_value(k, "loss in double", M * N, run(rung_kernels_double(), &w, 0.1),
                    wanted, 1e-12);
        check_array(k, "dv", w.dv, 1e-5);
        check_array(k, "du", w.du, 1e-5);
        for (int64_t i = 0; i < M * D; i++) assert_near(w.dv.d[i], dv[i], 1e-12);
        for (int64_t i = 0; i < N * D; i++) assert_near(w.du.d[i], du[i], 1e-12);
        rung__free(dv), rung__free(du);
        window_free(w);
    }
}

static void windows_of_all_sizes_follow_the_formulas(void **state)
{
    (void)state;
    for (int64_t M = 1; M <= MOST; M++)
        for (int64_t N = 1; N <= MOST; N++) check(M % 3 ? 16 : 112, M, N);
}

/* Scores of +-60: nothing overflows, and the loss is what it is. */
static void large_scores_do_not_overflow(void **state)
{
    (void)state;
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        window w = window_new(16, 2, 2);
        for (int64_t i = 0; i < 32; i++) put(w.v, i, i < 16 ? 2 : -2), put(w.u, i, 1.875);
        check_value(k, "loss", 4, run(k, &w, 1), 120, 1e-6);
        check_value(k, "du", 1, (double)w.du.f[0], -2, 1e-6);  // label 1: p = 1 and 0
        check_value(k, "du", 1, (double)w.du.f[16], -2, 1e-6); // label 0
        window_free(w);
    }
}

/* Rows that stand several times, and none, with a row to add for each or one for all:
 * whatever the parts, the sums are those of one, bit for bit. */
static void check_added_rows(int64_t ldx)
{
    enum { D = 32, ROWS = 10, N = 100 };
    int32_t rows[N];
    rung_rng rng = rung_rng_make(5);
    for (int i = 0; i < N; i++) rows[i] = (int32_t)rung_rng_below(&rng, ROWS + 1) - 1;
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        array x = array_random(N * D, -1, 1, 1),
              wanted = array_random(ROWS * D, -1, 1, 2);
        array table = array_dup(wanted);
        for (int i = 0; i < N; i++)
            for (int d = 0; d < D && rows[i] >= 0; d++)
                wanted.f[rows[i] * D + d] += x.f[i * ldx + d];
        for (int parts = 1; parts <= 4; parts++) {
            array to = array_dup(table);
            for (int part = 0; part < parts; part++)
                k->add_to_rows(N, rows, x.f, ldx, D, to.f, part, parts);
            assert_memory_equal(to.f, wanted.f, ROWS * D * sizeof(float));
            check_guard(to, "add_to_rows");
            array_free(to);
        }
        array_free(x), array_free(wanted), array_free(table);
    }
}

static void rows_are_added_in_their_order_by_any_number_of_parts(void **state)
{
    (void)state;
    check_added_rows(32);
    check_added_rows(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_of_all_sizes_follow_the_formulas),
        cmocka_unit_test(large_scores_do_not_overflow),
        cmocka_unit_test(rows_are_added_in_their_order_by_any_number_of_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
