/* The data of a run, and its split into training and validation part. */
#ifndef PB_TRAIN_RUN_DATA_H
#define PB_TRAIN_RUN_DATA_H

#include <passband/dataset.h>

#include "train/config.h"

/** Loads what the configuration asks for, and meanwhile what OpenCL consists of. A run needs
 * samples to train on and to test. `skip_damaged`, as well as the configuration's own
 * data.skip_damaged, leaves damaged chunks of a compressed data set out. */
pb_status pb_run_data_load(pb_context *ctx, const pb_config *config, bool skip_damaged,
                           pb_dataset **data);
/** Rows to learn from and rows of the validation part, both ascending; free() them. Of a
 * cross-validation as a whole, those of its first fold, which is as good as any to look at. */
pb_status pb_run_data_split(pb_context *ctx, const pb_config *config, const pb_dataset *data,
                            int32_t **train, int *train_count, int32_t **held, int *held_count);

#endif
