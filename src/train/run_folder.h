/* The folder of a run: made once, worked on by one process at a time. */
#ifndef PB_TRAIN_RUN_FOLDER_H
#define PB_TRAIN_RUN_FOLDER_H

#include "train/session.h"

typedef struct pb_run_folder {
    char *path;
    int lock;    /* descriptor of the folder, locked; -1: none */
    bool is_new; /* made by us: removed again when the run never starts */
    size_t kept; /* characters of the path that name what was there before */
} pb_run_folder;

/** The folder of a new run within `save_dir` of its configuration, on the heap:
 * "<save_dir>/haar-level-1-threshold-0.9-batch-32", or "<save_dir>/<name>-batch-32" where no layer
 * has a weight_transform. NULL where the configuration has no save_dir. */
pb_status pb_run_folder_saved(pb_context *ctx, const pb_config *config, char **path);

/** Makes the folder of a new run and locks it: `wanted`, or runs/<name>-<date>-<time> when that is
 * NULL. PB_ERR_USAGE when it holds a run already, PB_ERR_IO when it cannot be made or written to.
 */
pb_status pb_run_folder_create(pb_context *ctx, const char *wanted, const char *name,
                               pb_run_folder *folder);
/** Opens the folder of a run and, to write to it, locks it and removes what a killed process left
 * half-written. PB_ERR_USAGE when it holds no run or another process works on it. */
pb_status pb_run_folder_open(pb_context *ctx, const char *path, bool to_write,
                             pb_run_folder *folder);
/** Unlocks; removes a new folder that is still empty. */
void pb_run_folder_close(pb_run_folder *folder);
/** Reads the configuration of a run. */
pb_status pb_run_folder_config(pb_context *ctx, const pb_run_folder *folder, pb_config **config);
/** The same for what takes one network: PB_ERR_USAGE when the folder holds a run of each of several
 * folds. */
pb_status pb_run_folder_config_of_one(pb_context *ctx, const pb_run_folder *folder,
                                      pb_config **config);

/** "<folder>/seed-<s>" on the heap, NULL when memory is out. */
char *pb_run_folder_of_seed(const pb_run_folder *folder, int64_t seed);
/** The seed that a command was asked for, or the run's first where that is negative. PB_ERR_USAGE
 * when the run has no such seed. */
pb_status pb_run_folder_seed(pb_context *ctx, const pb_config *config, const pb_run_folder *folder,
                             int64_t wanted, int64_t *seed);

/** Writes plan.json and env.json, then config.yaml: a folder that has it is a run. `selector` is
 * what chose the device, or NULL. */
pb_status pb_run_folder_begin(pb_session *s, const pb_run_folder *folder, const char *selector);
/** Warns when the plan or the device is not what the run began with. */
pb_status pb_run_folder_compare(pb_session *s, const pb_run_folder *folder);
/** The choices of solvers that a run began with, for the session's plan. */
pb_status pb_run_folder_choices(pb_session *s, const pb_run_folder *folder);
/** The name of the device that a run began on, on the heap: what goes on there gives the same bits.
 */
pb_status pb_run_folder_selector(pb_context *ctx, const pb_run_folder *folder, char **selector);

#endif
