/* training.json: how the model beside it came to be. */
#ifndef RUNG_LADDER_RECORD_H
#define RUNG_LADDER_RECORD_H

#include "rung/ladder.h"

/* Writes dir/training.json: data and its hash, commands, seed, version, metrics. */
rung_status rung__record_write(const char *dir, const rung_model *m,
                               const rung_corpus *corpus, const rung_fit_config *config,
                               const rung_fit_result *result, rung_error *err);

/* Whether dir/training.json tells of an ended training (*finished), and its figures.
 * RUNG_USAGE when it is of other data, another rung or another seed. */
rung_status rung__record_read(const char *dir, const rung_model *m,
                              const rung_corpus *corpus, const rung_train_config *config,
                              rung_fit_result *result, bool *finished, rung_error *err);

#endif
