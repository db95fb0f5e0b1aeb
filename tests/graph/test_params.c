/* Named sets of tensors: places in the block, initialisers by their moments, and the
 * marks of row-sparse gradients. */
#include "support.h"

#include "engine.h"

static rung_params *new_set(rung_dtype type)
{
    rung_error err = {0};
    rung_params *p = NULL;
    assert_ok(rung_params_new(&p, type, &err));
    return p;
}

static void add(rung_params *p, const rung_param *spec)
{
    rung_error err = {0};
    assert_ok(rung_params_add(p, spec, &err));
}

/* ---- Places ---- */

static void tensors_stand_one_after_the_other_at_multiples_of_16(void **state)
{
    (void)state;
    rung_params *p = new_set(RUNG_F32);
    assert_int_equal(rung_params_extent(p), 0);
    add(p, &(rung_param){.name = "a", .rank = 2, .shape = {3, 7}});
    add(p, &(rung_param){.name = "b", .rank = 0});
    add(p, &(rung_param){.name = "c", .rank = 1, .shape = {32}});
    const int64_t offsets[] = {0, 32, 48}, sizes[] = {21, 1, 32};
    const char *const names[] = {"a", "b", "c"};
    assert_int_equal(rung_params_count(p), 3);
    assert_int_equal(rung_params_size(p), 54);
    assert_int_equal(rung_params_extent(p), 80);
    for (size_t i = 0; i < 3; i++) {
        const rung_param *at = rung_params_at(p, i);
        assert_string_equal(at->name, names[i]);
        assert_ptr_equal(rung_params_find(p, names[i]), at);
        assert_int_equal(at->offset, offsets[i]);
        assert_int_equal(at->size, sizes[i]);
        assert_ptr_equal(rung_params_data(p, at),
                         (float *)rung_params_values(p) + offsets[i]);
    }
    assert_null(rung_params_find(p, "d"));
    rung_params_free(p);
}

static void values_stay_when_the_set_grows(void **state)
{
    (void)state;
    rung_params *p = new_set(RUNG_F64);
    char name[20];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "t%d", i);
        add(p, &(rung_param){.name = name, .rank = 1, .shape = {1 + i}});
        double *data = rung_params_data(p, rung_params_find(p, name));
        for (int e = 0; e <= i; e++) {
            assert_near(data[e], 0, 0); // new ones are zero
            data[e] = i + 0.001 * e;
        }
    }
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "t%d", i);
        const double *data = rung_params_data(p, rung_params_find(p, name));
        for (int e = 0; e <= i; e++) assert_near(data[e], i + 0.001 * e, 0);
    }
    rung_params_free(p);
}

static void what_cannot_be_added_is_named(void **state)
{
    (void)state;
    rung_error err;
    rung_params *p = new_set(RUNG_F32);
    add(p, &(rung_param){.name = "w", .rank = 1, .shape = {3}});
    assert_fails(
        rung_params_add(p, &(rung_param){.name = "w", .rank = 1, .shape = {3}}, &err),
        RUNG_USAGE, "parameter 'w' was added twice");
    assert_fails(
        rung_params_add(p, &(rung_param){.name = "z", .rank = 2, .shape = {3, 0}}, &err),
        RUNG_SHAPE, "parameter 'z': a size is zero or too large");
    assert_fails(
        rung_params_add(
            p, &(rung_param){.name = "huge", .rank = 3, .shape = {1L << 40, 1L << 40, 2}},
            &err),
        RUNG_SHAPE, "parameter 'huge': a size is zero or too large");
    assert_fails_saying(
        rung_params_add(p, &(rung_param){.name = "big", .rank = 1, .shape = {1L << 56}},
                        &err),
        RUNG_MEMORY, "out of memory");
    assert_int_equal(rung_params_count(p), 1);
    assert_int_equal(rung_params_extent(p), 16);
    rung_params_free(p);
}

/* ---- Initialisers ---- */

enum { ROWS = 300, COLUMNS = 500 };

typedef struct moments {
    double mean, deviation, largest;
} moments;

static moments moments_of(const rung_params *p, const char *name)
{
    const rung_param *param = rung_params_find(p, name);
    const float *x = rung_params_data(p, param);
    moments m = {0, 0, 0};
    double n = (double)param->size;
    for (int64_t i = 0; i < param->size; i++) {
        m.mean += (double)x[i] / n;
        m.largest = fmax(m.largest, fabs((double)x[i]));
    }
    for (int64_t i = 0; i < param->size; i++)
        m.deviation += ((double)x[i] - m.mean) * ((double)x[i] - m.mean) / n;
    m.deviation = sqrt(m.deviation);
    return m;
}

/* What each initialiser promises of a matrix [ROWS, COLUMNS] at scale 0.5: a bound
 * (uniform), or a deviation (normal). */
static const struct {
    rung_init init;
    bool transposed;
    double bound, deviation; /* 0: none */
} promises[] = {
    {RUNG_INIT_NORMAL, false, 0, 0.5},
    {RUNG_INIT_UNIFORM, false, 0.5, 0},
    {RUNG_INIT_XAVIER_UNIFORM, false, 0.5 * 0.08660254037844387, 0}, // sqrt(6 / 800)
    {RUNG_INIT_XAVIER_NORMAL, false, 0, 0.5 * 0.05},                 // sqrt(2 / 800)
    {RUNG_INIT_KAIMING_UNIFORM, false, 0.5 * 0.1414213562373095, 0}, // sqrt(6 / 300)
    {RUNG_INIT_KAIMING_NORMAL, false, 0, 0.5 * 0.08164965809277261}, // sqrt(2 / 300)
    {RUNG_INIT_KAIMING_UNIFORM, true, 0.5 * 0.10954451150103323, 0}, // sqrt(6 / 500)
    {RUNG_INIT_KAIMING_NORMAL, true, 0, 0.5 * 0.06324555320336758},  // sqrt(2 / 500)
};

static void initialisers_have_their_moments(void **state)
{
    (void)state;
    enum { N = sizeof promises / sizeof *promises };
    char name[20];
    rung_params *p = new_set(RUNG_F32);
    for (int i = 0; i < N; i++) {
        snprintf(name, sizeof name, "w%d", i);
        add(p, &(rung_param){.name = name,
                             .rank = 2,
                             .shape = {ROWS, COLUMNS},
                             .init = promises[i].init,
                             .scale = 0.5,
                             .transposed = promises[i].transposed});
    }
    rung_params_init(p, 7);
    for (int i = 0; i < N; i++) {
        snprintf(name, sizeof name, "w%d", i);
        moments m = moments_of(p, name);
        double bound = promises[i].bound, deviation = promises[i].deviation;
        if (bound > 0) {
            deviation = bound / sqrt(3);
            assert_true(m.largest <= bound && m.largest > 0.999 * bound);
        } else {
            assert_true(m.largest > 4 * deviation); // of 150,000 normal numbers
        }
        double error = deviation / sqrt(ROWS * COLUMNS); // of the mean
        if (!(fabs(m.mean) < 4 * error))
            fail_msg("%s: mean %g, deviation %g", name, m.mean, deviation);
        assert_near(m.deviation, deviation, 0.01 * deviation);
    }
    rung_params_free(p);
}

static void zeros_and_ones_are_what_they_say(void **state)
{
    (void)state;
    rung_params *p = new_set(RUNG_F64);
    add(p, &(rung_param){.name = "z", .rank = 1, .shape = {9}, .init = RUNG_INIT_ZEROS});
    add(p, &(rung_param){.name = "o", .rank = 1, .shape = {9}, .init = RUNG_INIT_ONES});
    double *values = rung_params_values(p);
    for (int i = 0; i < 9; i++) values[i] = 5;
    rung_params_init(p, 1);
    for (int i = 0; i < 9; i++) {
        assert_near(values[i], 0, 0);
        assert_near(values[16 + i], 1, 0);
    }
    for (int i = 9; i < 16; i++) assert_near(values[i], 0, 0); // the padding
    rung_params_free(p);
}

/* A tensor's start depends on seed and name, not on what else is in the set. */
static void a_start_depends_on_seed_and_name_alone(void **state)
{
    (void)state;
    static const char *const one[] = {"a", NULL}, *const two[] = {"b", "a", NULL};
    rung_params *p = matrices(one, 5, 6), *q = matrices(two, 5, 6);
    size_t bytes = 30 * sizeof(float);
    float first[30];
    const float *a = rung_params_data(p, rung_params_find(p, "a"));
    const float *qa = rung_params_data(q, rung_params_find(q, "a"));
    const float *qb = rung_params_data(q, rung_params_find(q, "b"));
    assert_memory_equal(a, qa, bytes);
    assert_memory_not_equal(qa, qb, bytes);
    memcpy(first, a, bytes);
    rung_params_init(p, 2);
    assert_memory_not_equal(a, first, bytes);
    rung_params_init(p, 1);
    assert_memory_equal(a, first, bytes);
    rung_params_free(p);
    rung_params_free(q);
}

/* ---- Blocks and rows ---- */

static void a_block_has_the_layout_of_the_values_and_marks_for_sparse_rows(void **state)
{
    (void)state;
    rung_error err = {0};
    rung_block block;
    rung_params *p = new_set(RUNG_F32);
    add(p, &(rung_param){.name = "dense", .rank = 2, .shape = {7, 3}});
    assert_ok(rung_block_new(&block, p, &err));
    assert_null(block.touched);
    rung_block_release(&block);
    assert_null(block.data);
    add(p,
        &(rung_param){.name = "first", .rank = 2, .shape = {5, 2}, .row_sparse = true});
    add(p,
        &(rung_param){.name = "second", .rank = 2, .shape = {4, 2}, .row_sparse = true});
    assert_int_equal(rung_params_find(p, "first")->mask_offset, 0);
    assert_int_equal(rung_params_find(p, "second")->mask_offset, 5);
    assert_ok(rung_block_new(&block, p, &err));
    for (int64_t i = 0; i < rung_params_extent(p); i++)
        assert_near((double)((float *)block.data)[i], 0, 0);
    for (int i = 0; i < 9; i++) assert_int_equal(block.touched[i], 0);
    rung_block_release(&block);
    rung_params_free(p);
}

/* The gradient of an embedding writes the rows that occur, marks them, no others. */
static void only_rows_that_occur_are_written_and_marked(void **state)
{
    static int32_t ids[] = {3, 1, 3};
    rung_error err = {0};
    rung_block grads;
    rung_params *p = new_set(RUNG_F32);
    add(p, &(rung_param){.name = "other", .rank = 1, .shape = {5}});
    add(p,
        &(rung_param){.name = "table", .rank = 2, .shape = {5, 2}, .row_sparse = true});
    assert_ok(rung_block_new(&grads, p, &err));
    rung_graph *g = new_graph(*state, RUNG_F32);
    rung_tensor *rows =
        rung_embedding(g, rung_param_leaf(g, p, "table"), ids_of(g, 1, SHAPE(3), ids));
    rung_tensor *loss = rung_sum(g, rows);
    rung_graph_grad(g, loss);
    void *block = make_ready(g, &loss, 1, &grads, NULL);

    float *dtable = (float *)grads.data + rung_params_find(p, "table")->offset;
    for (int i = 0; i < 10; i++) dtable[i] = -7; // left from before
    run_graph(g);
    assert_memory_equal(dtable, ((float[]){-7, -7, 1, 1, -7, -7, 2, 2, -7, -7}),
                        10 * sizeof(float));
    assert_memory_equal(grads.touched, ((unsigned char[]){0, 1, 0, 1, 0}), 5);
    ids[0] = ids[1] = ids[2] = 0; // the marks are those of the last run
    run_graph(g);
    assert_memory_equal(grads.touched, ((unsigned char[]){1, 0, 0, 0, 0}), 5);
    assert_near((double)dtable[0], 3, 0);
    rung__free(block);
    rung_graph_free(g);
    rung_block_release(&grads);
    rung_params_free(p);
}

static rung_status make_set(void *ctx, rung_error *err)
{
    (void)ctx;
    rung_params *p = NULL;
    rung_block block = {0};
    char name[20];
    RUNG_TRY(rung_params_new(&p, RUNG_F32, err));
    rung_status status = RUNG_OK;
    for (int i = 0; status == RUNG_OK && i < 20; i++) {
        snprintf(name, sizeof name, "t%d", i);
        rung_param spec = {
            .name = name, .rank = 2, .shape = {9, 9}, .row_sparse = i % 2 == 0};
        status = rung_params_add(p, &spec, err);
    }
    if (status == RUNG_OK) status = rung_block_new(&block, p, err);
    rung_block_release(&block);
    rung_params_free(p);
    return status;
}

static void every_failed_allocation_is_reported(void **state)
{
    (void)state;
    assert_true(assert_survives_failed_allocations(make_set, NULL) > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_stand_one_after_the_other_at_multiples_of_16),
        cmocka_unit_test(values_stay_when_the_set_grows),
        cmocka_unit_test(what_cannot_be_added_is_named),
        cmocka_unit_test(initialisers_have_their_moments),
        cmocka_unit_test(zeros_and_ones_are_what_they_say),
        cmocka_unit_test(a_start_depends_on_seed_and_name_alone),
        cmocka_unit_test(a_block_has_the_layout_of_the_values_and_marks_for_sparse_rows),
        cmocka_unit_test(only_rows_that_occur_are_written_and_marked),
        cmocka_unit_test(every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests_name("parameters", tests, open_runtime, close_runtime);
}
