/* sight.json in the folder of a rung: what was measured once is not measured again. */
#ifndef RUNG_LADDER_SIGHT_FILE_H
#define RUNG_LADDER_SIGHT_FILE_H

#include "rung/ladder.h"

/* How far back the model in the folder sees on the test text of a corpus and, where the
 * data are tales, on others: from sight.json if that tells of this training and this
 * text, else measured and written there. */
rung_status rung__sight_of(rung_sight *sight, const rung_model *m, rung_runtime *rt,
                           const rung_corpus *corpus, int64_t context, const char *dir,
                           rung_error *err);

#endif
