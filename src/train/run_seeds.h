/* Every seed of a run, each from its checkpoint on to its end, in turn or side by side. */
#ifndef PB_TRAIN_RUN_SEEDS_H
#define PB_TRAIN_RUN_SEEDS_H

#include "train/run_folder.h"

/** Trains every seed of the configuration in a session that is warm, writes its files and the metrics after each epoch,
 *  and at last the summary. With options.side_by_side several seeds train at a time where the device can be split
 *  among them, with the same results to the bit; else the log says why they go in turn. PB_INTERRUPTED and PB_ERR_NOT_FINITE
 *  say where the seed stands. */
pb_status pb_run_seeds(pb_session *s, const pb_run_folder *folder);

#endif
