/* Reading one stream: prefill in pieces, then token by token, the past being kept in
 * states.
 *
 * A cache has room for `extent` tokens. When the stream is longer, the newest half of it
 * is read again from the history and the rest is forgotten: positions are learned, so old
 * keys cannot move. */
#include "models/lm_stream.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"

static const int64_t bucket_tokens[RUNG_STREAM_BUCKETS] = {1, 16, 256};

rung_status rung__lm_stream_open(rung_session *session, rung__states_fn states,
                                 int64_t extent, rung_error *err)
{
    rung__lm_stream *s = (rung__lm_stream *)session;
    s->extent = extent;
    RUNG_TRY(rung_params_new(&s->states, RUNG_F32, err));
    RUNG_TRY(states(session->model, s->states, extent ? extent : 1, err));
    size_t bytes = (size_t)extent * sizeof *s->history;
    s->history = rung__alloc(bytes);
    if (!s->history) return rung__out_of_memory(err, bytes, "a session's history");
    return RUNG_OK;
}

void rung__lm_stream_close(rung_session *session)
{
    rung__lm_stream *s = (rung__lm_stream *)session;
    for (int i = 0; i < RUNG_STREAM_BUCKETS; i++) rung_graph_free(s->graphs[i].graph);
    rung_params_free(s->states);
    rung__free(s->block);
    rung__free(s->history);
}

/* The graph that reads bucket_tokens[i] tokens and gives the logits after the last of
 * them. */
static rung_status build_graph(rung__lm_stream *s, int i, rung_error *err)
{
    const rung_model *m = s->base.model;
    rung__lm_stream_graph *sg = &s->graphs[i];
    int64_t T = bucket_tokens[i];
    RUNG_TRY(rung_graph_new(&sg->graph, s->base.rt, RUNG_F32, err));
    rung_graph *g = sg->graph;
    sg->ids = rung_input(g, "ids", RUNG_I32, 2, (int64_t[]){1, T});
    rung_tensor *all = m->type->raw->logits(m, g, sg->ids, s->states, false);
    sg->logits = rung_slice(g, all, 1, T - 1, T);
    RUNG_TRY(rung_graph_compile(g, &sg->logits, 1, err));
    if (rung_graph_block_bytes(g) <= s->block_bytes) return RUNG_OK;
    void *block = rung__alloc(rung_graph_block_bytes(g));
    if (!block) return rung__out_of_memory(err, rung_graph_block_bytes(g), "a session");
    rung__free(s->block);
    s->block = block;
    s->block_bytes = rung_graph_block_bytes(g);
    return RUNG_OK;
}

/* Reads ids with one graph; NULL logits: only the states matter. */
static rung_status read_piece(rung__lm_stream *s, int bucket, const int32_t *ids,
                              float *logits, rung_error *err)
{
    rung__lm_stream_graph *sg = &s->graphs[bucket];
    if (!sg->graph) {
        rung_status status = build_graph(s, bucket, err);
        if (status != RUNG_OK) {
            rung_graph_free(sg->graph);
            sg->graph = NULL;
            return status;
        }
    }
    rung_run run = {.past = s->past};
    rung_graph_bind(sg->graph, s->block, NULL, rung_params_values(s->states));
    rung_input_set(sg->ids, ids);
    RUNG_TRY(rung_graph_run(sg->graph, &run, err));
    if (logits)
        memcpy(logits, rung_tensor_data(sg->logits),
               (size_t)s->base.model->vocab * sizeof *logits);
    if (s->extent)
        memcpy(s->history + s->past, ids, (size_t)bucket_tokens[bucket] * sizeof *ids);
    s->past += bucket_tokens[bucket];
    return RUNG_OK;
}

/* The largest piece that fits into n tokens and the room that is left. */
static int choose_bucket(const rung__lm_stream *s, size_t n)
{
    int64_t most = (int64_t)n;
    if (s->extent && s->extent - s->past < most) most = s->extent - s->past;
    int bucket = RUNG_STREAM_BUCKETS - 1;
    while (bucket > 0 && bucket_tokens[bucket] > most) bucket--;
    return bucket;
}

/* Makes room by reading the newest half of the history again. The pieces read only what
 * lies before where they write, as `keep` is at most half of the past. */
static rung_status forget(rung__lm_stream *s, rung_error *err)
{
    int64_t keep = s->extent / 2;
    const int32_t *ids = s->history + s->past - keep;
    s->past = 0;
    while (s->past < keep) {
        int bucket = choose_bucket(s, (size_t)(keep - s->past));
        RUNG_TRY(read_piece(s, bucket, ids + s->past, NULL, err));
    }
    return RUNG_OK;
}

rung_status rung__lm_stream_read(rung_session *session, const int32_t *ids, size_t n,
                                 float *logits, rung_error *err)
{
    rung__lm_stream *s = (rung__lm_stream *)session;
    while (n > 0) {
        if (s->extent && s->past == s->extent) RUNG_TRY(forget(s, err));
        int bucket = choose_bucket(s, n);
        size_t taken = (size_t)bucket_tokens[bucket];
        RUNG_TRY(read_piece(s, bucket, ids, n == taken ? logits : NULL, err));
        ids += taken, n -= taken;
    }
    return RUNG_OK;
}
