/* What conv1d, conv2d, max_pool1d and max_pool2d share: a line is a plane of height 1. */
#include <math.h>

#include "stage/stages.h"

/* y [batch, channels, height, width] back to what the next stage expects of a line or a plane. */
static pb_value unplane(pb_builder *b, bool line, pb_value y)
{
    if (!line) return y;
    const pb_shape s = pb_value_shape(b->g, y);
    return pb_reshape(b->g, y, PB_SHAPE(s.dim[0], s.dim[1], s.dim[3]));
}

pb_status pb_builder_convolve(pb_builder *b, const pb_options *options, bool line, pb_window window)
{
    pb_value x;
    PB_TRY(pb_builder_planes(b, line, &window, &x));
    const int in = pb_value_shape(b->g, x).dim[1], out = (int)pb_option_int(options, "channels");
    const int height = window.kernel[0], width = window.kernel[1];
    const float bound = 1 / sqrtf((float)in * (float)height * (float)width);
    /* Parameters have the axes of PyTorch's layers: [out, in, width] for a line. */
    const pb_shape shape = line ? PB_SHAPE(out, in, width) : PB_SHAPE(out, in, height, width);
    const pb_value weight = pb_builder_weight(b, shape, bound);
    if (weight == PB_NONE) return PB_ERR_CONFIG; /* it has said why */
    pb_value y =
        pb_conv(b->g, x, pb_reshape(b->g, weight, PB_SHAPE(out, in, height, width)), window);
    if (pb_option_bool(options, "bias")) {
        const pb_value bias = pb_builder_param(b, "bias", PB_SHAPE(out), bound);
        y = pb_add(b->g, y, pb_reshape(b->g, bias, PB_SHAPE(out, 1, 1)));
    }
    b->x = unplane(b, line, y);
    return PB_OK;
}

pb_status pb_builder_max_pool(pb_builder *b, bool line, pb_window window)
{
    for (int i = 0; i < 2; i++) {
        if (2 * window.padding[i] > window.kernel[i]) {
            return pb_fail(b->ctx, PB_ERR_CONFIG, "padding %d is more than half of the kernel %d",
                           window.padding[i], window.kernel[i]);
        }
    }
    const int axes = pb_value_shape(b->g, b->x).axes;
    pb_value x;
    PB_TRY(pb_builder_planes(b, line, &window, &x));
    const pb_value y = pb_max_pool(b->g, x, window);
    b->x = unplane(b, line, y);
    if (axes == (line ? 2 : 3) && b->x != PB_NONE) { /* no channels came in, none go out */
        const pb_shape s = pb_value_shape(b->g, y);
        b->x = pb_reshape(
            b->g, y, line ? PB_SHAPE(s.dim[0], s.dim[3]) : PB_SHAPE(s.dim[0], s.dim[2], s.dim[3]));
    }
    return PB_OK;
}
