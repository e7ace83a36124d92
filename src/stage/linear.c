/* linear: y = x w^T + b. */
#include <math.h>

#include "stage/stages.h"

static const pb_option linear_options[] = {
    {.name = "features",
     .type = PB_OPTION_INT,
     .min = 0,
     .max = 1 << 16,
     .help = "numbers that come out; 0: one for each class"},
    {.name = "bias", .type = PB_OPTION_BOOL, .fallback = "true", .help = "whether a bias is added"},
    {0},
};

/* x [batch, ...] flattened to [batch, in], weight [out, in], bias [out] -> [batch, out] */
static pb_status linear_build(pb_builder *b, const pb_options *options)
{
    const int asked = (int)pb_option_int(options, "features"), out = asked ? asked : b->classes;
    const int in = (int)pb_builder_sample_count(b);
    const float bound = 1 / sqrtf((float)in);
    const pb_value flat = pb_reshape(b->g, b->x, PB_SHAPE(b->batch, in));
    pb_shape shape = PB_SHAPE(out, in);
    if (b->weight_transform) { /* [out, height, width] of images, which have planes to transform */
        shape = pb_value_shape(b->g, b->x);
        shape.dim[0] = out;
    }
    const pb_value stored = pb_builder_weight(b, shape, bound);
    if (stored == PB_NONE) return PB_ERR_CONFIG; /* it has said why */
    const pb_value weight = pb_reshape(b->g, stored, PB_SHAPE(out, in));
    b->x = pb_matmul_t(b->g, flat, weight, false, true);
    if (pb_option_bool(options, "bias")) {
        b->x = pb_add(b->g, b->x, pb_builder_param(b, "bias", PB_SHAPE(out), bound));
    }
    return PB_OK;
}

const pb_stage pb_stage_linear = {
    .name = "linear",
    .summary = "fully connected layer on the flattened sample",
    .kind = PB_STAGE_LAYER,
    .options = linear_options,
    .build = linear_build,
    .has_weights = true,
};
