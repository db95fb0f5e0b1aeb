/* The lstm language model: PyTorch's weights give PyTorch's logits, gradients and
 * training, with the state carried from batch to batch. */
#include "support.h"

#include "models/five_steps.h"

static void open_golden(five_steps *f)
{
    five_open(f, "lstm", "lstm",
              OPTIONS("layers", "2", "width", "10", "embedding", "12", "context", "7"));
}

static void logits_and_gradients_are_those_of_pytorch(void **state)
{
    five_steps f;
    open_golden(&f);
    five_check_first_batch(&f, *state);
    five_close(&f);
}

static void five_steps_of_training_are_those_of_pytorch(void **state)
{
    five_steps f;
    open_golden(&f);
    five_check_training(&f, *state, NULL, 0, 0);
    five_close(&f);
}

static void its_tensors_are_those_of_pytorch_s_layers(void **state)
{
    (void)state;
    static const char *const names[] = {
        "embedding.weight", "lstm.weight_ih_l0", "lstm.weight_hh_l0", "lstm.bias_ih_l0",
        "lstm.bias_hh_l0",  "lstm.weight_ih_l1", "lstm.weight_hh_l1", "lstm.bias_ih_l1",
        "lstm.bias_hh_l1",  "decoder.weight",    "decoder.bias"};
    rung_model *m = new_lm("lstm", OPTIONS("layers", "2", "width", "6"), 20);
    assert_int_equal(rung_params_count(m->params), sizeof names / sizeof *names);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_string_equal(rung_params_at(m->params, i)->name, names[i]);
    const rung_param *table = rung_params_at(m->params, 0);
    assert_int_equal(table->shape[1], 6); // without --embedding: as wide as the layers
    assert_true(table->row_sparse);
    assert_int_equal(m->max_context, 0);
    rung_model_free(m);
}

static void carrying_is_an_option(void **state)
{
    (void)state;
    rung_model *m = new_lm("lstm", NULL, 20);
    assert_true(m->carries);
    rung_model_free(m);
    m = new_lm("lstm", OPTIONS("carry", "false"), 20);
    assert_false(m->carries);
    rung_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_and_gradients_are_those_of_pytorch),
        cmocka_unit_test(five_steps_of_training_are_those_of_pytorch),
        cmocka_unit_test(its_tensors_are_those_of_pytorch_s_layers),
        cmocka_unit_test(carrying_is_an_option),
    };
    return cmocka_run_group_tests_name("lstm model", tests, open_runtime, close_runtime);
}
