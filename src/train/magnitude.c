#include "train/magnitude.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>

static const double tau = 6.283185307179586476925286766559;

/* exp(-2 pi i k / length) for k = 0 ... length - 1. */
static void fill_roots(int length, double complex roots[])
{
    for (int k = 0; k < length; k++) roots[k] = cexp(-I * tau * k / length);
}

/* Rows, then columns: [height, width] -> [height, width / 2 + 1]. `half` has room for the result of
 * the rows. */
static void transform(int height, int width, const float x[], const double complex of_rows[],
                      const double complex of_columns[], double complex half[], float result[])
{
    const int kept = width / 2 + 1;
    for (int row = 0; row < height; row++)
        for (int f = 0; f < kept; f++) {
            double complex sum = 0;
            for (int i = 0; i < width; i++)
                sum += x[row * width + i] * of_rows[(long)f * i % width];
            half[row * kept + f] = sum;
        }
    for (int f = 0; f < kept; f++)
        for (int g = 0; g < height; g++) {
            double complex sum = 0;
            for (int row = 0; row < height; row++)
                sum += half[row * kept + f] * of_columns[(long)g * row % height];
            result[g * kept + f] = (float)cabs(sum);
        }
}

pb_status pb_magnitudes(pb_context *ctx, int planes, int height, int width, const float x[],
                        float result[])
{
    const size_t kept = (size_t)width / 2 + 1, pixels = (size_t)height * (size_t)width;
    double complex *room = malloc(((size_t)width + (size_t)height * (1 + kept)) * sizeof *room);
    if (!room)
        return pb_fail(ctx, PB_ERR_MEMORY, "no memory for spectra of %d x %d", height, width);
    double complex *of_rows = room, *of_columns = room + width, *half = of_columns + height;
    fill_roots(width, of_rows);
    fill_roots(height, of_columns);
    for (int p = 0; p < planes; p++)
        transform(height, width, x + (size_t)p * pixels, of_rows, of_columns, half,
                  result + (size_t)p * (size_t)height * kept);
    free(room);
    return PB_OK;
}
