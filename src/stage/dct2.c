/* dct2: images become the low-frequency corner of their cosine transform. */
#include "stage/stages.h"

static const pb_option dct2_options[] = {
    {.name = "keep",
     .type = PB_OPTION_INT,
     .fallback = "16",
     .min = 1,
     .max = 4096,
     .help = "coefficients kept on each axis, lowest frequencies first"},
    {0},
};

static pb_status dct2_build(pb_builder *b, const pb_options *options)
{
    const int keep = (int)pb_option_int(options, "keep");
    const pb_shape s = pb_value_shape(b->g, b->x);
    if (s.axes != 3) {
        return pb_fail(b->ctx, PB_ERR_SHAPE,
                       "takes gray images [batch, height, width], but gets %s",
                       pb_shape_words(s).text);
    }
    const int smaller = s.dim[1] < s.dim[2] ? s.dim[1] : s.dim[2];
    if (keep > smaller) {
        return pb_fail(b->ctx, PB_ERR_SHAPE,
                       "cannot keep %d x %d coefficients of %d x %d images; allowed is 1 to %d",
                       keep, keep, s.dim[1], s.dim[2], smaller);
    }
    b->x = pb_dct2(b->g, b->x, keep);
    pb_builder_keep(b, "coefficients", b->x);
    return PB_OK;
}

const pb_stage pb_stage_dct2 = {
    .name = "dct2",
    .summary = "orthonormal cosine transform of images, low-frequency corner kept",
    .kind = PB_STAGE_TRANSFORM,
    .options = dct2_options,
    .build = dct2_build,
};
