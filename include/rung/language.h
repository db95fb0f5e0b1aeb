/* Language models: their training task, their score on held-out text, and generation. */
#ifndef RUNG_LANGUAGE_H
#define RUNG_LANGUAGE_H

#include "rung/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Training and scoring of language models ---- */

/* Makes the trainer's task of a model and its data (borrowed: outlive the task): windows
 * of `context` tokens at a random phase each epoch, permuted; lanes where the class
 * carries states. */
RUNG_API rung_status rung_lm_task_new(rung_task **out, rung_model *m,
                                      const rung_tokens *train, const rung_tokens *valid,
                                      const rung_train_config *config, rung_error *err);
RUNG_API void rung_lm_task_free(rung_task *task);
/* From here on an evaluation looks at all windows of the valid data, not at a sample. */
RUNG_API void rung_lm_task_evaluate_all(rung_task *task);

/* What a language model says of held-out text. Every byte is scored once: windows of
 * `context` tokens (0: the model's own) move on by half of it, each scores what no
 * earlier one did. */
typedef struct rung_lm_score {
    double nats; /* in total */
    double bits_per_byte;
    double nats_per_token;
    size_t tokens, bytes;
    double seconds;     /* of the scoring */
    double *chunk_nats; /* [n_chunks]: the total in equal pieces of the text, owned */
    size_t n_chunks;
} rung_lm_score;

/* Scores `data`; the score is released by rung_lm_score_release. */
RUNG_API rung_status rung_lm_evaluate(const rung_model *m, rung_runtime *rt,
                                      const rung_tokens *data, int64_t context,
                                      rung_lm_score *score, rung_error *err);
RUNG_API void rung_lm_score_release(rung_lm_score *score);

/* ---- Generation ---- */
typedef struct rung_sampling {
    double temperature; /* 0: greedy */
    int64_t top_k;      /* 0: all */
    double top_p;       /* 1: all */
    uint64_t seed;
} rung_sampling;

#define RUNG_SAMPLING_DEFAULT                                                            \
    {                                                                                    \
        1.0, 0, 1.0, 0                                                                   \
    }

/* One token from logits [n]: draw number `index` of the seed's stream. Pure. order:
 * scratch of n numbers. */
RUNG_API int32_t rung_sample(const float *logits, int64_t n, const rung_sampling *how,
                             uint64_t index, int32_t *order);

/* One stream of at most max_tokens tokens; RUNG_UNSUPPORTED when the class cannot. */
RUNG_API rung_status rung_session_open(rung_session **out, const rung_model *m,
                                       rung_runtime *rt, int64_t max_tokens,
                                       rung_error *err);
RUNG_API rung_status rung_session_read(rung_session *s, const int32_t *ids, size_t n,
                                       float *logits, rung_error *err);
RUNG_API void rung_session_close(rung_session *s);

#ifdef __cplusplus
}
#endif
#endif
