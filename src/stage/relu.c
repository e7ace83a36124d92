/* relu: max(x, 0). */
#include "stage/stages.h"

static pb_status relu_build(pb_builder *b, const pb_options *options)
{
    (void)options; /* it has none */
    b->x = pb_relu(b->g, b->x);
    return PB_OK;
}

const pb_stage pb_stage_relu = {
    .name = "relu",
    .summary = "rectifier: max(x, 0)",
    .kind = PB_STAGE_LAYER,
    .build = relu_build,
};
