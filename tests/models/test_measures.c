/* Measures of classifiers against scikit-learn, and where there is little to measure. */
#include "support.h"

#include "golden.h"
#include "models/ranking.h"
#include "rung/classify.h"

static const rung_stored *find(const rung_safetensors *file, const char *name,
                               const char *part)
{
    const rung_stored *t = golden_find(file, "%s.%s", name, part);
    assert_non_null(t);
    return t;
}

static void assert_close(const char *what, int64_t i, double x, double wanted)
{
    if (isnan(x) && isnan(wanted)) return;
    if (!(fabs(x - wanted) <= 2e-7)) // probabilities are floats
        fail_msg("%s %lld is %.12g, not %.12g", what, (long long)i, x, wanted);
}

static void check_figures(const rung_label_score *s, const double *wanted)
{
    const double is[] = {s->accuracy, s->macro_f1,          s->micro_f1,
                         s->roc_auc,  s->average_precision, s->log_loss,
                         s->brier,    s->calibration_error};
    for (int i = 0; i < 8; i++) assert_close("figure", i, is[i], wanted[i]);
}

static void check_labels(const rung_label_score *s, const double (*wanted)[6])
{
    for (int64_t l = 0; l < s->n_labels; l++) {
        const rung_label_figures *f = &s->of_label[l];
        const double is[] = {f->precision,     f->recall,  f->f1,
                             (double)f->given, f->roc_auc, f->average_precision};
        for (int i = 0; i < 6; i++) {
            // Without a text of the label no curve has two ends.
            if (i == 5 && f->given == 0) assert_true(isnan(is[i]));
            assert_close("figure of label", 6 * l + i, is[i], wanted[l][i]);
        }
    }
}

static void check_calibration(const rung_label_score *s, const double (*wanted)[3])
{
    for (int b = 0; b < RUNG_CALIBRATION_BINS; b++) {
        assert_int_equal(s->calibration[b].count, (size_t)wanted[b][0]);
        assert_close("confidence", b, s->calibration[b].confidence, wanted[b][1]);
        assert_close("right", b, s->calibration[b].right, wanted[b][2]);
    }
}

static void check_confusion(const rung_label_score *s, const int32_t *wanted)
{
    size_t counts[64];
    assert_true(s->n_labels <= 8);
    rung_label_score_confusion(counts, s);
    for (int64_t i = 0; i < s->n_labels * s->n_labels; i++)
        assert_int_equal(counts[i], wanted[i]);
}

static void scores_are_those_of_sklearn(void **state)
{
    (void)state;
    rung_error err = {0};
    rung_safetensors *file = golden_open("measures");
    static const char *const cases[] = {"two", "seven", "missing"};
    for (int c = 0; c < 3; c++) {
        rung_label_score s;
        const rung_stored *logp = find(file, cases[c], "logp");
        const rung_stored *top = find(file, cases[c], "recall_at");
        assert_ok(rung_label_score_of(&s, logp->data,
                                      find(file, cases[c], "labels")->data,
                                      (size_t)logp->shape[0], logp->shape[1], &err));
        check_figures(&s, find(file, cases[c], "figures")->data);
        check_labels(&s, find(file, cases[c], "of_label")->data);
        check_calibration(&s, find(file, cases[c], "calibration")->data);
        check_confusion(&s, find(file, cases[c], "confusion")->data);
        for (int64_t k = 0; k < top->shape[0]; k++)
            assert_close("recall at", k + 1, s.recall_at[k],
                         ((const double *)top->data)[k]);
        rung_label_score_release(&s);
    }
    rung_safetensors_close(file);
}

/* The texts of the case with two labels, by the score of label 1. */
static size_t sorted_cases(const rung_safetensors *file, rung__scored *cases)
{
    const float *logp = find(file, "two", "logp")->data;
    const int32_t *labels = find(file, "two", "labels")->data;
    const size_t n = (size_t)find(file, "two", "labels")->shape[0];
    for (size_t i = 0; i < n; i++)
        cases[i] = (rung__scored){logp[2 * i + 1], labels[i] == 1};
    rung__scored_sort(cases, n);
    return n;
}

static void curves_are_those_of_sklearn(void **state)
{
    (void)state;
    rung_safetensors *file = golden_open("measures");
    static const char *const names[] = {[RUNG__ROC] = "roc", [RUNG__PR] = "pr"};
    rung__scored cases[200];
    double x[202], y[202];
    const size_t n = sorted_cases(file, cases);
    for (rung__curve_kind kind = RUNG__ROC; kind <= RUNG__PR; kind++) {
        const rung_stored *curve = find(file, "two", names[kind]);
        const double(*wanted)[2] = curve->data;
        const size_t n_points = rung__ranking_curve(x, y, 202, kind, cases, n);
        assert_int_equal(n_points, curve->shape[0]);
        for (size_t i = 0; i < n_points; i++) {
            assert_near(x[i], wanted[i][0], 1e-12);
            assert_near(y[i], wanted[i][1], 1e-12);
        }
        // Fewer points lie on the same curve, and end where it ends.
        const size_t few = rung__ranking_curve(x, y, 20, kind, cases, n);
        assert_in_range(few, 15, 20);
        for (size_t i = 0, k = 0; i < few; i++, k++) {
            while (k < n_points && (fabs(x[i] - wanted[k][0]) > 1e-12 ||
                                    fabs(y[i] - wanted[k][1]) > 1e-12))
                k++;
            assert_true(k < n_points);
        }
        assert_true(x[few - 1] == 1);
    }
    rung_safetensors_close(file);
}

static void one_side_alone_has_no_area(void **state)
{
    (void)state;
    rung__scored same[] = {{0.5f, true}, {0.5f, false}, {0.5f, true}};
    rung__scored alone[] = {{0.9f, false}, {0.5f, false}};
    assert_near(rung__roc_auc(same, 3), 0.5, 0);
    assert_near(rung__average_precision(same, 3), 2.0 / 3, 1e-15);
    assert_true(isnan(rung__roc_auc(alone, 2)));
    assert_true(isnan(rung__average_precision(alone, 2)));
    assert_true(isnan(rung__roc_auc(alone, 0)));
}

static void hits_count_several_labels(void **state)
{
    (void)state;
    const float scores[] = {0.1f, 0.4f, 0.4f, 0.2f};
    size_t hits[3] = {0};
    rung__count_hits(hits, 3, scores, 4, (int32_t[]){2, 0, -1}, 3); // ranks 1 and 3
    rung__count_hits(hits, 3, scores, 4, (int32_t[]){1, 3}, 2);     // ranks 0 and 2
    assert_int_equal(hits[0], 1);
    assert_int_equal(hits[1], 2);
    assert_int_equal(hits[2], 3);
}

typedef struct scoring {
    const float *logp;
    const int32_t *labels;
} scoring;

static rung_status score_and_tell(void *ctx, rung_error *err)
{
    const scoring *c = ctx;
    rung_label_score s;
    rung_label_intervals i;
    RUNG_TRY(rung_label_score_of(&s, c->logp, c->labels, 200, 2, err));
    const rung_label_score *one = &s;
    const rung_status status = rung_label_bootstrap(&i, &one, 1, NULL, 0, 1, err);
    rung_label_score_release(&s);
    return status;
}

static void memory_may_run_out(void **state)
{
    (void)state;
    rung_safetensors *file = golden_open("measures");
    scoring c = {find(file, "two", "logp")->data, find(file, "two", "labels")->data};
    assert_true(assert_survives_failed_allocations(score_and_tell, &c) >= 12);
    rung_safetensors_close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_of_sklearn),
        cmocka_unit_test(curves_are_those_of_sklearn),
        cmocka_unit_test(one_side_alone_has_no_area),
        cmocka_unit_test(hits_count_several_labels),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("measures", tests, NULL, NULL);
}
