/* Co-occurrences against counting every pair of places. */
#include "support.h"

#include "base/rng.h"
#include "learn/cooccur.h"

static rung_error err;

enum { V = 37, WORDS = 1500 };

/* Words by a square law, so that some are frequent, with lines of all lengths. */
static void make_text(int32_t *ids, size_t n)
{
    rung_rng rng = rung_rng_make(5);
    for (size_t i = 0; i < n; i++) {
        const double u = rung_rng_double(&rng);
        ids[i] = rung_rng_below(&rng, 9) == 0 ? -1 : (int32_t)(u * u * V);
    }
}

static bool is_line_between(const int32_t *ids, size_t from, size_t to)
{
    for (size_t i = from; i <= to; i++)
        if (ids[i] < 0) return true;
    return false;
}

/* x[i * V + j] by the definition. */
static void brute_force(double *x, const int32_t *ids, size_t n,
                        const rung_cooccur_config *c)
{
    memset(x, 0, V * V * sizeof *x);
    for (size_t q = 0; q < n; q++) {
        for (size_t p = q > (size_t)c->window ? q - (size_t)c->window : 0; p < q; p++) {
            if (is_line_between(ids, p, q)) continue;
            const double weight = c->by_distance ? 1 / (double)(q - p) : 1;
            x[ids[q] * V + ids[p]] += weight;
            if (c->symmetric) x[ids[p] * V + ids[q]] += weight;
        }
    }
}

static rung_pool *new_pool(int threads)
{
    rung_pool *pool;
    assert_ok(rung_pool_new(&pool, threads, &err));
    return pool;
}

/* Takes every record's pair, both ways if symmetric, off x; nothing must stay. */
static void check_counts(const rung_cooccur *c, double *x, const rung_cooccur_config *of)
{
    int64_t n_pairs = 0;
    const double tolerance = of->window <= 16 ? 1e-6 : 1e-4; // 1/d is rounded beyond
    rung_glove_record *buffer = rung__alloc_array((size_t)c->most, sizeof *buffer);
    for (int64_t b = 0; b < c->grid.groups * c->grid.groups; b++) {
        const rung_glove_record *r;
        int64_t n, g = b / c->grid.groups, h = b % c->grid.groups;
        assert_ok(rung__cooccur_read(c, g, h, buffer, &r, &n, &err));
        for (int64_t k = 0; k < n; k++) {
            const int64_t i = r[k].row * c->grid.groups + g;
            const int64_t j = r[k].column * c->grid.groups + h;
            const double count = x[i * V + j];
            assert_near((double)r[k].log_x, log(count), tolerance);
            assert_near((double)r[k].weight, fmin(1, pow(count / of->x_max, of->alpha)),
                        tolerance);
            n_pairs += c->symmetric && i != j ? 2 : 1;
            x[i * V + j] = 0;
            if (c->symmetric) x[j * V + i] = 0;
        }
    }
    for (int i = 0; i < V * V; i++) assert_near(x[i], 0, 0);
    assert_int_equal(c->n_pairs, n_pairs);
    rung__free(buffer);
}

static rung_cooccur_config config_of(int64_t window, bool symmetric, bool by_distance)
{
    return (rung_cooccur_config){.window = window,
                                 .symmetric = symmetric,
                                 .by_distance = by_distance,
                                 .x_max = 10,
                                 .alpha = 0.75,
                                 .seed = 1};
}

static void counts_are_those_of_every_pair_of_places(void **state)
{
    (void)state;
    static int32_t ids[WORDS];
    static double x[V * V];
    static const int64_t windows[] = {1, 2, 10, 16, 40, 1000};
    rung_pool *pool = new_pool(2);
    make_text(ids, WORDS);
    for (int w = 0; w < 6; w++) {
        for (int kind = 0; kind < 4; kind++) {
            rung_cooccur_config config = config_of(windows[w], kind & 1, kind & 2);
            rung_cooccur c;
            const rung_word_grid grid = {V, 5, 8};
            assert_ok(rung__cooccur_count(&c, pool, ids, WORDS, &grid, &config, &err));
            brute_force(x, ids, WORDS, &config);
            check_counts(&c, x, &config);
            rung__cooccur_release(&c);
        }
    }
    rung_pool_free(pool);
}

/* Sums that a double cannot hold exactly: the same pair at every distance, many times. */
static void sums_are_exact(void **state)
{
    (void)state;
    enum { N = 20000 };
    static int32_t ids[N]; // word 0 everywhere
    const rung_word_grid grid = {1, 1, 1};
    rung_cooccur_config config = config_of(3, true, true);
    rung_pool *pool = new_pool(1);
    rung_cooccur c;
    assert_ok(rung__cooccur_count(&c, pool, ids, N, &grid, &config, &err));
    assert_int_equal(c.n_records, 1);
    assert_int_equal(c.n_pairs, 1);
    const double wanted = 2 * ((N - 1) + (N - 2) / 2.0 + (N - 3) / 3.0);
    assert_true(c.blocks[0].records[0].log_x == (float)log(wanted));
    rung__cooccur_release(&c);
    rung_pool_free(pool);
}

static void assert_same_records(const rung_cooccur *a, const rung_cooccur *b)
{
    assert_int_equal(a->n_records, b->n_records);
    assert_int_equal(a->n_pairs, b->n_pairs);
    rung_glove_record *buffer = rung__alloc_array((size_t)b->most, sizeof *buffer);
    for (int64_t i = 0; i < a->grid.groups * a->grid.groups; i++) {
        const rung_glove_record *r, *s;
        int64_t n, m, g = i / a->grid.groups, h = i % a->grid.groups;
        assert_ok(rung__cooccur_read(a, g, h, NULL, &r, &n, &err));
        assert_ok(rung__cooccur_read(b, g, h, buffer, &s, &m, &err));
        assert_int_equal(n, m);
        if (n > 0) assert_memory_equal(r, s, (size_t)n * sizeof *r);
    }
    rung__free(buffer);
}

enum { LARGE_V = 600, LARGE = 250000 };

static int32_t *large_text(void)
{
    int32_t *ids = rung__alloc_array(LARGE, sizeof *ids);
    rung_rng rng = rung_rng_make(6);
    for (int i = 0; i < LARGE; i++) {
        const double u = rung_rng_double(&rng);
        ids[i] = rung_rng_below(&rng, 20) == 0 ? -1 : (int32_t)(u * u * u * LARGE_V);
    }
    return ids;
}

/* Threads, and how little memory there is, change nothing: here the text, whose list of
 * places takes 1 MB, is counted in parts, sums and records go to disk, sums of a group in
 * several segments. */
static void memory_and_threads_change_no_bit(void **state)
{
    int32_t *ids = large_text();
    const rung_word_grid grid = {LARGE_V, 4, 150};
    for (int symmetric = 0; symmetric < 2; symmetric++) {
        rung_cooccur_config config = config_of(8, symmetric, true);
        rung_pool *pool = new_pool(1);
        rung_cooccur whole, c;
        assert_ok(rung__cooccur_count(&whole, pool, ids, LARGE, &grid, &config, &err));
        rung_pool_free(pool);
        for (int threads = 1; threads <= 3; threads++) {
            pool = new_pool(threads);
            config.memory = 0, config.kept = 0, config.dir = NULL;
            assert_ok(rung__cooccur_count(&c, pool, ids, LARGE, &grid, &config, &err));
            assert_same_records(&whole, &c);
            assert_int_equal(c.file.size, 0);
            rung__cooccur_release(&c);
            const int64_t before = rung__alloc_stats().live_bytes;
            config.memory = 1600000, config.kept = 100000, config.dir = *state;
            assert_ok(rung__cooccur_count(&c, pool, ids, LARGE, &grid, &config, &err));
            assert_same_records(&whole, &c);
            assert_true(c.file.size > 0);
            assert_true(rung__alloc_stats().live_bytes - before < 2 << 20);
            rung__cooccur_release(&c);
            rung_pool_free(pool);
        }
        rung__cooccur_release(&whole);
    }
    rung__free(ids);
}

/* Blocks come in another order with another seed, with the same records. */
static void the_seed_orders_the_records(void **state)
{
    (void)state;
    static int32_t ids[WORDS];
    const rung_word_grid grid = {V, 1, V};
    rung_pool *pool = new_pool(1);
    rung_cooccur a, b;
    rung_cooccur_config config = config_of(5, true, true);
    make_text(ids, WORDS);
    assert_ok(rung__cooccur_count(&a, pool, ids, WORDS, &grid, &config, &err));
    config.seed = 2;
    assert_ok(rung__cooccur_count(&b, pool, ids, WORDS, &grid, &config, &err));
    assert_int_equal(a.n_records, b.n_records);
    uint64_t sum_a = 0, sum_b = 0;
    int64_t same = 0;
    for (int64_t i = 0; i < a.n_records; i++) {
        const rung_glove_record r = a.blocks[0].records[i], s = b.blocks[0].records[i];
        sum_a += rung_rng_key(r.row, "", r.column);
        sum_b += rung_rng_key(s.row, "", s.column);
        same += r.row == s.row && r.column == s.column;
    }
    assert_true(sum_a == sum_b);
    assert_true(same < 10);
    rung__cooccur_release(&a), rung__cooccur_release(&b);
    rung_pool_free(pool);
}

static void grids_hold_every_word(void **state)
{
    (void)state;
    for (int64_t n = 1; n < 200; n++) {
        const rung_word_grid g = rung__word_grid(n, 900, 400000);
        assert_true(g.groups >= 1 && g.groups <= n && g.groups * g.size >= n);
    }
    const rung_word_grid novels = rung__word_grid(37000, 896, 393216);
    assert_int_equal(novels.groups, 85);
    assert_int_equal(novels.size, 436);
    const rung_word_grid huge = rung__word_grid(100000000, 900, 400000);
    assert_true(huge.size <= 65536 && huge.groups * huge.size >= 100000000);
}

static void what_cannot_be_counted_is_a_message(void **state)
{
    static const int32_t apart[] = {0, -1, 1, -1, 0};
    static int32_t ids[WORDS];
    const rung_word_grid grid = {V, 5, 8};
    rung_cooccur_config config = config_of(5, true, true);
    rung_pool *pool = new_pool(1);
    rung_cooccur c;
    assert_fails(rung__cooccur_count(&c, pool, apart, 5, &grid, &config, &err),
                 RUNG_INPUT, "no two words stand in one window");
    rung__cooccur_release(&c);
    assert_fails(rung__cooccur_count(&c, pool, apart, 0, &grid, &config, &err),
                 RUNG_INPUT, "no two words stand in one window");
    rung__cooccur_release(&c);
    make_text(ids, WORDS);
    config.memory = 1000, config.dir = *state;
    assert_fails_saying(rung__cooccur_count(&c, pool, ids, WORDS, &grid, &config, &err),
                        RUNG_USAGE, "1000 B of memory to count 37 words in: must be ");
    rung__cooccur_release(&c);
    config.memory = 1 << 20, config.dir = path_in(*state, "none");
    assert_fails_saying(rung__cooccur_count(&c, pool, ids, WORDS, &grid, &config, &err),
                        RUNG_IO, "cannot make a scratch file");
    rung__cooccur_release(&c);
    rung_pool_free(pool);
}

typedef struct failing {
    rung_pool *pool;
    int32_t *ids;
    rung_cooccur_config config;
} failing;

static rung_status count_and_release(void *ctx, rung_error *error)
{
    const failing *f = ctx;
    const rung_word_grid grid = {V, 5, 8};
    rung_cooccur c;
    const rung_status status =
        rung__cooccur_count(&c, f->pool, f->ids, WORDS, &grid, &f->config, error);
    rung__cooccur_release(&c);
    return status;
}

static void failed_allocations_are_survived(void **state)
{
    static int32_t ids[WORDS];
    failing f = {new_pool(1), ids, config_of(5, true, true)};
    make_text(ids, WORDS);
    assert_true(assert_survives_failed_allocations(count_and_release, &f) > 20);
    f.config.memory = 300000, f.config.dir = *state;
    assert_true(assert_survives_failed_allocations(count_and_release, &f) > 10);
    rung_pool_free(f.pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_those_of_every_pair_of_places),
        cmocka_unit_test(sums_are_exact),
        test_in_folder(memory_and_threads_change_no_bit),
        cmocka_unit_test(the_seed_orders_the_records),
        cmocka_unit_test(grids_hold_every_word),
        test_in_folder(what_cannot_be_counted_is_a_message),
        test_in_folder(failed_allocations_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
