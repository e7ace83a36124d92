/* max_pool1d: the largest element of each window along the last axis. */
#include "stage/stages.h"

static const pb_option max_pool1d_options[] = {
    {.name = "kernel",
     .type = PB_OPTION_INT,
     .fallback = "2",
     .min = 1,
     .max = 1024,
     .help = "width of the window"},
    {.name = "stride",
     .type = PB_OPTION_INT,
     .fallback = "0",
     .min = 0,
     .max = 1024,
     .help = "step from window to window; 0: the kernel"},
    {.name = "padding",
     .type = PB_OPTION_INT,
     .fallback = "0",
     .min = 0,
     .max = 512,
     .help = "places added at both ends that never win, at most half of the kernel"},
    {0},
};

/* x [batch, C, L] or [batch, L] -> the same with L' = (L + 2 padding - kernel) / stride + 1 */
static pb_status max_pool1d_build(pb_builder *b, const pb_options *options)
{
    return pb_builder_max_pool(b, true, pb_window_line(options));
}

const pb_stage pb_stage_max_pool1d = {
    .name = "max_pool1d",
    .summary = "largest element of each window along the last axis",
    .kind = PB_STAGE_LAYER,
    .options = max_pool1d_options,
    .build = max_pool1d_build,
};
