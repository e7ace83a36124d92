/* Radial bands of a block of frequencies. */
#ifndef PB_STAGE_BANDS_H
#define PB_STAGE_BANDS_H

/** The band of coefficient (i, j) of a block [height, width]: d = sqrt(i^2 + j^2), d_max at the far
 * corner, min(floor(bands d / d_max), bands - 1). */
int pb_band_of(int i, int j, int height, int width, int bands);

#endif
