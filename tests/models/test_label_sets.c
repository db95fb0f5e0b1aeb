/* The score of several labels, by numbers that were computed by hand. */
#include "support.h"

#include "models/label_sets.h"

static rung_error err;

enum { N = 4, L = 3 };
static const double p[N][L] = {
    {0.9, 0.8, 0.1}, {0.6, 0.2, 0.7}, {0.3, 0.4, 0.2}, {0.9, 0.1, 0.6}};
static const rung_span texts[N];
static const int32_t labels[] = {0, 1, 2, 1, -1, 2};
static const int64_t first[] = {0, 2, 3, 4, 6}; /* {0, 1}, {2}, {1}, {unknown, 2} */

static rung_label_score score_of(const rung_examples *data)
{
    float logp[N * L];
    rung_label_score s;
    for (int i = 0; i < N * L; i++) logp[i] = (float)log(p[i / L][i % L]);
    assert_ok(rung__label_sets_score(&s, logp, data, L, &err));
    return s;
}

/* Above one half: {0, 1}, {0, 2}, {}, {0, 2}. */
static void counts_are_of_labels_above_one_half(void **state)
{
    (void)state;
    rung_label_score s = score_of(
        &(rung_examples){.texts = texts, .labels = labels, .count = N, .first = first});
    const size_t given[] = {1, 2, 2}, predicted[] = {3, 1, 2}, right[] = {1, 1, 2};
    for (int l = 0; l < L; l++) {
        assert_int_equal(s.of_label[l].given, given[l]);
        assert_int_equal(s.of_label[l].predicted, predicted[l]);
        assert_int_equal(s.of_label[l].right, right[l]);
    }
    assert_near(s.of_label[0].precision, 1.0 / 3, 1e-12);
    assert_near(s.of_label[1].recall, 0.5, 1e-12);
    assert_near(s.of_label[0].f1, 0.5, 1e-12);
    assert_near(s.macro_f1, (0.5 + 2.0 / 3 + 1) / 3, 1e-12);
    assert_near(s.micro_f1, 2.0 * 4 / (6 + 6), 1e-12); // the unknown label is given too
    rung_label_score_release(&s);
}

/* In order of probability: 0 1 2, 2 0 1, 1 0 2, 0 2 1. */
static void the_first_labels_are_right_as_often_as_they_are_given(void **state)
{
    (void)state;
    rung_label_score s = score_of(
        &(rung_examples){.texts = texts, .labels = labels, .count = N, .first = first});
    assert_near(s.accuracy, 3.0 / 4, 1e-12);
    assert_int_equal(s.n_unknown, 1);
    const double hits[] = {3, 5, 5};
    for (int k = 0; k < L; k++) {
        assert_near(s.precision_at[k], hits[k] / (N * (k + 1)), 1e-12);
        assert_near(s.recall_at[k], hits[k] / 6, 1e-12);
    }
    rung_label_score_release(&s);
}

static void every_label_of_every_text_is_a_question(void **state)
{
    (void)state;
    static const bool has[N][L] = {{1, 1, 0}, {0, 0, 1}, {0, 1, 0}, {0, 0, 1}};
    rung_label_score s = score_of(
        &(rung_examples){.texts = texts, .labels = labels, .count = N, .first = first});
    double nats = 0, brier = 0;
    size_t counted = 0;
    for (int i = 0; i < N * L; i++) {
        const double q = p[i / L][i % L];
        nats -= log(has[i / L][i % L] ? q : 1 - q) / (N * L);
        brier += (q - has[i / L][i % L]) * (q - has[i / L][i % L]) / (N * L);
    }
    for (int b = 0; b < RUNG_CALIBRATION_BINS; b++) counted += s.calibration[b].count;
    assert_near(s.log_loss, nats, 1e-6);
    assert_near(s.brier, brier, 1e-6);
    assert_int_equal(counted, N * L);
    assert_near(s.of_label[1].roc_auc, 1, 1e-12);       // 0.8 and 0.4 before 0.2 and 0.1
    assert_near(s.of_label[0].roc_auc, 2.5 / 3, 1e-12); // 0.9, and as high another one
    rung_label_score_release(&s);
}

static void one_label_each_is_a_set_of_one(void **state)
{
    (void)state;
    static const int32_t ones[] = {0, 2, 1, 1};
    static const int64_t each[] = {0, 1, 2, 3, 4};
    rung_label_score a =
        score_of(&(rung_examples){.texts = texts, .labels = ones, .count = N});
    rung_label_score b = score_of(
        &(rung_examples){.texts = texts, .labels = ones, .count = N, .first = each});
    assert_near(a.accuracy, 0.75, 1e-12);
    assert_near(a.log_loss, b.log_loss, 0);
    assert_near(a.micro_f1, b.micro_f1, 0);
    rung_label_score_release(&a), rung_label_score_release(&b);
}

static void a_text_without_labels_has_a_loss_and_an_interval(void **state)
{
    (void)state;
    static const int64_t none[N + 1] = {0};
    rung_label_score s = score_of(
        &(rung_examples){.texts = texts, .labels = labels, .count = N, .first = none});
    const rung_label_score *one = &s;
    rung_label_intervals i;
    assert_ok(rung_label_bootstrap(&i, &one, 1, NULL, 0, 1, &err));
    assert_true(i.log_loss.low < s.log_loss && s.log_loss < i.log_loss.high);
    assert_near(s.accuracy, 0, 0);
    rung_label_score_release(&s);
}

/* All as sure as a float can be: of what is, and of what is not. */
static void certainty_costs_a_finite_number(void **state)
{
    (void)state;
    const float sure[] = {0, 0};
    const int32_t one[] = {0};
    const rung_examples data = {.texts = texts, .labels = one, .count = 1};
    rung_label_score s;
    assert_ok(rung__label_sets_score(&s, sure, &data, 2, &err));
    assert_near(s.log_loss, 24 * log(2) / 2, 1e-5);
    rung_label_score_release(&s);
}

static rung_status work(void *ctx, rung_error *error)
{
    (void)ctx;
    const rung_examples data = {
        .texts = texts, .labels = labels, .count = N, .first = first};
    const float logp[N * L] = {-1, -2, -3};
    rung_label_score s;
    RUNG_TRY(rung__label_sets_score(&s, logp, &data, L, error));
    rung_label_score_release(&s);
    return RUNG_OK;
}

static void failed_allocations_leave_no_trace(void **state)
{
    (void)state;
    assert_int_equal(assert_survives_failed_allocations(work, NULL), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_of_labels_above_one_half),
        cmocka_unit_test(the_first_labels_are_right_as_often_as_they_are_given),
        cmocka_unit_test(every_label_of_every_text_is_a_question),
        cmocka_unit_test(one_label_each_is_a_set_of_one),
        cmocka_unit_test(a_text_without_labels_has_a_loss_and_an_interval),
        cmocka_unit_test(certainty_costs_a_finite_number),
        cmocka_unit_test(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
