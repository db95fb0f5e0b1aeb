/* Principal components of rows whose decomposition is known: X = S V^T with columns of S
 * that are perpendicular and sum to 0, and V a reflection. */
#include "support.h"

#include <math.h>

#include "base/rng.h"
#include "learn/principal.h"

enum { N = 8, DIM = 5 };

static rung_error err;

/* Columns of a Hadamard matrix without the one of ones: 1 or -1. */
static double sign(int i, int j)
{
    return __builtin_popcount((unsigned)(i & (j + 1))) % 2 ? -1 : 1;
}

/* V = I - 2 u u^T / |u|^2: entry [d, j]. */
static double reflection(int d, int j)
{
    static const double u[DIM] = {1, -2, 3, 1, 2};
    double square = 0;
    for (int i = 0; i < DIM; i++) square += u[i] * u[i];
    return (d == j) - 2 * u[d] * u[j] / square;
}

static void make_rows(float *rows, const double size[DIM])
{
    for (int i = 0; i < N; i++)
        for (int d = 0; d < DIM; d++) {
            double x = 10 + d; // a mean that must not matter
            for (int j = 0; j < DIM; j++) x += size[j] * sign(i, j) * reflection(d, j);
            rows[i * DIM + d] = (float)x;
        }
}

static void known_directions_are_found(void **state)
{
    static const double size[DIM] = {1, 4, 0.5, 2, 0};
    static const int order[DIM] = {1, 3, 0, 2, 4};
    float rows[N * DIM];
    double places[N * DIM], shares[DIM], total = 0;
    (void)state;
    make_rows(rows, size);
    assert_ok(rung__principal(places, shares, rows, N, DIM, DIM, &err));
    for (int j = 0; j < DIM; j++) total += size[j] * size[j];
    for (int k = 0; k < DIM; k++) {
        const int j = order[k];
        int most = 0;
        for (int d = 1; d < DIM; d++)
            if (fabs(reflection(d, j)) > fabs(reflection(most, j))) most = d;
        const double turn = reflection(most, j) < 0 ? -1 : 1;
        assert_near(shares[k], size[j] * size[j] / total, 1e-6);
        for (int i = 0; i < N; i++)
            assert_near(places[i * DIM + k], turn * size[j] * sign(i, j), 1e-5);
    }
}

/* Two directions of one size can be any two of their plane; the others are as they were,
 * and distances within the plane stay. */
static void equal_sizes_leave_a_plane(void **state)
{
    static const double size[DIM] = {3, 3, 1, 0, 0};
    float rows[N * DIM];
    double places[N * 2], shares[2];
    (void)state;
    make_rows(rows, size);
    assert_ok(rung__principal(places, shares, rows, N, DIM, 2, &err));
    for (int k = 0; k < 2; k++) assert_near(shares[k], 9.0 / 19, 1e-6);
    for (int i = 0; i < N; i++) {
        const double a = places[2 * i] - places[0], b = places[2 * i + 1] - places[1];
        const double x = 3 * (sign(i, 0) - sign(0, 0)), y = 3 * (sign(i, 1) - sign(0, 1));
        assert_near(a * a + b * b, x * x + y * y, 1e-4);
    }
}

/* Many numbers, whose sizes fall slowly: what is told of the shares is true of the
 * places, and a plain power iteration finds nothing larger. */
static void nothing_varies_more(void **state)
{
    enum { ROWS = 300, WIDE = 40, TURNS = 2000 };
    static float rows[ROWS * WIDE];
    static double places[ROWS * 2], again[ROWS * 2], x[ROWS * WIDE];
    double shares[2], v[WIDE], length = 0, total = 0, sum[2] = {0};
    rung_rng rng = rung_rng_make(rung_rng_key(3, "rows", 0));
    (void)state;
    for (int i = 0; i < ROWS * WIDE; i++)
        rows[i] = (float)(rung_rng_normal(&rng) / (1 + 0.02 * (i % WIDE)));
    assert_ok(rung__principal(places, shares, rows, ROWS, WIDE, 2, &err));
    assert_ok(rung__principal(again, sum, rows, ROWS, WIDE, 2, &err));
    assert_memory_equal(places, again, sizeof places);
    for (int d = 0; d < WIDE; d++) {
        double mean = 0;
        for (int i = 0; i < ROWS; i++) mean += (double)rows[i * WIDE + d] / ROWS;
        for (int i = 0; i < ROWS; i++) {
            x[i * WIDE + d] = (double)rows[i * WIDE + d] - mean;
            total += x[i * WIDE + d] * x[i * WIDE + d];
        }
        v[d] = 1;
    }
    sum[0] = sum[1] = 0;
    for (int i = 0; i < ROWS * 2; i++) sum[i % 2] += places[i] * places[i];
    for (int k = 0; k < 2; k++) assert_near(sum[k] / total, shares[k], 1e-12);
    for (int turn = 0; turn < TURNS; turn++) {
        double next[WIDE] = {0}, square = 0;
        for (int i = 0; i < ROWS; i++) {
            double along = 0;
            for (int d = 0; d < WIDE; d++) along += v[d] * x[i * WIDE + d];
            for (int d = 0; d < WIDE; d++) next[d] += along * x[i * WIDE + d];
        }
        for (int d = 0; d < WIDE; d++) square += next[d] * next[d];
        length = sqrt(square);
        for (int d = 0; d < WIDE; d++) v[d] = next[d] / length;
    }
    assert_near(length / total, shares[0], 1e-9);
    assert_true(shares[1] < shares[0]);
}

static void rows_that_do_not_vary_have_no_directions(void **state)
{
    static const float rows[] = {1, 2, 1, 2, 1, 2}, line[] = {0, 0, 1, 1, 2, 2};
    double places[9], shares[3];
    (void)state;
    assert_ok(rung__principal(places, shares, rows, 3, 2, 2, &err));
    for (int k = 0; k < 2; k++) assert_near(shares[k], 0, 0);
    for (int i = 0; i < 6; i++) assert_near(places[i], 0, 0);
    assert_ok(rung__principal(places, shares, line, 3, 2, 3, &err)); // too many
    assert_near(shares[0], 1, 1e-12);
    assert_near(shares[1], 0, 1e-12);
    assert_near(shares[2], 0, 0);
    assert_near(places[0], -sqrt(2), 1e-12);
    assert_ok(rung__principal(places, shares, line, 1, 2, 2, &err));
    assert_near(places[0], 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_directions_are_found),
        cmocka_unit_test(equal_sizes_leave_a_plane),
        cmocka_unit_test(nothing_varies_more),
        cmocka_unit_test(rows_that_do_not_vary_have_no_directions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
