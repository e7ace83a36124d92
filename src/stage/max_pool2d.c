/* max_pool2d: the largest element of each window over the last two axes. */
#include "stage/stages.h"

static const pb_option max_pool2d_options[] = {
    {.name = "kernel",
     .type = PB_OPTION_INTS,
     .fallback = "2",
     .min = 1,
     .max = 1024,
     .help = "size of the window: one number, or [height, width]"},
    {.name = "stride",
     .type = PB_OPTION_INTS,
     .fallback = "0",
     .min = 0,
     .max = 1024,
     .help = "step from window to window; 0: the kernel"},
    {.name = "padding",
     .type = PB_OPTION_INTS,
     .fallback = "0",
     .min = 0,
     .max = 512,
     .help = "places added at both ends that never win, at most half of the kernel"},
    {0},
};

/* x [batch, C, H, W] or [batch, H, W] -> the same with H' = (H + 2 padding - kernel) / stride + 1
 */
static pb_status max_pool2d_build(pb_builder *b, const pb_options *options)
{
    pb_window window;
    PB_TRY(pb_window_options(b, options, &window));
    return pb_builder_max_pool(b, false, window);
}

const pb_stage pb_stage_max_pool2d = {
    .name = "max_pool2d",
    .summary = "largest element of each window over the last two axes",
    .kind = PB_STAGE_LAYER,
    .options = max_pool2d_options,
    .build = max_pool2d_build,
};
