/* Numbers as people write and read them: sizes, times, counts. Decimals are always
 * separated by a point, whatever the program's locale says. */
#ifndef RUNG_UNITS_H
#define RUNG_UNITS_H

#include <stdbool.h>

#include "rung/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RUNG_UNITS_BYTES 64 /* room for each of the texts below */

/* Each writes into `out` (RUNG_UNITS_BYTES) and returns it. */
RUNG_API char *rung_format_bytes(char *out, double bytes); /* "1.2 MB" of 2^20 bytes */
RUNG_API char *rung_format_seconds(char *out, double seconds); /* "3m 20s", "4.2 ms" */
RUNG_API char *rung_format_count(char *out, double count);     /* "12,345" */
/* The shortest text that reads back as exactly x: "0.1", "1e-05", "3.0". */
RUNG_API char *rung_format_real(char *out, double x);
/* Nine digits, which read back as exactly x, and no more than it takes: "0.100000001". */
RUNG_API char *rung_format_float(char *out, float x);
/* "1 to 1000", "at least 0"; an end that no 64-bit integer reaches counts as open. */
RUNG_API char *rung_format_range(char *out, double min, double max);

/* Reads a finite decimal number; returns where it ends, NULL (and *x untouched) if there
 * is none. */
RUNG_API const char *rung_parse_number(const char *text, double *x);
/* "90", "90s", "10m", "1h30m" -> seconds; "64K", "256M", "2GB" -> bytes, 1 K = 1024.
 * False, and nothing changed, if the text is none. */
RUNG_API bool rung_parse_seconds(const char *text, double *seconds);
RUNG_API bool rung_parse_bytes(const char *text, double *bytes);

#ifdef __cplusplus
}
#endif
#endif
