/* Fourier power from contractions with constant matrices. */
#ifndef PB_STAGE_SPECTRUM_H
#define PB_STAGE_SPECTRUM_H

#include <passband/graph.h>

/** Longest line that has a spectrum: its basis takes 4 L^2 bytes or so. */
#define PB_SPECTRUM_MAX 8192

/** Power of the discrete Fourier transform of the last axis.
 *
 *  @param x  [N, L] float32, L <= PB_SPECTRUM_MAX
 *  @return   [N, L / 2 + 1], the unit of x squared; agrees with abs(numpy.fft.rfft(x)) ** 2 */
pb_value pb_power_line(pb_graph *g, pb_value x);

/** The same of the last two axes: [N, H, W] -> [N, H, W / 2 + 1], as abs(numpy.fft.rfft2(x)) ** 2.
 */
pb_value pb_power_plane(pb_graph *g, pb_value x);

#endif
