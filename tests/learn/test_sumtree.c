#include "learn/ranks.h"

#include "base/rng.h"
#include "learn/sumtree.h"

enum { ROWS = 700, WIDTH = 40 };

static rung_params *make_params(rung_dtype type)
{
    rung_error err;
    rung_params *params = NULL;
    assert_ok(rung_params_new(&params, type, &err));
    add_param(params, "w", 40000, 0, false, false);
    add_param(params, "table", ROWS, WIDTH, false, true);
    add_param(params, "b", 3, 0, false, false);
    return params;
}

/* The gradient of micro-batch m: numbers whose sum depends on the order, a fifth of the
 * rows touched, garbage in the others. */
static void fill_gradient(const rung_params *params, int64_t m, rung_block *block)
{
    const rung_param *table = rung_params_find(params, "table");
    rung_rng rng = rung_rng_make(rung_rng_key(7, "gradient", (uint64_t)m));
    float *data = block->data;
    for (size_t p = 0; p < rung_params_count(params); p++) {
        const rung_param *param = rung_params_at(params, p);
        for (int64_t i = 0; i < param->size; i++)
            data[param->offset + i] = (float)rung_rng_double(&rng) - 0.5f;
    }
    for (int64_t r = 0; r < ROWS; r++) {
        const bool touched = (r * 2654435761u + (uint64_t)m) % 5 == 0;
        block->touched[table->mask_offset + r] = touched;
        if (touched) continue;
        float *row = data + table->offset + r * WIDTH;
        memset(row, 0xff, WIDTH * sizeof *row); // not a number: must never be read
    }
}

typedef struct sum_job {
    const rung_params *params;
    int64_t accumulate;
    float *data; /* [extent] of the sum, zero in untouched rows */
    unsigned char *touched;
} sum_job;

/* Two sums one after the other: the second must not see anything of the first. */
static void sum_gradients(const rung_rank *rank, void *ctx)
{
    const sum_job *job = ctx;
    rung_error err;
    rung_sumtree tree;
    rung_block sum;
    const int64_t begin = rank->comm->rank * job->accumulate;
    assert_ok(rung_sumtree_init(&tree, rank, job->params,
                                rank->comm->size * job->accumulate, begin,
                                begin + job->accumulate, NULL, &err));
    for (int64_t turn = 1; turn >= 0; turn--) {
        for (int64_t i = 0; i < job->accumulate; i++) {
            fill_gradient(job->params, begin + i + 1000 * turn, rung_sumtree_next(&tree));
            rung_sumtree_push(&tree);
        }
        assert_ok(rung_sumtree_reduce(&tree, &sum, &err));
        const rung_chunks *chunks = rank->chunks;
        const int64_t *first = chunks->first + rank->comm->rank;
        for (int64_t i = first[0]; i < first[1]; i++) {
            const rung_chunk *c = &chunks->list[i];
            memcpy(job->data + c->begin, (float *)sum.data + c->begin,
                   (size_t)(c->end - c->begin) * sizeof(float));
            for (int64_t r = 0; r < c->n_rows; r++) {
                job->touched[c->row + r] = sum.touched[c->row + r];
                if (!sum.touched[c->row + r])
                    memset(job->data + c->begin + r * WIDTH, 0, WIDTH * sizeof(float));
            }
        }
        assert_ok(rung_comm_barrier(rank->comm, &err));
    }
    rung_sumtree_release(&tree);
}

static void sum_with(const rung_params *params, int ranks, int64_t accumulate,
                     int threads, rung_block *out)
{
    rung_error err;
    assert_ok(rung_block_new(out, params, &err));
    sum_job job = {params, accumulate, out->data, out->touched};
    run_ranks(ranks, threads, RUNG_ISA_BEST, params, sum_gradients, &job);
}

static void any_split_into_ranks_has_the_same_bits(void **state)
{
    (void)state;
    static const int splits[][3] = {{1, 1, 0}, {1, 4, 0}, {2, 2, 1}, {4, 1, 1},
                                    {1, 6, 0}, {2, 3, 1}, {3, 2, 1}, {6, 1, 1},
                                    {1, 5, 0}, {5, 1, 1}, {1, 7, 0}, {7, 1, 1},
                                    {1, 8, 0}, {4, 2, 1}, {2, 4, 1}};
    rung_params *params = make_params(RUNG_F32);
    const size_t bytes = (size_t)rung_params_extent(params) * sizeof(float);
    rung_block first = {0};
    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++) {
        rung_block sum;
        sum_with(params, splits[i][0], splits[i][1], 1 + (int)i % 3, &sum);
        if (splits[i][2]) { // of as many micro-batches as the split before
            if (memcmp(sum.data, first.data, bytes) != 0)
                fail_msg("%d ranks x %d: other bits", splits[i][0], splits[i][1]);
            assert_memory_equal(sum.touched, first.touched, ROWS);
            rung_block_release(&sum);
        } else {
            rung_block_release(&first);
            first = sum;
        }
    }
    rung_block_release(&first);
    rung_params_free(params);
}

static void the_sum_is_that_of_the_touched_rows(void **state)
{
    (void)state;
    rung_params *params = make_params(RUNG_F32);
    const rung_param *table = rung_params_find(params, "table");
    rung_error err;
    rung_block sum, one;
    sum_with(params, 2, 3, 1, &sum);
    assert_ok(rung_block_new(&one, params, &err));
    double *wanted = test_calloc((size_t)rung_params_extent(params), sizeof *wanted);
    bool touched[ROWS] = {false};
    for (int64_t m = 0; m < 6; m++) {
        fill_gradient(params, m, &one);
        for (int64_t i = 0; i < rung_params_extent(params); i++) {
            const int64_t r = (i - table->offset) / WIDTH;
            const bool in_table = i >= table->offset && r < ROWS;
            if (in_table && !one.touched[table->mask_offset + r]) continue;
            if (in_table) touched[r] = true;
            wanted[i] += (double)((float *)one.data)[i];
        }
    }
    for (int64_t i = 0; i < rung_params_extent(params); i++) {
        const double x = (double)((float *)sum.data)[i];
        if (!(x - wanted[i] < 1e-6 && wanted[i] - x < 1e-6))
            fail_msg("element %d: %g, wanted %g", (int)i, x, wanted[i]);
    }
    int n_touched = 0;
    for (int64_t r = 0; r < ROWS; r++) {
        assert_int_equal(sum.touched[table->mask_offset + r], touched[r]);
        n_touched += touched[r];
    }
    assert_true(n_touched > ROWS / 5 && n_touched < ROWS + 1);
    test_free(wanted);
    rung_block_release(&one);
    rung_block_release(&sum);
    rung_params_free(params);
}

static void a_rank_keeps_few_partial_sums(void **state)
{
    (void)state;
    assert_int_equal(rung_sumtree_buffers(1, 0, 1), 1);
    assert_int_equal(rung_sumtree_buffers(2, 0, 2), 2);
    assert_int_equal(rung_sumtree_buffers(4, 0, 4), 3);
    assert_int_equal(rung_sumtree_buffers(64, 0, 64), 7);
    assert_int_equal(rung_sumtree_buffers(64, 32, 64), 6);
    for (int64_t begin = 0; begin < 40; begin++) // wherever the range begins
        assert_true(rung_sumtree_buffers(48, begin, begin + 8) <= 6);
}

typedef struct init_job {
    const rung_rank *rank;
    const rung_params *params;
} init_job;

static rung_status init_tree(void *ctx, rung_error *err)
{
    const init_job *job = ctx;
    rung_sumtree tree;
    const rung_status status =
        rung_sumtree_init(&tree, job->rank, job->params, 4, 0, 4, NULL, err);
    rung_sumtree_release(&tree);
    return status;
}

static void starve(const rung_rank *rank, void *ctx)
{
    init_job job = {rank, ctx};
    assert_int_equal(assert_survives_failed_allocations(init_tree, &job), 7);
}

static void failed_allocations_leave_nothing(void **state)
{
    (void)state;
    rung_params *params = make_params(RUNG_F32);
    run_ranks(1, 1, RUNG_ISA_BEST, params, starve, params);
    rung_params_free(params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_split_into_ranks_has_the_same_bits),
        cmocka_unit_test(the_sum_is_that_of_the_touched_rows),
        cmocka_unit_test(a_rank_keeps_few_partial_sums),
        cmocka_unit_test(failed_allocations_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
