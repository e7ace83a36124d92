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
/** Samples that a thread still reads. */
typedef struct pb_reading pb_reading;
/** The same, but goes on as soon as everything is known but the samples, of which, as of
 * `(*data)->unread`, nobody may ask before pb_reading_end. `*reading` is NULL where they are there;
 * otherwise end it, also after an error, and before the data set is freed. */
pb_status pb_run_data_begin(pb_context *ctx, const pb_config *config, bool skip_damaged,
                            pb_dataset **data, pb_reading **reading);
/** Waits until the samples are there, and frees. Takes a reading of NULL; a context of NULL is told
 * of no failure. */
pb_status pb_reading_end(pb_context *ctx, pb_reading **reading);
/** Rows to learn from and rows of the validation part, both ascending; free() them. Of a
 * cross-validation as a whole, those of its first fold, which is as good as any to look at. */
pb_status pb_run_data_split(pb_context *ctx, const pb_config *config, const pb_dataset *data,
                            int32_t **train, int *train_count, int32_t **held, int *held_count);

#endif
