/* average: evaluation takes an average of the parameters over steps or epochs, as
 * torch.optim.swa_utils.AveragedModel; update_bn is the function of that name there.
 * Sources: Izmailov et al., "Averaging weights leads to wider optima and better generalization",
 * UAI 2018; Polyak and Juditsky, SIAM J. Control Optim. 30 (1992). */
#include <stdio.h>
#include <string.h>

#include "stage/stages.h"

static const pb_option average_options[] = {
    {.name = "kind",
     .type = PB_OPTION_CHOICE,
     .fallback = "ema",
     .choices = "ema|swa",
     .help = "ema: a moving average over steps; swa: the mean over the ends of epochs"},
    {.name = "decay",
     .type = PB_OPTION_FLOAT,
     .fallback = "0.999",
     .min = 0,
     .max = 0.999999,
     .help = "share of the average kept each step (kind: ema)"},
    {.name = "start",
     .type = PB_OPTION_INT,
     .fallback = "0",
     .min = 0,
     .max = 1e6,
     .help = "epochs before averaging begins; until then the average is the parameters"},
    {.name = "update_bn",
     .type = PB_OPTION_BOOL,
     .fallback = "false",
     .help = "after each epoch, go through its samples once more for the running statistics of the "
             "averaged network"},
    {0},
};

/* The share of the new parameters in the average at the step at work. */
static pb_value current_share(pb_builder *b, pb_average *average)
{
    char name[80];
    snprintf(name, sizeof name, "%s.share", b->scope);
    average->leaf = pb_input(b->g, name, b->steps > 0 ? PB_SHAPE(b->steps) : PB_SCALAR);
    if (b->steps == 0) return average->leaf;
    const pb_value step = pb_reshape(b->g, b->step, PB_SHAPE(1));
    return pb_reshape(b->g, pb_gather(b->g, average->leaf, step), PB_SCALAR);
}

static pb_status average_build(pb_builder *b, const pb_options *options)
{
    pb_average *average = &b->average;
    if (!b->training) return PB_OK;
    if (average->share != PB_NONE)
        return pb_fail(b->ctx, PB_ERR_CONFIG, "the parameters are averaged already");
    *average = (pb_average){.by_epoch = strcmp(pb_option_string(options, "kind"), "swa") == 0,
                            .decay = pb_option_float(options, "decay"),
                            .start = (int)pb_option_int(options, "start"),
                            .update_bn = pb_option_bool(options, "update_bn")};
    if (average->update_bn && b->buffer_count == 0)
        return pb_fail(b->ctx, PB_ERR_CONFIG,
                       "update_bn: there are no running statistics; it is for networks with "
                       "batch_norm1d or batch_norm2d");
    average->share = current_share(b, average);
    return PB_OK;
}

const pb_stage pb_stage_average = {
    .name = "average",
    .summary = "evaluate an average of the parameters over steps or epochs",
    .kind = PB_STAGE_OPTIMISER,
    .options = average_options,
    .build = average_build,
};
