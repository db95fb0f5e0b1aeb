/* Names of labels: a set of strings whose ids follow their order. */
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "rung/labelled.h"
#include "rung/units.h"
#include "text/vocab.h"

struct rung_labels {
    atomic_int n_owners;
    rung_vocab set; /* of the names, by id */
    char **names;   /* [set.n], into text */
    char *text;     /* the names, each with a NUL behind it */
};

/* The whole of a NUL-terminated text as a number. */
static bool is_number(const char *text, double *x)
{
    const char *end = rung_parse_number(text, x);
    return end && *end == '\0';
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b); // as unsigned bytes
}

static int by_number(const void *a, const void *b)
{
    double x = 0, y = 0;
    is_number(*(char *const *)a, &x);
    is_number(*(char *const *)b, &y);
    return x != y ? (x > y) - (x < y) : by_bytes(a, b); // "1" and "1.0" are two names
}

static void sort_names(char **names, size_t n)
{
    bool are_numbers = true;
    double x;
    for (size_t i = 0; i < n; i++) are_numbers = are_numbers && is_number(names[i], &x);
    if (n > 1) qsort(names, n, sizeof *names, are_numbers ? by_number : by_bytes);
}

/* Fills `names` and `text` with the strings of `set`, in its order. */
static rung_status spell_names(rung_labels *labels, const rung_vocab *set,
                               rung_error *err)
{
    const size_t size = (set->n ? set->ends[set->n - 1] : 0) + set->n;
    labels->names = rung__alloc_array(set->n, sizeof *labels->names);
    labels->text = rung__alloc(size);
    if (!labels->names || !labels->text)
        return rung__out_of_memory(err, size, "the names of labels");
    char *next = labels->text;
    for (size_t i = 0; i < set->n; i++) {
        const rung_span name = rung__vocab_get(set, i);
        memcpy(next, name.bytes, name.size);
        labels->names[i] = next;
        next += name.size + 1; // memory is zeroed
    }
    return RUNG_OK;
}

static rung_status add_name(rung_vocab *set, const char *bytes, size_t size,
                            rung_error *err)
{
    if (size == 0) return rung_fail(err, RUNG_INPUT, "a label is empty");
    if (memchr(bytes, '\0', size))
        return rung_fail(err, RUNG_INPUT, "label '%s' goes on after a NUL byte", bytes);
    return rung__vocab_add(set, bytes, size, 1, err);
}

/* The names as they come, a second of the same joined to the first unless `is_unique`. */
static rung_status collect_names(rung_vocab *set, const rung_span *names, size_t n,
                                 bool is_unique, rung_error *err)
{
    for (size_t i = 0; i < n; i++) {
        RUNG_TRY(add_name(set, names[i].bytes, names[i].size, err));
        if (is_unique && set->n <= i)
            return rung_fail(err, RUNG_INPUT, "label '%.*s' stands twice",
                             (int)names[i].size, names[i].bytes);
    }
    return RUNG_OK;
}

static rung_status fill(rung_labels *labels, const rung_span *names, size_t n,
                        bool is_ordered, rung_error *err)
{
    rung_vocab found = {0};
    rung_status status = collect_names(&found, names, n, is_ordered, err);
    if (status == RUNG_OK) status = spell_names(labels, &found, err);
    if (status == RUNG_OK && !is_ordered) sort_names(labels->names, found.n);
    for (size_t i = 0; i < found.n && status == RUNG_OK; i++) {
        const char *name = labels->names[i];
        status = rung__vocab_add(&labels->set, name, strlen(name), 1, err);
    }
    rung__vocab_release(&found);
    return status;
}

static rung_status labels_new(rung_labels **out, const rung_span *names, size_t n,
                              bool is_ordered, rung_error *err)
{
    rung_labels *labels = rung__alloc(sizeof *labels);
    if (!labels) return rung__out_of_memory(err, sizeof *labels, "the names of labels");
    atomic_init(&labels->n_owners, 1);
    const rung_status status = fill(labels, names, n, is_ordered, err);
    if (status == RUNG_OK)
        *out = labels;
    else
        rung_labels_free(labels);
    return status;
}

rung_status rung_labels_new(rung_labels **out, const rung_span *names, size_t n,
                            rung_error *err)
{
    return labels_new(out, names, n, false, err);
}

rung_status rung_labels_ordered(rung_labels **out, const rung_span *names, size_t n,
                                rung_error *err)
{
    return labels_new(out, names, n, true, err);
}

rung_labels *rung_labels_share(rung_labels *labels)
{
    atomic_fetch_add(&labels->n_owners, 1);
    return labels;
}

void rung_labels_free(rung_labels *labels)
{
    if (!labels || atomic_fetch_sub(&labels->n_owners, 1) > 1) return;
    rung__vocab_release(&labels->set);
    rung__free(labels->names);
    rung__free(labels->text);
    rung__free(labels);
}

int64_t rung_labels_count(const rung_labels *labels)
{
    return (int64_t)labels->set.n;
}

const char *rung_labels_name(const rung_labels *labels, int64_t id)
{
    assert(id >= 0 && (size_t)id < labels->set.n);
    return labels->names[id];
}

int32_t rung_labels_find(const rung_labels *labels, rung_span name)
{
    return name.size ? rung__vocab_find(&labels->set, name.bytes, name.size) : -1;
}
