/* freeze: parameters that no optimiser is to change. */
#include "stage/stages.h"

static const pb_option freeze_options[] = {
    {.name = "params",
     .type = PB_OPTION_STRING,
     .help = "glob pattern: which of the parameters not taken yet stay as they are"},
    {0},
};

static pb_status freeze_build(pb_builder *b, const pb_options *options)
{
    return pb_builder_take(b, pb_option_string(options, "params"), PB_FROZEN);
}

const pb_stage pb_stage_freeze = {
    .name = "freeze",
    .summary = "keep the parameters of a pattern from every optimiser",
    .kind = PB_STAGE_OPTIMISER,
    .options = freeze_options,
    .build = freeze_build,
};
