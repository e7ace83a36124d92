/* batch_norm1d and batch_norm2d: each channel with mean 0 and variance 1 over the batch, then
 * scaled and shifted; evaluation takes running statistics instead. As torch.nn.BatchNorm1d and
 * BatchNorm2d.
 * Source: Ioffe and Szegedy, "Batch normalization", ICML 2015. */
#include "stage/stages.h"

static const pb_option batch_norm_options[] = {
    {.name = "momentum",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.1",
     .min = 0,
     .max = 1,
     .help = "share of each batch in the running statistics"},
    {.name = "epsilon",
     .type = PB_OPTION_FLOAT,
     .fallback = "1e-5",
     .min = 1e-30,
     .max = 1,
     .help = "added to the variance"},
    {.name = "affine",
     .type = PB_OPTION_BOOL,
     .fallback = "true",
     .help = "whether a weight and a bias of each channel are learned"},
    {0},
};

/* Mean over samples and places: [N, C, P] -> [1, C, 1]. A sample's places come first, because that
 * needs no other sample. */
static pb_value channel_mean(pb_graph *g, pb_value x)
{
    const pb_shape s = pb_value_shape(g, x);
    const pb_value sum = pb_sum(g, pb_sum(g, x, 2, true), 0, true);
    return pb_scale(g, sum, 1 / ((float)s.dim[0] * (float)s.dim[2]));
}

/* A running statistic with this batch's share in it. */
static pb_value moved(pb_builder *b, pb_value statistic, pb_value of_batch, double momentum)
{
    if (b->statistics_share == PB_NONE) return pb_blend(b->g, 1 - momentum, statistic, of_batch);
    const pb_value gap = pb_sub(b->g, of_batch, statistic);
    return pb_add(b->g, statistic, pb_mul(b->g, b->statistics_share, gap));
}

/* The running statistic of that name, [C]; in training it takes in what the batch has. */
static pb_value running(pb_builder *b, const pb_options *options, const char *name, int channels,
                        float start, pb_value of_batch)
{
    const double share = pb_option_float(options, "momentum");
    const pb_value leaf = pb_builder_buffer(b, name, PB_SHAPE(channels), start);
    if (of_batch != PB_NONE) {
        const pb_value new = pb_reshape(b->g, of_batch, PB_SHAPE(channels));
        pb_builder_assign(b, leaf, moved(b, leaf, new, share));
    }
    return pb_reshape(b->g, leaf, PB_SHAPE(1, channels, 1));
}

/* y = (x - mean) / sqrt(variance + epsilon) weight + bias, for x [N, C, P]. The running variance is
 * the unbiased one. */
static pb_value normalise(pb_builder *b, const pb_options *options, pb_value x)
{
    pb_graph *g = b->g;
    const pb_shape s = pb_value_shape(g, x);
    const int channels = s.dim[1];
    const float count = (float)s.dim[0] * (float)s.dim[2];
    pb_value mean = PB_NONE, variance = PB_NONE, unbiased = PB_NONE;
    if (b->training) {
        mean = channel_mean(g, x);
        variance = channel_mean(g, pb_square(g, pb_sub(g, x, mean)));
        unbiased = pb_scale(g, variance, count / (count - 1));
    }
    const pb_value mean_seen = running(b, options, "running_mean", channels, 0, mean);
    const pb_value variance_seen = running(b, options, "running_var", channels, 1, unbiased);
    if (!b->training) mean = mean_seen, variance = variance_seen;
    const float epsilon = (float)pb_option_float(options, "epsilon");
    const pb_value root = pb_sqrt(g, pb_add(g, variance, pb_constant(g, epsilon, PB_SCALAR)));
    const pb_value centred = pb_sub(g, x, mean);
    if (!pb_option_bool(options, "affine")) return pb_div(g, centred, root);
    const pb_shape column = PB_SHAPE(1, channels, 1);
    const pb_value weight = pb_builder_param_from(b, "weight", PB_SHAPE(channels), 1);
    const pb_value bias = pb_builder_param_from(b, "bias", PB_SHAPE(channels), 0);
    const pb_value scale = pb_div(g, pb_reshape(g, weight, column), root);
    return pb_add(g, pb_mul(g, centred, scale), pb_reshape(g, bias, column));
}

/* `channels` and the places of each sample are what x has between its batch and its end. */
static pb_status build(pb_builder *b, const pb_options *options, int channels)
{
    const pb_shape shape = pb_value_shape(b->g, b->x);
    const int places = (int)pb_builder_sample_count(b) / channels;
    if (b->training && b->batch * places < 2)
        return pb_fail(b->ctx, PB_ERR_SHAPE,
                       "a batch of one sample has one number in each channel, which has no "
                       "variance; a train.batch_size of 2 or more helps");
    const pb_value x = pb_reshape(b->g, b->x, PB_SHAPE(b->batch, channels, places));
    b->x = pb_reshape(b->g, normalise(b, options, x), shape);
    return PB_OK;
}

static pb_status batch_norm1d_build(pb_builder *b, const pb_options *options)
{
    const pb_shape s = pb_value_shape(b->g, b->x);
    if (s.axes != 2 && s.axes != 3)
        return pb_fail(b->ctx, PB_ERR_SHAPE,
                       "takes [batch, features] or [batch, channels, length], but gets %s",
                       pb_shape_words(s).text);
    return build(b, options, s.dim[1]);
}

static pb_status batch_norm2d_build(pb_builder *b, const pb_options *options)
{
    const pb_shape s = pb_value_shape(b->g, b->x);
    if (s.axes != 3 && s.axes != 4)
        return pb_fail(b->ctx, PB_ERR_SHAPE,
                       "takes [batch, height, width] or [batch, channels, height, width], but "
                       "gets %s",
                       pb_shape_words(s).text);
    return build(b, options, s.axes == 4 ? s.dim[1] : 1);
}

const pb_stage pb_stage_batch_norm1d = {
    .name = "batch_norm1d",
    .summary =
        "each feature or channel of lines normalised over the batch, as PyTorch's BatchNorm1d",
    .kind = PB_STAGE_LAYER,
    .options = batch_norm_options,
    .build = batch_norm1d_build,
};

const pb_stage pb_stage_batch_norm2d = {
    .name = "batch_norm2d",
    .summary = "each channel of planes normalised over the batch, as PyTorch's BatchNorm2d",
    .kind = PB_STAGE_LAYER,
    .options = batch_norm_options,
    .build = batch_norm2d_build,
};
