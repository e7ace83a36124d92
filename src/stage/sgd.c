/* sgd: stochastic gradient descent, as torch.optim.SGD. */
#include "stage/stages.h"

static const pb_option sgd_options[] = {
    {.name = "momentum",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.0",
     .min = 0,
     .max = 1,
     .help = "share of the last step kept in the next"},
    {.name = "nesterov",
     .type = PB_OPTION_BOOL,
     .fallback = "false",
     .help = "look ahead along the momentum"},
    {.name = "weight_decay",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.0",
     .min = 0,
     .max = 1e3,
     .help = "L2 penalty added to the gradient"},
    PB_RATE_OPTIONS("0.01"),
    {0},
};

/* g = g + decay p;  v = mu v + g;  p = p - lr v, or with Nesterov p - lr (g + mu v). v starts at
 * zero, so that the first step is along g itself. */
static pb_value sgd_update(pb_builder *b, const pb_optimiser *o, pb_value p, pb_value g)
{
    const float mu = (float)pb_option_float(o->options, "momentum");
    const float decay = (float)pb_option_float(o->options, "weight_decay");
    pb_graph *graph = b->g;
    if (decay > 0) g = pb_add(graph, g, pb_scale(graph, p, decay));
    pb_value step = g;
    if (mu > 0) {
        const pb_value momentum = pb_builder_state(b, "momentum", pb_value_shape(graph, p));
        const pb_value v = pb_add(graph, pb_scale(graph, momentum, mu), g);
        pb_builder_assign(b, momentum, v);
        step =
            pb_option_bool(o->options, "nesterov") ? pb_add(graph, g, pb_scale(graph, v, mu)) : v;
    }
    return pb_sub(graph, p, pb_mul(graph, o->rate, step));
}

static pb_status sgd_build(pb_builder *b, const pb_options *options)
{
    if (pb_option_bool(options, "nesterov") && pb_option_float(options, "momentum") <= 0) {
        return pb_fail(b->ctx, PB_ERR_CONFIG, "nesterov needs a momentum above 0");
    }
    return pb_builder_optimiser(b, options, sgd_update);
}

const pb_stage pb_stage_sgd = {
    .name = "sgd",
    .summary = "optimiser: gradient descent with momentum",
    .kind = PB_STAGE_OPTIMISER,
    .options = sgd_options,
    .build = sgd_build,
};
