/* Transfer: a network that starts from the numbers of a safetensors file, by the section `transfer`
 * of its configuration. They replace what pb_weights_begin draws, the same for every seed. */
#ifndef PB_TRAIN_PRETRAINED_H
#define PB_TRAIN_PRETRAINED_H

#include "train/session.h"

/** Reads the file that the configuration names, if any, into `s->start`: a tensor for each
 * parameter and running statistic that is not `fresh`, by the name and in the shape that it has
 * here. Of a layer with a weight_transform that is what its weights begin as, or its coefficients
 * where the file has these. Does nothing while stages have to learn from the data, for the
 * network's shapes are not known yet, nor a second time. PB_ERR_CONFIG, naming file, tensor and
 * both shapes, when the file and the network do not fit. */
pb_status pb_pretrained_read(pb_session *s);

/** Keeps what was read in the folder of a run, as start.safetensors, and takes it from there again:
 * seeds that have not begun when a run goes on start from the same numbers, whatever became of the
 * file. */
pb_status pb_pretrained_save(pb_session *s, const char *folder);
pb_status pb_pretrained_load(pb_session *s, const char *folder);

#endif
