#include "train/sweep_trial.h"

#include <math.h>

#include "train/seed.h"
#include "train/weight_training.h"

static double number(const json_t *line, const char *key)
{
    const json_t *value = json_object_get(line, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static pb_status run_epochs(pb_session *s, pb_seed *state, pb_trial_listener *listener, void *user,
                            bool *pruned)
{
    PB_TRY(pb_weights_begin(s, state->seed));
    while (!*pruned && !pb_seed_is_over(s, state)) {
        PB_TRY(pb_seed_epoch(s, state));
        const json_t *line = json_array_get(state->metrics, (size_t)state->epoch - 1);
        PB_TRY(listener(user, state->epoch, number(line, "train_loss"), number(line, "val_loss"),
                        number(line, "val_accuracy"), pruned));
    }
    return PB_OK;
}

static pb_status run_seed(pb_session *s, pb_trial_listener *listener, void *user, bool *pruned)
{
    int count;
    const int64_t *seeds = pb_option_ints(s->config->train, "seeds", &count);
    pb_seed state;
    PB_TRY(pb_session_plan(s, s->options.device));
    PB_TRY(pb_session_upload(s));
    PB_TRY(pb_seed_create(s, seeds[0], &state));
    const pb_status status = run_epochs(s, &state, listener, user, pruned);
    pb_seed_clear(&state);
    return status;
}

pb_status pb_trial_train(pb_context *ctx, const pb_config *config, const pb_run_options *options,
                         pb_trial_listener *listener, void *user, bool *pruned)
{
    pb_session session;
    *pruned = false;
    PB_TRY(pb_session_open(ctx, config, options, &session));
    const pb_status status = run_seed(&session, listener, user, pruned);
    pb_session_close(&session);
    return status;
}
