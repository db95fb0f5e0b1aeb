/* The layers of BERT's encoder against PyTorch, all rows and the first row alone. */
#include "support.h"

#include "engine.h"
#include "golden.h"
#include "rung/nn.h"

enum { LAYERS = 2, WIDTH = 16 };

static const rung_encoder_spec spec = {
    .width = WIDTH, .heads = 2, .inner = 4 * WIDTH, .eps = 1e-12, .scale = 0.02};

/* The layers' parameters, as the file has them. */
static rung_params *params_of(const rung_safetensors *file)
{
    rung_error err = {0};
    rung_params *p = NULL;
    assert_ok(rung_params_new(&p, RUNG_F32, &err));
    rung_scope root = rung_scope_root(p, NULL, NULL);
    for (int l = 0; l < LAYERS; l++) {
        rung_scope s = rung_scope_in(&root, "bert.encoder.layer.%d", l);
        assert_ok(rung_nn_encoder_layer_declare(&s, &spec, &err));
    }
    for (size_t i = 0; i < rung_params_count(p); i++) {
        const rung_param *param = rung_params_at(p, i);
        assert_ok(rung_stored_to_f32(golden_find(file, "%s", param->name),
                                     rung_params_data(p, param), (size_t)param->size,
                                     &err));
    }
    return p;
}

/* The first `rows` rows of what the layers make of the file's first batch, a copy. */
static float *hidden(rung_runtime *rt, rung_params *p, const rung_safetensors *file,
                     int64_t rows)
{
    const rung_stored *in = golden_find(file, "embedded");
    rung_graph *g = new_graph(rt, RUNG_F32);
    rung_tensor *lengths = ids_of(g, 1, in->shape, golden_find(file, "lengths")->data);
    rung_tensor *x = input_of(g, 3, in->shape, in->data);
    rung_scope root = rung_scope_root(p, g, NULL);
    for (int l = 0; l < LAYERS; l++) {
        rung_scope s = rung_scope_in(&root, "bert.encoder.layer.%d", l);
        x = rung_nn_encoder_layer(&s, &spec, x, lengths,
                                  l + 1 < LAYERS ? in->shape[1] : rows);
    }
    void *block = make_ready(g, &x, 1, NULL, NULL);
    run_graph(g);
    assert_int_equal(rung_tensor_dim(x, 1), rows);
    size_t n = (size_t)rung_tensor_size(x);
    float *out = rung__alloc_array(n, sizeof *out);
    memcpy(out, rung_tensor_data(x), n * sizeof *out);
    rung_graph_free(g);
    rung__free(block);
    return out;
}

static void all_rows_are_those_of_pytorch(void **state)
{
    rung_safetensors *file = golden_open("bert");
    rung_params *p = params_of(file);
    const rung_stored *wanted = golden_find(file, "hidden");
    float *out = hidden(*state, p, file, wanted->shape[1]);
    assert_tensor_near("hidden", out, wanted, 1e-5);
    rung__free(out);
    rung_params_free(p);
    rung_safetensors_close(file);
}

static void first_rows_can_be_computed_alone(void **state)
{
    rung_safetensors *file = golden_open("bert");
    rung_params *p = params_of(file);
    const rung_stored *wanted = golden_find(file, "hidden");
    const float *all = wanted->data;
    for (int64_t rows = 1; rows < 4; rows += 2) {
        float *out = hidden(*state, p, file, rows);
        for (int64_t b = 0; b < wanted->shape[0]; b++)
            assert_reals_near("hidden", out + b * rows * WIDTH, RUNG_F32,
                              all + b * wanted->shape[1] * WIDTH, rows * WIDTH, 1e-5,
                              largest_of(wanted));
        rung__free(out);
    }
    rung_params_free(p);
    rung_safetensors_close(file);
}

static void errors_name_the_layer(void **state)
{
    rung_error err;
    rung_safetensors *file = golden_open("bert");
    rung_params *p = params_of(file);
    rung_graph *g = new_graph(*state, RUNG_F32);
    rung_scope root = rung_scope_root(p, g, NULL);
    rung_scope s = rung_scope_in(&root, "bert.encoder.layer.1");
    float x[2 * 3 * 5] = {0};
    rung_tensor *y =
        rung_nn_encoder_layer(&s, &spec, input_of(g, 3, SHAPE(2, 3, 5), x), NULL, 3);
    assert_fails(rung_graph_compile(g, &y, 1, &err), RUNG_SHAPE,
                 "bert.encoder.layer.1.attention.self.key: linear: rows of [2,3,5] are "
                 "not 16 wide, as [16,16] needs");
    rung_graph_free(g);
    rung_params_free(p);
    rung_safetensors_close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_rows_are_those_of_pytorch),
        cmocka_unit_test(first_rows_can_be_computed_alone),
        cmocka_unit_test(errors_name_the_layer),
    };
    return cmocka_run_group_tests_name("encoder", tests, open_runtime, close_runtime);
}
