/* cross_entropy: -log softmax(x)[label], averaged over the batch. */
#include "stage/stages.h"

static const pb_option cross_entropy_options[] = {
    {.name = "smoothing",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.0",
     .min = 0,
     .max = 1,
     .help = "share of the label that all classes get alike, in training"},
    {0},
};

/* -sum_c q_c log softmax(x)_c with q = (1 - smoothing) p + smoothing / classes, p being 1 at the
 * label, or what labels were mixed to.
 * Source: Szegedy et al., "Rethinking the inception architecture", CVPR 2016. */
static pb_value smoothed(pb_builder *b, float smoothing)
{
    pb_graph *g = b->g;
    const pb_value p = b->targets != PB_NONE ? b->targets : pb_one_hot(g, b->labels, b->classes);
    const pb_value chosen = pb_scale(g, p, 1 - smoothing);
    const pb_value all = pb_constant(g, smoothing / (float)b->classes, PB_SCALAR);
    const pb_value terms = pb_mul(g, pb_log_softmax(g, b->logits), pb_add(g, chosen, all));
    return pb_neg(g, pb_sum(g, terms, 1, false));
}

static pb_status cross_entropy_build(pb_builder *b, const pb_options *options)
{
    const float smoothing = (float)pb_option_float(options, "smoothing");
    const pb_shape s = pb_value_shape(b->g, b->x);
    if (s.axes != 2 || s.dim[1] != b->classes) {
        return pb_fail(b->ctx, PB_ERR_SHAPE,
                       "takes one number for each of the %d classes, [batch, %d], but gets %s; a "
                       "linear stage with "
                       "features: %d before it helps",
                       b->classes, b->classes, pb_shape_words(s).text, b->classes);
    }
    b->logits = b->x;
    const pb_value losses = (b->training && smoothing > 0) || b->targets != PB_NONE
                                ? smoothed(b, smoothing)
                                : pb_cross_entropy(b->g, b->logits, b->labels);
    const pb_value hits = pb_equal(b->g, pb_argmax(b->g, b->logits, 1, false), b->labels);
    pb_builder_add_loss(b, "cross_entropy", pb_builder_mean(b, losses), 1);
    pb_builder_keep(b, "sample_loss", losses);
    pb_builder_keep(b, "hits", pb_cast(b->g, hits, PB_F32));
    return PB_OK;
}

const pb_stage pb_stage_cross_entropy = {
    .name = "cross_entropy",
    .summary = "loss: softmax cross-entropy of the logits with the labels",
    .kind = PB_STAGE_LOSS,
    .options = cross_entropy_options,
    .build = cross_entropy_build,
};
