/* conv1d: convolution along the last axis. */
#include "stage/stages.h"

static const pb_option conv1d_options[] = {
    {.name = "channels",
     .type = PB_OPTION_INT,
     .min = 1,
     .max = 1 << 14,
     .help = "channels that come out"},
    {.name = "kernel",
     .type = PB_OPTION_INT,
     .fallback = "3",
     .min = 1,
     .max = 1024,
     .help = "width of the window"},
    {.name = "stride",
     .type = PB_OPTION_INT,
     .fallback = "1",
     .min = 1,
     .max = 1024,
     .help = "step from window to window"},
    {.name = "padding",
     .type = PB_OPTION_INT,
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

/* x [batch, C, L] (or [batch, L] as one channel), weight [O, C, kernel], bias [O] -> [batch, O, L']
 */
static pb_status conv1d_build(pb_builder *b, const pb_options *options)
{
    return pb_builder_convolve(b, options, true, pb_window_line(options));
}

const pb_stage pb_stage_conv1d = {
    .name = "conv1d",
    .summary = "convolution along the last axis, as PyTorch's Conv1d",
    .kind = PB_STAGE_LAYER,
    .options = conv1d_options,
    .build = conv1d_build,
    .has_weights = true,
};
