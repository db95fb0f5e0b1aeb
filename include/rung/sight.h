/* Sight: how far back a language model sees, measured on text that it was not trained
 * on. Three instruments: loss by length of the available context; on the built-in tales
 * recall of names by distance, and the sense of homonyms. */
#ifndef RUNG_SIGHT_H
#define RUNG_SIGHT_H

#include "rung/language.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    RUNG_SIGHT_CONTEXTS = 24, /* at most: 1, 2, 4, ... */
    RUNG_SIGHT_OCTAVES = 6    /* of distances: 4 ... 7, 8 ... 15, to 128 ... 256 */
};

/* How many of `n` choices between two are right, and a 95 % interval of the share
 * (Wilson 1927). Who knows nothing has 1/2. n = 0: not measured. */
typedef struct rung_share {
    int64_t right, n;
    double low, high;
} rung_share;

/* The loss at the same positions of a text when only so many tokens before them are
 * given. */
typedef struct rung_context_loss {
    int64_t context;             /* tokens */
    double bits_per_byte, error; /* of the tokens there; standard error */
    double nats_per_token;
} rung_context_loss;

typedef struct rung_sight {
    rung_context_loss losses[RUNG_SIGHT_CONTEXTS];
    size_t n_losses;
    int64_t n_positions;
    int64_t reach; /* tokens of a tale that the model is given at most; 0: not measured */
    rung_share recall[RUNG_SIGHT_OCTAVES]; /* by words and marks since the name stood */
    rung_share sense;
    double seconds;
} rung_sight;

/* Fills the losses with contexts of 1, 2, 4, ... tokens up to `context` (0: the model's;
 * never more than it knows). Positions are spread evenly over `data`; with fewer than two
 * tokens there are none. */
RUNG_API rung_status rung_sight_contexts(rung_sight *sight, const rung_model *m,
                                         rung_runtime *rt, const rung_tokens *data,
                                         int64_t context, rung_error *err);

/* Fills recall and sense from tales that no corpus holds. The model is given the tale up
 * to the place in question, of that what it can see: its max_context, or, if it has no
 * such limit, four times `context` (0: the model's).
 *
 * - recall: a name stands again. Is it more probable than another one of the same gender
 *   that the tale does not know?
 * - sense: a homonym stands for the first time. Does it go on in the sense of the tale's
 *   place rather than in its other sense? Each sense is asked for equally often.
 *
 * Both choices are fair to whoever does not see what was told: 1/2. Where they are longer
 * than half of what the model sees, nothing is measured and `reach` is 0. */
RUNG_API rung_status rung_sight_tales(rung_sight *sight, const rung_model *m,
                                      rung_runtime *rt, int64_t context, rung_error *err);

/* The interval of `right` of `n`. */
RUNG_API rung_share rung_share_of(int64_t right, int64_t n);

#ifdef __cplusplus
}
#endif
#endif
