/* How many samples lie on the device at a time where the whole data set does not fit. */
#ifndef PB_TRAIN_WINDOW_H
#define PB_TRAIN_WINDOW_H

#include <passband/plan.h>

#include "train/run_graph.h"

/** What the graph of a run is made of. */
typedef struct pb_run_parts {
    pb_context *ctx;
    const pb_config *config;
    const pb_dataset *data;
    pb_run_rows rows;
    const pb_fitted *fitted;   /* what stages have learned */
    const pb_choices *choices; /* of solvers, which take memory too */
} pb_run_parts;

/** Whether the device holds the run with data in windows of so many rows; 0: with all of it. */
pb_status pb_window_fits(const pb_run_parts *parts, pb_device *device, int window, bool *fits);
/** The largest window that the device holds. `whole` is the graph with all data in it.
 * PB_ERR_DEVICE when even the smallest is too large: the sentence says how much that needs. */
pb_status pb_window_choose(const pb_run_parts *parts, pb_device *device, const pb_run_graph *whole,
                           int *window);

#endif
