#include "support.h"

#include "kernels/compare.h"

typedef enum kind { SGD, MOMENTUM, NESTEROV, ADAGRAD, ADAMW, N_KINDS } kind;

/* Three steps of PyTorch 2.13 (torch.optim, float64) from the same start with gradients
 * halved; lr 0.1, momentum 0.9, weight decay 0.01 (adamw 0.1), betas 0.9 and 0.95. */
static const double start[4] = {0.5, -1.25, 2.0, 0.0};
static const double gradients[3][4] = {
    {0.1, -0.2, 0.3, 1.5}, {-0.4, 0.05, 0.2, 0.7}, {0.25, 0.3, -0.6, -0.01}};
static const double torch_says[N_KINDS][4] = {
    [SGD] = {0.5025, -1.2575, 2.005, -0.1095},
    [MOMENTUM] = {0.5091463945, -1.23567898875, 1.959206583, -0.268930075},
    [NESTEROV] = {0.5092167062755, -1.24093501283625, 1.962435269397, -0.350926814425},
    [ADAGRAD] = {0.442470442384122, -1.23928656926088, 1.92315439806949,
                 -0.141412959114984},
    [ADAMW] = {0.445749064028263, -1.0996808473107, 1.76199003195999, -0.262413013019389},
};

static rung_update update_of(kind which, int step)
{
    rung_update u = {.lr = 0.1, .grad_scale = 0.5, .eps = 1e-8};
    u.weight_decay = which == SGD ? 0 : which == ADAMW ? 0.1 : 0.01;
    u.momentum = which == MOMENTUM || which == NESTEROV ? 0.9 : 0;
    u.nesterov = which == NESTEROV;
    if (which == ADAGRAD) u.eps = 1e-10;
    u.beta1 = 0.9, u.beta2 = 0.95;
    u.bias1 = 1 - pow(0.9, step), u.bias2 = 1 - pow(0.95, step);
    return u;
}

static void step_with(const rung_kernels *k, kind which, const rung_update *u, array w,
                      array g, array m, array v)
{
    if (which == ADAMW)
        k->adamw(w.n, u, of(k, w), of(k, g), of(k, m), of(k, v));
    else if (which == ADAGRAD)
        k->adagrad(w.n, u, of(k, w), of(k, g), of(k, v));
    else
        k->sgd(w.n, u, of(k, w), of(k, g), which == SGD ? NULL : of(k, m));
}

static void check_three_steps(const rung_kernels *k, kind which, double tolerance)
{
    array w = array_new(4), g = array_new(4), m = array_new(4), v = array_new(4);
    for (int i = 0; i < 4; i++) w.f[i] = (float)start[i], w.d[i] = start[i];
    for (int step = 1; step <= 3; step++) {
        for (int i = 0; i < 4; i++) {
            g.f[i] = (float)gradients[step - 1][i];
            g.d[i] = gradients[step - 1][i];
        }
        const rung_update u = update_of(which, step);
        step_with(k, which, &u, w, g, m, v);
    }
    for (int i = 0; i < 4; i++)
        check_value(k, "optimizer", which, at(k, w, i), torch_says[which][i], tolerance);
    array_free(w), array_free(g), array_free(m), array_free(v);
}

static void three_steps_are_those_of_pytorch(void **state)
{
    (void)state;
    for (kind which = SGD; which < N_KINDS; which++) {
        check_three_steps(rung_kernels_double(), which, 1e-13);
        for (const rung_kernels *k = first_set(); k; k = next_set(k))
            check_three_steps(k, which, 2e-7);
    }
}

static void steps_agree_with_double_at_every_size(void **state)
{
    (void)state;
    const rung_kernels *d = rung_kernels_double();
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        for (int s = 0; s < N_TEST_SIZES; s++)
            for (kind which = SGD; which < N_KINDS; which++) {
                const int64_t n = test_sizes[s];
                array w = array_random(n, -1, 1, 1), g = array_random(n, -1, 1, 2);
                array m = array_random(n, -1, 1, 3), v = array_random(n, 0, 1, 4);
                const rung_update u = update_of(which, 7);
                step_with(d, which, &u, w, g, m, v);
                step_with(k, which, &u, w, g, m, v);
                check_array(k, "optimizer w", w, 5e-7);
                check_array(k, "optimizer m", m, 3e-7);
                check_array(k, "optimizer v", v, 3e-7);
                array_free(w), array_free(g), array_free(m), array_free(v);
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_steps_are_those_of_pytorch),
        cmocka_unit_test(steps_agree_with_double_at_every_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
