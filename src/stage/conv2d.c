/* conv2d: convolution over the last two axes. */
#include "stage/stages.h"

static const pb_option conv2d_options[] = {
    {.name = "channels",
     .type = PB_OPTION_INT,
     .min = 1,
     .max = 1 << 14,
     .help = "channels that come out"},
    {.name = "kernel",
     .type = PB_OPTION_INTS,
     .fallback = "3",
     .min = 1,
     .max = 1024,
     .help = "size of the window: one number, or [height, width]"},
    {.name = "stride",
     .type = PB_OPTION_INTS,
     .fallback = "1",
     .min = 1,
     .max = 1024,
     .help = "step from window to window"},
    {.name = "padding",
     .type = PB_OPTION_INTS,
     .fallback = "0",
     .min = 0,
     .max = 1024,
     .help = "zeros added at both ends"},
    {.name = "bias",
     .type = PB_OPTION_BOOL,
     .fallback = "true",
     .help = "whether a bias is added to each channel"},
    {0},
};

/* x [batch, C, H, W] (or [batch, H, W] as one channel), weight [O, C, kh, kw], bias [O] -> [batch,
 * O, H', W'] */
static pb_status conv2d_build(pb_builder *b, const pb_options *options)
{
    pb_window window;
    PB_TRY(pb_window_options(b, options, &window));
    return pb_builder_convolve(b, options, false, window);
}

const pb_stage pb_stage_conv2d = {
    .name = "conv2d",
    .summary = "convolution over the last two axes, as PyTorch's Conv2d",
    .kind = PB_STAGE_LAYER,
    .options = conv2d_options,
    .build = conv2d_build,
    .has_weights = true,
};
