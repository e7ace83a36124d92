/* ycbcr: colour images as luminance and two colour differences. Each is centred where the colours
 * are, so no offset is needed for pixels about 0. */
#include <string.h>

#include "base/matrix.h"
#include "stage/separable.h"

/* JFIF 1.02: ITU-R BT.601 with full range. */
static const double weights[9] = {
    0.299, 0.587, 0.114, -0.168736, -0.331264, 0.5, 0.5, -0.418688, -0.081312,
};

/* y[n, i, p] = sum over j of m[i, j] x[n, j, p] */
static pb_value mix_channels(pb_graph *g, pb_value x, const double m[9])
{
    static const int channels_last[] = {0, 2, 1};
    const pb_shape s = pb_value_shape(g, x);
    pb_value flat = pb_reshape(g, x, PB_SHAPE(s.dim[0], 3, s.dim[2] * s.dim[3]));
    flat = pb_permute(g, flat, channels_last);
    flat = pb_matmul_t(g, flat, pb_matrix_constant(g, 3, 3, m), false, true);
    return pb_reshape(g, pb_permute(g, flat, channels_last), s);
}

static pb_value to_rgb(pb_builder *b, const pb_inverse *inverse, pb_value y)
{
    (void)inverse;
    double back[9];
    const pb_status status = pb_pseudo_inverse(b->ctx, 3, 3, weights, back);
    if (status != PB_OK) return pb_graph_fail(b->g, status, "no way back from luminance");
    return mix_channels(b->g, y, back);
}

static pb_status ycbcr_build(pb_builder *b, const pb_options *options)
{
    const pb_shape s = pb_value_shape(b->g, b->x);
    if (s.axes != 4 || s.dim[1] != 3)
        return pb_fail(b->ctx, PB_ERR_SHAPE,
                       "takes colour images [batch, 3, height, width], but gets %s",
                       pb_shape_words(s).text);
    b->x = mix_channels(b->g, b->x, weights);
    pb_builder_inverse(b, options, s, to_rgb);
    return PB_OK;
}

const pb_stage pb_stage_ycbcr = {
    .name = "ycbcr",
    .summary = "colours as luminance and two colour differences",
    .kind = PB_STAGE_TRANSFORM,
    .build = ycbcr_build,
};
