/* Resampling of lines as matrices, the same along each axis of a plane. */
#include <math.h>

#include "stage/separable.h"

/* x = (i + 1/2) in / out - 1/2, between its two neighbours */
void pb_resample_bilinear(double *matrix, int out, int in)
{
    for (int i = 0; i < out; i++) {
        double *row = matrix + (size_t)i * (size_t)in;
        const double x = fmax((i + 0.5) * in / out - 0.5, 0);
        const int low = (int)x, high = low + 1 < in ? low + 1 : low;
        row[low] += 1 - (x - low);
        row[high] += x - low;
    }
}

/* The mean of pixels floor(i in / out) to ceil((i + 1) in / out). */
void pb_resample_area(double *matrix, int out, int in)
{
    for (long i = 0; i < out; i++) {
        const long first = i * in / out, end = ((i + 1) * in + out - 1) / out;
        for (long j = first; j < end; j++) matrix[i * in + j] = 1.0 / (double)(end - first);
    }
}

/* The pixel that the new one's centre lies in. */
void pb_resample_nearest(double *matrix, int out, int in)
{
    for (long i = 0; i < out; i++) matrix[i * in + (2 * i + 1) * in / (2L * out)] = 1;
}

static double *filled(pb_graph *g, int out, int in, pb_resampling *method)
{
    double *matrix = pb_matrix_memory(g, out, in);
    if (matrix) method(matrix, out, in);
    return matrix;
}

pb_value pb_resample(pb_graph *g, const pb_planes *p, pb_value x, int h, int w,
                     pb_resampling *method)
{
    const pb_value left =
        pb_planes_are_lines(p)
            ? PB_NONE
            : pb_matrix_constant(g, h, p->height, filled(g, h, p->height, method));
    const pb_value right = pb_matrix_constant(g, w, p->width, filled(g, w, p->width, method));
    return pb_reshape(g, pb_separable(g, p, x, left, right), pb_planes_shape(p, h, w));
}

pb_value pb_resample_back(pb_builder *b, const pb_planes *p, pb_value y, int h, int w,
                          pb_resampling *method)
{
    const double *left = pb_planes_are_lines(p) ? NULL : filled(b->g, h, p->height, method);
    return pb_separable_back(b, p, y, h, left, w, filled(b->g, w, p->width, method));
}
