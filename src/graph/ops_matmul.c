/* Matrix products over the last two axes; leading axes are batches. */
#include "graph/rules.h"
#include "graph/store.h"

pb_status pb_infer_matmul(pb_graph *g, pb_record *r)
{
    const pb_record *a = pb_in_record(g, r, 0), *b = pb_in_record(g, r, 1);
    const bool ta = r->attrs.transpose_a, tb = r->attrs.transpose_b;
    const int axes = a->shape.axes;
    char one[PB_SHAPE_TEXT], other[PB_SHAPE_TEXT];
    if (a->dtype != PB_F32 || b->dtype != PB_F32)
        return pb_infer_fail(g, r, "operands are %s and %s, both must be f32",
                             pb_dtype_name(a->dtype), pb_dtype_name(b->dtype));
    bool fits = axes >= 2 && axes == b->shape.axes;
    for (int i = 0; fits && i < axes - 2; i++) fits = a->shape.dim[i] == b->shape.dim[i];
    if (fits) {
        const int *m = a->shape.dim + axes - 2, *n = b->shape.dim + axes - 2;
        fits = m[!ta] == n[tb];
        r->shape = a->shape;
        r->shape.dim[axes - 2] = m[ta];
        r->shape.dim[axes - 1] = n[!tb];
    }
    r->dtype = PB_F32;
    if (!fits)
        return pb_infer_fail(g, r,
                             "%s%s times %s%s: columns of the first must equal rows of the "
                             "second, leading axes must agree",
                             pb_shape_text(a->shape, one), ta ? " transposed" : "",
                             pb_shape_text(b->shape, other), tb ? " transposed" : "");
    return PB_OK;
}

/* y = a b:  da = dy b^T,  db = a^T dy; of a transposed operand, the transpose of that. */
void pb_grad_matmul(pb_graph *g, pb_value y, pb_value dy, pb_value d[])
{
    const pb_value a = pb_in(g, y, 0), b = pb_in(g, y, 1);
    const bool ta = pb_record_of(g, y)->attrs.transpose_a;
    const bool tb = pb_record_of(g, y)->attrs.transpose_b;
    d[0] = ta ? pb_matmul_t(g, b, dy, tb, true) : pb_matmul_t(g, dy, b, false, !tb);
    d[1] = tb ? pb_matmul_t(g, dy, a, true, ta) : pb_matmul_t(g, a, dy, !ta, false);
}

void pb_ref_matmul(const pb_graph *g, const pb_record *r, const double *const in[], double *out)
{
    const pb_shape a = pb_in_record(g, r, 0)->shape;
    const int axes = r->shape.axes;
    const size_t rows = (size_t)r->shape.dim[axes - 2], columns = (size_t)r->shape.dim[axes - 1];
    const size_t inner = (size_t)a.dim[axes - 2 + !r->attrs.transpose_a];
    const size_t batches = pb_shape_count(r->shape) / (rows * columns);
    const size_t a_row = r->attrs.transpose_a ? 1 : inner,
                 a_column = r->attrs.transpose_a ? rows : 1;
    const size_t b_row = r->attrs.transpose_b ? 1 : columns;
    const size_t b_column = r->attrs.transpose_b ? inner : 1;
    for (size_t batch = 0; batch < batches; batch++) {
        const double *x = in[0] + batch * rows * inner, *w = in[1] + batch * inner * columns;
        for (size_t i = 0; i < rows; i++) {
            for (size_t j = 0; j < columns; j++) {
                double sum = 0;
                for (size_t k = 0; k < inner; k++)
                    sum += x[i * a_row + k * a_column] * w[k * b_row + j * b_column];
                *out++ = sum;
            }
        }
    }
}
