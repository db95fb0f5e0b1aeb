/* Names of labels: their order, their ids, and what is refused. */
#include "support.h"

#include "rung/labelled.h"

static rung_error err;

#define MAX_NAMES 16

/* The spans of `names`, which end with NULL. */
static size_t spans_of(rung_span *spans, const char *const *names)
{
    size_t n = 0;
    for (; names[n]; n++) spans[n] = (rung_span){names[n], strlen(names[n])};
    return n;
}

static void assert_order(const char *const *names, const char *const *wanted)
{
    rung_span spans[MAX_NAMES];
    rung_labels *labels;
    assert_ok(rung_labels_new(&labels, spans, spans_of(spans, names), &err));
    int64_t n = 0;
    for (; wanted[n]; n++) {
        assert_string_equal(rung_labels_name(labels, n), wanted[n]);
        const rung_span name = {wanted[n], strlen(wanted[n])};
        assert_int_equal(rung_labels_find(labels, name), n);
    }
    assert_int_equal(rung_labels_count(labels), n);
    rung_labels_free(labels);
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void names_are_joined_and_sorted_bytewise(void **state)
{
    (void)state;
    assert_order(NAMES("spam", "ham", "spam", "Ham", "ham"), NAMES("Ham", "ham", "spam"));
    assert_order(NAMES("ё", "я", "z", "zz", "а"), NAMES("z", "zz", "а", "я", "ё"));
    assert_order(NAMES("10", "9", "x"), NAMES("10", "9", "x"));
}

static void numbers_are_sorted_as_numbers(void **state)
{
    (void)state;
    assert_order(NAMES("10", "9", "-1", "2.5"), NAMES("-1", "2.5", "9", "10"));
    assert_order(NAMES("1.0", "1", "0"), NAMES("0", "1", "1.0"));
}

static void what_is_no_name_is_not_found(void **state)
{
    (void)state;
    rung_span spans[MAX_NAMES];
    rung_labels *labels;
    assert_ok(
        rung_labels_new(&labels, spans, spans_of(spans, NAMES("ham", "spam")), &err));
    assert_int_equal(rung_labels_find(labels, (rung_span){"spa", 3}), -1);
    assert_int_equal(rung_labels_find(labels, (rung_span){NULL, 0}), -1);
    rung_labels *shared = rung_labels_share(labels);
    rung_labels_free(labels);
    assert_string_equal(rung_labels_name(shared, 1), "spam");
    rung_labels_free(shared);
    rung_labels_free(NULL);
    assert_ok(rung_labels_new(&labels, NULL, 0, &err));
    assert_int_equal(rung_labels_count(labels), 0);
    assert_int_equal(rung_labels_find(labels, (rung_span){"ham", 3}), -1);
    rung_labels_free(labels);
}

static void names_keep_an_order_that_is_given(void **state)
{
    (void)state;
    rung_span spans[MAX_NAMES];
    rung_labels *labels;
    const size_t n = spans_of(spans, NAMES("b", "c", "a"));
    assert_ok(rung_labels_ordered(&labels, spans, n, &err));
    assert_string_equal(rung_labels_name(labels, 0), "b");
    assert_int_equal(rung_labels_find(labels, spans[2]), 2);
    rung_labels_free(labels);
    spans[2] = spans[0];
    assert_fails(rung_labels_ordered(&labels, spans, n, &err), RUNG_INPUT,
                 "label 'b' stands twice");
}

static void names_without_a_spelling_are_refused(void **state)
{
    (void)state;
    rung_labels *labels;
    const rung_span empty[] = {{"a", 1}, {"", 0}}, nul[] = {{"a\0b", 3}};
    assert_fails(rung_labels_new(&labels, empty, 2, &err), RUNG_INPUT,
                 "a label is empty");
    assert_fails(rung_labels_new(&labels, nul, 1, &err), RUNG_INPUT,
                 "label 'a' goes on after a NUL byte");
}

static rung_status make_labels(void *ctx, rung_error *error)
{
    (void)ctx;
    const rung_span names[] = {{"b", 1}, {"a", 1}};
    rung_labels *labels = NULL;
    const rung_status status = rung_labels_new(&labels, names, 2, error);
    rung_labels_free(labels);
    return status;
}

static void failed_allocations_leave_no_trace(void **state)
{
    (void)state;
    assert_true(assert_survives_failed_allocations(make_labels, NULL) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_joined_and_sorted_bytewise),
        cmocka_unit_test(numbers_are_sorted_as_numbers),
        cmocka_unit_test(what_is_no_name_is_not_found),
        cmocka_unit_test(names_keep_an_order_that_is_given),
        cmocka_unit_test(names_without_a_spelling_are_refused),
        cmocka_unit_test(failed_allocations_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
