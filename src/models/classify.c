/* Predicting: what a classifier makes of texts. Through a graph, texts are taken by
 * length, in batches; the graphs of all lengths share one block. */
#include "models/encoded.h"
#include "models/label_sets.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"

enum { BATCH = 32 };

typedef struct length_graph {
    rung_graph *graph; /* NULL until it is needed */
    rung_tensor *ids, *lengths, *logits;
} length_graph;

typedef struct classifier {
    const rung_model *m;
    rung_runtime *rt;
    rung__encoded texts;
    size_t *order; /* by length, owned */
    int64_t buckets[RUNG_LENGTH_BUCKETS];
    length_graph graphs[RUNG_LENGTH_BUCKETS];
    int n_buckets;
    int64_t batch;
    void *block; /* owned */
    size_t block_bytes;
    int32_t *buffer; /* lengths [batch], ids [batch, longest], owned */
} classifier;

static void classifier_release(classifier *c)
{
    for (int k = 0; k < c->n_buckets; k++) rung_graph_free(c->graphs[k].graph);
    rung__encoded_release(&c->texts);
    rung__free(c->order), rung__free(c->block), rung__free(c->buffer);
}

static rung_status classifier_init(classifier *c, const rung_span *texts, size_t n,
                                   rung_error *err)
{
    RUNG_TRY(rung__encode_texts(&c->texts, c->m, texts, n, err));
    RUNG_TRY(rung__encoded_order(&c->order, &c->texts, err));
    c->n_buckets = rung__length_buckets(c->buckets, c->texts.longest);
    c->batch = n < BATCH ? (int64_t)n : BATCH;
    size_t bytes = (size_t)(c->batch * (1 + c->texts.longest)) * sizeof *c->buffer;
    c->buffer = rung__alloc(bytes);
    return c->buffer ? RUNG_OK : rung__out_of_memory(err, bytes, "texts");
}

static rung_status build(classifier *c, int k, rung_error *err)
{
    length_graph *lg = &c->graphs[k];
    int64_t shape[] = {c->batch, c->buckets[k]};
    RUNG_TRY(rung_graph_new(&lg->graph, c->rt, RUNG_F32, err));
    lg->ids = rung_input(lg->graph, "ids", RUNG_I32, 2, shape);
    lg->lengths = rung_input(lg->graph, "lengths", RUNG_I32, 1, shape);
    lg->logits =
        c->m->type->labelled->logits(c->m, lg->graph, lg->ids, lg->lengths, false);
    RUNG_TRY(rung_graph_compile(lg->graph, &lg->logits, 1, err));
    size_t bytes = rung_graph_block_bytes(lg->graph);
    if (bytes <= c->block_bytes) return RUNG_OK;
    rung__free(c->block);
    c->block = rung__alloc(bytes);
    c->block_bytes = c->block ? bytes : 0;
    return c->block ? RUNG_OK : rung__out_of_memory(err, bytes, "a prediction");
}

/* logp = logits - log sum exp(logits) */
static void normalise(float *logp, const float *logits, int64_t L)
{
    double sum = 0;
    float most = logits[0];
    for (int64_t l = 1; l < L; l++) most = logits[l] > most ? logits[l] : most;
    for (int64_t l = 0; l < L; l++) sum += exp((double)(logits[l] - most));
    for (int64_t l = 0; l < L; l++)
        logp[l] = (float)((double)(logits[l] - most) - log(sum));
}

/* Texts order[first] ... ; rows beyond the last one repeat it. */
static rung_status run_batch(classifier *c, size_t first, float *logp, rung_error *err)
{
    size_t n = c->texts.count, last = first + (size_t)c->batch;
    last = (last < n ? last : n) - 1;
    int64_t longest = rung__encoded_length(&c->texts, c->order[last]);
    int k = rung__bucket_of(c->buckets, c->n_buckets, longest);
    length_graph *lg = &c->graphs[k];
    if (!lg->graph) RUNG_TRY(build(c, k, err));
    int32_t *lengths = c->buffer, *ids = c->buffer + c->batch;
    for (int64_t b = 0; b < c->batch; b++) {
        size_t i = first + (size_t)b;
        rung__encoded_put(&c->texts, c->order[i < last ? i : last], ids, lengths, b,
                          c->buckets[k]);
    }
    rung_graph_bind(lg->graph, c->block, NULL, NULL);
    rung_input_set(lg->ids, ids);
    rung_input_set(lg->lengths, lengths);
    RUNG_TRY(rung_graph_run(lg->graph, &(rung_run){0}, err));
    const float *logits = rung_tensor_data(lg->logits);
    int64_t L = c->m->n_labels;
    for (size_t i = first; i <= last; i++)
        normalise(logp + (int64_t)c->order[i] * L, logits + (int64_t)(i - first) * L, L);
    return RUNG_OK;
}

static rung_status predict_by_graph(const rung_model *m, rung_runtime *rt,
                                    const rung_examples *data, float *logp, size_t *n_cut,
                                    rung_error *err)
{
    classifier c = {.m = m, .rt = rt};
    rung_status status = classifier_init(&c, data->texts, data->count, err);
    for (size_t i = 0; status == RUNG_OK && i < data->count; i += (size_t)c.batch)
        status = run_batch(&c, i, logp, err);
    *n_cut = c.texts.n_cut;
    classifier_release(&c);
    return status;
}

rung_status rung_classify(float **logp, const rung_model *m, rung_runtime *rt,
                          const rung_examples *data, size_t *n_cut, rung_error *err)
{
    const size_t n = data->count;
    size_t cells, cut = 0;
    float *rows = NULL;
    if (m->kind != RUNG_LABELLED)
        return rung_fail(err, RUNG_UNSUPPORTED,
                         "this %s is a language model: it predicts no labels",
                         m->type->name);
    if (rung_mul_size(n ? n : 1, (size_t)m->n_labels, &cells))
        rows = rung__alloc_array(cells, sizeof *rows);
    if (!rows) return rung__out_of_memory(err, n, "predictions");
    rung_status status = RUNG_OK;
    if (n > 0)
        status = m->type->labelled->predict
                     ? m->type->labelled->predict(m, rt, data, rows, err)
                     : predict_by_graph(m, rt, data, rows, &cut, err);
    if (status != RUNG_OK) {
        rung__free(rows);
        return status;
    }
    if (n_cut) *n_cut = cut;
    *logp = rows;
    return RUNG_OK;
}

const char *rung_number_columns(const rung_model *m)
{
    const rung_class *type = m->type;
    for (size_t i = 0; i < type->n_options; i++) {
        const rung_option *option = &type->options[i];
        if (strcmp(option->name, "number-columns") != 0) continue;
        return *(const char *const *)((const char *)m + type->options_offset +
                                      option->offset);
    }
    return NULL;
}

void rung_logp_free(float *logp)
{
    rung__free(logp);
}

rung_status rung_classify_evaluate(const rung_model *m, rung_runtime *rt,
                                   const rung_examples *data, rung_label_score *score,
                                   rung_error *err)
{
    size_t n_cut;
    float *logp;
    if (data->count < 1)
        return rung_fail(err, RUNG_INPUT, "there is no example to score");
    if (data->first && !m->has_several)
        return rung_fail(err, RUNG_INPUT,
                         "the data have several labels a text, but this %s gives one",
                         m->type->name);
    double start = rung__now_seconds();
    RUNG_TRY(rung_classify(&logp, m, rt, data, &n_cut, err));
    double seconds = rung__now_seconds() - start;
    rung_status status = m->has_several
                             ? rung__label_sets_score(score, logp, data, m->n_labels, err)
                             : rung_label_score_of(score, logp, data->labels, data->count,
                                                   m->n_labels, err);
    rung_logp_free(logp);
    if (status != RUNG_OK) return status;
    score->n_cut = n_cut;
    score->seconds = seconds;
    return RUNG_OK;
}
