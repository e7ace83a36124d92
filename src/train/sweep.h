/* A search at work: what its files share. The public function is in passband/sweep.h. */
#ifndef PB_TRAIN_SWEEP_H
#define PB_TRAIN_SWEEP_H

#include <passband/sweep.h>

#include "train/optuna_store.h"
#include "train/sweep_config.h"
#include "train/worker.h"

typedef struct pb_sweep {
    pb_context *ctx;
    pb_sweep_options options;
    pb_sweep_config *config;
    char *folder;
    int lock; /* descriptor of the folder, -1: none */
    pb_store *store;
    int64_t *studies; /* [arm_count] */
    pb_worker worker;
} pb_sweep;

/** Reads the search and opens its folder, its studies and its worker's file. */
pb_status pb_sweep_open(pb_sweep *s, const char *path, int override_count,
                        const char *const overrides[]);
void pb_sweep_close(pb_sweep *s);
/** A path in the folder, on the heap. */
pb_status pb_sweep_path(pb_sweep *s, const char *name, char **path);
bool pb_sweep_stopped(const pb_sweep *s);

/** Runs trials until every arm has those it was planned to have. */
pb_status pb_sweep_search(pb_sweep *s);
/** Trains the winner of each arm with the final seeds and tests it; writes sweep.json. */
pb_status pb_sweep_conclude(pb_sweep *s);

/** Writes sweep.json. `runs` names the folder of each arm's winner, within that of the search. */
pb_status pb_sweep_write_result(pb_sweep *s, const pb_trials trials[], char *const runs[]);

#endif
