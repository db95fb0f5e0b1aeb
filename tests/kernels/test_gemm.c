/* Matrix products of every instruction set against sums in double. */
#include "support.h"

#include <math.h>

#include "base/pool.h"
#include "base/rng.h"
#include "kernels/kernels.h"

/* A product with its own arrays, each exactly as long as it must be, so that the address
 * sanitizer sees every read beyond. */
typedef struct problem {
    const rung_kernels *k;
    rung_gemm g;
    void *c_before;
    int64_t a_len, b_len, c_len; /* elements of all products of the batch */
} problem;

static double at(const rung_kernels *k, const void *x, int64_t i)
{
    return k->real_bytes == 4 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

static void put(const rung_kernels *k, void *x, int64_t i, double value)
{
    if (k->real_bytes == 4)
        ((float *)x)[i] = (float)value;
    else
        ((double *)x)[i] = value;
}

/* n values in [-1, 1). */
static void *random_reals(const rung_kernels *k, int64_t n, uint64_t key)
{
    void *x = rung__alloc_array((size_t)n, k->real_bytes);
    assert_non_null(x);
    rung_rng rng = rung_rng_make(key);
    for (int64_t i = 0; i < n; i++) put(k, x, i, 2 * rung_rng_double(&rng) - 1);
    return x;
}

static int64_t batch_of(const rung_gemm *g)
{
    return g->batch > 1 ? g->batch : 1;
}

/* From the first to the last element of rows x columns, for all products. */
static int64_t length(int64_t rows, int64_t columns, int64_t ld, int64_t batch,
                      int64_t stride)
{
    if (rows == 0 || columns == 0) return 0;
    return (batch - 1) * stride + (rows - 1) * ld + columns;
}

/* Gives `g` (sizes, flags, strides, leading dimensions; any pointer that is not NULL
 * means that this part is wanted) random operands. */
static problem problem_make(const rung_kernels *k, const rung_gemm *g)
{
    problem p = {.k = k, .g = *g};
    const int64_t batch = batch_of(g);
    p.a_len = length(g->trans_a ? g->K : g->M, g->trans_a ? g->M : g->K, g->lda, batch,
                     g->stride_a);
    p.b_len = length(g->trans_b ? g->N : g->K, g->trans_b ? g->K : g->N, g->ldb, batch,
                     g->stride_b);
    p.c_len = length(g->M, g->N, g->ldc, batch, g->stride_c);
    p.g.a = random_reals(k, p.a_len, 1);
    p.g.b = random_reals(k, p.b_len, 2);
    p.g.c = random_reals(k, p.c_len, 3);
    p.c_before = random_reals(k, p.c_len, 3);
    if (g->bias) p.g.bias = random_reals(k, g->N, 4);
    if (g->saved) p.g.saved = p.g.c; // what C held before
    if (g->residual) p.g.residual = random_reals(k, p.c_len, 7);
    return p;
}

static void problem_release(problem *p)
{
    rung__free((void *)p->g.a);
    rung__free((void *)p->g.b);
    rung__free(p->g.c);
    rung__free(p->c_before);
    rung__free((void *)p->g.bias);
    rung__free((void *)p->g.residual);
}

/* Makes rows of an operand, by copying those that lie in memory; a row is `self->ld`
 * apart from the next. */
typedef struct copies {
    rung_maker maker;
    const char *from;
    size_t row_bytes, ld_bytes;
} copies;

static void copy_rows(const void *self, int64_t row, int64_t n, void *to)
{
    const copies *c = self;
    for (int64_t i = 0; i < n; i++)
        memcpy((char *)to + (size_t)i * c->row_bytes,
               c->from + (size_t)(row + i) * c->ld_bytes, c->row_bytes);
}

static copies copies_of(const rung_kernels *k, const void *from, int64_t width,
                        int64_t ld)
{
    return (copies){{copy_rows, NULL},
                    from,
                    (size_t)width * k->real_bytes,
                    (size_t)ld * k->real_bytes};
}

/* Runs the product, with B packed before if wanted; nothing is allocated meanwhile. */
static void problem_run(problem *p, rung_pool *pool, bool packs)
{
    rung_gemm g = p->g;
    copies a = copies_of(p->k, g.a, g.trans_a ? g.M : g.K, g.lda);
    copies b = copies_of(p->k, g.b, g.N, g.ldb);
    a.maker.self = &a, b.maker.self = &b;
    if (g.make_a) g.make_a = &a.maker, g.a = NULL;
    if (g.make_b) g.make_b = &b.maker, g.b = NULL;
    void *packed = NULL;
    if (packs) {
        packed = rung__alloc(rung_packed_bytes(p->k, g.N, g.K));
        assert_non_null(packed);
        rung_packed_fill(p->k, pool, &g, packed);
        g.packed_b = packed;
        g.b = NULL;
    }
    void *scratch = rung__alloc(rung_gemm_scratch(p->k, &g));
    assert_non_null(scratch);
    const int64_t calls = rung__alloc_stats().calls;
    rung_gemm_run(p->k, pool, &g, scratch);
    assert_int_equal(rung__alloc_stats().calls, calls);
    rung__free(scratch);
    rung__free(packed);
}

static double act(rung_act f, double x)
{
    switch (f) {
    case RUNG_ACT_RELU:
        return x > 0 ? x : 0;
    case RUNG_ACT_GELU:
        return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case RUNG_ACT_GELU_ERF:
        return 0.5 * x * (1 + erf(x / sqrt(2)));
    case RUNG_ACT_SILU:
        return x / (1 + exp(-x));
    case RUNG_ACT_SIGMOID:
        return 1 / (1 + exp(-x));
    case RUNG_ACT_TANH:
        return tanh(x);
    default:
        return x;
    }
}

/* f' from `saved`, by differences where it is the input. */
static double act_slope(rung_act f, double saved)
{
    if (f == RUNG_ACT_NONE) return 1;
    if (f == RUNG_ACT_SIGMOID) return saved * (1 - saved);
    if (f == RUNG_ACT_TANH) return 1 - saved * saved;
    if (f == RUNG_ACT_RELU) return saved > 0;
    const double h = 1e-3; // five points: error h^4
    return (8 * (act(f, saved + h) - act(f, saved - h)) -
            (act(f, saved + 2 * h) - act(f, saved - 2 * h))) /
           (12 * h);
}

/* What element (m, n) of product `item` should be; *size: the sum of the
 * absolute values that went into it. */
static double wanted(const problem *p, int64_t item, int64_t m, int64_t n, double *size)
{
    const rung_gemm *g = &p->g;
    const int64_t c = item * g->stride_c + m * g->ldc + n;
    double sum = g->accumulate ? at(p->k, p->c_before, c) : 0;
    *size = fabs(sum) + 2;
    for (int64_t k = 0; k < g->K; k++) {
        const double a =
            at(p->k, g->a,
               item * g->stride_a + (g->trans_a ? k * g->lda + m : m * g->lda + k));
        const double b =
            at(p->k, g->b,
               item * g->stride_b + (g->trans_b ? n * g->ldb + k : k * g->ldb + n));
        sum += a * b;
        *size += fabs(a * b);
    }
    if (g->bias) sum += at(p->k, g->bias, n);
    if (g->saved) sum *= act_slope(g->act_grad, at(p->k, p->c_before, c));
    if (g->residual) sum += at(p->k, g->residual, c);
    return sum;
}

static void assert_value(const problem *p, const char *what, int64_t m, int64_t n,
                         double is, double should, double size)
{
    const double tolerance = (p->k->real_bytes == 4 ? 5e-7 : 2e-13) * size;
    if (fabs(is - should) <= tolerance) return;
    const rung_gemm *g = &p->g;
    fail_msg("%s: %s[%d,%d] is %.17g, should be %.17g (M %d N %d K %d, trans %d %d, "
             "act_grad %d)",
             p->k->name, what, (int)m, (int)n, is, should, (int)g->M, (int)g->N,
             (int)g->K, g->trans_a, g->trans_b, g->act_grad);
}

/* C is right, and what lies between the rows of C is as it was. */
static void problem_check(const problem *p)
{
    const rung_gemm *g = &p->g;
    for (int64_t item = 0; item < batch_of(g); item++) {
        for (int64_t m = 0; m < g->M; m++) {
            for (int64_t n = 0; n < g->N; n++) {
                const int64_t c = item * g->stride_c + m * g->ldc + n;
                double size;
                const double should = wanted(p, item, m, n, &size);
                assert_value(p, "c", m, n, at(p->k, g->c, c), should, size);
            }
        }
    }
    for (int64_t i = 0; i + 1 < p->c_len; i++) {
        const int64_t in_item = g->stride_c ? i % g->stride_c : i;
        const bool in_row = in_item / g->ldc < g->M && in_item % g->ldc < g->N;
        if (!in_row) assert_true(at(p->k, g->c, i) == at(p->k, p->c_before, i));
    }
}

static void check(const rung_kernels *k, rung_pool *pool, const rung_gemm *g, bool packs)
{
    problem p = problem_make(k, g);
    problem_run(&p, pool, packs);
    problem_check(&p);
    problem_release(&p);
}

/* Calls `test` for every set of kernels that this processor runs, and the double one. */
static void for_each_set(void (*test)(const rung_kernels *k, rung_pool *pool))
{
    rung_pool *pool;
    rung_error err;
    assert_ok(rung_pool_new(&pool, 2, &err));
    for (rung_isa isa = RUNG_ISA_PORTABLE; isa <= rung_kernels_best(); isa++)
        test(rung_kernels_get(isa), pool);
    test(rung_kernels_double(), pool);
    rung_pool_free(pool);
}

static rung_gemm sized(int64_t M, int64_t N, int64_t K, bool trans_a, bool trans_b)
{
    const int64_t gap = 3; // rows of A and B lie further apart than they are long
    return (rung_gemm){.M = M,
                       .N = N,
                       .K = K,
                       .lda = (trans_a ? M : K) + gap,
                       .ldb = (trans_b ? K : N) + gap,
                       .ldc = N + gap,
                       .trans_a = trans_a,
                       .trans_b = trans_b};
}

/* Every combination of sizes around the tile's, transposes, accumulation and packing. */
static void sizes_of_one_set(const rung_kernels *k, rung_pool *pool)
{
    rung_gemm_shape s;
    k->gemm_shape(&s);
    const int64_t rows[] = {1, 2, s.rows - 1, s.rows, s.rows + 1, 2 * s.rows + 3};
    const int64_t columns[] = {1,
                               s.least_columns,
                               s.least_columns + 1,
                               s.columns - 1,
                               s.columns,
                               s.columns + 1,
                               s.few_columns + s.columns + 1,
                               s.one_columns + s.columns + 1};
    const int64_t depths[] = {0, 1, 2, s.least_columns + 1, 33};
    enum { ROWS = 6, COLUMNS = 8, DEPTHS = 5, FLAGS = 16 };
    for (int i = 0; i < ROWS * COLUMNS * DEPTHS * FLAGS; i++) {
        const int flags = i % FLAGS, sizes = i / FLAGS;
        rung_gemm g = sized(rows[sizes % ROWS], columns[sizes / ROWS % COLUMNS],
                            depths[sizes / ROWS / COLUMNS], flags & 1, flags & 2);
        g.accumulate = flags & 4;
        check(k, pool, &g, flags & 8);
    }
}

static void product_is_right_around_tile_sizes(void **state)
{
    (void)state;
    for_each_set(sizes_of_one_set);
}

/* Several steps in K, several blocks across and down, each the last one ragged. */
static void blocks_of_one_set(const rung_kernels *k, rung_pool *pool)
{
    for (int flags = 0; flags < 16; flags++) {
        rung_gemm g = sized(131, 203, 401, flags & 1, flags & 2);
        g.accumulate = flags & 4;
        check(k, pool, &g, flags & 8);
        rung_gemm_shape s;
        k->gemm_shape(&s);
        for (int64_t more = 1; more <= s.least_columns + 1; more += s.least_columns / 2) {
            g = sized(100, 12 * s.columns + more, 700, flags & 1, flags & 2);
            check(k, pool, &g, flags & 8); // the last panels share their columns
        }
        g = sized(3, 1030, 131, flags & 1, flags & 2);
        check(k, pool, &g, flags & 8);
    }
    rung_gemm wide = sized(2, 805, 10, false, false);
    check(k, pool, &wide, false);
}

static void product_is_right_over_many_blocks(void **state)
{
    (void)state;
    for_each_set(blocks_of_one_set);
}

/* Every part of the epilogue alone, then all together; few rows (streamed) and more. */
static void epilogues_of_one_set(const rung_kernels *k, rung_pool *pool)
{
    void *yes = &(char){0};
    const rung_gemm parts[] = {
        {.bias = yes},
        {.residual = yes},
        {.saved = yes, .act_grad = RUNG_ACT_GELU},
        {.bias = yes, .saved = yes, .act_grad = RUNG_ACT_TANH, .residual = yes},
    };
    enum { PARTS = sizeof parts / sizeof parts[0] };
    for (int i = 0; i < PARTS + RUNG_ACT_COUNT; i++) {
        for (int flags = 0; flags < 16; flags++) {
            rung_gemm g = i < PARTS ? parts[i] : (rung_gemm){0};
            if (i >= PARTS) g.saved = yes, g.act_grad = (rung_act)(i - PARTS);
            const rung_gemm s =
                sized(flags & 1 ? 3 : 11, 70, flags & 8 ? 0 : 20, false, flags & 2);
            g.M = s.M, g.N = s.N, g.K = s.K;
            g.lda = s.lda, g.ldb = s.ldb, g.ldc = s.ldc;
            g.trans_b = s.trans_b;
            g.accumulate = flags & 4 && !g.saved;
            check(k, pool, &g, false);
        }
    }
    rung_gemm large = sized(150, 500, 401, false, true); // several blocks, steps in K
    large.saved = yes, large.act_grad = RUNG_ACT_GELU;
    check(k, pool, &large, false);
}

static void every_epilogue_is_right(void **state)
{
    (void)state;
    for_each_set(epilogues_of_one_set);
}

/* saved and residual move with C; each operand may be shared. */
static void batches_of_one_set(const rung_kernels *k, rung_pool *pool)
{
    void *yes = &(char){0};
    for (int flags = 0; flags < 64; flags++) {
        rung_gemm g = sized(flags & 8 ? 4 : 13, 53, 17, flags & 1, flags & 2);
        g.batch = 5;
        g.stride_a = flags & 16 ? 0 : (g.trans_a ? g.K : g.M) * g.lda + 5;
        g.stride_b = flags & 32 ? 0 : (g.trans_b ? g.N : g.K) * g.ldb + 7;
        g.stride_c = g.M * g.ldc + 9;
        g.bias = yes;
        if (flags & 4) g.residual = yes, g.saved = yes;
        g.act_grad = RUNG_ACT_SIGMOID;
        check(k, pool, &g, false);
        if (g.stride_b == 0) check(k, pool, &g, true);
    }
}

static void batch_is_right_with_strides(void **state)
{
    (void)state;
    for_each_set(batches_of_one_set);
}

/* B larger than what is packed at a time: several passes over columns, and over the
 * batch. Only the first and last elements are compared: a full check takes seconds. */
static void passes_of_one_set(const rung_kernels *k, rung_pool *pool)
{
    rung_gemm large = sized(9, 2100, 2100, false, true);
    rung_gemm batched = sized(9, 100, 2100, false, true);
    batched.batch = 30;
    batched.stride_b = batched.N * batched.ldb;
    batched.stride_c = batched.M * batched.ldc;
    for (int i = 0; i < 2; i++) {
        problem p = problem_make(k, i ? &batched : &large);
        assert_true(rung_gemm_scratch(k, &p.g) <
                    (size_t)batch_of(&p.g) * rung_packed_bytes(k, p.g.N, p.g.K));
        problem_run(&p, pool, false);
        for (int64_t j = 0; j < 400; j++) {
            const int64_t item = j * 7 % batch_of(&p.g), n = (j * 521 + 11) % p.g.N;
            double size;
            const double should = wanted(&p, item, 8, n, &size);
            const int64_t c = item * p.g.stride_c + 8 * p.g.ldc + n;
            assert_value(&p, "c", 8, n, at(k, p.g.c, c), should, size);
        }
        problem_release(&p);
    }
}

static void large_operand_is_packed_in_passes(void **state)
{
    (void)state;
    for_each_set(passes_of_one_set);
}

/* Rows of A or B made on the way, for several slabs. */
static void slabs_of_one_set(const rung_kernels *k, rung_pool *pool)
{
    const rung_maker yes = {0};
    for (int flags = 0; flags < 8; flags++) {
        rung_gemm g = flags & 1 ? sized(1600, 3, 1000, true, flags & 4)
                                : sized(1300, 3, 1000, false, flags & 4);
        g.make_a = &yes;
        g.accumulate = flags & 2;
        if ((flags & 5) == 5) continue;
        check(k, pool, &g, (flags & 5) == 4);
        if (!g.trans_a) continue;
        g = sized(3, 1600, 1000, true, false);
        g.make_b = &yes;
        if (flags & 2) g.make_a = &yes, g.bias = &yes;
        check(k, pool, &g, false);
    }
    rung_gemm deep = sized(100, 1700, 1200, true, false);
    check(k, pool, &deep, false);
    for (int flags = 0; flags < 4; flags++) { // A is copied, in slabs or at once
        rung_gemm far = sized(flags & 1 ? 1700 : 20, 100, 900, true, flags & 2);
        far.lda = 2048;
        check(k, pool, &far, false);
    }
}

static void rows_are_made_slab_by_slab(void **state)
{
    (void)state;
    for_each_set(slabs_of_one_set);
}

/* The same bits at 1, 2, 3 and 5 threads: in place, packed on the way, packed before. */
static void threads_give_the_same_bits(void **state)
{
    (void)state;
    enum { COUNTS = 4 };
    const int threads[COUNTS] = {1, 2, 3, 5};
    rung_pool *pools[COUNTS];
    rung_error err;
    for (int i = 0; i < COUNTS; i++)
        assert_ok(rung_pool_new(&pools[i], threads[i], &err));
    const int64_t sizes[][3] = {{300, 500, 700}, {5, 900, 800}, {70, 1000, 90}};
    const rung_kernels *k = rung_kernels_get(RUNG_ISA_BEST);
    for (int i = 0; i < 3 * 8; i++) {
        const int64_t *s = sizes[i / 8];
        rung_gemm g = sized(s[0], s[1], s[2], i & 1, i & 2);
        problem first = problem_make(k, &g);
        problem_run(&first, pools[0], i & 4);
        for (int t = 1; t < COUNTS; t++) {
            problem next = problem_make(k, &g);
            problem_run(&next, pools[t], i & 4);
            assert_memory_equal(first.g.c, next.g.c, (size_t)first.c_len * k->real_bytes);
            problem_release(&next);
        }
        problem_release(&first);
    }
    int64_t helped = 0; // more than one thread worked
    for (int i = 1; i < COUNTS; i++)
        for (int worker = 1; worker < threads[i]; worker++)
            helped += rung_pool_done(pools[i], worker);
    assert_true(helped > 0);
    for (int i = 0; i < COUNTS; i++) rung_pool_free(pools[i]);
}

/* Packing, and where B lies, changes no bit of the product. */
static void packing_keeps_the_bits(void **state)
{
    (void)state;
    rung_pool *pool;
    rung_error err;
    assert_ok(rung_pool_new(&pool, 2, &err));
    const rung_kernels *k = rung_kernels_get(RUNG_ISA_BEST);
    for (int i = 0; i < 4; i++) {
        rung_gemm g = sized(i & 1 ? 2 : 77, 333, 555, false, false);
        problem in_place = problem_make(k, &g), packed = problem_make(k, &g);
        problem_run(&in_place, pool, false);
        problem_run(&packed, pool, true);
        assert_memory_equal(in_place.g.c, packed.g.c,
                            (size_t)packed.c_len * k->real_bytes);
        problem_release(&in_place);
        problem_release(&packed);
    }
    rung_pool_free(pool);
}

static void empty_products_do_nothing(void **state)
{
    (void)state;
    rung_pool *pool;
    rung_error err;
    assert_ok(rung_pool_new(&pool, 2, &err));
    const rung_kernels *k = rung_kernels_get(RUNG_ISA_BEST);
    const int64_t sizes[][3] = {{0, 5, 5}, {5, 0, 5}, {0, 0, 0}};
    for (int i = 0; i < 3; i++) {
        rung_gemm g = sized(sizes[i][0], sizes[i][1], sizes[i][2], false, true);
        check(k, pool, &g, false);
    }
    assert_int_equal(rung_packed_bytes(k, INT64_MAX / 8, INT64_MAX / 8), 0); // overflows
    rung_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(product_is_right_around_tile_sizes),
        cmocka_unit_test(product_is_right_over_many_blocks),
        cmocka_unit_test(every_epilogue_is_right),
        cmocka_unit_test(batch_is_right_with_strides),
        cmocka_unit_test(large_operand_is_packed_in_passes),
        cmocka_unit_test(rows_are_made_slab_by_slab),
        cmocka_unit_test(threads_give_the_same_bits),
        cmocka_unit_test(packing_keeps_the_bits),
        cmocka_unit_test(empty_products_do_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
