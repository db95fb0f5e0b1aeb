/* The gradient as a transformation: what is added, copied, shared and refused. The rules
 * of the operators themselves are checked in tests/ops. */
#include "support.h"

#include "engine.h"

/* ---- An operator whose gradient cannot be built ---- */

static rung_status broken_infer(rung_graph *g, rung_node *n, rung_error *err)
{
    (void)g, (void)n, (void)err;
    return RUNG_OK;
}

static void broken_grad(rung_graph *g, rung_node *n, rung_tensor *const *dy,
                        rung_tensor **dx)
{
    (void)n, (void)dy, (void)dx;
    rung_graph_fail(g, "broken");
}

static const rung_op broken = {
    .name = "broken", .n_outputs = 1, .infer = broken_infer, .grad = broken_grad};

/* ---- Parameters a, b, ... [2, 2] with gradients ---- */

typedef struct fixture {
    rung_params *p;
    rung_block grads;
    rung_graph *g;
    void *block;
} fixture;

static void open_fixture(fixture *f, rung_runtime *rt, const char *const *names)
{
    rung_error err = {0};
    *f = (fixture){.p = matrices(names, 2, 2)};
    assert_ok(rung_block_new(&f->grads, f->p, &err));
    f->g = new_graph(rt, RUNG_F32);
}

static void close_fixture(fixture *f)
{
    rung_graph_free(f->g);
    rung__free(f->block);
    rung_block_release(&f->grads);
    rung_params_free(f->p);
}

static void run_gradient(fixture *f, rung_tensor *loss)
{
    rung_graph_grad(f->g, loss);
    f->block = make_ready(f->g, &loss, 1, &f->grads, NULL);
    run_graph(f->g);
}

static const float *grad_of(const fixture *f, const char *name)
{
    return (const float *)f->grads.data + rung_params_find(f->p, name)->offset;
}

static const float *value_of(const fixture *f, const char *name)
{
    return rung_params_data(f->p, rung_params_find(f->p, name));
}

static void assert_four(const float *x, double a, double b, double c, double d)
{
    const double wanted[] = {a, b, c, d};
    for (int i = 0; i < 4; i++) assert_near((double)x[i], wanted[i], 1e-6);
}

/* ---- Tests ---- */

static void errors_name_the_layer_of_the_forward_node(void **state)
{
    static const char *const names[] = {"a", NULL};
    rung_error err;
    fixture f;
    open_fixture(&f, *state, names);
    rung_tensor *a = rung_param_leaf(f.g, f.p, "a");
    rung_graph_push(f.g, "deep");
    rung_tensor *y = rung__node(f.g, &broken, 1, 1, &a, NULL)->out[0];
    rung_graph_pop(f.g);
    rung_graph_push(f.g, "outer");
    rung_graph_grad(f.g, y);
    assert_fails(rung_graph_compile(f.g, &y, 1, &err), RUNG_SHAPE, "deep: broken");
    close_fixture(&f);

    open_fixture(&f, *state, names);
    rung_graph_push(f.g, "outer");
    rung_tensor *loss = rung_sum(f.g, rung_param_leaf(f.g, f.p, "a"));
    rung_graph_grad(f.g, loss);
    rung_graph_fail(f.g, "later");
    assert_fails(rung_graph_compile(f.g, &loss, 1, &err), RUNG_SHAPE, "outer: later");
    close_fixture(&f);
}

static void a_loss_must_be_a_scalar(void **state)
{
    static const char *const names[] = {"a", NULL};
    rung_error err;
    fixture f;
    open_fixture(&f, *state, names);
    rung_tensor *a = rung_param_leaf(f.g, f.p, "a");
    rung_graph_grad(f.g, a);
    assert_fails(rung_graph_compile(f.g, &a, 1, &err), RUNG_SHAPE,
                 "the loss must be a scalar, not [2,2]");
    close_fixture(&f);
}

static void a_loss_may_be_a_view(void **state)
{
    static const char *const names[] = {"a", NULL};
    fixture f;
    open_fixture(&f, *state, names);
    rung_tensor *sum = rung_sum(f.g, rung_param_leaf(f.g, f.p, "a"));
    run_gradient(&f, rung_reshape(f.g, sum, 2, SHAPE(1, 1)));
    assert_four(grad_of(&f, "a"), 1, 1, 1, 1);
    close_fixture(&f);
}

static void what_several_users_contribute_is_added(void **state)
{
    static const char *const names[] = {"a", NULL};
    fixture f;
    open_fixture(&f, *state, names);
    rung_tensor *a = rung_param_leaf(f.g, f.p, "a");
    rung_tensor *flat = rung_reshape(f.g, a, 1, SHAPE(4));
    rung_tensor *sum = rung_sum(f.g, rung_scale(f.g, flat, 2));
    sum = rung_add(f.g, sum, rung_sum(f.g, rung_mul(f.g, a, a)));
    sum = rung_add(f.g, sum, rung_sum(f.g, a));
    run_gradient(&f, sum);
    const float *x = value_of(&f, "a");
    assert_four(grad_of(&f, "a"), 3 + 2 * (double)x[0], 3 + 2 * (double)x[1],
                3 + 2 * (double)x[2], 3 + 2 * (double)x[3]);
    close_fixture(&f);
}

/* One tensor is the gradient of both: each has it at its place. */
static void two_parameters_may_share_a_gradient(void **state)
{
    static const char *const names[] = {"a", "b", NULL};
    static const float m[] = {1, 2, 3, 4};
    fixture f;
    open_fixture(&f, *state, names);
    rung_tensor *sum =
        rung_add(f.g, rung_param_leaf(f.g, f.p, "a"), rung_param_leaf(f.g, f.p, "b"));
    run_gradient(&f, rung_sum(f.g, rung_mul(f.g, sum, input_of(f.g, 2, SHAPE(2, 2), m))));
    assert_four(grad_of(&f, "a"), 1, 2, 3, 4);
    assert_four(grad_of(&f, "b"), 1, 2, 3, 4);
    close_fixture(&f);
}

/* A sparse gradient is added into the dense one in place, but not where the dense one is
 * that of another tensor too: here b's, as a and b are summed. */
static void a_shared_gradient_is_not_changed_in_place(void **state)
{
    static const char *const names[] = {"a", "b", NULL};
    static const float m[] = {1, 2, 3, 4};
    static const int32_t ids[] = {1};
    for (int product = 0; product < 2; product++) {
        fixture f;
        open_fixture(&f, *state, names);
        rung_tensor *a = rung_param_leaf(f.g, f.p, "a"),
                    *b = rung_param_leaf(f.g, f.p, "b");
        rung_tensor *row = rung_embedding(f.g, a, ids_of(f.g, 1, SHAPE(1), ids));
        rung_tensor *sum = rung_add(f.g, a, b);
        rung_tensor *in = input_of(f.g, 2, SHAPE(2, 2), m);
        rung_tensor *y = product ? rung_matmul(f.g, in, sum, 0) : rung_mul(f.g, sum, in);
        run_gradient(&f, rung_add(f.g, rung_sum(f.g, y), rung_sum(f.g, row)));
        if (product) {
            assert_four(grad_of(&f, "a"), 4, 4, 7, 7);
            assert_four(grad_of(&f, "b"), 4, 4, 6, 6);
        } else {
            assert_four(grad_of(&f, "a"), 1, 2, 4, 5);
            assert_four(grad_of(&f, "b"), 1, 2, 3, 4);
        }
        close_fixture(&f);
    }
}

static void inputs_have_a_gradient_when_they_ask(void **state)
{
    static const float x[] = {1, 2, 3, 4};
    rung_graph *g = new_graph(*state, RUNG_F32);
    rung_tensor *asks = input_of(g, 2, SHAPE(2, 2), x);
    rung_tensor *silent = input_of(g, 2, SHAPE(2, 2), x);
    rung_tensor_require_grad(asks);
    rung_tensor *loss = rung_sum(g, rung_mul(g, asks, silent));
    rung_graph_grad(g, loss);
    assert_null(rung_tensor_grad(silent));
    rung_tensor *dx = rung_tensor_grad(asks);
    void *block = make_ready(g, &dx, 1, NULL, NULL);
    run_graph(g);
    assert_four(rung_tensor_data(dx), 1, 2, 3, 4);
    rung__free(block);
    rung_graph_free(g);
}

static void a_parameter_that_is_not_used_has_no_gradient(void **state)
{
    static const char *const names[] = {"a", "b", NULL};
    fixture f;
    open_fixture(&f, *state, names);
    rung_tensor *a = rung_param_leaf(f.g, f.p, "a"), *b = rung_param_leaf(f.g, f.p, "b");
    rung_scale(f.g, b, 2); // built, but the loss does not need it
    run_gradient(&f, rung_sum(f.g, a));
    assert_null(rung_tensor_grad(b));
    assert_four(grad_of(&f, "a"), 1, 1, 1, 1);
    assert_four(grad_of(&f, "b"), 0, 0, 0, 0);
    close_fixture(&f);
}

static void a_row_sparse_gradient_must_be_that_of_an_embedding(void **state)
{
    rung_error err = {0};
    rung_params *p = NULL;
    assert_ok(rung_params_new(&p, RUNG_F32, &err));
    rung_param spec = {.name = "table", .rank = 2, .shape = {3, 2}, .row_sparse = true};
    assert_ok(rung_params_add(p, &spec, &err));
    rung_graph *g = new_graph(*state, RUNG_F32);
    rung_tensor *loss = rung_sum(g, rung_param_leaf(g, p, "table"));
    rung_graph_grad(g, loss);
    assert_fails(rung_graph_compile(g, &loss, 1, &err), RUNG_SHAPE,
                 "parameter 'table' is row-sparse, but its gradient is dense");
    rung_graph_free(g);
    rung_params_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_name_the_layer_of_the_forward_node),
        cmocka_unit_test(a_loss_must_be_a_scalar),
        cmocka_unit_test(a_loss_may_be_a_view),
        cmocka_unit_test(what_several_users_contribute_is_added),
        cmocka_unit_test(two_parameters_may_share_a_gradient),
        cmocka_unit_test(a_shared_gradient_is_not_changed_in_place),
        cmocka_unit_test(inputs_have_a_gradient_when_they_ask),
        cmocka_unit_test(a_parameter_that_is_not_used_has_no_gradient),
        cmocka_unit_test(a_row_sparse_gradient_must_be_that_of_an_embedding),
    };
    return cmocka_run_group_tests_name("gradient", tests, open_runtime, close_runtime);
}
