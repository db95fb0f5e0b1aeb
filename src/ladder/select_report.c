/* report.html of a selection: quality against the number of features, and the best of
 * each ranking. */
#include "ladder/select_report.h"

#include "base/alloc.h"
#include "base/files.h"
#include "base/str.h"
#include "rung/report.h"

enum { TOP = 25 };

/* Numbers and accuracies of a selector's points, with that of all features at the end. */
typedef struct curve {
    double x[RUNG_SELECT_SIZES + 1], y[RUNG_SELECT_SIZES + 1];
    size_t n;
} curve;

static const char *const whats[RUNG_SELECTORS] = {
#define X(name, text, what) what,
    RUNG_SELECTOR_LIST(X)
#undef X
};

static void add_chart(rung_page *page, const rung__selecting *s)
{
    curve curves[RUNG_SELECTORS] = {{.n = 0}};
    rung_series series[RUNG_SELECTORS];
    size_t n = 0;
    for (size_t i = 0; i < s->out->n_points; i++) {
        const rung_select_point *p = &s->out->points[i];
        for (int k = 0; k < RUNG_SELECTORS; k++) {
            if (!s->orders[k] || (p->selector != k && p->selector != RUNG_SELECTORS))
                continue;
            curves[k].x[curves[k].n] = (double)p->features;
            curves[k].y[curves[k].n++] = p->accuracy;
        }
    }
    for (int k = 0; k < RUNG_SELECTORS; k++) {
        if (s->orders[k])
            series[n++] = (rung_series){.name = rung_selector_name((rung_selector)k),
                                        .x = curves[k].x,
                                        .y = curves[k].y,
                                        .n = curves[k].n,
                                        .color = k};
    }
    rung_page_heading(page, "Quality against the number of features");
    rung_page_lines(
        page, &(rung_lines){.title = "Accuracy on valid",
                            .caption = "Each point is a model on the best features of a "
                                       "ranking; all rankings end with all features.",
                            .x = {"features", RUNG_UNIT_COUNT, true, 0, 0},
                            .y = {"right", RUNG_UNIT_SHARE, false, 0, 0},
                            .series = series,
                            .n_series = n});
}

/* A row for each place, a column for each ranking. */
static bool add_best(rung_page *page, const rung__selecting *s)
{
    rung_column columns[RUNG_SELECTORS + 1] = {{"place", RUNG_UNIT_COUNT, 0}};
    size_t n = 1;
    rung_str name = {0};
    for (int k = 0; k < RUNG_SELECTORS; k++) {
        if (s->orders[k])
            columns[n++] =
                (rung_column){rung_selector_name((rung_selector)k), RUNG_UNIT_NONE, 0};
    }
    rung_page_heading(page, "The best of each ranking");
    rung_page_table(page, "The first features of each ranking.", columns, n);
    for (int64_t i = 0; i < TOP && i < s->features.n_columns; i++) {
        rung_page_row(page, false);
        rung_page_number(page, (double)i + 1);
        for (int k = 0; k < RUNG_SELECTORS; k++) {
            if (!s->orders[k]) continue;
            name.len = 0;
            rung__features_name(&name, &s->features, s->orders[k][i]);
            if (!name.failed) rung_page_cell(page, name.data);
        }
    }
    rung_page_table_end(page);
    const bool has_room = !name.failed;
    rung_str_release(&name);
    return has_room;
}

static void add_lead(rung_page *page, const rung__selecting *s)
{
    const rung_select_point *p = &s->out->points[s->out->chosen];
    const bool is_all = p->selector == RUNG_SELECTORS;
    rung_page_textf(page,
                    "Of %lld features, %lld by %s: %.1f %% of the valid texts right%s.",
                    (long long)s->features.n_columns, (long long)p->features,
                    is_all ? "any ranking" : whats[p->selector], 100 * p->accuracy,
                    s->config->features
                        ? ""
                        : ", the fewest that are within a standard error of the best");
    if (s->out->fit.test_labels.count)
        rung_page_textf(page, "The model on them has %.1f %% of %zu test texts right.",
                        100 * s->out->fit.test_labels.accuracy,
                        s->out->fit.test_labels.count);
    if (s->config->fit.command) rung_page_code(page, s->config->fit.command);
}

rung_status rung__select_report(const rung__selecting *s, rung_error *err)
{
    rung_page *page;
    RUNG_TRY(rung_page_new(&page, "Which features to keep", "en", err));
    add_lead(page, s);
    add_chart(page, s);
    const bool has_room = add_best(page, s);
    char *path = has_room ? rung_path_join(s->config->out, "report.html") : NULL;
    const rung_status status = path ? rung_page_write(page, path, err)
                                    : rung__out_of_memory(err, 0, "report.html");
    rung__free(path);
    rung_page_free(page);
    return status;
}
