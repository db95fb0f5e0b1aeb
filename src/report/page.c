/* The page: its parts as they are added, put together when it is written. */
#include "report/page.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "report/scale.h"
#include "report/words.h"

/* ---- The page as a whole ---- */

rung_status rung_page_new(rung_page **out, const char *title, const char *language,
                          rung_error *err)
{
    rung_page *page = rung__alloc(sizeof *page);
    *out = page;
    if (!page) return rung__out_of_memory(err, sizeof *page, "a page");
    rung__add_words(&page->title, title);
    rung__add_words(&page->language, language);
    return RUNG_OK;
}

void rung_page_free(rung_page *page)
{
    if (!page) return;
    rung_str_release(&page->title);
    rung_str_release(&page->language);
    rung_str_release(&page->subtitle);
    rung_str_release(&page->contents);
    rung_str_release(&page->body);
    rung__free(page);
}

/* Joins two strings; a failure of either is one of the whole. */
static void join(rung_str *all, const rung_str *part)
{
    rung_str_add(all, part->data ? part->data : "");
    all->failed |= part->failed;
}

static void add_head(rung_str *all, const rung_page *page)
{
    rung_str_add(all, "<!DOCTYPE html>\n<html lang=\"");
    join(all, &page->language);
    rung_str_add(all, "\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                      "<meta name=\"viewport\" content=\"width=device-width, "
                      "initial-scale=1\"/>\n"
                      "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>");
    join(all, &page->title);
    rung_str_add(all, "</title>\n<style>\n");
    rung_str_add(all, rung__page_style);
    rung_str_add(all, "</style>\n</head>\n");
}

static void add_body(rung_str *all, const rung_page *page)
{
    rung_str_add(all, "<body>\n<header>\n<h1>");
    join(all, &page->title);
    rung_str_add(all, "</h1>\n");
    join(all, &page->subtitle);
    rung_str_add(all, "</header>\n");
    if (page->n_sections) {
        rung_str_add(all, "<nav aria-label=\"Contents\">\n<ul>\n");
        join(all, &page->contents);
        rung_str_add(all, "</ul>\n</nav>\n");
    }
    rung_str_add(all, "<main>\n");
    join(all, &page->body);
    rung_str_addf(all, "%s</main>\n</body>\n</html>\n",
                  page->n_sections ? "</section>\n" : "");
}

rung_status rung_page_write(const rung_page *page, const char *path, rung_error *err)
{
    rung_str all = {0};
    add_head(&all, page);
    add_body(&all, page);
    rung_status status = all.failed ? rung__out_of_memory(err, all.len, "a page")
                                    : rung_file_write(path, all.data, all.len, err);
    rung_str_release(&all);
    return status;
}

/* ---- Text ---- */

static void add_element(rung_str *s, const char *open, const char *text,
                        const char *close)
{
    rung_str_add(s, open);
    rung__add_words(s, text);
    rung_str_add(s, close);
}

void rung_page_subtitle(rung_page *page, const char *text)
{
    add_element(&page->subtitle, "<p>", text, "</p>\n");
}

void rung_page_heading(rung_page *page, const char *text)
{
    const int n = ++page->n_sections;
    rung_str_addf(&page->contents, "<li><a href=\"#s%d\">", n);
    add_element(&page->contents, "", text, "</a></li>\n");
    rung_str_addf(&page->body, "%s<section id=\"s%d\">\n", n > 1 ? "</section>\n" : "",
                  n);
    add_element(&page->body, "<h2>", text, "</h2>\n");
}

void rung_page_text(rung_page *page, const char *text)
{
    add_element(&page->body, "<p>", text, "</p>\n");
}

void rung_page_textf(rung_page *page, const char *format, ...)
{
    char text[2000];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    rung_page_text(page, text);
}

void rung_page_lead(rung_page *page, const char *text)
{
    add_element(&page->body, "<p class=\"lead\">", text, "</p>\n");
}

void rung_page_code(rung_page *page, const char *text)
{
    add_element(&page->body, "<pre><code>", text, "</code></pre>\n");
}

/* ---- Tables ---- */

static bool has_numbers(const rung_column *column)
{
    return column->unit != RUNG_UNIT_NONE;
}

void rung_page_table(rung_page *page, const char *caption, const rung_column *columns,
                     size_t n_columns)
{
    rung_str *s = &page->body;
    page->columns = columns;
    page->n_columns = n_columns;
    page->row_is_open = page->has_rows = false;
    add_element(s, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"",
                caption, "\">\n<table>\n");
    add_element(s, "<caption>", caption, "</caption>\n<thead>\n<tr>");
    for (size_t i = 0; i < n_columns; i++) {
        const bool is_right = has_numbers(&columns[i]);
        add_element(s, is_right ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">",
                    columns[i].name, "</th>");
    }
    rung_str_add(s, "</tr>\n</thead>\n<tbody>\n");
}

static void end_row(rung_page *page)
{
    if (!page->row_is_open) return;
    while (page->n_cells < page->n_columns) rung_page_cell(page, NULL);
    rung_str_add(&page->body, "</tr>\n");
    page->row_is_open = false;
}

void rung_page_row(rung_page *page, bool is_marked)
{
    end_row(page);
    rung_str_add(&page->body, is_marked ? "<tr class=\"marked\">" : "<tr>");
    page->row_is_open = page->has_rows = true;
    page->n_cells = 0;
}

void rung_page_cell(rung_page *page, const char *text)
{
    const size_t i = page->n_cells++;
    if (!page->row_is_open || i >= page->n_columns) return;
    const char *kind = has_numbers(&page->columns[i]) ? " class=\"n\"" : "";
    rung_str_addf(&page->body, i == 0 ? "<th scope=\"row\"%s>" : "<td%s>", kind);
    add_element(&page->body, "", text ? text : "", i == 0 ? "</th>" : "</td>");
}

void rung_page_number(rung_page *page, double x)
{
    char text[RUNG__NUMBER_BYTES] = "";
    if (page->n_cells < page->n_columns) {
        const rung_column *column = &page->columns[page->n_cells];
        rung__number_text(text, x, column->unit, column->decimals);
    }
    rung_page_cell(page, text);
}

void rung_page_table_end(rung_page *page)
{
    end_row(page);
    rung_str_add(&page->body, "</tbody>\n</table>\n</div>\n");
    page->columns = NULL;
    page->n_columns = 0;
}

void rung__page_left_out(rung_page *page, size_t shown, size_t all)
{
    if (shown < all)
        rung_str_addf(&page->body, "<p class=\"note\">The first %zu of %zu.</p>\n", shown,
                      all);
}

/* ---- Charts ---- */

/* One drawing: hidden by the style on screens of the other kind. */
static void add_drawing(rung_page *page, const rung__chart_ops *ops, const void *chart,
                        const char *title, const char *caption, bool is_narrow,
                        size_t *n_outside)
{
    rung_str *s = &page->body, shapes = {0};
    rung__svg svg = {
        .out = &shapes, .width = is_narrow ? 328 : 720, .is_narrow = is_narrow};
    const int id = 2 * page->n_charts + is_narrow;
    ops->draw(&svg, chart);
    rung_str_addf(s,
                  "<svg class=\"%s\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
                  "role=\"img\" aria-labelledby=\"t%d d%d\">\n<title id=\"t%d\">",
                  is_narrow ? "narrow" : "wide", (int)svg.width, (int)svg.height,
                  (int)svg.width, (int)svg.height, id, id, id);
    rung__add_words(s, title);
    rung_str_addf(s, "</title>\n<desc id=\"d%d\">", id);
    if (caption) add_element(s, "", caption, " ");
    rung_str_add(s, "The numbers stand in the table beneath.</desc>\n");
    join(s, &shapes);
    rung_str_add(s, "</svg>\n");
    rung_str_release(&shapes);
    *n_outside = svg.n_outside;
}

void rung__page_chart(rung_page *page, const rung__chart_ops *ops, const void *chart,
                      const char *title, const char *caption)
{
    rung_str *s = &page->body;
    size_t n_outside = 0;
    page->n_charts++;
    add_element(s, "<figure>\n<figcaption><strong>", title, "</strong>");
    if (caption) add_element(s, " ", caption, "");
    rung_str_add(s, "</figcaption>\n");
    add_drawing(page, ops, chart, title, caption, false, &n_outside);
    add_drawing(page, ops, chart, title, caption, true, &n_outside);
    if (n_outside)
        rung_str_addf(
            s,
            "<p class=\"note\">Not drawn, but in the table: %zu that these axes "
            "cannot show.</p>\n",
            n_outside);
    rung_str_add(s, "<details>\n<summary>Numbers</summary>\n");
    ops->tabulate(page, chart);
    rung_str_add(s, "</details>\n</figure>\n");
}
