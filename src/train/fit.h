/* Learning what stages need to know of the training split before the graph of a run is built. */
#ifndef PB_TRAIN_FIT_H
#define PB_TRAIN_FIT_H

#include <passband/dataset.h>
#include <passband/device.h>
#include <passband/fitted.h>

#include "train/config.h"

/** Lets each stage that learns see `rows` [count] of the training samples, through the stages before it, on the device.
 *  A sum is of float32 within a batch and of float64 over the batches. Appends to `fitted`, and leaves out what is there already; a configuration in which no
 *  stage learns leaves it as it is and does not touch the device. */
pb_status pb_fit(pb_context *ctx, pb_device *device, const pb_config *config, const pb_dataset *data,
                 const int32_t *rows, int count, pb_fitted *fitted);

/** The file of a run: "fitted.safetensors" in its folder. Saves nothing when there is nothing; loading into an empty
 *  `fitted` finds nothing where there is no file. */
pb_status pb_fitted_save(pb_context *ctx, const char *folder, const pb_fitted *fitted);
pb_status pb_fitted_load(pb_context *ctx, const char *folder, pb_fitted *fitted);

#endif
