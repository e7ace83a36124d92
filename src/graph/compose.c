/* Functions composed of the table's ops. */
#include "graph/store.h"

#include <math.h>

pb_value pb_max_pool(pb_graph *g, pb_value x, pb_window window)
{
    return pb_pool_gather(g, x, pb_pool_index(g, x, window), window);
}

/* Logits less their largest: the result of a softmax is the same and exp cannot overflow. */
static pb_value centred(pb_graph *g, pb_value logits)
{
    const int last = pb_value_shape(g, logits).axes - 1;
    return pb_sub(g, logits, pb_detach(g, pb_max(g, logits, last, true)));
}

/* e^x / sum e^x */
pb_value pb_softmax(pb_graph *g, pb_value logits)
{
    const pb_value e = pb_exp(g, centred(g, logits));
    return pb_div(g, e, pb_sum(g, e, pb_value_shape(g, e).axes - 1, true));
}

/* x - ln sum e^x */
pb_value pb_log_softmax(pb_graph *g, pb_value logits)
{
    const pb_value x = centred(g, logits), e = pb_exp(g, x);
    return pb_sub(g, x, pb_log_natural(g, pb_sum(g, e, pb_value_shape(g, e).axes - 1, true)));
}

pb_value pb_one_hot(pb_graph *g, pb_value labels, int classes)
{
    const pb_shape shape = pb_value_shape(g, labels);
    char text[PB_SHAPE_TEXT];
    if (pb_record_of(g, labels) && (shape.axes != 1 || pb_value_dtype(g, labels) != PB_I32))
        return pb_graph_fail(g, PB_ERR_SHAPE, "one_hot: labels are %s %s, they must be i32 [N]",
                             pb_dtype_name(pb_value_dtype(g, labels)), pb_shape_text(shape, text));
    const pb_value column = pb_reshape(g, labels, PB_SHAPE(shape.dim[0], 1));
    const pb_value classes_row = pb_iota(g, PB_SHAPE(1, classes), 1);
    return pb_cast(g, pb_equal(g, column, classes_row), PB_F32);
}

/* -log_softmax(logits)[label] */
pb_value pb_cross_entropy(pb_graph *g, pb_value logits, pb_value labels)
{
    const pb_shape rows = pb_value_shape(g, logits), count = pb_value_shape(g, labels);
    char one[PB_SHAPE_TEXT], other[PB_SHAPE_TEXT];
    if (!pb_record_of(g, logits) || !pb_record_of(g, labels)) return pb_mul(g, logits, labels);
    if (rows.axes != 2 || count.axes != 1 || rows.dim[0] != count.dim[0])
        return pb_graph_fail(
            g, PB_ERR_SHAPE,
            "cross_entropy: logits %s and labels %s, they must be [N, classes] and [N]",
            pb_shape_text(rows, one), pb_shape_text(count, other));
    const pb_value chosen = pb_one_hot(g, labels, rows.dim[1]);
    return pb_neg(g, pb_sum(g, pb_mul(g, pb_log_softmax(g, logits), chosen), 1, false));
}

/* The first `rows` basis vectors of the orthonormal DCT-II of length `length`: [rows, length]. */
static pb_value dct_basis(pb_graph *g, int rows, int length)
{
    const double pi = 3.14159265358979323846;
    float *basis = pb_graph_memory(g, (size_t)rows * (size_t)length * sizeof *basis);
    if (!basis) return PB_NONE;
    for (int k = 0; k < rows; k++) {
        const double scale = sqrt((k == 0 ? 1.0 : 2.0) / length);
        for (int n = 0; n < length; n++)
            basis[k * length + n] = (float)(scale * cos(pi * k * (2 * n + 1) / (2.0 * length)));
    }
    return pb_constant_data(g, basis, PB_SHAPE(rows, length));
}

/* y = L x R^T for every image x. Both products have one matrix for the whole batch, so each is one
 * large product; what lies between is a transposition. */
static pb_value both_sides(pb_graph *g, pb_value left, pb_value x, pb_value right, bool transpose)
{
    x = pb_transpose(g, pb_matmul_t(g, x, right, false, !transpose));
    return pb_transpose(g, pb_matmul_t(g, x, left, false, !transpose));
}

pb_value pb_dct2(pb_graph *g, pb_value x, int keep)
{
    const pb_shape shape = pb_value_shape(g, x);
    char text[PB_SHAPE_TEXT];
    if (!pb_record_of(g, x)) return pb_neg(g, x);
    if (shape.axes != 3)
        return pb_graph_fail(g, PB_ERR_SHAPE, "dct2: input %s, it must be [N, H, W]",
                             pb_shape_text(shape, text));
    const int height = shape.dim[1], width = shape.dim[2];
    if (keep < 1 || keep > height || keep > width)
        return pb_graph_fail(g, PB_ERR_SHAPE, "dct2: keep %d of input %s, 1 to %d are there", keep,
                             pb_shape_text(shape, text), height < width ? height : width);
    const pb_value right = dct_basis(g, keep, width);
    const pb_value left = height == width ? right : dct_basis(g, keep, height);
    return both_sides(g, left, x, right, false);
}

pb_value pb_idct2(pb_graph *g, pb_value x, int height, int width)
{
    const pb_shape shape = pb_value_shape(g, x);
    char text[PB_SHAPE_TEXT];
    if (!pb_record_of(g, x)) return pb_neg(g, x);
    if (shape.axes != 3 || shape.dim[1] > height || shape.dim[2] > width)
        return pb_graph_fail(g, PB_ERR_SHAPE,
                             "idct2: coefficients %s, they must be [N, K, L] with K <= %d, L <= %d",
                             pb_shape_text(shape, text), height, width);
    const bool same = height == width && shape.dim[1] == shape.dim[2];
    const pb_value right = dct_basis(g, shape.dim[2], width);
    const pb_value left = same ? right : dct_basis(g, shape.dim[1], height);
    return both_sides(g, left, x, right, true);
}
