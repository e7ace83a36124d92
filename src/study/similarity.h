/* How alike two images are. */
#ifndef PB_STUDY_SIMILARITY_H
#define PB_STUDY_SIMILARITY_H

#include <stddef.h>

#include <passband/status.h>

/** Peak signal-to-noise ratio in dB, 10 log10(range^2 / mse); infinite where mse is 0. As skimage.metrics.
 *  peak_signal_noise_ratio. */
double pb_psnr(double mse, double range);

/** The side of the window that images of these extents are compared by: 7, or less, odd, where one of them is smaller; 0
 *  where that leaves less than 3. A height of 1 is a signal, whose window is a line. */
int pb_ssim_window(int height, int width);
/** Mean structural similarity of two images [height, width] over all windows that lie within them: a uniform window, sample
 *  covariance (n - 1), K1 = 0.01, K2 = 0.03, as skimage.metrics.structural_similarity does by default. NaN where the window
 *  is 0. PB_ERR_MEMORY alone.
 *  Source: Wang, Bovik, Sheikh and Simoncelli, IEEE Trans. Image Processing 13 (2004). */
pb_status pb_ssim(pb_context *ctx, const float *a, const float *b, int height, int width, double range, double *ssim);

#endif
