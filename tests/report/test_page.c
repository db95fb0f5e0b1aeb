/* Pages: structure, escaping, and charts of numbers that cannot be drawn. With a path as
 * its argument the program writes the page of sample.h there, for chromium.sh. */
#include "support.h"

#include <float.h>

#include "report/markup.h"
#include "report/sample.h"

/* Writes and frees the page; its text is rung__free'd. */
static char *text_of(rung_page *page, const void *folder)
{
    rung_error err = {0};
    char *text;
    size_t size;
    assert_ok(rung_page_write(page, path_in(folder, "page.html"), &err));
    assert_ok(rung_file_read(path_in(folder, "page.html"), &text, &size, &err));
    assert_int_equal(strlen(text), size);
    rung_page_free(page);
    return text;
}

static rung_page *new_page(void)
{
    rung_error err = {0};
    rung_page *page;
    assert_ok(rung_page_new(&page, "A & B", "ru", &err));
    return page;
}

static void a_page_is_one_document(void **state)
{
    rung_error err = {0};
    char *text;
    size_t size;
    assert_ok(write_sample(path_in(*state, "sample.html"), &err));
    assert_ok(rung_file_read(path_in(*state, "sample.html"), &text, &size, &err));
    assert_true(assert_well_formed(text) > 2000);
    assert_contains(text, "<html lang=\"en\">");
    const int n_charts = count_of(text, "<figure>");
    assert_int_equal(n_charts, 10);
    assert_int_equal(count_of(text, "<svg class=\"wide\""), n_charts);
    assert_int_equal(count_of(text, "<svg class=\"narrow\""), n_charts);
    assert_int_equal(count_of(text, "role=\"img\""), 2 * n_charts);
    assert_int_equal(count_of(text, "<desc id="), 2 * n_charts);
    assert_int_equal(count_of(text, "<details>"), n_charts);
    assert_int_equal(count_of(text, "<table>"), n_charts + 1);
    assert_int_equal(count_of(text, "<caption>"), n_charts + 1);
    assert_int_equal(count_of(text, "<h2>"), 5);
    for (size_t i = 0; i < 8; i++) { // nothing from elsewhere
        static const char *const foreign[] = {"http:",   "https:", "url(", "@import",
                                              "<script", "<link",  "src=", "<b>"};
        assert_int_equal(count_of(text, foreign[i]), 0);
    }
    rung__free(text);
}

static void tables_say_what_their_cells_are(void **state)
{
    rung_page *page = new_page();
    const rung_column columns[] = {{"<name>", RUNG_UNIT_NONE, 0},
                                   {"size", RUNG_UNIT_BYTES, 0},
                                   {"loss", RUNG_UNIT_NUMBER, 2}};
    rung_page_table(page, "Sizes \"of\" all", columns, 3);
    rung_page_row(page, true);
    rung_page_cell(page, "a & b");
    rung_page_number(page, 2048);
    rung_page_number(page, 1.005e3);
    rung_page_number(page, 5); // has no column
    rung_page_row(page, false);
    rung_page_cell(page, "short");
    rung_page_table_end(page);
    rung_page_cell(page, "outside of a table"); // is nowhere
    char *text = text_of(page, *state);
    assert_well_formed(text);
    assert_contains(text, "aria-label=\"Sizes &quot;of&quot; all\"");
    assert_contains(text, "<tr><th scope=\"col\">&lt;name&gt;</th>"
                          "<th scope=\"col\" class=\"n\">size</th>"
                          "<th scope=\"col\" class=\"n\">loss</th></tr>");
    assert_contains(text, "<tr class=\"marked\"><th scope=\"row\">a &amp; b</th>"
                          "<td class=\"n\">2.0 KB</td><td class=\"n\">1005.00</td></tr>");
    assert_contains(text, "<tr><th scope=\"row\">short</th><td class=\"n\"></td>"
                          "<td class=\"n\"></td></tr>");
    assert_null(strstr(text, "outside"));
    rung__free(text);
}

static void an_empty_page_is_a_page(void **state)
{
    char *text = text_of(new_page(), *state);
    assert_well_formed(text);
    assert_contains(text, "<title>A &amp; B</title>");
    assert_contains(text, "<html lang=\"ru\">");
    assert_null(strstr(text, "<nav"));
    rung__free(text);
}

/* ---- Numbers that cannot be drawn ---- */

enum { MOST = 5 };

typedef struct numbers {
    const char *name;
    double x[MOST], y[MOST];
    size_t n;
} numbers;

static const numbers hostile[] = {
    {"none", {0}, {0}, 0},
    {"one", {3}, {4}, 1},
    {"one zero", {0}, {0}, 1},
    {"all equal", {2, 2, 2, 2, 2}, {7, 7, 7, 7, 7}, 5},
    {"NaN", {NAN, NAN, 1, 2, 3}, {1, NAN, NAN, 2, NAN}, 5},
    {"only NaN", {NAN, NAN}, {NAN, NAN}, 2},
    {"infinite", {INFINITY, 1, -INFINITY, 2, 3}, {1, INFINITY, 2, -INFINITY, 3}, 5},
    {"small and large", {1e-30, 1, 1e30, 2, 3}, {1e30, 1e-30, 1, 2, 3}, 5},
    {"negative", {-1, -2, -3, 0, 5}, {-1, -2, -3, 0, 5}, 5},
    {"beyond all",
     {DBL_MAX, -DBL_MAX, DBL_MIN, 5e-324, 1},
     {1, 2, 3, DBL_MAX, -DBL_MAX},
     5},
};

static void add_all_charts(rung_page *page, const numbers *h, rung_unit unit, bool is_log)
{
    static const char *const labels[MOST] = {HOSTILE, "", "кот", "x", "\n"};
    const rung_axis axis = {HOSTILE, unit, is_log, 0, 0};
    rung_point points[MOST];
    for (size_t i = 0; i < MOST; i++)
        points[i] = (rung_point){h->x[i], h->y[i], labels[i], (int)i * 1000, i == 1};
    const rung_series series[] = {{HOSTILE, h->x, h->y, h->x, h->y, h->n, 0},
                                  {"b", h->x, h->x, NULL, h->y, h->n, 9}};
    rung_page_scatter(page,
                      &(rung_scatter){h->name, NULL, axis, axis, points, h->n, false});
    rung_page_scatter(page,
                      &(rung_scatter){h->name, NULL, axis, axis, points, h->n, true});
    const rung_reference reference = {h->x[0], "reference"};
    rung_page_lines(page,
                    &(rung_lines){h->name, HOSTILE, axis, axis, series, 2, reference});
    rung_page_lines(page, &(rung_lines){h->name, NULL, axis, axis, NULL, 0, reference});
    for (int from_zero = 0; from_zero < 2; from_zero++)
        rung_page_bars(page, &(rung_bars){h->name, NULL, axis, "row", labels, h->n,
                                          series, 2, from_zero, reference});
    for (int are_counts = 0; are_counts < 2; are_counts++)
        rung_page_heat(page, &(rung_heat){h->name, NULL, "rows", "columns", labels,
                                          labels, 1, h->n, h->x, are_counts});
}

static void nothing_breaks_a_chart(void **state)
{
    for (size_t k = 0; k < sizeof hostile / sizeof *hostile; k++) {
        for (int i = 0; i < 2 * 6; i++) {
            rung_page *page = new_page();
            add_all_charts(page, &hostile[k], (rung_unit)(i / 2), i % 2);
            char *text = text_of(page, *state);
            assert_well_formed(text);
            assert_int_equal(count_of(text, "<svg "), 2 * 8);
            assert_null(strstr(text, "nan"));
            rung__free(text);
        }
    }
}

static void what_is_not_drawn_is_told(void **state)
{
    rung_page *page = new_page();
    const rung_point points[] = {{1, 1, "a", 0, false}, {-1, 2, "b", 0, false}};
    rung_page_scatter(page, &(rung_scatter){.title = "t",
                                            .x = {"x", RUNG_UNIT_NUMBER, true, 0, 0},
                                            .y = {"y", RUNG_UNIT_NUMBER, false, 0, 0},
                                            .points = points,
                                            .n_points = 2});
    char *text = text_of(page, *state);
    assert_contains(text, "Not drawn, but in the table: 1 ");
    assert_contains(text, "<th scope=\"row\">b</th><td class=\"n\">−1.00</td>");
    assert_int_equal(count_of(text, "<circle class=\"marker"), 2); // a, wide and narrow
    rung__free(text);
}

static void gaps_divide_a_line(void **state)
{
    rung_page *page = new_page();
    const double x[] = {1, 2, 3, 4, 5, 6}, y[] = {1, 2, NAN, 4, NAN, 6};
    const rung_series series = {"s", x, y, NULL, NULL, 6, 0};
    rung_page_lines(page, &(rung_lines){.title = "t",
                                        .x = {.label = "x"},
                                        .y = {.label = "y"},
                                        .series = &series,
                                        .n_series = 1});
    char *text = text_of(page, *state);
    const char *path = strstr(text, "<path class=\"line");
    assert_non_null(path);
    char d[500];
    snprintf(d, sizeof d, "%.*s", (int)strcspn(path, ">"), path);
    assert_int_equal(count_of(d, "M"), 3);
    assert_int_equal(count_of(d, "L"), 1);
    rung__free(text);
}

static void large_charts_are_cut_and_say_so(void **state)
{
    enum { N = 3000, SIDE = 150 };
    static rung_point points[N];
    static double values[SIDE * SIDE];
    static const char *labels[SIDE];
    for (int i = 0; i < N; i++)
        points[i] = (rung_point){cos(i), sin(3 * i), "w", i % 7, false};
    for (int i = 0; i < SIDE; i++) labels[i] = "label";
    rung_page *page = new_page();
    rung_page_scatter(page, &(rung_scatter){.title = "t",
                                            .x = {.label = "x"},
                                            .y = {.label = "y"},
                                            .points = points,
                                            .n_points = N,
                                            .is_map = true});
    rung_page_heat(page, &(rung_heat){"h", NULL, "r", "c", labels, labels, SIDE, SIDE,
                                      values, true});
    char *text = text_of(page, *state);
    assert_well_formed(text);
    assert_contains(text, "The first 1000 of 3000.");
    assert_contains(text, "The first 100 of 150.");
    assert_int_equal(count_of(text, "<tr><th scope=\"row\">"), 1100);
    rung__free(text);
}

/* ---- Failures ---- */

static rung_status write_all(void *folder, rung_error *err)
{
    return write_sample(path_in(folder, "sample.html"), err);
}

static void memory_that_runs_out_is_told(void **state)
{
    assert_true(assert_survives_failed_allocations(write_all, *state) > 20);
}

static void a_path_that_cannot_be_written_is_told(void **state)
{
    rung_error err;
    rung_page *page = new_page();
    assert_fails_saying(rung_page_write(page, path_in(*state, "no/such/page.html"), &err),
                        RUNG_IO, "no/such/page.html");
    rung_page_free(page);
    rung_page_free(NULL);
}

static int write_for_browser(const char *path)
{
    rung_error err = {0};
    if (write_sample(path, &err) == RUNG_OK) return 0;
    fprintf(stderr, "%s\n", err.message);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc == 2) return write_for_browser(argv[1]);
    const struct CMUnitTest tests[] = {
        test_in_folder(a_page_is_one_document),
        test_in_folder(tables_say_what_their_cells_are),
        test_in_folder(an_empty_page_is_a_page),
        test_in_folder(nothing_breaks_a_chart),
        test_in_folder(what_is_not_drawn_is_told),
        test_in_folder(gaps_divide_a_line),
        test_in_folder(large_charts_are_cut_and_say_so),
        test_in_folder(memory_that_runs_out_is_told),
        test_in_folder(a_path_that_cannot_be_written_is_told),
    };
    return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
