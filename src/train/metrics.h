/* metrics.jsonl and metrics.csv: a line for each epoch of each seed, written whole from what the
 * seeds hold. */
#ifndef PB_TRAIN_METRICS_H
#define PB_TRAIN_METRICS_H

#include "train/epoch.h"
#include "train/seed.h"

/** Appends the line of the epoch that was just done. */
pb_status pb_metrics_append(pb_session *s, pb_seed *state, const pb_trained *trained,
                            const pb_scored *held);
/** Writes both files anew from the lines of each seed, an array or NULL. */
pb_status pb_metrics_write(pb_session *s, const char *folder, json_t *const lines[], int count);

#endif
