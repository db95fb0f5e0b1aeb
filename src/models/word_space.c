/* Words as points on a sphere: neighbours are the largest products with a query. */
#include "rung/vectors.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/runtime.h"
#include "base/str.h"
#include "kernels/kernels.h"
#include "models/vectors.h"
#include "text/wordlevel.h"

enum { QUERIES = 64 }; /* scored together */

struct rung_space {
    const rung_model *model; /* borrowed: outlives this */
    rung_runtime *rt;        /* borrowed: outlives this */
    int64_t n, dim;
    int64_t n_rows; /* n and the words that entered */
    float *rows;    /* [n_rows, dim], owned: length 1, or 0 */
    size_t cap;
};

/* The factor is a double: of a row of 1e-40 no float has it. */
static void normalise(const rung_kernels *k, float *row, int64_t dim)
{
    const double length = sqrt(k->sum_squares(dim, row)), factor = 1 / length;
    for (int64_t d = 0; length > 0 && d < dim; d++)
        row[d] = (float)((double)row[d] * factor);
}

rung_status rung_space_new(rung_space **out, const rung_model *m, rung_runtime *rt,
                           int64_t most, rung_error *err)
{
    rung__word_rows v;
    RUNG_TRY(rung__vectors_rows(&v, m, err));
    const int64_t n = most > 0 && most < m->vocab ? most : m->vocab;
    const size_t size = (size_t)n * (size_t)v.dim * sizeof(float);
    rung_space *s = rung__alloc(sizeof *s);
    float *rows = s ? rung__alloc(size) : NULL;
    if (!rows) {
        rung__free(s);
        return rung__out_of_memory(err, size, "vectors");
    }
    *s = (rung_space){m, rt, n, v.dim, n, rows, (size_t)n};
    memcpy(rows, v.rows, size);
    for (int64_t i = 0; i < n; i++)
        normalise(rung_kernels_get(rt->isa), rows + i * v.dim, v.dim);
    *out = s;
    return RUNG_OK;
}

void rung_space_free(rung_space *s)
{
    if (!s) return;
    rung__free(s->rows);
    rung__free(s);
}

rung_runtime *rung__space_runtime(const rung_space *s)
{
    return s->rt;
}

int64_t rung_space_words(const rung_space *s)
{
    return s->n;
}

int64_t rung_space_dim(const rung_space *s)
{
    return s->dim;
}

/* Among all that the model has. */
static int32_t find(const rung_space *s, rung_span word)
{
    const rung_vocab *words = rung__wordlevel_words(s->model->tokenizer);
    int32_t id = rung__vocab_find(words, word.bytes, word.size);
    if (id < 0) {
        rung_str lower = {0};
        rung__word_add(&lower, word, true);
        if (!lower.failed && lower.data)
            id = rung__vocab_find(words, lower.data, lower.len);
        rung_str_release(&lower);
    }
    return id;
}

int32_t rung_space_find(const rung_space *s, rung_span word)
{
    const int32_t id = find(s, word);
    return id < s->n ? id : -1;
}

/* The vector of a word that is not among the space's: the model's of this id, or one made
 * of n-grams (-1). */
static rung_status make_row(const rung_space *s, rung_span word, int32_t id, float *row,
                            rung_error *err)
{
    rung__word_rows v;
    rung_str taken = {0};
    RUNG_TRY(rung__vectors_rows(&v, s->model, err));
    if (id >= 0) {
        memcpy(row, v.rows + id * s->dim, (size_t)s->dim * sizeof *row);
        return RUNG_OK;
    }
    rung__wordlevel_find(s->model->tokenizer, word, &taken);
    const bool failed = taken.failed;
    const bool is_made =
        !failed &&
        rung__vectors_unseen(s->model, v, (rung_span){taken.data, taken.len}, row);
    rung_str_release(&taken);
    if (failed) return rung__out_of_memory(err, word.size, "a word");
    if (is_made) return RUNG_OK;
    return rung_fail(
        err, RUNG_INPUT, "'%.*s' is not among the model's %lld words%s",
        word.size < 100 ? (int)word.size : 100, word.bytes, (long long)s->model->vocab,
        rung__vectors_of(s->model)->ngrams ? ", nor are its n-grams known" : "");
}

rung_status rung_space_enter(rung_space *s, rung_span word, int32_t *id, rung_error *err)
{
    const size_t bytes = (size_t)s->dim * sizeof *s->rows;
    *id = find(s, word);
    if (*id >= 0 && *id < s->n) return RUNG_OK;
    if (!rung__grow(&s->rows, &s->cap, (size_t)s->n_rows + 1, bytes))
        return rung__out_of_memory(err, bytes, "a vector");
    float *row = s->rows + s->n_rows * s->dim;
    RUNG_TRY(make_row(s, word, *id, row, err));
    normalise(rung_kernels_get(s->rt->isa), row, s->dim);
    *id = (int32_t)s->n_rows++;
    return RUNG_OK;
}

rung_span rung_space_name(const rung_space *s, int32_t id)
{
    return rung_tokenizer_bytes(s->model->tokenizer, id);
}

const float *rung_space_vector(const rung_space *s, int32_t id)
{
    return s->rows + id * s->dim;
}

double rung_space_similarity(const rung_space *s, int32_t a, int32_t b)
{
    const float *u = rung_space_vector(s, a), *v = rung_space_vector(s, b);
    double dot = 0;
    for (int64_t d = 0; d < s->dim; d++) dot += (double)u[d] * (double)v[d];
    return dot;
}

void rung_space_analogy(const rung_space *s, const int32_t abc[3], float *query)
{
    const float *a = rung_space_vector(s, abc[0]), *b = rung_space_vector(s, abc[1]),
                *c = rung_space_vector(s, abc[2]);
    for (int64_t d = 0; d < s->dim; d++) query[d] = b[d] - a[d] + c[d];
}

/* ---- Neighbours ---- */

/* Some queries at work. */
typedef struct batch {
    const rung_space *space;
    const int32_t *without;
    const float *scores; /* [queries, n] */
    int64_t k;
    rung_neighbour *out;
} batch;

/* The k largest scores of one query; of equal ones the more frequent word comes first. */
static void pick(void *ctx, int64_t query, int worker)
{
    const batch *b = ctx;
    const float *scores = b->scores + query * b->space->n;
    const int32_t *without = b->without + query * RUNG_ANALOGY_WORDS;
    rung_neighbour *out = b->out + query * b->k;
    (void)worker;
    for (int64_t i = 0; i < b->k; i++) out[i] = (rung_neighbour){-1, -INFINITY};
    for (int32_t id = 0; id < b->space->n; id++) {
        if (!(scores[id] > out[b->k - 1].similarity) || id == without[0] ||
            id == without[1] || id == without[2])
            continue;
        int64_t at = b->k - 1;
        for (; at > 0 && scores[id] > out[at - 1].similarity; at--) out[at] = out[at - 1];
        out[at] = (rung_neighbour){id, scores[id]};
    }
}

static void score(const rung_space *s, const float *queries, int64_t n, float *scores,
                  void *scratch)
{
    const rung_gemm g = {.M = n,
                         .N = s->n,
                         .K = s->dim,
                         .a = queries,
                         .lda = s->dim,
                         .b = s->rows,
                         .ldb = s->dim,
                         .trans_b = true,
                         .c = scores,
                         .ldc = s->n};
    rung_gemm_run(rung_kernels_get(s->rt->isa), s->rt->pool, &g, scratch);
}

static size_t scratch_bytes(const rung_space *s)
{
    size_t most = 64;
    for (int64_t n = 1; n <= QUERIES; n++) {
        const rung_gemm g = {.M = n,
                             .N = s->n,
                             .K = s->dim,
                             .lda = s->dim,
                             .ldb = s->dim,
                             .trans_b = true,
                             .ldc = s->n};
        const size_t bytes = rung_gemm_scratch(rung_kernels_get(s->rt->isa), &g);
        if (bytes > most) most = bytes;
    }
    return most;
}

rung_status rung_space_nearest(const rung_space *s, const float *queries,
                               const int32_t *without, size_t n, int64_t k,
                               rung_neighbour *out, rung_error *err)
{
    const rung_kernels *kernels = rung_kernels_get(s->rt->isa);
    const size_t rows = n < QUERIES ? n : QUERIES;
    float *units = rung__alloc_array(rows * (size_t)s->dim, sizeof *units);
    float *scores = rung__alloc_array(rows * (size_t)s->n, sizeof *scores);
    void *scratch = rung__alloc(scratch_bytes(s));
    const bool done = units && scores && scratch;
    for (size_t i = 0; done && i < n; i += QUERIES) {
        const size_t m = n - i < QUERIES ? n - i : QUERIES;
        memcpy(units, queries + i * (size_t)s->dim, m * (size_t)s->dim * sizeof *units);
        for (size_t q = 0; q < m; q++)
            normalise(kernels, units + q * (size_t)s->dim, s->dim);
        score(s, units, (int64_t)m, scores, scratch);
        batch b = {s, without + i * RUNG_ANALOGY_WORDS, scores, k, out + i * (size_t)k};
        rung_pool_run(s->rt->pool, (int64_t)m, pick, &b);
    }
    rung__free(units), rung__free(scores), rung__free(scratch);
    return done ? RUNG_OK
                : rung__out_of_memory(err, rows * (size_t)s->n * 4, "similarities");
}
