/* ssc: spectral saliency consistency. The saliency of a sample is the gradient of the logit of its
 * class with respect to the network's input,
 *
 *     g_i = d z_(y_i) / d x_i,    P_i = abs(rfft(g_i)) / (norm2 + 1e-8),
 *
 * and the loss asks the samples of a class to agree in which frequencies they look at:
 *
 *     L = mean over classes c of the batch, mean over f, of the biased variance of P_i[f], y_i = c.
 *
 * g is made of the ops of the graph, so the loss has gradients like any other. When scoring, the
 * variance is that within each batch of `eval_batch_size` samples. */
#include <string.h>

#include "stage/spectrum.h"
#include "stage/stages.h"

static const pb_option ssc_options[] = {
    {.name = "weight",
     .type = PB_OPTION_FLOAT,
     .fallback = "1.73e-3",
     .min = 0,
     .max = 1e6,
     .help = "factor of this loss beside the others; 0: saliency is recorded at the end of a run "
             "and not trained"},
    {.name = "spectrum",
     .type = PB_OPTION_CHOICE,
     .fallback = "flat",
     .choices = "flat|image",
     .help = "flat: of all numbers of a sample in a row; image: of its last two axes, a channel at "
             "a time"},
    {.name = "input",
     .type = PB_OPTION_CHOICE,
     .fallback = "network",
     .choices = "network|pixels",
     .help = "network: the saliency of what the first layer takes; pixels: of what load made"},
    {0},
};

/* What the saliency is taken of. */
static pb_status find_input(pb_builder *b, const pb_options *options, pb_value *input)
{
    const bool pixels = strcmp(pb_option_string(options, "input"), "pixels") == 0;
    *input = pixels ? pb_builder_find(b, "pixels") : b->input;
    if (b->logits == PB_NONE) {
        return pb_fail(b->ctx, PB_ERR_CONFIG,
                       "there are no logits yet; it needs a cross_entropy stage before it");
    }
    if (*input == PB_NONE) {
        return pb_fail(b->ctx, PB_ERR_CONFIG,
                       "there is no %s whose input could be salient; it needs %s before it",
                       pixels ? "load stage" : "layer",
                       pixels ? "one" : "a layer, such as linear,");
    }
    return PB_OK;
}

static pb_status check_shape(pb_builder *b, pb_shape input, bool image)
{
    const int height = input.dim[input.axes - 2], width = input.dim[input.axes - 1];
    size_t longest = pb_shape_count(input) / (size_t)b->batch;
    if (image && input.axes < 3) {
        return pb_fail(b->ctx, PB_ERR_SHAPE,
                       "spectrum: image takes samples of two axes or more, but gets %s",
                       pb_shape_words(input).text);
    }
    if (image) longest = (size_t)(height > width ? height : width);
    if (longest > PB_SPECTRUM_MAX) {
        return pb_fail(b->ctx, PB_ERR_SHAPE,
                       "spectrum: %s takes at most %d numbers in a line, but gets %s",
                       image ? "image" : "flat", PB_SPECTRUM_MAX, pb_shape_words(input).text);
    }
    return PB_OK;
}

/* Power of the saliency's frequencies: [batch, F], or [batch, ..., H, W / 2 + 1] of images. */
static pb_value power_of(pb_builder *b, pb_value saliency, bool image)
{
    const pb_shape s = pb_value_shape(b->g, saliency);
    if (!image) return pb_power_line(b->g, pb_reshape(b->g, saliency, PB_SHAPE(b->batch, -1)));
    const int height = s.dim[s.axes - 2], width = s.dim[s.axes - 1];
    const pb_value planes = pb_reshape(b->g, saliency, PB_SHAPE(-1, height, width));
    pb_shape whole = s;
    whole.dim[s.axes - 1] = width / 2 + 1;
    return pb_reshape(b->g, pb_power_plane(b->g, planes), whole);
}

/* The smallest summand that float32 keeps clear of zero: with it every derivative of the root is
 * finite, and that of a magnitude at 0 is 0, as PyTorch has it. */
static pb_value smooth_root(pb_graph *g, pb_value a)
{
    return pb_sqrt(g, pb_add(g, a, pb_constant(g, 1e-30f, PB_SCALAR)));
}

/* P [batch, F]: magnitudes over their 2-norm. */
static pb_value normalised(pb_graph *g, pb_value power)
{
    const pb_value norm = smooth_root(g, pb_sum(g, power, 1, true));
    return pb_div(g, smooth_root(g, power), pb_add(g, norm, pb_constant(g, 1e-8f, PB_SCALAR)));
}

/* The biased variance within each class, mean over frequencies and over the classes that are there.
 * With n_c samples of class c and s = one_hot / n_c, the means are M = s^T P, and
 *
 *     sum over c of mean (P - M_c)^2 = sum over i of P_i^2 / n_(y_i) - sum over c of M_c^2,
 *
 * which needs one product forwards and one backwards. The rows of P have length 1, so the
 * difference of the two sums is not small beside them. Samples of weight 0 are in no class. */
static pb_value variance_within_classes(pb_builder *b, pb_value p)
{
    pb_graph *g = b->g;
    const int frequencies = pb_value_shape(g, p).dim[1];
    const pb_value one = pb_constant(g, 1, PB_SCALAR);
    pb_value member = pb_one_hot(g, b->labels, b->classes);
    if (b->weights != PB_NONE) {
        member = pb_mul(g, member, pb_reshape(g, b->weights, PB_SHAPE(b->batch, 1)));
    }
    const pb_value samples = pb_sum(g, member, 0, true);
    const pb_value present = pb_sum_all(g, pb_minimum(g, samples, one));
    const pb_value share = pb_div(g, member, pb_maximum(g, samples, one)); /* [batch, classes] */
    const pb_value means = pb_matmul_t(g, share, p, true, false);
    const pb_value squares = pb_mul(g, pb_sum(g, share, 1, true), pb_square(g, p));
    const pb_value sum = pb_sub(g, pb_sum_all(g, squares), pb_sum_all(g, pb_square(g, means)));
    return pb_div(g, sum, pb_scale(g, present, (float)frequencies));
}

static pb_status ssc_build(pb_builder *b, const pb_options *options)
{
    pb_graph *g = b->g;
    const bool image = strcmp(pb_option_string(options, "spectrum"), "image") == 0;
    const float weight = (float)pb_option_float(options, "weight");
    pb_value input, saliency;
    PB_TRY(find_input(b, options, &input));
    PB_TRY(check_shape(b, pb_value_shape(g, input), image));
    const pb_value targets = pb_mul(g, b->logits, pb_one_hot(g, b->labels, b->classes));
    PB_TRY(pb_gradient(g, targets, 1, &input, &saliency));
    const pb_value power = power_of(b, saliency, image);
    const pb_value p = normalised(g, pb_reshape(g, power, PB_SHAPE(b->batch, -1)));
    pb_builder_keep(b, "salient", input);
    pb_builder_keep(b, "saliency", saliency);
    pb_builder_keep(b, "saliency_spectra", pb_reshape(g, p, pb_value_shape(g, power)));
    if (weight > 0) pb_builder_add_loss(b, "ssc", variance_within_classes(b, p), weight);
    return PB_OK;
}

const pb_stage pb_stage_ssc = {
    .name = "ssc",
    .summary = "loss: variance within each class of the spectra of input gradients",
    .kind = PB_STAGE_LOSS,
    .options = ssc_options,
    .build = ssc_build,
};
