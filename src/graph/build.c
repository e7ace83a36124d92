/* The public constructors: NumPy's broadcasting and PyTorch's conveniences, spelled out as ops of
 * the table. */
#include "graph/store.h"

#include <math.h>
#include <string.h>

/* ---- leaves and constants ---- */

pb_value pb_param(pb_graph *g, const char *name, pb_shape shape, float bound)
{
    const pb_init init = {.kind = PB_INIT_UNIFORM, .a = -bound, .b = bound};
    return pb_leaf(g, PB_ROLE_PARAM, name, PB_F32, shape, init);
}

pb_value pb_input(pb_graph *g, const char *name, pb_shape shape)
{
    return pb_leaf(g, PB_ROLE_INPUT, name, PB_F32, shape, (pb_init){.kind = PB_INIT_CONSTANT});
}

pb_value pb_splat(pb_graph *g, double number, pb_dtype dtype, pb_shape shape)
{
    const pb_attrs attrs = {.number = number, .dtype = dtype, .shape = shape};
    return pb_append(g, PB_OP_CONSTANT, 0, NULL, &attrs);
}

pb_value pb_constant(pb_graph *g, float number, pb_shape shape)
{
    return pb_splat(g, (double)number, PB_F32, shape);
}

pb_value pb_constant_i32(pb_graph *g, int32_t number, pb_shape shape)
{
    return pb_splat(g, number, PB_I32, shape);
}

pb_value pb_constant_data(pb_graph *g, const float *data, pb_shape shape)
{
    for (int i = 0; i < shape.axes; i++)
        if (shape.dim[i] < 1)
            return pb_constant(g, 0, shape); /* records what is wrong with the shape */
    const size_t bytes = pb_shape_count(shape) * sizeof *data;
    void *own = pb_graph_memory(g, bytes);
    if (!own) return PB_NONE;
    memcpy(own, data, bytes);
    const pb_attrs attrs = {.data = own, .dtype = PB_F32, .shape = shape};
    return pb_append(g, PB_OP_CONSTANT, 0, NULL, &attrs);
}

pb_value pb_iota(pb_graph *g, pb_shape shape, int axis)
{
    const pb_attrs attrs = {.shape = shape, .axis = axis};
    return pb_append(g, PB_OP_IOTA, 0, NULL, &attrs);
}

bool pb_is_splat(const pb_graph *g, pb_value v, double *number)
{
    const pb_record *r = pb_record_of(g, v);
    if (!r || r->op != PB_OP_CONSTANT || r->attrs.data) return false;
    if (number) *number = r->attrs.number;
    return true;
}

/* ---- elementwise ---- */

/* The shape that both broadcast to, by NumPy's rule; axes = -1 when there is none. */
static pb_shape common_shape(pb_shape a, pb_shape b)
{
    const int axes = a.axes > b.axes ? a.axes : b.axes;
    pb_shape shape = {.axes = axes};
    for (int i = 1; i <= axes; i++) {
        const int m = i <= a.axes ? a.dim[a.axes - i] : 1;
        const int n = i <= b.axes ? b.dim[b.axes - i] : 1;
        if (m != n && m != 1 && n != 1) return (pb_shape){.axes = -1};
        shape.dim[axes - i] = m == 1 ? n : m;
    }
    return shape;
}

/* A constant of one number takes the other operand's type when the number exists there. */
static pb_value adapt(pb_graph *g, pb_value v, pb_dtype dtype)
{
    double number;
    if (pb_value_dtype(g, v) == dtype || !pb_is_splat(g, v, &number)) return v;
    if (dtype == PB_U8 || (dtype == PB_I32 && number != trunc(number))) return v;
    return pb_splat(g, number, dtype, pb_value_shape(g, v));
}

static bool exist(pb_graph *g, pb_op op, int count, const pb_value v[])
{
    for (int i = 0; i < count; i++) {
        if (pb_record_of(g, v[i])) continue;
        pb_graph_fail(g, PB_ERR_INTERNAL, "%s: input %d is no value of this graph", pb_ops[op].name,
                      i);
        return false;
    }
    return true;
}

/* Broadcasts all inputs to one shape and appends the op. */
static pb_value elementwise(pb_graph *g, pb_op op, int count, pb_value v[])
{
    char one[PB_SHAPE_TEXT], other[PB_SHAPE_TEXT];
    if (!exist(g, op, count, v)) return PB_NONE;
    pb_shape shape = pb_value_shape(g, v[0]);
    for (int i = 1; i < count; i++) {
        const pb_shape next = pb_value_shape(g, v[i]);
        const pb_shape both = common_shape(shape, next);
        if (both.axes < 0)
            return pb_graph_fail(g, PB_ERR_SHAPE, "%s: shapes %s and %s do not broadcast",
                                 pb_ops[op].name, pb_shape_text(shape, one),
                                 pb_shape_text(next, other));
        shape = both;
    }
    for (int i = 0; i < count; i++) v[i] = pb_broadcast(g, v[i], shape);
    return pb_append(g, op, count, v, NULL);
}

static pb_value unary(pb_graph *g, pb_op op, pb_value a)
{
    return pb_append(g, op, 1, &a, NULL);
}

static pb_value binary(pb_graph *g, pb_op op, pb_value a, pb_value b)
{
    pb_value v[] = {a, b};
    if (!exist(g, op, 2, v)) return PB_NONE;
    v[0] = adapt(g, a, pb_value_dtype(g, b));
    v[1] = adapt(g, b, pb_value_dtype(g, v[0]));
    return elementwise(g, op, 2, v);
}

#define BINARY(name, op)                                                                           \
    pb_value name(pb_graph *g, pb_value a, pb_value b)                                             \
    {                                                                                              \
        return binary(g, op, a, b);                                                                \
    }

BINARY(pb_add, PB_OP_ADD)
BINARY(pb_sub, PB_OP_SUB)
BINARY(pb_mul, PB_OP_MUL)
BINARY(pb_div, PB_OP_DIV)
BINARY(pb_maximum, PB_OP_MAXIMUM)
BINARY(pb_minimum, PB_OP_MINIMUM)
BINARY(pb_less, PB_OP_LESS)
BINARY(pb_equal, PB_OP_EQUAL)

#define UNARY(name, op)                                                                            \
    pb_value name(pb_graph *g, pb_value a)                                                         \
    {                                                                                              \
        return unary(g, op, a);                                                                    \
    }

UNARY(pb_neg, PB_OP_NEG)
UNARY(pb_abs, PB_OP_ABS)
UNARY(pb_sign, PB_OP_SIGN)
UNARY(pb_exp, PB_OP_EXP)
UNARY(pb_log_natural, PB_OP_LOG)
UNARY(pb_sqrt, PB_OP_SQRT)
UNARY(pb_sin, PB_OP_SIN)
UNARY(pb_cos, PB_OP_COS)
UNARY(pb_tanh, PB_OP_TANH)
UNARY(pb_floor, PB_OP_FLOOR)
UNARY(pb_half, PB_OP_HALF)
UNARY(pb_relu, PB_OP_RELU)
UNARY(pb_step, PB_OP_STEP)

pb_value pb_select(pb_graph *g, pb_value condition, pb_value a, pb_value b)
{
    pb_value v[] = {condition, a, b};
    if (!exist(g, PB_OP_SELECT, 3, v)) return PB_NONE;
    v[1] = adapt(g, a, pb_value_dtype(g, b));
    v[2] = adapt(g, b, pb_value_dtype(g, v[1]));
    return elementwise(g, PB_OP_SELECT, 3, v);
}

pb_value pb_cast(pb_graph *g, pb_value a, pb_dtype dtype)
{
    if (pb_record_of(g, a) && pb_value_dtype(g, a) == dtype) return a;
    return pb_append(g, PB_OP_CAST, 1, &a, &(pb_attrs){.dtype = dtype});
}

pb_value pb_scale(pb_graph *g, pb_value a, float factor)
{
    return pb_mul(g, a, pb_constant(g, factor, pb_value_shape(g, a)));
}

pb_value pb_square(pb_graph *g, pb_value a)
{
    return pb_mul(g, a, a);
}

UNARY(pb_detach, PB_OP_DETACH)
UNARY(pb_each_step, PB_OP_EACH_STEP)

/* ---- movement ---- */

pb_value pb_reshape(pb_graph *g, pb_value a, pb_shape shape)
{
    const pb_record *r = pb_record_of(g, a);
    char from[PB_SHAPE_TEXT], to[PB_SHAPE_TEXT];
    int open = -1;
    size_t rest = 1;
    for (int i = 0; i < shape.axes; i++) {
        if (shape.dim[i] == -1 && open < 0)
            open = i;
        else
            rest *= (size_t)shape.dim[i];
    }
    if (r && open >= 0) {
        if (rest == 0 || pb_shape_count(r->shape) % rest != 0)
            return pb_graph_fail(
                g, PB_ERR_SHAPE, "reshape: %s has %zu elements, they do not fill %s",
                pb_shape_text(r->shape, from), pb_shape_count(r->shape), pb_shape_text(shape, to));
        shape.dim[open] = (int)(pb_shape_count(r->shape) / rest);
    }
    if (r && pb_shape_equal(r->shape, shape)) return a;
    return pb_append(g, PB_OP_RESHAPE, 1, &a, &(pb_attrs){.shape = shape});
}

pb_value pb_permute(pb_graph *g, pb_value a, const int order[])
{
    pb_attrs attrs = {0};
    memcpy(attrs.order, order, (size_t)pb_value_shape(g, a).axes * sizeof *order);
    return pb_append(g, PB_OP_PERMUTE, 1, &a, &attrs);
}

pb_value pb_transpose(pb_graph *g, pb_value a)
{
    const int axes = pb_value_shape(g, a).axes;
    int order[PB_MAX_AXES] = {0, 1, 2, 3};
    if (pb_record_of(g, a) && axes < 2)
        return pb_graph_fail(g, PB_ERR_SHAPE, "transpose: %d axes, it needs at least two", axes);
    if (axes >= 2) {
        order[axes - 2] = axes - 1;
        order[axes - 1] = axes - 2;
    }
    return pb_permute(g, a, order);
}

pb_value pb_broadcast(pb_graph *g, pb_value a, pb_shape shape)
{
    const pb_record *r = pb_record_of(g, a);
    char from[PB_SHAPE_TEXT], to[PB_SHAPE_TEXT];
    double number;
    if (!r) return pb_append(g, PB_OP_BROADCAST, 1, &a, NULL);
    if (pb_shape_equal(r->shape, shape)) return a;
    if (!pb_shape_equal(common_shape(r->shape, shape), shape))
        return pb_graph_fail(g, PB_ERR_SHAPE, "broadcast: %s does not broadcast to %s",
                             pb_shape_text(r->shape, from), pb_shape_text(shape, to));
    if (pb_is_splat(g, a, &number)) return pb_splat(g, number, r->dtype, shape);
    pb_shape aligned = {.axes = shape.axes};
    for (int i = 1; i <= shape.axes; i++)
        aligned.dim[shape.axes - i] = i <= r->shape.axes ? r->shape.dim[r->shape.axes - i] : 1;
    a = pb_reshape(g, a, aligned);
    if (pb_shape_equal(aligned, shape)) return a;
    return pb_append(g, PB_OP_BROADCAST, 1, &a, &(pb_attrs){.shape = shape});
}

pb_value pb_slice(pb_graph *g, pb_value a, const int begin[], pb_shape shape)
{
    pb_attrs attrs = {.shape = shape};
    memcpy(attrs.before, begin, (size_t)pb_value_shape(g, a).axes * sizeof *begin);
    return pb_append(g, PB_OP_SLICE, 1, &a, &attrs);
}

pb_value pb_pad(pb_graph *g, pb_value a, const int before[], const int after[])
{
    const size_t bytes = (size_t)pb_value_shape(g, a).axes * sizeof(int);
    pb_attrs attrs = {0};
    memcpy(attrs.before, before, bytes);
    memcpy(attrs.after, after, bytes);
    return pb_append(g, PB_OP_PAD, 1, &a, &attrs);
}

pb_value pb_concat(pb_graph *g, int count, const pb_value parts[], int axis)
{
    return pb_append(g, PB_OP_CONCAT, count, parts, &(pb_attrs){.axis = axis});
}

pb_value pb_flatten_all(pb_graph *g, int count, const pb_value parts[])
{
    if (count < 1) return pb_graph_fail(g, PB_ERR_SHAPE, "flatten_all: no parts");
    pb_value *flat = pb_graph_memory(g, (size_t)count * sizeof *flat);
    if (!flat) return PB_NONE;
    for (int i = 0; i < count; i++) {
        const int elements = (int)pb_shape_count(pb_value_shape(g, parts[i]));
        flat[i] = pb_reshape(g, parts[i], PB_SHAPE(elements));
    }
    return pb_concat(g, count, flat, 0);
}

pb_value pb_gather(pb_graph *g, pb_value a, pb_value index)
{
    return pb_append(g, PB_OP_GATHER, 2, (pb_value[]){a, index}, NULL);
}

pb_value pb_scatter_add(pb_graph *g, pb_value rows, pb_value index, int count)
{
    return pb_append(g, PB_OP_SCATTER_ADD, 2, (pb_value[]){rows, index},
                     &(pb_attrs){.count = count});
}

pb_value pb_take(pb_graph *g, pb_value a, pb_value index)
{
    return pb_append(g, PB_OP_TAKE, 2, (pb_value[]){a, index}, NULL);
}

pb_value pb_pick(pb_graph *g, pb_value a, pb_value index)
{
    return pb_append(g, PB_OP_PICK, 2, (pb_value[]){a, index}, NULL);
}

/* ---- reductions ---- */

static pb_value reduce(pb_graph *g, pb_op op, pb_value a, int axis, bool keep)
{
    const pb_value y = pb_append(g, op, 1, &a, &(pb_attrs){.axis = axis});
    if (keep || y == PB_NONE) return y;
    pb_shape shape = pb_value_shape(g, y);
    memmove(shape.dim + axis, shape.dim + axis + 1,
            (size_t)(shape.axes - axis - 1) * sizeof *shape.dim);
    shape.axes--;
    return pb_reshape(g, y, shape);
}

pb_value pb_sum(pb_graph *g, pb_value a, int axis, bool keep)
{
    return reduce(g, PB_OP_SUM, a, axis, keep);
}

pb_value pb_max(pb_graph *g, pb_value a, int axis, bool keep)
{
    return reduce(g, PB_OP_MAX, a, axis, keep);
}

pb_value pb_argmax(pb_graph *g, pb_value a, int axis, bool keep)
{
    return reduce(g, PB_OP_ARGMAX, a, axis, keep);
}

pb_value pb_histogram(pb_graph *g, pb_value a, int bins)
{
    return pb_append(g, PB_OP_HISTOGRAM, 1, &a, &(pb_attrs){.count = bins});
}

pb_value pb_sum_all(pb_graph *g, pb_value a)
{
    const int elements = (int)pb_shape_count(pb_value_shape(g, a));
    return pb_sum(g, pb_reshape(g, a, PB_SHAPE(elements)), 0, false);
}

pb_value pb_mean_all(pb_graph *g, pb_value a)
{
    const float elements = (float)pb_shape_count(pb_value_shape(g, a));
    return pb_scale(g, pb_sum_all(g, a), 1.0f / elements);
}

pb_value pb_sum_to(pb_graph *g, pb_value a, pb_shape shape)
{
    const pb_shape from = pb_value_shape(g, a);
    char one[PB_SHAPE_TEXT], other[PB_SHAPE_TEXT];
    if (pb_record_of(g, a) && !pb_shape_equal(common_shape(from, shape), from))
        return pb_graph_fail(g, PB_ERR_SHAPE, "sum_to: %s does not broadcast to %s",
                             pb_shape_text(shape, one), pb_shape_text(from, other));
    for (int i = 1; i <= from.axes; i++) {
        const int extent = i <= shape.axes ? shape.dim[shape.axes - i] : 1;
        if (extent != from.dim[from.axes - i]) a = pb_sum(g, a, from.axes - i, true);
    }
    return pb_reshape(g, a, shape);
}

/* ---- contractions ---- */

pb_value pb_matmul(pb_graph *g, pb_value a, pb_value b)
{
    return pb_matmul_t(g, a, b, false, false);
}

pb_value pb_matmul_t(pb_graph *g, pb_value a, pb_value b, bool transpose_a, bool transpose_b)
{
    const pb_attrs attrs = {.transpose_a = transpose_a, .transpose_b = transpose_b};
    pb_value v[] = {a, b};
    if (!exist(g, PB_OP_MATMUL, 2, v)) return PB_NONE;
    const pb_shape as = pb_value_shape(g, a), bs = pb_value_shape(g, b);
    if (as.axes > 2 && bs.axes == 2 && !transpose_a) {
        /* One matrix for all of a batch: its rows are the rows of one large product. */
        v[0] = pb_reshape(g, a, PB_SHAPE(-1, as.dim[as.axes - 1]));
        const pb_value y = pb_append(g, PB_OP_MATMUL, 2, v, &attrs);
        if (y == PB_NONE) return PB_NONE;
        pb_shape shape = as;
        shape.dim[as.axes - 1] = pb_value_shape(g, y).dim[1];
        return pb_reshape(g, y, shape);
    }
    if (as.axes == 2 && bs.axes > 2) {
        pb_shape shape = bs;
        memcpy(shape.dim + bs.axes - 2, as.dim, 2 * sizeof *as.dim);
        v[0] = pb_broadcast(g, a, shape);
    } else if (as.axes > 2 && bs.axes == 2) {
        pb_shape shape = as;
        memcpy(shape.dim + as.axes - 2, bs.dim, 2 * sizeof *bs.dim);
        v[1] = pb_broadcast(g, b, shape);
    }
    return pb_append(g, PB_OP_MATMUL, 2, v, &attrs);
}

pb_value pb_conv(pb_graph *g, pb_value x, pb_value w, pb_window window)
{
    return pb_append(g, PB_OP_CONV, 2, (pb_value[]){x, w}, &(pb_attrs){.window = window});
}

pb_value pb_conv_dx(pb_graph *g, pb_value dy, pb_value w, pb_window window, int height, int width)
{
    const pb_attrs attrs = {.window = window, .height = height, .width = width};
    return pb_append(g, PB_OP_CONV_DX, 2, (pb_value[]){dy, w}, &attrs);
}

pb_value pb_conv_dw(pb_graph *g, pb_value x, pb_value dy, pb_window window)
{
    return pb_append(g, PB_OP_CONV_DW, 2, (pb_value[]){x, dy}, &(pb_attrs){.window = window});
}

pb_value pb_pool_index(pb_graph *g, pb_value x, pb_window window)
{
    return pb_append(g, PB_OP_POOL_INDEX, 1, &x, &(pb_attrs){.window = window});
}

pb_value pb_pool_gather(pb_graph *g, pb_value x, pb_value index, pb_window window)
{
    return pb_append(g, PB_OP_POOL_GATHER, 2, (pb_value[]){x, index},
                     &(pb_attrs){.window = window});
}

pb_value pb_pool_scatter(pb_graph *g, pb_value dy, pb_value index, pb_window window, int height,
                         int width)
{
    const pb_attrs attrs = {.window = window, .height = height, .width = width};
    return pb_append(g, PB_OP_POOL_SCATTER, 2, (pb_value[]){dy, index}, &attrs);
}

/* ---- effects ---- */

pb_value pb_assign(pb_graph *g, pb_value target, pb_value value)
{
    return pb_append(g, PB_OP_ASSIGN, 2, (pb_value[]){target, value}, NULL);
}
