/* How well the originals come back from a compressed data set, by the ways back of its transforms. */
#ifndef PB_STUDY_MEASURE_RECONSTRUCTION_H
#define PB_STUDY_MEASURE_RECONSTRUCTION_H

#include <jansson.h>

#include "study/stored.h"

/** The measures of pb_measure_file under "reconstruction", of the test samples (at most 10,000; training samples where the
 *  file has no others): null where a transform has no way back. `folder` receives reconstructions.npy with `shown` of them,
 *  of one class after the other. Originals are as `load` makes them, and the range of PSNR and SSIM is that of all numbers
 *  they can be (bytes), or are (floats). */
pb_status pb_measure_reconstruction(const pb_stored *stored, int shown, const volatile int *stop, const char *folder,
                                    json_t **result);

#endif
