/* Stages that lie behind the samples of a compressed data set already. */
#ifndef PB_TRAIN_APPLIED_H
#define PB_TRAIN_APPLIED_H

#include <passband/dataset.h>
#include <passband/stage.h>

#include "train/config.h"

/** How many of the first stages the samples have gone through: those of the file's chain, where the configuration
 *  begins with the very same; else 0, and all stages are applied to what the file holds. */
int pb_applied_stages(const pb_config *config, const pb_dataset *data);
/** The first transform of a configuration, reshape aside, that the file's chain has too although the configuration does
 *  not begin with that chain: it is applied a second time. NULL: none is. */
const char *pb_applied_again(const pb_config *config, const pb_dataset *data);
/** Builds the first `count` stages, b->x being the samples. Of those applied already only the way back is built. */
pb_status pb_build_stages(pb_builder *b, const pb_config *config, const pb_dataset *data, int count);
/** Builds one stage, which none of the applied ones may be. */
pb_status pb_build_stage(pb_builder *b, const pb_config *config, int index);
/** What the applied stages learned, as the file has it. */
pb_status pb_applied_fitted(pb_context *ctx, const pb_config *config, const pb_dataset *data, pb_fitted *fitted);
/** The samples of a batch as values: unpacks rows that are packed. */
pb_value pb_sample_values(pb_graph *g, const pb_dataset *data, pb_value rows);

#endif
