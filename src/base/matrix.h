/* Linear algebra on the host, in double precision, by LAPACK, which is loaded when it is first used: PB_ERR_RUN, of all
 * functions, where it is missing. Matrices are row-major. */
#ifndef PB_BASE_MATRIX_H
#define PB_BASE_MATRIX_H

#include <passband/status.h>

/** The `wanted` largest eigenvalues of a symmetric matrix [n, n], largest first, and their unit eigenvectors as rows of
 *  `vectors` [wanted, n]. `a` is overwritten. PB_ERR_RUN when it does not converge, as numbers that are not finite make
 *  it do. */
pb_status pb_symmetric_eigen(pb_context *ctx, int n, double *a, int wanted, double *values, double *vectors);

/** The Moore-Penrose inverse [columns, rows] of `a` [rows, columns]: x = inverse y is the least-squares solution of a x = y,
 *  and the shortest one where there are many. Directions whose singular value is below 1e-6 of the largest count as
 *  absent. */
pb_status pb_pseudo_inverse(pb_context *ctx, int rows, int columns, const double *a, double *inverse);

/** Orthonormal columns that span the columns of `a` [rows, columns], columns <= rows, in place: the Q of a = Q R with a
 *  positive diagonal in R. PB_ERR_RUN when the columns are not independent. */
pb_status pb_orthonormalise(pb_context *ctx, int rows, int columns, double *a);

#endif
