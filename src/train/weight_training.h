/* Layers with a weight_transform in training: how they begin, their thresholds from epoch to epoch,
 * what is left of them. */
#ifndef PB_TRAIN_WEIGHT_TRAINING_H
#define PB_TRAIN_WEIGHT_TRAINING_H

#include <passband/wavelet.h>

#include "train/seed.h"

/** Warns of layers whose threshold the schedule does not bring to its full size within the epochs
 * of training, and of epochs that mean nothing to the schedule. */
void pb_weights_foretell(const pb_session *s);
/** Sets every parameter and state of the plan to its start for that seed: random numbers, or what
 * the session brought along (`start`), from which coefficients are made too. */
pb_status pb_weights_begin(pb_session *s, int64_t seed);
/** Before an epoch, counted from 0: thresholds and steps from the coefficients that the plan holds.
 */
pb_status pb_weights_prepare(pb_session *s, int epoch);
/** After the last epoch: thresholds of the best parameters, where the schedule says once at the
 * end; and where coefficients are quantised in training, everything else of the best parameters
 * too, as a file will keep it, so that the test tells of what the file holds. `changed`: whether
 * either was done. With a schedule of `end` the last line of the seed's metrics gets the sparsity
 * of these parameters. */
pb_status pb_weights_end(pb_session *s, pb_seed *state, bool *changed);
/** Warns of layers of which thresholds left nothing; whether there are any. */
bool pb_weights_tell_of_nothing(const pb_session *s, const pb_tensors *params);
/** {"linear_1.approximation": share, "linear_1.level_1": ...}: how many of the coefficients of a
 * group of parameters are 0 once thresholded, by layer and level; NULL where no layer has any. New
 * reference. */
json_t *pb_weights_sparsity(const pb_session *s, const pb_tensors *params);

#endif
