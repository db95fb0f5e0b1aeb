/* Every operator against PyTorch: all cases of tests/golden/ops.safetensors, forward and
 * gradient, through a graph, on every instruction set that this processor has, and in
 * double. */
#include "support.h"

#include "golden.h"
#include "rung/ops.h"

enum { MAX_INPUTS = 7, MAX_OUTPUTS = 3 };

typedef struct built {
    rung_graph *g;
    rung_tensor *x[MAX_INPUTS];
    int n; /* inputs that the case has; the others are NULL */
    rung_tensor *y[MAX_OUTPUTS];
} built;

/* Builds the outputs of one case; `a` and `b` are its numbers. */
typedef void (*build_fn)(built *t, int a, int b);

static void b_matmul(built *t, int flags, int b)
{
    (void)b;
    t->y[0] = rung_matmul(t->g, t->x[0], t->x[1], flags);
}

static void b_linear(built *t, int act, int flags)
{
    t->y[0] = rung_linear(t->g, t->x[0], t->x[1], t->x[2], flags, (rung_act)act, t->x[3]);
}

static void b_add(built *t, int a, int b)
{
    (void)a, (void)b;
    t->y[0] = rung_add(t->g, t->x[0], t->x[1]);
}

static void b_mul(built *t, int a, int b)
{
    (void)a, (void)b;
    t->y[0] = rung_mul(t->g, t->x[0], t->x[1]);
}

static void b_scale(built *t, int a, int b)
{
    (void)a, (void)b;
    t->y[0] = rung_scale(t->g, t->x[0], -1.25);
}

static void b_act(built *t, int act, int b)
{
    (void)b;
    t->y[0] = rung_activation(t->g, t->x[0], (rung_act)act);
}

static void b_softmax(built *t, int a, int b)
{
    (void)a, (void)b;
    t->y[0] = rung_softmax(t->g, t->x[0]);
}

static void b_layernorm(built *t, int a, int b)
{
    (void)a, (void)b;
    t->y[0] = rung_layernorm(t->g, t->x[0], t->x[1], t->x[2], 1e-5);
}

static void b_embedding(built *t, int a, int b)
{
    (void)a, (void)b;
    t->y[0] = rung_embedding(t->g, t->x[0], t->x[1]);
}

enum { CAUSAL = 1, CACHED = 2 };

static void b_attention(built *t, int heads, int flags)
{
    rung_attention_config c = {.heads = heads,
                               .width = rung_tensor_dim(t->x[0], -1),
                               .causal = (flags & CAUSAL) != 0,
                               .cached = (flags & CACHED) != 0};
    t->y[0] = rung_attention(t->g, t->x[0], t->x[1], t->x[2], t->x[3], &c);
}

static void b_cross_entropy(built *t, int smoothing_percent, int b)
{
    (void)b;
    rung_loss loss =
        rung_cross_entropy(t->g, t->x[0], t->x[1], t->x[2], smoothing_percent / 100.0);
    t->y[0] = loss.sum, t->y[1] = loss.weight;
}

static void b_bce(built *t, int a, int b)
{
    (void)a, (void)b;
    t->y[0] = rung_bce_with_logits(t->g, t->x[0], t->x[1]).sum;
}

static void b_mse(built *t, int a, int b)
{
    (void)a, (void)b;
    t->y[0] = rung_mse(t->g, t->x[0], t->x[1]).sum;
}

static void b_sum(built *t, int a, int b)
{
    (void)a, (void)b;
    t->y[0] = rung_sum(t->g, t->x[0]);
}

static void b_mean(built *t, int a, int b)
{
    (void)a, (void)b;
    t->y[0] = rung_mean(t->g, t->x[0]);
}

static void b_sum_dim(built *t, int dim, int b)
{
    (void)b;
    t->y[0] = rung_sum_dim(t->g, t->x[0], dim);
}

static void b_mean_dim(built *t, int dim, int b)
{
    (void)b;
    t->y[0] = rung_mean_dim(t->g, t->x[0], dim);
}

static void b_expand(built *t, int dim, int b)
{
    (void)b;
    t->y[0] = rung_expand(t->g, t->x[0], dim, 3);
}

static void b_reshape(built *t, int a, int b)
{
    t->y[0] = rung_reshape(t->g, t->x[0], 2, (int64_t[]){a, b});
}

static void b_transpose(built *t, int a, int b)
{
    t->y[0] = rung_transpose(t->g, t->x[0], a, b);
}

static void b_slice(built *t, int dim, int b)
{
    static const int64_t range[3][2] = {{1, 3}, {0, 2}, {2, 5}};
    (void)b;
    t->y[0] = rung_slice(t->g, t->x[0], dim, range[dim][0], range[dim][1]);
}

static void b_concat(built *t, int dim, int b)
{
    (void)b;
    t->y[0] = rung_concat(t->g, t->x, t->n, dim);
}

static void b_pooling(built *t, int mode, int b)
{
    (void)b;
    t->y[0] = rung_pooling(t->g, t->x[0], t->x[1], (rung_pooling_mode)mode);
}

static void b_lstm(built *t, int a, int b)
{
    (void)a, (void)b;
    rung_tensor **x = t->x; // x, w_ih, w_hh, b_ih, b_hh, h0, c0
    rung_tensor *xg =
        rung_linear(t->g, x[0], x[1], x[3], RUNG_TRANS_B, RUNG_ACT_NONE, NULL);
    rung_lstm_out out = rung_lstm(t->g, xg, x[2], x[4], x[5], x[6]);
    t->y[0] = out.y, t->y[1] = out.h, t->y[2] = out.c;
}

/* Every case of the file, or all cases of an operator where they are built alike. */
static const struct {
    const char *name;
    build_fn build;
    int a, b;
} cases[] = {
    {"matmul.trans_a", b_matmul, RUNG_TRANS_A, 0},
    {"matmul.trans_b", b_matmul, RUNG_TRANS_B, 0},
    {"matmul.trans_ab", b_matmul, RUNG_TRANS_A | RUNG_TRANS_B, 0},
    {"matmul.batched_trans_b", b_matmul, RUNG_TRANS_B, 0},
    {"matmul.", b_matmul, 0, 0},
    {"linear.trans_b", b_linear, RUNG_ACT_NONE, RUNG_TRANS_B},
    {"linear.relu", b_linear, RUNG_ACT_RELU, 0},
    {"linear.gelu", b_linear, RUNG_ACT_GELU, 0},
    {"linear.gelu_residual", b_linear, RUNG_ACT_GELU, 0},
    {"linear.gelu_erf", b_linear, RUNG_ACT_GELU_ERF, 0},
    {"linear.silu", b_linear, RUNG_ACT_SILU, 0},
    {"linear.sigmoid", b_linear, RUNG_ACT_SIGMOID, 0},
    {"linear.tanh", b_linear, RUNG_ACT_TANH, 0},
    {"linear.", b_linear, RUNG_ACT_NONE, 0},
    {"add.", b_add, 0, 0},
    {"mul.", b_mul, 0, 0},
    {"scale.", b_scale, 0, 0},
    {"relu.", b_act, RUNG_ACT_RELU, 0},
    {"gelu.", b_act, RUNG_ACT_GELU, 0},
    {"gelu_erf.", b_act, RUNG_ACT_GELU_ERF, 0},
    {"silu.", b_act, RUNG_ACT_SILU, 0},
    {"sigmoid.", b_act, RUNG_ACT_SIGMOID, 0},
    {"tanh.", b_act, RUNG_ACT_TANH, 0},
    {"softmax.", b_softmax, 0, 0},
    {"layernorm.", b_layernorm, 0, 0},
    {"embedding.", b_embedding, 0, 0},
    {"attention.causal", b_attention, 2, CAUSAL},
    {"attention.causal_long", b_attention, 1, CAUSAL},
    {"attention.causal_padded", b_attention, 2, CAUSAL},
    {"attention.cached", b_attention, 2, CAUSAL | CACHED},
    {"attention.one_head", b_attention, 1, 0},
    {"attention.", b_attention, 2, 0},
    {"cross_entropy.smoothed", b_cross_entropy, 10, 0},
    {"cross_entropy.smoothed_ignored", b_cross_entropy, 10, 0},
    {"cross_entropy.", b_cross_entropy, 0, 0},
    {"bce_with_logits.", b_bce, 0, 0},
    {"mse.", b_mse, 0, 0},
    {"sum.", b_sum, 0, 0},
    {"mean.", b_mean, 0, 0},
    {"sum_dim.0", b_sum_dim, 0, 0},
    {"sum_dim.1", b_sum_dim, 1, 0},
    {"sum_dim.2", b_sum_dim, 2, 0},
    {"mean_dim.0", b_mean_dim, 0, 0},
    {"mean_dim.1", b_mean_dim, 1, 0},
    {"mean_dim.2", b_mean_dim, 2, 0},
    {"expand.0", b_expand, 0, 0},
    {"expand.1", b_expand, 1, 0},
    {"reshape.", b_reshape, 6, 10},
    {"transpose.01", b_transpose, 0, 1},
    {"transpose.02", b_transpose, 0, 2},
    {"transpose.12", b_transpose, 1, 2},
    {"transpose.heads", b_transpose, 1, 2},
    {"slice.0", b_slice, 0, 0},
    {"slice.1", b_slice, 1, 0},
    {"slice.2", b_slice, 2, 0},
    {"concat.0", b_concat, 0, 0},
    {"concat.1", b_concat, 1, 0},
    {"pooling.mean", b_pooling, RUNG_POOLING_MEAN, 0},
    {"pooling.mean_padded", b_pooling, RUNG_POOLING_MEAN, 0},
    {"pooling.", b_pooling, RUNG_POOLING_MAX, 0},
    {"lstm.", b_lstm, 0, 0},
};

enum { N_ROWS = sizeof cases / sizeof cases[0] };

/* The row of a case: its own, else its operator's. */
static size_t row_of(const char *name)
{
    size_t found = N_ROWS;
    for (size_t r = 0; r < N_ROWS; r++) {
        size_t n = strlen(cases[r].name);
        if (strcmp(cases[r].name, name) == 0) return r;
        if (cases[r].name[n - 1] == '.' && strncmp(cases[r].name, name, n) == 0)
            found = r;
    }
    if (found == N_ROWS) fail_msg("the case '%s' is not built here", name);
    return found;
}

/* One case while it runs; what it allocates is released at its end. */
typedef struct trial {
    const rung_safetensors *file;
    const char *name, *isa;
    rung_dtype real;
    built t;
    void *owned[MAX_INPUTS + MAX_OUTPUTS + 1];
    int n_owned;
} trial;

static void *own(trial *r, void *block)
{
    assert_non_null(block);
    return r->owned[r->n_owned++] = block;
}

/* A stored tensor as an input of the graph, widened where the graph is in double. */
static rung_tensor *input_of(trial *r, const rung_stored *s)
{
    bool is_real = s->type == RUNG_STORED_F32;
    rung_tensor *t =
        rung_input(r->t.g, s->name, is_real ? r->real : RUNG_I32, s->rank, s->shape);
    rung_input_set(t, s->data);
    if (is_real && r->real == RUNG_F64) {
        int64_t n = rung_tensor_size(t);
        double *wide = own(r, rung__alloc_array((size_t)n, sizeof *wide));
        for (int64_t i = 0; i < n; i++) wide[i] = (double)((const float *)s->data)[i];
        rung_input_set(t, wide);
    }
    return t;
}

static void build_inputs(trial *r)
{
    for (r->t.n = 0; r->t.n < MAX_INPUTS; r->t.n++) {
        const rung_stored *x = golden_find(r->file, "%s.x%d", r->name, r->t.n);
        if (!x) break;
        r->t.x[r->t.n] = input_of(r, x);
        if (golden_find(r->file, "%s.dx%d", r->name, r->t.n))
            rung_tensor_require_grad(r->t.x[r->t.n]);
    }
}

/* sum_i <y_i, dy_i>, whose gradient the file holds; NULL without any dy. */
static rung_tensor *build_loss(trial *r)
{
    rung_tensor *loss = NULL;
    for (int i = 0; i < MAX_OUTPUTS; i++) {
        const rung_stored *dy = golden_find(r->file, "%s.dy%d", r->name, i);
        if (!dy || !r->t.y[i]) continue;
        rung_tensor *part =
            rung_sum(r->t.g, rung_mul(r->t.g, r->t.y[i], input_of(r, dy)));
        loss = loss ? rung_add(r->t.g, loss, part) : part;
    }
    return loss;
}

/* Compares one tensor with that of the file: relative to each element, or to the largest
 * one (at most 1) where it is smaller than that. */
static void compare(const trial *r, const char *kind, int i, const rung_tensor *t,
                    double tolerance)
{
    char what[300];
    const rung_stored *wanted = golden_find(r->file, "%s.%s%d", r->name, kind, i);
    snprintf(what, sizeof what, "%s.%s%d (%s)", r->name, kind, i, r->isa);
    assert_non_null(wanted);
    assert_int_equal(rung_tensor_rank(t), wanted->rank);
    for (int d = 0; d < wanted->rank; d++)
        assert_int_equal(rung_tensor_dim(t, d), wanted->shape[d]);
    assert_reals_near(what, rung_tensor_data(t), r->real, wanted->data,
                      rung_tensor_size(t), tolerance, fmin(1, largest_of(wanted)));
}

static void run_case(trial *r, rung_runtime *rt)
{
    rung_error err = {0};
    rung_tensor *outputs[MAX_OUTPUTS + MAX_INPUTS];
    size_t n = 0, row = row_of(r->name);
    bool in_double = r->real == RUNG_F64;
    r->t = (built){0};
    r->n_owned = 0;
    assert_ok(rung_graph_new(&r->t.g, rt, r->real, &err));
    build_inputs(r);
    cases[row].build(&r->t, cases[row].a, cases[row].b);
    rung_graph_grad(r->t.g, build_loss(r));
    for (int i = 0; i < MAX_OUTPUTS; i++) {
        if (golden_find(r->file, "%s.y%d", r->name, i)) outputs[n++] = r->t.y[i];
    }
    for (int i = 0; i < r->t.n; i++) {
        if (golden_find(r->file, "%s.dx%d", r->name, i))
            outputs[n++] = rung_tensor_grad(r->t.x[i]);
    }
    if (rung_graph_compile(r->t.g, outputs, n, &err) != RUNG_OK)
        fail_msg("%s: %s", r->name, err.message);
    rung_graph_bind(r->t.g, own(r, rung__alloc(rung_graph_block_bytes(r->t.g))), NULL,
                    NULL);
    rung_run run = {.past = strcmp(r->name, "attention.cached") == 0 ? 4 : 0};
    assert_ok(rung_graph_run(r->t.g, &run, &err));

    for (int i = 0; i < MAX_OUTPUTS; i++) {
        if (golden_find(r->file, "%s.y%d", r->name, i))
            compare(r, "y", i, r->t.y[i], in_double ? 2e-7 : 1e-5);
    }
    for (int i = 0; i < r->t.n; i++) {
        if (golden_find(r->file, "%s.dx%d", r->name, i))
            compare(r, "dx", i, rung_tensor_grad(r->t.x[i]), in_double ? 2e-7 : 1e-4);
    }
    rung_graph_free(r->t.g);
    for (int i = 0; i < r->n_owned; i++) rung__free(r->owned[i]);
}

/* All cases of the file; returns how many there are. */
static int run_all(const rung_safetensors *file, rung_isa isa, rung_dtype real)
{
    rung_error err = {0};
    rung_runtime *rt = NULL;
    int n = 0;
    rung_status status =
        rung_runtime_new(&rt, &(rung_runtime_config){.threads = 2, .isa = isa}, &err);
    if (status == RUNG_UNSUPPORTED) return 0; // not of this processor
    assert_ok(status);
    for (size_t i = 0; i < rung_safetensors_count(file); i++) {
        char name[200];
        snprintf(name, sizeof name, "%s", rung_safetensors_at(file, i)->name);
        char *end = strrchr(name, '.');
        if (strcmp(end, ".x0") != 0) continue;
        *end = 0;
        trial r = {.file = file, .name = name, .real = real};
        r.isa = real == RUNG_F64 ? "double" : rung_isa_name(isa);
        run_case(&r, rt);
        n++;
    }
    rung_runtime_free(rt);
    return n;
}

static void operators_agree_with_pytorch(void **state)
{
    for (int isa = 0; isa < RUNG_ISA_COUNT; isa++)
        run_all(*state, (rung_isa)isa, RUNG_F32);
}

static void operators_in_double_agree_to_the_reference_s_last_bit(void **state)
{
    assert_true(run_all(*state, RUNG_ISA_PORTABLE, RUNG_F64) >= 82);
}

static int setup(void **state)
{
    *state = golden_open("ops");
    return 0;
}

static int teardown(void **state)
{
    rung_safetensors_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_agree_with_pytorch),
        cmocka_unit_test(operators_in_double_agree_to_the_reference_s_last_bit),
    };
    return cmocka_run_group_tests_name("golden operators", tests, setup, teardown);
}
