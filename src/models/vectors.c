/* Vectors of words in a model and its folder. */
#include "models/vectors.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "models/extra.h"

rung_status rung__vectors_count(rung__vectors *v, const rung_words *words,
                                rung_error *err)
{
    const size_t n = (size_t)v->base.vocab;
    rung__free(v->counts);
    v->counts = rung__alloc_array(n, sizeof *v->counts);
    if (!v->counts) return rung__out_of_memory(err, n * sizeof *v->counts, "counts");
    memcpy(v->counts, words->counts, n * sizeof *v->counts);
    return RUNG_OK;
}

size_t rung__vectors_extra(const rung_model *m, rung_stored *out)
{
    const rung__vectors *v = rung__vectors_of(m);
    const int64_t V = m->vocab;
    out[0] = rung__extra("centre.weight", RUNG_STORED_F32, V, v->dim, v->centre);
    if (rung_is_imported(m)) return 1;
    out[1] = rung__extra("context.weight", RUNG_STORED_F32, V, v->dim, v->context);
    out[2] = rung__extra("counts", RUNG_STORED_I64, V, 0, v->counts);
    size_t n = 3;
    if (v->ngrams) {
        const rung__subwords *s = &v->subwords;
        out[n++] = rung__extra("ngrams.bucket", RUNG_STORED_I32, s->n, 0, s->used);
        out[n++] = rung__extra("ngrams.weight", RUNG_STORED_F32, s->n, v->dim, v->ngrams);
    }
    if (v->centre_bias) {
        out[n++] = rung__extra("centre.bias", RUNG_STORED_F32, V, 0, v->centre_bias);
        out[n++] = rung__extra("context.bias", RUNG_STORED_F32, V, 0, v->context_bias);
    }
    if (m->kind == RUNG_LABELLED) n += rung__word_labels_extra(m, out + n);
    return n;
}

static rung_status check_finite(const char *name, const float *x, size_t n,
                                rung_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return rung_fail(err, RUNG_INPUT, "%s: number %zu is %g: must be finite",
                             name, i, (double)x[i]);
    }
    return RUNG_OK;
}

/* A tensor [words] (columns 0) or [words, columns] into *out. */
static rung_status load(float **out, const rung_safetensors *file, const char *name,
                        int64_t rows, int64_t columns, rung_error *err)
{
    RUNG_TRY(
        rung__extra_load(out, file, name, RUNG_STORED_F32, rows, columns, NULL, err));
    const size_t n = (size_t)rows * (size_t)(columns ? columns : 1);
    rung_safetensors_forget(file, rung_safetensors_find(file, name));
    return check_finite(name, *out, n, err);
}

static rung_status load_counts(rung__vectors *v, const rung_safetensors *file,
                               rung_error *err)
{
    const int64_t V = v->base.vocab;
    RUNG_TRY(
        rung__extra_load(&v->counts, file, "counts", RUNG_STORED_I64, V, 0, NULL, err));
    for (int64_t i = 0; i < V; i++) {
        if (v->counts[i] < 1)
            return rung_fail(err, RUNG_INPUT, "counts: number %lld is %lld: must be > 0",
                             (long long)i, (long long)v->counts[i]);
    }
    return RUNG_OK;
}

static rung_status load_ngrams(rung__vectors *v, const rung_safetensors *file,
                               rung_error *err)
{
    int32_t *buckets;
    int64_t n;
    RUNG_TRY(rung__extra_load(&buckets, file, "ngrams.bucket", RUNG_STORED_I32, -1, 0, &n,
                              err));
    RUNG_TRY(rung__subwords_take(&v->subwords, buckets, n, err));
    return load(&v->ngrams, file, "ngrams.weight", n, v->dim, err);
}

rung_status rung__vectors_load(rung_model *m, const rung_safetensors *file,
                               rung_error *err)
{
    rung__vectors *v = rung__vectors_of(m);
    const int64_t V = m->vocab;
    RUNG_TRY(load(&v->centre, file, "centre.weight", V, v->dim, err));
    if (rung_is_imported(m)) return RUNG_OK;
    RUNG_TRY(load(&v->context, file, "context.weight", V, v->dim, err));
    RUNG_TRY(load_counts(v, file, err));
    if (v->subwords.to > 0) RUNG_TRY(load_ngrams(v, file, err));
    if (rung_safetensors_find(file, "centre.bias")) {
        RUNG_TRY(load(&v->centre_bias, file, "centre.bias", V, 0, err));
        RUNG_TRY(load(&v->context_bias, file, "context.bias", V, 0, err));
    }
    return m->kind == RUNG_LABELLED ? rung__word_labels_load(m, file, err) : RUNG_OK;
}

/* ---- In use ---- */

static rung_status check_kind(const rung_model *m, rung_error *err)
{
    if (m->type->words) return RUNG_OK;
    return rung_fail(err, RUNG_UNSUPPORTED,
                     "this %s has no vectors of words: word2vec and glove have",
                     m->type->name);
}

rung_status rung__vectors_rows(rung__word_rows *out, const rung_model *m, rung_error *err)
{
    RUNG_TRY(check_kind(m, err));
    const rung__vectors *v = rung__vectors_of(m);
    *out = v->chosen ? (rung__word_rows){v->chosen, v->chosen_dim}
                     : (rung__word_rows){v->centre, v->dim};
    return RUNG_OK;
}

rung_status rung__vectors_copy(float **out, int64_t *dim, const rung_model *m,
                               rung_word_vectors which, rung_error *err)
{
    const rung__vectors *v = rung__vectors_of(m);
    const int64_t width = which == RUNG_VECTORS_BOTH ? 2 * v->dim : v->dim;
    const size_t n = (size_t)m->vocab * (size_t)width, own = (size_t)v->dim;
    float *copy = NULL;
    if (which != RUNG_VECTORS_CENTRE) {
        copy = rung__alloc_array(n, sizeof *copy);
        if (!copy) return rung__out_of_memory(err, n * sizeof *copy, "vectors");
    }
    for (int64_t i = 0; copy && i < m->vocab; i++) {
        const float *u = v->centre + i * v->dim, *c = v->context + i * v->dim;
        float *row = copy + i * width;
        if (which == RUNG_VECTORS_BOTH) memcpy(row, u, own * sizeof *u);
        memcpy(row + width - v->dim, c, own * sizeof *c);
        for (size_t d = 0; which == RUNG_VECTORS_SUM && d < own; d++) row[d] += u[d];
    }
    *out = copy, *dim = width;
    return RUNG_OK;
}

rung_status rung_vectors_choose(rung_model *m, rung_word_vectors which, rung_error *err)
{
    float *chosen;
    int64_t dim;
    RUNG_TRY(check_kind(m, err));
    if (rung_is_imported(m) && which != RUNG_VECTORS_CENTRE)
        return rung_fail(err, RUNG_UNSUPPORTED,
                         "imported words have one vector each: none of the context");
    RUNG_TRY(rung__vectors_copy(&chosen, &dim, m, which, err));
    rung__vectors *v = rung__vectors_of(m);
    rung__free(v->chosen);
    v->chosen = chosen, v->chosen_dim = dim;
    return RUNG_OK;
}

bool rung__vectors_unseen(const rung_model *m, rung__word_rows rows, rung_span word,
                          float *row)
{
    const rung__vectors *v = rung__vectors_of(m);
    rung__subword_walk walk = {.word = word};
    int64_t n = 0;
    if (!v->ngrams || rows.rows != v->centre) return false;
    memset(row, 0, (size_t)v->dim * sizeof *row);
    for (int32_t b; (b = rung__subword_next(&v->subwords, &walk)) >= 0;) {
        const int32_t i = rung__subword_row(&v->subwords, b);
        if (i < 0) continue;
        for (int64_t d = 0; d < v->dim; d++) row[d] += v->ngrams[i * v->dim + d];
        n++;
    }
    for (int64_t d = 0; n > 0 && d < v->dim; d++) row[d] /= (float)n;
    return n > 0;
}

int64_t rung_vectors_ngrams(const rung_model *m)
{
    return m->type->words ? rung__vectors_of(m)->subwords.n : 0;
}

void rung__vectors_release(rung_model *m)
{
    rung__vectors *v = rung__vectors_of(m);
    rung__free(v->centre);
    rung__free(v->context);
    rung__free(v->centre_bias);
    rung__free(v->context_bias);
    rung__free(v->counts);
    rung__free(v->ngrams);
    rung__subwords_release(&v->subwords);
    rung__free(v->chosen);
    rung__word_labels_release(&v->labels);
}
