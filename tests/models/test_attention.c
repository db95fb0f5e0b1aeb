/* What gpt and bert attend to is what Hugging Face's models of the same weights do. */
#include "support.h"

#include "models/attention.h"
#include "models/five_steps.h"

static rung_runtime *rt;

static int make_runtime(void **state)
{
    (void)state;
    return rung_runtime_new(&rt, &(rung_runtime_config){.threads = 2}, NULL);
}

static int free_runtime(void **state)
{
    (void)state;
    rung_runtime_free(rt);
    return 0;
}

static void check(const char *file, const char *rung, const char *const *options)
{
    rung_error err = {0};
    five_steps f;
    rung__attention a;
    five_open(&f, file, rung, options);
    rung_safetensors *golden = golden_open("attention");
    const rung_stored *ids = golden_find(golden, "%s.ids", file);
    const rung_stored *wanted = golden_find(golden, "%s.weights", file);
    assert_true(rung__has_attention(f.m));
    assert_ok(rung__attention_of(&a, f.m, rt, ids->data, ids->shape[0], &err));
    assert_int_equal(a.layers, wanted->shape[0]);
    assert_int_equal(a.heads, wanted->shape[1]);
    assert_int_equal(a.T, wanted->shape[2]);
    assert_tensor_near(file, a.weights, wanted, 1e-5);
    for (int64_t i = 0; i < a.layers * a.heads * a.T; i++) {
        double sum = 0;
        for (int64_t j = 0; j < a.T; j++) sum += (double)a.weights[i * a.T + j];
        assert_near(sum, 1, 1e-5);
    }
    rung__attention_release(&a);
    rung_safetensors_close(golden);
    five_close(&f);
}

static void gpt_looks_where_gpt2_does(void **state)
{
    (void)state;
    check("gpt2", "gpt",
          OPTIONS("layers", "2", "heads", "2", "width", "16", "context", "12"));
}

static void bert_looks_where_bert_does(void **state)
{
    (void)state;
    check("bert", "bert",
          OPTIONS("layers", "2", "heads", "2", "width", "16", "context", "12", "dropout",
                  "0.5")); // of training alone
}

static void others_have_none(void **state)
{
    (void)state;
    rung_error err = {0};
    rung__attention a;
    rung_model *m = new_lm("lstm", OPTIONS("layers", "1", "width", "8"), 9);
    assert_false(rung__has_attention(m));
    assert_ok(rung__attention_of(&a, m, rt, (int32_t[]){1, 2}, 2, &err));
    assert_int_equal(a.layers, 0);
    rung__attention_release(&a);
    rung_model_free(m);
}

static void too_long_a_text_is_an_error(void **state)
{
    (void)state;
    rung_error err = {0};
    rung__attention a;
    int32_t ids[13] = {0};
    rung_model *m = new_lm(
        "gpt", OPTIONS("layers", "1", "heads", "1", "width", "8", "context", "12"), 9);
    assert_fails_saying(rung__attention_of(&a, m, rt, ids, 13, &err), RUNG_SHAPE,
                        "windows of 13 tokens, but the context is 12");
    rung_model_free(m);
}

static rung_status look(void *ctx, rung_error *err)
{
    rung__attention a;
    const int32_t ids[] = {1, 2, 3};
    RUNG_TRY(rung__attention_of(&a, ctx, rt, ids, 3, err));
    rung__attention_release(&a);
    return RUNG_OK;
}

static void memory_may_run_out(void **state)
{
    (void)state;
    const char *const *small =
        OPTIONS("layers", "1", "heads", "1", "width", "8", "context", "12");
    rung_model *gpt = new_lm("gpt", small, 9), *bert = make_model("bert", small, 9, 2);
    assert_true(assert_survives_failed_allocations(look, gpt) > 3);
    assert_true(assert_survives_failed_allocations(look, bert) > 3);
    rung_model_free(gpt);
    rung_model_free(bert);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gpt_looks_where_gpt2_does),
        cmocka_unit_test(bert_looks_where_bert_does),
        cmocka_unit_test(others_have_none),
        cmocka_unit_test(too_long_a_text_is_an_error),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("attention", tests, make_runtime, free_runtime);
}
