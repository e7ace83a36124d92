#include "study/similarity.h"

#include <math.h>
#include <stdlib.h>

double pb_psnr(double mse, double range)
{
    return 10 * log10(range * range / mse);
}

int pb_ssim_window(int height, int width)
{
    const int least = height > 1 && height < width ? height : width;
    const int window = least < 7 ? (least - 1) / 2 * 2 + 1 : 7;
    return window < 3 ? 0 : window;
}

enum { SUMS = 5 }; /* of a, b, a^2, b^2, a b */

/* Sums over all rows above and columns to the left: [height + 1, width + 1, SUMS]. */
static void integrate(const float *a, const float *b, int height, int width, double *sums)
{
    const size_t row = ((size_t)width + 1) * SUMS;
    for (size_t i = 0; i < row; i++) sums[i] = 0;
    for (int r = 0; r < height; r++) {
        const double *above = sums + (size_t)r * row;
        double *here = sums + (size_t)(r + 1) * row, line[SUMS] = {0};
        for (int k = 0; k < SUMS; k++) here[k] = 0;
        for (int c = 0; c < width; c++, a++, b++) {
            const double x = (double)*a, y = (double)*b;
            const double terms[SUMS] = {x, y, x * x, y * y, x * y};
            for (int k = 0; k < SUMS; k++) {
                line[k] += terms[k];
                here[(c + 1) * SUMS + k] = above[(c + 1) * SUMS + k] + line[k];
            }
        }
    }
}

/* From the sums over n numbers. */
static double similarity(const double sums[SUMS], double n, double range)
{
    const double c1 = (0.01 * range) * (0.01 * range), c2 = (0.03 * range) * (0.03 * range);
    const double x = sums[0] / n, y = sums[1] / n;
    const double xx = (sums[2] - n * x * x) / (n - 1), yy = (sums[3] - n * y * y) / (n - 1);
    const double xy = (sums[4] - n * x * y) / (n - 1);
    return (2 * x * y + c1) * (2 * xy + c2) / ((x * x + y * y + c1) * (xx + yy + c2));
}

static double mean_over_windows(const double *sums, int height, int width, double range)
{
    const int across = pb_ssim_window(height, width), down = height > 1 ? across : 1;
    const int row = (width + 1) * SUMS;
    double total = 0;
    for (int r = 0; r + down <= height; r++)
        for (int c = 0; c + across <= width; c++) {
            const double *top = sums + (size_t)r * (size_t)row + c * SUMS;
            const double *bottom = top + (size_t)down * (size_t)row;
            double within[SUMS];
            for (int k = 0; k < SUMS; k++)
                within[k] = bottom[across * SUMS + k] - bottom[k] - top[across * SUMS + k] + top[k];
            total += similarity(within, across * down, range);
        }
    return total / ((double)(height - down + 1) * (width - across + 1));
}

pb_status pb_ssim(pb_context *ctx, const float *a, const float *b, int height, int width,
                  double range, double *ssim)
{
    *ssim = NAN;
    if (pb_ssim_window(height, width) == 0) return PB_OK;
    double *sums = malloc(((size_t)height + 1) * ((size_t)width + 1) * SUMS * sizeof *sums);
    if (!sums) return pb_fail(ctx, PB_ERR_MEMORY, "no memory to compare images");
    integrate(a, b, height, width, sums);
    *ssim = mean_over_windows(sums, height, width, range);
    free(sums);
    return PB_OK;
}
