/* What a finished run leaves: summary.json and its arrays. */
#ifndef PB_TRAIN_SUMMARY_H
#define PB_TRAIN_SUMMARY_H

#include "train/seed.h"

/** {mean, std, per_seed} of numbers; std is that of a sample (divisor n - 1), 0 for one number. New
 * reference, NULL when memory is out. */
json_t *pb_spread(const double values[], int count);

/** Writes the arrays, then summary.json: a folder that has it is finished. */
pb_status pb_summary_write(pb_session *s, const char *folder, const pb_seed seeds[], int count);
/** Writes profile.json: each kernel's calls, seconds, GFLOP/s, GB/s and share of the time. */
pb_status pb_profile_write(pb_session *s, const char *folder);

#endif
