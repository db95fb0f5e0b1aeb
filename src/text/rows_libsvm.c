/* Rows from LIBSVM's files, a row a line:
 *
 *     TARGET INDEX:VALUE INDEX:VALUE ... # comment
 *
 * with indices that ascend from 1; `qid:N` is passed over. */
#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "rung/units.h"
#include "text/lines.h"
#include "text/rows_text.h"

typedef struct libsvm {
    rung__source base;
    rung__lines lines;
    int64_t n_features; /* 0: any number */
    int64_t widest;     /* features seen */

    /* The rows that were read last, owned. */
    int64_t *first;
    double *targets;
    size_t row_cap;
    int32_t *features;
    float *values;
    size_t value_cap;
} libsvm;

static const rung__source_ops libsvm_ops;

static libsvm *libsvm_of(rung__source *s)
{
    assert(s->ops == &libsvm_ops);
    return (libsvm *)s;
}

static rung_status reserve_rows(libsvm *s, size_t n, rung_error *err)
{
    size_t cap = s->row_cap;
    if (rung__grow(&s->first, &cap, n + 1, sizeof *s->first) &&
        rung__grow(&s->targets, &s->row_cap, n + 1, sizeof *s->targets))
        return RUNG_OK;
    return rung__out_of_memory(err, n * 16, "rows");
}

static rung_status reserve_values(libsvm *s, size_t n, rung_error *err)
{
    size_t cap = s->value_cap;
    if (rung__grow(&s->features, &cap, n, sizeof *s->features) &&
        rung__grow(&s->values, &s->value_cap, n, sizeof *s->values))
        return RUNG_OK;
    return rung__out_of_memory(err, n * 8, "rows");
}

/* The beginning of what was found where something else should be. */
static rung_status fault(const libsvm *s, const char *at, const char *wanted,
                         rung_error *err)
{
    const int n = (int)strcspn(at, " \t");
    return rung_fail(err, RUNG_INPUT, "%s:%zu: '%.*s' is %s", s->lines.path,
                     s->lines.line, n < 40 ? n : 40, at, wanted);
}

static const char *skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\t') p++;
    return p;
}

static bool ends_word(const char *p)
{
    return *p == '\0' || *p == ' ' || *p == '\t';
}

/* INDEX: of a pair; NULL if there is none. */
static const char *take_index(const char *p, int64_t *index)
{
    const char *begin = p;
    for (*index = 0; isdigit((unsigned char)*p) && *index <= INT32_MAX; p++)
        *index = 10 * *index + (*p - '0');
    return p > begin && *p == ':' ? p + 1 : NULL;
}

static rung_status check_index(const libsvm *s, const char *at, int64_t index,
                               int64_t last, rung_error *err)
{
    if (index < 1) return fault(s, at, "no pair: indices begin at 1", err);
    if (index > INT32_MAX - 1)
        return fault(s, at, "no pair: indices are below 2147483647", err);
    if (index > last) return RUNG_OK;
    return rung_fail(err, RUNG_INPUT,
                     "%s:%zu: index %lld follows %lld: indices must ascend",
                     s->lines.path, s->lines.line, (long long)index, (long long)last);
}

static rung_status read_pairs(libsvm *s, const char *p, int64_t *n_values,
                              rung_error *err)
{
    int64_t index, last = 0;
    for (p = skip_blanks(p); *p && *p != '#'; p = skip_blanks(p)) {
        double value;
        const char *at = p;
        if (strncmp(p, "qid:", 4) == 0) {
            p += strcspn(p, " \t");
            continue;
        }
        p = take_index(at, &index);
        if (!p) return fault(s, at, "no pair INDEX:VALUE", err);
        p = rung_parse_number(p, &value);
        if (!p || !ends_word(p)) return fault(s, at, "no pair INDEX:VALUE", err);
        if (!isfinite((float)value))
            return fault(s, at, "no pair: its value is beyond a float", err);
        RUNG_TRY(check_index(s, at, index, last, err));
        last = index;
        if (value == 0 || (s->n_features && index > s->n_features)) continue;
        RUNG_TRY(reserve_values(s, (size_t)*n_values + 1, err));
        s->features[*n_values] = (int32_t)(index - 1);
        s->values[(*n_values)++] = (float)value;
    }
    if (last > s->widest) s->widest = last;
    return RUNG_OK;
}

static rung_status read_target(const libsvm *s, const char **p, double *target,
                               rung_error *err)
{
    const char *at = *p;
    *p = rung_parse_number(at, target);
    if (*p && **p == ',')
        return fault(s, at, "a target of several labels: one is read", err);
    if (!*p || !ends_word(*p))
        return fault(s, at, "no number: a line begins with one", err);
    return RUNG_OK;
}

static rung_status libsvm_next(rung__source *base, int64_t most, rung_rows *rows,
                               rung_error *err)
{
    libsvm *s = libsvm_of(base);
    int64_t n = 0, n_values = 0;
    const int64_t number = base->row;
    bool any = true;
    RUNG_TRY(reserve_rows(s, 1, err));
    while (n < most) {
        RUNG_TRY(rung__lines_next(&s->lines, '\0', &any, err));
        if (!any) break;
        const char *p = skip_blanks(s->lines.begin);
        if (*p == '\0' || *p == '#') continue;
        if (!rung__row_cut_has(&base->cut, base->row++)) continue;
        RUNG_TRY(reserve_rows(s, (size_t)n + 1, err));
        RUNG_TRY(read_target(s, &p, &s->targets[n], err));
        RUNG_TRY(read_pairs(s, p, &n_values, err));
        s->first[++n] = n_values;
    }
    *rows = (rung_rows){.n = n,
                        .n_features = s->n_features ? s->n_features : s->widest,
                        .number = number,
                        .first = s->first,
                        .features = s->features,
                        .values = s->values,
                        .targets = s->targets};
    return RUNG_OK;
}

static rung_status libsvm_rewind(rung__source *base, rung_error *err)
{
    base->row = 0;
    return rung__lines_rewind(&libsvm_of(base)->lines, err);
}

static void libsvm_close(rung__source *base)
{
    libsvm *s = libsvm_of(base);
    rung__lines_release(&s->lines);
    rung__free(s->first), rung__free(s->targets);
    rung__free(s->features), rung__free(s->values);
    rung__free(s);
}

static const rung__source_ops libsvm_ops = {libsvm_next, libsvm_rewind, libsvm_close};

rung_status rung__libsvm_open(rung__source **out, const char *path,
                              const rung__row_cut *cut, int64_t n_features,
                              rung_error *err)
{
    libsvm *s = rung__alloc(sizeof *s);
    if (!s) return rung__out_of_memory(err, sizeof *s, path);
    *s = (libsvm){.base = {&libsvm_ops, *cut, 0}, .n_features = n_features};
    const rung_status status = rung__lines_open(&s->lines, path, err);
    if (status == RUNG_OK)
        *out = &s->base;
    else
        libsvm_close(&s->base);
    return status;
}

/* The first line that is no comment: a number, and a pair behind it. */
bool rung__looks_like_libsvm(const char *bytes, size_t size)
{
    const char *p = bytes, *end = bytes + size;
    double x;
    int64_t index;
    while (p < end && (*p == '#' || *p == '\n')) {
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        if (!lf) return false;
        p = lf + 1;
    }
    p = rung_parse_number(p, &x);
    if (!p || (*p != ' ' && *p != '\t')) return false;
    p = skip_blanks(p);
    if (strncmp(p, "qid:", 4) == 0) return true;
    p = take_index(p, &index);
    return p && rung_parse_number(p, &x);
}
