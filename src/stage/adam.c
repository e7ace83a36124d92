/* adam and adamw: gradient descent by moments, as torch.optim.Adam and AdamW.
 * Sources: Kingma and Ba, "Adam", ICLR 2015; Loshchilov and Hutter, "Decoupled weight decay", ICLR
 * 2019. */
#include "stage/stages.h"

// clang-format off
#define ADAM_OPTIONS                                                                                               \
    {.name = "beta1", .type = PB_OPTION_FLOAT, .fallback = "0.9", .min = 0, .max = 0.999999,                       \
     .help = "share of the first moment kept each step"},                                                          \
    {.name = "beta2", .type = PB_OPTION_FLOAT, .fallback = "0.999", .min = 0, .max = 0.999999,                     \
     .help = "share of the second moment kept each step"},                                                         \
    {.name = "epsilon", .type = PB_OPTION_FLOAT, .fallback = "1e-8", .min = 1e-30, .max = 1,                       \
     .help = "added to the root of the second moment"}
// clang-format on

static const pb_option adam_options[] = {
    ADAM_OPTIONS,
    {.name = "weight_decay",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.0",
     .min = 0,
     .max = 1e3,
     .help = "L2 penalty added to the gradient"},
    PB_RATE_OPTIONS("0.001"),
    {0},
};

static const pb_option adamw_options[] = {
    ADAM_OPTIONS,
    {.name = "weight_decay",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.01",
     .min = 0,
     .max = 1e3,
     .help = "share of each parameter, times lr, taken off each step"},
    PB_RATE_OPTIONS("0.001"),
    {0},
};

/* 1 - beta^t at step t. The state is this number and not beta^t, because 1 - 0.999f^t would lose
 * the digits that matter in the first steps: c_t = beta c_(t-1) + (1 - beta), c_0 = 0. */
static pb_value bias_correction(pb_builder *b, const char *name, double beta)
{
    const pb_value before = pb_builder_state(b, name, PB_SCALAR);
    const pb_value now = pb_blend(b->g, beta, before, pb_constant(b->g, 1, PB_SCALAR));
    pb_builder_assign(b, before, now);
    return now;
}

/* m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2
 * p = p - lr / (1 - b1^t) m / (sqrt(v) / sqrt(1 - b2^t) + epsilon) */
static pb_value moment_step(pb_builder *b, const pb_optimiser *o, pb_value p, pb_value slope)
{
    pb_graph *g = b->g;
    const double beta1 = pb_option_float(o->options, "beta1"),
                 beta2 = pb_option_float(o->options, "beta2");
    const float epsilon = (float)pb_option_float(o->options, "epsilon");
    const pb_value old_m = pb_builder_state(b, "m", pb_value_shape(g, p));
    const pb_value old_v = pb_builder_state(b, "v", pb_value_shape(g, p));
    const pb_value m = pb_blend(g, beta1, old_m, slope);
    const pb_value v = pb_blend(g, beta2, old_v, pb_square(g, slope));
    pb_builder_assign(b, old_m, m);
    pb_builder_assign(b, old_v, v);
    const pb_value rate = pb_div(g, o->rate, bias_correction(b, "correction1", beta1));
    const pb_value root = pb_sqrt(g, bias_correction(b, "correction2", beta2));
    const pb_value scale =
        pb_add(g, pb_div(g, pb_sqrt(g, v), root), pb_constant(g, epsilon, PB_SCALAR));
    return pb_sub(g, p, pb_mul(g, rate, pb_div(g, m, scale)));
}

static pb_value adam_update(pb_builder *b, const pb_optimiser *o, pb_value p, pb_value slope)
{
    const float decay = (float)pb_option_float(o->options, "weight_decay");
    if (decay > 0) slope = pb_add(b->g, slope, pb_scale(b->g, p, decay));
    return moment_step(b, o, p, slope);
}

/* p = p (1 - lr decay), then Adam's step. */
static pb_value adamw_update(pb_builder *b, const pb_optimiser *o, pb_value p, pb_value slope)
{
    const float decay = (float)pb_option_float(o->options, "weight_decay");
    if (decay > 0) p = pb_sub(b->g, p, pb_mul(b->g, pb_scale(b->g, o->rate, decay), p));
    return moment_step(b, o, p, slope);
}

static pb_status adam_build(pb_builder *b, const pb_options *options)
{
    return pb_builder_optimiser(b, options, adam_update);
}

static pb_status adamw_build(pb_builder *b, const pb_options *options)
{
    return pb_builder_optimiser(b, options, adamw_update);
}

const pb_stage pb_stage_adam = {
    .name = "adam",
    .summary = "optimiser: Adam, weight decay as an L2 penalty",
    .kind = PB_STAGE_OPTIMISER,
    .options = adam_options,
    .build = adam_build,
};

const pb_stage pb_stage_adamw = {
    .name = "adamw",
    .summary = "optimiser: Adam with decoupled weight decay",
    .kind = PB_STAGE_OPTIMISER,
    .options = adamw_options,
    .build = adamw_build,
};
