/* Records of a text that streams through one buffer. */
#include "text/lines.h"

#include <string.h>

#include "base/alloc.h"

#define FIRST_BYTES ((size_t)1 << 18)
#define MOST_BYTES ((size_t)1 << 28) /* a longer record is a misunderstanding */

rung_status rung__lines_rewind(rung__lines *l, rung_error *err)
{
    rung__stream_close(l->stream);
    l->stream = NULL;
    l->next = l->end = l->buffer;
    l->at_end = false;
    l->next_line = 1;
    RUNG_TRY(rung__stream_open(&l->stream, l->path, err));
    RUNG_TRY(rung__lines_fill(l, 3, err));
    if (strncmp(l->next, "\xEF\xBB\xBF", 3) == 0) l->next += 3; // a mark before UTF-8
    return RUNG_OK;
}

rung_status rung__lines_open(rung__lines *l, const char *path, rung_error *err)
{
    *l = (rung__lines){.path = rung__strdup(path), .cap = FIRST_BYTES};
    l->buffer = rung__alloc(l->cap);
    if (!l->path || !l->buffer) return rung__out_of_memory(err, l->cap, path);
    return rung__lines_rewind(l, err);
}

void rung__lines_release(rung__lines *l)
{
    rung__stream_close(l->stream);
    rung__free(l->buffer);
    rung__free(l->path);
    *l = (rung__lines){0};
}

/* Makes room behind what is left, and reads once. */
static rung_status read_more(rung__lines *l, rung_error *err)
{
    const size_t left = (size_t)(l->end - l->next);
    if (left + 1 >= l->cap && left >= MOST_BYTES)
        return rung_fail(err, RUNG_INPUT, "%s:%zu: a line of over %zu MB: is it a table?",
                         l->path, l->next_line, MOST_BYTES >> 20);
    if (l->next > l->buffer) memmove(l->buffer, l->next, left);
    if (left + 1 >= l->cap) {
        char *buffer = rung__realloc(l->buffer, 2 * l->cap);
        if (!buffer) return rung__out_of_memory(err, 2 * l->cap, l->path);
        l->buffer = buffer;
        l->cap *= 2;
    }
    size_t got;
    l->next = l->buffer;
    l->end = l->buffer + left;
    RUNG_TRY(rung__stream_read(l->stream, l->end, l->cap - 1 - left, &got, err));
    l->end += got;
    *l->end = '\0';
    l->at_end = got == 0;
    return RUNG_OK;
}

rung_status rung__lines_fill(rung__lines *l, size_t size, rung_error *err)
{
    while (!l->at_end && (size_t)(l->end - l->next) < size) RUNG_TRY(read_more(l, err));
    return RUNG_OK;
}

/* Quotes of a record, up to some place. */
typedef struct quotes {
    bool is_open;
    size_t closed; /* place behind the last one that closed; a quote there opens again */
} quotes;

/* Goes on from `from` to `to`. Where no cell begins a quote is like any character. */
static void find_quotes(quotes *q, const char *record, const char *from, const char *to,
                        char delimiter)
{
    for (; (from = memchr(from, '"', (size_t)(to - from))); from++) {
        const size_t at = (size_t)(from - record);
        if (q->is_open)
            *q = (quotes){false, at + 1};
        else
            q->is_open = at == 0 || from[-1] == delimiter || at == q->closed;
    }
}

rung_status rung__lines_next(rung__lines *l, char delimiter, bool *any, rung_error *err)
{
    size_t seen = 0; // bytes of the record that were looked at
    quotes q = {0};
    l->line = l->next_line;
    for (;;) {
        char *from = l->next + seen;
        char *lf = memchr(from, '\n', (size_t)(l->end - from));
        l->stop = lf ? lf : l->end;
        if (delimiter) find_quotes(&q, l->next, from, l->stop, delimiter);
        seen = (size_t)(l->stop - l->next) + (lf != NULL);
        l->next_line += lf != NULL;
        if ((lf && !q.is_open) || (!lf && l->at_end)) break;
        if (!lf) RUNG_TRY(read_more(l, err));
    }
    *any = seen > 0;
    l->begin = l->next;
    l->next += seen;
    while (l->stop > l->begin && l->stop[-1] == '\r') l->stop--;
    *l->stop = '\0';
    return RUNG_OK;
}
