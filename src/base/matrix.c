#include "base/matrix.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <lapacke.h>

#include "base/library.h"

static pb_status no_memory(pb_context *ctx, int rows, int columns)
{
    return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a matrix of %d x %d", rows, columns);
}

static double *new_matrix(int rows, int columns)
{
    return malloc((size_t)rows * (size_t)columns * sizeof(double));
}

/* ---- LAPACK ---- */

/* What is used of it. */
typedef struct lapack {
    __typeof__(LAPACKE_dsyevr) *dsyevr;
    __typeof__(LAPACKE_dgeqrf) *dgeqrf;
    __typeof__(LAPACKE_dorgqr) *dorgqr;
} lapack;

/* OpenBLAS, which stands behind it nearly everywhere, takes long to load, and its threads then look
 * for work for a tenth of a second. */
static pb_status load(pb_context *ctx, lapack *l)
{
    const pb_library_function functions[] = {
        {"LAPACKE_dsyevr", &l->dsyevr},
        {"LAPACKE_dgeqrf", &l->dgeqrf},
        {"LAPACKE_dorgqr", &l->dorgqr},
    };
    return pb_library_load(ctx, "liblapacke.so.3", sizeof functions / sizeof functions[0],
                           functions);
}

/* ---- eigenvectors ---- */

static void swap(double *a, double *b)
{
    const double kept = *a;
    *a = *b;
    *b = kept;
}

/* LAPACK has the smallest first. */
static void reverse(int n, int wanted, double *values, double *vectors)
{
    for (int i = 0, j = wanted - 1; i < j; i++, j--) {
        swap(&values[i], &values[j]);
        for (int k = 0; k < n; k++)
            swap(&vectors[(size_t)i * (size_t)n + (size_t)k],
                 &vectors[(size_t)j * (size_t)n + (size_t)k]);
    }
}

pb_status pb_symmetric_eigen(pb_context *ctx, int n, double *a, int wanted, double *values,
                             double *vectors)
{
    lapack l;
    PB_TRY(load(ctx, &l));
    lapack_int found = 0;
    lapack_int *support = malloc(2 * (size_t)n * sizeof *support);
    double *all = malloc((size_t)n * sizeof *all);
    lapack_int info = LAPACK_WORK_MEMORY_ERROR;
    for (size_t i = 0; i < (size_t)n * (size_t)n; i++) {
        if (isfinite(a[i])) continue;
        free(support);
        free(all);
        return pb_fail(ctx, PB_ERR_RUN, "a matrix whose eigenvectors are wanted is not finite");
    }
    /* Column by column, the eigenvectors are the rows of `vectors`. */
    if (support && all)
        info = l.dsyevr(LAPACK_COL_MAJOR, 'V', 'I', 'U', n, a, n, 0, 0, n - wanted + 1, n, 0,
                        &found, all, vectors, n, support);
    if (info == 0) memcpy(values, all, (size_t)wanted * sizeof *values);
    free(support);
    free(all);
    if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR)
        return no_memory(ctx, n, n);
    if (info != 0 || found != wanted)
        return pb_fail(ctx, PB_ERR_RUN, "the eigenvectors of a matrix of %d x %d cannot be found",
                       n, n);
    reverse(n, wanted, values, vectors);
    return PB_OK;
}

/* ---- least squares ---- */

/* With the Gram matrix of the shorter side, G = V diag(l) V^T, the inverse is a^T G^+ or G^+ a^T.
 */
static pb_status gram_inverse(pb_context *ctx, int n, double *gram, double *values, double *vectors)
{
    PB_TRY(pb_symmetric_eigen(ctx, n, gram, n, values, vectors));
    const double least = 1e-12 * values[0]; /* eigenvalues are squares of singular values */
    memset(gram, 0, (size_t)n * (size_t)n * sizeof *gram);
    for (int k = 0; k < n && values[k] > least && values[k] > 0; k++) {
        const double *v = vectors + (size_t)k * (size_t)n;
        for (int i = 0; i < n; i++) {
            const double factor = v[i] / values[k];
            for (int j = 0; j < n; j++) gram[(size_t)i * (size_t)n + (size_t)j] += factor * v[j];
        }
    }
    return PB_OK;
}

/* The products of the shorter side's lines: [n, n] of [n, length]. */
static void gram_of(int n, int length, const double *lines, double *gram)
{
    for (int i = 0; i < n; i++)
        for (int j = i; j < n; j++) {
            const double *a = lines + (size_t)i * (size_t)length,
                         *b = lines + (size_t)j * (size_t)length;
            double sum = 0;
            for (int k = 0; k < length; k++) sum += a[k] * b[k];
            gram[(size_t)i * (size_t)n + (size_t)j] = gram[(size_t)j * (size_t)n + (size_t)i] = sum;
        }
}

static void transpose(int rows, int columns, const double *a, double *out)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            out[(size_t)j * (size_t)rows + (size_t)i] = a[(size_t)i * (size_t)columns + (size_t)j];
}

/* lines [n, length] -> G^+ lines */
static void solve(int n, int length, const double *inverse, const double *lines, double *out)
{
    memset(out, 0, (size_t)n * (size_t)length * sizeof *out);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) {
            const double factor = inverse[(size_t)i * (size_t)n + (size_t)k];
            const double *line = lines + (size_t)k * (size_t)length;
            double *to = out + (size_t)i * (size_t)length;
            for (int j = 0; j < length; j++) to[j] += factor * line[j];
        }
}

pb_status pb_pseudo_inverse(pb_context *ctx, int rows, int columns, const double *a,
                            double *inverse)
{
    const bool is_wide = rows <= columns;
    const int n = is_wide ? rows : columns, length = is_wide ? columns : rows;
    double *lines = new_matrix(n, length), *solved = new_matrix(n, length);
    double *gram = new_matrix(n, n), *vectors = new_matrix(n, n), *values = new_matrix(n, 1);
    pb_status status = PB_OK;
    if (!lines || !solved || !gram || !vectors || !values) {
        status = no_memory(ctx, rows, columns);
    } else {
        if (is_wide)
            memcpy(lines, a, (size_t)n * (size_t)length * sizeof *a);
        else
            transpose(rows, columns, a, lines);
        gram_of(n, length, lines, gram);
        status = gram_inverse(ctx, n, gram, values, vectors);
    }
    if (status == PB_OK) {
        solve(n, length, gram, lines, solved);
        if (is_wide)
            transpose(n, length, solved, inverse);
        else
            memcpy(inverse, solved, (size_t)n * (size_t)length * sizeof *solved);
    }
    free(lines);
    free(solved);
    free(gram);
    free(vectors);
    free(values);
    return status;
}

/* ---- orthonormal columns ---- */

pb_status pb_orthonormalise(pb_context *ctx, int rows, int columns, double *a)
{
    lapack l;
    PB_TRY(load(ctx, &l));
    double *scales = new_matrix(columns, 1), *diagonal = new_matrix(columns, 1);
    lapack_int info = LAPACK_WORK_MEMORY_ERROR;
    bool independent = true;
    if (scales && diagonal) info = l.dgeqrf(LAPACK_ROW_MAJOR, rows, columns, a, columns, scales);
    if (info == 0) {
        for (int j = 0; j < columns; j++) {
            diagonal[j] = a[(size_t)j * (size_t)columns + (size_t)j];
            independent = independent && fabs(diagonal[j]) > 1e-12 * fabs(diagonal[0]);
        }
        info = l.dorgqr(LAPACK_ROW_MAJOR, rows, columns, columns, a, columns, scales);
    }
    for (int i = 0; info == 0 && i < rows; i++)
        for (int j = 0; j < columns; j++)
            if (diagonal[j] < 0) a[(size_t)i * (size_t)columns + (size_t)j] *= -1;
    free(scales);
    free(diagonal);
    if (info != 0) return no_memory(ctx, rows, columns);
    if (!independent)
        return pb_fail(ctx, PB_ERR_RUN, "the columns of a matrix of %d x %d are not independent",
                       rows, columns);
    return PB_OK;
}
