/* Trials of processes that are gone. */
#ifndef PB_TRAIN_REAP_H
#define PB_TRAIN_REAP_H

#include "train/optuna_store.h"
#include "train/worker.h"

/** Ends, as failed, the running trials of workers that live no longer, in the store and in
 * `trials`. To be called within a transaction. */
pb_status pb_trials_reap(pb_store *store, const pb_worker *worker, pb_trials *trials);

#endif
