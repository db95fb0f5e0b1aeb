/* Learning GloVe's vectors: what comes out, and that nothing but the seed changes it. */
#include "support.h"

#include "base/rng.h"
#include "base/runtime.h"
#include "learn/checkpoint.h"
#include "learn/glove.h"

static rung_error err;

enum { V = 90, TEXT = 20000, DIM = 10 };

/* Nine topics of ten words; a line keeps to one. */
static void make_text(int32_t *ids)
{
    rung_rng rng = rung_rng_make(7);
    uint64_t topic = 0;
    for (int i = 0; i < TEXT; i++) {
        if (i % 12 == 0) topic = rung_rng_below(&rng, 9);
        ids[i] = i % 12 == 11 ? -1 : (int32_t)(topic + 9 * rung_rng_below(&rng, 10));
    }
}

static rung_runtime *new_runtime(int threads)
{
    rung_runtime *rt;
    const rung_runtime_config config = {threads, RUNG_ISA_BEST, NULL, NULL};
    assert_ok(rung_runtime_new(&rt, &config, &err));
    return rt;
}

static void count(rung_cooccur *x, rung_runtime *rt, bool symmetric, const char *dir)
{
    static int32_t ids[TEXT];
    const rung_word_grid grid = {V, 7, 13};
    const rung_cooccur_config config = {.window = 5,
                                        .symmetric = symmetric,
                                        .by_distance = true,
                                        .x_max = 10,
                                        .alpha = 0.75,
                                        .seed = 1,
                                        .memory = dir ? 1 << 20 : 0,
                                        .dir = dir};
    make_text(ids);
    assert_ok(rung__cooccur_count(x, rt->pool, ids, TEXT, &grid, &config, &err));
}

typedef struct learned {
    float centre[V * DIM], context[V * DIM], centre_bias[V], context_bias[V];
} learned;

static rung_glove_vectors vectors_of(learned *l)
{
    return (rung_glove_vectors){l->centre, l->context, l->centre_bias, l->context_bias};
}

static const rung_glove_config basic = {.dim = DIM,
                                        .rounds = 7 * 30,
                                        .lr = 0.05,
                                        .clip = 100,
                                        .seed = 3,
                                        .keep = 2,
                                        .origin = "a test"};

static void learn(learned *l, int threads, bool symmetric, const char *scratch)
{
    const rung_glove_vectors out = vectors_of(l);
    rung_runtime *rt = new_runtime(threads);
    rung_train_result result;
    rung_cooccur x;
    count(&x, rt, symmetric, scratch);
    assert_true((x.file.size > 0) == (scratch != NULL));
    assert_ok(rung__glove_train(&out, rt, &x, &basic, NULL, false, NULL, &result, &err));
    assert_int_equal(result.end, RUNG_TRAIN_DONE);
    assert_int_equal(result.steps, basic.rounds);
    rung__cooccur_release(&x);
    rung_runtime_free(rt);
}

/* J a pair, in double, from the vectors alone. */
static double loss_of(const learned *l, const rung_cooccur *x)
{
    double loss = 0;
    for (int64_t b = 0; b < 49; b++) {
        for (int64_t k = 0; k < x->blocks[b].n; k++) {
            const rung_glove_record r = x->blocks[b].records[k];
            int64_t i = r.row * 7 + b / 7, j = r.column * 7 + b % 7;
            for (int turn = 0; turn < (i == j ? 1 : 2); turn++) {
                double diff = (double)l->centre_bias[i] + (double)l->context_bias[j] -
                              (double)r.log_x;
                for (int d = 0; d < DIM; d++)
                    diff +=
                        (double)l->centre[i * DIM + d] * (double)l->context[j * DIM + d];
                loss += 0.5 * (double)r.weight * diff * diff;
                const int64_t t = i;
                i = j, j = t;
            }
        }
    }
    return loss / (double)x->n_pairs;
}

static double cosine(const learned *l, int a, int b)
{
    double ab = 0, aa = 0, bb = 0;
    for (int d = 0; d < DIM; d++) {
        const double x = (double)l->centre[a * DIM + d] + (double)l->context[a * DIM + d];
        const double y = (double)l->centre[b * DIM + d] + (double)l->context[b * DIM + d];
        ab += x * y, aa += x * x, bb += y * y;
    }
    return ab / sqrt(aa * bb);
}

static void words_of_a_topic_are_near(void **state)
{
    (void)state;
    static learned l;
    rung_runtime *rt = new_runtime(2);
    const rung_glove_vectors out = vectors_of(&l);
    rung_train_result begun, first, last;
    rung_glove_config config = basic;
    rung_cooccur x;
    count(&x, rt, true, NULL);
    config.rounds = 3; // of an epoch's 7
    assert_ok(rung__glove_train(&out, rt, &x, &config, NULL, false, NULL, &begun, &err));
    config.rounds = 7;
    assert_ok(rung__glove_train(&out, rt, &x, &config, NULL, false, NULL, &first, &err));
    assert_ok(rung__glove_train(&out, rt, &x, &basic, NULL, false, NULL, &last, &err));
    assert_true(begun.train_loss > first.train_loss);
    assert_true(last.train_loss < 0.05 * first.train_loss);
    const double after = loss_of(&l, &x); // of one epoch's end, not of its way
    assert_true(after < last.train_loss && after > 0.5 * last.train_loss);
    for (int a = 0; a < V; a++) {
        int nearest = a == 0;
        for (int b = 0; b < V; b++)
            if (b != a && cosine(&l, a, b) > cosine(&l, a, nearest)) nearest = b;
        assert_int_equal(nearest % 9, a % 9);
    }
    rung__cooccur_release(&x);
    rung_runtime_free(rt);
}

static void threads_and_files_change_no_bit(void **state)
{
    static learned wanted, l;
    for (int symmetric = 0; symmetric < 2; symmetric++) {
        learn(&wanted, 1, symmetric, NULL);
        for (int threads = 1; threads <= 3; threads++) {
            learn(&l, threads, symmetric, NULL);
            assert_memory_equal(&l, &wanted, sizeof l);
            learn(&l, threads, symmetric, *state);
            assert_memory_equal(&l, &wanted, sizeof l);
        }
    }
}

/* ---- Going on ---- */

typedef struct stopper {
    int64_t at, reports;
} stopper;

static void note(void *self, const rung_train_report *r)
{
    stopper *s = self;
    s->reports++;
    assert_int_equal(r->steps, basic.rounds);
    assert_true(isfinite(r->loss) && r->loss > 0);
}

static bool should_stop(void *self)
{
    const stopper *s = self;
    return s->reports == s->at;
}

static void a_resumed_run_has_the_same_bits(void **state)
{
    static learned wanted, l;
    const rung_glove_vectors out = vectors_of(&l);
    rung_runtime *rt = new_runtime(2);
    rung_train_result result;
    rung_cooccur x;
    learn(&wanted, 1, true, NULL);
    count(&x, rt, true, NULL);
    rung_train_end end = RUNG_TRAIN_INTERRUPTED;
    int parts = 0;
    for (; end == RUNG_TRAIN_INTERRUPTED; parts++) {
        stopper s = {.at = 50};
        const rung_train_hooks hooks = {note, should_stop, &s};
        assert_ok(rung__glove_train(&out, rt, &x, &basic, *state, parts > 0, &hooks,
                                    &result, &err));
        end = result.end;
    }
    assert_int_equal(parts, 5);
    assert_memory_equal(&l, &wanted, sizeof l);
    rung__cooccur_release(&x);
    rung_runtime_free(rt);
}

static void a_run_goes_on_with_its_own_data_only(void **state)
{
    static learned l;
    const rung_glove_vectors out = vectors_of(&l);
    rung_runtime *rt = new_runtime(1);
    rung_train_result result;
    rung_cooccur x;
    rung_glove_config config = basic;
    config.save_every = 100;
    count(&x, rt, true, NULL);
    assert_ok(
        rung__glove_train(&out, rt, &x, &config, *state, false, NULL, &result, &err));
    assert_fails_saying(
        rung__glove_train(&out, rt, &x, &config, *state, false, NULL, &result, &err),
        RUNG_USAGE, "holds a run, saved at step 200: resume it");
    config.origin = "another test";
    assert_fails_saying(
        rung__glove_train(&out, rt, &x, &config, *state, true, NULL, &result, &err),
        RUNG_USAGE, "is of a run on a test, not on another test");
    config.origin = basic.origin, config.dim = 40;
    assert_fails_saying(
        rung__glove_train(&out, rt, &x, &config, *state, true, NULL, &result, &err),
        RUNG_INPUT, "'centre' is not that of this run");
    rung__cooccur_release(&x);
    rung_runtime_free(rt);
}

static void a_rate_that_is_too_large_is_a_message(void **state)
{
    (void)state;
    static learned l;
    const rung_glove_vectors out = vectors_of(&l);
    rung_runtime *rt = new_runtime(1);
    rung_train_result result;
    rung_cooccur x;
    rung_glove_config config = basic;
    config.lr = 1e30, config.clip = 0;
    count(&x, rt, true, NULL);
    assert_fails_saying(
        rung__glove_train(&out, rt, &x, &config, NULL, false, NULL, &result, &err),
        RUNG_DIVERGED, " of 210, with a rate of 1e+30: try a smaller one");
    rung__cooccur_release(&x);
    rung_runtime_free(rt);
}

typedef struct failing {
    rung_runtime *rt;
    const rung_cooccur *x;
    const char *dir;
} failing;

static rung_status train_again(void *ctx, rung_error *error)
{
    static learned l;
    const failing *f = ctx;
    const rung_glove_vectors out = vectors_of(&l);
    rung_train_result result;
    rung_glove_config config = basic;
    config.rounds = 3, config.save_every = 2;
    return rung__glove_train(&out, f->rt, f->x, &config, f->dir, true, NULL, &result,
                             error);
}

static void failed_allocations_are_survived(void **state)
{
    rung_cooccur x;
    failing f = {new_runtime(1), &x, *state};
    count(&x, f.rt, true, NULL);
    assert_true(assert_survives_failed_allocations(train_again, &f) > 20);
    rung__cooccur_release(&x);
    rung_runtime_free(f.rt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_a_topic_are_near),
        test_in_folder(threads_and_files_change_no_bit),
        test_in_folder(a_resumed_run_has_the_same_bits),
        test_in_folder(a_run_goes_on_with_its_own_data_only),
        cmocka_unit_test(a_rate_that_is_too_large_is_a_message),
        test_in_folder(failed_allocations_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
