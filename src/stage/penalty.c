/* l1 and l2: penalties on the size of parameters, added to the loss of training. Scores of held out
 * samples are without them. */
#include <fnmatch.h>
#include <stdio.h>

#include "stage/stages.h"

static const pb_option penalty_options[] = {
    {.name = "weight",
     .type = PB_OPTION_FLOAT,
     .min = 0,
     .max = 1e6,
     .help = "factor of the penalty beside the losses"},
    {.name = "params",
     .type = PB_OPTION_STRING,
     .fallback = "*.weight",
     .help = "glob pattern: which parameters of the stages before it; *.weight of a layer with a "
             "weight_transform is what comes of its coefficients"},
    {0},
};

static pb_value add_size(pb_builder *b, pb_value sum, pb_value size)
{
    const pb_value one = pb_sum_all(b->g, size);
    return sum == PB_NONE ? one : pb_add(b->g, sum, one);
}

/* Adds weight * sum size(p) over all numbers p of the parameters and weights that fit. */
static pb_status add_penalty(pb_builder *b, const pb_options *options, const char *name,
                             pb_value (*size)(pb_graph *g, pb_value p))
{
    if (!b->training) return PB_OK;
    const char *pattern = pb_option_string(options, "params");
    pb_value sum = PB_NONE;
    for (int i = 0; i < b->param_count; i++) {
        if (fnmatch(pattern, pb_value_name(b->g, b->params[i]), 0) != 0) continue;
        sum = add_size(b, sum, size(b->g, b->params[i]));
    }
    for (int i = 0; i < b->layer_count; i++) {
        char weight[sizeof b->layers[i].layer + 8];
        snprintf(weight, sizeof weight, "%s.weight", b->layers[i].layer);
        if (fnmatch(pattern, weight, 0) == 0)
            sum = add_size(b, sum, size(b->g, b->layers[i].after));
    }
    if (sum == PB_NONE)
        return pb_fail(b->ctx, PB_ERR_CONFIG, "params: \"%s\" fits no parameter before it",
                       pattern);
    pb_builder_add_loss(b, name, sum, (float)pb_option_float(options, "weight"));
    return PB_OK;
}

static pb_status l1_build(pb_builder *b, const pb_options *options)
{
    return add_penalty(b, options, "l1", pb_abs);
}

static pb_status l2_build(pb_builder *b, const pb_options *options)
{
    return add_penalty(b, options, "l2", pb_square);
}

const pb_stage pb_stage_l1 = {
    .name = "l1",
    .summary = "loss: sum of the magnitudes of parameters",
    .kind = PB_STAGE_LOSS,
    .options = penalty_options,
    .build = l1_build,
};

const pb_stage pb_stage_l2 = {
    .name = "l2",
    .summary = "loss: sum of the squares of parameters",
    .kind = PB_STAGE_LOSS,
    .options = penalty_options,
    .build = l2_build,
};
