/* The data of a run. */
#ifndef PB_TRAIN_RUN_DATA_H
#define PB_TRAIN_RUN_DATA_H

#include <passband/dataset.h>

#include "train/config.h"

/** Loads what the configuration asks for, and meanwhile what OpenCL consists of. A run needs
 * samples to train on and to test. */
pb_status pb_run_data_load(pb_context *ctx, const pb_config *config, pb_dataset **data);

#endif
