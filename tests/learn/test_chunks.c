#include "learn/ranks.h"

/* Tensors of all kinds: longer than a chunk, tiny, rows wider than a chunk. */
static rung_params *make_params(void)
{
    rung_error err;
    rung_params *params = NULL;
    assert_ok(rung_params_new(&params, RUNG_F32, &err));
    add_param(params, "long", 3 * RUNG_CHUNK_ELEMENTS + 7, 0, false, false);
    add_param(params, "table", 1000, 300, false, true);
    add_param(params, "tiny", 5, 0, false, false);
    add_param(params, "wide", 3, RUNG_CHUNK_ELEMENTS + 1, false, true);
    return params;
}

static void chunks_cover_every_element_once(void **state)
{
    (void)state;
    rung_error err;
    rung_params *params = make_params();
    rung_chunks chunks;
    assert_ok(rung_chunks_init(&chunks, params, 1, &err));
    int64_t i = 0;
    for (size_t p = 0; p < rung_params_count(params); p++) {
        const rung_param *param = rung_params_at(params, p);
        int64_t at = param->offset, row = param->mask_offset;
        for (; i < chunks.count && chunks.list[i].param == param; i++) {
            const rung_chunk *c = &chunks.list[i];
            assert_int_equal(c->begin, at);
            assert_true(c->end > c->begin);
            at = c->end;
            if (!param->row_sparse) continue;
            assert_int_equal(c->row, row);
            assert_int_equal(c->end - c->begin, c->n_rows * c->width);
            row += c->n_rows;
        }
        assert_int_equal(at, param->offset + param->size);
        if (param->row_sparse)
            assert_int_equal(row, param->mask_offset + param->shape[0]);
    }
    assert_int_equal(i, chunks.count);
    rung_chunks_release(&chunks);
    rung_params_free(params);
}

static void shares_are_whole_chunks_of_about_equal_size(void **state)
{
    (void)state;
    rung_error err;
    rung_params *params = make_params();
    const int64_t extent = rung_params_extent(params);
    for (int ranks = 1; ranks <= 9; ranks++) {
        rung_chunks chunks;
        assert_ok(rung_chunks_init(&chunks, params, ranks, &err));
        int64_t most = 0;
        assert_int_equal(chunks.first[0], 0);
        assert_int_equal(chunks.first[ranks], chunks.count);
        assert_int_equal(chunks.shards.data[0], 0);
        for (int r = 0; r < ranks; r++) {
            const int64_t first = chunks.first[r], end = chunks.first[r + 1];
            assert_true(end >= first);
            if (end - first > most) most = end - first;
            int64_t marks = 0;
            for (int64_t i = first; i < end; i++) {
                assert_true(chunks.list[i].begin >= chunks.shards.data[r]);
                assert_true(chunks.list[i].end <= chunks.shards.data[r + 1]);
                marks += chunks.list[i].n_rows;
            }
            assert_int_equal(chunks.shards.touched[r + 1] - chunks.shards.touched[r],
                             marks);
            const int64_t size = chunks.shards.data[r + 1] - chunks.shards.data[r];
            assert_true(size <= extent / ranks + 2 * RUNG_CHUNK_ELEMENTS);
        }
        assert_int_equal(chunks.most, most);
        rung_chunks_release(&chunks);
    }
    rung_params_free(params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_cover_every_element_once),
        cmocka_unit_test(shares_are_whole_chunks_of_about_equal_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
