/* adagrad: each parameter's step divided by the root of its summed squared gradients, as
 * torch.optim.Adagrad.
 * Source: Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic
 * optimization", JMLR 12 (2011). */
#include "stage/stages.h"

static const pb_option adagrad_options[] = {
    {.name = "initial",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.0",
     .min = 0,
     .max = 1e6,
     .help = "what the sums of squares start from"},
    {.name = "epsilon",
     .type = PB_OPTION_FLOAT,
     .fallback = "1e-10",
     .min = 1e-30,
     .max = 1,
     .help = "added to the root of the sum"},
    {.name = "lr_decay",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.0",
     .min = 0,
     .max = 1e3,
     .help = "what the divisor of the rate grows by in each step, beside any schedule"},
    {.name = "weight_decay",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.0",
     .min = 0,
     .max = 1e3,
     .help = "L2 penalty added to the gradient"},
    PB_RATE_OPTIONS("0.01"),
    {0},
};

/* lr / (1 + n lr_decay) after n steps. The state is the divisor. */
static pb_value decayed_rate(pb_builder *b, const pb_optimiser *o)
{
    const float decay = (float)pb_option_float(o->options, "lr_decay");
    if (decay == 0) return o->rate;
    const pb_value divisor = pb_builder_state_from(b, "divisor", PB_SCALAR, 1);
    const pb_value more = pb_constant(b->g, decay, PB_SCALAR);
    pb_builder_assign(b, divisor, pb_add(b->g, divisor, more));
    return pb_div(b->g, o->rate, divisor);
}

/* g = g + decay p;  s = s + g^2;  p = p - lr g / (sqrt(s) + epsilon) */
static pb_value adagrad_update(pb_builder *b, const pb_optimiser *o, pb_value p, pb_value slope)
{
    pb_graph *g = b->g;
    const float initial = (float)pb_option_float(o->options, "initial");
    const float epsilon = (float)pb_option_float(o->options, "epsilon");
    const float decay = (float)pb_option_float(o->options, "weight_decay");
    if (decay > 0) slope = pb_add(g, slope, pb_scale(g, p, decay));
    const pb_value before = pb_builder_state_from(b, "sum", pb_value_shape(g, p), initial);
    const pb_value sum = pb_add(g, before, pb_square(g, slope));
    pb_builder_assign(b, before, sum);
    const pb_value scale = pb_add(g, pb_sqrt(g, sum), pb_constant(g, epsilon, PB_SCALAR));
    return pb_sub(g, p, pb_mul(g, decayed_rate(b, o), pb_div(g, slope, scale)));
}

static pb_status adagrad_build(pb_builder *b, const pb_options *options)
{
    return pb_builder_optimiser(b, options, adagrad_update);
}

const pb_stage pb_stage_adagrad = {
    .name = "adagrad",
    .summary = "optimiser: steps divided by the root of the summed squared gradients",
    .kind = PB_STAGE_OPTIMISER,
    .options = adagrad_options,
    .build = adagrad_build,
};
