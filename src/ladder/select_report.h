/* What a selection works with, and its report. */
#ifndef RUNG_LADDER_SELECT_REPORT_H
#define RUNG_LADDER_SELECT_REPORT_H

#include "learn/logistic.h"
#include "rung/select.h"
#include "text/features.h"

typedef struct rung__selecting {
    const rung_select_config *config;
    rung_selection *out;
    rung_features features; /* all of them, named; owned */
    rung_csr train, valid;  /* owned */
    rung_logistic_data train_data, valid_data;
    const rung_labels *labels; /* borrowed */
    int32_t
        *orders[RUNG_SELECTORS]; /* [D] columns, best first; NULL: not ranked; owned */
} rung__selecting;

/* Writes config->out/report.html. */
rung_status rung__select_report(const rung__selecting *s, rung_error *err);

#endif
