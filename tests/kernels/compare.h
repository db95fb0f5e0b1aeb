/* Comparing kernels: every float set of this processor against the double set, on the
 * same numbers. An array keeps its values as float and as double; behind each copy lie
 * guard elements that no kernel may touch. Include after support.h. */
#ifndef RUNG_TESTS_KERNELS_COMPARE_H
#define RUNG_TESTS_KERNELS_COMPARE_H

#include <math.h>

#include "base/rng.h"
#include "kernels/kernels.h"

/* 0, 1, and around 1, 2 and several vectors of every width. */
static const int64_t test_sizes[] = {0,  1,  2,  3,  4,  5,  7,  8,  9,   15,
                                     16, 17, 31, 32, 33, 63, 64, 65, 100, 259};
enum { N_TEST_SIZES = sizeof test_sizes / sizeof *test_sizes };

/* The float sets that this processor runs:
 *     for (const rung_kernels *k = first_set(); k; k = next_set(k)) */
static inline const rung_kernels *first_set(void)
{
    return rung_kernels_get(RUNG_ISA_PORTABLE);
}

static inline const rung_kernels *next_set(const rung_kernels *k)
{
    return k->isa < rung_kernels_best() ? rung_kernels_get(k->isa + 1) : NULL;
}

enum { GUARD = 32 };
#define GUARD_VALUE 12345.0

typedef struct array {
    float *f;
    double *d;
    int64_t n;
} array;

/* The copy that a set works on. */
static inline void *of(const rung_kernels *k, array a)
{
    return k->real_bytes == sizeof(float) ? (void *)a.f : (void *)a.d;
}

static inline double at(const rung_kernels *k, array a, int64_t i)
{
    return k->real_bytes == sizeof(float) ? (double)a.f[i] : a.d[i];
}

static inline void put(array a, int64_t i, double value)
{
    a.f[i] = (float)value;
    a.d[i] = (double)a.f[i];
}

static inline array array_new(int64_t n)
{
    array a = {rung__alloc_array((size_t)n + GUARD, sizeof(float)),
               rung__alloc_array((size_t)n + GUARD, sizeof(double)), n};
    for (int64_t i = n; i < n + GUARD; i++) put(a, i, GUARD_VALUE);
    return a;
}

/* Uniform in [low, high), rounded to float in both copies; `seed` says which numbers. */
static inline array array_random(int64_t n, double low, double high, uint64_t seed)
{
    array a = array_new(n);
    rung_rng rng = rung_rng_make(rung_rng_key(seed, "test", (uint64_t)n));
    for (int64_t i = 0; i < n; i++) put(a, i, low + (high - low) * rung_rng_double(&rng));
    return a;
}

static inline array array_dup(array a)
{
    array b = array_new(a.n);
    for (int64_t i = 0; i < a.n; i++) b.f[i] = a.f[i], b.d[i] = a.d[i];
    return b;
}

static inline void array_free(array a)
{
    rung__free(a.f);
    rung__free(a.d);
}

static inline void check_guard(array a, const char *what)
{
    for (int64_t i = a.n; i < a.n + GUARD; i++)
        if ((double)a.f[i] != GUARD_VALUE || a.d[i] != GUARD_VALUE)
            fail_msg("%s: element %lld of %lld was written", what, (long long)i,
                     (long long)a.n);
}

static inline bool is_close(double value, double wanted, double tolerance)
{
    if (isnan(wanted) || isnan(value)) return isnan(wanted) && isnan(value);
    if (isinf(wanted) || isinf(value)) return wanted == value;
    return fabs(value - wanted) <= tolerance * (1 + fabs(wanted));
}

/* The float copy is what the double copy says, within tolerance * (1 + |wanted|). */
static inline void check_array(const rung_kernels *k, const char *what, array a,
                               double tolerance)
{
    for (int64_t i = 0; i < a.n; i++)
        if (!is_close((double)a.f[i], a.d[i], tolerance))
            fail_msg("%s %s, size %lld: [%lld] is %.9g, wanted %.9g", k->name, what,
                     (long long)a.n, (long long)i, (double)a.f[i], a.d[i]);
    check_guard(a, what);
}

static inline void check_value(const rung_kernels *k, const char *what, int64_t n,
                               double value, double wanted, double tolerance)
{
    if (!is_close(value, wanted, tolerance))
        fail_msg("%s %s, size %lld: %.12g, wanted %.12g", k->name, what, (long long)n,
                 value, wanted);
}

/* A function of the numbers in double, for derivatives. */
typedef double (*loss_fn)(void *ctx);

/* dx[i] = dLoss/dx[i] within 1e-7 (relative, above 1e-3), by central differences. */
static inline void check_gradient(const char *what, array x, array dx, loss_fn loss,
                                  void *ctx)
{
    const double h = 1e-5;
    for (int64_t i = 0; i < x.n; i++) {
        const double old = x.d[i];
        x.d[i] = old + h;
        const double above = loss(ctx);
        x.d[i] = old - h;
        const double below = loss(ctx);
        x.d[i] = old;
        const double wanted = (above - below) / (2 * h);
        if (!is_close(dx.d[i], wanted, 1e-8))
            fail_msg("gradient of %s: [%lld] is %.12g, differences say %.12g", what,
                     (long long)i, dx.d[i], wanted);
    }
}

/* The sum of weights[i] y[i]: a loss whose gradient with respect to y is `weights`. */
static inline double weighted(array weights, array y)
{
    double sum = 0;
    for (int64_t i = 0; i < y.n; i++) sum += weights.d[i] * y.d[i];
    return sum;
}

#endif
