/* k-means: against all classes that there are, what holds where it stops, and the same by
 * any number of threads. */
#include "support.h"

#include <math.h>

#include "base/rng.h"
#include "base/runtime.h"
#include "learn/kmeans.h"

static rung_error err;

static rung_runtime *new_runtime(int threads)
{
    rung_runtime *rt;
    assert_ok(rung_runtime_new(&rt, &(rung_runtime_config){.threads = threads}, &err));
    return rt;
}

static rung_status classes_of(int32_t *classes, double *inertia, const float *rows,
                              int64_t n, int64_t dim, int64_t k, uint64_t seed,
                              int threads)
{
    rung_runtime *rt = new_runtime(threads);
    const rung_status status = rung__kmeans(classes, inertia, rows, n, dim, k, seed,
                                            rung_kernels_get(rt->isa), rt->pool, &err);
    rung_runtime_free(rt);
    return status;
}

/* The sum of squared distances to the means, from the classes alone. */
static double inertia_of(const int32_t *classes, const float *rows, int64_t n,
                         int64_t dim, int64_t k)
{
    double sum = 0;
    for (int64_t c = 0; c < k; c++)
        for (int64_t d = 0; d < dim; d++) {
            double count = 0, mean = 0;
            for (int64_t i = 0; i < n; i++)
                if (classes[i] == c) mean += (double)rows[i * dim + d], count++;
            for (int64_t i = 0; i < n; i++)
                if (classes[i] == c)
                    sum += pow((double)rows[i * dim + d] - mean / count, 2);
        }
    return sum;
}

/* Nine points of a plane: the best of ten seeds is the best of all 3^9 classes. */
static void the_best_of_all_is_found(void **state)
{
    enum { N = 9, K = 3 };
    static const float rows[2 * N] = {0,    0, 1, 0.2f, 0.3f, 1, 5, 5, 4.2f,
                                      5.5f, 5, 4, 9,    0,    8, 1, 4, 1.5f};
    int32_t classes[N], all[N];
    double best = INFINITY, found = INFINITY, inertia;
    (void)state;
    for (int code = 0; code < 19683; code++) {
        for (int i = 0, rest = code; i < N; i++, rest /= K) all[i] = rest % K;
        best = fmin(best, inertia_of(all, rows, N, 2, K));
    }
    for (uint64_t seed = 0; seed < 10; seed++) {
        assert_ok(classes_of(classes, &inertia, rows, N, 2, K, seed, 1));
        assert_near(inertia, inertia_of(classes, rows, N, 2, K), 1e-5);
        assert_true(inertia > best - 1e-5);
        found = fmin(found, inertia);
    }
    assert_near(found, best, 1e-5);
}

/* More rows than a piece has: each is nearest to the mean of its own class, classes have
 * names in the order of their rows, and threads do not matter. */
static void it_stops_where_no_row_would_change(void **state)
{
    enum { N = 2500, DIM = 7, K = 30 };
    static float rows[N * DIM];
    static int32_t classes[N], other[N];
    static double means[K][DIM];
    int64_t count[K] = {0}, seen = 0;
    double inertia;
    rung_rng rng = rung_rng_make(rung_rng_key(5, "rows", 0));
    (void)state;
    for (int i = 0; i < N * DIM; i++)
        rows[i] = (float)(rung_rng_normal(&rng) + i / DIM % 4);
    assert_ok(classes_of(classes, &inertia, rows, N, DIM, K, 1, 1));
    for (int threads = 2; threads <= 3; threads++) {
        assert_ok(classes_of(other, NULL, rows, N, DIM, K, 1, threads));
        assert_memory_equal(other, classes, sizeof classes);
    }
    assert_ok(classes_of(other, NULL, rows, N, DIM, K, 2, 2));
    assert_memory_not_equal(other, classes, sizeof classes);
    for (int i = 0; i < N; i++) {
        assert_true(classes[i] <= seen);
        seen += classes[i] == seen;
        count[classes[i]]++;
        for (int d = 0; d < DIM; d++) means[classes[i]][d] += (double)rows[i * DIM + d];
    }
    assert_int_equal(seen, K);
    for (int i = 0; i < N; i++) {
        double distances[K] = {0};
        for (int c = 0; c < K; c++)
            for (int d = 0; d < DIM; d++)
                distances[c] +=
                    pow((double)rows[i * DIM + d] - means[c][d] / (double)count[c], 2);
        for (int c = 0; c < K; c++)
            assert_true(distances[classes[i]] <= distances[c] + 1e-4);
    }
    assert_near(inertia, inertia_of(classes, rows, N, DIM, K), 1e-2);
}

static void equal_rows_leave_classes_empty(void **state)
{
    static const float rows[] = {1, 2, 1, 2, 3, 4, 1, 2};
    static const int32_t two[] = {0, 0, 1, 0}, own[] = {0, 1, 2, 3};
    static const float apart[] = {1, 2, 5, 2, 3, 4, 9, 2};
    int32_t classes[4];
    double inertia;
    (void)state;
    assert_ok(classes_of(classes, &inertia, rows, 4, 2, 4, 1, 2));
    assert_memory_equal(classes, two, sizeof two);
    assert_near(inertia, 0, 0);
    assert_ok(classes_of(classes, &inertia, apart, 4, 2, 4, 1, 2));
    assert_memory_equal(classes, own, sizeof own);
    assert_ok(classes_of(classes, &inertia, rows, 4, 2, 1, 1, 2));
    assert_near(inertia, 3 + 3, 1e-6); // (3/4 + 9/4) for each number
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_of_all_is_found),
        cmocka_unit_test(it_stops_where_no_row_would_change),
        cmocka_unit_test(equal_rows_leave_classes_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
