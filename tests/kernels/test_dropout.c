#include "support.h"

#include "kernels/compare.h"

static uint32_t word_of(uint64_t key, uint64_t lane, uint64_t number)
{
    uint32_t block[4];
    rung_philox(key, number / 4, lane, block);
    return block[number % 4];
}

/* Every element of every set asks exactly the word that the stream defines. */
static void check_mask(const rung_kernels *k, int64_t n, double p, uint64_t first)
{
    const uint64_t key = 0x123456789abcdef0u, lane = 0xfedcba9876543210u;
    array x = array_random(n, 0.5, 1.5, 1), y = array_new(n);
    k->dropout(n, p, key, lane, first, of(k, x), of(k, y));
    for (int64_t i = 0; i < n; i++) {
        const double word = word_of(key, lane, first + (uint64_t)i);
        const bool kept = word >= p * 4294967296.0;
        const double wanted = kept ? at(k, x, i) / (1 - p) : 0;
        if (!is_close(at(k, y, i), wanted, 1e-6))
            fail_msg("%s n %lld p %g first %llu: [%lld] is %g, wanted %g", k->name,
                     (long long)n, p, (unsigned long long)first, (long long)i,
                     at(k, y, i), wanted);
    }
    check_guard(y, "dropout");
    array_free(x), array_free(y);
}

static void check_masks(const rung_kernels *k)
{
    static const uint64_t firsts[] = {
        0, 1, 2, 3, 4, 1000003, 0x3fffffffdu, UINT64_MAX - 700};
    static const double rates[] = {0, 0.1, 0.5, 0.9};
    for (int s = 0; s < N_TEST_SIZES; s++)
        for (size_t f = 0; f < sizeof firsts / sizeof *firsts; f++)
            check_mask(k, test_sizes[s], rates[(size_t)s % 4], firsts[f]);
    check_mask(k, 3000, 0.3, 77);
}

static void every_set_drops_what_the_stream_says(void **state)
{
    (void)state;
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) check_masks(k);
    check_masks(rung_kernels_double());
}

/* word >= p * 2^32 keeps: also when they are equal, and no longer one step above. */
static void a_word_at_the_threshold_is_kept(void **state)
{
    (void)state;
    const double word = word_of(9, 8, 21), x = 1;
    const float one = 1;
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        float y = 0;
        k->dropout(1, word / 4294967296.0, 9, 8, 21, &one, &y);
        assert_true(y > 1);
        k->dropout(1, (word + 0.5) / 4294967296.0, 9, 8, 21, &one, &y);
        assert_false(y > 0);
    }
    double y = 0;
    rung_kernels_double()->dropout(1, word / 4294967296.0, 9, 8, 21, &x, &y);
    assert_true(y > 1);
}

static void a_run_equals_its_pieces(void **state)
{
    (void)state;
    enum { n = 1001 };
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        array x = array_random(n, -1, 1, 2), whole = array_new(n), pieces = array_new(n);
        k->dropout(n, 0.4, 5, 6, 70, x.f, whole.f);
        for (int64_t i = 0, m; i < n; i += m) {
            m = i % 7 + 1 < n - i ? i % 7 + 1 : n - i;
            k->dropout(m, 0.4, 5, 6, (uint64_t)(70 + i), x.f + i, pieces.f + i);
        }
        assert_memory_equal(whole.f, pieces.f, n * sizeof(float));
        k->dropout(n, 0.4, 5, 6, 70, x.f, x.f); /* in place */
        assert_memory_equal(whole.f, x.f, n * sizeof(float));
        array_free(x), array_free(whole), array_free(pieces);
    }
}

static void the_share_of_zeros_is_the_rate(void **state)
{
    (void)state;
    enum { n = 100000 };
    array x = array_random(n, 1, 2, 3), y = array_new(n);
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        k->dropout(n, 0.2, 42, 0, 0, x.f, y.f);
        int zeros = 0;
        for (int64_t i = 0; i < n; i++) zeros += !(y.f[i] > 0);
        assert_in_range(zeros, 20000 - 506, 20000 + 506); /* 4 standard deviations */
    }
    array_free(x), array_free(y);
}

static void the_ends_of_the_rate(void **state)
{
    (void)state;
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        const float x[3] = {1, NAN, INFINITY};
        float y[3];
        k->dropout(3, 0, 1, 2, 3, x, y);
        assert_memory_equal(x, y, sizeof x);
        k->dropout(3, 1, 1, 2, 3, x, y); /* all dropped, whatever they were */
        for (int i = 0; i < 3; i++) check_value(k, "dropout 1", 3, (double)y[i], 0, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_set_drops_what_the_stream_says),
        cmocka_unit_test(a_word_at_the_threshold_is_kept),
        cmocka_unit_test(a_run_equals_its_pieces),
        cmocka_unit_test(the_share_of_zeros_is_the_rate),
        cmocka_unit_test(the_ends_of_the_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
