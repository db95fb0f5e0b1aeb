/* unigram and bigram: counts. The lowest rungs, and what every other one has to beat.
 *
 *     unigram:  p(b) = (n(b) + a) / (N + a V)                      (additive smoothing)
 *     bigram:   p(b | a) = (max(n(a b) - d, 0) + d k(a) p(b)) / n(a)
 *
 * with n(.) counts, k(a) the number of different tokens after a, and p(b) the unigram
 * (absolute discounting, interpolated: Ney, Essen, Kneser 1994). The discount d and the a
 * are those of a few candidates that give the valid text the highest probability; the
 * first candidate, when there is no such text. */
#include "models/rungs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "models/extra.h"

typedef struct ngram {
    rung_model base;
    float *unigram; /* [V]: log p(b), owned */
    int64_t n_pairs;
    int32_t *first; /* [V + 1]: where the pairs of a begin, owned */
    int32_t *next;  /* [n_pairs]: b, ascending for each a, owned */
    float *above;   /* [n_pairs]: max(n(a b) - d, 0) / n(a), owned */
    float *rest;    /* [V]: d k(a) / n(a), 1 when a was not seen, owned */
} ngram;

typedef struct ngram_session {
    rung_session base;
    int32_t last;
} ngram_session;

static ngram *ngram_of(const rung_model *m)
{
    return (ngram *)m;
}

static void ngram_release(rung_model *m)
{
    ngram *g = ngram_of(m);
    rung__free(g->unigram), rung__free(g->first), rung__free(g->next);
    rung__free(g->above), rung__free(g->rest);
}

static rung_status ngram_declare(rung_model *m, rung_error *err)
{
    (void)err;
    m->context = 2;
    return RUNG_OK;
}

static rung_status new_array(void *out, size_t n, size_t size, rung_error *err)
{
    void *block = rung__alloc_array(n ? n : 1, size);
    if (!block) return rung__out_of_memory(err, n * size, "counts");
    memcpy(out, &block, sizeof block);
    return RUNG_OK;
}

/* ---- Probabilities ---- */

/* max(n(a b) - d, 0) / n(a), 0 for a pair that was not seen. */
static double above_discount(const ngram *g, int32_t a, int32_t b)
{
    int32_t low = g->first[a], high = g->first[a + 1];
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (g->next[middle] == b) return g->above[middle];
        *(g->next[middle] < b ? &low : &high) = g->next[middle] < b ? middle + 1 : middle;
    }
    return 0;
}

static double unigram_score(const rung_model *m, const int32_t *ids, size_t from,
                            size_t n)
{
    const ngram *g = ngram_of(m);
    double nats = 0;
    for (size_t i = from; i < n; i++) nats -= g->unigram[ids[i]];
    return nats;
}

static double bigram_score(const rung_model *m, const int32_t *ids, size_t from, size_t n)
{
    const ngram *g = ngram_of(m);
    double nats = 0;
    for (size_t i = from; i < n; i++) {
        double p = exp((double)g->unigram[ids[i]]);
        if (i > 0) p = above_discount(g, ids[i - 1], ids[i]) + g->rest[ids[i - 1]] * p;
        nats -= log(p);
    }
    return nats;
}

/* ---- Counting ---- */

/* log p(b) with the pseudo-count that suits the valid text best. */
static rung_status fit_unigram(rung_model *m, rung_runtime *rt, const rung_tokens *train,
                               const rung_tokens *valid, rung_error *err)
{
    (void)rt;
    static const double candidates[] = {1, 0.01, 0.03, 0.1, 0.3, 3};
    ngram *g = ngram_of(m);
    int64_t *counts = NULL;
    double best = INFINITY, chosen = 1, V = (double)m->vocab, N = (double)train->count;
    RUNG_TRY(new_array(&g->unigram, (size_t)m->vocab, sizeof *g->unigram, err));
    RUNG_TRY(new_array(&counts, (size_t)m->vocab, sizeof *counts, err));
    for (size_t i = 0; i < train->count; i++) counts[train->ids[i]]++;
    for (size_t c = 0; c < sizeof candidates / sizeof *candidates; c++) {
        double a = candidates[c], nats = 0;
        for (size_t i = 0; i < valid->count; i++)
            nats -= log(((double)counts[valid->ids[i]] + a) / (N + a * V));
        if (nats < best) best = nats, chosen = a;
    }
    for (int64_t b = 0; b < m->vocab; b++)
        g->unigram[b] = (float)log(((double)counts[b] + chosen) / (N + chosen * V));
    rung__free(counts);
    return RUNG_OK;
}

static int compare_pairs(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* All pairs a V + b of the text, sorted; *different of them. */
static rung_status sort_pairs(const ngram *g, const rung_tokens *train, int64_t **pairs,
                              int64_t *different, rung_error *err)
{
    size_t n = train->count - 1;
    RUNG_TRY(new_array(pairs, n, sizeof **pairs, err));
    for (size_t i = 0; i < n; i++)
        (*pairs)[i] = train->ids[i] * g->base.vocab + train->ids[i + 1];
    qsort(*pairs, n, sizeof **pairs, compare_pairs);
    *different = 0;
    for (size_t i = 0; i < n; i++) *different += i == 0 || (*pairs)[i] != (*pairs)[i - 1];
    return RUNG_OK;
}

/* Turns n sorted pairs into rows, first and next, and how often each pair occurs. */
static void fill_rows(ngram *g, const int64_t *pairs, size_t n, int64_t *counts)
{
    int64_t V = g->base.vocab, p = -1;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || pairs[i] != pairs[i - 1]) {
            g->next[++p] = (int32_t)(pairs[i] % V);
            g->first[pairs[i] / V + 1]++;
        }
        counts[p]++;
    }
    for (int64_t a = 0; a < V; a++) g->first[a + 1] += g->first[a];
}

/* The pairs of the text in rows, and their counts (the caller's, also after failure). */
static rung_status count_pairs(ngram *g, const rung_tokens *train, int64_t **counts,
                               rung_error *err)
{
    int64_t *pairs = NULL, n = 0;
    size_t V = (size_t)g->base.vocab;
    rung_status status = sort_pairs(g, train, &pairs, &n, err);
    if (status == RUNG_OK) status = new_array(&g->first, V + 1, sizeof *g->first, err);
    if (status == RUNG_OK) status = new_array(&g->next, (size_t)n, sizeof *g->next, err);
    if (status == RUNG_OK)
        status = new_array(&g->above, (size_t)n, sizeof *g->above, err);
    if (status == RUNG_OK) status = new_array(&g->rest, V, sizeof *g->rest, err);
    if (status == RUNG_OK) status = new_array(counts, (size_t)n, sizeof **counts, err);
    if (status == RUNG_OK) fill_rows(g, pairs, train->count - 1, *counts);
    g->n_pairs = n;
    rung__free(pairs);
    return status;
}

/* Turns the counts of the pairs into discounted shares. */
static void discount(ngram *g, const int64_t *counts, double d)
{
    for (int64_t a = 0; a < g->base.vocab; a++) {
        double total = 0, pairs = g->first[a + 1] - g->first[a];
        for (int32_t p = g->first[a]; p < g->first[a + 1]; p++)
            total += (double)counts[p];
        for (int32_t p = g->first[a]; p < g->first[a + 1]; p++)
            g->above[p] = (float)(((double)counts[p] - d) / total);
        g->rest[a] = total > 0 ? (float)(d * pairs / total) : 1;
    }
}

static rung_status fit_bigram(rung_model *m, rung_runtime *rt, const rung_tokens *train,
                              const rung_tokens *valid, rung_error *err)
{
    static const double candidates[] = {0.7, 0.1, 0.3, 0.5, 0.8, 0.9, 0.95};
    ngram *g = ngram_of(m);
    int64_t *counts = NULL;
    double best = INFINITY, chosen = 0.7;
    if (train->count < 1) return rung_fail(err, RUNG_INPUT, "there is no text to count");
    RUNG_TRY(fit_unigram(m, rt, train, valid, err));
    rung_status status = count_pairs(g, train, &counts, err);
    for (size_t c = 0; status == RUNG_OK && c < sizeof candidates / sizeof *candidates;
         c++) {
        discount(g, counts, candidates[c]);
        double nats = bigram_score(m, valid->ids, 0, valid->count);
        if (nats < best) best = nats, chosen = candidates[c];
    }
    if (status == RUNG_OK) discount(g, counts, chosen);
    rung__free(counts);
    return status;
}

/* ---- In a folder ---- */

static size_t ngram_extra(const rung_model *m, rung_stored *out)
{
    const ngram *g = ngram_of(m);
    out[0] = rung__extra("unigram", RUNG_STORED_F32, m->vocab, 0, g->unigram);
    if (!g->first) return 1;
    out[1] = rung__extra("bigram.first", RUNG_STORED_I32, m->vocab + 1, 0, g->first);
    out[2] = rung__extra("bigram.next", RUNG_STORED_I32, g->n_pairs, 0, g->next);
    out[3] = rung__extra("bigram.above", RUNG_STORED_F32, g->n_pairs, 0, g->above);
    out[4] = rung__extra("bigram.rest", RUNG_STORED_F32, m->vocab, 0, g->rest);
    return 5;
}

static rung_status load_unigram(rung_model *m, const rung_safetensors *file,
                                rung_error *err)
{
    const ngram *g = ngram_of(m);
    RUNG_TRY(rung__extra_load(&ngram_of(m)->unigram, file, "unigram", RUNG_STORED_F32,
                              m->vocab, 0, NULL, err));
    for (int64_t b = 0; b < m->vocab; b++) {
        if (!(g->unigram[b] <= 0))
            return rung_fail(err, RUNG_INPUT,
                             "unigram of token %lld is %g, no logarithm "
                             "of a share",
                             (long long)b, (double)g->unigram[b]);
    }
    return RUNG_OK;
}

static bool is_share(float x)
{
    return x >= 0 && x <= 1;
}

/* Rows follow each other, hold ascending tokens, and shares. */
static bool rows_are_sound(const ngram *g)
{
    int64_t V = g->base.vocab;
    bool sound = g->first[0] == 0 && g->first[V] == g->n_pairs;
    for (int64_t a = 0; sound && a < V; a++) sound = g->first[a] <= g->first[a + 1];
    for (int64_t a = 0; sound && a < V; a++) {
        sound = is_share(g->rest[a]);
        for (int32_t p = g->first[a]; sound && p < g->first[a + 1]; p++)
            sound = g->next[p] >= 0 && g->next[p] < V && is_share(g->above[p]) &&
                    (p == g->first[a] || g->next[p] > g->next[p - 1]);
    }
    return sound;
}

static rung_status load_bigram(rung_model *m, const rung_safetensors *file,
                               rung_error *err)
{
    ngram *g = ngram_of(m);
    int64_t V = m->vocab;
    RUNG_TRY(load_unigram(m, file, err));
    RUNG_TRY(rung__extra_load(&g->first, file, "bigram.first", RUNG_STORED_I32, V + 1, 0,
                              NULL, err));
    RUNG_TRY(rung__extra_load(&g->next, file, "bigram.next", RUNG_STORED_I32, -1, 0,
                              &g->n_pairs, err));
    RUNG_TRY(rung__extra_load(&g->above, file, "bigram.above", RUNG_STORED_F32,
                              g->n_pairs, 0, NULL, err));
    RUNG_TRY(rung__extra_load(&g->rest, file, "bigram.rest", RUNG_STORED_F32, V, 0, NULL,
                              err));
    return rows_are_sound(g)
               ? RUNG_OK
               : rung_fail(err, RUNG_INPUT, "the rows of the bigrams are damaged");
}

/* ---- Generation ---- */

static rung_status ngram_open(rung_session *s, int64_t max_tokens, rung_error *err)
{
    (void)max_tokens, (void)err;
    ((ngram_session *)s)->last = -1;
    return RUNG_OK;
}

static rung_status ngram_read(rung_session *session, const int32_t *ids, size_t n,
                              float *logits, rung_error *err)
{
    const ngram *g = ngram_of(session->model);
    int32_t last = ids[n - 1];
    int64_t V = session->model->vocab;
    if (last < 0 || last >= V)
        return rung_fail(err, RUNG_INPUT, "token %d is not below %lld", (int)last,
                         (long long)V);
    memcpy(logits, g->unigram, (size_t)V * sizeof *logits);
    if (!g->first) return RUNG_OK;
    for (int64_t b = 0; b < V; b++) logits[b] += (float)log((double)g->rest[last]);
    for (int32_t p = g->first[last]; p < g->first[last + 1]; p++)
        logits[g->next[p]] =
            (float)log(exp((double)logits[g->next[p]]) + (double)g->above[p]);
    return RUNG_OK;
}

static void ngram_close(rung_session *s)
{
    (void)s;
}

static const rung_stream_ops ngram_stream = {
    .session_bytes = sizeof(ngram_session),
    .open = ngram_open,
    .read = ngram_read,
    .close = ngram_close,
};

static const rung_raw_ops unigram_raw = {
    .fit = fit_unigram,
    .score = unigram_score,
    .stream = &ngram_stream,
};

const rung_class rung__unigram = {
    .name = "unigram",
    .model_type = "unigram",
    .summary = "how often each token occurs, whatever stands before it",
    .model_bytes = sizeof(ngram),
    .declare = ngram_declare,
    .raw = &unigram_raw,
    .extra = ngram_extra,
    .load_extra = load_unigram,
    .release = ngram_release,
};

static const rung_raw_ops bigram_raw = {
    .fit = fit_bigram,
    .score = bigram_score,
    .stream = &ngram_stream,
};

const rung_class rung__bigram = {
    .name = "bigram",
    .model_type = "bigram",
    .summary = "how often each token follows the one before it",
    .model_bytes = sizeof(ngram),
    .declare = ngram_declare,
    .raw = &bigram_raw,
    .extra = ngram_extra,
    .load_extra = load_bigram,
    .release = ngram_release,
};
