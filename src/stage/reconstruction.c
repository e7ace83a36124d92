/* reconstruction: weight * mean((X_c - X)^2), what the band mask took from the coefficients. */
#include "stage/stages.h"

static const pb_option reconstruction_options[] = {
    {.name = "weight",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.1",
     .min = 0,
     .max = 1e6,
     .help = "factor of this loss beside the others"},
    {0},
};

static pb_status reconstruction_build(pb_builder *b, const pb_options *options)
{
    const pb_value original = pb_builder_find(b, "coefficients"),
                   masked = pb_builder_find(b, "masked");
    if (original == PB_NONE || masked == PB_NONE) {
        return pb_fail(b->ctx, PB_ERR_CONFIG, "there are no %s to compare; it needs %s before it",
                       original == PB_NONE ? "coefficients" : "masked coefficients",
                       original == PB_NONE ? "a dct2 and a band_mask stage" : "a band_mask stage");
    }
    const pb_value squares = pb_square(b->g, pb_sub(b->g, masked, original));
    pb_value mean;
    if (b->weights == PB_NONE) {
        mean = pb_mean_all(b->g, squares);
    } else {
        const int count = (int)(pb_shape_count(pb_value_shape(b->g, squares)) / (size_t)b->batch);
        const pb_value rows = pb_reshape(b->g, squares, PB_SHAPE(b->batch, count));
        const pb_value of_samples = pb_scale(b->g, pb_sum(b->g, rows, 1, false), 1 / (float)count);
        mean = pb_builder_mean(b, of_samples);
    }
    pb_builder_add_loss(b, "reconstruction", mean, (float)pb_option_float(options, "weight"));
    return PB_OK;
}

const pb_stage pb_stage_reconstruction = {
    .name = "reconstruction",
    .summary = "loss: mean squared difference of masked and original coefficients",
    .kind = PB_STAGE_LOSS,
    .options = reconstruction_options,
    .build = reconstruction_build,
};
