/* metrics.jsonl of a training: a line for each report.
 *
 *     {"schema": 1, "step": 20, "loss": 4.1, "valid_loss": null, "lr": 0.001,
 *      "grad_norm": 1.2, "units_per_second": 5310.2, "elapsed_seconds": 3.1}
 *
 * Only the last two are readings of a clock; the others have the same bits in every run.
 */
#ifndef RUNG_LEARN_REPORT_H
#define RUNG_LEARN_REPORT_H

#include "learn/metrics_log.h"
#include "rung/learn.h"

#define RUNG_REPORT_NUMBERS 6 /* beside schema and step */

/* The line is made once; a report only changes its numbers, so nothing is allocated. */
typedef struct rung_report_log {
    rung_metrics_log log;
    char *path;   /* owned; NULL: there is no file */
    json_t *line; /* owned, as the numbers in it */
    json_t *step, *numbers[RUNG_REPORT_NUMBERS];
} rung_report_log;

/* Opens the file in the folder (NULL: none), with its lines up to `step`; -1: without
 * any. Close also after a failure. */
rung_status rung__report_log_open(rung_report_log *l, const char *dir, int64_t step,
                                  rung_error *err);
void rung__report_log_close(rung_report_log *l);
rung_status rung__report_log_add(rung_report_log *l, const rung_train_report *report,
                                 rung_error *err);

/* The run went back from the failed step `from` to the end of `step`: the lines behind
 * go, and one says so. It counts as one of step + 1, so that it goes, too, when the run
 * is resumed from `step`. */
rung_status rung__report_log_go_back(rung_report_log *l, int64_t step, int64_t from,
                                     double lr_scale, rung_error *err);

#endif
