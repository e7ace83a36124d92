/* Training on the file of a point. */
#ifndef PB_STUDY_TRAINING_H
#define PB_STUDY_TRAINING_H

#include "study/study.h"

/** Trains on a point's file with every seed, going on with what was begun. values [seed_count]:
 * test accuracies, in [0, 1]; seconds [seed_count]: of all epochs. */
pb_status pb_study_train_point(pb_study *s, const pb_point *point, double values[],
                               double seconds[]);
/** summary.json of a point's run; PB_ERR_IO where it is not finished. */
pb_status pb_study_summary(pb_study *s, const pb_point *point, json_t **summary);

#endif
