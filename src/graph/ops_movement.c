/* Movement ops: an element of the value is one element of an input, or zero. */
#include "graph/rules.h"
#include "graph/store.h"

#include <string.h>

/* ---- walking a shape ---- */

/* Coordinates of the row-major element `i`. */
static void coordinates(pb_shape shape, size_t i, int at[PB_MAX_AXES])
{
    for (int axis = shape.axes - 1; axis >= 0; axis--) {
        at[axis] = (int)(i % (size_t)shape.dim[axis]);
        i /= (size_t)shape.dim[axis];
    }
}

/* ---- reshape: the same elements in row-major order ---- */

pb_status pb_infer_reshape(pb_graph *g, pb_record *r)
{
    const pb_record *a = pb_in_record(g, r, 0);
    char from[PB_SHAPE_TEXT], to[PB_SHAPE_TEXT];
    r->shape = r->attrs.shape;
    r->dtype = a->dtype;
    if (pb_shape_count(a->shape) != pb_shape_count(r->shape))
        return pb_infer_fail(g, r, "%s holds %zu elements, %s needs %zu",
                             pb_shape_text(a->shape, from), pb_shape_count(a->shape),
                             pb_shape_text(r->shape, to), pb_shape_count(r->shape));
    return PB_OK;
}

void pb_grad_reshape(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    d[0] = pb_reshape(g, dy, pb_value_shape(g, pb_in(g, y, 0)));
}

/* ---- permute: y's axis i is a's axis order[i] ---- */

pb_status pb_infer_permute(pb_graph *g, pb_record *r)
{
    const pb_record *a = pb_in_record(g, r, 0);
    bool seen[PB_MAX_AXES] = {false};
    r->shape.axes = a->shape.axes;
    r->dtype = a->dtype;
    for (int i = 0; i < a->shape.axes; i++) {
        const int axis = r->attrs.order[i];
        if (axis < 0 || axis >= a->shape.axes || seen[axis])
            return pb_infer_fail(g, r, "axis %d stands twice or is none of %d", axis,
                                 a->shape.axes);
        seen[axis] = true;
        r->shape.dim[i] = a->shape.dim[axis];
    }
    return PB_OK;
}

void pb_grad_permute(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    const pb_record *r = pb_record_of(g, y);
    int inverse[PB_MAX_AXES] = {0};
    for (int i = 0; i < r->shape.axes; i++) inverse[r->attrs.order[i]] = i;
    d[0] = pb_permute(g, dy, inverse);
}

void pb_ref_permute(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    int strides[PB_MAX_AXES], at[PB_MAX_AXES];
    pb_shape_strides(pb_in_record(g, r, 0)->shape, strides);
    const size_t count = pb_shape_count(r->shape);
    for (size_t i = 0; i < count; i++) {
        int from = 0;
        coordinates(r->shape, i, at);
        for (int axis = 0; axis < r->shape.axes; axis++)
            from += at[axis] * strides[r->attrs.order[axis]];
        out[i] = in[0][from];
    }
}

/* ---- broadcast: extents of 1 repeat ---- */

pb_status pb_infer_broadcast(pb_graph *g, pb_record *r)
{
    const pb_record *a = pb_in_record(g, r, 0);
    char from[PB_SHAPE_TEXT], to[PB_SHAPE_TEXT];
    r->shape = r->attrs.shape;
    r->dtype = a->dtype;
    bool fits = a->shape.axes == r->shape.axes;
    for (int i = 0; fits && i < r->shape.axes; i++)
        fits = a->shape.dim[i] == 1 || a->shape.dim[i] == r->shape.dim[i];
    if (!fits)
        return pb_infer_fail(g, r, "%s does not broadcast to %s", pb_shape_text(a->shape, from),
                             pb_shape_text(r->shape, to));
    return PB_OK;
}

void pb_grad_broadcast(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    d[0] = pb_sum_to(g, dy, pb_value_shape(g, pb_in(g, y, 0)));
}

void pb_ref_broadcast(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    const pb_shape from_shape = pb_in_record(g, r, 0)->shape;
    int strides[PB_MAX_AXES], at[PB_MAX_AXES];
    pb_shape_strides(from_shape, strides);
    const size_t count = pb_shape_count(r->shape);
    for (size_t i = 0; i < count; i++) {
        int from = 0;
        coordinates(r->shape, i, at);
        for (int axis = 0; axis < r->shape.axes; axis++)
            if (from_shape.dim[axis] > 1) from += at[axis] * strides[axis];
        out[i] = in[0][from];
    }
}

/* ---- slice and pad, each the other's adjoint ---- */

pb_status pb_infer_slice(pb_graph *g, pb_record *r)
{
    const pb_record *a = pb_in_record(g, r, 0);
    char from[PB_SHAPE_TEXT], to[PB_SHAPE_TEXT];
    r->shape = r->attrs.shape;
    r->dtype = a->dtype;
    bool fits = a->shape.axes == r->shape.axes;
    for (int i = 0; fits && i < r->shape.axes; i++)
        fits = r->attrs.before[i] >= 0 && r->shape.dim[i] >= 1 &&
               r->shape.dim[i] <= a->shape.dim[i] - r->attrs.before[i];
    if (fits) return PB_OK;
    const pb_shape begin = {
        .axes = a->shape.axes,
        .dim = {r->attrs.before[0], r->attrs.before[1], r->attrs.before[2], r->attrs.before[3]}};
    char at[PB_SHAPE_TEXT];
    return pb_infer_fail(g, r, "%s at %s does not lie within %s", pb_shape_text(r->shape, to),
                         pb_shape_text(begin, at), pb_shape_text(a->shape, from));
}

void pb_grad_slice(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    const pb_record *r = pb_record_of(g, y), *a = pb_in_record(g, r, 0);
    int after[PB_MAX_AXES] = {0};
    for (int i = 0; i < a->shape.axes; i++)
        after[i] = a->shape.dim[i] - r->shape.dim[i] - r->attrs.before[i];
    d[0] = pb_pad(g, dy, r->attrs.before, after);
}

/* Where the element of `inner` at `at` lies in `outer`, which holds it from `begin` on. */
static size_t offset_within(pb_shape outer, const int begin[], const int at[])
{
    int strides[PB_MAX_AXES], offset = 0;
    pb_shape_strides(outer, strides);
    for (int axis = 0; axis < outer.axes; axis++)
        offset += (at[axis] + begin[axis]) * strides[axis];
    return (size_t)offset;
}

void pb_ref_slice(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    const pb_shape outer = pb_in_record(g, r, 0)->shape;
    int at[PB_MAX_AXES];
    const size_t count = pb_shape_count(r->shape);
    for (size_t i = 0; i < count; i++) {
        coordinates(r->shape, i, at);
        out[i] = in[0][offset_within(outer, r->attrs.before, at)];
    }
}

pb_status pb_infer_pad(pb_graph *g, pb_record *r)
{
    const pb_record *a = pb_in_record(g, r, 0);
    r->shape = a->shape;
    r->dtype = a->dtype;
    for (int i = 0; i < a->shape.axes; i++) {
        if (r->attrs.before[i] < 0 || r->attrs.after[i] < 0)
            return pb_infer_fail(g, r, "axis %d: %d before and %d after, neither may be negative",
                                 i, r->attrs.before[i], r->attrs.after[i]);
        r->shape.dim[i] += r->attrs.before[i] + r->attrs.after[i];
    }
    return PB_OK;
}

void pb_grad_pad(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    const pb_record *r = pb_record_of(g, y);
    d[0] = pb_slice(g, dy, r->attrs.before, pb_in_record(g, r, 0)->shape);
}

void pb_ref_pad(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    const pb_shape inner = pb_in_record(g, r, 0)->shape;
    int at[PB_MAX_AXES];
    memset(out, 0, pb_shape_count(r->shape) * sizeof *out);
    const size_t count = pb_shape_count(inner);
    for (size_t i = 0; i < count; i++) {
        coordinates(inner, i, at);
        out[offset_within(r->shape, r->attrs.before, at)] = in[0][i];
    }
}

/* ---- concat ---- */

pb_status pb_infer_concat(pb_graph *g, pb_record *r)
{
    if (r->arity < 1) return pb_infer_fail(g, r, "it needs at least one part");
    const pb_record *first = pb_in_record(g, r, 0);
    const int axis = r->attrs.axis;
    char one[PB_SHAPE_TEXT], other[PB_SHAPE_TEXT];
    r->shape = first->shape;
    r->dtype = first->dtype;
    if (axis < 0 || axis >= first->shape.axes)
        return pb_infer_fail(g, r, "axis %d of %s", axis, pb_shape_text(first->shape, one));
    r->shape.dim[axis] = 0;
    for (int i = 0; i < r->arity; i++) {
        const pb_record *part = pb_in_record(g, r, i);
        bool fits = part->shape.axes == first->shape.axes && part->dtype == first->dtype;
        for (int k = 0; fits && k < first->shape.axes; k++)
            fits = k == axis || part->shape.dim[k] == first->shape.dim[k];
        if (!fits)
            return pb_infer_fail(g, r, "part %d is %s %s, it does not fit %s %s along axis %d", i,
                                 pb_dtype_name(part->dtype), pb_shape_text(part->shape, other),
                                 pb_dtype_name(first->dtype), pb_shape_text(first->shape, one),
                                 axis);
        r->shape.dim[axis] += part->shape.dim[axis];
    }
    return PB_OK;
}

void pb_grad_concat(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    const pb_record *r = pb_record_of(g, y);
    int begin[PB_MAX_AXES] = {0};
    for (int i = 0; i < r->arity; i++) {
        const pb_shape part = pb_in_record(g, r, i)->shape;
        d[i] = pb_slice(g, dy, begin, part);
        begin[r->attrs.axis] += part.dim[r->attrs.axis];
    }
}

void pb_ref_concat(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    int begin[PB_MAX_AXES] = {0}, at[PB_MAX_AXES];
    for (int k = 0; k < r->arity; k++) {
        const pb_shape part = pb_in_record(g, r, k)->shape;
        const size_t count = pb_shape_count(part);
        for (size_t i = 0; i < count; i++) {
            coordinates(part, i, at);
            out[offset_within(r->shape, begin, at)] = in[k][i];
        }
        begin[r->attrs.axis] += part.dim[r->attrs.axis];
    }
}

/* ---- gather and scatter_add, each the other's adjoint ---- */

static pb_status check_index(pb_graph *g, const pb_record *r, const pb_record *index)
{
    char text[PB_SHAPE_TEXT];
    if (index->dtype == PB_I32 && index->shape.axes == 1) return PB_OK;
    return pb_infer_fail(g, r, "the index is %s %s, it must be i32 of one axis",
                         pb_dtype_name(index->dtype), pb_shape_text(index->shape, text));
}

pb_status pb_infer_gather(pb_graph *g, pb_record *r)
{
    const pb_record *a = pb_in_record(g, r, 0), *index = pb_in_record(g, r, 1);
    PB_TRY(check_index(g, r, index));
    if (a->shape.axes < 1) return pb_infer_fail(g, r, "a scalar has no rows");
    r->shape = a->shape;
    r->shape.dim[0] = index->shape.dim[0];
    r->dtype = a->dtype;
    return PB_OK;
}

void pb_grad_gather(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    const pb_value a = pb_in(g, y, 0), index = pb_in(g, y, 1);
    d[0] = pb_scatter_add(g, dy, index, pb_value_shape(g, a).dim[0]);
}

/* Indices outside [0, rows) are the caller's mistake; they meet the nearest row instead of foreign
 * memory. */
static size_t row_of(double index, int rows)
{
    if (!(index > 0)) return 0;
    return index < rows - 1 ? (size_t)index : (size_t)(rows - 1);
}

void pb_ref_gather(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    const pb_shape a = pb_in_record(g, r, 0)->shape;
    const size_t width = pb_shape_count(a) / (size_t)a.dim[0];
    for (int i = 0; i < r->shape.dim[0]; i++)
        memcpy(out + (size_t)i * width, in[0] + row_of(in[1][i], a.dim[0]) * width,
               width * sizeof *out);
}

pb_status pb_infer_scatter_add(pb_graph *g, pb_record *r)
{
    const pb_record *rows = pb_in_record(g, r, 0), *index = pb_in_record(g, r, 1);
    char one[PB_SHAPE_TEXT], other[PB_SHAPE_TEXT];
    PB_TRY(check_index(g, r, index));
    if (rows->shape.axes < 1 || rows->shape.dim[0] != index->shape.dim[0])
        return pb_infer_fail(g, r, "rows %s and index %s differ in their number of rows",
                             pb_shape_text(rows->shape, one), pb_shape_text(index->shape, other));
    if (rows->dtype == PB_U8) return pb_infer_fail(g, r, "rows are u8: pb_cast them to f32 or i32");
    r->shape = rows->shape;
    r->shape.dim[0] = r->attrs.count;
    r->dtype = rows->dtype;
    return PB_OK;
}

void pb_grad_scatter_add(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    d[0] = pb_gather(g, dy, pb_in(g, y, 1));
}

void pb_ref_scatter_add(const pb_graph *g, const pb_record *r, const double *const in[],
                        double *out)
{
    const pb_shape rows = pb_in_record(g, r, 0)->shape;
    const size_t width = pb_shape_count(rows) / (size_t)rows.dim[0];
    memset(out, 0, pb_shape_count(r->shape) * sizeof *out);
    for (int i = 0; i < rows.dim[0]; i++) {
        double *to = out + row_of(in[1][i], r->shape.dim[0]) * width;
        for (size_t k = 0; k < width; k++) to[k] += in[0][(size_t)i * width + k];
    }
}
