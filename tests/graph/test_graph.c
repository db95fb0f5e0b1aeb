/* Building graphs: messages with the layer's path, types and sizes, leaves, views, and
 * states that are written in place. */
#include "support.h"

#include "engine.h"

/* ---- Messages ---- */

/* The graph's error, and that it reaches the caller of compile. */
static void assert_graph_fails(rung_graph *g, rung_status code, const char *message)
{
    rung_error err;
    assert_fails(rung_graph_compile(g, NULL, 0, &err), code, message);
    rung_graph_free(g);
}

static rung_tensor *matrix(rung_graph *g, int64_t rows, int64_t columns)
{
    return rung_input(g, "x", RUNG_F32, 2, SHAPE(rows, columns));
}

static void errors_begin_with_the_layer_s_path(void **state)
{
    rung_graph *g = new_graph(*state, RUNG_F32);
    rung_graph_push(g, "encoder");
    rung_graph_push(g, "layer.%d", 3);
    rung_graph_push(g, "attention");
    rung_graph_pop(g);
    assert_null(rung_matmul(g, matrix(g, 2, 3), matrix(g, 4, 5), 0));
    rung_graph_pop(g);
    rung_graph_pop(g);
    assert_graph_fails(g, RUNG_SHAPE,
                       "encoder.layer.3: matmul: [2,3] x [4,5]: sizes do not fit");
}

static void a_path_ends_with_its_layer(void **state)
{
    rung_graph *g = new_graph(*state, RUNG_F32);
    rung_graph_push(g, "a.b");
    rung_graph_push(g, "c.d");
    rung_graph_pop(g);
    rung_graph_fail(g, "keys are %d wide, queries %d", 64, 48);
    rung_graph_pop(g);
    assert_graph_fails(g, RUNG_SHAPE, "a.b: keys are 64 wide, queries 48");

    g = new_graph(*state, RUNG_F32);
    rung_graph_push(g, "a.b");
    rung_graph_pop(g);
    rung_graph_fail(g, "outside");
    assert_graph_fails(g, RUNG_SHAPE, "outside");
}

static void a_path_longer_than_its_buffer_is_cut(void **state)
{
    rung_graph *g = new_graph(*state, RUNG_F32);
    for (int i = 0; i < 12; i++) rung_graph_push(g, "a.name.of.twenty.four.b%d", i);
    for (int i = 0; i < 11; i++) rung_graph_pop(g);
    rung_graph_fail(g, "here");
    assert_graph_fails(g, RUNG_SHAPE, "a.name.of.twenty.four.b0: here");
}

static void the_first_error_stays(void **state)
{
    rung_graph *g = new_graph(*state, RUNG_F32);
    assert_null(rung_slice(g, matrix(g, 2, 3), 1, 1, 4));
    assert_null(rung_graph_fail(g, "another"));
    assert_null(rung_add(g, matrix(g, 2, 3), matrix(g, 2, 3)));
    rung_graph_grad(g, NULL);
    assert_graph_fails(g, RUNG_SHAPE, "slice: no 1 ... 4 in dimension 1");
}

static void leaves_must_exist_and_be_of_the_graph_s_type(void **state)
{
    static const char *const names[] = {"w", NULL};
    rung_params *p = matrices(names, 3, 4);
    rung_graph *g = new_graph(*state, RUNG_F32);
    assert_null(rung_param_leaf(g, p, "layer.%d.w", 7));
    assert_graph_fails(g, RUNG_SHAPE, "there is no parameter 'layer.7.w'");
    g = new_graph(*state, RUNG_F32);
    assert_null(rung_state_leaf(g, p, "h"));
    assert_graph_fails(g, RUNG_SHAPE, "there is no state 'h'");
    g = new_graph(*state, RUNG_F64);
    assert_null(rung_param_leaf(g, p, "w"));
    assert_graph_fails(g, RUNG_SHAPE, "parameter 'w' is float32, not float64");
    rung_params_free(p);
}

static void inputs_must_be_there_and_of_the_operator_s_type(void **state)
{
    rung_graph *g = new_graph(*state, RUNG_F32);
    assert_null(rung_add(g, matrix(g, 2, 3), NULL));
    assert_graph_fails(g, RUNG_SHAPE, "add: input 1 is missing");
    g = new_graph(*state, RUNG_F32);
    assert_null(rung_embedding(g, matrix(g, 5, 3), matrix(g, 2, 2)));
    assert_graph_fails(g, RUNG_SHAPE, "embedding: input 1 is float32, not int32");
    g = new_graph(*state, RUNG_F32);
    assert_null(rung_softmax(g, rung_input(g, "n", RUNG_I32, 1, SHAPE(3))));
    assert_graph_fails(g, RUNG_SHAPE, "softmax: input 0 is int32, not float32");
    g = new_graph(*state, RUNG_F64);
    assert_null(rung_scale(g, rung_input(g, "n", RUNG_F32, 1, SHAPE(3)), 2));
    assert_graph_fails(g, RUNG_SHAPE, "scale: input 0 is float32, not float64");
}

static void shapes_must_be_positive_and_not_absurd(void **state)
{
    rung_graph *g = new_graph(*state, RUNG_F32);
    assert_null(rung_input(g, "ids", RUNG_I32, 2, SHAPE(4, 0)));
    assert_graph_fails(g, RUNG_SHAPE, "ids: size 0 of dimension 1 is not positive");
    g = new_graph(*state, RUNG_F32);
    assert_null(rung_input(g, "x", RUNG_F32, 3, SHAPE(1 << 30, 1 << 30, 1 << 30)));
    assert_graph_fails(g, RUNG_SHAPE,
                       "x: [1073741824,1073741824,1073741824] is too large");
    g = new_graph(*state, RUNG_F32);
    assert_null(rung_expand(g, matrix(g, 1 << 20, 1 << 10), 0, INT64_MAX / 2));
    assert_graph_fails(g, RUNG_SHAPE,
                       "expand: [4611686018427387903,1048576,1024] is too large");
    g = new_graph(*state, RUNG_F32);
    assert_null(rung_positions(g, 0));
    assert_graph_fails(g, RUNG_SHAPE, "positions: size 0 of dimension 0 is not positive");
}

static void an_output_that_is_not_there_is_named(void **state)
{
    rung_error err;
    rung_graph *g = new_graph(*state, RUNG_F32);
    rung_tensor *x = rung_scale(g, matrix(g, 2, 3), 2);
    assert_fails(rung_graph_compile(g, (rung_tensor *[]){x, NULL}, 2, &err), RUNG_USAGE,
                 "output 1 is missing");
    rung_graph_free(g);
}

static void a_failed_run_names_layer_operator_and_value(void **state)
{
    static const float table[10] = {0};
    static const int32_t ids[] = {4, 5};
    rung_error err;
    rung_graph *g = new_graph(*state, RUNG_F32);
    rung_graph_push(g, "wte");
    rung_tensor *y = rung_embedding(g, input_of(g, 2, SHAPE(5, 2), table),
                                    ids_of(g, 1, SHAPE(2), ids));
    rung_graph_pop(g);
    void *block = make_ready(g, &y, 1, NULL, NULL);
    assert_fails(rung_graph_run(g, &(rung_run){0}, &err), RUNG_INPUT,
                 "wte: embedding: id 5 at place 1 is not in 0 ... 4");
    rung__free(block);
    rung_graph_free(g);
}

/* ---- Leaves and views ---- */

static void a_leaf_found_twice_is_one_tensor(void **state)
{
    static const char *const names[] = {"a", "b", NULL};
    rung_params *p = matrices(names, 2, 2), *states = matrices(names, 2, 2);
    rung_graph *g = new_graph(*state, RUNG_F32);
    rung_tensor *a = rung_param_leaf(g, p, "a");
    assert_ptr_equal(rung_param_leaf(g, p, "%c", 'a'), a);
    assert_ptr_not_equal(rung_param_leaf(g, p, "b"), a);
    rung_tensor *s = rung_state_leaf(g, states, "a");
    assert_ptr_not_equal(s, a);
    assert_ptr_equal(rung_state_leaf(g, states, "a"), s);
    assert_true(a->needs_grad && !s->needs_grad);
    rung_graph_free(g);
    rung_params_free(p);
    rung_params_free(states);
}

static void a_view_has_the_bytes_of_its_original(void **state)
{
    static const float x[] = {1, 2, 3, 4, 5, 6}, other[] = {7, 8, 9, 10, 11, 12};
    rung_graph *g = new_graph(*state, RUNG_F32);
    rung_tensor *in = input_of(g, 2, SHAPE(2, 3), x);
    rung_tensor *flat =
        rung_reshape(g, rung_reshape(g, in, 3, SHAPE(1, 3, 2)), 1, SHAPE(6));
    assert_ptr_equal(flat->view_of, in);
    rung_tensor *y = rung_scale(g, flat, 2);
    rung_tensor *z = rung_reshape(g, y, 2, SHAPE(3, 2));
    void *block = make_ready(g, (rung_tensor *[]){y, z}, 2, NULL, NULL);
    run_graph(g);
    assert_ptr_equal(rung_tensor_data(y), rung_tensor_data(z));
    assert_float_equal(float_at(z, 5), 12, 0);
    rung_input_set(in, other); // views follow, without binding again
    run_graph(g);
    assert_float_equal(float_at(z, 5), 24, 0);
    assert_int_equal(rung_graph_count(g), 1);
    assert_int_equal(rung_tensor_rank(z), 2);
    assert_int_equal(rung_tensor_dim(z, -1), 2);
    assert_int_equal(rung_tensor_size(z), 6);
    rung__free(block);
    rung_graph_free(g);
}

static void a_view_must_fit(void **state)
{
    static const struct {
        int rank;
        int64_t shape[RUNG_MAX_RANK];
        const char *message;
    } bad[] = {
        {2, {4, 2}, "reshape: [2,3] cannot be seen as [4,2]"},
        {2, {-2, -3}, "reshape: [2,3] cannot be seen as [-2,-3]"},
        {3,
         {1L << 62, 4, 6},
         "reshape: [2,3] cannot be seen as [4611686018427387904,4,6]"},
        {5, {1}, "reshape: [2,3] cannot be seen as that rank"},
        {0, {0}, "reshape: [2,3] cannot be seen as []"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rung_graph *g = new_graph(*state, RUNG_F32);
        assert_null(rung_reshape(g, matrix(g, 2, 3), bad[i].rank, bad[i].shape));
        assert_graph_fails(g, RUNG_SHAPE, bad[i].message);
    }
}

static void a_constant_keeps_its_value_in_both_types(void **state)
{
    for (int real = RUNG_F32; real <= RUNG_F64; real++) {
        rung_graph *g = new_graph(*state, (rung_dtype)real);
        rung_tensor *y = rung_scale(g, rung_constant(g, 2.5), -3);
        void *block = make_ready(g, &y, 1, NULL, NULL);
        run_graph(g);
        assert_near(rung_tensor_scalar(y), -7.5, 0);
        assert_int_equal(rung_tensor_type(y), real);
        rung__free(block);
        rung_graph_free(g);
    }
}

/* ---- States ---- */

static void a_state_is_changed_in_place_after_its_readers(void **state)
{
    static const char *const names[] = {"s", NULL};
    static const float one[] = {1, 1, 1, 1};
    rung_params *states = matrices(names, 2, 2);
    float *s = rung_params_values(states);
    for (int i = 0; i < 4; i++) s[i] = (float)i;
    rung_graph *g = new_graph(*state, RUNG_F32);
    rung_tensor *leaf = rung_state_leaf(g, states, "s");
    rung_tensor *next = rung_add(g, leaf, input_of(g, 2, SHAPE(2, 2), one));
    rung_tensor *new_state = rung_assign(g, leaf, next);
    rung_tensor *old = rung_scale(g, leaf, 1); // built after the assignment, reads before
    void *block = make_ready(g, (rung_tensor *[]){old, new_state}, 2, NULL, s);
    for (int run = 0; run < 3; run++) {
        run_graph(g);
        assert_near(float_at(old, 3), 3 + run, 0);
        assert_near(s[3], 4 + run, 0);
    }
    assert_ptr_equal(rung_tensor_data(new_state), s);
    rung__free(block);
    rung_graph_free(g);
    rung_params_free(states);
}

static void assignments_run_even_unread_and_in_the_order_of_building(void **state)
{
    static const char *const names[] = {"a", "b", NULL};
    rung_params *states = matrices(names, 1, 2);
    float *a = rung_params_data(states, rung_params_find(states, "a"));
    float *b = rung_params_data(states, rung_params_find(states, "b"));
    a[0] = 1, b[0] = 10;
    rung_graph *g = new_graph(*state, RUNG_F32);
    rung_tensor *leaf_a = rung_state_leaf(g, states, "a");
    rung_tensor *leaf_b = rung_state_leaf(g, states, "b");
    rung_tensor *from_b = rung_scale(g, leaf_b, 2); // all reads see the old values
    rung_assign(g, leaf_b, rung_scale(g, leaf_a, 3));
    rung_assign(g, leaf_a, from_b);
    rung_assign(g, leaf_a, rung_scale(g, leaf_a, 7)); // the last one wins
    void *block = make_ready(g, NULL, 0, NULL, rung_params_values(states));
    assert_int_equal(rung_graph_count(g), 6);
    run_graph(g);
    assert_float_equal(a[0], 7, 0);
    assert_float_equal(b[0], 3, 0);
    rung__free(block);
    rung_graph_free(g);
    rung_params_free(states);
}

/* What is built after a write to a cache sees it, what is built before does not. */
static void a_cache_is_written_where_it_stands(void **state)
{
    static const float x[] = {9, 1, 2, 9, 3, 4}; // columns 1 and 2 of two rows
    rung_error err = {0};
    rung_params *states = NULL;
    assert_ok(rung_params_new(&states, RUNG_F32, &err));
    rung_param spec = {.name = "k", .rank = 3, .shape = {1, 4, 2}};
    assert_ok(rung_params_add(states, &spec, &err));
    rung_graph *g = new_graph(*state, RUNG_F32);
    rung_tensor *cache = rung_state_leaf(g, states, "k");
    rung_tensor *before = rung_sum(g, cache);
    rung_graph_push(g, "attn");
    rung_tensor *written =
        rung_cache_write(g, cache, input_of(g, 3, SHAPE(1, 2, 3), x), 1);
    rung_graph_pop(g);
    rung_tensor *after = rung_sum(g, written);
    void *values = rung_params_values(states);
    void *block = make_ready(g, (rung_tensor *[]){before, after}, 2, NULL, values);
    assert_ok(rung_graph_run(g, &(rung_run){.past = 1}, &err));
    assert_near(rung_tensor_scalar(before), 0, 0);
    assert_near(rung_tensor_scalar(after), 10, 0);
    assert_memory_equal(values, ((float[]){0, 0, 1, 2, 3, 4, 0, 0}), 8 * sizeof(float));
    assert_fails(rung_graph_run(g, &(rung_run){.past = 3}, &err), RUNG_INPUT,
                 "attn: cache_write: position 4 is beyond the cache of 4");
    rung__free(block);
    rung_graph_free(g);

    g = new_graph(*state, RUNG_F32);
    cache = rung_state_leaf(g, states, "k");
    assert_null(rung_cache_write(g, cache, input_of(g, 3, SHAPE(1, 2, 3), x), 2));
    rung_params_free(states);
    assert_graph_fails(g, RUNG_SHAPE,
                       "cache_write: columns 2 ... of [1,2,3] do not fit [1,4,2]");
}

/* ---- Memory ---- */

static rung_status build_and_run(void *rt, rung_error *err)
{
    static const float x[] = {1, 2, 3, 4};
    rung_graph *g = NULL;
    RUNG_TRY(rung_graph_new(&g, rt, RUNG_F32, err));
    rung_graph_push(g, "layer");
    rung_tensor *in = input_of(g, 2, SHAPE(2, 2), x);
    rung_tensor_require_grad(in);
    rung_tensor *y = in;
    for (int i = 0; i < 40; i++) y = rung_activation(g, rung_matmul(g, y, in, 0), 5);
    rung_tensor *loss = rung_sum(g, y);
    rung_graph_grad(g, loss);
    rung_status status = rung_graph_compile(g, &loss, 1, err);
    void *block = NULL;
    if (status == RUNG_OK) {
        block = rung__alloc(rung_graph_block_bytes(g));
        if (!block) status = rung__out_of_memory(err, 0, "a block");
    }
    if (status == RUNG_OK) {
        rung_graph_bind(g, block, NULL, NULL);
        status = rung_graph_run(g, &(rung_run){0}, err);
    }
    if (status != RUNG_OK && strncmp(err->message, "out of memory: ", 15) != 0)
        fail_msg("'%s'", err->message);
    rung__free(block);
    rung_graph_free(g);
    return status;
}

static void every_failed_allocation_is_reported(void **state)
{
    assert_true(assert_survives_failed_allocations(build_and_run, *state) >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_begin_with_the_layer_s_path),
        cmocka_unit_test(a_path_ends_with_its_layer),
        cmocka_unit_test(a_path_longer_than_its_buffer_is_cut),
        cmocka_unit_test(the_first_error_stays),
        cmocka_unit_test(leaves_must_exist_and_be_of_the_graph_s_type),
        cmocka_unit_test(inputs_must_be_there_and_of_the_operator_s_type),
        cmocka_unit_test(shapes_must_be_positive_and_not_absurd),
        cmocka_unit_test(an_output_that_is_not_there_is_named),
        cmocka_unit_test(a_failed_run_names_layer_operator_and_value),
        cmocka_unit_test(a_leaf_found_twice_is_one_tensor),
        cmocka_unit_test(a_view_has_the_bytes_of_its_original),
        cmocka_unit_test(a_view_must_fit),
        cmocka_unit_test(a_constant_keeps_its_value_in_both_types),
        cmocka_unit_test(a_state_is_changed_in_place_after_its_readers),
        cmocka_unit_test(assignments_run_even_unread_and_in_the_order_of_building),
        cmocka_unit_test(a_cache_is_written_where_it_stands),
        cmocka_unit_test(every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests_name("graph", tests, open_runtime, close_runtime);
}
