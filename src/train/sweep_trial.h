/* One trial: a configuration trained with one seed and scored on the validation part, never on the
 * test part. */
#ifndef PB_TRAIN_SWEEP_TRIAL_H
#define PB_TRAIN_SWEEP_TRIAL_H

#include <passband/run.h>

#include "train/trial.h"

/** Told after each epoch; sets `*prune` to end the trial. */
typedef pb_status pb_trial_listener(void *user, int epoch, double train_loss, double val_loss,
                                    double val_accuracy, bool *prune);

/** Trains `config` with its first seed. Ends early by its own patience or when the listener prunes
 * it. */
pb_status pb_trial_train(pb_context *ctx, const pb_config *config, const pb_run_options *options,
                         pb_trial_listener *listener, void *user, bool *pruned);

#endif
