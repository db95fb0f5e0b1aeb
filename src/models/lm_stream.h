/* Reading one stream through a class's logits graph: for every class whose past fits in
 * states. */
#ifndef RUNG_MODELS_LM_STREAM_H
#define RUNG_MODELS_LM_STREAM_H

#include "rung/language.h"

/* Graphs read 1, 16 or 256 tokens at a time; a prompt is cut into such pieces, so nothing
 * is padded. Each is built when it is first needed. */
enum { RUNG_STREAM_BUCKETS = 3 };

typedef struct rung__lm_stream_graph {
    rung_graph *graph;
    rung_tensor *ids, *logits;
} rung__lm_stream_graph;

typedef struct rung__lm_stream {
    rung_session base;
    rung_params *states; /* caches or recurrent states of one lane, owned */
    rung__lm_stream_graph graphs[RUNG_STREAM_BUCKETS];
    void *block; /* shared by the graphs, owned */
    size_t block_bytes;
    int64_t extent;   /* of the caches; 0: the past is unlimited */
    int64_t past;     /* tokens that the states hold */
    int32_t *history; /* [extent]: what the caches were made of, owned */
} rung__lm_stream;

/* Declares a class's states for a past of `extent` tokens (or `extent` lanes: 1, when it
 * is 0). */
typedef rung_status (*rung__states_fn)(const rung_model *m, rung_params *states,
                                       int64_t extent, rung_error *err);

rung_status rung__lm_stream_open(rung_session *s, rung__states_fn states, int64_t extent,
                                 rung_error *err);
rung_status rung__lm_stream_read(rung_session *s, const int32_t *ids, size_t n,
                                 float *logits, rung_error *err);
void rung__lm_stream_close(rung_session *s);

#endif
