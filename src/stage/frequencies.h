/* The frequencies of a cosine transform: how many there are, which of them are kept, and in which order. */
#ifndef PB_STAGE_FREQUENCIES_H
#define PB_STAGE_FREQUENCIES_H

#include "stage/separable.h"

typedef enum pb_selection {
    PB_SELECT_CORNER,
    PB_SELECT_ZIGZAG,
    PB_SELECT_RADIAL,
    PB_SELECT_ENERGY,
    PB_SELECT_BANDS
} pb_selection;

/** Order in which a grid of frequencies [height, width] is kept by zigzag (as JPEG, lowest first) or radius: the first
 *  `count` of order [count] indices i * width + j. False when memory is out. */
bool pb_frequencies_order(pb_selection selection, int height, int width, int count, int order[]);
/** The same by energy [number], largest first. */
bool pb_frequencies_by_energy(const double *energy, int number, int count, double order[]);
/** The same by radial band (pb_band_of) of a grid with energy [height, width]: whole bands, those of most weight [bands]
 *  first and of equal weights the lower one, within a band by energy. Without weights (NULL) bands take turns, the lowest
 *  first, so that each has the same share until it runs out. */
bool pb_frequencies_by_band(const double *energy, int height, int width, int bands, const double *weights, int count,
                            double order[]);

/** The cosine transform of a line in blocks: [blocks * kept, length], the lowest `kept` frequencies of each block. A last
 *  block that the line does not fill goes on with the line's last point, as in JPEG. */
void pb_dct_blocks(double *matrix, int length, int block, int kept);
/** Its inverse, with absent frequencies zero: [length, blocks * kept]. */
void pb_idct_blocks(double *matrix, int length, int block, int kept);

#endif
