/* Checkpoints: a seed as one safetensors file. Its rename is the moment an epoch counts as done;
 * every other file of the run can be made again from the checkpoints of its seeds. */
#ifndef PB_TRAIN_CHECKPOINT_H
#define PB_TRAIN_CHECKPOINT_H

#include "train/seed.h"

pb_status pb_checkpoint_save(pb_session *s, const char *path, const pb_seed *state);
/** Fills a created seed. PB_ERR_IO when the file is damaged or belongs to another network,
 * PB_ERR_CONFIG when it belongs to another configuration; a plan that differs is a warning: results
 * may then differ in their last bits. */
pb_status pb_checkpoint_load(pb_session *s, const char *path, pb_seed *state);

/** Copies "<prefix><name>" of a file for every tensor of `into`, whose names, types and shapes must
 * be there. */
pb_status pb_checkpoint_take(pb_context *ctx, const char *path, const pb_tensors *file,
                             const char *prefix, pb_tensors *into);

#endif
