/* random_projection: y = x P, the numbers of a sample times a random matrix that the seed gives.
 *
 * Sources: Johnson and Lindenstrauss (1984); Achlioptas, "Database-friendly random projections",
 * JCSS 66 (2003); Li, Hastie and Church, "Very sparse random projections", KDD 2006. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/matrix.h"
#include "base/rng.h"
#include "stage/separable.h"

static const pb_option random_projection_options[] = {
    {.name = "size",
     .type = PB_OPTION_INT,
     .fallback = "256",
     .min = 1,
     .max = 1 << 16,
     .help = "numbers of a sample that come out"},
    {.name = "matrix",
     .type = PB_OPTION_CHOICE,
     .fallback = "gaussian",
     .choices = "gaussian|achlioptas|li|orthonormal",
     .help = "gaussian: N(0, 1 / size); achlioptas: a third, li: 1 / sqrt(d) of the d x size "
             "elements are not zero; orthonormal: columns of length 1 at right angles"},
    {.name = "seed",
     .type = PB_OPTION_INT,
     .fallback = "0",
     .min = 0,
     .max = 9e18,
     .help = "the key: who does not know it does not know the matrix"},
    {0},
};

/* Elements are +-1 / sqrt(density size) with the probability of the density, else 0: their variance
 * is 1 / size. */
static void draw_sparse(pb_stream stream, double density, int size, size_t count, double *p)
{
    const double magnitude = 1 / sqrt(density * size);
    for (size_t i = 0; i < count; i++) {
        const double u = (double)pb_stream_u32(stream, i) * 0x1p-32;
        p[i] = u < density / 2 ? magnitude : u < density ? -magnitude : 0;
    }
}

static void draw_gaussian(pb_stream stream, int size, size_t count, double *p)
{
    const double deviation = 1 / sqrt(size);
    for (size_t i = 0; i < count; i++) p[i] = deviation * (double)pb_stream_normal(stream, i);
}

/* P [d, size] */
static pb_status draw(pb_context *ctx, const pb_options *options, int d, double *p)
{
    const char *kind = pb_option_string(options, "matrix");
    const int size = (int)pb_option_int(options, "size");
    const size_t count = (size_t)d * (size_t)size;
    const pb_stream stream =
        pb_stream_make((uint64_t)pb_option_int(options, "seed"), "random_projection", 0);
    if (strcmp(kind, "achlioptas") == 0) {
        draw_sparse(stream, 1.0 / 3, size, count, p);
    } else if (strcmp(kind, "li") == 0) {
        draw_sparse(stream, 1 / sqrt(d), size, count, p);
    } else {
        draw_gaussian(stream, size, count, p);
        if (strcmp(kind, "orthonormal") == 0) PB_TRY(pb_orthonormalise(ctx, d, size, p));
    }
    return PB_OK;
}

/* P as a constant, or its pseudo-inverse. */
static pb_value projection(pb_builder *b, const pb_options *options, int d, bool inverted)
{
    const int size = (int)pb_option_int(options, "size");
    const size_t count = (size_t)d * (size_t)size;
    double *p = malloc(count * sizeof *p), *inverse = inverted ? malloc(count * sizeof *p) : NULL;
    pb_value v = PB_NONE;
    if (!p || (inverted && !inverse)) {
        v = pb_graph_fail(b->g, PB_ERR_MEMORY, "no memory for a matrix of %d x %d", d, size);
    } else {
        pb_status status = draw(b->ctx, options, d, p);
        if (status == PB_OK && inverted) status = pb_pseudo_inverse(b->ctx, d, size, p, inverse);
        if (status != PB_OK)
            v = pb_graph_fail(b->g, status, "a matrix of %d x %d cannot be made", d, size);
        else
            v = inverted ? pb_matrix_constant(b->g, size, d, inverse)
                         : pb_matrix_constant(b->g, d, size, p);
    }
    free(p);
    free(inverse);
    return v;
}

/* The shortest x with x P = y. */
static pb_value project_back(pb_builder *b, const pb_inverse *inverse, pb_value y)
{
    const int d = (int)(pb_shape_count(inverse->taken) / (size_t)b->batch);
    return pb_matmul(b->g, y, projection(b, inverse->options, d, true));
}

static pb_status random_projection_build(pb_builder *b, const pb_options *options)
{
    const pb_shape taken = pb_value_shape(b->g, b->x);
    const int size = (int)pb_option_int(options, "size"), d = (int)pb_builder_sample_count(b);
    if (size > d)
        return pb_fail(b->ctx, PB_ERR_SHAPE,
                       "cannot project the %d numbers of a sample to %d; allowed is 1 to %d", d,
                       size, d);
    const pb_value flat = pb_reshape(b->g, b->x, PB_SHAPE(b->batch, d));
    b->x = pb_matmul(b->g, flat, projection(b, options, d, false));
    pb_builder_inverse(b, options, taken, project_back);
    return PB_OK;
}

const pb_stage pb_stage_random_projection = {
    .name = "random_projection",
    .summary = "random combinations of a sample's numbers; the seed is the key",
    .kind = PB_STAGE_TRANSFORM,
    .options = random_projection_options,
    .build = random_projection_build,
};
