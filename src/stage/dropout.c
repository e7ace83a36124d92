/* dropout: in training, numbers become 0 at random and the others grow so that their mean stays; in
 * evaluation nothing happens. As torch.nn.Dropout, and Dropout1d and Dropout2d with `of: channels`.
 * Source: Srivastava et al., "Dropout", Journal of Machine Learning Research 15 (2014). */
#include <string.h>

#include "stage/stages.h"

static const pb_option dropout_options[] = {
    {.name = "rate",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.5",
     .min = 0,
     .max = 1,
     .help = "probability that a number becomes 0; the others are divided by 1 - rate"},
    {.name = "of",
     .type = PB_OPTION_CHOICE,
     .fallback = "elements",
     .choices = "elements|channels",
     .help =
         "what is kept or dropped whole: each number, or each channel of [batch, channels, ...]"},
    {0},
};

/* y = x m with m = 0 where u < rate, else 1 / (1 - rate), u uniform in [0, 1). */
static pb_status dropout_build(pb_builder *b, const pb_options *options)
{
    pb_graph *g = b->g;
    const float rate = (float)pb_option_float(options, "rate");
    pb_shape shape = pb_value_shape(g, b->x);
    if (strcmp(pb_option_string(options, "of"), "channels") == 0) {
        if (shape.axes < 3)
            return pb_fail(b->ctx, PB_ERR_SHAPE,
                           "of: channels takes [batch, channels, ...], but gets %s",
                           pb_shape_words(shape).text);
        for (int i = 2; i < shape.axes; i++) shape.dim[i] = 1;
    }
    if (!b->training || rate == 0) return PB_OK;
    const pb_value chance = pb_constant(g, rate, PB_SCALAR);
    const pb_value dropped = pb_less(g, pb_builder_uniform(b, "drop", shape), chance);
    const pb_value zero = pb_constant(g, 0, PB_SCALAR);
    const pb_value grown = pb_constant(g, rate < 1 ? 1 / (1 - rate) : 0, PB_SCALAR);
    b->x = pb_mul(g, b->x, pb_select(g, dropped, zero, grown));
    return PB_OK;
}

const pb_stage pb_stage_dropout = {
    .name = "dropout",
    .summary = "numbers dropped at random in training, as PyTorch's Dropout",
    .kind = PB_STAGE_LAYER,
    .options = dropout_options,
    .build = dropout_build,
};
