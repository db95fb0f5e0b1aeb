/* Which columns of a file hold text, label and numbers. */
#ifndef RUNG_TEXT_COLUMNS_H
#define RUNG_TEXT_COLUMNS_H

#include "text/numbers.h"
#include "text/records.h"

/* Whether a column of this name, in any case, is known to hold a text, or a label. */
bool rung__is_text_name(rung_span name);
bool rung__is_label_name(rung_span name);
/* Whether a cell without blanks around it is a number, which may be infinite. */
bool rung__cell_number(double *x, rung_span cell);

typedef struct rung__columns {
    size_t text, label; /* their places; label is SIZE_MAX if none is wanted */
    bool has_header;    /* the first record is names, no example */
    size_t numbers[RUNG_MAX_NUMBERS], n_numbers;
} rung__columns;

/* Takes the columns that config names, or finds them as columns.c says, and tells them in
 * `words` [size]. */
rung_status rung__columns_choose(rung__columns *out, rung__records *r,
                                 const rung_labelled_config *config, char *words,
                                 size_t size, rung_error *err);

#endif
