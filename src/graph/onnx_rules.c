/* How each op is written in ONNX. Source: https://github.com/onnx/onnx/blob/main/docs/Operators.md.
 */
#include "graph/onnx_rules.h"

#include <stdlib.h>
#include <string.h>

#include "graph/filter_bank.h"

static const pb_record *in_record(const pb_onnx *o, const pb_record *r, int i)
{
    return pb_onnx_record(o, r->in[i]);
}

/* y = op(a, b, ...) */
static void node(pb_onnx *o, pb_value v, const char *op_type, int count, const char *const inputs[])
{
    pb_onnx_begin(o, op_type, count, inputs);
    pb_onnx_end(o, v);
}

static const char *part(pb_onnx *o, pb_value v, const char *op_type, int count,
                        const char *const inputs[])
{
    pb_onnx_begin(o, op_type, count, inputs);
    return pb_onnx_end_part(o, v);
}

static void cast_to(pb_onnx *o, const char *a, pb_onnx_type type)
{
    pb_onnx_begin(o, "Cast", 1, &a);
    pb_onnx_set_int(o, "to", type);
}

/* ---- elementwise: ONNX broadcasts as NumPy does, so an operand need not be widened beforehand as
 * long as another one has the whole shape ---- */

enum { MOST_OPERANDS = 3 };

static void operands(pb_onnx *o, pb_value v, const char *names[MOST_OPERANDS])
{
    const pb_record *r = pb_onnx_record(o, v);
    int whole = 0;
    for (int i = r->arity - 1; i >= 0; i--)
        if (!pb_onnx_is_broadcast(o, r->in[i])) whole = i;
    for (int i = 0; i < r->arity; i++)
        names[i] = i == whole ? pb_onnx_full(o, r->in[i]) : pb_onnx_narrow(o, r->in[i]);
}

void pb_onnx_elementwise(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v);
    const char *names[MOST_OPERANDS];
    operands(o, v, names);
    node(o, v, pb_ops[r->op].onnx, r->arity, names);
}

void pb_onnx_truth(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v);
    const char *names[MOST_OPERANDS];
    operands(o, v, names);
    cast_to(o, part(o, v, pb_ops[r->op].onnx, r->arity, names), pb_onnx_type_of(r->dtype));
    pb_onnx_end(o, v);
}

void pb_onnx_same(pb_onnx *o, pb_value v)
{
    pb_onnx_alias(o, v, pb_onnx_full(o, pb_onnx_record(o, v)->in[0]));
}

void pb_onnx_constant(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v);
    const char *number = pb_onnx_scalar(o, r->dtype, r->attrs.number);
    node(o, v, "Expand", 2, (const char *[]){number, pb_onnx_extents(o, v, false)});
}

void pb_onnx_half(pb_onnx *o, pb_value v)
{
    cast_to(o, pb_onnx_full(o, pb_onnx_record(o, v)->in[0]), PB_ONNX_FLOAT16);
    cast_to(o, pb_onnx_end_part(o, v), PB_ONNX_FLOAT);
    pb_onnx_end(o, v);
}

/* ONNX's Relu takes no integers in this operator set. */
void pb_onnx_relu(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v);
    const char *a = pb_onnx_full(o, r->in[0]);
    if (r->dtype == PB_F32)
        node(o, v, "Relu", 1, &a);
    else
        node(o, v, "Max", 2, (const char *[]){a, pb_onnx_scalar(o, r->dtype, 0)});
}

void pb_onnx_step(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v);
    const char *a = pb_onnx_full(o, r->in[0]), *zero = pb_onnx_scalar(o, r->dtype, 0);
    cast_to(o, part(o, v, "Greater", 2, (const char *[]){a, zero}), pb_onnx_type_of(r->dtype));
    pb_onnx_end(o, v);
}

void pb_onnx_select(pb_onnx *o, pb_value v)
{
    const char *names[MOST_OPERANDS];
    operands(o, v, names);
    cast_to(o, names[0], PB_ONNX_BOOL);
    const char *chosen = pb_onnx_end_part(o, v);
    node(o, v, "Where", 3, (const char *[]){chosen, names[1], names[2]});
}

void pb_onnx_cast(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v);
    cast_to(o, pb_onnx_full(o, r->in[0]), pb_onnx_type_of(r->dtype));
    pb_onnx_end(o, v);
}

/* ---- movement ---- */

void pb_onnx_reshape(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v);
    int64_t extents[PB_MAX_AXES];
    int open = 0;
    for (int i = 0; i < r->shape.axes; i++) {
        const bool is_open = pb_onnx_batch_in(o, v, i) > 0;
        extents[i] = is_open ? -1 : r->shape.dim[i];
        open += is_open;
    }
    if (open > 1) pb_onnx_fail(o, v, "has the batch in %d axes, which has no ONNX form", open);
    const char *a = pb_onnx_full(o, r->in[0]);
    node(o, v, "Reshape", 2, (const char *[]){a, pb_onnx_ints(o, r->shape.axes, extents)});
}

void pb_onnx_permute(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v);
    const char *a = pb_onnx_full(o, r->in[0]);
    if (r->shape.axes == 0) {
        pb_onnx_alias(o, v, a);
        return;
    }
    pb_onnx_begin(o, "Transpose", 1, &a);
    pb_onnx_set_ints(o, "perm", r->shape.axes, r->attrs.order);
    pb_onnx_end(o, v);
}

void pb_onnx_broadcast(pb_onnx *o, pb_value v)
{
    const char *a = pb_onnx_full(o, pb_onnx_record(o, v)->in[0]);
    node(o, v, "Expand", 2, (const char *[]){a, pb_onnx_extents(o, v, true)});
}

/* Axes that are cut: those whose extent changes. */
void pb_onnx_slice(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v), *from = in_record(o, r, 0);
    int64_t starts[PB_MAX_AXES], ends[PB_MAX_AXES], axes[PB_MAX_AXES];
    int count = 0;
    for (int i = 0; i < r->shape.axes; i++) {
        if (r->shape.dim[i] == from->shape.dim[i]) continue;
        if (pb_onnx_batch_in(o, r->in[0], i))
            pb_onnx_fail(o, v, "cuts the batch, which has no ONNX form");
        starts[count] = r->attrs.before[i];
        ends[count] = r->attrs.before[i] + r->shape.dim[i];
        axes[count++] = i;
    }
    const char *a = pb_onnx_full(o, r->in[0]);
    if (count == 0)
        pb_onnx_alias(o, v, a);
    else
        node(o, v, "Slice", 4,
             (const char *[]){a, pb_onnx_ints(o, count, starts), pb_onnx_ints(o, count, ends),
                              pb_onnx_ints(o, count, axes)});
}

void pb_onnx_pad(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v);
    const int n = r->shape.axes;
    int64_t pads[2 * PB_MAX_AXES];
    for (int i = 0; i < n; i++) {
        pads[i] = r->attrs.before[i];
        pads[n + i] = r->attrs.after[i];
    }
    const char *a = pb_onnx_full(o, r->in[0]);
    node(o, v, "Pad", 2, (const char *[]){a, pb_onnx_ints(o, 2 * n, pads)});
}

void pb_onnx_concat(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v);
    const char **parts = calloc((size_t)r->arity, sizeof *parts);
    if (!parts) {
        pb_onnx_fail(o, v, "is too large for memory");
        return;
    }
    for (int i = 0; i < r->arity; i++) parts[i] = pb_onnx_full(o, r->in[i]);
    pb_onnx_begin(o, "Concat", r->arity, parts);
    pb_onnx_set_int(o, "axis", r->attrs.axis);
    pb_onnx_end(o, v);
    free(parts);
}

static void gather_along(pb_onnx *o, pb_value v, const char *op_type, int axis)
{
    const pb_record *r = pb_onnx_record(o, v);
    const char *names[] = {pb_onnx_full(o, r->in[0]), pb_onnx_full(o, r->in[1])};
    pb_onnx_begin(o, op_type, 2, names);
    pb_onnx_set_int(o, "axis", axis);
    pb_onnx_end(o, v);
}

void pb_onnx_gather(pb_onnx *o, pb_value v)
{
    gather_along(o, v, "Gather", 0);
}

void pb_onnx_take(pb_onnx *o, pb_value v)
{
    gather_along(o, v, "Gather", pb_onnx_record(o, v)->shape.axes - 1);
}

void pb_onnx_pick(pb_onnx *o, pb_value v)
{
    gather_along(o, v, "GatherElements", 1);
}

static void set_window(pb_onnx *o, const pb_window *w)
{
    const int pads[] = {w->padding[0], w->padding[1], w->padding[0], w->padding[1]};
    pb_onnx_set_ints(o, "kernel_shape", 2, w->kernel);
    pb_onnx_set_ints(o, "strides", 2, w->stride);
    pb_onnx_set_ints(o, "pads", 4, pads);
}

/* The largest element of each window: the elements at the positions of the largest. */
void pb_onnx_pool_gather(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v), *position = in_record(o, r, 1);
    if (position->op != PB_OP_POOL_INDEX || position->in[0] != r->in[0] ||
        memcmp(&position->attrs.window, &r->attrs.window, sizeof r->attrs.window) != 0) {
        pb_onnx_fail(o, v, "has an ONNX form only where it takes the largest elements");
        return;
    }
    const char *a = pb_onnx_full(o, r->in[0]);
    pb_onnx_begin(o, "MaxPool", 1, &a);
    set_window(o, &r->attrs.window);
    pb_onnx_end(o, v);
}

/* ---- reductions ---- */

void pb_onnx_sum(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v);
    const char *a = pb_onnx_full(o, r->in[0]);
    const char *axis = pb_onnx_ints(o, 1, (int64_t[]){r->attrs.axis});
    pb_onnx_begin(o, "ReduceSum", 2, (const char *[]){a, axis});
    pb_onnx_set_int(o, "keepdims", 1);
    pb_onnx_end(o, v);
}

void pb_onnx_max(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v);
    const char *a = pb_onnx_full(o, r->in[0]);
    pb_onnx_begin(o, "ReduceMax", 1, &a);
    pb_onnx_set_ints(o, "axes", 1, &r->attrs.axis);
    pb_onnx_set_int(o, "keepdims", 1);
    pb_onnx_end(o, v);
}

void pb_onnx_argmax(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v);
    const char *a = pb_onnx_full(o, r->in[0]);
    pb_onnx_begin(o, "ArgMax", 1, &a);
    pb_onnx_set_int(o, "axis", r->attrs.axis);
    pb_onnx_set_int(o, "keepdims", 1);
    pb_onnx_set_int(o, "select_last_index", 0);
    cast_to(o, pb_onnx_end_part(o, v), PB_ONNX_INT32);
    pb_onnx_end(o, v);
}

/* Ones, added to the bins that the numbers name; zeros where they name none. */
void pb_onnx_histogram(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v);
    const char *a = pb_onnx_full(o, r->in[0]), *zero = pb_onnx_scalar(o, PB_F32, 0);
    const char *least = pb_onnx_scalar(o, PB_I32, 0),
               *most = pb_onnx_scalar(o, PB_I32, r->attrs.count - 1);
    const char *bins =
        part(o, v, "Expand", 2, (const char *[]){zero, pb_onnx_extents(o, v, false)});
    const char *low = part(o, v, "Max", 2, (const char *[]){a, least});
    const char *within = part(o, v, "Min", 2, (const char *[]){low, most});
    cast_to(o, part(o, v, "Equal", 2, (const char *[]){a, within}), PB_ONNX_FLOAT);
    const char *ones = pb_onnx_end_part(o, v);
    pb_onnx_need_opset(o, 16);
    pb_onnx_begin(o, "ScatterElements", 3, (const char *[]){bins, within, ones});
    pb_onnx_set_int(o, "axis", 1);
    pb_onnx_set_text(o, "reduction", "add");
    pb_onnx_end(o, v);
}

/* ---- contractions ---- */

/* An operand of a product: one matrix for all leading axes need not be repeated. */
static const char *factor(pb_onnx *o, pb_value v, int i, bool may_be_narrow)
{
    const pb_record *r = pb_onnx_record(o, v), *in = in_record(o, r, i);
    const int axes = in->shape.axes;
    const pb_record *from = in->op == PB_OP_BROADCAST ? in_record(o, in, 0) : NULL;
    const bool is_one =
        from && memcmp(from->shape.dim + axes - 2, in->shape.dim + axes - 2, 2 * sizeof(int)) == 0;
    return may_be_narrow && is_one ? pb_onnx_narrow(o, r->in[i]) : pb_onnx_full(o, r->in[i]);
}

static const char *transposed(pb_onnx *o, pb_value v, const char *a, int axes)
{
    int order[PB_MAX_AXES] = {0, 1, 2, 3};
    order[axes - 2] = axes - 1;
    order[axes - 1] = axes - 2;
    pb_onnx_begin(o, "Transpose", 1, &a);
    pb_onnx_set_ints(o, "perm", axes, order);
    return pb_onnx_end_part(o, v);
}

void pb_onnx_matmul(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v);
    const int axes = r->shape.axes;
    const bool is_widened = pb_onnx_is_broadcast(o, r->in[1]);
    const char *names[] = {factor(o, v, 0, !is_widened), factor(o, v, 1, true)};
    if (axes == 2 && (r->attrs.transpose_a || r->attrs.transpose_b)) {
        pb_onnx_begin(o, "Gemm", 2, names);
        pb_onnx_set_int(o, "transA", r->attrs.transpose_a);
        pb_onnx_set_int(o, "transB", r->attrs.transpose_b);
        pb_onnx_end(o, v);
        return;
    }
    if (r->attrs.transpose_a) names[0] = transposed(o, v, names[0], axes);
    if (r->attrs.transpose_b) names[1] = transposed(o, v, names[1], axes);
    node(o, v, "MatMul", 2, names);
}

void pb_onnx_conv(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v);
    const char *names[] = {pb_onnx_full(o, r->in[0]), pb_onnx_full(o, r->in[1])};
    pb_onnx_begin(o, "Conv", 2, names);
    set_window(o, &r->attrs.window);
    pb_onnx_end(o, v);
}

/* The matrix of a level of a wavelet transform, from coefficients or to them: x times it. */
typedef struct levels_matrix {
    int band, columns; /* of one filter; of the matrix that is stored */
    bool adjoint;
    double *numbers;
} levels_matrix;

static void add_weight(void *user, int filter, int k, int column, double weight)
{
    const levels_matrix *m = user;
    const size_t coefficient = (size_t)(filter * m->band + k), point = (size_t)column;
    m->numbers[m->adjoint ? coefficient * (size_t)m->columns + point
                          : point * (size_t)m->columns + coefficient] += weight;
}

/* A level of analysis takes lines of `length` points to two bands, one of synthesis goes back:
 * float [in, out], rounded as the filters' products are. */
static const char *matrix_of(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v), *filters = in_record(o, r, 1);
    const bool adjoint = r->op == PB_OP_SYNTHESIS;
    const int in = in_record(o, r, 0)->shape.dim[r->attrs.axis], out = r->shape.dim[r->attrs.axis];
    const pb_filter_bank bank =
        pb_filter_bank_make((pb_extension)r->attrs.extension, adjoint ? out : in,
                            filters->shape.dim[1], filters->attrs.data);
    const size_t count = (size_t)in * (size_t)out;
    levels_matrix m = {bank.band, out, adjoint, calloc(count, sizeof(double))};
    float *rounded = malloc(count * sizeof *rounded);
    const char *name = NULL;
    if (m.numbers && rounded) {
        pb_filter_bank_walk(&bank, add_weight, &m);
        for (size_t i = 0; i < count; i++) rounded[i] = (float)m.numbers[i];
        name = pb_onnx_tensor(o, PB_ONNX_FLOAT, 2, (int64_t[]){in, out}, rounded,
                              count * sizeof *rounded);
    } else {
        pb_onnx_fail(o, v, "is too large for memory as a matrix of %d x %d", in, out);
    }
    free(m.numbers);
    free(rounded);
    return name;
}

/* The axis goes to the end, is multiplied there, and goes back. */
void pb_onnx_filter_bank(pb_onnx *o, pb_value v)
{
    const pb_record *r = pb_onnx_record(o, v);
    const int last = r->shape.axes - 1, axis = r->attrs.axis;
    const char *a = pb_onnx_full(o, r->in[0]), *matrix = matrix_of(o, v);
    int order[PB_MAX_AXES] = {0, 1, 2, 3};
    if (axis == last) {
        node(o, v, "MatMul", 2, (const char *[]){a, matrix});
        return;
    }
    order[axis] = last;
    order[last] = axis;
    pb_onnx_begin(o, "Transpose", 1, &a);
    pb_onnx_set_ints(o, "perm", last + 1, order);
    const char *turned = pb_onnx_end_part(o, v);
    const char *product = part(o, v, "MatMul", 2, (const char *[]){turned, matrix});
    pb_onnx_begin(o, "Transpose", 1, &product);
    pb_onnx_set_ints(o, "perm", last + 1, order);
    pb_onnx_end(o, v);
}
