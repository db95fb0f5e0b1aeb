/* The score of a classifier: against figures worked out by hand, and the bootstrap. */
#include "support.h"

#include <math.h>

#include "rung/classify.h"

static rung_label_score score_of(const float *p, const int32_t *labels, size_t n,
                                 int64_t n_labels)
{
    rung_error err;
    rung_label_score s;
    float logp[64];
    assert_true(n * (size_t)n_labels <= 64);
    for (size_t i = 0; i < n * (size_t)n_labels; i++) logp[i] = logf(p[i]);
    assert_ok(rung_label_score_of(&s, logp, labels, n, n_labels, &err));
    return s;
}

/* Given 0 0 1 1 2 (and one unknown), predicted 0 1 1 1 0 (and 1). */
static const float p3[] = {0.7f, 0.2f, 0.1f, 0.3f, 0.6f, 0.1f, 0.1f, 0.8f, 0.1f,
                           0.2f, 0.5f, 0.3f, 0.5f, 0.1f, 0.4f, 0.1f, 0.8f, 0.1f};
static const int32_t labels3[] = {0, 0, 1, 1, 2, -1};

static void figures_are_those_worked_out_by_hand(void **state)
{
    (void)state;
    rung_label_score s = score_of(p3, labels3, 6, 3);
    assert_int_equal(s.n_unknown, 1);
    assert_near(s.accuracy, 3.0 / 6, 1e-12); // the unknown one is wrong
    // F1: 2*1/(2+2), 2*2/(2+4), 0
    assert_near(s.macro_f1, (0.5 + 4.0 / 6 + 0) / 3, 1e-12);
    double nats = log(0.7) + log(0.3) + log(0.8) + log(0.5) + log(0.4);
    assert_near(s.log_loss, -nats / 5, 1e-6);
    static const size_t wanted[] = {1, 1, 0, 0, 2, 0, 1, 0, 0};
    size_t counts[9];
    rung_label_score_confusion(counts, &s);
    assert_memory_equal(counts, wanted, sizeof counts);
    // Without the unknown one, 5 are left: 3 right of 5 given, and of 6 predicted.
    assert_near(s.micro_f1, 2 * 3.0 / (5 + 6), 1e-12);
    assert_int_equal(s.of_label[1].given, 2);
    assert_int_equal(s.of_label[1].predicted, 4);
    assert_near(s.of_label[1].precision, 2.0 / 4, 1e-12);
    assert_near(s.recall_at[0], 3.0 / 6, 1e-12);
    assert_near(s.recall_at[1], 5.0 / 6, 1e-12);
    assert_near(s.recall_at[2], 5.0 / 6, 1e-12);
    rung_label_score_release(&s);
}

static void a_label_that_never_occurs_does_not_count_in_f1(void **state)
{
    (void)state;
    static const float p[] = {0.8f, 0.1f, 0.1f, 0.1f, 0.8f, 0.1f};
    static const int32_t labels[] = {0, 1};
    rung_label_score s = score_of(p, labels, 2, 3);
    assert_near(s.macro_f1, 1, 1e-12);
    rung_label_score_release(&s);
}

/* n examples of two labels, of which every `period`-th is wrong. */
static rung_label_score every(size_t n, size_t period)
{
    static float logp[4000];
    static int32_t labels[2000];
    rung_error err;
    rung_label_score s;
    assert_true(n <= 2000);
    for (size_t i = 0; i < n; i++) {
        labels[i] = (int32_t)(i / 3 % 2);
        int right = i % period != 0;
        logp[2 * i + (size_t)labels[i]] = right ? logf(0.9f) : logf(0.1f);
        logp[2 * i + 1 - (size_t)labels[i]] = right ? logf(0.1f) : logf(0.9f);
    }
    assert_ok(rung_label_score_of(&s, logp, labels, n, 2, &err));
    return s;
}

static rung_status bootstrap(rung_label_intervals *out, const rung_label_score *a,
                             const rung_label_score *b, rung_error *err)
{
    return rung_label_bootstrap(out, &a, 1, &b, b != NULL, 1, err);
}

static void intervals_have_the_width_of_the_normal_ones(void **state)
{
    (void)state;
    rung_error err;
    rung_label_score s = every(2000, 10);
    rung_label_intervals i;
    assert_ok(bootstrap(&i, &s, NULL, &err));
    double half = 1.96 * sqrt(0.9 * 0.1 / 2000); // of a share
    assert_near(i.accuracy.low, 0.9 - half, 0.25 * half);
    assert_near(i.accuracy.high, 0.9 + half, 0.25 * half);
    double spread = fabs(log(0.9) - log(0.1)); // two values, likewise
    assert_near(i.log_loss.high - i.log_loss.low, 2 * half * spread, half * spread);
    assert_true(i.macro_f1.low < s.macro_f1 && s.macro_f1 < i.macro_f1.high);
    rung_label_intervals again;
    assert_ok(bootstrap(&again, &s, NULL, &err));
    assert_memory_equal(&i, &again, sizeof i);
    rung_label_score_release(&s);
}

static void pairs_make_a_small_difference_sure(void **state)
{
    (void)state;
    rung_error err;
    // The second errs wherever the first does, and 50 times more.
    rung_label_score a = every(2000, 40), b = every(2000, 20), other = every(1000, 20);
    rung_label_intervals i;
    assert_ok(bootstrap(&i, &a, &b, &err));
    assert_true(i.accuracy.low > 0.015 && i.accuracy.high < 0.035);
    assert_true(i.log_loss.high < 0);
    assert_ok(bootstrap(&i, &a, &a, &err));
    assert_true(i.accuracy.low == 0 && i.accuracy.high == 0);
    assert_fails(bootstrap(&i, &a, &other, &err), RUNG_USAGE,
                 "scores of 2000 and of 1000 examples");
    rung_label_score_release(&a);
    rung_label_score_release(&b);
    rung_label_score_release(&other);
}

/* Two scores whose mistakes are not the same ones: their mean varies less. */
static void the_mean_of_scores_is_resampled(void **state)
{
    (void)state;
    rung_error err;
    rung_label_score a = every(2000, 10), b = every(2000, 9);
    const rung_label_score *both[] = {&a, &b}, *one = &a;
    rung_label_intervals of_both, alone;
    assert_ok(rung_label_bootstrap(&of_both, both, 2, NULL, 0, 1, &err));
    assert_ok(rung_label_bootstrap(&alone, &one, 1, NULL, 0, 1, &err));
    const double mean = (a.accuracy + b.accuracy) / 2;
    assert_true(of_both.accuracy.low < mean && mean < of_both.accuracy.high);
    assert_near((of_both.accuracy.high - of_both.accuracy.low) /
                    (alone.accuracy.high - alone.accuracy.low),
                sqrt(0.5), 0.1);
    // Against one of them half of the difference to the other is left.
    assert_ok(rung_label_bootstrap(&of_both, both, 2, &one, 1, 1, &err));
    const double gap = (b.accuracy - a.accuracy) / 2;
    assert_true(of_both.accuracy.low < gap && gap < of_both.accuracy.high);
    rung_label_score_release(&a);
    rung_label_score_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_worked_out_by_hand),
        cmocka_unit_test(a_label_that_never_occurs_does_not_count_in_f1),
        cmocka_unit_test(intervals_have_the_width_of_the_normal_ones),
        cmocka_unit_test(the_mean_of_scores_is_resampled),
        cmocka_unit_test(pairs_make_a_small_difference_sure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
