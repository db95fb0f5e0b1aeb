#include "learn/ranks.h"

#include <math.h>

#include "base/rng.h"
#include "learn/optimizer.h"

enum { ROWS = 900, WIDTH = 37, STEPS = 5 };

static rung_params *make_params(rung_dtype type, bool row_sparse)
{
    rung_error err;
    rung_params *params = NULL;
    assert_ok(rung_params_new(&params, type, &err));
    add_param(params, "w", 200, 99, true, false);
    add_param(params, "table", ROWS, WIDTH, true, row_sparse);
    add_param(params, "b", 11, 0, false, false);
    rung_params_init(params, 3);
    return params;
}

static bool is_touched(int64_t step, int64_t row)
{
    return (row * 7 + step * 13) % 10 < 3;
}

/* The gradient of a step, as row-sparse and as dense. */
static void fill_gradient(const rung_params *params, int64_t step, rung_block *block)
{
    rung_rng rng = rung_rng_make(rung_rng_key(5, "gradient", (uint64_t)step));
    const rung_param *table = rung_params_find(params, "table");
    for (size_t p = 0; p < rung_params_count(params); p++) {
        const rung_param *param = rung_params_at(params, p);
        for (int64_t i = 0; i < param->size; i++) {
            const double g = 2 * rung_rng_double(&rng) - 1;
            const int64_t at = param->offset + i, row = i / WIDTH;
            const bool hides = param == table && !is_touched(step, row);
            const double garbage = table->row_sparse ? NAN : 0;
            if (rung_params_type(params) == RUNG_F64)
                ((double *)block->data)[at] = hides ? garbage : g;
            else
                ((float *)block->data)[at] = (float)(hides ? garbage : g);
        }
    }
    for (int64_t r = 0; block->touched && r < ROWS; r++)
        block->touched[table->mask_offset + r] = is_touched(step, r);
}

/* ---- Running ---- */

typedef struct steps_job {
    rung_params *params;
    rung_optimizer *optimizer;
    double clip;
    rung_block gradient; /* shared: each rank uses its own share */
    double norms[STEPS];
} steps_job;

static void do_steps(const rung_rank *rank, void *ctx)
{
    steps_job *job = ctx;
    rung_error err;
    const size_t most = (size_t)rank->chunks->most;
    double *squares = test_calloc(most * (size_t)(rank->comm->size + 1), sizeof *squares);
    for (int64_t step = 0; step < STEPS; step++) {
        double norm;
        if (rank->comm->rank == 0) fill_gradient(job->params, step, &job->gradient);
        assert_ok(rung_comm_barrier(rank->comm, &err));
        assert_ok(rung_grad_norm(rank, job->optimizer, &job->gradient, squares,
                                 squares + most, &norm, &err));
        const double factor = rung_clip_factor(0.5 * norm, job->clip);
        rung_optimizer_step(job->optimizer, rank, step, 0.01, 0.5 * factor,
                            &job->gradient, rung_params_values(job->params));
        if (rank->comm->rank == 0) job->norms[step] = norm;
        assert_ok(rung_comm_barrier(rank->comm, &err));
    }
    test_free(squares);
}

static rung_params *train(rung_train_config config, rung_dtype type, bool row_sparse,
                          int ranks, int threads, rung_isa isa, double *norms)
{
    rung_error err;
    steps_job job = {.params = make_params(type, row_sparse), .clip = config.clip};
    assert_ok(rung_optimizer_new(&job.optimizer, &config, job.params, &err));
    assert_ok(rung_block_new(&job.gradient, job.params, &err));
    run_ranks(ranks, threads, isa, job.params, do_steps, &job);
    if (norms) memcpy(norms, job.norms, sizeof job.norms);
    rung_block_release(&job.gradient);
    rung_optimizer_free(job.optimizer);
    return job.params;
}

/* ---- Against the formulas ---- */

/* torch.optim's formulas for one number, in double. */
static void reference(const rung_train_config *c, double decay, int64_t step, double lr,
                      double g, double *w, double m[2])
{
    if (c->optimizer == RUNG_OPTIMIZER_ADAMW) {
        const double b1 = c->beta1, b2 = c->beta2, t = (double)(step + 1);
        *w -= lr * decay * *w;
        m[0] = b1 * m[0] + (1 - b1) * g;
        m[1] = b2 * m[1] + (1 - b2) * g * g;
        *w -= lr * (m[0] / (1 - pow(b1, t))) / (sqrt(m[1] / (1 - pow(b2, t))) + c->eps);
        return;
    }
    g += decay * *w;
    if (c->optimizer == RUNG_OPTIMIZER_ADAGRAD) {
        m[0] += g * g;
        *w -= lr * g / (sqrt(m[0]) + c->eps);
        return;
    }
    m[0] = step == 0 ? g : c->momentum * m[0] + g;
    if (c->momentum > 0) g = c->nesterov ? g + c->momentum * m[0] : m[0];
    *w -= lr * g;
}

static void assert_follows_reference(const rung_train_config *config, bool row_sparse)
{
    rung_error err;
    rung_params *params = make_params(RUNG_F64, false);
    rung_block gradient;
    assert_ok(rung_block_new(&gradient, params, &err));
    const int64_t extent = rung_params_extent(params);
    double *wanted = rung_params_values(params);
    double(*m)[2] = test_calloc((size_t)extent, sizeof *m);
    for (int64_t step = 0; step < STEPS; step++) {
        fill_gradient(params, step, &gradient);
        const double *g = gradient.data;
        double squares = 0;
        for (int64_t i = 0; i < extent; i++) squares += 0.25 * g[i] * g[i];
        double factor = 1; // as torch.nn.utils.clip_grad_norm_
        if (config->clip > 0) factor = fmin(1, config->clip / (sqrt(squares) + 1e-6));
        for (size_t p = 0; p < rung_params_count(params); p++) {
            const rung_param *param = rung_params_at(params, p);
            const double decay = param->decay ? config->weight_decay : 0;
            for (int64_t i = param->offset; i < param->offset + param->size; i++)
                reference(config, decay, step, 0.01, 0.5 * factor * g[i], &wanted[i],
                          m[i]);
        }
    }
    rung_params *trained =
        train(*config, RUNG_F64, row_sparse, 2, 2, RUNG_ISA_BEST, NULL);
    const double *w = rung_params_values(trained);
    for (int64_t i = 0; i < extent; i++) {
        if (!(fabs(w[i] - wanted[i]) <= 1e-13 * (1 + fabs(wanted[i]))))
            fail_msg("%s: element %d: %.17g, wanted %.17g",
                     rung_optimizer_class(config->optimizer)->name, (int)i, w[i],
                     wanted[i]);
    }
    test_free(m);
    rung_block_release(&gradient);
    rung_params_free(params);
    rung_params_free(trained);
}

static const rung_train_config configs[] = {
    {.optimizer = RUNG_OPTIMIZER_SGD},
    {.optimizer = RUNG_OPTIMIZER_SGD, .momentum = 0.9},
    {.optimizer = RUNG_OPTIMIZER_SGD, .momentum = 0.9, .nesterov = true},
    {.optimizer = RUNG_OPTIMIZER_SGD, .weight_decay = 0.3, .clip = 0.7},
    {.optimizer = RUNG_OPTIMIZER_ADAGRAD, .eps = 1e-8},
    {.optimizer = RUNG_OPTIMIZER_ADAGRAD, .eps = 1e-8, .weight_decay = 0.3, .clip = 1},
    {.optimizer = RUNG_OPTIMIZER_ADAMW, .beta1 = 0.9, .beta2 = 0.99, .eps = 1e-8},
    {.optimizer = RUNG_OPTIMIZER_ADAMW,
     .beta1 = 0.9,
     .beta2 = 0.999,
     .eps = 1e-6,
     .weight_decay = 0.1,
     .clip = 2},
};

enum { N_CONFIGS = sizeof configs / sizeof *configs };

static void optimizers_follow_their_formulas(void **state)
{
    (void)state;
    for (int i = 0; i < N_CONFIGS; i++) {
        assert_follows_reference(&configs[i], false);
        assert_follows_reference(&configs[i], true);
    }
}

/* ---- Bits ---- */

static void assert_same_values(const rung_params *a, const rung_params *b)
{
    for (size_t p = 0; p < rung_params_count(a); p++) {
        const rung_param *param = rung_params_at(a, p);
        assert_memory_equal(rung_params_data(a, param), rung_params_data(b, param),
                            (size_t)param->size * sizeof(float));
    }
}

static void ranks_and_threads_do_not_change_the_bits(void **state)
{
    (void)state;
    static const int splits[][2] = {{1, 2}, {1, 3}, {2, 1}, {3, 2}, {5, 1}};
    for (int i = 0; i < N_CONFIGS; i++) {
        double norms[STEPS], other_norms[STEPS];
        rung_params *one = train(configs[i], RUNG_F32, true, 1, 1, RUNG_ISA_BEST, norms);
        for (size_t s = 0; s < sizeof splits / sizeof *splits; s++) {
            rung_params *many = train(configs[i], RUNG_F32, true, splits[s][0],
                                      splits[s][1], RUNG_ISA_BEST, other_norms);
            assert_same_values(one, many);
            assert_memory_equal(norms, other_norms, sizeof norms);
            rung_params_free(many);
        }
        rung_params_free(one);
    }
}

/* Clipping is off: the norm of rows is added in another order than that of a chunk. */
static void row_sparse_gradients_have_the_bits_of_dense_ones(void **state)
{
    (void)state;
    for (int isa = RUNG_ISA_PORTABLE; isa <= (int)rung_kernels_best(); isa++) {
        for (int i = 0; i < N_CONFIGS; i++) {
            rung_train_config config = configs[i];
            config.clip = 0;
            rung_params *dense = train(config, RUNG_F32, false, 1, 2, isa, NULL);
            rung_params *sparse = train(config, RUNG_F32, true, 1, 2, isa, NULL);
            assert_same_values(dense, sparse);
            rung_params_free(sparse);
            rung_params_free(dense);
        }
    }
}

static void only_rows_that_may_be_skipped_are(void **state)
{
    (void)state;
    static const bool skips[N_CONFIGS] = {true, false, false, false, true};
    for (int i = 0; i < N_CONFIGS; i++) {
        rung_error err;
        rung_params *params = make_params(RUNG_F32, true);
        rung_optimizer *o = NULL;
        assert_ok(rung_optimizer_new(&o, &configs[i], params, &err));
        const rung_param *table = rung_params_find(params, "table");
        assert_int_equal(rung_optimizer_skips_rows(o, table), skips[i]);
        rung_optimizer_free(o);
        rung_params_free(params);
    }
}

static void clipping_scales_to_the_norm_and_never_up(void **state)
{
    (void)state;
    assert_true(rung_clip_factor(10, 0) == 1);
    assert_true(rung_clip_factor(0.5, 1) == 1);
    assert_true(rung_clip_factor(10, 1) == 1 / (10 + 1e-6));
    assert_true(rung_clip_factor(0, 1) == 1);
}

static rung_status make_adamw(void *ctx, rung_error *err)
{
    rung_optimizer *o;
    RUNG_TRY(rung_optimizer_new(&o, &configs[N_CONFIGS - 1], ctx, err));
    assert_int_equal(o->n_moments, 2);
    rung_optimizer_free(o);
    return RUNG_OK;
}

static void failed_allocations_leave_nothing(void **state)
{
    (void)state;
    rung_params *params = make_params(RUNG_F32, true);
    assert_int_equal(assert_survives_failed_allocations(make_adamw, params), 3);
    rung_params_free(params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(optimizers_follow_their_formulas),
        cmocka_unit_test(ranks_and_threads_do_not_change_the_bits),
        cmocka_unit_test(row_sparse_gradients_have_the_bits_of_dense_ones),
        cmocka_unit_test(only_rows_that_may_be_skipped_are),
        cmocka_unit_test(clipping_scales_to_the_norm_and_never_up),
        cmocka_unit_test(failed_allocations_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
