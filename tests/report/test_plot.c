/* Names beside points keep apart. */
#include "support.h"

#include "report/plot.h"

enum { POINTS = 300 };

static bool overlap(const rung__box *a, const rung__box *b)
{
    return a->left < b->right && b->left < a->right && a->top < b->bottom &&
           b->top < a->bottom;
}

static void names_never_overlap(void **state)
{
    (void)state;
    static rung__box taken[2 * POINTS];
    rung__boxes boxes = {.taken = taken, .frame = {0, 0, 700, 400}};
    rung__box found;
    bool is_far;
    size_t n_named = 0, n_far = 0;
    for (int i = 0; i < POINTS; i++) { // crowded in the middle
        const double x = 350 + 300 * sin(i * 1.3) * (i % 10) / 10, y = 10 + i * 37 % 380;
        taken[boxes.n++] = (rung__box){x - 4, y - 4, x + 4, y + 4};
    }
    for (int i = 0; i < POINTS; i++) {
        const rung__box p = taken[i];
        const double x = p.left + 4, y = p.top + 4, width = 20 + i % 50;
        if (!rung__boxes_find(&boxes, x, y, 4, width, 15, 4, &found, &is_far)) continue;
        assert_near(found.right - found.left, width, 1e-9);
        n_named++;
        n_far += is_far;
    }
    assert_in_range(n_named, POINTS / 3, POINTS - 1); // many, and not all fit
    assert_in_range(n_far, 1, n_named);
    assert_int_equal(boxes.n, POINTS + n_named);
    for (size_t i = POINTS; i < boxes.n; i++) {
        const rung__box *b = &taken[i];
        assert_true(b->left >= 0 && b->top >= 0 && b->right <= 700 && b->bottom <= 400);
        for (size_t j = 0; j < i; j++) assert_false(overlap(b, &taken[j]));
    }
}

static void a_name_stands_right_of_its_point_first(void **state)
{
    (void)state;
    rung__box taken[4], found;
    rung__boxes boxes = {.taken = taken, .frame = {0, 0, 200, 100}};
    bool is_far;
    assert_true(rung__boxes_find(&boxes, 50, 50, 4, 30, 15, 4, &found, &is_far));
    assert_true(found.left > 54 && found.left < 60 && !is_far);
    assert_true(rung__boxes_find(&boxes, 190, 50, 4, 30, 15, 4, &found, &is_far));
    assert_true(found.right < 186); // left of it at the border
    assert_false(rung__boxes_find(&boxes, 50, 50, 4, 300, 15, 4, &found, &is_far));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_never_overlap),
        cmocka_unit_test(a_name_stands_right_of_its_point_first),
    };
    return cmocka_run_group_tests_name("plot", tests, NULL, NULL);
}
