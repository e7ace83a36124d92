/* cwt: lines become scalograms, what continuous wavelets of several scales see at each point. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <passband/cwt.h>

#include "base/matrix.h"
#include "stage/separable.h"

static const pb_option cwt_options[] = {
    {.name = "wavelet",
     .type = PB_OPTION_STRING,
     .fallback = "morl",
     .help = "by the name that PyWavelets gives it, such as cmor1.5-1.0; passband stages cwt lists "
             "them"},
    {.name = "scales",
     .type = PB_OPTION_FLOATS,
     .fallback = "[]",
     .min = 1e-3,
     .max = 1e6,
     .help = "of the wavelet, in points"},
    {.name = "frequencies",
     .type = PB_OPTION_FLOATS,
     .fallback = "[]",
     .min = 1e-9,
     .max = 1e12,
     .help = "in their place: cycles in the unit of sampling_period"},
    {.name = "voices",
     .type = PB_OPTION_INT,
     .fallback = "4",
     .min = 1,
     .max = 64,
     .help = "without either: scales an octave, from half a cycle a point down to a cycle a line"},
    {.name = "sampling_period",
     .type = PB_OPTION_FLOAT,
     .fallback = "1.0",
     .min = 1e-12,
     .max = 1e12,
     .help = "from point to point"},
    {.name = "precision",
     .type = PB_OPTION_INT,
     .fallback = "10",
     .min = PB_CWT_PRECISION_MIN,
     .max = PB_CWT_PRECISION_MAX,
     .help =
         "the wavelet is tabulated at 2^precision points: 10 in PyWavelets 1.1, 12 in newer ones"},
    {.name = "method",
     .type = PB_OPTION_CHOICE,
     .fallback = "auto",
     .choices = "auto|matrix|conv",
     .help = "how it is computed; results differ by rounding alone"},
    {.name = "output",
     .type = PB_OPTION_CHOICE,
     .fallback = "magnitude",
     .choices = "magnitude|power|coefficients",
     .help = "what is left of coefficients: absolute values, their squares, or themselves, of "
             "complex wavelets real and then imaginary parts"},
    {0},
};

static bool is_output(const pb_options *options, const char *name)
{
    return strcmp(pb_option_string(options, "output"), name) == 0;
}

static pb_cwt_method method_of(const pb_options *options)
{
    const char *name = pb_option_string(options, "method");
    return strcmp(name, "matrix") == 0 ? PB_CWT_MATRIX
           : strcmp(name, "conv") == 0 ? PB_CWT_CONVOLUTION
                                       : PB_CWT_AUTO;
}

/* ---- scales ---- */

/* From half a cycle a point down to a cycle a line. */
static void choose_scales(const pb_options *options, double frequency, pb_cwt *t, double scales[])
{
    const int voices = (int)pb_option_int(options, "voices");
    for (int i = 0; i < t->count; i++) scales[i] = 2 * frequency * pow(2, (double)i / voices);
}

static int scale_count(const pb_options *options, int length)
{
    int scales, frequencies;
    pb_option_floats(options, "scales", &scales);
    pb_option_floats(options, "frequencies", &frequencies);
    if (scales + frequencies > 0) return scales + frequencies;
    int octaves = 1;
    while (length >> (octaves + 1) > 1) octaves++;
    return octaves * (int)pb_option_int(options, "voices");
}

/* Scales are the wavelet's frequency over what they see, in cycles a point. */
static pb_status set_scales(pb_builder *b, const pb_options *options, pb_cwt *t)
{
    int scales, frequencies;
    const double *by_scale = pb_option_floats(options, "scales", &scales),
                 *by_frequency = pb_option_floats(options, "frequencies", &frequencies);
    const double period = pb_option_float(options, "sampling_period"),
                 frequency = pb_continuous_frequency(&t->wavelet, t->precision);
    if (scales > 0 && frequencies > 0)
        return pb_fail(b->ctx, PB_ERR_CONFIG,
                       "%s: there are scales already; allowed is one of both",
                       pb_option_where(options, "frequencies"));
    t->count = scale_count(options, t->length);
    double *chosen = pb_graph_memory(b->g, (size_t)t->count * sizeof *chosen);
    if (!chosen || !(frequency > 0))
        return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory for %d scales", t->count);
    for (int i = 0; i < scales; i++) chosen[i] = by_scale[i];
    for (int i = 0; i < frequencies; i++) chosen[i] = frequency / (by_frequency[i] * period);
    if (scales + frequencies == 0) choose_scales(options, frequency, t, chosen);
    t->scales = chosen;
    return PB_OK;
}

static pb_status measure(pb_builder *b, const pb_options *options, pb_shape taken, pb_planes *p,
                         pb_cwt *t)
{
    PB_TRY(pb_planes_of(b, taken, p));
    *t = (pb_cwt){.precision = (int)pb_option_int(options, "precision"),
                  .length = p->width,
                  .method = method_of(options)};
    PB_TRY(pb_continuous_get(b->ctx, pb_option_string(options, "wavelet"), &t->wavelet));
    return set_scales(b, options, t);
}

/* ---- coefficients and what is left of them ---- */

/* sqrt(p), whose gradient where p is 0 is 0. */
static pb_value root(pb_graph *g, pb_value p)
{
    const pb_value is_positive = pb_step(g, p), one = pb_constant(g, 1, PB_SCALAR);
    return pb_mul(g, is_positive, pb_sqrt(g, pb_select(g, is_positive, p, one)));
}

/* [lines, filters, length] -> [lines, scales, length] */
static pb_value squares(pb_graph *g, const pb_cwt *t, pb_value y)
{
    const int lines = pb_value_shape(g, y).dim[0];
    const pb_shape part = PB_SHAPE(lines, t->count, t->length);
    if (!t->wavelet.is_complex) return pb_square(g, y);
    const pb_value re = pb_slice(g, y, (const int[]){0, 0, 0}, part),
                   im = pb_slice(g, y, (const int[]){0, t->count, 0}, part);
    return pb_add(g, pb_square(g, re), pb_square(g, im));
}

static pb_value left_of(pb_graph *g, const pb_options *options, const pb_cwt *t, pb_value y)
{
    if (is_output(options, "coefficients")) return y;
    if (is_output(options, "power")) return squares(g, t, y);
    return t->wavelet.is_complex ? root(g, squares(g, t, y)) : pb_abs(g, y);
}

/* [batch, L] -> [batch, filters, L], [batch, H, W] -> [batch, filters, H, W], [batch, C, H, W] ->
 * [batch, C filters, H, W] */
static pb_shape shape_left(const pb_planes *p, int filters)
{
    if (pb_planes_are_lines(p)) return PB_SHAPE(p->batch, filters, p->width);
    return PB_SHAPE(p->batch, p->channels * filters, p->height, p->width);
}

/* ---- the way back: least squares ---- */

/* Multiplications that the inverse of a matrix may take. */
#define INVERSE_WORK_MAX 4e9

static bool has_inverse(const pb_options *options, const pb_cwt *t)
{
    const double length = t->length;
    return is_output(options, "coefficients") &&
           length * length * length * pb_cwt_filters(t) <= INVERSE_WORK_MAX;
}

static pb_value invert(pb_builder *b, const pb_inverse *inverse, pb_value y)
{
    static const int filters_behind_rows[] = {0, 2, 1, 3};
    pb_planes p;
    pb_cwt t;
    if (measure(b, inverse->options, inverse->taken, &p, &t) != PB_OK) return PB_NONE;
    const int filters = pb_cwt_filters(&t), all = filters * t.length;
    double *matrix = pb_cwt_matrix(b->g, &t), *back = pb_matrix_memory(b->g, all, t.length);
    pb_status status = matrix && back ? PB_OK : PB_ERR_MEMORY;
    if (status == PB_OK) status = pb_pseudo_inverse(b->ctx, t.length, all, matrix, back);
    free(matrix);
    if (status != PB_OK)
        return pb_graph_fail(b->g, status, "the transform of %d points cannot be inverted",
                             t.length);
    y = pb_reshape(b->g, y, PB_SHAPE(p.batch * p.channels, filters, p.height, p.width));
    if (p.height > 1) y = pb_permute(b->g, y, filters_behind_rows);
    y = pb_reshape(b->g, y, PB_SHAPE(p.batch * p.channels * p.height, all));
    return pb_matmul(b->g, y, pb_matrix_constant(b->g, all, t.length, back));
}

/* ---- a picture ---- */

/* y [lines, filters, length]: magnitudes of the middle line of each sample. */
static void keep_scalogram(pb_builder *b, const pb_options *options, const pb_planes *p,
                           const pb_cwt *t, pb_value y)
{
    pb_graph *g = b->g;
    pb_value all = squares(g, t, y);
    if (p->channels * p->height > 1) {
        all = pb_reshape(g, all, PB_SHAPE(p->batch, p->channels * p->height, t->count, t->length));
        all = pb_slice(g, all, (const int[]){0, p->height / 2, 0, 0},
                       PB_SHAPE(p->batch, 1, t->count, t->length));
    }
    pb_builder_keep(b, "scalogram",
                    root(g, pb_reshape(g, all, PB_SHAPE(p->batch, t->count, t->length))));
    double *frequencies = pb_graph_memory(g, (size_t)t->count * sizeof *frequencies);
    if (!frequencies) return;
    const double period = pb_option_float(options, "sampling_period"),
                 frequency = pb_continuous_frequency(&t->wavelet, t->precision);
    for (int i = 0; i < t->count; i++) frequencies[i] = frequency / (t->scales[i] * period);
    b->scalogram = (pb_scalogram){.count = t->count,
                                  .scales = t->scales,
                                  .frequencies = frequencies,
                                  .sampling_period = period};
    snprintf(b->scalogram.wavelet, sizeof b->scalogram.wavelet, "%s", t->wavelet.name);
}

/* ---- the stage ---- */

static pb_status cwt_build(pb_builder *b, const pb_options *options)
{
    static const int rows_behind_filters[] = {0, 2, 1, 3};
    const pb_shape taken = pb_value_shape(b->g, b->x);
    pb_graph *g = b->g;
    pb_planes p;
    pb_cwt t;
    PB_TRY(measure(b, options, taken, &p, &t));
    const pb_value coefficients = pb_cwt_apply(g, b->x, &t);
    if (coefficients == PB_NONE) return pb_graph_status(g);
    keep_scalogram(b, options, &p, &t, coefficients);
    pb_value y = left_of(g, options, &t, coefficients);
    const int filters = pb_value_shape(g, y).dim[1];
    if (p.height > 1) {
        y = pb_reshape(g, y, PB_SHAPE(p.batch * p.channels, p.height, filters, p.width));
        y = pb_permute(g, y, rows_behind_filters);
    }
    b->x = pb_reshape(g, y, shape_left(&p, filters));
    if (has_inverse(options, &t)) pb_builder_inverse(b, options, taken, invert);
    return PB_OK;
}

const pb_stage pb_stage_cwt = {
    .name = "cwt",
    .summary = "scalogram of the last axis by a continuous wavelet",
    .kind = PB_STAGE_TRANSFORM,
    .options = cwt_options,
    .build = cwt_build,
};
