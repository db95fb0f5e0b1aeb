/* Which rung is good enough, and why. */
#ifndef RUNG_LADDER_ADVICE_H
#define RUNG_LADDER_ADVICE_H

#include "rung/ladder.h"

/* Fills gaps, best, recommended and advice from the scores of the valid part. */
rung_status rung__ladder_advise(rung_ladder *ladder, double budget, uint64_t seed,
                                rung_error *err);

#endif
