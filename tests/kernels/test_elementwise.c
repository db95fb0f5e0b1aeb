#include "support.h"

#include "kernels/compare.h"

static const char *const act_names[] = {
#define X(name, text) text,
    RUNG_ACT_LIST(X)
#undef X
};

static void add_mul_scale_and_axpy_agree_with_double(void **state)
{
    (void)state;
    const rung_kernels *d = rung_kernels_double();
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        for (int s = 0; s < N_TEST_SIZES; s++) {
            const int64_t n = test_sizes[s];
            array x = array_random(n, -3, 3, 1), y = array_random(n, -3, 3, 2);
            array z = array_new(n);
            d->add(n, x.d, y.d, z.d), k->add(n, x.f, y.f, z.f);
            check_array(k, "add", z, 1e-7);
            d->mul(n, x.d, y.d, z.d), k->mul(n, x.f, y.f, z.f);
            check_array(k, "mul", z, 1e-7);
            d->scale(n, 0.75, x.d, z.d), k->scale(n, 0.75, x.f, z.f);
            check_array(k, "scale", z, 1e-7);
            d->axpy(n, -1.25, x.d, z.d), k->axpy(n, -1.25, x.f, z.f);
            check_array(k, "axpy", z, 1e-6);
            d->add(n, x.d, y.d, x.d), k->add(n, x.f, y.f, x.f); /* in place */
            check_array(k, "add in place", x, 1e-7);
            array_free(x), array_free(y), array_free(z);
        }
    }
}

static void the_double_set_adds_multiplies_and_scales(void **state)
{
    (void)state;
    const rung_kernels *d = rung_kernels_double();
    const double x[3] = {1, -2, 3}, y[3] = {0.5, 4, -8};
    double z[3];
    d->add(3, x, y, z);
    assert_true(z[0] == 1.5 && z[1] == 2 && z[2] == -5);
    d->mul(3, x, y, z);
    assert_true(z[0] == 0.5 && z[1] == -8 && z[2] == -24);
    d->scale(3, -2, x, z);
    assert_true(z[0] == -2 && z[1] == 4 && z[2] == -6);
    d->axpy(3, 0.5, y, z);
    assert_true(z[0] == -1.75 && z[1] == 6 && z[2] == -10);
}

/* From the definitions, in double. */
static double act_reference(rung_act f, double x)
{
    switch (f) {
    case RUNG_ACT_RELU:
        return x > 0 ? x : 0;
    case RUNG_ACT_GELU:
        return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case RUNG_ACT_GELU_ERF:
        return 0.5 * x * (1 + erf(x / sqrt(2)));
    case RUNG_ACT_SILU:
        return x / (1 + exp(-x));
    case RUNG_ACT_SIGMOID:
        return 1 / (1 + exp(-x));
    case RUNG_ACT_TANH:
        return tanh(x);
    default:
        return x;
    }
}

static void the_double_set_computes_the_definitions(void **state)
{
    (void)state;
    const rung_kernels *d = rung_kernels_double();
    for (int f = 0; f < RUNG_ACT_COUNT; f++)
        for (double x = -30; x <= 30; x += 0.01) {
            double y;
            d->act((rung_act)f, 1, &x, &y);
            check_value(d, act_names[f], 1, y, act_reference((rung_act)f, x), 1e-13);
        }
}

static bool saves_output(rung_act f)
{
    return f == RUNG_ACT_SIGMOID || f == RUNG_ACT_TANH;
}

static void activations_and_gradients_agree_with_double(void **state)
{
    (void)state;
    const rung_kernels *d = rung_kernels_double();
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        for (int f = 0; f < RUNG_ACT_COUNT; f++) {
            for (int s = 0; s < N_TEST_SIZES; s++) {
                const rung_act act = (rung_act)f;
                const int64_t n = test_sizes[s];
                array x = array_random(n, -6, 6, 3), dy = array_random(n, -1, 1, 4);
                array y = array_new(n);
                d->act(act, n, x.d, y.d), k->act(act, n, x.f, y.f);
                check_array(k, act_names[f], y, 1e-6);
                const array saved = saves_output(act) ? y : x;
                d->act_grad(act, n, saved.d, dy.d, dy.d);
                k->act_grad(act, n, saved.f, dy.f, dy.f);
                check_array(k, act_names[f], dy, 2e-6);
                array_free(x), array_free(y), array_free(dy);
            }
        }
    }
}

typedef struct act_case {
    rung_act f;
    array x, y, weights;
} act_case;

static double act_loss(void *ctx)
{
    const act_case *c = ctx;
    rung_kernels_double()->act(c->f, c->x.n, c->x.d, c->y.d);
    return weighted(c->weights, c->y);
}

static void activation_gradients_are_derivatives(void **state)
{
    (void)state;
    const rung_kernels *d = rung_kernels_double();
    for (int f = 0; f < RUNG_ACT_COUNT; f++) {
        act_case c = {(rung_act)f, array_random(101, -4, 4, 5), array_new(101),
                      array_random(101, -1, 1, 6)};
        array dx = array_new(101);
        d->act(c.f, 101, c.x.d, c.y.d);
        d->act_grad(c.f, 101, saves_output(c.f) ? c.y.d : c.x.d, c.weights.d, dx.d);
        check_gradient(act_names[f], c.x, dx, act_loss, &c);
        array_free(c.x), array_free(c.y), array_free(c.weights), array_free(dx);
    }
}

/* The ends of the range: no NaN from a finite argument, and NaN stays NaN. */
static void activations_are_safe_at_both_ends(void **state)
{
    (void)state;
    static const float large[] = {30, 88, 89, 104, 1e4f, 1e10f, 1e20f, 3e38f};
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        for (int f = 0; f < RUNG_ACT_COUNT; f++) {
            for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
                const bool bounded = saves_output((rung_act)f);
                float x[2] = {large[i], -large[i]}, y[2], dx[2], one[2] = {1, 1};
                k->act((rung_act)f, 2, x, y);
                k->act_grad((rung_act)f, 2, bounded ? y : x, one, dx);
                const float top = bounded ? 1 : large[i];
                const float bottom = f == RUNG_ACT_TANH   ? -1
                                     : f == RUNG_ACT_NONE ? -large[i]
                                                          : 0;
                check_value(k, act_names[f], 2, (double)y[0], (double)top, 1e-6);
                check_value(k, act_names[f], 2, (double)y[1], (double)bottom, 1e-9);
                const float slope = bounded ? 0 : 1;
                check_value(k, act_names[f], 2, (double)dx[0], (double)slope, 1e-6);
                check_value(k, act_names[f], 2, (double)dx[1], f == RUNG_ACT_NONE ? 1 : 0,
                            1e-9);
            }
            float nan = NAN, y;
            k->act((rung_act)f, 1, &nan, &y);
            if (!isnan(y)) fail_msg("%s %s(NaN) = %g", k->name, act_names[f], (double)y);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(add_mul_scale_and_axpy_agree_with_double),
        cmocka_unit_test(the_double_set_adds_multiplies_and_scales),
        cmocka_unit_test(the_double_set_computes_the_definitions),
        cmocka_unit_test(activations_and_gradients_agree_with_double),
        cmocka_unit_test(activation_gradients_are_derivatives),
        cmocka_unit_test(activations_are_safe_at_both_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
