/* Names of labels. */
#include "rung/labelled.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct rung_labels {
    atomic_int shared; /* owners beyond the first */
    size_t n;
    char **names;   /* [n], into `text`; the order of the ids */
    size_t *sorted; /* [n]: ids in the bytewise order of their names */
    char *text;     /* the names, each ended by NUL */
};

static int compare_spans(const rung_span *a, const rung_span *b)
{
    size_t n = a->size < b->size ? a->size : b->size;
    int order = n ? memcmp(a->bytes, b->bytes, n) : 0;
    return order ? order : (a->size > b->size) - (a->size < b->size);
}

static int by_bytes(const void *a, const void *b)
{
    return compare_spans(a, b);
}

static bool is_number(rung_span s, double *value)
{
    char text[40], *end;
    if (s.size == 0 || s.size >= sizeof text) return false;
    memcpy(text, s.bytes, s.size);
    text[s.size] = 0;
    *value = strtod(text, &end);
    return *end == 0 && text[0] > ' ';
}

static int by_number(const void *a, const void *b)
{
    double x = 0, y = 0;
    is_number(*(const rung_span *)a, &x);
    is_number(*(const rung_span *)b, &y);
    return x < y ? -1 : x > y ? 1 : compare_spans(a, b);
}

/* Room for n names of `bytes` in all. */
static rung_labels *allocate(size_t n, size_t bytes)
{
    rung_labels *l = rung__alloc(sizeof *l);
    if (!l) return NULL;
    l->names = rung__alloc_array(n + 1, sizeof *l->names);
    l->sorted = rung__alloc_array(n + 1, sizeof *l->sorted);
    l->text = rung__alloc(bytes + n + 1);
    if (l->names && l->sorted && l->text) return l;
    rung_labels_free(l);
    return NULL;
}

static rung_span name_of(const rung_labels *l, size_t id)
{
    return (rung_span){l->names[id], strlen(l->names[id])};
}

/* Places id among the sorted ones; by insertion, since labels are few. False when its
 * name is there already. */
static bool place(rung_labels *l, size_t id)
{
    rung_span name = name_of(l, id);
    size_t at = id;
    for (; at > 0; at--) {
        rung_span before = name_of(l, l->sorted[at - 1]);
        int order = compare_spans(&before, &name);
        if (order == 0) return false;
        if (order < 0) break;
        l->sorted[at] = l->sorted[at - 1];
    }
    l->sorted[at] = id;
    return true;
}

rung_status rung_labels_ordered(rung_labels **out, const rung_span *names, size_t n,
                                rung_error *err)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++) bytes += names[i].size;
    rung_labels *l = allocate(n, bytes);
    if (!l) return rung__out_of_memory(err, bytes, "labels");
    char *text = l->text;
    for (size_t i = 0; i < n; i++) {
        l->names[i] = text;
        if (names[i].size) memcpy(text, names[i].bytes, names[i].size);
        text[names[i].size] = 0;
        text += names[i].size + 1;
        l->n++;
        if (place(l, i)) continue;
        rung_fail(err, RUNG_INPUT, "label '%s' stands twice", l->names[i]);
        rung_labels_free(l);
        return RUNG_INPUT;
    }
    *out = l;
    return RUNG_OK;
}

rung_status rung_labels_new(rung_labels **out, const rung_span *names, size_t n,
                            rung_error *err)
{
    rung_span *sorted = rung__alloc_array(n + 1, sizeof *sorted);
    if (!sorted) return rung__out_of_memory(err, n * sizeof *sorted, "labels");
    size_t kept = 0;
    double value;
    bool are_numbers = true;
    if (n)
        memcpy(sorted, names, n * sizeof *sorted),
            qsort(sorted, n, sizeof *sorted, by_bytes);
    for (size_t i = 0; i < n; i++) {
        if (kept && compare_spans(&sorted[kept - 1], &sorted[i]) == 0) continue;
        are_numbers = are_numbers && is_number(sorted[i], &value);
        sorted[kept++] = sorted[i];
    }
    if (are_numbers && kept) qsort(sorted, kept, sizeof *sorted, by_number);
    rung_status status = rung_labels_ordered(out, sorted, kept, err);
    rung__free(sorted);
    return status;
}

rung_labels *rung_labels_share(rung_labels *labels)
{
    atomic_fetch_add(&labels->shared, 1);
    return labels;
}

void rung_labels_free(rung_labels *labels)
{
    if (!labels || atomic_fetch_sub(&labels->shared, 1) > 0) return;
    rung__free(labels->names), rung__free(labels->sorted), rung__free(labels->text);
    rung__free(labels);
}

int64_t rung_labels_count(const rung_labels *labels)
{
    return (int64_t)labels->n;
}

const char *rung_labels_name(const rung_labels *labels, int64_t id)
{
    return labels->names[id];
}

int32_t rung_labels_find(const rung_labels *labels, rung_span name)
{
    size_t low = 0, high = labels->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2, id = labels->sorted[middle];
        rung_span is = name_of(labels, id);
        int order = compare_spans(&is, &name);
        if (order == 0) return (int32_t)id;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}
