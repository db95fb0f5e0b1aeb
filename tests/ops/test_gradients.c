/* Every operator's gradient against finite differences, in double: for each case of a
 * list that covers all of ops.def, loss = sum of outputs times fixed random numbers, and
 * the derivative of each element of each input is compared with
 * (loss(x + h) - loss(x - h)) / 2h. */
#include "support.h"

#include "base/rng.h"
#include "ops/ops.h"

enum { MAX_INPUTS = 6 };

/* A case builds its output from reals that the driver fills with random numbers. */
typedef struct gradient_case {
    const char *name, *op; /* op: the operator of ops.def that it covers */
    int n_inputs;
    struct {
        int rank;
        int64_t shape[RUNG_MAX_RANK];
    } inputs[MAX_INPUTS];
    rung_tensor *(*build)(rung_graph *g, rung_tensor **x);
    bool training; /* dropout is on */
} gradient_case;

/* An int32 constant: data that outlives the graph. */
static rung_tensor *ids_input(rung_graph *g, int rank, const int64_t *shape,
                              const int32_t *data)
{
    rung_tensor *t = rung_input(g, "ids", RUNG_I32, rank, shape);
    rung_input_set(t, data);
    return t;
}

#define SHAPE(...) ((int64_t[]){__VA_ARGS__})

static rung_tensor *b_add(rung_graph *g, rung_tensor **x)
{
    return rung_add(g, x[0], x[1]);
}
static rung_tensor *b_mul(rung_graph *g, rung_tensor **x)
{
    return rung_mul(g, x[0], x[1]);
}
static rung_tensor *b_square(rung_graph *g, rung_tensor **x)
{
    return rung_mul(g, x[0], x[0]);
}
static rung_tensor *b_scale(rung_graph *g, rung_tensor **x)
{
    return rung_scale(g, x[0], -1.7);
}
static rung_tensor *b_relu(rung_graph *g, rung_tensor **x)
{
    return rung_activation(g, x[0], RUNG_ACT_RELU);
}
static rung_tensor *b_gelu(rung_graph *g, rung_tensor **x)
{
    return rung_activation(g, x[0], RUNG_ACT_GELU);
}
static rung_tensor *b_erf(rung_graph *g, rung_tensor **x)
{
    return rung_activation(g, x[0], RUNG_ACT_GELU_ERF);
}
static rung_tensor *b_silu(rung_graph *g, rung_tensor **x)
{
    return rung_activation(g, x[0], RUNG_ACT_SILU);
}
static rung_tensor *b_sigmoid(rung_graph *g, rung_tensor **x)
{
    return rung_activation(g, x[0], RUNG_ACT_SIGMOID);
}
static rung_tensor *b_tanh(rung_graph *g, rung_tensor **x)
{
    return rung_activation(g, x[0], RUNG_ACT_TANH);
}
static rung_tensor *b_dropout(rung_graph *g, rung_tensor **x)
{
    return rung_dropout(g, x[0], 0.4);
}
static rung_tensor *b_mm(rung_graph *g, rung_tensor **x)
{
    return rung_matmul(g, x[0], x[1], 0);
}
static rung_tensor *b_mm_ta(rung_graph *g, rung_tensor **x)
{
    return rung_matmul(g, x[0], x[1], RUNG_TRANS_A);
}
static rung_tensor *b_mm_tb(rung_graph *g, rung_tensor **x)
{
    return rung_matmul(g, x[0], x[1], RUNG_TRANS_B);
}
static rung_tensor *b_mm_tab(rung_graph *g, rung_tensor **x)
{
    return rung_matmul(g, x[0], x[1], RUNG_TRANS_A | RUNG_TRANS_B);
}
static rung_tensor *b_lin(rung_graph *g, rung_tensor **x)
{
    return rung_linear(g, x[0], x[1], x[2], 0, RUNG_ACT_GELU, x[3]);
}
static rung_tensor *b_lin_tanh(rung_graph *g, rung_tensor **x)
{
    return rung_linear(g, x[0], x[1], x[2], RUNG_TRANS_B, RUNG_ACT_TANH, x[3]);
}
static rung_tensor *b_lin_sig(rung_graph *g, rung_tensor **x)
{
    return rung_linear(g, x[0], x[1], x[2], RUNG_TRANS_B, RUNG_ACT_SIGMOID, NULL);
}
static rung_tensor *b_lin_plain(rung_graph *g, rung_tensor **x)
{
    return rung_linear(g, x[0], x[1], NULL, 0, RUNG_ACT_NONE, NULL);
}
/* Products of normalised rows, with weights of both layouts. */
static rung_tensor *b_lin_norm(rung_graph *g, rung_tensor **x)
{
    rung_tensor *y = rung_layernorm(g, x[0], x[1], x[2], 1e-5);
    return rung_add(g, rung_linear(g, y, x[3], NULL, 0, RUNG_ACT_NONE, NULL),
                    rung_linear(g, y, x[4], NULL, RUNG_TRANS_B, RUNG_ACT_NONE, NULL));
}
static rung_tensor *b_softmax(rung_graph *g, rung_tensor **x)
{
    return rung_softmax(g, x[0]);
}
static rung_tensor *b_ln(rung_graph *g, rung_tensor **x)
{
    return rung_layernorm(g, x[0], x[1], x[2], 1e-5);
}

static rung_tensor *b_embedding(rung_graph *g, rung_tensor **x)
{
    static const int32_t ids[] = {3, 0, 3, 4, 1, 3};
    return rung_embedding(g, x[0], ids_input(g, 2, SHAPE(2, 3), ids));
}

/* Tied: looked up and multiplied by. */
static rung_tensor *b_tied(rung_graph *g, rung_tensor **x)
{
    return rung_matmul(g, b_embedding(g, x), x[0], RUNG_TRANS_B);
}

static rung_tensor *b_twice(rung_graph *g, rung_tensor **x)
{
    return rung_add(g, b_embedding(g, x), b_embedding(g, x));
}

static rung_tensor *b_packed(rung_graph *g, rung_tensor **x)
{
    rung_attention_config c = {
        .heads = 2, .width = 6, .k_column = 6, .v_column = 12, .causal = true};
    return rung_attention(g, x[0], x[0], x[0], NULL, &c);
}

static rung_tensor *b_packed_dropout(rung_graph *g, rung_tensor **x)
{
    rung_attention_config c = {.heads = 2,
                               .width = 6,
                               .k_column = 6,
                               .v_column = 12,
                               .causal = true,
                               .dropout = 0.3};
    return rung_attention(g, x[0], x[0], x[0], NULL, &c);
}

static rung_tensor *b_cross(rung_graph *g, rung_tensor **x)
{
    static const int32_t lengths[] = {4, 2};
    rung_attention_config c = {.heads = 2, .width = 6, .v_column = 1};
    return rung_attention(g, x[0], x[1], x[2], ids_input(g, 1, SHAPE(2), lengths), &c);
}

/* Keys and values in one tensor, with a column that is neither. */
static rung_tensor *b_shared_kv(rung_graph *g, rung_tensor **x)
{
    rung_attention_config c = {.heads = 3, .width = 6, .v_column = 7};
    return rung_attention(g, x[0], x[1], x[1], NULL, &c);
}

static rung_tensor *pooled(rung_graph *g, rung_tensor *x, rung_pooling_mode mode)
{
    static const int32_t lengths[] = {4, 2, 0};
    return rung_pooling(g, x, ids_input(g, 1, SHAPE(3), lengths), mode);
}

static rung_tensor *b_mean_rows(rung_graph *g, rung_tensor **x)
{
    return pooled(g, x[0], RUNG_POOLING_MEAN);
}
static rung_tensor *b_max_rows(rung_graph *g, rung_tensor **x)
{
    return pooled(g, x[0], RUNG_POOLING_MAX);
}
static rung_tensor *b_max_all(rung_graph *g, rung_tensor **x)
{
    return rung_pooling(g, x[0], NULL, RUNG_POOLING_MAX);
}

static rung_tensor *lstm_outputs(rung_graph *g, rung_lstm_out o)
{
    rung_tensor *end = rung_concat(g, (rung_tensor *[]){o.h, o.c}, 2, 1);
    int64_t n[] = {rung_tensor_size(o.y)}, m[] = {rung_tensor_size(end)};
    return rung_concat(
        g, (rung_tensor *[]){rung_reshape(g, o.y, 1, n), rung_reshape(g, end, 1, m)}, 2,
        0);
}

static rung_tensor *b_lstm(rung_graph *g, rung_tensor **x)
{
    return lstm_outputs(g, rung_lstm(g, x[0], x[1], x[2], x[3], x[4]));
}

static rung_tensor *b_lstm_zero(rung_graph *g, rung_tensor **x)
{
    return rung_lstm(g, x[0], x[1], NULL, NULL, NULL).y;
}

static rung_tensor *b_lstm_last(rung_graph *g, rung_tensor **x)
{
    return rung_lstm(g, x[0], x[1], x[2], NULL, NULL).h;
}

static const int32_t targets[] = {2, -1, 0, 4, 3, 2};

static rung_tensor *b_ce(rung_graph *g, rung_tensor **x)
{
    return rung_cross_entropy(g, x[0], ids_input(g, 1, SHAPE(6), targets), NULL, 0).sum;
}

static rung_tensor *b_ce_full(rung_graph *g, rung_tensor **x)
{
    static const double weights[] = {0.5, 1, 2, 0.1, 3};
    rung_tensor *w = rung_input(g, "weights", RUNG_F64, 1, SHAPE(5));
    rung_input_set(w, weights);
    return rung_cross_entropy(g, x[0], ids_input(g, 1, SHAPE(6), targets), w, 0.1).sum;
}

static rung_tensor *real_targets(rung_graph *g)
{
    static const double t[] = {0, 1, 0.5, 1, 0, 0.25};
    rung_tensor *x = rung_input(g, "targets", RUNG_F64, 2, SHAPE(2, 3));
    rung_input_set(x, t);
    return x;
}

static rung_tensor *b_bce(rung_graph *g, rung_tensor **x)
{
    return rung_bce_with_logits(g, x[0], real_targets(g)).sum;
}
static rung_tensor *b_mse(rung_graph *g, rung_tensor **x)
{
    return rung_mse(g, x[0], real_targets(g)).sum;
}
static rung_tensor *b_sum(rung_graph *g, rung_tensor **x)
{
    return rung_mean(g, x[0]);
}
static rung_tensor *b_sum0(rung_graph *g, rung_tensor **x)
{
    return rung_sum_dim(g, x[0], 0);
}
static rung_tensor *b_sum1(rung_graph *g, rung_tensor **x)
{
    return rung_mean_dim(g, x[0], 1);
}
static rung_tensor *b_sum2(rung_graph *g, rung_tensor **x)
{
    return rung_sum_dim(g, x[0], -1);
}
static rung_tensor *b_expand(rung_graph *g, rung_tensor **x)
{
    return rung_expand(g, x[0], 1, 4);
}
static rung_tensor *b_transpose(rung_graph *g, rung_tensor **x)
{
    return rung_transpose(g, x[0], 0, 2);
}
static rung_tensor *b_swap(rung_graph *g, rung_tensor **x)
{
    return rung_transpose(g, x[0], 1, 2);
}
static rung_tensor *b_slice(rung_graph *g, rung_tensor **x)
{
    return rung_slice(g, x[0], 1, 1, 3);
}
static rung_tensor *b_pad(rung_graph *g, rung_tensor **x)
{
    return rung__pad(g, x[0], 1, 2, 6);
}
static rung_tensor *b_concat(rung_graph *g, rung_tensor **x)
{
    return rung_concat(g, x, 3, 1);
}
static rung_tensor *b_reshape(rung_graph *g, rung_tensor **x)
{
    return rung_reshape(g, rung_mul(g, x[0], x[0]), 2, SHAPE(4, 3));
}
static rung_tensor *b_copy(rung_graph *g, rung_tensor **x)
{
    return g->copy(g, x[0]);
}

/* The same tensor takes many ways: everything is added up. */
static rung_tensor *b_fan(rung_graph *g, rung_tensor **x)
{
    rung_tensor *a = rung_activation(g, x[0], RUNG_ACT_TANH);
    return rung_add(
        g, rung_mul(g, a, x[0]),
        rung_add(g, a, rung_scale(g, rung_reshape(g, x[0], 2, SHAPE(2, 3)), 3)));
}

static const gradient_case cases[] = {
    {"add", "add", 2, {{2, {3, 4}}, {2, {3, 4}}}, b_add, 0},
    {"add_broadcast", "add", 2, {{3, {2, 3, 4}}, {2, {3, 4}}}, b_add, 0},
    {"mul", "mul", 2, {{2, {3, 4}}, {1, {4}}}, b_mul, 0},
    {"square", "mul", 1, {{2, {3, 4}}}, b_square, 0},
    {"scale", "scale", 1, {{2, {3, 4}}}, b_scale, 0},
    {"relu", "activation", 1, {{2, {3, 4}}}, b_relu, 0},
    {"gelu", "activation_grad", 1, {{2, {3, 4}}}, b_gelu, 0},
    {"gelu_erf", "activation", 1, {{2, {3, 4}}}, b_erf, 0},
    {"silu", "activation", 1, {{2, {3, 4}}}, b_silu, 0},
    {"sigmoid", "activation", 1, {{2, {3, 4}}}, b_sigmoid, 0},
    {"tanh", "activation", 1, {{2, {3, 4}}}, b_tanh, 0},
    {"dropout", "dropout", 1, {{3, {4, 3, 5}}}, b_dropout, true},
    {"dropout_off", "dropout", 1, {{3, {4, 3, 5}}}, b_dropout, false},
    {"matmul", "matmul", 2, {{2, {3, 4}}, {2, {4, 5}}}, b_mm, 0},
    {"matmul_ta", "matmul", 2, {{2, {4, 3}}, {2, {4, 5}}}, b_mm_ta, 0},
    {"matmul_tb", "matmul", 2, {{2, {3, 4}}, {2, {5, 4}}}, b_mm_tb, 0},
    {"matmul_tab", "matmul", 2, {{2, {4, 3}}, {2, {5, 4}}}, b_mm_tab, 0},
    {"matmul_batch", "matmul", 2, {{3, {2, 3, 4}}, {3, {2, 5, 4}}}, b_mm_tb, 0},
    {"matmul_batch_tab", "matmul", 2, {{3, {2, 4, 3}}, {3, {2, 5, 4}}}, b_mm_tab, 0},
    {"matmul_rows", "matmul", 2, {{3, {2, 3, 4}}, {2, {4, 5}}}, b_mm, 0},
    {"matmul_shared_a", "matmul", 2, {{2, {3, 4}}, {3, {2, 4, 5}}}, b_mm, 0},
    {"matmul_shared_b_ta", "matmul", 2, {{3, {2, 4, 3}}, {2, {4, 5}}}, b_mm_ta, 0},
    {"linear",
     "linear",
     4,
     {{3, {2, 3, 4}}, {2, {4, 5}}, {1, {5}}, {3, {2, 3, 5}}},
     b_lin,
     0},
    {"linear_tanh",
     "linear",
     4,
     {{2, {3, 4}}, {2, {5, 4}}, {1, {5}}, {2, {3, 5}}},
     b_lin_tanh,
     0},
    {"linear_sigmoid", "linear", 3, {{2, {3, 4}}, {2, {5, 4}}, {1, {5}}}, b_lin_sig, 0},
    {"linear_normalised",
     "linear_grad",
     5,
     {{3, {2, 3, 5}}, {1, {5}}, {1, {5}}, {2, {5, 4}}, {2, {4, 5}}},
     b_lin_norm,
     0},
    {"linear_plain", "linear", 2, {{2, {3, 4}}, {2, {4, 5}}}, b_lin_plain, 0},
    {"softmax", "softmax_grad", 1, {{2, {3, 5}}}, b_softmax, 0},
    {"softmax_forward", "softmax", 1, {{3, {2, 2, 3}}}, b_softmax, 0},
    {"layernorm", "layernorm", 3, {{3, {2, 3, 5}}, {1, {5}}, {1, {5}}}, b_ln, 0},
    {"layernorm_rows", "layernorm_grad", 3, {{2, {70, 3}}, {1, {3}}, {1, {3}}}, b_ln, 0},
    {"embedding", "embedding", 1, {{2, {5, 3}}}, b_embedding, 0},
    {"embedding_twice", "embedding_grad", 1, {{2, {5, 3}}}, b_twice, 0},
    {"embedding_tied", "embedding_grad_into", 1, {{2, {5, 3}}}, b_tied, 0},
    {"attention_packed", "attention", 1, {{3, {2, 5, 18}}}, b_packed, 0},
    {"attention_dropout", "attention_grad", 1, {{3, {2, 5, 18}}}, b_packed_dropout, true},
    {"attention_cross",
     "attention",
     3,
     {{3, {2, 3, 6}}, {3, {2, 4, 6}}, {3, {2, 4, 7}}},
     b_cross,
     0},
    {"attention_shared_kv",
     "attention",
     2,
     {{3, {2, 3, 6}}, {3, {2, 4, 14}}},
     b_shared_kv,
     0},
    {"pooling_mean", "pooling", 1, {{3, {3, 4, 5}}}, b_mean_rows, 0},
    {"pooling_max", "pooling_grad", 1, {{3, {3, 4, 5}}}, b_max_rows, 0},
    {"pooling_max_all", "pooling", 1, {{3, {2, 4, 5}}}, b_max_all, 0},
    {"lstm",
     "lstm",
     5,
     {{3, {3, 4, 8}}, {2, {8, 2}}, {1, {8}}, {2, {3, 2}}, {2, {3, 2}}},
     b_lstm,
     0},
    {"lstm_zero", "lstm_grad", 2, {{3, {18, 3, 8}}, {2, {8, 2}}}, b_lstm_zero, 0},
    {"lstm_last", "lstm", 3, {{3, {2, 1, 8}}, {2, {8, 2}}, {1, {8}}}, b_lstm_last, 0},
    {"cross_entropy", "cross_entropy", 1, {{2, {6, 5}}}, b_ce, 0},
    {"cross_entropy_full", "cross_entropy_grad", 1, {{2, {6, 5}}}, b_ce_full, 0},
    {"bce", "bce", 1, {{2, {2, 3}}}, b_bce, 0},
    {"bce_grad", "bce_grad", 1, {{2, {2, 3}}}, b_bce, 0},
    {"mse", "mse", 1, {{2, {2, 3}}}, b_mse, 0},
    {"mse_grad", "mse_grad", 1, {{2, {2, 3}}}, b_mse, 0},
    {"mean", "sum_dim", 1, {{2, {2, 3}}}, b_sum, 0},
    {"sum_first", "sum_dim", 1, {{3, {300, 2, 3}}}, b_sum0, 0},
    {"sum_middle", "sum_dim", 1, {{3, {2, 4, 3}}}, b_sum1, 0},
    {"sum_last", "expand", 1, {{3, {2, 4, 3}}}, b_sum2, 0},
    {"expand", "expand", 1, {{2, {2, 3}}}, b_expand, 0},
    {"transpose", "transpose", 1, {{3, {2, 3, 4}}}, b_transpose, 0},
    {"transpose_last", "transpose", 1, {{3, {2, 3, 4}}}, b_swap, 0},
    {"slice", "slice", 1, {{3, {2, 4, 3}}}, b_slice, 0},
    {"pad", "pad", 1, {{3, {2, 3, 2}}}, b_pad, 0},
    {"concat",
     "concat",
     3,
     {{3, {2, 1, 3}}, {3, {2, 2, 3}}, {3, {2, 3, 3}}},
     b_concat,
     0},
    {"reshape", "mul", 1, {{3, {2, 2, 3}}}, b_reshape, 0},
    {"copy", "copy", 1, {{2, {2, 3}}}, b_copy, 0},
    {"fan_out", "add", 1, {{2, {2, 3}}}, b_fan, 0},
};

enum { N_CASES = sizeof cases / sizeof cases[0] };

/* Operators that have no gradient to check here: no real output, or states (tests of
 * their own). */
static const char *const without_gradient[] = {"positions", "assign", "cache_write"};

typedef struct fixture {
    rung_runtime *rt;
    rung_graph *g;
    rung_tensor *x[MAX_INPUTS], *loss;
    double *data[MAX_INPUTS], *mix;
    void *block;
} fixture;

static double *random_numbers(int64_t n, rung_rng *rng)
{
    double *x = rung__alloc_array((size_t)n, sizeof *x);
    for (int64_t i = 0; i < n; i++) x[i] = rung_rng_normal(rng);
    return x;
}

static void build(fixture *f, const gradient_case *c)
{
    rung_error err;
    rung_rng rng = rung_rng_make(rung_rng_key(1, c->name, 0));
    assert_ok(rung_graph_new(&f->g, f->rt, RUNG_F64, &err));
    for (int i = 0; i < c->n_inputs; i++) {
        f->x[i] = rung_input(f->g, "x", RUNG_F64, c->inputs[i].rank, c->inputs[i].shape);
        rung_tensor_require_grad(f->x[i]);
        f->data[i] = random_numbers(rung_tensor_size(f->x[i]), &rng);
        rung_input_set(f->x[i], f->data[i]);
    }
    rung_tensor *y = c->build(f->g, f->x);
    if (!y) fail_msg("%s: %s", c->name, f->g->error.message);
    f->mix = random_numbers(rung_tensor_size(y), &rng);
    rung_tensor *mix = rung_input(f->g, "mix", RUNG_F64, y->rank, y->shape);
    rung_input_set(mix, f->mix);
    f->loss = rung_sum(f->g, rung_mul(f->g, y, mix));
    rung_graph_grad(f->g, f->loss);
    rung_tensor *outputs[MAX_INPUTS + 1] = {f->loss};
    for (int i = 0; i < c->n_inputs; i++) {
        outputs[i + 1] = rung_tensor_grad(f->x[i]);
        assert_non_null(outputs[i + 1]);
    }
    rung_status status = rung_graph_compile(f->g, outputs, (size_t)c->n_inputs + 1, &err);
    if (status != RUNG_OK) fail_msg("%s: %s", c->name, err.message);
    f->block = rung__alloc(rung_graph_block_bytes(f->g));
    rung_graph_bind(f->g, f->block, NULL, NULL);
}

static void release(fixture *f, const gradient_case *c)
{
    rung_graph_free(f->g);
    rung__free(f->block), rung__free(f->mix);
    for (int i = 0; i < c->n_inputs; i++) rung__free(f->data[i]);
}

static double run_loss(fixture *f, const rung_run *run)
{
    rung_error err;
    assert_ok(rung_graph_run(f->g, run, &err));
    return rung_tensor_scalar(f->loss);
}

static void check_input(fixture *f, const gradient_case *c, int i, const rung_run *run)
{
    int64_t n = rung_tensor_size(f->x[i]);
    double *dx = rung__alloc_array((size_t)n, sizeof *dx), largest = 1;
    const double h = 1e-5;
    run_loss(f, run);
    memcpy(dx, rung_tensor_data(rung_tensor_grad(f->x[i])), (size_t)n * sizeof *dx);
    for (int64_t e = 0; e < n; e++) largest = fmax(largest, fabs(dx[e]));
    for (int64_t e = 0; e < n; e++) {
        double kept = f->data[i][e];
        f->data[i][e] = kept + h;
        double above = run_loss(f, run);
        f->data[i][e] = kept - h;
        double below = run_loss(f, run);
        f->data[i][e] = kept;
        double wanted = (above - below) / (2 * h);
        if (!(fabs(dx[e] - wanted) <= 1e-7 * largest))
            fail_msg("%s: input %d, element %lld: gradient %.12g, difference %.12g",
                     c->name, i, (long long)e, dx[e], wanted);
    }
    rung__free(dx);
}

static void gradients_agree_with_differences(void **state)
{
    fixture f = {.rt = *state};
    for (size_t k = 0; k < N_CASES; k++) {
        rung_run run = {
            .seed = 7, .step = 3, .sample0 = 5, .training = cases[k].training};
        build(&f, &cases[k]);
        for (int i = 0; i < cases[k].n_inputs; i++) check_input(&f, &cases[k], i, &run);
        release(&f, &cases[k]);
    }
}

static void every_operator_is_covered(void **state)
{
    (void)state;
    for (size_t o = 0; o < rung__ops_count; o++) {
        bool found = false;
        for (size_t k = 0; k < N_CASES; k++)
            found |= !strcmp(cases[k].op, rung__ops[o]->name);
        for (size_t k = 0; k < sizeof without_gradient / sizeof *without_gradient; k++)
            found |= !strcmp(without_gradient[k], rung__ops[o]->name);
        if (!found)
            fail_msg("no gradient case covers the operator '%s'", rung__ops[o]->name);
    }
}

static int setup(void **state)
{
    return rung_runtime_new((rung_runtime **)state, &(rung_runtime_config){.threads = 2},
                            NULL);
}

static int teardown(void **state)
{
    rung_runtime_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_agree_with_differences),
        cmocka_unit_test(every_operator_is_covered),
    };
    return cmocka_run_group_tests_name("gradients", tests, setup, teardown);
}
