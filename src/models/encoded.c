/* Texts as token ids. */
#include "models/encoded.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* ---- Encoding ---- */

typedef struct frame {
    int32_t first, last; /* [CLS], [SEP] */
    size_t most;         /* tokens of a text within */
} frame;

static rung_status find_frame(frame *f, const rung_model *m, rung_error *err)
{
    size_t context = m->context > 0 ? (size_t)m->context : SIZE_MAX / 4;
    *f = (frame){-1, -1, context};
    if (!m->type->labelled->is_framed) return RUNG_OK;
    f->first = rung_tokenizer_special(m->tokenizer, "[CLS]");
    f->last = rung_tokenizer_special(m->tokenizer, "[SEP]");
    if (f->first < 0 || f->last < 0)
        return rung_fail(err, RUNG_INPUT, "the tokenizer has no [CLS] or no [SEP]");
    if (context < 3)
        return rung_fail(err, RUNG_USAGE,
                         "context %zu: too short for [CLS], a token and [SEP]", context);
    f->most = context - 2;
    return RUNG_OK;
}

static rung_status reserve(rung__encoded *e, size_t used, size_t more, size_t *cap,
                           rung_error *err)
{
    if (used + more <= *cap) return RUNG_OK;
    size_t wanted = 2 * *cap + more;
    int32_t *ids = rung__realloc(e->ids, wanted * sizeof *ids);
    if (!ids) return rung__out_of_memory(err, wanted * sizeof *ids, "token ids");
    e->ids = ids;
    *cap = wanted;
    return RUNG_OK;
}

static rung_status append(rung__encoded *e, const frame *f, const int32_t *ids, size_t n,
                          size_t *cap, rung_error *err)
{
    size_t used = e->begin[e->count];
    e->n_cut += n > f->most;
    if (n > f->most) n = f->most;
    RUNG_TRY(reserve(e, used, n + 3, cap, err));
    if (f->first >= 0) e->ids[used++] = f->first;
    if (n) memcpy(e->ids + used, ids, n * sizeof *ids);
    used += n;
    if (f->last >= 0) e->ids[used++] = f->last;
    if (used == e->begin[e->count]) e->ids[used++] = 0;
    int64_t length = (int64_t)(used - e->begin[e->count]);
    if (length > e->longest) e->longest = length;
    e->begin[++e->count] = used;
    return RUNG_OK;
}

static rung_status encode_all(rung__encoded *e, const rung_model *m,
                              const rung_span *texts, size_t n, rung_error *err)
{
    frame f;
    size_t cap = 0;
    RUNG_TRY(find_frame(&f, m, err));
    e->begin = rung__alloc_array(n + 1, sizeof *e->begin);
    if (!e->begin) return rung__out_of_memory(err, n * sizeof *e->begin, "token ids");
    for (size_t i = 0; i < n; i++) {
        int32_t *ids = NULL;
        size_t n_ids = 0;
        RUNG_TRY(rung_tokenizer_encode(m->tokenizer, texts[i], &ids, &n_ids, err));
        rung_status status = append(e, &f, ids, n_ids, &cap, err);
        rung_ids_free(ids);
        RUNG_TRY(status);
    }
    return RUNG_OK;
}

rung_status rung__encode_texts(rung__encoded *e, const rung_model *m,
                               const rung_span *texts, size_t n, rung_error *err)
{
    *e = (rung__encoded){.longest = 1};
    rung_status status = encode_all(e, m, texts, n, err);
    if (status != RUNG_OK) rung__encoded_release(e);
    return status;
}

void rung__encoded_release(rung__encoded *e)
{
    rung__free(e->ids), rung__free(e->begin);
    *e = (rung__encoded){0};
}

void rung__encoded_put(const rung__encoded *e, size_t i, int32_t *ids, int32_t *lengths,
                       int64_t b, int64_t T)
{
    int64_t n = rung__encoded_length(e, i);
    if (n > T) n = T;
    memcpy(ids + b * T, e->ids + e->begin[i], (size_t)n * sizeof *ids);
    memset(ids + b * T + n, 0, (size_t)(T - n) * sizeof *ids);
    lengths[b] = (int32_t)n;
}

/* ---- Lengths ---- */

/* longest, and 3/4, 1/2, 3/8, 1/4 ... of it. */
int rung__length_buckets(int64_t out[RUNG_LENGTH_BUCKETS], int64_t longest)
{
    int64_t all[RUNG_LENGTH_BUCKETS], n = 0, last = longest + 1;
    for (int k = 0; k < RUNG_LENGTH_BUCKETS; k++) {
        int64_t length = longest >> k / 2;
        if (k % 2) length = length * 3 / 4;
        if (k) length = (length + 7) / 8 * 8;
        if (length > 0 && length < last) all[n++] = last = length;
    }
    for (int64_t k = 0; k < n; k++) out[k] = all[n - 1 - k];
    return (int)n;
}

int rung__bucket_of(const int64_t *buckets, int n_buckets, int64_t n)
{
    int k = 0;
    while (k < n_buckets - 1 && buckets[k] < n) k++;
    return k;
}

typedef struct sized {
    int64_t length;
    size_t i;
} sized;

static int by_length(const void *a, const void *b)
{
    const sized *x = a, *y = b;
    if (x->length != y->length) return x->length < y->length ? -1 : 1;
    return x->i < y->i ? -1 : x->i > y->i;
}

rung_status rung__encoded_order(size_t **order, const rung__encoded *e, rung_error *err)
{
    sized *all = rung__alloc_array(e->count + 1, sizeof *all);
    size_t *out = rung__alloc_array(e->count + 1, sizeof *out);
    if (!all || !out) {
        rung__free(all), rung__free(out);
        return rung__out_of_memory(err, e->count * sizeof *all, "an order of texts");
    }
    for (size_t i = 0; i < e->count; i++) all[i] = (sized){rung__encoded_length(e, i), i};
    if (e->count) qsort(all, e->count, sizeof *all, by_length);
    for (size_t i = 0; i < e->count; i++) out[i] = all[i].i;
    rung__free(all);
    *order = out;
    return RUNG_OK;
}
