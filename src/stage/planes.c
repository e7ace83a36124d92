/* Shapes and windows as stages see them. */
#include "stage/stages.h"

pb_shape_phrase pb_shape_words(pb_shape shape)
{
    pb_shape_phrase words;
    pb_shape_text(shape, words.text);
    return words;
}

size_t pb_builder_sample_count(const pb_builder *b)
{
    return b->batch > 0 ? pb_shape_count(pb_value_shape(b->g, b->x)) / (size_t)b->batch : 0;
}

/* One number for both axes, or two. */
static pb_status pair(pb_builder *b, const pb_options *options, const char *name, int out[2])
{
    int count;
    const int64_t *numbers = pb_option_ints(options, name, &count);
    if (count != 1 && count != 2) {
        return pb_fail(b->ctx, PB_ERR_CONFIG,
                       "%s has %d numbers; allowed is one, or [height, width]", name, count);
    }
    out[0] = (int)numbers[0];
    out[1] = (int)numbers[count - 1];
    return PB_OK;
}

static void stride_or_kernel(pb_window *w)
{
    for (int i = 0; i < 2; i++) {
        if (w->stride[i] == 0) w->stride[i] = w->kernel[i];
    }
}

pb_status pb_window_options(pb_builder *b, const pb_options *options, pb_window *window)
{
    PB_TRY(pair(b, options, "kernel", window->kernel));
    PB_TRY(pair(b, options, "stride", window->stride));
    PB_TRY(pair(b, options, "padding", window->padding));
    stride_or_kernel(window);
    return PB_OK;
}

pb_window pb_window_line(const pb_options *options)
{
    pb_window window = {.kernel = {1, (int)pb_option_int(options, "kernel")},
                        .stride = {1, (int)pb_option_int(options, "stride")},
                        .padding = {0, (int)pb_option_int(options, "padding")}};
    stride_or_kernel(&window);
    return window;
}

pb_status pb_builder_planes(pb_builder *b, bool line, const pb_window *window, pb_value *planes)
{
    const pb_shape s = pb_value_shape(b->g, b->x);
    const int channel_axes = line ? 3 : 4; /* with the batch */
    if (s.axes != channel_axes && s.axes != channel_axes - 1) {
        return pb_fail(b->ctx, PB_ERR_SHAPE, "takes %s, but gets %s; a reshape before it helps",
                       line ? "[batch, length] or [batch, channels, length]"
                            : "[batch, height, width] or [batch, channels, height, width]",
                       pb_shape_words(s).text);
    }
    const int channels = s.axes == channel_axes ? s.dim[1] : 1;
    const int height = line ? 1 : s.dim[s.axes - 2], width = s.dim[s.axes - 1];
    const int extent[2] = {height, width};
    for (int i = 0; i < 2; i++) {
        if (window->kernel[i] > extent[i] + 2 * window->padding[i]) {
            return pb_fail(b->ctx, PB_ERR_SHAPE, "a kernel of %d does not fit %s with padding %d",
                           window->kernel[i], pb_shape_words(s).text, window->padding[i]);
        }
    }
    *planes = pb_reshape(b->g, b->x, PB_SHAPE(b->batch, channels, height, width));
    return PB_OK;
}
