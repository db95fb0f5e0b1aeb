/* The fused LSTM and its twin from small operators compute the same: outputs, states and
 * all gradients, from zero and from carried states, in float and in double. */
#include "support.h"

#include "engine.h"
#include "rung/nn.h"

typedef struct size {
    int64_t B, T, in, H, layers;
} size;

/* One form of the stack, with its own gradients and states. */
typedef struct form {
    rung_graph *g;
    rung_tensor *y, *x;
    rung_block grads;
    rung_params *states; /* NULL: from zero */
    void *block;
} form;

static rung_lstm_spec spec_of(const size *s)
{
    return (rung_lstm_spec){.in = s->in, .width = s->H, .layers = s->layers};
}

static void fill(void *out, rung_dtype type, int64_t n, double step)
{
    for (int64_t i = 0; i < n; i++) {
        double value = 0.8 * sin(step * (double)(i + 1));
        if (type == RUNG_F64)
            ((double *)out)[i] = value;
        else
            ((float *)out)[i] = (float)value;
    }
}

static rung_params *new_params(const size *s, rung_dtype type)
{
    rung_error err = {0};
    rung_params *p = NULL;
    rung_lstm_spec spec = spec_of(s);
    assert_ok(rung_params_new(&p, type, &err));
    rung_scope root = rung_scope_root(p, NULL, NULL);
    assert_ok(rung_nn_lstm_declare(&root, &spec, &err));
    fill(rung_params_values(p), type, rung_params_extent(p), 1.7);
    return p;
}

static rung_params *new_states(const size *s, rung_dtype type)
{
    rung_error err = {0};
    rung_params *states = NULL;
    rung_lstm_spec spec = spec_of(s);
    assert_ok(rung_params_new(&states, type, &err));
    rung_scope root = rung_scope_root(states, NULL, NULL);
    assert_ok(rung_nn_lstm_carry(&root, &spec, s->B, &err));
    fill(rung_params_values(states), type, rung_params_extent(states), 0.9);
    return states;
}

/* loss = sum of y times fixed numbers. */
static void build(form *f, rung_runtime *rt, rung_params *p, const size *s, bool carried,
                  const void *data, bool fused)
{
    rung_error err = {0};
    rung_dtype type = rung_params_type(p);
    rung_lstm_spec spec = spec_of(s);
    *f = (form){.g = new_graph(rt, type)};
    assert_ok(rung_block_new(&f->grads, p, &err));
    if (carried) f->states = new_states(s, type);
    f->x = input_of(f->g, 3, SHAPE(s->B, s->T, s->in), data);
    rung_tensor_require_grad(f->x);
    rung_scope root = rung_scope_root(p, f->g, f->states);
    f->y = fused ? rung_nn_lstm(&root, &spec, f->x)
                 : rung_nn_lstm_unrolled(&root, &spec, f->x);
    rung_tensor *mix = input_of(f->g, 3, SHAPE(s->B, s->T, s->H), data);
    rung_graph_grad(f->g, rung_sum(f->g, rung_mul(f->g, f->y, mix)));
    rung_tensor *outputs[] = {f->y, rung_tensor_grad(f->x)};
    f->block = make_ready(f->g, outputs, 2, &f->grads,
                          carried ? rung_params_values(f->states) : NULL);
}

static void release(form *f)
{
    rung_graph_free(f->g);
    rung_block_release(&f->grads);
    rung_params_free(f->states);
    rung__free(f->block);
}

static double at(const void *x, rung_dtype type, int64_t i)
{
    return type == RUNG_F64 ? ((const double *)x)[i] : (double)((const float *)x)[i];
}

static void compare(const char *what, const void *a, const void *b, int64_t n,
                    rung_dtype type)
{
    double tolerance = type == RUNG_F64 ? 1e-12 : 2e-5, largest = 0;
    for (int64_t i = 0; i < n; i++) largest = fmax(largest, fabs(at(b, type, i)));
    assert_true(largest > 1e-3 || strstr(what, "weight_hh")); // zero after one step
    for (int64_t i = 0; i < n; i++) {
        double x = at(a, type, i), y = at(b, type, i);
        if (!(fabs(x - y) <= tolerance * fmax(1, largest)))
            fail_msg("%s, element %lld: fused %.15g, unrolled %.15g", what, (long long)i,
                     x, y);
    }
}

static void compare_forms(const form *a, const form *b, const rung_params *p)
{
    rung_dtype type = rung_params_type(p);
    compare("y", rung_tensor_data(a->y), rung_tensor_data(b->y), rung_tensor_size(a->y),
            type);
    compare("dx", rung_tensor_data(rung_tensor_grad(a->x)),
            rung_tensor_data(rung_tensor_grad(b->x)), rung_tensor_size(a->x), type);
    for (size_t i = 0; i < rung_params_count(p); i++) {
        const rung_param *param = rung_params_at(p, i);
        size_t offset = (size_t)param->offset * rung_dtype_bytes(type);
        compare(param->name, (char *)a->grads.data + offset,
                (char *)b->grads.data + offset, param->size, type);
    }
    for (size_t i = 0; a->states && i < rung_params_count(a->states); i++) {
        const rung_param *state = rung_params_at(a->states, i);
        compare(state->name, rung_params_data(a->states, state),
                rung_params_data(b->states, state), state->size, type);
    }
}

/* Two windows, one after the other: the second begins where the states were left. */
static void check(rung_runtime *rt, const size *s, rung_dtype type, bool carried)
{
    form fused, unrolled;
    rung_params *p = new_params(s, type);
    int64_t n = s->B * s->T * (s->in > s->H ? s->in : s->H);
    void *data = rung__alloc((size_t)n * rung_dtype_bytes(type));
    fill(data, type, n, 2.3);
    build(&fused, rt, p, s, carried, data, true);
    build(&unrolled, rt, p, s, carried, data, false);
    for (int window = 0; window < 2; window++) {
        run_graph(fused.g);
        run_graph(unrolled.g);
        compare_forms(&fused, &unrolled, p);
    }
    release(&fused);
    release(&unrolled);
    rung__free(data);
    rung_params_free(p);
}

/* Of one step, of more samples than one task takes, of widths that no vector has. */
static const size sizes[] = {
    {2, 5, 3, 4, 2}, {3, 1, 4, 5, 1}, {18, 6, 7, 9, 2}, {5, 12, 20, 33, 3}};

static void fused_is_unrolled(void **state)
{
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        check(*state, &sizes[i], RUNG_F64, false);
        check(*state, &sizes[i], RUNG_F32, false);
    }
}

static void fused_is_unrolled_with_carried_states(void **state)
{
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        check(*state, &sizes[i], RUNG_F64, true);
        check(*state, &sizes[i], RUNG_F32, true);
    }
}

/* Carrying the state from window to window reads the text as one long window does. */
static void windows_that_follow_each_other_are_one(void **state)
{
    const size whole = {3, 12, 5, 6, 2}, half = {3, 6, 5, 6, 2};
    rung_params *p = new_params(&whole, RUNG_F64);
    double x[3 * 12 * 6], part[3 * 6 * 6];
    form a, b;
    fill(x, RUNG_F64, 3 * 12 * 6, 2.3);
    build(&a, *state, p, &whole, true, x, true);
    build(&b, *state, p, &half, true, part, true);
    run_graph(a.g);
    const double *y = rung_tensor_data(a.y), *y_part = rung_tensor_data(b.y);
    for (int window = 0; window < 2; window++) {
        for (int i = 0; i < 3; i++) // samples
            memcpy(part + i * 30, x + i * 60 + window * 30, 30 * sizeof *x);
        run_graph(b.g);
        for (int i = 0; i < 3 * 36; i++)
            assert_near(y_part[i], y[i / 36 * 72 + window * 36 + i % 36], 1e-14);
    }
    release(&a);
    release(&b);
    rung_params_free(p);
}

static void a_missing_state_names_the_layer(void **state)
{
    const size s = {2, 3, 4, 5, 2};
    rung_error err = {0};
    rung_lstm_spec one = {.in = 4, .width = 5, .layers = 1}, two = spec_of(&s);
    rung_params *p = new_params(&s, RUNG_F32), *states = NULL;
    assert_ok(rung_params_new(&states, RUNG_F32, &err));
    rung_scope root = rung_scope_root(states, NULL, NULL);
    rung_scope below = rung_scope_in(&root, "%s", "rnn");
    assert_ok(rung_nn_lstm_carry(&below, &one, 2, &err));
    rung_graph *g = new_graph(*state, RUNG_F32);
    root = rung_scope_root(p, g, states);
    assert_null(
        rung_nn_lstm(&root, &two, rung_input(g, "x", RUNG_F32, 3, SHAPE(2, 3, 4))));
    assert_fails(rung_graph_compile(g, NULL, 0, &err), RUNG_SHAPE,
                 "l0: there is no state 'h_l0'");
    rung_graph_free(g);
    rung_params_free(states);
    rung_params_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fused_is_unrolled),
        cmocka_unit_test(fused_is_unrolled_with_carried_states),
        cmocka_unit_test(windows_that_follow_each_other_are_one),
        cmocka_unit_test(a_missing_state_names_the_layer),
    };
    return cmocka_run_group_tests_name("lstm", tests, open_runtime, close_runtime);
}
