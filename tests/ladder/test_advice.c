/* The advice: the lowest rung that cannot be told from the best, by the pieces of the
 * valid text. */
#include "support.h"

#include "ladder/advice.h"

enum { PIECES = 50, BYTES = 10000 };

static const rung_raw_ops counts = {.fit = (void *)1}, trains = {.fit = NULL};
static const rung_class count_class = {.name = "count", .raw = &counts};
static const rung_class low_class = {.name = "low", .raw = &trains};
static const rung_class high_class = {.name = "high", .raw = &trains};

/* A row whose pieces cost `mean` nats each, plus noise that alternates by `spread`. */
static void advise(rung_ladder *l, double budget)
{
    rung_error err;
    assert_ok(rung__ladder_advise(l, budget, 1, &err));
}

static void fill(rung_ladder_row *row, const rung_class *type, double mean, double spread,
                 bool converged, double pieces[PIECES])
{
    *row = (rung_ladder_row){.type = type};
    for (int i = 0; i < PIECES; i++) {
        pieces[i] = mean + (i % 2 ? spread : -spread);
        row->fit.valid.nats += pieces[i];
    }
    row->fit.valid.chunk_nats = pieces;
    row->fit.valid.n_chunks = PIECES;
    row->fit.valid.bytes = BYTES;
    row->fit.valid.tokens = BYTES;
    row->fit.valid.bits_per_byte = row->fit.valid.nats / log(2) / BYTES;
    row->fit.test.bits_per_byte = row->fit.valid.bits_per_byte;
    row->fit.train.converged = converged;
}

static void a_clear_gap_takes_the_best(void **state)
{
    (void)state;
    static double a[PIECES], b[PIECES];
    rung_ladder l = {.n_rows = 2};
    fill(&l.rows[0], &count_class, 300, 1, true, a);
    fill(&l.rows[1], &high_class, 250, -1, true, b);
    advise(&l, 60);
    assert_int_equal(l.best, 1);
    assert_int_equal(l.recommended, 1);
    assert_near(l.rows[0].gap, 50.0 * PIECES / log(2) / BYTES, 1e-12);
    assert_near(l.rows[1].gap, 0, 0);
    // Differences alternate 48, 52: deviation 2 sqrt(n / (n - 1)), times sqrt(n) in
    // the sum.
    assert_near(l.rows[0].gap_error,
                2 * sqrt(PIECES / (PIECES - 1.0)) * sqrt(PIECES) / log(2) / BYTES, 1e-12);
    assert_contains(l.advice, "Take high");
    assert_contains(l.advice, "The rung below, count, needs 0.361 bits a byte more");
}

static void a_gap_within_the_noise_takes_the_lower(void **state)
{
    (void)state;
    static double a[PIECES], b[PIECES];
    rung_ladder l = {.n_rows = 2};
    fill(&l.rows[0], &low_class, 251, 20, true, a);
    fill(&l.rows[1], &high_class, 250, -20, true, b);
    advise(&l, 60);
    assert_int_equal(l.best, 1);
    assert_int_equal(l.recommended, 0);
    assert_contains(l.advice, "Take low");
    assert_contains(l.advice, "within the noise");
}

static void the_budget_that_stopped_all_is_named(void **state)
{
    (void)state;
    static double a[PIECES], b[PIECES], c[PIECES];
    rung_ladder l = {.n_rows = 3};
    fill(&l.rows[0], &count_class, 240, 1, true, a);
    fill(&l.rows[1], &low_class, 260, 1, false, b);
    fill(&l.rows[2], &high_class, 270, 1, false, c);
    advise(&l, 60);
    assert_int_equal(l.recommended, 0);
    assert_contains(l.advice, "All trained rungs were stopped by the budget");
    assert_contains(l.advice, "try --budget 4m");
    l.rows[1].fit.train.converged = true;
    advise(&l, 60);
    assert_contains(l.advice, "Some rungs were stopped by the budget");
}

/* Two trainings of the upper rung: one better than the lower rung, one worse. */
static void other_seeds_might_have_given_the_lower(void **state)
{
    (void)state;
    static double a[PIECES], b[PIECES], c[PIECES];
    rung_ladder_row second;
    rung_ladder l = {.n_rows = 2};
    fill(&l.rows[0], &count_class, 251, 1, true, a);
    fill(&l.rows[1], &high_class, 240, 1, true, b);
    fill(&second, &high_class, 256, 1, true, c);
    advise(&l, 60);
    assert_int_equal(l.recommended, 1); // the first training alone says so
    l.rows[1].more = &second.fit;
    l.rows[1].n_runs = 2;
    advise(&l, 60);
    const double bits = PIECES / log(2) / BYTES;
    assert_int_equal(l.best, 1);
    assert_int_equal(l.rows[1].best_run, 0);
    assert_near(l.rows[1].valid.mean.bits_per_byte, 248 * bits, 1e-12);
    assert_near(l.rows[1].valid.spread.bits_per_byte, sqrt(2) * 8 * bits, 1e-12);
    assert_near(l.rows[0].gap, 3 * bits, 1e-12);
    // No noise of the text; of the seeds s / sqrt(2) = 8, with the t of one degree.
    assert_near(l.rows[0].gap_error, 8 * bits, 1e-9);
    assert_near(l.rows[0].gap_interval.high - l.rows[0].gap, 12.706 * 8 * bits, 1e-9);
    assert_int_equal(l.recommended, 0);
    fill(&l.rows[0], &count_class, 380, 1, true, a); // too far for any seed
    advise(&l, 60);
    assert_int_equal(l.recommended, 1);
    assert_contains(l.advice, "the mean of 2 trainings with a spread of ");
    assert_contains(l.advice, "; the best of them on valid is high.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clear_gap_takes_the_best),
        cmocka_unit_test(a_gap_within_the_noise_takes_the_lower),
        cmocka_unit_test(other_seeds_might_have_given_the_lower),
        cmocka_unit_test(the_budget_that_stopped_all_is_named),
    };
    return cmocka_run_group_tests_name("advice", tests, NULL, NULL);
}
