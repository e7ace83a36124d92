/* Fourier magnitudes on the host, of a few small arrays: the device has no part in it. */
#ifndef PB_TRAIN_MAGNITUDE_H
#define PB_TRAIN_MAGNITUDE_H

#include <passband/status.h>

/** Magnitudes of the two-dimensional discrete Fourier transform of planes, in float64; a height of
 * 1 makes it that of lines.
 *
 *  @param x       [planes, height, width]
 *  @param result  [planes, height, width / 2 + 1]; agrees with abs(numpy.fft.rfft2(x)) */
pb_status pb_magnitudes(pb_context *ctx, int planes, int height, int width, const float x[],
                        float result[]);

#endif
