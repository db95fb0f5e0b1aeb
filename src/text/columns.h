/* Which columns of a file hold text and label. */
#ifndef RUNG_TEXT_COLUMNS_H
#define RUNG_TEXT_COLUMNS_H

#include "text/records.h"

/* Whether a column of this name, in any case, is known to hold a text, or a label. */
bool rung__is_text_name(rung_span name);
bool rung__is_label_name(rung_span name);

typedef struct rung__columns {
    size_t text, label; /* their places; label is SIZE_MAX if none is wanted */
    bool has_header;    /* the first record is names, no example */
} rung__columns;

/* Takes the columns that config names, or finds them as columns.c says, and tells them in
 * `words` [size]. */
rung_status rung__columns_choose(rung__columns *out, rung__records *r,
                                 const rung_labelled_config *config, char *words,
                                 size_t size, rung_error *err);

#endif
