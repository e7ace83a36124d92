#include "stage/separable.h"

#include <stdlib.h>

#include "base/matrix.h"

pb_status pb_planes_of(pb_builder *b, pb_shape s, pb_planes *planes)
{
    if (s.axes < 2 || s.axes > 4)
        return pb_fail(b->ctx, PB_ERR_SHAPE,
                       "takes [batch, length], [batch, height, width] or [batch, channels, height, "
                       "width], but gets %s",
                       pb_shape_words(s).text);
    *planes = (pb_planes){.axes = s.axes,
                          .batch = s.dim[0],
                          .channels = s.axes == 4 ? s.dim[1] : 1,
                          .height = s.axes > 2 ? s.dim[s.axes - 2] : 1,
                          .width = s.dim[s.axes - 1]};
    return PB_OK;
}

bool pb_planes_are_lines(const pb_planes *planes)
{
    return planes->axes == 2;
}

pb_status pb_planes_size(pb_builder *b, const pb_options *options, const pb_planes *p, int *height,
                         int *width)
{
    int count;
    const int64_t *size = pb_option_ints(options, "size", &count);
    const bool lines = pb_planes_are_lines(p);
    if (count < 1 || count > (lines ? 1 : 2))
        return pb_fail(b->ctx, PB_ERR_CONFIG, "size has %d numbers; allowed is %s", count,
                       lines ? "one for signals" : "one, or [height, width]");
    *height = lines || size[0] == 0 ? p->height : (int)size[0];
    *width = size[count - 1] == 0 ? p->width : (int)size[count - 1];
    return PB_OK;
}

pb_shape pb_planes_shape(const pb_planes *p, int height, int width)
{
    if (p->axes == 2) return PB_SHAPE(p->batch, width);
    if (p->axes == 3) return PB_SHAPE(p->batch, height, width);
    return PB_SHAPE(p->batch, p->channels, height, width);
}

pb_shape pb_planes_vectors(const pb_planes *p, int count)
{
    return p->axes < 4 ? PB_SHAPE(p->batch, count) : PB_SHAPE(p->batch, p->channels, count);
}

double *pb_matrix_memory(pb_graph *g, int rows, int columns)
{
    return pb_graph_memory(g, (size_t)rows * (size_t)columns * sizeof(double));
}

pb_value pb_matrix_constant(pb_graph *g, int rows, int columns, const double *matrix)
{
    const size_t count = (size_t)rows * (size_t)columns;
    float *rounded = malloc(count * sizeof *rounded);
    if (!matrix || !rounded) {
        free(rounded);
        return pb_graph_fail(g, PB_ERR_MEMORY, "no memory for a matrix of %d x %d", rows, columns);
    }
    for (size_t i = 0; i < count; i++) rounded[i] = (float)matrix[i];
    const pb_value v = pb_constant_data(g, rounded, PB_SHAPE(rows, columns));
    free(rounded);
    return v;
}

/* Both products have one matrix for the whole batch, so each is one large product; what lies
 * between is a transposition. */
pb_value pb_separable(pb_graph *g, const pb_planes *p, pb_value x, pb_value left, pb_value right)
{
    x = pb_reshape(g, x, PB_SHAPE(p->batch * p->channels, p->height, p->width));
    x = pb_matmul_t(g, x, right, false, true);
    if (left == PB_NONE) return x;
    return pb_transpose(g, pb_matmul_t(g, pb_transpose(g, x), left, false, true));
}

static pb_value inverse_constant(pb_builder *b, int rows, int columns, const double *matrix)
{
    double *inverse = matrix ? pb_matrix_memory(b->g, columns, rows) : NULL;
    if (!inverse) return pb_matrix_constant(b->g, columns, rows, NULL);
    const pb_status status = pb_pseudo_inverse(b->ctx, rows, columns, matrix, inverse);
    if (status != PB_OK)
        return pb_graph_fail(b->g, status, "a matrix of %d x %d cannot be inverted", rows, columns);
    return pb_matrix_constant(b->g, columns, rows, inverse);
}

pb_value pb_separable_back(pb_builder *b, const pb_planes *p, pb_value y, int h, const double *left,
                           int w, const double *right)
{
    const pb_planes small = {p->axes, p->batch, p->channels, h, w};
    const pb_value back_left =
        pb_planes_are_lines(p) ? PB_NONE : inverse_constant(b, h, p->height, left);
    return pb_separable(b->g, &small, y, back_left, inverse_constant(b, w, p->width, right));
}
