/* Splits of raw text by position, of examples by label. */
#include "support.h"

#include "rung/labelled.h"

static rung_error err;

/* Text of lines of `width` characters, `unit` the character. */
static rung_text make_text(size_t n_lines, size_t width, const char *unit)
{
    char *bytes = rung__alloc(n_lines * (width * strlen(unit) + 1) + 1);
    assert_non_null(bytes);
    char *p = bytes;
    for (size_t line = 0; line < n_lines; line++) {
        for (size_t i = 0; i < width; i++) p = stpcpy(p, unit);
        if (width < 10000) *p++ = '\n'; // longer ones have no end
    }
    rung_text text;
    assert_ok(rung_text_from(&text, "lines", bytes, (size_t)(p - bytes), &err));
    rung__free(bytes);
    return text;
}

/* The parts follow each other without a gap and cover the text. */
static void assert_parts(const rung_text *text, rung_span train, rung_span valid,
                         rung_span test)
{
    assert_ptr_equal(train.bytes, text->bytes);
    assert_ptr_equal(valid.bytes, train.bytes + train.size);
    assert_ptr_equal(test.bytes, valid.bytes + valid.size);
    assert_ptr_equal(test.bytes + test.size, text->bytes + text->size);
}

static void parts_have_their_shares_and_end_with_lines(void **state)
{
    (void)state;
    rung_text text = make_text(1000, 49, "x");
    rung_span train, valid, test;
    assert_ok(rung_text_split(&text, 0.05, 0.1, &train, &valid, &test, &err));
    assert_parts(&text, train, valid, test);
    assert_int_equal(train.size, 850 * 50);
    assert_int_equal(valid.size, 50 * 50);
    assert_int_equal(test.size, 100 * 50);
    assert_ok(rung_text_split(&text, 0.0333, 0, &train, &valid, &test, &err));
    assert_parts(&text, train, valid, test);
    assert_int_equal(test.size, 0);
    assert_int_equal(valid.size % 50, 0);
    assert_in_range(valid.size, 33 * 50, 34 * 50);
    assert_ok(rung_text_split(&text, 0, 0, &train, &valid, &test, &err));
    assert_int_equal(train.size, text.size);
    rung_text_release(&text);
}

static void without_lines_characters_stay_whole(void **state)
{
    (void)state;
    rung_text text = make_text(1, 10001, "€");
    rung_span train, valid, test;
    assert_ok(rung_text_split(&text, 0.05, 0.05, &train, &valid, &test, &err));
    assert_parts(&text, train, valid, test);
    assert_int_equal(train.size % 3, 0);
    assert_int_equal(valid.size % 3, 0);
    assert_in_range(valid.size, 1497, 1503);
    rung_text_release(&text);
}

static void a_far_newline_does_not_move_the_cut(void **state)
{
    (void)state;
    rung_text text = make_text(10, 5000, "x");
    rung_span train, valid, test;
    assert_ok(rung_text_split(&text, 0, 0.25, &train, &valid, &test, &err));
    assert_int_equal(test.size, text.size - (size_t)((double)text.size * 0.75));
    rung_text_release(&text);
}

static void impossible_splits_are_refused(void **state)
{
    (void)state;
    rung_text text;
    assert_ok(rung_text_from(&text, "tiny", "ab", 2, &err));
    rung_span train, valid, test;
    assert_fails(rung_text_split(&text, 0.1, 0.05, &train, &valid, &test, &err),
                 RUNG_INPUT, "'tiny' has 2 bytes: too few for a valid part of 0.1 of it");
    static const double shares[][2] = {{-0.1, 0}, {0.5, 0.5}, {0, 1}, {0.0 / 0.0, 0}};
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        assert_int_equal(rung_text_split(&text, shares[i][0], shares[i][1], &train,
                                         &valid, &test, &err),
                         RUNG_USAGE);
    }
    assert_fails(
        rung_text_split(&text, 0.5, 0.5, &train, &valid, &test, &err), RUNG_USAGE,
        "shares of valid 0.5 and test 0.5: must be 0 or more, and leave something "
        "to train on");
    rung_text_release(&text);
}

/* ---- Examples ---- */

enum { MAX_EXAMPLES = 1000, MAX_LABELS = 600 };

typedef struct labelled_set {
    int32_t labels[MAX_EXAMPLES];
    size_t n;
    int64_t n_labels;
    unsigned char part[MAX_EXAMPLES];
    size_t counts[3][MAX_LABELS]; /* examples of each label in each part */
    size_t totals[3];
} labelled_set;

/* counts[c] examples of label c, one label after another. */
static labelled_set set_of(const size_t *counts, int64_t n_labels)
{
    labelled_set set = {.n_labels = n_labels};
    for (int64_t c = 0; c < n_labels; c++)
        for (size_t i = 0; i < counts[c]; i++) set.labels[set.n++] = (int32_t)c;
    return set;
}

static rung_status split(labelled_set *set, double valid, double test, uint64_t seed)
{
    memset(set->counts, 0, sizeof set->counts);
    memset(set->totals, 0, sizeof set->totals);
    RUNG_TRY(rung_split_stratified(set->part, set->labels, NULL, set->n, set->n_labels,
                                   valid, test, seed, &err));
    for (size_t i = 0; i < set->n; i++) {
        set->counts[set->part[i]][set->labels[i]]++;
        set->totals[set->part[i]]++;
    }
    return RUNG_OK;
}

static void each_part_has_its_share_of_every_label(void **state)
{
    (void)state;
    const size_t counts[] = {700, 200, 90, 10};
    labelled_set set = set_of(counts, 4);
    assert_ok(split(&set, 0.1, 0.2, 1));
    for (size_t c = 0; c < 4; c++) {
        assert_int_equal(set.counts[1][c], counts[c] / 10);
        assert_int_equal(set.counts[2][c], counts[c] / 5);
    }
    assert_ok(split(&set, 0, 0, 1));
    assert_int_equal(set.totals[0], 1000);
}

/* Where shares are no whole numbers, totals are right and each label is within one. */
static void rests_go_to_the_largest(void **state)
{
    (void)state;
    const size_t counts[] = {33, 24, 17, 7, 2};
    labelled_set set = set_of(counts, 5);
    for (uint64_t seed = 0; seed < 5; seed++) {
        assert_ok(split(&set, 0.1, 0.15, seed));
        assert_int_equal(set.totals[1], 8);  // of 8.3
        assert_int_equal(set.totals[2], 12); // of 12.45
        for (size_t c = 0; c < 5; c++) {
            assert_near((double)set.counts[1][c], 0.1 * (double)counts[c], 1);
            assert_near((double)set.counts[2][c], 0.15 * (double)counts[c], 1);
        }
    }
}

static void every_label_stays_in_train(void **state)
{
    (void)state;
    size_t counts[MAX_LABELS] = {400};
    for (size_t c = 1; c < MAX_LABELS; c++) counts[c] = 1;
    labelled_set set = set_of(counts, MAX_LABELS);
    assert_ok(split(&set, 0.3, 0.3, 7));
    for (size_t c = 0; c < MAX_LABELS; c++) assert_true(set.counts[0][c] > 0);
    assert_true(set.totals[1] >= 120 && set.totals[2] >= 120);
}

static void the_seed_decides_who_goes_where(void **state)
{
    (void)state;
    const size_t counts[] = {500, 500};
    labelled_set a = set_of(counts, 2), b = a;
    assert_ok(split(&a, 0.2, 0.2, 3));
    assert_ok(split(&b, 0.2, 0.2, 3));
    assert_memory_equal(a.part, b.part, a.n);
    assert_ok(split(&b, 0.2, 0.2, 4));
    size_t n_same = 0, first_half = 0;
    for (size_t i = 0; i < a.n; i++) {
        n_same += a.part[i] == b.part[i];
        first_half += a.part[i] == 2 && i % 500 < 250;
    }
    assert_in_range(n_same, 380, 500);    // 440 expected by chance
    assert_in_range(first_half, 75, 125); // 100 expected
}

static void unknown_labels_are_a_label_of_their_own(void **state)
{
    (void)state;
    int32_t labels[40];
    unsigned char part[40];
    for (size_t i = 0; i < 40; i++) labels[i] = i % 2 ? 0 : -1;
    assert_ok(rung_split_stratified(part, labels, NULL, 40, 1, 0, 0.1, 1, &err));
    size_t n_test[2] = {0};
    for (size_t i = 0; i < 40; i++) n_test[i % 2] += part[i] == 2;
    assert_int_equal(n_test[0], 2);
    assert_int_equal(n_test[1], 2);
}

static void groups_stay_together(void **state)
{
    (void)state;
    enum { N = 600 };
    int32_t labels[N];
    size_t group[N], n_part[3] = {0};
    unsigned char part[N];
    for (size_t i = 0; i < N; i++) labels[i] = (int32_t)(i % 2);
    for (size_t i = 0; i < 300; i++) group[i] = i / 3 * 3; // threes of both labels
    for (size_t i = 300; i < 400; i++) group[i] = 300;     // too many for a part
    for (size_t i = 400; i < N; i++) group[i] = i;
    assert_ok(rung_split_stratified(part, labels, group, N, 2, 0.1, 0.1, 1, &err));
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(part[i], part[group[i]]);
        n_part[part[i]]++;
    }
    assert_int_equal(part[300], 0);
    assert_in_range(n_part[1], 56, 60);
    assert_in_range(n_part[2], 56, 60);
}

static void impossible_shares_of_examples_are_refused(void **state)
{
    (void)state;
    const size_t counts[] = {2, 2};
    labelled_set set = set_of(counts, 2);
    assert_fails(split(&set, 0.05, 0.5, 1), RUNG_INPUT,
                 "4 examples of 2 labels: too few for a valid part of 0.05 of them");
    assert_fails(split(&set, 0.5, 0.05, 1), RUNG_INPUT,
                 "4 examples of 2 labels: too few for a test part of 0.05 of them");
    assert_fails(split(&set, 0.5, 0.5, 1), RUNG_USAGE,
                 "shares of valid 0.5 and test 0.5: must be 0 or more, and leave "
                 "something to train on");
    set.n = 0;
    assert_fails(split(&set, 0.1, 0.1, 1), RUNG_INPUT,
                 "0 examples of 2 labels: too few for a test part of 0.1 of them");
    rung__alloc_fail_at(1);
    assert_int_equal(split(&set, 0.1, 0.1, 1), RUNG_MEMORY);
    rung__alloc_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_have_their_shares_and_end_with_lines),
        cmocka_unit_test(without_lines_characters_stay_whole),
        cmocka_unit_test(a_far_newline_does_not_move_the_cut),
        cmocka_unit_test(impossible_splits_are_refused),
        cmocka_unit_test(each_part_has_its_share_of_every_label),
        cmocka_unit_test(rests_go_to_the_largest),
        cmocka_unit_test(every_label_stays_in_train),
        cmocka_unit_test(the_seed_decides_who_goes_where),
        cmocka_unit_test(unknown_labels_are_a_label_of_their_own),
        cmocka_unit_test(groups_stay_together),
        cmocka_unit_test(impossible_shares_of_examples_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
