/* lion: steps of one size, by the sign of an interpolated momentum.
 * Source: Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023, program 1. */
#include "stage/stages.h"

static const pb_option lion_options[] = {
    {.name = "beta1",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.9",
     .min = 0,
     .max = 0.999999,
     .help = "share of the momentum in the direction of a step"},
    {.name = "beta2",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.99",
     .min = 0,
     .max = 0.999999,
     .help = "share of the momentum kept each step"},
    {.name = "weight_decay",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.0",
     .min = 0,
     .max = 1e3,
     .help = "share of each parameter, times lr, taken off each step"},
    PB_RATE_OPTIONS("0.0001"),
    {0},
};

/* p = p - lr (sign(b1 m + (1 - b1) g) + decay p);  m = b2 m + (1 - b2) g */
static pb_value lion_update(pb_builder *b, const pb_optimiser *o, pb_value p, pb_value slope)
{
    pb_graph *g = b->g;
    const double beta1 = pb_option_float(o->options, "beta1"),
                 beta2 = pb_option_float(o->options, "beta2");
    const float decay = (float)pb_option_float(o->options, "weight_decay");
    const pb_value m = pb_builder_state(b, "m", pb_value_shape(g, p));
    pb_value step = pb_sign(g, pb_blend(g, beta1, m, slope));
    if (decay > 0) step = pb_add(g, step, pb_scale(g, p, decay));
    pb_builder_assign(b, m, pb_blend(g, beta2, m, slope));
    return pb_sub(g, p, pb_mul(g, o->rate, step));
}

static pb_status lion_build(pb_builder *b, const pb_options *options)
{
    return pb_builder_optimiser(b, options, lion_update);
}

const pb_stage pb_stage_lion = {
    .name = "lion",
    .summary = "optimiser: steps of one size, by the sign of a momentum",
    .kind = PB_STAGE_OPTIMISER,
    .options = lion_options,
    .build = lion_build,
};
