/* Samplers: where the next trial of a search looks.
 *
 * Random draws come from Philox, keyed by the sampler's seed and the name of each key, counted by
 * the trial's number: the same trial of the same search looks at the same place whoever runs it. */
#ifndef PB_TRAIN_SAMPLER_H
#define PB_TRAIN_SAMPLER_H

#include "train/trial.h"

/** Points of the whole grid; -1: a dimension has no end of values, 0: they are too many to count.
 */
int64_t pb_grid_count(const pb_space *space);
/** Point `index` of the grid: the last key changes fastest. */
void pb_sample_grid(const pb_space *space, int64_t index, double point[]);
/** The first point of the grid that no trial has or is taking; the count when all are taken. */
int64_t pb_grid_next(const pb_space *space, const pb_trials *trials);

/** Draws each coordinate by itself: uniform, or uniform in its logarithm. */
void pb_sample_random(const pb_space *space, uint64_t seed, int number, double point[]);

/** Tree-structured Parzen estimator, each coordinate by itself: the best tenth of the finished
 * trials (at most 25) and the others are each modelled by a mixture, and of 24 draws from the
 * former the one is taken that is likeliest under it against the latter. The first 10 trials are
 * random. Pruned trials rank behind complete ones, those pruned later first. As Optuna's default
 * TPESampler; source in train/parzen.h. */
pb_status pb_sample_tpe(pb_context *ctx, const pb_space *space, const pb_trials *trials,
                        bool maximise, uint64_t seed, int number, double point[]);

#endif
