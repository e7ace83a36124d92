/* identity: the transform that every other one is compared with. */
#include "stage/stages.h"

static pb_status identity_build(pb_builder *b, const pb_options *options)
{
    pb_builder_inverse(b, options, pb_value_shape(b->g, b->x), pb_inverse_same);
    return PB_OK;
}

const pb_stage pb_stage_identity = {
    .name = "identity",
    .summary = "leave samples as they are",
    .kind = PB_STAGE_TRANSFORM,
    .build = identity_build,
};
