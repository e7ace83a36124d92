/* downsample: fewer pixels. */
#include <string.h>

#include "stage/separable.h"

static const pb_option downsample_options[] = {
    {.name = "size",
     .type = PB_OPTION_INTS,
     .fallback = "16",
     .min = 1,
     .max = 4096,
     .help = "pixels on each axis that come out: one number, or [height, width]"},
    {.name = "method",
     .type = PB_OPTION_CHOICE,
     .fallback = "bilinear",
     .choices = "bilinear|area|nearest",
     .help = "bilinear: half-pixel centres, no antialiasing; area: mean of all pixels that a new "
             "one touches; nearest: the pixel at its centre"},
    {0},
};

static pb_resampling *method_of(const pb_options *options)
{
    const char *name = pb_option_string(options, "method");
    if (strcmp(name, "area") == 0) return pb_resample_area;
    return strcmp(name, "nearest") == 0 ? pb_resample_nearest : pb_resample_bilinear;
}

/* x = L^+ y R^+^T */
static pb_value enlarge(pb_builder *b, const pb_inverse *inverse, pb_value y)
{
    pb_planes whole, small;
    if (pb_planes_of(b, inverse->taken, &whole) != PB_OK ||
        pb_planes_of(b, inverse->left, &small) != PB_OK)
        return PB_NONE;
    return pb_resample_back(b, &whole, y, small.height, small.width, method_of(inverse->options));
}

static pb_status downsample_build(pb_builder *b, const pb_options *options)
{
    const pb_shape taken = pb_value_shape(b->g, b->x);
    pb_planes p;
    int h, w;
    PB_TRY(pb_planes_of(b, taken, &p));
    PB_TRY(pb_planes_size(b, options, &p, &h, &w));
    if (h > p.height || w > p.width)
        return pb_fail(b->ctx, PB_ERR_SHAPE, "cannot make %d x %d of %d x %d; it makes fewer", h, w,
                       p.height, p.width);
    b->x = pb_resample(b->g, &p, b->x, h, w, method_of(options));
    pb_builder_inverse(b, options, taken, enlarge);
    return PB_OK;
}

const pb_stage pb_stage_downsample = {
    .name = "downsample",
    .summary = "fewer pixels: bilinear, area or nearest",
    .kind = PB_STAGE_TRANSFORM,
    .options = downsample_options,
    .build = downsample_build,
};
