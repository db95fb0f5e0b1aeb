#include "support.h"

#include "base/rng.h"

/* The vectors that are published with the reference implementation (Random123,
 * kat_vectors, philox4x32 10): counter words 0-3, key words 0-1, result. */
static void philox_gives_the_published_vectors(void **state)
{
    (void)state;
    static const uint32_t vectors[][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff,
         0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0,
         0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const uint32_t *v = vectors[i];
        uint32_t out[4];
        rung_philox((uint64_t)v[5] << 32 | v[4], (uint64_t)v[1] << 32 | v[0],
                    (uint64_t)v[3] << 32 | v[2], out);
        assert_memory_equal(out, v + 6, sizeof out);
    }
}

static void a_stream_is_its_blocks_in_order(void **state)
{
    (void)state;
    rung_rng rng = rung_rng_make(77);
    for (uint64_t counter = 0; counter < 5; counter++) {
        uint32_t block[4];
        rung_philox(77, counter, 0, block);
        for (int i = 0; i < 4; i++) assert_int_equal(rung_rng_u32(&rng), block[i]);
    }
    // A copy goes on with the same numbers: there is no other state.
    rung_rng copy = rng;
    for (int i = 0; i < 10; i++) assert_true(rung_rng_u64(&rng) == rung_rng_u64(&copy));
    uint32_t block[4];
    rung_philox(77, 0, 0, block);
    rng = rung_rng_make(77);
    assert_true(rung_rng_u64(&rng) == ((uint64_t)block[1] << 32 | block[0]));
}

/* Written down once: they must never change, or saved runs could not be repeated. */
static void derived_numbers_stay_what_they_are(void **state)
{
    (void)state;
    assert_true(rung_rng_key(1, "dropout", 2) == 0xe8e0260006138e75);
    rung_rng rng = rung_rng_make(5);
    assert_true(rung_rng_below(&rng, 1000000) == 69707);
    assert_near(rung_rng_double(&rng), 0.96572699979500298, 0);
    assert_near(rung_rng_normal(&rng), 0.4261766929844279, 1e-15);
    assert_true(rung_permute(9, 1000, 123) == 944);
}

static void keys_depend_on_seed_name_and_index(void **state)
{
    (void)state;
    const uint64_t key = rung_rng_key(1, "dropout", 2);
    assert_true(key == rung_rng_key(1, "dropout", 2));
    assert_true(key != rung_rng_key(2, "dropout", 2));
    assert_true(key != rung_rng_key(1, "dropouu", 2));
    assert_true(key != rung_rng_key(1, "dropout", 3));
    assert_true(key != rung_rng_key(1, "", 2));
}

static void below_is_uniform(void **state)
{
    (void)state;
    rung_rng rng = rung_rng_make(3);
    int counts[10] = {0};
    for (int i = 0; i < 100000; i++) counts[rung_rng_below(&rng, 10)]++;
    double chi2 = 0;
    for (int i = 0; i < 10; i++) chi2 += pow(counts[i] - 10000, 2) / 10000;
    assert_true(chi2 < 27.9); // 9 degrees of freedom: exceeded once in a thousand
    assert_true(rung_rng_below(&rng, 1) == 0);
    // 3/4 of all numbers: without refusals every third would be twice as common.
    const uint64_t n = (uint64_t)3 << 62;
    int thirds = 0;
    for (int i = 0; i < 30000; i++) thirds += rung_rng_below(&rng, n) % 3 == 0;
    assert_true(abs(thirds - 10000) < 350);
}

static void doubles_are_uniform_in_their_interval(void **state)
{
    (void)state;
    rung_rng rng = rung_rng_make(4);
    double sum = 0, squares = 0;
    for (int i = 0; i < 100000; i++) {
        const double x = rung_rng_double(&rng);
        assert_true(x >= 0 && x < 1);
        sum += x, squares += x * x;
    }
    assert_near(sum / 100000, 0.5, 0.004);
    assert_near(squares / 100000, 1.0 / 3, 0.004);
}

static void normals_have_the_moments_of_the_bell_curve(void **state)
{
    (void)state;
    rung_rng rng = rung_rng_make(6);
    double moments[5] = {0};
    int beyond = 0;
    for (int i = 0; i < 200000; i++) {
        const double x = rung_rng_normal(&rng);
        for (int k = 1; k < 5; k++) moments[k] += pow(x, k) / 200000;
        beyond += fabs(x) > 1.959964;
    }
    assert_near(moments[1], 0, 0.01);
    assert_near(moments[2], 1, 0.015);
    assert_near(moments[3], 0, 0.04);
    assert_near(moments[4], 3, 0.15);
    assert_near(beyond / 200000.0, 0.05, 0.002);
}

static void assert_is_permutation(uint64_t key, uint64_t n)
{
    unsigned char *seen = rung__alloc(n);
    for (uint64_t i = 0; i < n; i++) {
        const uint64_t at = rung_permute(key, n, i);
        assert_true(at < n);
        assert_int_equal(seen[at], 0);
        seen[at] = 1;
    }
    rung__free(seen);
}

static void permute_is_a_bijection(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= 300; n++) {
        for (uint64_t key = 0; key < 5; key++) assert_is_permutation(key * 0x12345, n);
    }
    assert_is_permutation(7, 1 << 16);
    assert_is_permutation(8, (1 << 16) + 1);
    assert_is_permutation(9, 99991);
    const uint64_t n = UINT64_MAX; // the largest one stays in range too
    for (uint64_t i = 0; i < 100; i++) assert_true(rung_permute(1, n, n - 1 - i) < n);
}

/* Over many keys, each element lands everywhere equally often, and neighbours part. */
static void permute_is_uniform_over_keys(void **state)
{
    (void)state;
    static const int sizes[] = {2, 3, 5, 8, 10};
    enum { KEYS = 20000 };
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const int n = sizes[s];
        int counts[10][10] = {{0}}, ordered = 0;
        for (uint64_t key = 0; key < KEYS; key++) {
            for (int i = 0; i < n; i++) counts[i][rung_permute(key, n, i)]++;
            ordered += rung_permute(key, n, 0) < rung_permute(key, n, 1);
        }
        const double expected = (double)KEYS / n;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                assert_true(fabs(counts[i][j] - expected) < 5 * sqrt(expected));
            }
        }
        assert_true(abs(ordered - KEYS / 2) < 5 * 71);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_published_vectors),
        cmocka_unit_test(a_stream_is_its_blocks_in_order),
        cmocka_unit_test(derived_numbers_stay_what_they_are),
        cmocka_unit_test(keys_depend_on_seed_name_and_index),
        cmocka_unit_test(below_is_uniform),
        cmocka_unit_test(doubles_are_uniform_in_their_interval),
        cmocka_unit_test(normals_have_the_moments_of_the_bell_curve),
        cmocka_unit_test(permute_is_a_bijection),
        cmocka_unit_test(permute_is_uniform_over_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
