/* One micro-batch of 32 texts, and 4 of 8: the same gradient, for texts of unequal length
 * too. What pads a text changes nothing. */
#include "support.h"

#include "models/lm.h"
#include "rung/nn.h"

enum { N = 32, PART = 8, T = 40, VOCAB = 70 };

/* ---- Sums of gradients, in double ---- */

static double *zeros(int64_t n)
{
    double *x = rung__alloc_array((size_t)n, sizeof *x);
    assert_non_null(x);
    return x;
}

static void add_grads(double *sum, const lm_graph *s, const rung_params *p)
{
    const float *grads = s->grads.data;
    for (size_t i = 0; i < rung_params_count(p); i++) {
        const rung_param *param = rung_params_at(p, i);
        const unsigned char *touched = s->grads.touched + param->mask_offset;
        for (int64_t e = 0; e < param->size; e++) {
            bool is_there = !param->row_sparse || touched[e / param->shape[1]];
            if (is_there) sum[param->offset + e] += (double)grads[param->offset + e];
        }
    }
}

/* Tensor by tensor: |a - b| <= tolerance |b|, in Euclidean norm. */
static void assert_same_gradient(const double *a, const double *b, const rung_params *p,
                                 double tolerance)
{
    double total = 0, wrong = 0;
    for (size_t i = 0; i < rung_params_count(p); i++) {
        const rung_param *param = rung_params_at(p, i);
        double size = 0, apart = 0;
        for (int64_t e = param->offset; e < param->offset + param->size; e++) {
            size += b[e] * b[e];
            apart += (a[e] - b[e]) * (a[e] - b[e]);
        }
        total += size, wrong += apart;
        bool is_rounding = strstr(param->name, "c_attn.bias") != NULL; // its key third
        if (!is_rounding && !(sqrt(apart) <= tolerance * sqrt(size)))
            fail_msg("%s: apart by %.3g of its norm", param->name, sqrt(apart / size));
    }
    assert_true(total > 0 && sqrt(wrong) <= tolerance * sqrt(total));
}

/* ---- Texts ---- */

/* N texts of T + 1 tokens; with `unequal`, targets past each length are left out. */
typedef struct texts {
    int32_t ids[N * T], targets[N * T];
    int64_t length[N];
} texts;

static texts *new_texts(bool unequal)
{
    texts *t = rung__alloc(sizeof *t);
    int32_t *all = random_ids(N * (T + 1), VOCAB, 3);
    for (int b = 0; b < N; b++) {
        t->length[b] = unequal ? 1 + b * 37 % T : T;
        for (int i = 0; i < T; i++) {
            t->ids[b * T + i] = all[b * (T + 1) + i];
            t->targets[b * T + i] = i < t->length[b] ? all[b * (T + 1) + i + 1] : -1;
        }
    }
    rung__free(all);
    return t;
}

/* The sum of the gradients over micro-batches of `batch` texts. */
static double *gradient(const rung_model *m, rung_runtime *rt, const texts *t, int batch,
                        double *loss)
{
    rung_error err = {0};
    lm_graph s;
    double *sum = zeros(rung_params_extent(m->params));
    lm_graph_build(&s, m, rt, batch, T, NULL);
    lm_graph_ready(&s, NULL);
    *loss = 0;
    for (int first = 0; first < N; first += batch) {
        rung_run run = {.seed = 9, .step = 2, .sample0 = first, .training = true};
        rung_input_set(s.ids, t->ids + first * T);
        rung_input_set(s.targets, t->targets + first * T);
        assert_ok(rung_graph_run(s.g, &run, &err));
        add_grads(sum, &s, m->params);
        *loss += (double)float_at(s.loss.sum, 0);
    }
    lm_graph_release(&s);
    return sum;
}

static void check_batches(rung_runtime *rt, const char *name, const char *const *options,
                          bool unequal)
{
    double loss, loss_of_parts;
    rung_model *m = new_lm(name, options, VOCAB);
    texts *t = new_texts(unequal);
    double *whole = gradient(m, rt, t, N, &loss);
    double *parts = gradient(m, rt, t, PART, &loss_of_parts);
    assert_same_gradient(parts, whole, m->params, 1e-6);
    assert_near(loss_of_parts, loss, 1e-6 * loss);
    rung__free(whole), rung__free(parts), rung__free(t);
    rung_model_free(m);
}

#define GPT                                                                              \
    OPTIONS("layers", "2", "heads", "2", "width", "32", "context", "40", "dropout", "0.2")
#define LSTM OPTIONS("layers", "2", "width", "32", "dropout", "0.2", "carry", "false")

static void a_batch_in_parts_has_the_same_gradient(void **state)
{
    check_batches(*state, "gpt", GPT, false);
    check_batches(*state, "lstm", LSTM, false);
}

static void so_have_texts_of_unequal_length(void **state)
{
    check_batches(*state, "gpt", GPT, true);
    check_batches(*state, "lstm", LSTM, true);
}

/* Each text alone, without padding. */
static void padding_changes_nothing(void **state)
{
    static const char *const names[] = {"gpt", "lstm"};
    rung_error err = {0};
    for (int k = 0; k < 2; k++) {
        double loss;
        rung_model *m =
            k == 0 ? new_lm(names[k], OPTIONS("layers", "2", "heads", "2", "width", "32"),
                            VOCAB)
                   : new_lm(names[k], OPTIONS("width", "32"), VOCAB);
        texts *t = new_texts(true);
        double *padded = gradient(m, *state, t, N, &loss);
        double *alone = zeros(rung_params_extent(m->params));
        for (int b = 0; b < N; b++) {
            lm_graph s;
            lm_graph_build(&s, m, *state, 1, t->length[b], NULL);
            lm_graph_ready(&s, NULL);
            rung_input_set(s.ids, t->ids + b * T);
            rung_input_set(s.targets, t->targets + b * T);
            assert_ok(rung_graph_run(s.g, &(rung_run){.training = true}, &err));
            add_grads(alone, &s, m->params);
            lm_graph_release(&s);
        }
        assert_same_gradient(padded, alone, m->params, 1e-6);
        rung__free(padded), rung__free(alone), rung__free(t);
        rung_model_free(m);
    }
}

/* ---- Attention in both directions, where only lengths keep padding out ---- */

enum { C = 24, CLASSES = 5 };

/* A small encoder: embedding, attention, a class for every token. */
static void build_encoder(lm_graph *s, rung_runtime *rt, rung_params *p, int batch,
                          int64_t width, const int32_t *lengths)
{
    rung_error err = {0};
    rung_scope root = rung_scope_root(p, NULL, NULL);
    *s = (lm_graph){.g = new_graph(rt, RUNG_F32)};
    assert_ok(rung_block_new(&s->grads, p, &err));
    root.graph = s->g;
    rung_scope table = rung_scope_in(&root, "table"), qkv = rung_scope_in(&root, "qkv");
    rung_scope out = rung_scope_in(&root, "out");
    s->ids = rung_input(s->g, "ids", RUNG_I32, 2, SHAPE(batch, width));
    s->targets = rung_input(s->g, "targets", RUNG_I32, 2, SHAPE(batch, width));
    rung_linear_spec wide = {.in = C, .out = 3 * C, .bias = true}, last = {.in = C};
    rung_tensor *x = rung_nn_embedding(&table, s->ids);
    x = rung_nn_linear(&qkv, &wide, x, RUNG_ACT_NONE, NULL);
    rung_attention_config c = {.heads = 3, .width = C, .k_column = C, .v_column = 2 * C};
    x = rung_attention(s->g, x, x, x, ids_of(s->g, 1, SHAPE(batch), lengths), &c);
    s->logits = rung_nn_linear(&out, &last, x, RUNG_ACT_NONE, NULL);
    s->loss = rung_cross_entropy(s->g, s->logits, s->targets, NULL, 0.1);
    rung_graph_grad(s->g, s->loss.sum);
    lm_graph_ready(s, NULL);
}

static rung_params *encoder_params(void)
{
    rung_error err = {0};
    rung_params *p = NULL;
    assert_ok(rung_params_new(&p, RUNG_F32, &err));
    rung_scope root = rung_scope_root(p, NULL, NULL);
    rung_scope table = rung_scope_in(&root, "table"), qkv = rung_scope_in(&root, "qkv");
    rung_scope out = rung_scope_in(&root, "out");
    rung_embedding_spec rows = {VOCAB, C, RUNG_INIT_NORMAL, 1, true};
    rung_linear_spec wide = {C, 3 * C, false, true, RUNG_INIT_NORMAL, 0.4};
    rung_linear_spec last = {C, CLASSES, false, false, RUNG_INIT_NORMAL, 0.4};
    assert_ok(rung_nn_embedding_declare(&table, &rows, &err));
    assert_ok(rung_nn_linear_declare(&qkv, &wide, &err));
    assert_ok(rung_nn_linear_declare(&out, &last, &err));
    rung_params_init(p, 4);
    return p;
}

/* Batches of `batch` texts that are `width` tokens wide; width 0: as long as the text. */
static double *encoder_gradient(rung_runtime *rt, rung_params *p, const texts *t,
                                int batch, int64_t width)
{
    double *sum = zeros(rung_params_extent(p));
    for (int first = 0; first < N; first += batch) {
        lm_graph s;
        int32_t lengths[N];
        for (int b = 0; b < batch; b++) lengths[b] = (int32_t)t->length[first + b];
        build_encoder(&s, rt, p, batch, width ? width : t->length[first], lengths);
        rung_input_set(s.ids, t->ids + first * T);
        rung_input_set(s.targets, t->targets + first * T);
        run_graph(s.g);
        add_grads(sum, &s, p);
        lm_graph_release(&s);
    }
    return sum;
}

static void lengths_keep_padding_out_of_attention(void **state)
{
    rung_params *p = encoder_params();
    texts *t = new_texts(true);
    for (int i = 0; i < N * T; i++) {
        if (t->targets[i] >= 0) t->targets[i] %= CLASSES;
    }
    double *whole = encoder_gradient(*state, p, t, N, T);
    double *parts = encoder_gradient(*state, p, t, PART, T);
    double *alone = encoder_gradient(*state, p, t, 1, 0);
    assert_same_gradient(parts, whole, p, 1e-6);
    assert_same_gradient(alone, whole, p, 1e-6);
    rung__free(whole), rung__free(parts), rung__free(alone), rung__free(t);
    rung_params_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_in_parts_has_the_same_gradient),
        cmocka_unit_test(so_have_texts_of_unequal_length),
        cmocka_unit_test(padding_changes_nothing),
        cmocka_unit_test(lengths_keep_padding_out_of_attention),
    };
    return cmocka_run_group_tests_name("micro-batches", tests, open_runtime,
                                       close_runtime);
}
