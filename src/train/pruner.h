/* Pruners: whether a trial is worth going on with, asked after each epoch. */
#ifndef PB_TRAIN_PRUNER_H
#define PB_TRAIN_PRUNER_H

#include "train/trial.h"

/** Prunes a trial whose best value so far is worse than the median of what the complete trials had
 * after the same epoch. Never within the first `warmup` epochs, nor before 5 trials are complete.
 * As Optuna's MedianPruner. */
bool pb_prune_median(const pb_trials *trials, const pb_trial_report reports[], int report_count,
                     bool maximise, int warmup);

/** Asynchronous successive halving: rung k lies at first * factor^k epochs, first at least 1; of
 * the trials that came to a rung the best 1 / factor go on. Looks at the rungs from `*rung` on that
 * `epoch` has reached, and moves `*rung` behind those that the trial completed now, with `value` at
 * each. As Optuna's SuccessiveHalvingPruner. Source: Li et al., "A system for massively parallel
 * hyperparameter tuning", MLSys 2020. */
bool pb_prune_halving(const pb_trials *trials, int number, int epoch, double value, bool maximise,
                      int first, int factor, int *rung);

#endif
