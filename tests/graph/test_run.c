/* Running: the same bits at any number of threads, no allocation, which layer first went
 * wrong, what a run costs. */
#include "support.h"

#include <malloc.h>
#include <stdatomic.h>
#include <time.h>

#include "base/runtime.h"
#include "models/lm.h"

enum { B = 4, T = 48, VOCAB = 96 };

/* malloc itself is counted where a sanitizer does not replace it. */
static atomic_long n_mallocs;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { COUNTS_MALLOC = 0 };
#else
enum { COUNTS_MALLOC = 1 };

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *block, size_t size);

void *malloc(size_t size)
{
    n_mallocs++;
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    n_mallocs++;
    return __libc_calloc(n, size);
}

void *realloc(void *block, size_t size)
{
    n_mallocs++;
    return __libc_realloc(block, size);
}
#endif

static rung_model *new_model(const char *name)
{
    if (strcmp(name, "lstm") == 0)
        return new_lm(name, OPTIONS("layers", "2", "width", "64", "dropout", "0.2"),
                      VOCAB);
    return new_lm(name,
                  OPTIONS("layers", "2", "heads", "4", "width", "64", "context", "48",
                          "dropout", "0.2"),
                  VOCAB);
}

static void build(lm_graph *s, const rung_model *m, rung_runtime *rt, const int32_t *ids)
{
    lm_graph_build(s, m, rt, B, T, NULL);
    lm_graph_ready(s, NULL);
    rung_input_set(s->ids, ids);
    rung_input_set(s->targets, ids + 1);
}

static const rung_run training = {.seed = 5, .step = 3, .sample0 = 8, .training = true};

/* ---- Threads ---- */

/* How many workers have done something. */
static int workers_used(const rung_runtime *rt)
{
    int used = 0;
    for (int w = 0; w < rung_runtime_threads(rt); w++)
        used += rung_pool_done(rt->pool, w) > 0;
    return used;
}

/* Runs until all threads have helped, but not for ever: the machine may be busy. Every
 * run has the same bits. */
static void run_until_all_work(lm_graph *s, rung_runtime *rt, const rung_model *m)
{
    rung_error err = {0};
    size_t bytes = (size_t)rung_params_extent(m->params) * sizeof(float);
    char *first = NULL;
    time_t end = time(NULL) + 20;
    do {
        assert_ok(rung_graph_run(s->g, &training, &err));
        if (first) assert_memory_equal(s->grads.data, first, bytes);
        if (!first) first = memcpy(rung__alloc(bytes), s->grads.data, bytes);
    } while (workers_used(rt) < rung_runtime_threads(rt) && time(NULL) < end);
    rung__free(first);
}

static void bits_do_not_depend_on_threads(const char *name)
{
    rung_model *m = new_model(name);
    int32_t *ids = random_ids(B * T + 1, VOCAB, 1);
    size_t bytes = (size_t)rung_params_extent(m->params) * sizeof(float);
    float *grads = rung__alloc(bytes);
    float *logits = rung__alloc(B * T * VOCAB * sizeof *logits), loss = 0;
    for (int threads = 1; threads <= 3; threads++) {
        lm_graph s;
        rung_runtime *rt = new_runtime(threads);
        build(&s, m, rt, ids);
        run_until_all_work(&s, rt, m);
        assert_true(workers_used(rt) > 1 || threads == 1);
        if (threads == 1) {
            memcpy(grads, s.grads.data, bytes);
            memcpy(logits, rung_tensor_data(s.logits), B * T * VOCAB * sizeof *logits);
            loss = float_at(s.loss.sum, 0);
        }
        assert_memory_equal(s.grads.data, grads, bytes);
        assert_memory_equal(rung_tensor_data(s.logits), logits,
                            B * T * VOCAB * sizeof *logits);
        assert_true(float_at(s.loss.sum, 0) == loss);
        lm_graph_release(&s);
        rung_runtime_free(rt);
    }
    rung__free(grads), rung__free(logits), rung__free(ids);
    rung_model_free(m);
}

static void a_gpt_has_the_same_bits_at_any_number_of_threads(void **state)
{
    (void)state;
    bits_do_not_depend_on_threads("gpt");
}

static void an_lstm_has_the_same_bits_at_any_number_of_threads(void **state)
{
    (void)state;
    bits_do_not_depend_on_threads("lstm");
}

/* ---- Memory ---- */

static void a_run_does_not_allocate(void **state)
{
    static const char *const names[] = {"gpt", "lstm"};
    rung_error err = {0};
    int32_t *ids = random_ids(B * T + 1, VOCAB, 1);
    for (int i = 0; i < 2; i++) {
        lm_graph s;
        rung_model *m = new_model(names[i]);
        build(&s, m, *state, ids);
        int64_t calls = rung__alloc_stats().calls;
        long mallocs = n_mallocs;
        assert_true(mallocs > 0 || !COUNTS_MALLOC);
        rung_status status = RUNG_OK;
        for (int run = 0; status == RUNG_OK && run < 3; run++) {
            rung_graph_bind(s.g, s.block, &s.grads, NULL);
            status = rung_graph_run(s.g, &training, &err);
        }
        mallocs = n_mallocs - mallocs;
        assert_int_equal(status, RUNG_OK);
        assert_int_equal(mallocs, 0);
        assert_int_equal(rung__alloc_stats().calls, calls);
        lm_graph_release(&s);
        rung_model_free(m);
    }
    rung__free(ids);
}

/* ---- What does not count to the result ---- */

/* Nothing is read that was not written before: another block, full of something else,
 * gives the same bits. */
static void a_run_depends_on_nothing_left_in_the_block(void **state)
{
    rung_error err = {0};
    rung_model *m = new_model("gpt");
    int32_t *ids = random_ids(B * T + 1, VOCAB, 1);
    size_t bytes = (size_t)rung_params_extent(m->params) * sizeof(float);
    lm_graph s;
    build(&s, m, *state, ids);
    assert_ok(rung_graph_run(s.g, &training, &err));
    float *grads = memcpy(rung__alloc(bytes), s.grads.data, bytes);
    memset(s.block, 0xff, rung_graph_block_bytes(s.g)); // NaN
    for (size_t i = 0; i < rung_params_count(m->params); i++) {
        const rung_param *p = rung_params_at(m->params, i);
        memset((float *)s.grads.data + p->offset, 0xff, (size_t)p->size * sizeof(float));
    }
    assert_ok(rung_graph_run(s.g, &training, &err));
    assert_memory_equal(s.grads.data, grads, bytes);
    rung__free(grads), rung__free(ids);
    lm_graph_release(&s);
    rung_model_free(m);
}

/* Dropout depends on seed, step and sample, and is off when not training. */
static void a_run_depends_on_its_context(void **state)
{
    static const rung_run others[] = {
        {.seed = 6, .step = 3, .sample0 = 8, .training = true},
        {.seed = 5, .step = 4, .sample0 = 8, .training = true},
        {.seed = 5, .step = 3, .sample0 = 9, .training = true},
        {.seed = 5, .step = 3, .sample0 = 8, .training = false},
    };
    rung_error err = {0};
    rung_model *m = new_model("gpt");
    int32_t *ids = random_ids(B * T + 1, VOCAB, 1);
    lm_graph s;
    build(&s, m, *state, ids);
    assert_ok(rung_graph_run(s.g, &training, &err));
    float loss = float_at(s.loss.sum, 0);
    for (int i = 0; i < 4; i++) {
        assert_ok(rung_graph_run(s.g, &others[i], &err));
        assert_true(float_at(s.loss.sum, 0) != loss);
    }
    assert_ok(rung_graph_run(s.g, &training, &err));
    assert_true(float_at(s.loss.sum, 0) == loss);
    rung__free(ids);
    lm_graph_release(&s);
    rung_model_free(m);
}

/* ---- Looking inside ---- */

static void the_first_layer_that_is_not_finite_is_named(void **state)
{
    rung_error err = {0};
    char text[200];
    rung_model *m = new_model("gpt");
    int32_t *ids = random_ids(B * T + 1, VOCAB, 1);
    lm_graph s;
    build(&s, m, *state, ids);
    assert_ok(rung_graph_run(s.g, &training, &err));
    assert_false(rung_graph_find_nonfinite(s.g, &training, text, sizeof text));
    float *w = rung_params_data(
        m->params, rung_params_find(m->params, "transformer.h.1.attn.c_proj.weight"));
    w[5] = INFINITY;
    assert_ok(rung_graph_run(s.g, &training, &err));
    assert_true(rung_graph_find_nonfinite(s.g, &training, text, sizeof text));
    assert_string_equal(text, "transformer.h.1.attn.c_proj: linear");
    w[5] = 0;
    w = rung_params_data(m->params,
                         rung_params_find(m->params, "transformer.wpe.weight"));
    w[0] = NAN;
    assert_true(rung_graph_find_nonfinite(s.g, &training, text, sizeof text));
    assert_string_equal(text, "transformer.wpe: embedding");
    rung__free(ids);
    lm_graph_release(&s);
    rung_model_free(m);
}

static void the_cost_counts_products(void **state)
{
    rung_graph *g = new_graph(*state, RUNG_F32);
    rung_tensor *a = rung_input(g, "a", RUNG_F32, 2, SHAPE(10, 20));
    rung_tensor *b = rung_input(g, "b", RUNG_F32, 2, SHAPE(20, 30));
    rung_tensor *c = rung_matmul(g, a, b, 0);
    void *block = make_ready(g, &c, 1, NULL, NULL);
    rung_cost cost = rung_graph_cost(g);
    assert_near(cost.flops, 2 * 10 * 20 * 30, 0);
    assert_near(cost.bytes, 4 * (10 * 20 + 20 * 30 + 10 * 30), 0);
    rung__free(block);
    rung_graph_free(g);
}

static void count_line(void *self, const char *text)
{
    assert_non_null(strstr(text, "GFLOP/s"));
    ++*(size_t *)self;
}

static void a_profile_has_a_line_for_each_node(void **state)
{
    rung_error err = {0};
    size_t lines = 0;
    rung_model *m = new_model("gpt");
    int32_t *ids = random_ids(B * T + 1, VOCAB, 1);
    lm_graph s;
    build(&s, m, *state, ids);
    assert_ok(rung_graph_profile(s.g, &training, count_line, &lines, &err));
    assert_int_equal(lines, rung_graph_count(s.g));
    rung__free(ids);
    lm_graph_release(&s);
    rung_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gpt_has_the_same_bits_at_any_number_of_threads),
        cmocka_unit_test(an_lstm_has_the_same_bits_at_any_number_of_threads),
        cmocka_unit_test(a_run_does_not_allocate),
        cmocka_unit_test(a_run_depends_on_nothing_left_in_the_block),
        cmocka_unit_test(a_run_depends_on_its_context),
        cmocka_unit_test(the_first_layer_that_is_not_finite_is_named),
        cmocka_unit_test(the_cost_counts_products),
        cmocka_unit_test(a_profile_has_a_line_for_each_node),
    };
    return cmocka_run_group_tests_name("run", tests, open_runtime, close_runtime);
}
