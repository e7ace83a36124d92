/* The learning rates that a configuration plans, without a device and without training. */
#include <stdlib.h>
#include <string.h>

#include "train/rate_schedule.h"
#include "train/session.h"

static pb_status fill_curve(pb_session *s, const pb_rate *rate, pb_rate_curves *curves)
{
    pb_rate_curve *curve = &curves->curves[curves->count++];
    snprintf(curve->name, sizeof curve->name, "%s", rate->name);
    curve->follows_loss = strcmp(rate->schedule, "plateau") == 0;
    curve->rates = malloc((size_t)curves->epochs * (size_t)curves->steps * sizeof *curve->rates);
    if (!curve->rates)
        return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for the rates of %d epochs",
                       curves->epochs);
    pb_rate_time time = {.epochs = curves->epochs, .steps = curves->steps};
    for (; time.epoch < time.epochs; time.epoch++)
        pb_rate_epoch(rate, &time, curve->rates + (size_t)time.epoch * (size_t)time.steps);
    return PB_OK;
}

static pb_status fill(pb_session *s, pb_rate_curves *curves)
{
    curves->epochs = (int)pb_option_int(s->config->train, "epochs");
    curves->steps = s->graph.steps;
    curves->curves = calloc((size_t)s->graph.rate_count + 1, sizeof *curves->curves);
    if (!curves->curves) return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for rates");
    for (int i = 0; i < s->graph.rate_count; i++) PB_TRY(fill_curve(s, &s->graph.rates[i], curves));
    return PB_OK;
}

pb_status pb_run_rates(pb_context *ctx, const pb_config *config, pb_rate_curves *curves)
{
    pb_session session;
    *curves = (pb_rate_curves){0};
    PB_TRY(pb_session_open(ctx, config, NULL, &session));
    const pb_status status = fill(&session, curves);
    pb_session_close(&session);
    if (status != PB_OK) pb_rate_curves_clear(curves);
    return status;
}

void pb_rate_curves_clear(pb_rate_curves *curves)
{
    for (int i = 0; i < curves->count; i++) free(curves->curves[i].rates);
    free(curves->curves);
    *curves = (pb_rate_curves){0};
}
