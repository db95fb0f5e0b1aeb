/* The Cholesky factorisation of small dense matrices. */
#ifndef RUNG_BASE_CHOLESKY_H
#define RUNG_BASE_CHOLESKY_H

#include <stdbool.h>
#include <stdint.h>

/* Makes L of A = L L^T, in place of the lower triangle of a [n, n]; what is above the
 * diagonal is neither read nor written. False, with a spoilt, when a pivot falls below
 * `least` times its diagonal element: A is not positive definite, as far as that can be
 * told. */
bool rung__cholesky(double *a, int64_t n, double least);

/* Solves L x = b in place of b [n], of which the elements before `first` are 0; and
 * L L^T x = b. */
void rung__cholesky_half(const double *l, int64_t n, int64_t first, double *x);
void rung__cholesky_solve(const double *l, int64_t n, double *x);

#endif
