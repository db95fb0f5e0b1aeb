/* metrics.jsonl of a run: one JSON object a line, appended as training goes on. A line
 * stands in the file, whole, when the call returns; a crash can tear the last one only.
 */
#ifndef RUNG_LEARN_METRICS_LOG_H
#define RUNG_LEARN_METRICS_LOG_H

#include <stdint.h>

#include "base/json.h"

typedef struct rung_metrics_log {
    int fd;
    char *path;
    rung_str line; /* reused */
} rung_metrics_log;

/* Opens for appending; makes the file when there is none. */
rung_status rung_metrics_open(rung_metrics_log *log, const char *path, rung_error *err);
/* Appends one object. A line that does not fit on the disk is taken back. */
rung_status rung_metrics_add(rung_metrics_log *log, const json_t *object,
                             rung_error *err);
void rung_metrics_close(rung_metrics_log *log);

/* Before going on from the checkpoint of `step`: drops the lines whose "step" is greater
 * and a torn last line. Lines without "step" stay. A missing file is fine; a line that
 * is no JSON object fails with its number. */
rung_status rung_metrics_cut_back(const char *path, int64_t step, rung_error *err);

#endif
