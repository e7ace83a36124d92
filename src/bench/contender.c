#include "bench/contender.h"

#include <stdlib.h>
#include <string.h>

#include "bench/made_up.h"
#include "train/epoch.h"

static pb_status plan(pb_contender *c, const char *selector, const pb_bench *tuner)
{
    pb_session *s = &c->session;
    if (tuner) PB_TRY(pb_bench_tune(tuner, s->graph.g, &s->choices));
    PB_TRY(pb_session_plan(s, selector));
    PB_TRY(pb_session_upload(s));
    PB_TRY(pb_seed_create(s, 0, &c->seed));
    return pb_plan_init(s->plan, 0);
}

static pb_status load(pb_context *ctx, const char *path, int override_count,
                      const char *const overrides[], pb_contender *c)
{
    PB_TRY(pb_config_load(ctx, path, override_count, overrides, &c->config));
    return pb_session_open(ctx, c->config, NULL, &c->session);
}

/* The data lies in a folder just as long as it takes to load it. */
static pb_status load_made_up(pb_context *ctx, const char *path, int override_count,
                              const char *const overrides[], pb_contender *c)
{
    pb_made_up data;
    const char **all = calloc((size_t)override_count + 2, sizeof *all);
    if (!all) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for overrides");
    pb_status status = pb_made_up_create(ctx, &data);
    if (status == PB_OK) {
        for (int i = 0; i < override_count; i++) all[i] = overrides[i];
        all[override_count] = "data.name=npy";
        all[override_count + 1] = data.override;
        pb_config_free(&c->config);
        status = load(ctx, path, override_count + 2, all, c);
    }
    pb_made_up_remove(&data);
    free(all);
    return status;
}

static bool can_be_made_up(const pb_config *config)
{
    const char *name = pb_option_string(config->data, "name");
    return strcmp(name, "mnist") == 0 || strcmp(name, "fashion-mnist") == 0;
}

pb_status pb_contender_open(pb_context *ctx, const char *path, int override_count,
                            const char *const overrides[], const char *selector, bool make_up,
                            const pb_bench *tuner, pb_contender *c)
{
    *c = (pb_contender){0};
    pb_status status = load(ctx, path, override_count, overrides, c);
    if (status == PB_ERR_DATA && make_up && can_be_made_up(c->config)) {
        pb_log(ctx, PB_LOG_INFO, "%s; images are made up in its place", pb_error(ctx));
        c->made_up = true;
        status = load_made_up(ctx, path, override_count, overrides, c);
    }
    return status == PB_OK ? plan(c, selector, tuner) : status;
}

pb_status pb_contender_check(pb_contender *c, int epochs)
{
    pb_session *s = &c->session;
    pb_trained trained;
    for (int epoch = 0; epoch < epochs; epoch++) {
        PB_TRY(pb_epoch_train(s, 0, epoch, NULL, &c->seed.recordings, &trained));
        if (epoch == 0) c->first_loss = trained.loss;
        c->last_loss = trained.loss;
    }
    pb_scored scored = {0};
    PB_TRY(pb_epoch_score(s, &s->graph.test, s->data->test.labels, &scored));
    c->accuracy = scored.accuracy;
    const double guessing = 1.0 / s->data->classes;
    if (c->accuracy < 2 * guessing || (epochs > 1 && c->last_loss >= c->first_loss))
        return pb_fail(s->ctx, PB_ERR_RUN,
                       "%s does not learn: loss %.4f to %.4f, test accuracy %.2f %%",
                       pb_config_name(c->config), c->first_loss, c->last_loss, 100 * c->accuracy);
    return PB_OK;
}

/* The trainer's own way. */
pb_status pb_contender_steps(pb_contender *c, int steps)
{
    pb_session *s = &c->session;
    PB_TRY(pb_session_zero(s, s->graph.step));
    PB_TRY(pb_plan_finish(s->plan));
    return pb_session_submit(s, "train", steps);
}

void pb_contender_close(pb_contender *c)
{
    pb_seed_clear(&c->seed);
    pb_session_close(&c->session);
    pb_config_free(&c->config);
}
