/* Checkpoints of a run, in its folder:
 *
 *     checkpoints/step-100/    files of the caller, and `contents`: their names and sizes
 *     checkpoints/step-200/
 *     checkpoints/latest       one line: step-200
 *
 * A step is written under the name step-N.tmp, synced, renamed to step-N, and only then
 * named by `latest`. So at every moment, also after SIGKILL or a power cut, `latest` is
 * absent or names a complete step. What a crash leaves behind is removed by the next
 * save. */
#ifndef RUNG_LEARN_CHECKPOINT_H
#define RUNG_LEARN_CHECKPOINT_H

#include <stdint.h>

#include "base/arena.h"
#include "rung/status.h"

/* A step that is being saved. */
typedef struct rung_checkpoint {
    int64_t step;
    const char *path;                         /* the folder to write the files into */
    const char *folder, *latest, *kept, *old; /* see checkpoint.c */
    rung_arena arena;                         /* owns the paths */
} rung_checkpoint;

/* Makes the folder c->path for `step` of the run in `dir`; the caller writes its files
 * there (files only, no folders) and then commits or abandons. */
rung_status rung_checkpoint_begin(rung_checkpoint *c, const char *dir, int64_t step,
                                  rung_error *err);
/* Completes the step, lets `latest` name it, and removes all but the `keep` newest steps
 * up to it; later steps, which belong to a future that was given up, go too. A step of
 * the same number is replaced. Ends the checkpoint; after a failure the former one
 * stands. */
rung_status rung_checkpoint_commit(rung_checkpoint *c, int64_t keep, rung_error *err);
void rung_checkpoint_abandon(rung_checkpoint *c); /* fine after commit */

/* The step that `latest` names and its folder (rung__free); -1 and NULL when no step was
 * saved. RUNG_INPUT with the reason when the folder or one of its files is missing or has
 * another size than when it was saved. */
rung_status rung_checkpoint_latest(const char *dir, int64_t *step, char **path,
                                   rung_error *err);

#endif
