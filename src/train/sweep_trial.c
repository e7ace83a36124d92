#include "train/sweep_trial.h"

#include <math.h>
#include <stdlib.h>

#include "train/cross_validation.h"
#include "train/pretrained.h"
#include "train/seed.h"
#include "train/weight_training.h"

/* A training that counts for a trial: of the configuration itself, or of one of its folds. */
typedef struct part {
    pb_config *fold; /* NULL: the trial's own */
    pb_session session;
    pb_seed state;
    double train_loss, val_loss, val_accuracy; /* the last, then the best so far */
} part;

static double number(const json_t *line, const char *key)
{
    const json_t *value = json_object_get(line, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

/* ---- a part ---- */

static pb_status set_up(pb_context *ctx, const pb_config *config, int fold,
                        const pb_run_options *options, part *p)
{
    pb_session *s = &p->session;
    p->train_loss = p->val_loss = p->val_accuracy = NAN;
    if (fold > 0) PB_TRY(pb_fold_config(ctx, config, fold, &p->fold));
    PB_TRY(pb_session_open(ctx, p->fold ? p->fold : config, options, s));
    PB_TRY(pb_session_plan(s, options->device));
    PB_TRY(pb_pretrained_read(s));
    PB_TRY(pb_session_upload(s));
    int count;
    PB_TRY(pb_seed_create(s, pb_option_ints(s->config->train, "seeds", &count)[0], &p->state));
    return pb_weights_begin(s, p->state.seed);
}

static void clear(part *p)
{
    pb_seed_clear(&p->state);
    pb_session_close(&p->session);
    pb_config_free(&p->fold);
}

/* One more epoch, unless it has stopped early. Of folds each keeps the best that it had, as a run
 * of them does; a trial by itself tells of every epoch, and the search keeps the best. */
static pb_status run_epoch(part *p, bool keeps_best)
{
    if (pb_seed_is_over(&p->session, &p->state)) return PB_OK;
    PB_TRY(pb_seed_epoch(&p->session, &p->state));
    const json_t *line = json_array_get(p->state.metrics, (size_t)p->state.epoch - 1);
    const double loss = number(line, "val_loss"), accuracy = number(line, "val_accuracy");
    p->train_loss = number(line, "train_loss");
    p->val_loss = keeps_best ? fmin(p->val_loss, loss) : loss; /* NaN is no number to them */
    p->val_accuracy = keeps_best ? fmax(p->val_accuracy, accuracy) : accuracy;
    return PB_OK;
}

/* ---- all of them ---- */

static bool is_over(const part parts[], int count)
{
    for (int i = 0; i < count; i++)
        if (!pb_seed_is_over(&parts[i].session, &parts[i].state)) return false;
    return true;
}

/* Folds go on side by side, epoch by epoch, so that a trial can be pruned by their mean. */
static pb_status run_epochs(part parts[], int count, pb_trial_listener *listener, void *user,
                            bool *pruned)
{
    for (int epoch = 1; !*pruned && !is_over(parts, count); epoch++) {
        double train_loss = 0, val_loss = 0, val_accuracy = 0;
        for (int i = 0; i < count; i++) {
            PB_TRY(run_epoch(&parts[i], count > 1));
            train_loss += parts[i].train_loss / count;
            val_loss += parts[i].val_loss / count;
            val_accuracy += parts[i].val_accuracy / count;
        }
        PB_TRY(listener(user, epoch, train_loss, val_loss, val_accuracy, pruned));
    }
    return PB_OK;
}

pb_status pb_trial_train(pb_context *ctx, const pb_config *config, const pb_run_options *options,
                         pb_trial_listener *listener, void *user, bool *pruned)
{
    const int folds = pb_config_cross_validates(config) ? pb_config_folds(config) : 0;
    const int count = folds > 0 ? folds : 1;
    part *parts = calloc((size_t)count, sizeof *parts);
    pb_status status = parts ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "no memory for %d folds", count);
    *pruned = false;
    for (int i = 0; status == PB_OK && i < count; i++)
        status = set_up(ctx, config, folds > 0 ? i + 1 : 0, options, &parts[i]);
    if (status == PB_OK) status = run_epochs(parts, count, listener, user, pruned);
    for (int i = 0; parts && i < count; i++) clear(&parts[i]);
    free(parts);
    return status;
}
