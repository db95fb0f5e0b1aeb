/* Principal components: the directions along which rows vary most (Pearson 1901, "On
 * lines and planes of closest fit to systems of points in space").
 *
 * With X [n, dim] the rows less their mean, C = X^T X / n has the eigenvectors q_1, q_2
 * ... of the eigenvalues t_1 >= t_2 ... They are found by orthogonal iteration with
 * Rayleigh and Ritz (Golub, Van Loan 2013, "Matrix computations", sections 8.2.4 and
 * 8.3.1) on a few directions more than are asked for: C itself is never formed. */
#ifndef RUNG_LEARN_PRINCIPAL_H
#define RUNG_LEARN_PRINCIPAL_H

#include <stdint.h>

#include "rung/status.h"

/* places [n, k]: the rows less their mean along q_1 ... q_k, of which the number of the
 * largest size is positive; shares [k]: t_j / (t_1 + ... + t_dim). Directions that the
 * rows do not have give 0. */
rung_status rung__principal(double *places, double *shares, const float *rows, int64_t n,
                            int64_t dim, int64_t k, rung_error *err);

#endif
