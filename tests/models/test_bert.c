/* bert is BERT: PyTorch's weights give PyTorch's logits, gradients and training, for
 * texts of unequal lengths; what pads a text changes nothing. */
#include "support.h"

#include "models/five_steps.h"

static void open_golden(five_steps *f)
{
    five_open(f, "bert", "bert",
              OPTIONS("layers", "2", "heads", "2", "width", "16", "context", "12",
                      "dropout", "0"));
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
    five_check_training(&f, *state, "attention.self.key.bias", 0, 16);
    five_close(&f);
}

static void its_parameters_are_those_of_bert_base(void **state)
{
    (void)state;
    rung_model *m = make_model(
        "bert", OPTIONS("layers", "12", "heads", "12", "width", "768", "context", "512"),
        30522, 2);
    assert_int_equal(rung_params_size(m->params), 109483778); // with 2 labels
    assert_int_equal(rung_params_count(m->params), 201);
    assert_int_equal(m->context, 512);
    assert_int_equal(m->max_context, 512);
    rung_model_free(m);
}

/* Weights from N(0, 0.02), gains 1, biases 0; decay on matrices alone. */
static void weights_start_as_bert_s(void **state)
{
    (void)state;
    rung_model *m =
        make_model("bert", OPTIONS("layers", "1", "heads", "2", "width", "128"), 99, 7);
    for (size_t i = 0; i < rung_params_count(m->params); i++) {
        const rung_param *p = rung_params_at(m->params, i);
        const float *w = rung_params_data(m->params, p);
        bool is_gain = strstr(p->name, "LayerNorm.weight") != NULL;
        double squares = 0;
        for (int64_t e = 0; e < p->size; e++) squares += (double)w[e] * (double)w[e];
        double wanted = is_gain ? 1 : p->rank == 2 ? 0.02 : 0;
        assert_near(sqrt(squares / (double)p->size), wanted, is_gain ? 0 : 0.1 * wanted);
        assert_true(p->decay == (p->rank == 2));
    }
    rung_model_free(m);
}

/* ---- Padding ---- */

enum { B = 5, SHORT = 9, LONG = 70, VOCAB = 40 };

/* The logits of B texts, of which T ids are given, those beyond the lengths being
 * `filler`; with a gradient, its sum of squares in *grad. */
static void logits_of(float *out, double *grad, const rung_model *m, rung_runtime *rt,
                      int64_t T, int32_t filler, bool training)
{
    static const int32_t lengths[B] = {9, 2, 7, 1, 4}, targets[B] = {0, 1, 2, 0, 1};
    rung_error err = {0};
    rung_graph *g = new_graph(rt, RUNG_F32);
    rung_block grads = {0};
    int32_t *given = random_ids(B * SHORT, VOCAB, 5), ids[B * LONG];
    for (int64_t i = 0; i < B * T; i++)
        ids[i] = i % T < lengths[i / T] ? given[i / T * SHORT + i % T] : filler;
    assert_ok(rung_block_new(&grads, m->params, &err));
    rung_tensor *logits = m->type->labelled->logits(
        m, g, ids_of(g, 2, SHAPE(B, T), ids), ids_of(g, 1, SHAPE(B), lengths), training);
    rung_loss loss =
        rung_cross_entropy(g, logits, ids_of(g, 1, SHAPE(B), targets), NULL, 0);
    rung_graph_grad(g, loss.sum);
    rung_tensor *outputs[] = {loss.sum, logits};
    void *block = make_ready(g, outputs, 2, &grads, NULL);
    assert_ok(rung_graph_run(g, &(rung_run){.seed = 3, .training = training}, &err));
    memcpy(out, rung_tensor_data(logits), (size_t)(B * m->n_labels) * sizeof *out);
    *grad = 0;
    for (size_t i = 0; i < rung_params_count(m->params); i++) {
        const rung_param *p = rung_params_at(m->params, i);
        if (p->row_sparse) continue; // rows that were not touched hold nothing
        const float *d = (const float *)grads.data + p->offset;
        for (int64_t e = 0; e < p->size; e++) *grad += (double)d[e] * (double)d[e];
    }
    rung_graph_free(g);
    rung_block_release(&grads);
    rung__free(block);
    rung__free(given);
}

static void check_padding(rung_runtime *rt, bool training)
{
    float few[3 * B], other[3 * B], many[3 * B];
    double grad_few, grad_other, grad_many;
    rung_model *m = make_model(
        "bert", OPTIONS("layers", "2", "heads", "2", "width", "24", "context", "70"),
        VOCAB, 3);
    float *w = rung_params_values(m->params); // large ones, so that attention matters
    for (int64_t i = 0; i < rung_params_extent(m->params); i++) w[i] *= 10;
    logits_of(few, &grad_few, m, rt, SHORT, 0, training);
    logits_of(other, &grad_other, m, rt, SHORT, 17, training);
    logits_of(many, &grad_many, m, rt, LONG, 17, training);
    assert_memory_equal(few, other, sizeof few);
    assert_true(grad_few > 0 && grad_few == grad_other);
    for (int i = 0; i < 3 * B; i++) assert_near((double)many[i], (double)few[i], 1e-6);
    assert_near(grad_many, grad_few, 1e-5 * grad_few);
    rung_model_free(m);
}

static void padding_changes_nothing(void **state)
{
    check_padding(*state, false);
}

/* The same values are dropped, wherever a text ends. */
static void padding_changes_nothing_in_training(void **state)
{
    check_padding(*state, true);
}

static void dropout_acts_in_training_only(void **state)
{
    float a[3 * B], b[3 * B], c[3 * B];
    double grad;
    rung_model *m =
        make_model("bert", OPTIONS("layers", "1", "heads", "2", "width", "8"), VOCAB, 3);
    logits_of(a, &grad, m, *state, SHORT, 0, false);
    logits_of(b, &grad, m, *state, SHORT, 0, true);
    rung_model_free(m);
    m = make_model("bert",
                   OPTIONS("layers", "1", "heads", "2", "width", "8", "dropout", "0"),
                   VOCAB, 3);
    logits_of(c, &grad, m, *state, SHORT, 0, true);
    rung_model_free(m);
    assert_memory_not_equal(a, b, sizeof a);
    assert_memory_equal(a, c, sizeof a);
}

/* ---- Refusals ---- */

static void a_width_that_heads_do_not_divide_is_refused(void **state)
{
    (void)state;
    rung_error err = {0};
    rung_model *m = NULL;
    assert_ok(rung_model_new(&m, rung_class_find("bert", &err), RUNG_LABELLED, &err));
    rung_option_set set = rung_model_options(m);
    assert_ok(rung_option_set_text(&set, "width", "100", &err));
    assert_ok(rung_option_set_text(&set, "heads", "3", &err));
    m->vocab = 10, m->n_labels = 2;
    assert_fails(m->type->declare(m, &err), RUNG_USAGE,
                 "width 100 is not a multiple of 3 heads");
    rung_model_free(m);
}

static void a_text_beyond_the_context_is_refused(void **state)
{
    static const int32_t ids[5] = {0}, lengths[1] = {5};
    rung_error err;
    rung_model *m = make_model(
        "bert", OPTIONS("layers", "1", "width", "8", "heads", "1", "context", "4"), 9, 2);
    rung_graph *g = new_graph(*state, RUNG_F32);
    rung_tensor *logits = m->type->labelled->logits(
        m, g, ids_of(g, 2, SHAPE(1, 5), ids), ids_of(g, 1, SHAPE(1), lengths), false);
    assert_fails(rung_graph_compile(g, &logits, 1, &err), RUNG_SHAPE,
                 "texts of 5 tokens, but the context is 4");
    rung_graph_free(g);
    rung_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_and_gradients_are_those_of_pytorch),
        cmocka_unit_test(five_steps_of_training_are_those_of_pytorch),
        cmocka_unit_test(its_parameters_are_those_of_bert_base),
        cmocka_unit_test(weights_start_as_bert_s),
        cmocka_unit_test(padding_changes_nothing),
        cmocka_unit_test(padding_changes_nothing_in_training),
        cmocka_unit_test(dropout_acts_in_training_only),
        cmocka_unit_test(a_width_that_heads_do_not_divide_is_refused),
        cmocka_unit_test(a_text_beyond_the_context_is_refused),
    };
    return cmocka_run_group_tests_name("bert", tests, open_runtime, close_runtime);
}
