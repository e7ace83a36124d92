/* What the files of a study keep and give away. */
#ifndef PB_STUDY_STUDY_MEASURES_H
#define PB_STUDY_STUDY_MEASURES_H

#include "study/study.h"

/** Measures the file of every point that was trained on and is not measured yet, into
 * measures/<point>/; nothing when study.measures is false. */
pb_status pb_study_measure_points(pb_study *s);
/** Adds information, reconstruction and identity to a point of study.json that has its test_loss;
 * nothing where it was not measured. */
pb_status pb_study_add_measures(pb_study *s, const pb_point *point, json_t *json);

#endif
