/* Frames of continuous wavelets: lines as sums of sampled wavelets, which have no filter bank. */
#ifndef PASSBAND_FRAME_H
#define PASSBAND_FRAME_H

#include <passband/cwt.h>
#include <passband/wavelet.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PB_FRAME_LEVELS = 8, PB_FRAME_LENGTH = 2048 }; /* at most */

/** A frame of lines of `length` points. Level l, 1 being the finest, has the wavelet at the scale whose mean frequency (the
 *  root of its mean square) is 3/8 2^(1-l) cycles a point, at places 2^(l-1) points apart; a narrow wavelet has `voices`
 *  scales there that share an octave, with so many times fewer places each. Of a complex wavelet real and imaginary parts
 *  are atoms by themselves, at half as many places. What lies below the coarsest level is left to an approximation:
 *  Gaussians of deviation 2^(levels-1), as many points apart. So there are about twice as many atoms as points. Each is of
 *  length 1 before its ends beyond the line are brought back by the extension, as the adjoint of the extension does.
 *  Source: Daubechies, Ten Lectures on Wavelets, SIAM (1992), chapter 3. */
typedef struct pb_frame {
    pb_continuous wavelet;
    pb_extension extension;
    int length, levels;
    double frequency; /* mean frequency of the wavelet at scale 1 */
    int voices;
    int count;                       /* atoms                                                               */
    int offset[PB_FRAME_LEVELS + 2]; /* part 0, the approximation, then levels from coarsest to finest: its first atom;
                                        behind them `count` */
} pb_frame;

/** Measures a frame. `levels` 0, or more than a line has, stands for the most: 2^levels <= length, and PB_FRAME_LEVELS.
 *  PB_ERR_CONFIG for lines that are too long. */
pb_status pb_frame_measure(pb_context *ctx, const pb_continuous *w, pb_extension extension, int levels, int length,
                           pb_frame *frame);
/** The level of a part; 0 of the approximation. */
int pb_frame_level(const pb_frame *frame, int part);
/** The atoms as columns: [length, count], row-major; a line is this matrix times its coefficients. */
void pb_frame_matrix(const pb_frame *frame, double *matrix);

#ifdef __cplusplus
}
#endif
#endif
