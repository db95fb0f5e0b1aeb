/* Scoring held-out text: how many bits a language model needs for each of its bytes.
 *
 * All rungs get the same context: windows of `context` tokens that move on by half of it.
 * The first window scores all it can, every later one its second half, so each token is
 * scored once, with at least half a window before it (but for the beginning). The very
 * first token has nothing before it and costs log2 of the vocabulary for every rung. */
#include "rung/language.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"

enum { SCORE_BATCH = 8 };

/* One window: reads ids from `begin`, scores the targets from `from` to `end` - 1. */
typedef struct window {
    size_t begin, from, end;
} window;

/* Window i over n tokens with a context of T: it reads begin ... end - 2. */
static window window_at(size_t i, size_t n, size_t T)
{
    size_t stride = T / 2 > 0 ? T / 2 : 1;
    window w = {i * stride, i * stride + (i == 0 ? 1 : T - stride + 1),
                i * stride + T + 1};
    if (w.end > n) w.end = n;
    return w;
}

static size_t window_count(size_t n, size_t T)
{
    size_t stride = T / 2 > 0 ? T / 2 : 1;
    if (n <= T + 1) return n > 1 ? 1 : 0;
    return 1 + (n - T - 1 + stride - 1) / stride;
}

static size_t chunk_count(size_t n, size_t T)
{
    return (window_count(n, T) + SCORE_BATCH - 1) / SCORE_BATCH;
}

/* ---- Through a graph ---- */

typedef struct scorer {
    rung_graph *graph;
    rung_tensor *ids, *targets;
    rung_loss loss;
    void *block;
    int32_t *buffer; /* [2, SCORE_BATCH, T] */
} scorer;

static void scorer_release(scorer *s)
{
    rung_graph_free(s->graph);
    rung__free(s->block);
    rung__free(s->buffer);
}

static rung_status scorer_init(scorer *s, const rung_model *m, rung_runtime *rt,
                               int64_t T, rung_error *err)
{
    int64_t shape[] = {SCORE_BATCH, T};
    RUNG_TRY(rung_graph_new(&s->graph, rt, RUNG_F32, err));
    s->ids = rung_input(s->graph, "ids", RUNG_I32, 2, shape);
    s->targets = rung_input(s->graph, "targets", RUNG_I32, 2, shape);
    rung_tensor *logits = m->type->raw->logits(m, s->graph, s->ids, NULL, false);
    s->loss = rung_cross_entropy(s->graph, logits, s->targets, NULL, 0);
    RUNG_TRY(rung_graph_compile(s->graph, &s->loss.sum, 1, err));
    size_t bytes = rung_graph_block_bytes(s->graph);
    size_t buffer = (size_t)(2 * SCORE_BATCH * T) * sizeof *s->buffer;
    s->block = rung__alloc(bytes);
    s->buffer = rung__alloc(buffer);
    if (!s->block || !s->buffer)
        return rung__out_of_memory(err, bytes + buffer, "scoring");
    rung_graph_bind(s->graph, s->block, NULL, NULL);
    rung_input_set(s->ids, s->buffer);
    rung_input_set(s->targets, s->buffer + SCORE_BATCH * T);
    return RUNG_OK;
}

static void fill(scorer *s, const int32_t *ids, size_t n, size_t T, size_t first,
                 size_t windows)
{
    int32_t *in = s->buffer, *targets = in + SCORE_BATCH * T;
    memset(in, 0, SCORE_BATCH * T * sizeof *in);
    memset(targets, -1, SCORE_BATCH * T * sizeof *targets);
    for (size_t b = 0; b < SCORE_BATCH && first + b < windows; b++) {
        window w = window_at(first + b, n, T);
        memcpy(in + b * T, ids + w.begin, (w.end - 1 - w.begin) * sizeof *in);
        for (size_t i = w.from; i < w.end; i++) targets[b * T + i - 1 - w.begin] = ids[i];
    }
}

static rung_status score_by_graph(const rung_model *m, rung_runtime *rt,
                                  const rung_tokens *data, size_t T, rung_lm_score *score,
                                  rung_error *err)
{
    scorer s = {0};
    size_t windows = window_count(data->count, T);
    rung_status status = scorer_init(&s, m, rt, (int64_t)T, err);
    for (size_t c = 0; status == RUNG_OK && c < score->n_chunks; c++) {
        fill(&s, data->ids, data->count, T, c * SCORE_BATCH, windows);
        status = rung_graph_run(s.graph, &(rung_run){0}, err);
        if (status == RUNG_OK) score->chunk_nats[c] = rung_tensor_scalar(s.loss.sum);
    }
    scorer_release(&s);
    return status;
}

static void score_by_class(const rung_model *m, const rung_tokens *data, size_t T,
                           rung_lm_score *score)
{
    for (size_t i = 0; i < window_count(data->count, T); i++) {
        window w = window_at(i, data->count, T);
        score->chunk_nats[i / SCORE_BATCH] += m->type->raw->score(
            m, data->ids + w.begin, w.from - w.begin, w.end - w.begin);
    }
}

rung_status rung_lm_evaluate(const rung_model *m, rung_runtime *rt,
                             const rung_tokens *data, int64_t context,
                             rung_lm_score *score, rung_error *err)
{
    if (data->count < 1 || data->bytes < 1)
        return rung_fail(err, RUNG_INPUT, "there is no text to score");
    if (context < 1) context = m->context;
    if (m->max_context && context > m->max_context) context = m->max_context;
    double start = rung__now_seconds();
    size_t T = (size_t)context;
    *score = (rung_lm_score){.nats = log((double)m->vocab), // the first token
                             .tokens = data->count,
                             .bytes = data->bytes,
                             .n_chunks = chunk_count(data->count, T)};
    score->chunk_nats = rung__alloc_array(score->n_chunks, sizeof *score->chunk_nats);
    if (!score->chunk_nats) return rung__out_of_memory(err, score->n_chunks, "a score");
    rung_status status = RUNG_OK;
    if (m->type->raw->score)
        score_by_class(m, data, T, score);
    else
        status = score_by_graph(m, rt, data, T, score, err);
    if (status != RUNG_OK) {
        rung_lm_score_release(score);
        return status;
    }
    for (size_t c = 0; c < score->n_chunks; c++) score->nats += score->chunk_nats[c];
    score->bits_per_byte = score->nats / log(2) / (double)data->bytes;
    score->nats_per_token = score->nats / (double)data->count;
    score->seconds = rung__now_seconds() - start;
    return RUNG_OK;
}

void rung_lm_score_release(rung_lm_score *score)
{
    rung__free(score->chunk_nats);
    *score = (rung_lm_score){0};
}
