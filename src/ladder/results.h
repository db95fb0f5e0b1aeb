/* The files of a run folder beside the models. */
#ifndef RUNG_LADDER_RESULTS_H
#define RUNG_LADDER_RESULTS_H

#include "rung/ladder.h"

/* Writes config->out/results.json (versioned) and metrics.jsonl: the rungs' own, each
 * line with the name of its rung. */
rung_status rung__ladder_write(const rung_ladder *ladder,
                               const rung_ladder_config *config, rung_error *err);

#endif
