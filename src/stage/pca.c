/* pca: principal components of the training split, the linear transform that knows the data best.
 *
 * Source: Hotelling, "Analysis of a complex of statistical variables into principal components"
 * (1933). */
#include <math.h>
#include <stdlib.h>

#include "base/matrix.h"
#include "stage/separable.h"

/* Largest sample whose covariance is kept: its matrix takes 128 MiB. */
enum { PCA_MAX = 4096 };

static const pb_option pca_options[] = {
    {.name = "size",
     .type = PB_OPTION_INT,
     .fallback = "256",
     .min = 1,
     .max = PCA_MAX,
     .help = "components of a sample that come out, those of most variance first"},
    {0},
};

static pb_status check_size(pb_builder *b, int size, int numbers)
{
    if (numbers > PCA_MAX)
        return pb_fail(b->ctx, PB_ERR_SHAPE,
                       "takes samples of at most %d numbers, but gets %d; a downsample before it "
                       "helps",
                       PCA_MAX, numbers);
    if (size > numbers)
        return pb_fail(
            b->ctx, PB_ERR_SHAPE,
            "cannot make %d components of the %d numbers of a sample; allowed is 1 to %d", size,
            numbers, numbers);
    return PB_OK;
}

/* ---- learning ---- */

/* Sums of x and of x^T x over the samples. */
static pb_status pca_observe(pb_builder *b, const pb_options *options)
{
    const int d = (int)pb_builder_sample_count(b);
    PB_TRY(check_size(b, (int)pb_option_int(options, "size"), d));
    const pb_value x = pb_reshape(b->g, b->x, PB_SHAPE(b->batch, d));
    pb_value weighed = x;
    if (b->weights != PB_NONE)
        weighed = pb_mul(b->g, x, pb_reshape(b->g, b->weights, PB_SHAPE(b->batch, 1)));
    pb_builder_observe(b, "sum", PB_STATISTIC_SUM, x);
    pb_builder_observe_batch(b, "products", pb_matmul_t(b->g, weighed, x, true, false));
    return PB_OK;
}

/* Of v and -v, the one whose largest element is positive. */
static void choose_sign(double *v, int d)
{
    int largest = 0;
    for (int i = 1; i < d; i++)
        if (fabs(v[i]) > fabs(v[largest])) largest = i;
    const double sign = v[largest] < 0 ? -1 : 1;
    for (int i = 0; i < d; i++) v[i] *= sign;
}

static pb_status learn(pb_fitting *f, int d, int size, double *mean, double *covariance,
                       double *variances, double *basis)
{
    const double *sum = pb_fitting_observed(f, "sum", NULL),
                 *products = pb_fitting_observed(f, "products", NULL);
    const double rows = (double)f->rows;
    for (int i = 0; i < d; i++) mean[i] = sum[i] / rows;
    for (int i = 0; i < d; i++)
        for (int j = 0; j < d; j++) {
            const size_t at = (size_t)i * (size_t)d + (size_t)j;
            covariance[at] = products[at] / rows - mean[i] * mean[j];
        }
    PB_TRY(pb_symmetric_eigen(f->ctx, d, covariance, size, variances, basis));
    for (int k = 0; k < size; k++) choose_sign(basis + (size_t)k * (size_t)d, d);
    PB_TRY(pb_fitting_put(f, "mean", PB_SHAPE(d), mean));
    PB_TRY(pb_fitting_put(f, "variances", PB_SHAPE(size), variances));
    return pb_fitting_put(f, "basis", PB_SHAPE(size, d), basis);
}

static pb_status pca_fit(pb_fitting *f, const pb_options *options)
{
    const int d = (int)pb_shape_count(f->sample), size = (int)pb_option_int(options, "size");
    double *mean = malloc((size_t)d * sizeof *mean),
           *covariance = malloc((size_t)d * (size_t)d * sizeof *covariance),
           *variances = malloc((size_t)size * sizeof *variances),
           *basis = malloc((size_t)size * (size_t)d * sizeof *basis);
    const pb_status status =
        mean && covariance && variances && basis
            ? learn(f, d, size, mean, covariance, variances, basis)
            : pb_fail(f->ctx, PB_ERR_MEMORY, "no memory for the covariance of %d numbers", d);
    free(mean);
    free(covariance);
    free(variances);
    free(basis);
    return status;
}

/* ---- using ---- */

/* x = y V + m */
static pb_value pca_back(pb_builder *b, const pb_inverse *inverse, pb_value y)
{
    const int d = (int)(pb_shape_count(inverse->taken) / (size_t)b->batch);
    const pb_value basis = pb_builder_fitted(b, "basis", PB_SHAPE(inverse->left.dim[1], d));
    return pb_add(b->g, pb_matmul(b->g, y, basis), pb_builder_fitted(b, "mean", PB_SHAPE(d)));
}

/* y = (x - m) V^T */
static pb_status pca_build(pb_builder *b, const pb_options *options)
{
    const pb_shape taken = pb_value_shape(b->g, b->x);
    const int d = (int)pb_builder_sample_count(b), size = (int)pb_option_int(options, "size");
    PB_TRY(check_size(b, size, d));
    const pb_value x = pb_reshape(b->g, b->x, PB_SHAPE(b->batch, d));
    const pb_value basis = pb_builder_fitted(b, "basis", PB_SHAPE(size, d));
    const pb_value centred = pb_sub(b->g, x, pb_builder_fitted(b, "mean", PB_SHAPE(d)));
    b->x = pb_matmul_t(b->g, centred, basis, false, true);
    pb_builder_inverse(b, options, taken, pca_back);
    return PB_OK;
}

const pb_stage pb_stage_pca = {
    .name = "pca",
    .summary = "principal components of the training split",
    .kind = PB_STAGE_TRANSFORM,
    .options = pca_options,
    .build = pca_build,
    .observe = pca_observe,
    .fit = pca_fit,
};
