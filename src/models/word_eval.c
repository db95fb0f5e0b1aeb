/* Scores of word vectors on lists of analogies and of pairs of words. */
#include "rung/vectors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "text/wordlevel.h"

/* ---- Analogies ---- */

typedef struct question {
    int32_t ids[4];
    int64_t section;
} question;

typedef struct list {
    rung_space *space;
    const char *path;
    int64_t line;
    question *questions;  /* [n], owned: those whose words are known */
    double *given, *ours; /* [n], owned: pairs */
    size_t n, cap;
} list;

static rung_status reserve(list *l, rung_error *err)
{
    if (l->n < l->cap) return RUNG_OK;
    const size_t cap = 2 * l->cap + 256;
    question *questions = rung__realloc(l->questions, cap * sizeof *questions);
    if (questions) l->questions = questions;
    double *given = rung__realloc(l->given, cap * sizeof *given);
    if (given) l->given = given;
    double *ours = rung__realloc(l->ours, cap * sizeof *ours);
    if (ours) l->ours = ours;
    if (!questions || !given || !ours)
        return rung__out_of_memory(err, cap * sizeof *questions, "questions");
    l->cap = cap;
    return RUNG_OK;
}

static rung_status begin_section(rung_word_score *score, const list *l, rung_span name,
                                 rung_error *err)
{
    if (score->n_sections == RUNG_MOST_SECTIONS)
        return rung_fail(err, RUNG_INPUT, "%s:%lld: more than %d sections", l->path,
                         (long long)l->line, RUNG_MOST_SECTIONS);
    rung_section *s = &score->sections[score->n_sections++];
    const size_t n = name.size < sizeof s->name ? name.size : sizeof s->name - 1;
    *s = (rung_section){0};
    memcpy(s->name, name.bytes, n);
    return RUNG_OK;
}

static rung_status add_question(rung_word_score *score, list *l, const char *p,
                                const char *end, rung_error *err)
{
    question q = {.section = score->n_sections - 1};
    bool is_known = true;
    int n = 0;
    for (rung_span word; (word = rung__word_next(&p, end)).size; n++) {
        if (n == 4) break;
        q.ids[n] = rung_space_find(l->space, word);
        is_known = is_known && q.ids[n] >= 0;
    }
    if (n != 4 || rung__word_next(&p, end).size)
        return rung_fail(err, RUNG_INPUT, "%s:%lld: an analogy has four words", l->path,
                         (long long)l->line);
    score->sections[q.section].n++;
    if (!is_known) return RUNG_OK;
    score->sections[q.section].known++;
    RUNG_TRY(reserve(l, err));
    l->questions[l->n++] = q;
    return RUNG_OK;
}

static rung_status answer(rung_word_score *score, const list *l, rung_error *err)
{
    const size_t dim = (size_t)rung_space_dim(l->space);
    float *queries = rung__alloc_array(l->n * dim + 1, sizeof *queries);
    int32_t *without = rung__alloc_array(l->n * RUNG_ANALOGY_WORDS + 1, sizeof *without);
    rung_neighbour *nearest = rung__alloc_array(l->n + 1, sizeof *nearest);
    rung_status status = queries && without && nearest
                             ? RUNG_OK
                             : rung__out_of_memory(err, l->n * dim * 4, "questions");
    for (size_t i = 0; status == RUNG_OK && i < l->n; i++) {
        rung_space_analogy(l->space, l->questions[i].ids, queries + i * dim);
        memcpy(without + i * RUNG_ANALOGY_WORDS, l->questions[i].ids,
               RUNG_ANALOGY_WORDS * sizeof *without);
    }
    if (status == RUNG_OK)
        status = rung_space_nearest(l->space, queries, without, l->n, 1, nearest, err);
    for (size_t i = 0; status == RUNG_OK && i < l->n; i++) {
        const question *q = &l->questions[i];
        score->sections[q->section].right += nearest[i].id == q->ids[3];
    }
    rung__free(queries), rung__free(without), rung__free(nearest);
    return status;
}

/* ---- Pairs ---- */

static bool is_between(char c)
{
    return c == ',' || c == ';' || rung__is_space(c);
}

/* The next of a line's cells, without what stands between. */
static rung_span next_cell(const char **p, const char *end)
{
    const char *begin = *p;
    while (begin < end && is_between(*begin)) begin++;
    const char *stop = begin;
    while (stop < end && !is_between(*stop)) stop++;
    *p = stop;
    return (rung_span){begin, (size_t)(stop - begin)};
}

static bool read_number(rung_span cell, double *out)
{
    char text[64], *end;
    if (cell.size == 0 || cell.size >= sizeof text) return false;
    memcpy(text, cell.bytes, cell.size);
    text[cell.size] = '\0';
    *out = strtod(text, &end);
    return *end == '\0' && isfinite(*out);
}

static rung_status add_pair(rung_word_score *score, list *l, const char *p,
                            const char *end, rung_error *err)
{
    double given;
    const rung_span a = next_cell(&p, end), b = next_cell(&p, end);
    if (!read_number(next_cell(&p, end), &given)) {
        if (l->line == 1) return RUNG_OK; // a header
        return rung_fail(err, RUNG_INPUT, "%s:%lld: two words and a number expected",
                         l->path, (long long)l->line);
    }
    score->total.n++;
    int32_t x, y;
    rung_status status = rung_space_enter(l->space, a, &x, err);
    if (status == RUNG_OK) status = rung_space_enter(l->space, b, &y, err);
    if (status != RUNG_OK) return status == RUNG_INPUT ? RUNG_OK : status; // unknown
    RUNG_TRY(reserve(l, err));
    l->given[l->n] = given;
    l->ours[l->n++] = rung_space_similarity(l->space, x, y);
    return RUNG_OK;
}

typedef struct ranked {
    double value;
    size_t at;
} ranked;

static int by_value(const void *a, const void *b)
{
    const double x = ((const ranked *)a)->value, y = ((const ranked *)b)->value;
    return (x > y) - (x < y);
}

/* Values become their ranks; equal ones share the mean of theirs. */
static void rank(double *values, size_t n, ranked *order)
{
    for (size_t i = 0; i < n; i++) order[i] = (ranked){values[i], i};
    qsort(order, n, sizeof *order, by_value);
    for (size_t i = 0, j; i < n; i = j) {
        for (j = i; j < n && order[j].value == order[i].value;) j++;
        for (size_t m = i; m < j; m++) values[order[m].at] = 0.5 * (double)(i + j - 1);
    }
}

/* Pearson's correlation of the ranks. */
static rung_status correlate(rung_word_score *score, list *l, rung_error *err)
{
    const size_t n = l->n;
    ranked *order = rung__alloc_array(n + 1, sizeof *order);
    if (!order) return rung__out_of_memory(err, n * sizeof *order, "ranks");
    rank(l->given, n, order);
    rank(l->ours, n, order);
    rung__free(order);
    const double mean = 0.5 * ((double)n - 1);
    double xy = 0, xx = 0, yy = 0;
    for (size_t i = 0; i < n; i++) {
        const double x = l->given[i] - mean, y = l->ours[i] - mean;
        xy += x * y, xx += x * x, yy += y * y;
    }
    score->total.known = (int64_t)n;
    score->spearman = xy / sqrt(xx * yy);
    return RUNG_OK;
}

/* ---- A file ---- */

static rung_status read_lines(rung_word_score *score, list *l, const char *p,
                              const char *end, rung_error *err)
{
    for (const char *stop; p < end; p = stop + 1) {
        stop = memchr(p, '\n', (size_t)(end - p));
        if (!stop) stop = end;
        l->line++;
        const char *at = p;
        const rung_span first = rung__word_next(&at, stop);
        if (first.size == 0) continue;
        if (first.bytes[0] == ':') {
            if (score->total.n > 0)
                return rung_fail(err, RUNG_INPUT, "%s:%lld: analogies behind pairs",
                                 l->path, (long long)l->line);
            score->is_analogies = true;
            RUNG_TRY(begin_section(score, l, rung__word_next(&at, stop), err));
        } else if (score->is_analogies) {
            RUNG_TRY(add_question(score, l, p, stop, err));
        } else {
            RUNG_TRY(add_pair(score, l, p, stop, err));
        }
    }
    return score->is_analogies ? answer(score, l, err) : correlate(score, l, err);
}

rung_status rung_word_evaluate(rung_space *s, const char *path, rung_word_score *score,
                               rung_error *err)
{
    char *text;
    size_t size;
    *score = (rung_word_score){.spearman = NAN};
    RUNG_TRY(rung_file_read(path, &text, &size, err));
    list l = {.space = s, .path = path};
    rung_status status = read_lines(score, &l, text, text + size, err);
    for (int64_t i = 0; i < score->n_sections; i++) {
        score->total.n += score->sections[i].n;
        score->total.known += score->sections[i].known;
        score->total.right += score->sections[i].right;
    }
    if (status == RUNG_OK && score->total.n == 0)
        status = rung_fail(err, RUNG_INPUT, "'%s' has neither analogies nor pairs", path);
    rung__free(text);
    rung__free(l.questions), rung__free(l.given), rung__free(l.ours);
    return status;
}
