/* How a file holds its examples: found by its name and its first lines. */
#ifndef RUNG_TEXT_LAYOUT_H
#define RUNG_TEXT_LAYOUT_H

#include "text/records.h"

/* The format that the name tells, without .gz, .zst or .xz, or else the first lines;
 * RUNG_FORMAT_AUTO if neither does. */
int rung__format_of(const char *name, char *bytes, size_t size);

/* What config leaves open is found. RUNG_USAGE for a delimiter that is none, RUNG_INPUT
 * if the format cannot be told. */
rung_status rung__layout_find(rung__layout *out, const char *name, char *bytes,
                              size_t size, const rung_labelled_config *config,
                              rung_error *err);

#endif
