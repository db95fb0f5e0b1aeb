#include "support.h"

#include "kernels/compare.h"

/* One cell from the equations, in double. */
static void reference(int64_t H, const double *a, const double *c_prev, double *c,
                      double *h)
{
    for (int64_t u = 0; u < H; u++) {
        const double i = 1 / (1 + exp(-a[u])), f = 1 / (1 + exp(-a[H + u])),
                     g = tanh(a[2 * H + u]), o = 1 / (1 + exp(-a[3 * H + u]));
        c[u] = f * c_prev[u] + i * g;
        h[u] = o * tanh(c[u]);
    }
}

static void cell_and_gradient_agree_with_double(void **state)
{
    (void)state;
    const rung_kernels *d = rung_kernels_double();
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        for (int s = 0; s < N_TEST_SIZES; s++) {
            const int64_t H = test_sizes[s];
            array gates = array_random(4 * H, -4, 4, 1), before = array_dup(gates);
            array c_prev = array_random(H, -2, 2, 2), c = array_new(H), h = array_new(H);
            d->lstm_cell(H, gates.d, c_prev.d, c.d, h.d);
            k->lstm_cell(H, gates.f, c_prev.f, c.f, h.f);
            check_array(k, "lstm gates", gates, 5e-7);
            check_array(k, "lstm c", c, 1e-6);
            check_array(k, "lstm h", h, 1e-6);
            array wanted_c = array_new(H), wanted_h = array_new(H);
            reference(H, before.d, c_prev.d, wanted_c.d, wanted_h.d);
            for (int64_t u = 0; u < H; u++) {
                check_value(d, "lstm c", H, c.d[u], wanted_c.d[u], 1e-14);
                check_value(d, "lstm h", H, h.d[u], wanted_h.d[u], 1e-14);
            }
            array dh = array_random(H, -1, 1, 3), dc = array_random(H, -1, 1, 4);
            d->lstm_cell_grad(H, gates.d, c_prev.d, c.d, dh.d, dc.d);
            k->lstm_cell_grad(H, gates.f, c_prev.f, c.f, dh.f, dc.f);
            check_array(k, "lstm_grad gates", gates, 2e-6);
            check_array(k, "lstm_grad dc", dc, 2e-6);
            array_free(gates), array_free(before), array_free(c_prev), array_free(c);
            array_free(h), array_free(wanted_c), array_free(wanted_h);
            array_free(dh), array_free(dc);
        }
    }
}

typedef struct cell_case {
    array gates, c_prev, weights_c, weights_h;
    int64_t H;
} cell_case;

static double cell_loss(void *ctx)
{
    const cell_case *s = ctx;
    array c = array_new(s->H), h = array_new(s->H);
    reference(s->H, s->gates.d, s->c_prev.d, c.d, h.d);
    const double loss = weighted(s->weights_c, c) + weighted(s->weights_h, h);
    array_free(c), array_free(h);
    return loss;
}

static void gradient_is_the_derivative(void **state)
{
    (void)state;
    enum { H = 11 };
    const rung_kernels *d = rung_kernels_double();
    cell_case s = {array_random(4 * H, -2, 2, 5), array_random(H, -1, 1, 6),
                   array_random(H, -1, 1, 7), array_random(H, -1, 1, 8), H};
    array da = array_dup(s.gates), c = array_new(H), h = array_new(H);
    array dc = array_dup(s.weights_c);
    d->lstm_cell(H, da.d, s.c_prev.d, c.d, h.d);
    d->lstm_cell_grad(H, da.d, s.c_prev.d, c.d, s.weights_h.d, dc.d);
    check_gradient("lstm gates", s.gates, da, cell_loss, &s);
    check_gradient("lstm c_prev", s.c_prev, dc, cell_loss, &s);
    array_free(s.gates), array_free(s.c_prev), array_free(s.weights_c);
    array_free(s.weights_h), array_free(da), array_free(c), array_free(h), array_free(dc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cell_and_gradient_agree_with_double),
        cmocka_unit_test(gradient_is_the_derivative),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
