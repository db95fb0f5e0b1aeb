/* A strict little checker of markup: is it well-formed XML, and what does it hold? */
#ifndef RUNG_TESTS_REPORT_MARKUP_H
#define RUNG_TESTS_REPORT_MARKUP_H

#include "support.h"

#include <ctype.h>
#include <utf8proc.h>

enum { MARKUP_DEPTH = 64, MARKUP_IDS = 4000 };

typedef struct markup {
    const char *text, *at;
    struct {
        char name[24];
    } open[MARKUP_DEPTH];
    int depth;
    int n_elements;
    char ids[MARKUP_IDS][16];
    int n_ids;
} markup;

#define markup_fail(m, what)                                                             \
    fail_msg("%s at byte %d: '%.60s'", (what), (int)((m)->at - (m)->text), (m)->at)

/* One character of content or of an attribute's value. */
static inline void markup_char(markup *m)
{
    static const char *const entities[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&#39;"};
    if (*m->at == '&') {
        for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
            const size_t n = strlen(entities[i]);
            if (strncmp(m->at, entities[i], n) == 0) {
                m->at += n;
                return;
            }
        }
        markup_fail(m, "a bare ampersand");
    }
    utf8proc_int32_t c;
    const utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)m->at, strnlen(m->at, 4), &c);
    if (n <= 0) markup_fail(m, "not UTF-8");
    const bool is_fit = c == '\n' || c == '\t' ||
                        (c >= 0x20 && c != 0x7F && !(c >= 0x80 && c < 0xA0) &&
                         (c & 0xFFFE) != 0xFFFE && !(c >= 0xFDD0 && c < 0xFDF0));
    if (!is_fit) markup_fail(m, "a character that no document may hold");
    m->at += n;
}

static inline size_t markup_name(markup *m, char name[24])
{
    size_t n = 0;
    while (isalnum((unsigned char)m->at[n]) || m->at[n] == '-') n++;
    if (n == 0 || n >= 24) markup_fail(m, "no name");
    memcpy(name, m->at, n);
    name[n] = 0;
    m->at += n;
    return n;
}

static inline bool markup_has_id(const markup *m, const char *id, size_t n)
{
    for (int i = 0; i < m->n_ids; i++) {
        if (strlen(m->ids[i]) == n && memcmp(m->ids[i], id, n) == 0) return true;
    }
    return false;
}

/* Numbers stand in coordinates; a word there means that something was not finite. */
static inline void markup_attribute(markup *m)
{
    char name[24];
    markup_name(m, name);
    if (strncmp(m->at, "=\"", 2) != 0) markup_fail(m, "an attribute without a value");
    const char *value = m->at += 2;
    while (*m->at && *m->at != '"') {
        if (*m->at == '<') markup_fail(m, "< in an attribute");
        markup_char(m);
    }
    if (*m->at != '"') markup_fail(m, "an attribute that does not end");
    const size_t n = (size_t)(m->at++ - value);
    static const char *const numeric[] = {"x",  "y",  "x1", "x2",    "y1",    "y2",
                                          "cx", "cy", "r",  "width", "height"};
    for (size_t i = 0; i < sizeof numeric / sizeof *numeric; i++) {
        if (strcmp(name, numeric[i]) == 0 && strspn(value, "-.0123456789") != n)
            fail_msg("%s is '%.*s', no number", name, (int)n, value);
    }
    if (strcmp(name, "id") == 0) {
        if (markup_has_id(m, value, n)) markup_fail(m, "an id twice");
        assert_in_range(m->n_ids, 0, MARKUP_IDS - 1);
        snprintf(m->ids[m->n_ids++], sizeof m->ids[0], "%.*s", (int)n, value);
    }
}

static inline void markup_tag(markup *m)
{
    char name[24];
    m->at++;
    if (*m->at == '/') {
        m->at++;
        markup_name(m, name);
        if (m->depth == 0 || strcmp(m->open[m->depth - 1].name, name) != 0)
            markup_fail(m, "closes what is not open");
        m->depth--;
        if (*m->at++ != '>') markup_fail(m, "a closing tag that does not end");
        return;
    }
    markup_name(m, name);
    m->n_elements++;
    while (*m->at == ' ') {
        m->at++;
        markup_attribute(m);
    }
    const bool is_empty = *m->at == '/';
    m->at += is_empty;
    if (*m->at++ != '>') markup_fail(m, "a tag that does not end");
    if (is_empty) return;
    assert_in_range(m->depth, 0, MARKUP_DEPTH - 1);
    memcpy(m->open[m->depth++].name, name, sizeof name);
}

/* Fails the test unless the page is one well-formed document whose references lead
 * somewhere. Returns its number of elements. */
static inline int assert_well_formed(const char *text)
{
    static const char doctype[] = "<!DOCTYPE html>\n";
    markup *m = test_calloc(1, sizeof *m);
    if (strncmp(text, doctype, strlen(doctype)) != 0) fail_msg("no doctype");
    m->text = text, m->at = text + strlen(doctype);
    for (bool was_open = false; *m->at;) {
        if (*m->at == '<')
            markup_tag(m);
        else if (m->depth == 0 && *m->at != '\n')
            markup_fail(m, "text outside the document");
        else
            markup_char(m);
        if (was_open && m->depth == 0 && *m->at == '<') markup_fail(m, "a second root");
        was_open |= m->depth > 0;
    }
    if (m->depth) fail_msg("<%s> is never closed", m->open[m->depth - 1].name);
    for (const char *p = text; (p = strstr(p, "href=\"#"));) {
        p += strlen("href=\"#");
        if (!markup_has_id(m, p, strcspn(p, "\""))) fail_msg("no id for '%.20s'", p);
    }
    for (const char *p = text; (p = strstr(p, "aria-labelledby=\""));) {
        p += strlen("aria-labelledby=\"");
        for (size_t n; *p != '"'; p += n + (p[n] == ' ')) {
            n = strcspn(p, " \"");
            if (!markup_has_id(m, p, n)) fail_msg("no id for '%.20s'", p);
        }
    }
    const int n = m->n_elements;
    test_free(m);
    return n;
}

static inline int count_of(const char *text, const char *part)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, part)); p += strlen(part)) n++;
    return n;
}

#endif
