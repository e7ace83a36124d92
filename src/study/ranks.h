/* How many compressed samples lie nearer to a probe than the one it was made from. */
#ifndef PB_STUDY_RANKS_H
#define PB_STUDY_RANKS_H

#include "study/stored.h"

/** For a probe: samples of the file that are nearer to it than its own, and others that are as near. */
typedef struct pb_rank {
    int closer, equal;
} pb_rank;

/** Looks for the samples own[i] of the file by probes [count, values], among all samples of the file, by the Euclidean
 *  distance of their values: matrix products on the device, float32; distances too near to each other for that are compared
 *  in float64 on the host. */
pb_status pb_nearest_rank(const pb_stored *stored, const float *probes, const int32_t own[], int count,
                          const volatile int *stop, pb_rank ranks[]);

#endif
