/* rmsprop: each parameter's step divided by the root of its mean squared gradient, as
 * torch.optim.RMSprop.
 * Source: Tieleman and Hinton, "Lecture 6.5 - rmsprop", COURSERA: Neural Networks for Machine
 * Learning, 2012. */
#include "stage/stages.h"

static const pb_option rmsprop_options[] = {
    {.name = "alpha",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.99",
     .min = 0,
     .max = 0.999999,
     .help = "share of the mean square kept each step"},
    {.name = "epsilon",
     .type = PB_OPTION_FLOAT,
     .fallback = "1e-8",
     .min = 1e-30,
     .max = 1,
     .help = "added to the root of the mean square"},
    {.name = "momentum",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.0",
     .min = 0,
     .max = 1,
     .help = "share of the last step kept in the next"},
    {.name = "centered",
     .type = PB_OPTION_BOOL,
     .fallback = "false",
     .help = "divide by the root of the variance, not of the mean square"},
    {.name = "weight_decay",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.0",
     .min = 0,
     .max = 1e3,
     .help = "L2 penalty added to the gradient"},
    PB_RATE_OPTIONS("0.01"),
    {0},
};

/* The state `name`, which becomes alpha old + (1 - alpha) new. */
static pb_value running_mean(pb_builder *b, const char *name, double alpha, pb_value new)
{
    const pb_value before = pb_builder_state(b, name, pb_value_shape(b->g, new));
    const pb_value now = pb_blend(b->g, alpha, before, new);
    pb_builder_assign(b, before, now);
    return now;
}

/* g = g + decay p;  s = alpha s + (1 - alpha) g^2;  centred: s less the square of g's running mean
 * v = mu v + g / (sqrt(s) + epsilon);  p = p - lr v */
static pb_value rmsprop_update(pb_builder *b, const pb_optimiser *o, pb_value p, pb_value slope)
{
    pb_graph *g = b->g;
    const double alpha = pb_option_float(o->options, "alpha");
    const float epsilon = (float)pb_option_float(o->options, "epsilon");
    const float mu = (float)pb_option_float(o->options, "momentum");
    const float decay = (float)pb_option_float(o->options, "weight_decay");
    if (decay > 0) slope = pb_add(g, slope, pb_scale(g, p, decay));
    pb_value spread = running_mean(b, "square", alpha, pb_square(g, slope));
    if (pb_option_bool(o->options, "centered"))
        spread = pb_sub(g, spread, pb_square(g, running_mean(b, "mean", alpha, slope)));
    const pb_value scale = pb_add(g, pb_sqrt(g, spread), pb_constant(g, epsilon, PB_SCALAR));
    pb_value step = pb_div(g, slope, scale);
    if (mu > 0) {
        const pb_value momentum = pb_builder_state(b, "momentum", pb_value_shape(g, p));
        step = pb_add(g, pb_scale(g, momentum, mu), step);
        pb_builder_assign(b, momentum, step);
    }
    return pb_sub(g, p, pb_mul(g, o->rate, step));
}

static pb_status rmsprop_build(pb_builder *b, const pb_options *options)
{
    return pb_builder_optimiser(b, options, rmsprop_update);
}

const pb_stage pb_stage_rmsprop = {
    .name = "rmsprop",
    .summary = "optimiser: steps divided by the root of the mean squared gradient",
    .kind = PB_STAGE_OPTIMISER,
    .options = rmsprop_options,
    .build = rmsprop_build,
};
