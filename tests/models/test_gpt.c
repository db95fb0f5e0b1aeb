/* gpt is GPT-2: PyTorch's weights give PyTorch's logits, gradients and training. */
#include "support.h"

#include "models/five_steps.h"

static void open_golden(five_steps *f)
{
    five_open(f, "gpt2", "gpt",
              OPTIONS("layers", "2", "heads", "2", "width", "16", "context", "12"));
}

static void logits_and_gradients_are_those_of_pytorch(void **state)
{
    five_steps f;
    open_golden(&f);
    five_check_first_batch(&f, *state);
    five_close(&f);
}

/* Attention does not see a constant added to all keys: their bias has gradient 0. */
static void five_steps_of_training_are_those_of_pytorch(void **state)
{
    five_steps f;
    open_golden(&f);
    five_check_training(&f, *state, "attn.c_attn.bias", 16, 32);
    five_close(&f);
}

static void its_parameters_are_those_of_gpt2(void **state)
{
    (void)state;
    rung_model *m = new_lm(
        "gpt", OPTIONS("layers", "12", "heads", "12", "width", "768", "context", "1024"),
        50257);
    assert_int_equal(rung_params_size(m->params), 124439808); // "GPT-2 small"
    assert_int_equal(rung_params_count(m->params), 148);
    assert_int_equal(m->context, 1024);
    assert_int_equal(m->max_context, 1024);
    assert_false(m->carries);
    rung_model_free(m);
}

/* Weights from N(0, 0.02), those that end a branch from N(0, 0.02 / sqrt(2 layers)). */
static void weights_start_as_gpt2_s(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double deviation;
    } wanted[] = {
        {"transformer.wte.weight", 0.02},
        {"transformer.wpe.weight", 0.02},
        {"transformer.h.1.attn.c_attn.weight", 0.02},
        {"transformer.h.1.attn.c_proj.weight", 0.01},
        {"transformer.h.0.mlp.c_fc.weight", 0.02},
        {"transformer.h.0.mlp.c_proj.weight", 0.01},
        {"transformer.h.0.mlp.c_proj.bias", 0},
    };
    rung_model *m =
        new_lm("gpt", OPTIONS("layers", "2", "heads", "2", "width", "128"), 99);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const rung_param *p = rung_params_find(m->params, wanted[i].name);
        assert_non_null(p);
        const float *w = rung_params_data(m->params, p);
        double squares = 0;
        for (int64_t e = 0; e < p->size; e++) squares += (double)w[e] * (double)w[e];
        assert_near(sqrt(squares / (double)p->size), wanted[i].deviation,
                    0.03 * wanted[i].deviation);
        assert_true(p->decay == (p->rank == 2));
    }
    const rung_param *gain = rung_params_find(m->params, "transformer.ln_f.weight");
    assert_true(*(float *)rung_params_data(m->params, gain) == 1 && !gain->decay);
    rung_model_free(m);
}

static void a_width_that_heads_do_not_divide_is_refused(void **state)
{
    (void)state;
    rung_error err = {0};
    rung_model *m = NULL;
    assert_ok(rung_model_new(&m, rung_class_find("gpt", &err), RUNG_RAW, &err));
    rung_option_set set = rung_model_options(m);
    assert_ok(rung_option_set_text(&set, "width", "100", &err));
    assert_ok(rung_option_set_text(&set, "heads", "3", &err));
    m->vocab = 10;
    assert_fails(m->type->declare(m, &err), RUNG_USAGE,
                 "width 100 is not a multiple of 3 heads");
    rung_model_free(m);
}

static void a_window_beyond_the_context_is_refused(void **state)
{
    static const int32_t ids[5] = {0};
    rung_error err;
    rung_model *m = new_lm(
        "gpt", OPTIONS("layers", "1", "width", "8", "heads", "1", "context", "4"), 9);
    rung_graph *g = new_graph(*state, RUNG_F32);
    rung_tensor *logits =
        m->type->raw->logits(m, g, ids_of(g, 2, SHAPE(1, 5), ids), NULL, false);
    assert_fails(rung_graph_compile(g, &logits, 1, &err), RUNG_SHAPE,
                 "windows of 5 tokens, but the context is 4");
    rung_graph_free(g);
    rung_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_and_gradients_are_those_of_pytorch),
        cmocka_unit_test(five_steps_of_training_are_those_of_pytorch),
        cmocka_unit_test(its_parameters_are_those_of_gpt2),
        cmocka_unit_test(weights_start_as_gpt2_s),
        cmocka_unit_test(a_width_that_heads_do_not_divide_is_refused),
        cmocka_unit_test(a_window_beyond_the_context_is_refused),
    };
    return cmocka_run_group_tests_name("gpt", tests, open_runtime, close_runtime);
}
