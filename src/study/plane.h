/* Where the values of a sample stand on the plane of frequencies. */
#ifndef PB_STUDY_PLANE_H
#define PB_STUDY_PLANE_H

#include "study/stored.h"

/** Numbers of each value [stored->shape] as a picture shows them: those of a dct2 that selects frequencies at their places,
 *  of blocks the mean over all blocks, and NaN where none was kept; else as they are. `*shape` [channels, height, width],
 *  [height, width] or [length]; free() `*plane`. PB_ERR_MEMORY alone. */
pb_status pb_plane_of(const pb_stored *stored, const float *numbers, pb_shape *shape, float **plane);

#endif
