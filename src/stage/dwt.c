/* dwt1 and dwt2: the discrete wavelet transform of lines and of planes, several levels deep. */
#include <string.h>

#include <passband/wavelet.h>

#include "stage/stages.h"

static const pb_option dwt_options[] = {
    {.name = "wavelet",
     .type = PB_OPTION_STRING,
     .fallback = "haar",
     .help = "by the name that PyWavelets gives it; passband stages dwt lists them"},
    {.name = "level",
     .type = PB_OPTION_INT,
     .fallback = "1",
     .min = 0,
     .max = PB_WAVELET_LEVELS,
     .help = "how often the approximation is transformed again; 0: as often as PyWavelets would"},
    {.name = "mode",
     .type = PB_OPTION_CHOICE,
     .fallback = "symmetric",
     .choices = PB_EXTENSION_NAMES,
     .help = "how lines go on beyond their ends"},
    {.name = "force",
     .type = PB_OPTION_BOOL,
     .fallback = "false",
     .help = "take more levels than leave a coefficient free of the ends"},
    {.name = "keep",
     .type = PB_OPTION_CHOICE,
     .fallback = "all",
     .choices = "all|approximation",
     .help = "all: the coefficients in a row, coarsest first (PyWavelets' ravel_coeffs); "
             "approximation: the last one alone"},
    {0},
};

static pb_status measure(pb_builder *b, const pb_options *options, int axes, pb_shape s,
                         pb_pyramid *p)
{
    const pb_wavelet *wavelet;
    const bool lines = axes == 1;
    PB_TRY(pb_wavelet_get(b->ctx, pb_option_string(options, "wavelet"), &wavelet));
    if (s.axes <= axes)
        return pb_fail(b->ctx, PB_ERR_SHAPE, "takes [batch, %s], but gets %s",
                       lines ? "..., length" : "..., height, width", pb_shape_words(s).text);
    return pb_pyramid_measure(
        b->ctx, wavelet, (pb_extension)pb_extension_find(pb_option_string(options, "mode")),
        (int)pb_option_int(options, "level"), pb_option_bool(options, "force"), axes,
        lines ? 1 : s.dim[s.axes - 2], s.dim[s.axes - 1], p);
}

static bool keeps_all(const pb_options *options)
{
    return strcmp(pb_option_string(options, "keep"), "all") == 0;
}

/* [..., count] -> the approximation [..., h, w] or [..., w] */
static pb_value approximation(pb_graph *g, const pb_pyramid *p, pb_value y)
{
    const pb_pyramid_part part = pb_pyramid_part_at(p, 0);
    pb_shape shape = pb_value_shape(g, y);
    if (y == PB_NONE) return y;
    shape.dim[shape.axes - 1] = part.height * part.width;
    y = pb_slice(g, y, (const int[PB_MAX_AXES]){0}, shape);
    shape.axes += p->axes - 1;
    if (p->axes == 2) shape.dim[shape.axes - 2] = part.height;
    shape.dim[shape.axes - 1] = part.width;
    return pb_reshape(g, y, shape);
}

static pb_value invert(pb_builder *b, const pb_inverse *inverse, pb_value y, int axes)
{
    pb_pyramid p;
    if (measure(b, inverse->options, axes, inverse->taken, &p) != PB_OK) return PB_NONE;
    const int planes =
        (int)(pb_shape_count(inverse->taken) / ((size_t)p.height[0] * (size_t)p.width[0]));
    y = pb_reshape(b->g, y, PB_SHAPE(planes, -1));
    const int absent = p.count - pb_value_shape(b->g, y).dim[1];
    if (absent > 0) /* only the approximation was kept */
        y = pb_pad(b->g, y, (const int[PB_MAX_AXES]){0}, (const int[PB_MAX_AXES]){0, absent});
    return pb_waverec(b->g, y, &p);
}

static pb_value invert_lines(pb_builder *b, const pb_inverse *inverse, pb_value y)
{
    return invert(b, inverse, y, 1);
}

static pb_value invert_planes(pb_builder *b, const pb_inverse *inverse, pb_value y)
{
    return invert(b, inverse, y, 2);
}

static pb_status build(pb_builder *b, const pb_options *options, int axes)
{
    const pb_shape taken = pb_value_shape(b->g, b->x);
    pb_pyramid p;
    PB_TRY(measure(b, options, axes, taken, &p));
    b->x = pb_wavedec(b->g, b->x, &p);
    if (!keeps_all(options)) b->x = approximation(b->g, &p, b->x);
    pb_builder_inverse(b, options, taken, axes == 1 ? invert_lines : invert_planes);
    return PB_OK;
}

static pb_status dwt1_build(pb_builder *b, const pb_options *options)
{
    return build(b, options, 1);
}

static pb_status dwt2_build(pb_builder *b, const pb_options *options)
{
    return build(b, options, 2);
}

const pb_stage pb_stage_dwt1 = {
    .name = "dwt1",
    .summary = "wavelet transform of the last axis",
    .kind = PB_STAGE_TRANSFORM,
    .options = dwt_options,
    .build = dwt1_build,
};

const pb_stage pb_stage_dwt2 = {
    .name = "dwt2",
    .summary = "wavelet transform of the last two axes",
    .kind = PB_STAGE_TRANSFORM,
    .options = dwt_options,
    .build = dwt2_build,
};
