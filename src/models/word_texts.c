/* Texts as the means of their words' vectors. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "models/vectors.h"
#include "rung/vectors.h"
#include "text/wordlevel.h"
#include "text/words.h"

enum { TURNS = 50 }; /* of the power iteration */

void rung__averaging_init(rung__averaging *a, const rung_model *m, rung__word_rows rows,
                          double sif)
{
    *a = (rung__averaging){.m = m, .rows = rows, .sif = sif};
    for (int64_t i = 0; sif > 0 && i < m->vocab; i++)
        a->n_words += (double)rung__vectors_of(m)->counts[i];
}

/* The vector of a word, and its id; NULL: it has none. `unseen` has room for one that is
 * made of n-grams (id -1). */
static const float *find(const rung__averaging *a, rung_span word, rung_str *taken,
                         float *unseen, int32_t *id)
{
    *id = rung__wordlevel_find(a->m->tokenizer, word, taken);
    if (*id >= 0) return a->rows.rows + *id * a->rows.dim;
    const rung_span name = {taken->data, taken->len};
    const bool is_found =
        !taken->failed && rung__vectors_unseen(a->m, a->rows, name, unseen);
    return is_found ? unseen : NULL;
}

/* The mean of what stands between white space. */
static rung_status average(const rung__averaging *a, rung_span text, float *unseen,
                           double *mean, rung_error *err)
{
    const int64_t *counts = rung__vectors_of(a->m)->counts;
    const int64_t dim = a->rows.dim;
    const char *p = text.bytes, *end = p + text.size;
    rung_str taken = {0};
    int64_t n = 0;
    int32_t id;
    for (int64_t d = 0; d < dim; d++) mean[d] = 0;
    for (rung_span word; (word = rung__word_next(&p, end)).size;) {
        const float *row = find(a, word, &taken, unseen, &id);
        if (!row) continue;
        const double share = a->sif > 0 && id >= 0 ? (double)counts[id] / a->n_words : 0;
        const double weight = a->sif > 0 ? a->sif / (a->sif + share) : 1;
        for (int64_t d = 0; d < dim; d++) mean[d] += weight * (double)row[d];
        n++;
    }
    for (int64_t d = 0; n > 0 && d < dim; d++) mean[d] /= (double)n;
    const bool failed = taken.failed;
    rung_str_release(&taken);
    return failed ? rung__out_of_memory(err, text.size, "a word") : RUNG_OK;
}

rung_status rung__average(const rung__averaging *a, rung_span text, float *unseen,
                          double *mean, rung_error *err)
{
    rung_str folded = {0};
    if (a->m->kind != RUNG_LABELLED) return average(a, text, unseen, mean, err);
    rung_status status = rung__words_add(&folded, text, err);
    const rung_span words = {folded.data, folded.len};
    if (status == RUNG_OK) status = average(a, words, unseen, mean, err);
    rung_str_release(&folded);
    return status;
}

/* Takes the projections on the first singular vector u of rows [n, dim] from them; u by
 * power iteration from the rows' sum. */
static void take_common(double *rows, size_t n, int64_t dim, double *u, double *next)
{
    for (int64_t d = 0; d < dim; d++) u[d] = 0;
    for (size_t i = 0; i < n; i++)
        for (int64_t d = 0; d < dim; d++) u[d] += rows[(int64_t)i * dim + d];
    for (int turn = 0; turn <= TURNS; turn++) {
        double length = 0;
        for (int64_t d = 0; d < dim; d++) length += u[d] * u[d];
        if (length == 0) return;
        for (int64_t d = 0; d < dim; d++) u[d] /= sqrt(length), next[d] = 0;
        for (size_t i = 0; i < n; i++) {
            double *x = rows + (int64_t)i * dim, dot = 0;
            for (int64_t d = 0; d < dim; d++) dot += x[d] * u[d];
            for (int64_t d = 0; d < dim; d++) {
                if (turn == TURNS) x[d] -= dot * u[d];
                next[d] += dot * x[d];
            }
        }
        memcpy(u, next, (size_t)dim * sizeof *u);
    }
}

static rung_status embed(float *out, double *rows, float *unseen, const rung_model *m,
                         rung__word_rows v, const rung_span *texts, size_t n, double sif,
                         rung_error *err)
{
    const size_t dim = (size_t)v.dim;
    rung__averaging a;
    rung__averaging_init(&a, m, v, sif);
    for (size_t i = 0; i < n; i++)
        RUNG_TRY(rung__average(&a, texts[i], unseen, rows + i * dim, err));
    if (sif > 0) take_common(rows, n, v.dim, rows + n * dim, rows + (n + 1) * dim);
    for (size_t i = 0; i < n * dim; i++) out[i] = (float)rows[i];
    return RUNG_OK;
}

rung_status rung_embed_texts(float **out, int64_t *dim, const rung_model *m,
                             const rung_span *texts, size_t n, double sif,
                             rung_error *err)
{
    rung__word_rows v;
    RUNG_TRY(rung__vectors_rows(&v, m, err));
    if (sif > 0 && !rung__vectors_of(m)->counts)
        return rung_fail(
            err, RUNG_UNSUPPORTED,
            "weights of rare words (sif) need the counts of the words, which "
            "imported ones lack");
    *dim = v.dim;
    *out = rung__alloc_array(n * (size_t)*dim + 1, sizeof **out);
    double *rows = rung__alloc_array((n + 2) * (size_t)*dim, sizeof *rows);
    float *unseen = rung__alloc_array((size_t)*dim, sizeof *unseen);
    rung_status status = *out && rows && unseen
                             ? embed(*out, rows, unseen, m, v, texts, n, sif, err)
                             : rung__out_of_memory(err, n, "vectors of texts");
    rung__free(rows), rung__free(unseen);
    if (status == RUNG_OK) return RUNG_OK;
    rung__free(*out);
    *out = NULL;
    return status;
}

void rung_embedding_free(float *vectors)
{
    rung__free(vectors);
}
