/* GloVe's step: every set against the double one, and that against the paper. */
#include "support.h"

#include "kernels/compare.h"

enum { WORDS = 5, WIDTH = 2 * RUNG_GLOVE_LANES, N = 40 };

typedef struct words {
    array rows, columns; /* [WORDS, 2, WIDTH] */
    rung_glove_record records[N];
} words;

/* Parameters at random; sums of squares in [1, 2); the last two elements in use are bias
 * and 1, or 1 and bias. */
static array random_side(uint64_t seed, int64_t bias, int64_t one)
{
    array a = array_random(WORDS * 2 * WIDTH, -0.5, 0.5, seed);
    for (int64_t w = 0; w < WORDS; w++) {
        const int64_t at = w * 2 * WIDTH;
        for (int64_t i = 0; i < WIDTH; i++) {
            put(a, at + WIDTH + i, 1.5 + a.d[at + WIDTH + i]);
            if (i != bias && i != one && i > 24) put(a, at + i, 0);
        }
        put(a, at + one, 1);
        put(a, at + WIDTH + one, RUNG_GLOVE_FIXED);
    }
    return a;
}

static words words_new(void)
{
    words t = {random_side(1, 25, 26), random_side(2, 26, 25), {{0}}};
    rung_rng rng = rung_rng_make(3);
    for (int i = 0; i < N; i++) {
        t.records[i] =
            (rung_glove_record){.row = (uint16_t)rung_rng_below(&rng, WORDS),
                                .column = (uint16_t)rung_rng_below(&rng, WORDS),
                                .log_x = (float)rung_rng_normal(&rng),
                                .weight = (float)rung_rng_double(&rng)};
    }
    return t;
}

static void words_release(words *t)
{
    array_free(t->rows), array_free(t->columns);
}

static rung_glove_block block_of(const rung_kernels *k, const words *t)
{
    return (rung_glove_block){.n = N,
                              .records = t->records,
                              .width = WIDTH,
                              .rows = of(k, t->rows),
                              .columns = of(k, t->columns),
                              .lr = 0.05,
                              .clip = 0.3};
}

static void every_set_agrees_with_double(void **state)
{
    (void)state;
    for (const rung_kernels *k = first_set(); k; k = next_set(k)) {
        for (int variant = 0; variant < 4; variant++) {
            words t = words_new();
            rung_glove_block b = block_of(rung_kernels_double(), &t);
            b.is_swapped = variant & 1, b.skips_diagonal = variant & 2;
            const double wanted = rung_kernels_double()->glove(&b);
            b.rows = t.rows.f, b.columns = t.columns.f;
            check_value(k, "glove's loss", variant, k->glove(&b), wanted, 1e-6);
            check_array(k, "glove's rows", t.rows, 1e-6);
            check_array(k, "glove's columns", t.columns, 1e-6);
            words_release(&t);
        }
    }
}

/* 1/2 weight (<a, b> - log_x)^2 of one record. */
typedef struct one_record {
    const double *a, *b;
    rung_glove_record r;
} one_record;

static double loss_of(void *ctx)
{
    const one_record *s = ctx;
    double diff = -(double)s->r.log_x;
    for (int i = 0; i < WIDTH; i++) diff += s->a[i] * s->b[i];
    return 0.5 * (double)s->r.weight * diff * diff;
}

/* With sums of squares of 1 the parameters move by lr times the derivative, and the sums
 * grow by the square of that. */
static void a_step_follows_the_derivative(void **state)
{
    (void)state;
    const double lr = 0.25;
    const rung_kernels *k = rung_kernels_double();
    array a = array_random(2 * WIDTH, -1, 1, 4), b = array_random(2 * WIDTH, -1, 1, 5);
    for (int64_t i = WIDTH; i < 2 * WIDTH; i++) put(a, i, 1), put(b, i, 1);
    array a0 = array_dup(a), b0 = array_dup(b);
    one_record s = {a0.d, b0.d, {0, 0, 0.7f, 0.6f}};
    const rung_glove_block block = {.n = 1,
                                    .records = &s.r,
                                    .width = WIDTH,
                                    .rows = a.d,
                                    .columns = b.d,
                                    .lr = lr,
                                    .clip = INFINITY};
    assert_near(k->glove(&block), loss_of(&s), 1e-14);
    array da = array_new(WIDTH), db = array_new(WIDTH);
    for (int64_t i = 0; i < WIDTH; i++) {
        da.d[i] = (a0.d[i] - a.d[i]) / lr;
        db.d[i] = (b0.d[i] - b.d[i]) / lr;
        assert_near(a.d[WIDTH + i], 1 + lr * lr * da.d[i] * da.d[i], 1e-12);
        assert_near(b.d[WIDTH + i], 1 + lr * lr * db.d[i] * db.d[i], 1e-12);
    }
    array head_a = {a0.f, a0.d, WIDTH}, head_b = {b0.f, b0.d, WIDTH};
    check_gradient("glove's row", head_a, da, loss_of, &s);
    check_gradient("glove's column", head_b, db, loss_of, &s);
    array_free(a), array_free(b), array_free(a0), array_free(b0);
    array_free(da), array_free(db);
}

static void ones_stay_and_gradients_are_clipped(void **state)
{
    (void)state;
    words t = words_new(), before = words_new();
    for (int i = 0; i < N; i++) t.records[i].log_x = 50;
    const rung_glove_block b = block_of(rung_kernels_double(), &t);
    rung_glove_block one = b;
    for (one.n = 1; one.records < b.records + N; one.records++) {
        const double *row = t.rows.d + one.records->row * 2 * WIDTH;
        double old[WIDTH];
        memcpy(old, row, sizeof old);
        rung_kernels_double()->glove(&one);
        for (int i = 0; i < WIDTH; i++)
            assert_true(fabs(row[i] - old[i]) <= 0.05 * 0.3 + 1e-12);
    }
    for (int64_t w = 0; w < WORDS; w++) {
        assert_near(t.rows.d[w * 2 * WIDTH + 26], 1, 0);
        assert_near(t.columns.d[w * 2 * WIDTH + 25], 1, 0);
        assert_true(t.rows.d[w * 2 * WIDTH + 25] != before.rows.d[w * 2 * WIDTH + 25]);
        assert_near(t.rows.d[w * 2 * WIDTH + 31], 0, 0);
    }
    words_release(&t), words_release(&before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_set_agrees_with_double),
        cmocka_unit_test(a_step_follows_the_derivative),
        cmocka_unit_test(ones_stay_and_gradients_are_clipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
