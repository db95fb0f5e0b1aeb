/* The accuracy of the vector mathematics, as the kernels use it: errors in units of the
 * last place (ulp) of float over dense ranges, for every set. */
#include "support.h"

#include "kernels/compare.h"

enum { N = 4096 };

static double ulp_of(double value)
{
    const double smallest = 0x1p-126; /* normal */
    return ldexp(1, ilogb(fmax(fabs(value), smallest)) - 23);
}

/* One function on the positive numbers of [low, high], spaced evenly in their logarithm,
 * and on their negatives; the largest error must stay below `bound` ulp. */
typedef struct range {
    const char *name;
    double (*wanted)(double x);
    void (*compute)(const rung_kernels *k, const float *x, float *y); /* N of them */
    double low, high;
    double bound;
    bool positive; /* no negatives */
} range;

static void check_range(const rung_kernels *k, const range *r, double sign)
{
    static float x[N], y[N];
    double worst = 0, worst_x = 0, value = 0;
    const int64_t chunks = 32;
    for (int64_t c = 0; c < chunks; c++) {
        for (int64_t i = 0; i < N; i++) {
            const double t = (double)(c * N + i) / (double)(chunks * N - 1);
            x[i] = (float)(sign * r->low * pow(r->high / r->low, t));
        }
        r->compute(k, x, y);
        for (int64_t i = 0; i < N; i++) {
            const double wanted = r->wanted((double)x[i]);
            const double error = fabs((double)y[i] - wanted) / ulp_of(wanted);
            if (error > worst)
                worst = error, worst_x = (double)x[i], value = (double)y[i];
        }
    }
    if (!(worst <= r->bound))
        fail_msg("%s %s(%.9g) = %.9g is off by %.2f ulp, bound %.2f", k->name, r->name,
                 worst_x, value, worst, r->bound);
    if (getenv("RUNG_TEST_SHOW"))
        printf("%-9s %-9s %8g ... %-8g worst %.2f ulp at %g\n", k->name, r->name,
               sign * r->low, sign * r->high, worst, worst_x);
}

/* e^x is what the gradient of cross-entropy computes with lse = 0 and scale 1; the
 * target's element, which gets 1 less, is put behind the others. */
static void compute_exp(const rung_kernels *k, const float *x, float *y)
{
    static float row[N + 1], out[N + 1];
    const float lse = 0;
    memcpy(row, x, N * sizeof *row);
    k->cross_entropy_grad_row(N + 1, row, &lse, N, 0, 1, out);
    memcpy(y, out, N * sizeof *y);
}

static double log1p_exp(double x)
{
    return log1p(exp(-x));
}

/* With target 1 and x > 0 the loss is x - x + log(1 + e^-x). */
static void compute_log1p_exp(const rung_kernels *k, const float *x, float *y)
{
    const float one = 1;
    for (int64_t i = 0; i < N; i++) y[i] = (float)k->bce(1, x + i, &one);
}

static void compute_tanh(const rung_kernels *k, const float *x, float *y)
{
    k->act(RUNG_ACT_TANH, N, x, y);
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static void compute_sigmoid(const rung_kernels *k, const float *x, float *y)
{
    k->act(RUNG_ACT_SIGMOID, N, x, y);
}

/* gelu_erf(x) = x (1 + erf(x / sqrt 2)) / 2 keeps the relative error of erf for x > 0. */
static double gelu_erf(double x)
{
    return 0.5 * x * (1 + erf(x / sqrt(2)));
}

static void compute_gelu_erf(const rung_kernels *k, const float *x, float *y)
{
    k->act(RUNG_ACT_GELU_ERF, N, x, y);
}

static void functions_are_within_their_bounds(void **state)
{
    (void)state;
    static const range ranges[] = {
        {"exp", exp, compute_exp, 1e-30, 1, 1.5, false},
        {"exp", exp, compute_exp, 1, 87, 1.5, false},
        {"exp", exp, compute_exp, 87, 88.7, 1.5, true},
        {"tanh", tanh, compute_tanh, 1e-30, 1e-3, 2.5, false},
        {"tanh", tanh, compute_tanh, 1e-3, 20, 5.5, false},
        {"sigmoid", sigmoid, compute_sigmoid, 1e-30, 1, 2.5, false},
        {"sigmoid", sigmoid, compute_sigmoid, 1, 87, 2.5, false},
        {"log1p", log1p_exp, compute_log1p_exp, 1e-3, 80, 3, true},
        {"gelu_erf", gelu_erf, compute_gelu_erf, 1e-30, 1e-3, 3.5, true},
        {"gelu_erf", gelu_erf, compute_gelu_erf, 1e-3, 10, 3.5, true},
    };
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
            check_range(k, &ranges[i], 1);
            if (!ranges[i].positive) check_range(k, &ranges[i], -1);
        }
    }
}

static void exp_ends_in_infinity_and_zero(void **state)
{
    (void)state;
    static const float x[] = {88.73f, 1000, INFINITY, -104.5f, -1000, -INFINITY, NAN, 0};
    static const float wanted[] = {INFINITY, INFINITY, INFINITY, 0, 0, 0, NAN, 1};
    enum { COUNT = sizeof x / sizeof *x };
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        float y[COUNT], row[COUNT];
        static float padded[N];
        memcpy(padded, x, sizeof x);
        static float out[N];
        compute_exp(k, padded, out);
        memcpy(y, out, sizeof y);
        memcpy(row, wanted, sizeof row);
        for (int i = 0; i < COUNT; i++)
            check_value(k, "exp", i, (double)y[i], (double)row[i], 0);
        padded[0] = -100; /* subnormal: 3.78e-44 */
        compute_exp(k, padded, out);
        assert_true(fabs((double)out[0] - exp(-100)) <= 0x1p-149);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_within_their_bounds),
        cmocka_unit_test(exp_ends_in_infinity_and_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
