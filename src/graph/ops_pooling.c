/* Max-pooling as a closed pair: gather the elements at saved positions, or scatter them back. */
#include "graph/rules.h"
#include "graph/store.h"
#include "graph/window.h"

#include <string.h>

int pb_window_count(int extent, pb_window window, int axis)
{
    const int room = extent + 2 * window.padding[axis] - window.kernel[axis];
    return room < 0 ? 0 : room / window.stride[axis] + 1;
}

pb_status pb_window_check(pb_graph *g, const pb_record *r, int height, int width)
{
    const pb_window w = r->attrs.window;
    const int limit = 1 << 20; /* keeps the sums of extents and paddings within an int */
    for (int i = 0; i < 2; i++)
        if (w.kernel[i] < 1 || w.stride[i] < 1 || w.padding[i] < 0 || w.kernel[i] > limit ||
            w.stride[i] > limit || w.padding[i] > limit)
            return pb_infer_fail(g, r,
                                 "kernel %d, stride %d, padding %d: kernel and stride must be "
                                 "at least 1, padding at least 0, all at most %d",
                                 w.kernel[i], w.stride[i], w.padding[i], limit);
    if (height < 1 || width < 1)
        return pb_infer_fail(g, r, "an image of %d x %d has no pixels", height, width);
    if (pb_window_count(height, w, 0) < 1 || pb_window_count(width, w, 1) < 1)
        return pb_infer_fail(g, r, "kernel [%d, %d] is larger than the padded input [%d, %d]",
                             w.kernel[0], w.kernel[1], height + 2 * w.padding[0],
                             width + 2 * w.padding[1]);
    return PB_OK;
}

/* ---- shapes ---- */

/* The shape of what windows over an image [N, C, height, width] give. */
static pb_status pooled_shape(pb_graph *g, pb_record *r, pb_shape image)
{
    char text[PB_SHAPE_TEXT];
    if (image.axes != 4)
        return pb_infer_fail(g, r, "input %s, it must be [N, C, H, W]", pb_shape_text(image, text));
    PB_TRY(pb_window_check(g, r, image.dim[2], image.dim[3]));
    for (int i = 0; i < 2; i++)
        if (2 * r->attrs.window.padding[i] > r->attrs.window.kernel[i])
            return pb_infer_fail(g, r, "padding %d, at most half of kernel %d is allowed",
                                 r->attrs.window.padding[i], r->attrs.window.kernel[i]);
    r->shape = image;
    r->shape.dim[2] = pb_window_count(image.dim[2], r->attrs.window, 0);
    r->shape.dim[3] = pb_window_count(image.dim[3], r->attrs.window, 1);
    return PB_OK;
}

static pb_status check_positions(pb_graph *g, const pb_record *r, pb_shape pooled)
{
    const pb_record *index = pb_in_record(g, r, 1);
    char want[PB_SHAPE_TEXT], got[PB_SHAPE_TEXT];
    if (index->dtype != PB_I32 || !pb_shape_equal(index->shape, pooled))
        return pb_infer_fail(g, r, "positions are %s %s, they must be i32 %s",
                             pb_dtype_name(index->dtype), pb_shape_text(index->shape, got),
                             pb_shape_text(pooled, want));
    return PB_OK;
}

pb_status pb_infer_pool_index(pb_graph *g, pb_record *r)
{
    const pb_record *x = pb_in_record(g, r, 0);
    r->dtype = PB_I32;
    if (x->dtype == PB_U8) return pb_infer_fail(g, r, "input is u8: pb_cast it to f32 or i32");
    return pooled_shape(g, r, x->shape);
}

pb_status pb_infer_pool_gather(pb_graph *g, pb_record *r)
{
    const pb_record *x = pb_in_record(g, r, 0);
    r->dtype = x->dtype;
    PB_TRY(pooled_shape(g, r, x->shape));
    return check_positions(g, r, r->shape);
}

pb_status pb_infer_pool_scatter(pb_graph *g, pb_record *r)
{
    const pb_record *dy = pb_in_record(g, r, 0);
    char want[PB_SHAPE_TEXT], got[PB_SHAPE_TEXT];
    pb_shape image = dy->shape;
    if (image.axes == 4) {
        image.dim[2] = r->attrs.height;
        image.dim[3] = r->attrs.width;
    }
    r->dtype = dy->dtype;
    PB_TRY(pooled_shape(g, r, image));
    if (dy->dtype == PB_U8) return pb_infer_fail(g, r, "input is u8: pb_cast it to f32 or i32");
    if (!pb_shape_equal(r->shape, dy->shape))
        return pb_infer_fail(g, r, "input %s, windows over %s give %s",
                             pb_shape_text(dy->shape, got), pb_shape_text(image, want),
                             pb_shape_text(r->shape, (char[PB_SHAPE_TEXT]){0}));
    PB_TRY(check_positions(g, r, dy->shape));
    r->shape = image;
    return PB_OK;
}

/* ---- gradients ---- */

/* y = x[position]:  dx = scatter of dy to the same positions */
void pb_grad_pool_gather(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    const pb_record *r = pb_record_of(g, y);
    const pb_shape image = pb_in_record(g, r, 0)->shape;
    d[0] = pb_pool_scatter(g, dy, r->in[1], r->attrs.window, image.dim[2], image.dim[3]);
}

void pb_grad_pool_scatter(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    const pb_record *r = pb_record_of(g, y);
    d[0] = pb_pool_gather(g, dy, r->in[1], r->attrs.window);
}

/* ---- references ---- */

/* The image element at position `p` of the window of output (i, j); -1 when it lies in the padding.
 */
static int element_at(pb_shape image, pb_window w, int i, int j, int p)
{
    const int row = i * w.stride[0] - w.padding[0] + p / w.kernel[1];
    const int column = j * w.stride[1] - w.padding[1] + p % w.kernel[1];
    if (row < 0 || row >= image.dim[2] || column < 0 || column >= image.dim[3]) return -1;
    return row * image.dim[3] + column;
}

void pb_ref_pool_index(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    const pb_shape image = pb_in_record(g, r, 0)->shape;
    const pb_window w = r->attrs.window;
    const int planes = image.dim[0] * image.dim[1], pixels = image.dim[2] * image.dim[3];
    for (int plane = 0; plane < planes; plane++) {
        const double *x = in[0] + (size_t)plane * (size_t)pixels;
        for (int i = 0; i < r->shape.dim[2]; i++) {
            for (int j = 0; j < r->shape.dim[3]; j++) {
                int best = -1;
                double largest = 0;
                for (int p = 0; p < w.kernel[0] * w.kernel[1]; p++) {
                    const int at = element_at(image, w, i, j, p);
                    if (at < 0 || (best >= 0 && !(x[at] > largest))) continue;
                    best = p;
                    largest = x[at];
                }
                *out++ = best;
            }
        }
    }
}

/* Moves each pooled element from its pixel (gather), or adds it to its pixel (scatter). */
static void move_pooled(pb_shape pooled, pb_shape image, pb_window w, const double *positions,
                        double *elements, double *pixels, bool scatter)
{
    const size_t planes = (size_t)image.dim[0] * (size_t)image.dim[1];
    const size_t plane_pixels = (size_t)image.dim[2] * (size_t)image.dim[3];
    for (size_t plane = 0; plane < planes; plane++, pixels += plane_pixels) {
        for (int i = 0; i < pooled.dim[2]; i++) {
            for (int j = 0; j < pooled.dim[3]; j++, elements++) {
                const int at = element_at(image, w, i, j, (int)*positions++);
                if (scatter && at >= 0) pixels[at] += *elements;
                if (!scatter) *elements = at >= 0 ? pixels[at] : 0;
            }
        }
    }
}

void pb_ref_pool_gather(const pb_graph *g, const pb_record *r, const double *const in[],
                        double *out)
{
    const pb_shape image = pb_in_record(g, r, 0)->shape;
    move_pooled(r->shape, image, r->attrs.window, in[1], out, (double *)in[0], false);
}

void pb_ref_pool_scatter(const pb_graph *g, const pb_record *r, const double *const in[],
                         double *out)
{
    memset(out, 0, pb_shape_count(r->shape) * sizeof *out);
    const pb_shape pooled = pb_in_record(g, r, 0)->shape;
    move_pooled(pooled, r->shape, r->attrs.window, in[1], (double *)in[0], out, true);
}
