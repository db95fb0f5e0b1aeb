/* Where a Transformer looks in one test text, for the report. */
#ifndef RUNG_LADDER_GAZE_H
#define RUNG_LADDER_GAZE_H

#include "models/attention.h"
#include "rung/ladder.h"

enum { RUNG__GAZE_TOKENS = 40, RUNG__TOKEN_BYTES = 24 };

typedef struct rung__gaze {
    rung__attention attention; /* owned */
    size_t text;               /* which of the test examples; of raw text 0 */
    bool is_cut;               /* only its beginning is shown */
    char tokens[RUNG__GAZE_TOKENS][RUNG__TOKEN_BYTES]; /* as they can be read */
} rung__gaze;

/* A new one (rung__gaze_free); NULL in *out for a model without attention. Of labelled
 * text it is the first test example whose length suits a picture best. */
rung_status rung__gaze_of(rung__gaze **out, const rung_model *m, rung_runtime *rt,
                          const rung_corpus *corpus, rung_error *err);
void rung__gaze_free(rung__gaze *gaze);

#endif
