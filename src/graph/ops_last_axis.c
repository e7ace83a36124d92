/* Ops on the numbers of each row: some of them by index, and how many there are of each. */
#include "graph/rules.h"
#include "graph/store.h"

#include <string.h>

/* ---- take: y[..., j] = a[..., index[j]] ---- */

pb_status pb_infer_take(pb_graph *g, pb_record *r)
{
    const pb_record *a = pb_in_record(g, r, 0), *index = pb_in_record(g, r, 1);
    char text[PB_SHAPE_TEXT];
    if (index->dtype != PB_I32 || index->shape.axes != 1)
        return pb_infer_fail(g, r, "the index is %s %s, it must be i32 of one axis",
                             pb_dtype_name(index->dtype), pb_shape_text(index->shape, text));
    if (a->shape.axes < 1) return pb_infer_fail(g, r, "a scalar has no last axis");
    r->shape = a->shape;
    r->shape.dim[r->shape.axes - 1] = index->shape.dim[0];
    r->dtype = a->dtype;
    return PB_OK;
}

/* The index as a matrix H of zeros and ones makes y = a H^T:  da = dy H */
void pb_grad_take(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    const pb_shape a = pb_value_shape(g, pb_in(g, y, 0)), s = pb_value_shape(g, y);
    const pb_value hot = pb_one_hot(g, pb_in(g, y, 1), a.dim[a.axes - 1]);
    const pb_value rows = pb_reshape(g, dy, PB_SHAPE(-1, s.dim[s.axes - 1]));
    d[0] = pb_reshape(g, pb_matmul(g, rows, hot), a);
}

/* Indices outside the axis are the caller's mistake; they meet the nearest element instead of
 * foreign memory. */
static size_t nearest_element(double index, int extent)
{
    if (!(index > 0)) return 0;
    return index < extent - 1 ? (size_t)index : (size_t)(extent - 1);
}

void pb_ref_take(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    const pb_shape a = pb_in_record(g, r, 0)->shape;
    const int extent = a.dim[a.axes - 1], taken = r->shape.dim[r->shape.axes - 1];
    const size_t rows = pb_shape_count(a) / (size_t)extent;
    for (size_t i = 0; i < rows; i++)
        for (int j = 0; j < taken; j++)
            out[i * (size_t)taken + (size_t)j] =
                in[0][i * (size_t)extent + nearest_element(in[1][j], extent)];
}

bool pb_rows_take(const pb_graph *g, const pb_record *r, bool by_row[])
{
    return r->shape.axes > 1 && pb_rows_first(g, r, by_row);
}

/* ---- pick: y[i, j] = a[i, index[i, j]] ---- */

pb_status pb_infer_pick(pb_graph *g, pb_record *r)
{
    const pb_record *a = pb_in_record(g, r, 0), *index = pb_in_record(g, r, 1);
    char one[PB_SHAPE_TEXT], other[PB_SHAPE_TEXT];
    if (index->dtype != PB_I32 || index->shape.axes != 2 || a->shape.axes != 2 ||
        a->shape.dim[0] != index->shape.dim[0])
        return pb_infer_fail(g, r,
                             "rows %s and index %s %s, which must be i32 [N, n] of rows [N, F]",
                             pb_shape_text(a->shape, one), pb_dtype_name(index->dtype),
                             pb_shape_text(index->shape, other));
    r->shape = index->shape;
    r->dtype = a->dtype;
    return PB_OK;
}

/* da[i, k] = sum over j of dy[i, j] where index[i, j] = k. No product of these terms is stored:
 * they are made where they are added up. */
void pb_grad_pick(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    const pb_shape a = pb_value_shape(g, pb_in(g, y, 0)), s = pb_value_shape(g, y);
    const int rows = s.dim[0], picked = s.dim[1], width = a.dim[1];
    const pb_value index = pb_reshape(g, pb_in(g, y, 1), PB_SHAPE(rows, 1, picked));
    const pb_value chosen = pb_equal(g, index, pb_iota(g, PB_SHAPE(1, width, 1), 1));
    const pb_value terms =
        pb_mul(g, pb_cast(g, chosen, PB_F32), pb_reshape(g, dy, PB_SHAPE(rows, 1, picked)));
    d[0] = pb_sum(g, terms, 2, false);
}

void pb_ref_pick(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    const int width = pb_in_record(g, r, 0)->shape.dim[1], picked = r->shape.dim[1];
    for (int i = 0; i < r->shape.dim[0]; i++)
        for (int j = 0; j < picked; j++) {
            const size_t at = (size_t)i * (size_t)picked + (size_t)j;
            out[at] = in[0][(size_t)i * (size_t)width + nearest_element(in[1][at], width)];
        }
}

/* ---- histogram: y[i, k] = how many a[i, j] are k ---- */

pb_status pb_infer_histogram(pb_graph *g, pb_record *r)
{
    const pb_record *a = pb_in_record(g, r, 0);
    char text[PB_SHAPE_TEXT];
    if (a->dtype != PB_I32 || a->shape.axes != 2)
        return pb_infer_fail(g, r, "input is %s %s, it must be i32 of two axes",
                             pb_dtype_name(a->dtype), pb_shape_text(a->shape, text));
    r->shape = PB_SHAPE(a->shape.dim[0], r->attrs.count);
    r->dtype = PB_F32;
    return PB_OK;
}

void pb_ref_histogram(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    const int width = pb_in_record(g, r, 0)->shape.dim[1], bins = r->shape.dim[1];
    memset(out, 0, pb_shape_count(r->shape) * sizeof *out);
    for (int i = 0; i < r->shape.dim[0]; i++)
        for (int j = 0; j < width; j++) {
            const double bin = in[0][(size_t)i * (size_t)width + (size_t)j];
            if (bin >= 0 && bin < bins) out[(size_t)i * (size_t)bins + (size_t)bin]++;
        }
}
