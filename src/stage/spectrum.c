#include "stage/spectrum.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "graph/store.h"

/* Columns 0 .. count - 1 are cos(2 pi k t / length), the next `count` are sin: [length, 2 count].
 * Reducing k t first keeps large angles exact, and makes the sines of the first and of the middle
 * frequency zero rather than nearly zero. */
static pb_value fourier_basis(pb_graph *g, int length, int count)
{
    const double pi = 3.14159265358979323846;
    float *basis = pb_graph_memory(g, 2 * (size_t)length * (size_t)count * sizeof *basis);
    if (!basis) return PB_NONE;
    for (int t = 0; t < length; t++) {
        float *row = basis + 2 * (size_t)t * (size_t)count;
        for (int k = 0; k < count; k++) {
            const int turn = (int)((int64_t)k * t % length); /* of `length` turns */
            const double angle = 2 * pi * turn / length;
            row[k] = (float)cos(angle);
            row[count + k] = 2 * turn % length == 0 ? 0 : (float)sin(angle);
        }
    }
    return pb_constant_data(g, basis, PB_SHAPE(length, 2 * count));
}

pb_value pb_power_line(pb_graph *g, pb_value x)
{
    const pb_shape s = pb_value_shape(g, x);
    const int count = s.dim[1] / 2 + 1;
    const pb_value both = pb_matmul(g, x, fourier_basis(g, s.dim[1], count));
    const pb_shape half = PB_SHAPE(s.dim[0], count);
    const pb_value re = pb_slice(g, both, (const int[]){0, 0}, half);
    const pb_value im = pb_slice(g, both, (const int[]){0, count}, half);
    return pb_add(g, pb_square(g, re), pb_square(g, im));
}

/* With x C and x S from the rows (C cosines, S sines), the columns give
 * re = C x C - S x S and -im = C x S + S x C. */
pb_value pb_power_plane(pb_graph *g, pb_value x)
{
    const pb_shape s = pb_value_shape(g, x);
    const int images = s.dim[0], height = s.dim[1], width = s.dim[2], count = width / 2 + 1;
    const pb_value rows = pb_matmul(g, x, fourier_basis(g, width, count)); /* [N, H, 2 count] */
    const pb_value all = pb_matmul(g, pb_transpose(g, rows), fourier_basis(g, height, height));
    const pb_shape part = PB_SHAPE(images, count, height); /* of [N, 2 count, 2 H] */
    const pb_value cc = pb_slice(g, all, (const int[]){0, 0, 0}, part);
    const pb_value cs = pb_slice(g, all, (const int[]){0, 0, height}, part);
    const pb_value sc = pb_slice(g, all, (const int[]){0, count, 0}, part);
    const pb_value ss = pb_slice(g, all, (const int[]){0, count, height}, part);
    const pb_value re = pb_sub(g, cc, ss), im = pb_add(g, cs, sc);
    return pb_transpose(g, pb_add(g, pb_square(g, re), pb_square(g, im)));
}
