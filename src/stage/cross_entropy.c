/* cross_entropy: -log softmax(x)[label], averaged over the batch. */
#include "stage/stages.h"

static pb_status cross_entropy_build(pb_builder *b, const pb_options *options)
{
    (void)options; /* it has none */
    const pb_shape s = pb_value_shape(b->g, b->x);
    if (s.axes != 2 || s.dim[1] != b->classes) {
        return pb_fail(b->ctx, PB_ERR_SHAPE,
                       "takes one number for each of the %d classes, [batch, %d], but gets %s; a "
                       "linear stage with "
                       "features: %d before it helps",
                       b->classes, b->classes, pb_shape_words(s).text, b->classes);
    }
    b->logits = b->x;
    const pb_value losses = pb_cross_entropy(b->g, b->logits, b->labels);
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
    .build = cross_entropy_build,
};
