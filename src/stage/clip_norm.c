/* clip_norm: no step along a longer gradient than that, as torch.nn.utils.clip_grad_norm_.
 * Source: Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks",
 * ICML 2013. */
#include "stage/stages.h"

static const pb_option clip_norm_options[] = {
    {.name = "norm",
     .type = PB_OPTION_FLOAT,
     .fallback = "1.0",
     .min = 1e-12,
     .max = 1e12,
     .help = "longest gradient, as the root of all squares of all parameters that learn"},
    {0},
};

static pb_status clip_norm_build(pb_builder *b, const pb_options *options)
{
    if (!b->training) return PB_OK;
    if (b->clip_norm > 0) return pb_fail(b->ctx, PB_ERR_CONFIG, "the gradient is clipped already");
    b->clip_norm = pb_option_float(options, "norm");
    return PB_OK;
}

const pb_stage pb_stage_clip_norm = {
    .name = "clip_norm",
    .summary = "shorten gradients that are longer than a norm",
    .kind = PB_STAGE_OPTIMISER,
    .options = clip_norm_options,
    .build = clip_norm_build,
};
