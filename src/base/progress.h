/* A meter: turns "this much is done" into reports with rate and time left. */
#ifndef RUNG_BASE_PROGRESS_H
#define RUNG_BASE_PROGRESS_H

#include <stdint.h>

#include "rung/progress.h"

typedef struct rung_meter {
    rung_progress_sink sink;
    rung_progress now;
    int64_t start_ns, report_ns; /* the start, the last report */
    double reported;             /* done at the last report */
} rung_meter;

/* Starts a meter that has `done` units behind it (of an earlier run; they count for the
 * share, not for the rate). label and unit are borrowed until the end. */
void rung_meter_start(rung_meter *m, rung_progress_sink sink, const char *label,
                      const char *unit, double done, double total);
/* Says how much is done now; reports when the last report is old enough. `loss` NaN: as
 * before. Cheap: one look at the clock. */
void rung_meter_update(rung_meter *m, double done, double loss);
/* Reports the end. */
void rung_meter_end(rung_meter *m);

/* The same at a given time, for tests; update and end call it. */
void rung__meter_update_at(rung_meter *m, double done, double loss, int64_t now_ns,
                           bool is_last);

#endif
