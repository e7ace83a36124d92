/* The networks that the seeds of a run left. */
#ifndef PB_TRAIN_SAVED_NETWORK_H
#define PB_TRAIN_SAVED_NETWORK_H

#include "train/run_folder.h"
#include "train/safetensors.h"

/** Reads a seed's best.safetensors, and says where it is (free()). PB_ERR_USAGE when there is none yet. */
pb_status pb_saved_network(pb_context *ctx, const pb_run_folder *folder, int64_t seed, char **path, pb_tensors *file);

#endif
