/* Reductions along one axis, which stays with extent 1. */
#include "graph/rules.h"
#include "graph/store.h"

#include <math.h>

/* ---- shapes ---- */

pb_status pb_infer_reduce(pb_graph *g, pb_record *r)
{
    const pb_record *a = pb_in_record(g, r, 0);
    const int axis = r->attrs.axis;
    char text[PB_SHAPE_TEXT];
    r->shape = a->shape;
    r->dtype = a->dtype;
    if (axis < 0 || axis >= a->shape.axes)
        return pb_infer_fail(g, r, "axis %d of %s", axis, pb_shape_text(a->shape, text));
    if (a->dtype == PB_U8) return pb_infer_fail(g, r, "input is u8: pb_cast it to f32 or i32");
    r->shape.dim[axis] = 1;
    return PB_OK;
}

pb_status pb_infer_argmax(pb_graph *g, pb_record *r)
{
    PB_TRY(pb_infer_reduce(g, r));
    r->dtype = PB_I32;
    return PB_OK;
}

/* ---- gradients ---- */

/* y = sum of a:  da = dy everywhere */
void pb_grad_sum(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    d[0] = pb_broadcast(g, dy, pb_value_shape(g, pb_in(g, y, 0)));
}

/* y = max of a:  da = dy / n where a is y, for n such elements */
void pb_grad_max(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    const pb_value a = pb_in(g, y, 0);
    const pb_value largest = pb_equal(g, a, y);
    const pb_value n = pb_sum(g, largest, pb_record_of(g, y)->attrs.axis, true);
    d[0] = pb_mul(g, largest, pb_div(g, dy, n));
}

/* ---- references ---- */

typedef double fold_line(const double *line, size_t extent, size_t stride);

static void each_line(const pb_graph *g, const pb_record *r, const double *a, double *out,
                      fold_line *fold)
{
    const pb_shape shape = pb_in_record(g, r, 0)->shape;
    int strides[PB_MAX_AXES];
    pb_shape_strides(shape, strides);
    const size_t stride = (size_t)strides[r->attrs.axis], extent = (size_t)shape.dim[r->attrs.axis];
    const size_t outer = pb_shape_count(shape) / (extent * stride);
    for (size_t i = 0; i < outer; i++)
        for (size_t j = 0; j < stride; j++)
            out[i * stride + j] = fold(a + i * extent * stride + j, extent, stride);
}

static double line_sum(const double *line, size_t extent, size_t stride)
{
    double sum = 0;
    for (size_t i = 0; i < extent; i++) sum += line[i * stride];
    return sum;
}

static double line_argmax(const double *line, size_t extent, size_t stride)
{
    size_t best = 0;
    for (size_t i = 1; i < extent; i++)
        if (line[i * stride] > line[best * stride]) best = i;
    return (double)best;
}

static double line_max(const double *line, size_t extent, size_t stride)
{
    double largest = line[0];
    for (size_t i = 1; i < extent; i++) {
        const double a = line[i * stride];
        if (a > largest || isnan(a)) largest = a;
    }
    return largest;
}

void pb_ref_sum(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    each_line(g, r, in[0], out, line_sum);
}

void pb_ref_max(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    each_line(g, r, in[0], out, line_max);
}

void pb_ref_argmax(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    each_line(g, r, in[0], out, line_argmax);
}
