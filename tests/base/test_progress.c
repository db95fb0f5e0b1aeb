#include "support.h"

#include "base/progress.h"

#define MS ((int64_t)1000000)

typedef struct seen {
    int n;
    rung_progress last;
} seen;

static void note(void *self, const rung_progress *now)
{
    seen *s = self;
    s->n++;
    s->last = *now;
}

static void reports_are_at_least_a_tenth_of_a_second_apart(void **state)
{
    (void)state;
    seen s = {0};
    rung_meter m;
    rung_meter_start(&m, (rung_progress_sink){note, &s}, "gpt", "tok", 0, 1000);
    for (int ms = 1; ms <= 1000; ms++) {
        rung__meter_update_at(&m, ms, NAN, m.start_ns + ms * MS, false);
    }
    assert_int_equal(s.n, 10);
    assert_string_equal(s.last.label, "gpt");
    assert_string_equal(s.last.unit, "tok");
    assert_true(s.last.done == 1000);
    assert_false(s.last.is_last);
}

static void a_steady_rate_gives_the_time_left(void **state)
{
    (void)state;
    seen s = {0};
    rung_meter m;
    rung_meter_start(&m, (rung_progress_sink){note, &s}, "gpt", "tok", 500, 1000);
    for (int i = 1; i <= 20; i++) {
        rung__meter_update_at(&m, 500 + i, 2.5 / i, m.start_ns + i * 200 * MS, false);
    }
    assert_near(s.last.rate, 5, 1e-9); // what an earlier run did does not count
    assert_near(s.last.left, (1000 - 520) / 5.0, 1e-6);
    assert_near(s.last.elapsed, 4, 1e-9);
    assert_near(s.last.loss, 2.5 / 20, 1e-12);
}

static void the_rate_follows_what_happens_lately(void **state)
{
    (void)state;
    seen s = {0};
    rung_meter m;
    rung_meter_start(&m, (rung_progress_sink){note, &s}, "x", "step", 0, 0);
    double done = 0;
    for (int i = 1; i <= 300; i++) {
        done += i <= 100 ? 100 : 10; // ten times slower from a third on
        rung__meter_update_at(&m, done, NAN, m.start_ns + i * 100 * MS, false);
        if (i == 100) assert_near(s.last.rate, 1000, 1e-6);
    }
    assert_near(s.last.rate, 100, 5);
    assert_near(s.last.left, -1, 0); // no total
    assert_true(isnan(s.last.loss));
}

static void the_end_is_always_reported(void **state)
{
    (void)state;
    seen s = {0};
    rung_meter m;
    rung_meter_start(&m, (rung_progress_sink){note, &s}, "x", "step", 0, 10);
    rung_meter_update(&m, 10, 1.5);
    assert_int_equal(s.n, 0);
    rung_meter_end(&m);
    assert_int_equal(s.n, 1);
    assert_true(s.last.is_last);
    assert_true(s.last.done == 10 && s.last.loss == 1.5);
    assert_true(s.last.rate > 0 && s.last.left == 0);
}

static void nobody_need_listen(void **state)
{
    (void)state;
    rung_meter m;
    rung_meter_start(&m, (rung_progress_sink){0}, "x", "step", 0, 10);
    rung_meter_update(&m, 5, 1);
    rung_meter_end(&m);
    assert_true(m.now.done == 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_are_at_least_a_tenth_of_a_second_apart),
        cmocka_unit_test(a_steady_rate_gives_the_time_left),
        cmocka_unit_test(the_rate_follows_what_happens_lately),
        cmocka_unit_test(the_end_is_always_reported),
        cmocka_unit_test(nobody_need_listen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
