/* binarize: one bit a pixel.
 *
 * Source: Otsu, "A threshold selection method from gray-level histograms", IEEE Trans. SMC 9
 * (1979). */
#include <string.h>

#include "stage/separable.h"

enum { LEVELS = 256 };

static const pb_option binarize_options[] = {
    {.name = "method",
     .type = PB_OPTION_CHOICE,
     .fallback = "otsu",
     .choices = "otsu|fixed|adaptive",
     .help = "1 where a pixel exceeds: the image's own threshold of Otsu, a fixed one, or the mean "
             "about it"},
    {.name = "threshold",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.0",
     .min = -1e30,
     .max = 1e30,
     .help = "what a pixel must exceed (method: fixed)"},
    {.name = "window",
     .type = PB_OPTION_INT,
     .fallback = "11",
     .min = 1,
     .max = 4095,
     .help = "pixels on each axis that the mean is of, an odd number (method: adaptive)"},
    {.name = "offset",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.0",
     .min = -1e30,
     .max = 1e30,
     .help = "taken off the mean (method: adaptive)"},
    {.name = "size",
     .type = PB_OPTION_INTS,
     .fallback = "0",
     .min = 0,
     .max = 4096,
     .help = "bits on each axis that come out, by bilinear resampling and > 0.5: one number, or "
             "[height, width]; 0: as many as pixels"},
    {.name = "levels",
     .type = PB_OPTION_CHOICE,
     .fallback = "centered",
     .choices = "centered|unit|bytes",
     .help = "what a reconstruction has for 0 and 1: -0.5 and 0.5, 0 and 1, or 0 and 255"},
    {0},
};

/* ---- thresholds ---- */

/* The level of each pixel, one of 256 from the image's least to its largest: [planes, pixels]
 * int32. The bytes that pixels were made of are levels themselves. */
static pb_value levels_of(pb_builder *b, pb_value x, int planes)
{
    pb_graph *g = b->g;
    const pb_value bytes = pb_builder_find(b, "levels");
    if (bytes != PB_NONE && b->x == pb_builder_find(b, "pixels"))
        return pb_cast(g, pb_reshape(g, bytes, PB_SHAPE(planes, -1)), PB_I32);
    const pb_value most = pb_max(g, x, 1, true),
                   least = pb_neg(g, pb_max(g, pb_neg(g, x), 1, true));
    const pb_value range = pb_maximum(g, pb_sub(g, most, least), pb_constant(g, 1e-30f, PB_SCALAR));
    const pb_value share = pb_div(g, pb_sub(g, x, least), range);
    const pb_value level = pb_floor(g, pb_scale(g, share, LEVELS));
    return pb_cast(g, pb_minimum(g, level, pb_constant(g, LEVELS - 1, PB_SCALAR)), PB_I32);
}

/* U[k, t] = 1 where k <= t: counts times U are the counts up to each level. */
static pb_value up_to(pb_graph *g)
{
    double *u = pb_matrix_memory(g, LEVELS, LEVELS - 1);
    for (int k = 0; u && k < LEVELS; k++)
        for (int t = k; t < LEVELS - 1; t++) u[k * (LEVELS - 1) + t] = 1;
    return pb_matrix_constant(g, LEVELS, LEVELS - 1, u);
}

/* With w pixels up to level t, of sum s, and the others, the variance between the two is
 * w w' (s / w - s' / w')^2; the first t where it is largest. An image of one level has none above.
 */
static pb_value otsu(pb_builder *b, pb_value x, int planes)
{
    pb_graph *g = b->g;
    const pb_value level = levels_of(b, x, planes);
    const pb_value counts = pb_histogram(g, level, LEVELS), upper = up_to(g);
    const pb_value number = pb_cast(g, pb_iota(g, PB_SHAPE(1, LEVELS), 1), PB_F32);
    const pb_value moments = pb_mul(g, counts, number);
    const pb_value w = pb_matmul(g, counts, upper), s = pb_matmul(g, moments, upper);
    const pb_value others = pb_sub(g, pb_sum(g, counts, 1, true), w);
    const pb_value others_sum = pb_sub(g, pb_sum(g, moments, 1, true), s);
    const pb_value one = pb_constant(g, 1, PB_SCALAR);
    const pb_value apart = pb_sub(g, pb_div(g, s, pb_maximum(g, w, one)),
                                  pb_div(g, others_sum, pb_maximum(g, others, one)));
    const pb_value between = pb_mul(g, pb_mul(g, w, others), pb_square(g, apart));
    const pb_value best = pb_argmax(g, between, 1, true);
    const pb_value two_levels = pb_cast(g, pb_step(g, pb_max(g, between, 1, true)), PB_I32);
    const pb_value t = pb_select(g, two_levels, best, pb_constant_i32(g, LEVELS, PB_SCALAR));
    return pb_cast(g, pb_less(g, t, level), PB_F32);
}

/* The mean of `window` points about each one; beyond an edge its point goes on. */
static pb_value box(pb_graph *g, int length, int window)
{
    double *m = pb_matrix_memory(g, length, length);
    for (int i = 0; m && i < length; i++)
        for (int k = -(window / 2); k <= window / 2; k++) {
            const int j = i + k < 0 ? 0 : i + k < length ? i + k : length - 1;
            m[(size_t)i * (size_t)length + (size_t)j] += 1.0 / window;
        }
    return pb_matrix_constant(g, length, length, m);
}

static pb_value adaptive(pb_builder *b, const pb_options *options, const pb_planes *p, pb_value x)
{
    pb_graph *g = b->g;
    const int window = (int)pb_option_int(options, "window");
    const float offset = (float)pb_option_float(options, "offset");
    const pb_value left = pb_planes_are_lines(p) ? PB_NONE : box(g, p->height, window);
    const pb_value mean = pb_separable(g, p, b->x, left, box(g, p->width, window));
    const pb_value flat = pb_reshape(g, mean, pb_value_shape(g, x));
    return pb_step(g, pb_sub(g, x, pb_sub(g, flat, pb_constant(g, offset, PB_SCALAR))));
}

/* ---- the stage ---- */

/* Bits as pixels, enlarged by least squares where there were fewer. */
static pb_value pixels_of_bits(pb_builder *b, const pb_inverse *inverse, pb_value y)
{
    const char *levels = pb_option_string(inverse->options, "levels");
    pb_planes whole, small;
    if (pb_planes_of(b, inverse->taken, &whole) != PB_OK ||
        pb_planes_of(b, inverse->left, &small) != PB_OK)
        return PB_NONE;
    if (strcmp(levels, "centered") == 0) y = pb_sub(b->g, y, pb_constant(b->g, 0.5f, PB_SCALAR));
    if (strcmp(levels, "bytes") == 0) y = pb_scale(b->g, y, 255);
    if (small.height == whole.height && small.width == whole.width) return y;
    return pb_resample_back(b, &whole, y, small.height, small.width, pb_resample_bilinear);
}

static pb_status binarize_build(pb_builder *b, const pb_options *options)
{
    pb_graph *g = b->g;
    const char *method = pb_option_string(options, "method");
    const pb_shape taken = pb_value_shape(g, b->x);
    pb_planes p;
    int h, w;
    PB_TRY(pb_planes_of(b, taken, &p));
    PB_TRY(pb_planes_size(b, options, &p, &h, &w));
    if (h > p.height || w > p.width)
        return pb_fail(b->ctx, PB_ERR_SHAPE, "cannot make %d x %d bits of %d x %d pixels", h, w,
                       p.height, p.width);
    if (pb_option_int(options, "window") % 2 == 0)
        return pb_fail(b->ctx, PB_ERR_CONFIG, "window is %d, it must be an odd number",
                       (int)pb_option_int(options, "window"));
    const int planes = p.batch * p.channels;
    const pb_value x = pb_reshape(g, b->x, PB_SHAPE(planes, p.height * p.width));
    pb_value bits;
    if (strcmp(method, "otsu") == 0) {
        bits = otsu(b, x, planes);
    } else if (strcmp(method, "adaptive") == 0) {
        bits = adaptive(b, options, &p, x);
    } else {
        const float t = (float)pb_option_float(options, "threshold");
        bits = pb_step(g, pb_sub(g, x, pb_constant(g, t, PB_SCALAR)));
    }
    bits = pb_reshape(g, bits, taken);
    if (h != p.height || w != p.width) {
        bits = pb_resample(g, &p, bits, h, w, pb_resample_bilinear);
        bits = pb_step(g, pb_sub(g, bits, pb_constant(g, 0.5f, PB_SCALAR)));
    }
    b->x = bits;
    pb_builder_coded(b, bits, 1, 1, &(float){0}, &(float){1});
    pb_builder_inverse(b, options, taken, pixels_of_bits);
    return PB_OK;
}

const pb_stage pb_stage_binarize = {
    .name = "binarize",
    .summary = "one bit a pixel: Otsu's threshold, a fixed one, or the mean about it",
    .kind = PB_STAGE_TRANSFORM,
    .options = binarize_options,
    .build = binarize_build,
};
