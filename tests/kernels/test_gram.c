/* Sums of products and triangular factors of every set against plain loops in long
 * double. */
#include "support.h"

#include "kernels/compare.h"

enum { MOST_ROWS = 130, MOST = 56 };

static const int64_t row_counts[] = {0, 1, 2, 7, 64, MOST_ROWS};
enum { N_ROW_COUNTS = sizeof row_counts / sizeof *row_counts };

static double z[MOST_ROWS * MOST], c[MOST * MOST + GUARD];

static void fill(double *x, int64_t n, uint64_t key)
{
    rung_rng rng = rung_rng_make(key);
    for (int64_t i = 0; i < n; i++) x[i] = rung_rng_normal(&rng);
}

static double product(int64_t rows, int64_t i, int64_t j)
{
    long double sum = 0;
    for (int64_t r = 0; r < rows; r++)
        sum += (long double)z[r * MOST + i] * z[r * MOST + j];
    return (double)sum;
}

/* All sets, and the one in double. */
static const rung_kernels *next(const rung_kernels *k)
{
    if (k == rung_kernels_double()) return NULL;
    const rung_kernels *after = next_set(k);
    return after ? after : rung_kernels_double();
}

static void the_upper_triangle_gains_the_products(void **state)
{
    (void)state;
    fill(z, MOST_ROWS * MOST, 1);
    for (const rung_kernels *k = first_set(); k; k = next(k))
        for (int64_t j0 = 0; j0 < MOST; j0 += 8)
            for (int64_t j1 = j0 + 8; j1 <= MOST; j1 += 8)
                for (int n = 0; n < N_ROW_COUNTS; n++) {
                    const int64_t rows = row_counts[n];
                    for (int i = 0; i < MOST * MOST + GUARD; i++) c[i] = i;
                    k->gram(rows, z, MOST, j0, j1, c, MOST);
                    for (int64_t i = 0; i < MOST; i++)
                        for (int64_t j = i; j < MOST; j++) {
                            const bool is_in = j >= j0 && j < j1;
                            const double old = (double)(i * MOST + j);
                            assert_near(c[i * MOST + j],
                                        is_in ? old + product(rows, i, j) : old, 1e-11);
                        }
                    for (int g = 0; g < GUARD; g++)
                        assert_true(c[MOST * MOST + g] == MOST * MOST + g);
                }
}

static void rows_are_shifted_and_scaled(void **state)
{
    (void)state;
    static const double shift[] = {1, -2, 0.5, 3, 4, 5, 6, 7, 8}, scale[] = {2, 0, 0.5};
    const double d[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1, 1, 2, 2,
                        2, 3, 3, 3, 9, 8, 7, 6, 5, 4, 3, 2, 1};
    float f[27];
    for (int i = 0; i < 27; i++) f[i] = (float)d[i];
    for (const rung_kernels *k = first_set(); k; k = next(k))
        for (int is_float = 0; is_float < 2; is_float++)
            for (int scaled = 0; scaled < 2; scaled++) {
                for (int i = 0; i < 48; i++) c[i] = -1;
                k->gram_pack(3, 9, is_float ? (const void *)f : d, is_float, 9, shift,
                             scaled ? scale : NULL, c, 16);
                for (int i = 0; i < 48; i++) {
                    const int r = i / 16, j = i % 16;
                    const double wanted =
                        (scaled ? scale[r] : 1) * (j < 9 ? d[9 * r + j] - shift[j] : 0);
                    assert_true(c[i] == (j < 9 ? wanted : -1));
                }
            }
}

static void a_factor_takes_rows_in(void **state)
{
    (void)state;
    static double r[MOST * MOST], scratch[MOST], x[MOST_ROWS * MOST];
    fill(z, MOST_ROWS * MOST, 2);
    for (int64_t i = 0; i < MOST_ROWS; i++) z[i * MOST + 3] = 0; // nothing to reflect
    for (const rung_kernels *k = first_set(); k; k = next(k))
        for (int n = 0; n < N_ROW_COUNTS; n++) {
            const int64_t rows = row_counts[n], half = rows / 2;
            memset(r, 0, sizeof r);
            memcpy(x, z, sizeof x);
            k->qr_rows(half, MOST, x, MOST, r, MOST, scratch);
            k->qr_rows(rows - half, MOST, x + half * MOST, MOST, r, MOST, scratch);
            for (int64_t i = 0; i < MOST; i++)
                for (int64_t j = 0; j < MOST; j++) {
                    double sum = 0;
                    for (int64_t p = 0; p < MOST; p++)
                        sum += r[p * MOST + i] * r[p * MOST + j];
                    assert_near(sum, product(rows, i, j), 1e-11);
                    if (j < i) assert_true(r[i * MOST + j] == 0);
                }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_upper_triangle_gains_the_products),
        cmocka_unit_test(rows_are_shifted_and_scaled),
        cmocka_unit_test(a_factor_takes_rows_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
