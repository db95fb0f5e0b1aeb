/* Shows progress: one line that is rewritten on a terminal, else a line every few
 * seconds. */
#ifndef RUNG_CLI_PROGRESS_H
#define RUNG_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

#include "rung/progress.h"

typedef struct cli_progress {
    FILE *out; /* borrowed */
    bool is_terminal;
    bool is_line_open;  /* the cursor stands behind a progress line */
    double last_line_s; /* when the last whole line was written, in the work's time */
} cli_progress;

/* `out` is standard error, as a rule. */
void cli_progress_init(cli_progress *p, FILE *out);
/* To be handed to the library; valid as long as `p`. */
rung_progress_sink cli_progress_sink(cli_progress *p);
/* Wipes an open line, so that something else can be printed. */
void cli_progress_wipe(cli_progress *p);

#endif
