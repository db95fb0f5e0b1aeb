/* report.html: a run as a page to read. */
#ifndef RUNG_LADDER_REPORT_H
#define RUNG_LADDER_REPORT_H

#include "ladder/runs.h"
#include "rung/report.h"

/* Writes config->out/report.html. Learning curves and commands are read from the rungs'
 * folders in it. */
rung_status rung__ladder_report(const rung_ladder *ladder,
                                const rung_ladder_config *config, rung_error *err);

/* ---- Sections, each in its place: nothing where the run has nothing for it ---- */

/* What a section shows, and where. Rung i has colour i in all charts. */
typedef struct rung__report {
    rung_page *page;
    const rung_ladder *ladder;
    const rung_ladder_config *config;
} rung__report;

rung_status rung__report_curves(const rung__report *r, rung_error *err);
rung_status rung__report_sight(const rung__report *r, rung_error *err);
rung_status rung__report_gaze(const rung__report *r, rung_error *err);
rung_status rung__report_words(const rung__report *r, rung_error *err);
rung_status rung__report_mistakes(const rung__report *r, rung_error *err);

/* The text of a file in the folder of a training, NUL-terminated (rung__free); NULL if
 * there is no such file. */
rung_status rung__report_read(const rung__report *r, size_t row, size_t run,
                              const char *name, char **text, size_t *size,
                              rung_error *err);

#endif
