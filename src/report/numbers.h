/* Numbers as charts and tables show them. Decimals stand behind a point everywhere. */
#ifndef RUNG_REPORT_NUMBERS_H
#define RUNG_REPORT_NUMBERS_H

#include "rung/report.h"

#define RUNG__NUMBER_BYTES 64  /* room for a number as text */
#define RUNG__BLANK "\xC2\xA0" /* joins a number to its unit */

/* Each writes into `out` (RUNG__NUMBER_BYTES) and returns it. */

/* x in its unit, `decimals` as in rung_column; NaN is a dash. */
char *rung__number_text(char *out, double x, rung_unit unit, int decimals);
/* x with so many decimals; |x| 10^decimals must be below 2^63. */
char *rung__fixed_text(char *out, double x, int decimals);
/* "2.5 x 10^-7" with the exponent set high, so many decimals in front of it; a mantissa
 * of 1 is left out when `is_tick`. */
char *rung__power_text(char *out, double x, int decimals, bool is_tick);

/* Whether only a power shows x well. */
bool rung__needs_power(double x);
/* Decimals that tell numbers between these two apart, as rung__number_text takes them. */
int rung__decimals(rung_unit unit, double smallest, double largest);

#endif
